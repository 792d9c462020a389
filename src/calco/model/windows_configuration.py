"""Rules for ``osProfile.windowsConfiguration``: updates, remoting, answers of an unattended setup.

Sources: Azure, REST reference of virtual machines, WindowsConfiguration, PatchSettings, WinRMListener,
AdditionalUnattendContent (which values go together, sizes); the sentences of the refusals are ours.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from calco.model import errors

UNATTEND_BYTES_MAX = 4096
TIME_ZONE_MAX = 128


class PatchMode(StrEnum):
    MANUAL = "Manual"
    BY_OS = "AutomaticByOS"
    BY_PLATFORM = "AutomaticByPlatform"


class AssessmentMode(StrEnum):
    IMAGE_DEFAULT = "ImageDefault"
    BY_PLATFORM = "AutomaticByPlatform"


class Protocol(StrEnum):
    HTTP = "Http"
    HTTPS = "Https"


class SettingName(StrEnum):
    AUTO_LOGON = "AutoLogon"
    FIRST_LOGON_COMMANDS = "FirstLogonCommands"


@dataclass(frozen=True)
class Listener:
    """One of WinRM's; ``certificate_url`` is where its certificate lies."""

    protocol: Protocol
    certificate_url: str | None = None


@dataclass(frozen=True)
class Answer:
    """A piece of an answer file. ``content`` is XML and holds passwords: never shown, never logged."""

    setting: SettingName
    content: str = field(repr=False)


@dataclass(frozen=True)
class WindowsConfiguration:
    """What was sent; None means unsaid."""

    provision_vm_agent: bool | None = None
    automatic_updates: bool | None = None
    time_zone: str | None = None
    patch_mode: PatchMode | None = None
    assessment_mode: AssessmentMode | None = None
    hotpatching: bool | None = None
    listeners: tuple[Listener, ...] = ()
    answers: tuple[Answer, ...] = field(default=(), repr=False)


def check(wanted: WindowsConfiguration) -> None:
    """Raises ApiError InvalidParameter naming the member."""
    _check_patching(wanted)
    zone = wanted.time_zone
    if zone is not None and not (0 < len(zone) <= TIME_ZONE_MAX and zone.isprintable()):
        raise errors.invalid("windowsConfiguration.timeZone", "A name of Windows' own is expected: 'UTC', for example.")
    for listener in wanted.listeners:
        if listener.protocol is Protocol.HTTPS and not listener.certificate_url:
            raise errors.missing("windowsConfiguration.winRM.listeners.certificateUrl")
    for answer in wanted.answers:
        if not 0 < len(answer.content.encode()) < UNATTEND_BYTES_MAX:
            raise errors.invalid(
                "windowsConfiguration.additionalUnattendContent.content",
                f"It is XML of at most {UNATTEND_BYTES_MAX - 1} bytes.",
            )
    names = [answer.setting for answer in wanted.answers]
    if len(set(names)) < len(names):
        raise errors.invalid("windowsConfiguration.additionalUnattendContent", "Each settingName may come once.")


def _check_patching(wanted: WindowsConfiguration) -> None:
    updates, agent = wanted.automatic_updates is not False, wanted.provision_vm_agent is not False
    place = "windowsConfiguration.patchSettings"
    match wanted.patch_mode:
        case PatchMode.MANUAL if updates:
            raise errors.invalid(f"{place}.patchMode", "'Manual' needs enableAutomaticUpdates to be false.")
        case PatchMode.BY_OS if not updates:
            raise errors.invalid(f"{place}.patchMode", "'AutomaticByOS' needs enableAutomaticUpdates to be true.")
        case PatchMode.BY_PLATFORM if not (updates and agent):
            raise errors.invalid(
                f"{place}.patchMode",
                "'AutomaticByPlatform' needs provisionVMAgent and enableAutomaticUpdates to be true.",
            )
    if wanted.assessment_mode is AssessmentMode.BY_PLATFORM and not agent:
        raise errors.invalid(f"{place}.assessmentMode", "'AutomaticByPlatform' needs provisionVMAgent to be true.")
    if wanted.hotpatching and wanted.patch_mode is not PatchMode.BY_PLATFORM:
        raise errors.invalid(f"{place}.enableHotpatching", "It needs patchMode to be 'AutomaticByPlatform'.")
