"""How ``osProfile.windowsConfiguration`` is read and shown. Shape only; which values go together is the model's."""

from enum import StrEnum

from msgspec import Struct, field

from calco.model import errors
from calco.model.document import Document, object_at
from calco.model.windows_configuration import (
    Answer,
    AssessmentMode,
    Listener,
    PatchMode,
    Protocol,
    SettingName,
    WindowsConfiguration,
)


class PassName(StrEnum):
    OOBE_SYSTEM = "OobeSystem"


class ComponentName(StrEnum):
    SHELL_SETUP = "Microsoft-Windows-Shell-Setup"


class PatchSettings(Struct, rename="camel"):
    patch_mode: PatchMode | None = None
    assessment_mode: AssessmentMode | None = None
    enable_hotpatching: bool | None = None


class WinRmListener(Struct, rename="camel"):
    protocol: Protocol | None = None
    certificate_url: str | None = None


class WinRm(Struct):
    listeners: list[WinRmListener] | None = None


class UnattendContent(Struct, rename="camel"):
    pass_name: PassName | None = None
    component_name: ComponentName | None = None
    setting_name: SettingName | None = None
    content: str | None = None


class Body(Struct, rename="camel"):
    provision_vm_agent: bool | None = field(default=None, name="provisionVMAgent")
    enable_automatic_updates: bool | None = None
    time_zone: str | None = None
    patch_settings: PatchSettings | None = None
    win_rm: WinRm | None = field(default=None, name="winRM")
    additional_unattend_content: list[UnattendContent] | None = None


def read(body: Body) -> WindowsConfiguration:
    """The configuration that was sent. Raises ApiError."""
    patching = body.patch_settings or PatchSettings()
    return WindowsConfiguration(
        provision_vm_agent=body.provision_vm_agent,
        automatic_updates=body.enable_automatic_updates,
        time_zone=body.time_zone,
        patch_mode=patching.patch_mode,
        assessment_mode=patching.assessment_mode,
        hotpatching=patching.enable_hotpatching,
        listeners=tuple(_listener(each) for each in (body.win_rm.listeners if body.win_rm else None) or []),
        answers=tuple(_answer(each) for each in body.additional_unattend_content or []),
    )


def _listener(listener: WinRmListener) -> Listener:
    if listener.protocol is None:
        raise errors.missing("windowsConfiguration.winRM.listeners.protocol")
    return Listener(listener.protocol, listener.certificate_url)


def _answer(answer: UnattendContent) -> Answer:
    place = "windowsConfiguration.additionalUnattendContent"
    if answer.setting_name is None:
        raise errors.missing(f"{place}.settingName")
    if answer.content is None:
        raise errors.missing(f"{place}.content")
    return Answer(answer.setting_name, answer.content)


def without_secrets(document: Document) -> Document:
    """What may be kept where it is shown: answers of an unattended setup hold passwords."""
    return {name: value for name, value in document.items() if name != "additionalUnattendContent"}


def show(document: Document) -> Document:
    """With Azure's defaults. Source: recordings; the reference's defaults for patchSettings."""
    shown: Document = {**document}
    shown.setdefault("provisionVMAgent", True)
    shown.setdefault("enableAutomaticUpdates", True)
    mode = PatchMode.BY_OS if shown["enableAutomaticUpdates"] else PatchMode.MANUAL
    patching: Document = {"patchMode": mode.value, "assessmentMode": AssessmentMode.IMAGE_DEFAULT.value}
    shown["patchSettings"] = {**patching, **object_at(shown, "patchSettings")}
    shown.setdefault("enableVMAgentPlatformUpdates", False)
    return shown
