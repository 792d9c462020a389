"""The marks that Windows' setup leaves where its phases begin and end, each with what it says by itself.

Sources: Microsoft, "Windows Setup States" (ImageState); cloudbase-init, which waits at boot for GeneralizationState 7;
canonical/packer-maas#335 (the tag file); shorthorn-project/One-Core-API-Binaries#196 (CmdLine). Not documented by
Microsoft: GeneralizationState, and what SYSTEM\\Setup holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from calco.inspection.check import attempt
from calco.inspection.text import text_of_file
from calco.inspection.windows.hive import Data, Hive
from calco.inspection.windows.system import Windows

IMAGE_STATE = r"Microsoft\Windows\CurrentVersion\Setup\State"
SYSPREP_STATUS = r"Setup\Status\SysprepStatus"
STATE_FILE = "/Windows/Setup/State/State.ini"
TAG_FILE = "/Windows/System32/Sysprep/Sysprep_succeeded.tag"


class Says(Enum):
    GENERALIZED = auto()
    """Sysprep's generalize was the last thing that ran."""
    IN_USE = auto()
    """The system went on after any generalize."""
    UNFINISHED = auto()
    """A phase of setup began and did not end, or wrote what nobody knows: neither of the two."""
    DOUBT = auto()
    """Not what a generalized disk has; proves nothing by itself."""
    NOTHING = auto()
    UNREADABLE = auto()


IMAGE_STATES: Mapping[str, Says] = MappingProxyType(
    {
        "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE": Says.GENERALIZED,
        "IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT": Says.GENERALIZED,
        "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE": Says.IN_USE,
        "IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT": Says.IN_USE,
        "IMAGE_STATE_COMPLETE": Says.IN_USE,
        "IMAGE_STATE_UNDEPLOYABLE": Says.UNFINISHED,
    }
)

GENERALIZATION_STATES: Mapping[int, Says] = MappingProxyType({3: Says.GENERALIZED, 4: Says.GENERALIZED, 7: Says.IN_USE})
"""Nobody documents them. Reports find 3 on clones that did not get through their first boot; windeploy.exe's log says
4 as it begins the first boot. A generalize that broke off in between leaves no tag and another ImageState."""


@dataclass(frozen=True)
class Mark:
    """``words``: what stands there, and where; ``shown``: what stands there, empty when nothing does."""

    says: Says
    words: str
    shown: str = ""


@dataclass(frozen=True)
class SetupState:
    image_state: Mark
    image_state_file: Mark
    sysprep_state: Mark
    tag: Mark
    pending: Mark

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self.image_state, self.image_state_file, self.sysprep_state, self.tag, self.pending


def setup_state(windows: Windows) -> SetupState:
    """Every mark; one that cannot be read says so."""
    return SetupState(
        image_state=_mark(windows, _image_state, "ImageState in the registry"),
        image_state_file=_mark(windows, _image_state_file, "State.ini"),
        sysprep_state=_mark(windows, _sysprep_state, "GeneralizationState"),
        tag=_mark(windows, _tag, "sysprep's tag file"),
        pending=_mark(windows, _pending, r"SYSTEM\Setup"),
    )


def _mark(windows: Windows, read: Callable[[Windows], Mark], name: str) -> Mark:
    return attempt(lambda: read(windows), lambda why: Mark(Says.UNREADABLE, f"{name} cannot be read: {why}"))


def _image_state(windows: Windows) -> Mark:
    state = _data(windows.software, IMAGE_STATE, "ImageState")
    if state is None:
        return Mark(Says.NOTHING, "the registry holds no ImageState")
    shown = state if isinstance(state, str) else repr(state)
    return Mark(_said(shown), f"ImageState in the registry is {shown}", shown)


def _image_state_file(windows: Windows) -> Mark:
    content = windows.files.read(STATE_FILE, 64 << 10)
    if content is None:
        return Mark(Says.NOTHING, "there is no State.ini")
    state = _ini(text_of_file(content), "State", "ImageState")
    if state is None:
        return Mark(Says.DOUBT, "State.ini holds no ImageState")
    return Mark(_said(state), f"ImageState in State.ini is {state}")


def _said(state: str) -> Says:
    return IMAGE_STATES.get(state.strip().upper(), Says.UNFINISHED)


def _sysprep_state(windows: Windows) -> Mark:
    state = _data(windows.system, SYSPREP_STATUS, "GeneralizationState")
    if state is None:
        return Mark(Says.NOTHING, "there is no GeneralizationState: sysprep never ran")
    says = GENERALIZATION_STATES.get(state, Says.DOUBT) if isinstance(state, int) else Says.DOUBT
    return Mark(says, f"GeneralizationState is {state!r}", repr(state))


def _tag(windows: Windows) -> Mark:
    """It may outlive the first boot of a clone: only its absence says something."""
    if windows.files.entry(TAG_FILE) is None:
        return Mark(Says.DOUBT, "there is no Sysprep_succeeded.tag")
    return Mark(Says.NOTHING, "there is a Sysprep_succeeded.tag")


def _pending(windows: Windows) -> Mark:
    """Whether the next boot begins with setup: without a command line, or with a type of 0, nothing runs."""
    kind = _data(windows.system, "Setup", "SetupType")
    command = _data(windows.system, "Setup", "CmdLine")
    shown = f"SetupType is {_shown(kind)}, CmdLine is {_shown(command)}"
    if not kind or not command:
        return Mark(Says.DOUBT, f"no setup is pending: {shown}")
    return Mark(Says.NOTHING, f"setup is pending: {shown}")


def _shown(data: Data | None) -> str:
    if data is None:
        return "absent"
    return repr(data) if not isinstance(data, str) else data or "empty"


def _data(hive: Hive, path: str, name: str) -> Data | None:
    value = hive.value(path, name)
    return None if value is None else value.data


def _ini(text: str, section: str, name: str) -> str | None:
    """A value of an ini file as Windows reads it: names in any case, the first of two."""
    here = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            here = line.strip("[]")
        elif here.lower() == section.lower() and line.lower().partition("=")[0].strip() == name.lower() and "=" in line:
            return line.partition("=")[2].strip()
    return None
