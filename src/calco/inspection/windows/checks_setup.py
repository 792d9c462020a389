"""Whether sysprep's generalize was the last thing that ran on a Windows, and why it failed if it did."""

from collections.abc import Callable
from functools import partial

from calco.inspection.blocks import Unreadable
from calco.inspection.check import Check, Found, failed, passed
from calco.inspection.windows.setup_state import Mark, Says, SetupState, setup_state
from calco.inspection.windows.sysprep_log import CAUSES, SHOWN, Cause, last_run
from calco.inspection.windows.system import Windows
from calco.model.inspection import Severity

SYSPREP = "C:\\Windows\\System32\\Sysprep\\sysprep.exe /generalize /oobe /shutdown"
STATES = 'Microsoft, "Windows Setup States"'
LOGS = "sysprep's logs in MicrosoftDocs/azure-docs#80346 and canonical/packer-maas#335"
_LATER = "# after that: "


def _mark(mark: Callable[[SetupState], Mark], *, absent: bool) -> Callable[[Windows], Found | None]:
    """A mark fails that speaks against generalize. ``absent``: what says nothing fails too, else nothing is said."""

    def look(windows: Windows) -> Found | None:
        found = mark(setup_state(windows))
        match found.says:
            case Says.UNREADABLE:
                raise Unreadable(found.words)
            case Says.GENERALIZED:
                return passed(found.words)
            case Says.NOTHING:
                return failed(found.words) if absent else None
        return failed(found.words)

    return look


def _tag(windows: Windows) -> Found | None:
    return _unless_doubted(setup_state(windows).tag)


def _pending(windows: Windows) -> Found | None:
    return _unless_doubted(setup_state(windows).pending)


def _unless_doubted(mark: Mark) -> Found | None:
    if mark.says is Says.UNREADABLE:
        raise Unreadable(mark.words)
    return passed(mark.words) if mark.says is Says.NOTHING else failed(mark.words)


def _ended_otherwise(windows: Windows) -> Found | None:
    """A run that failed for a cause that is known is said by the cause's own check."""
    run = last_run(windows)
    if run is None:
        return None
    if not run.failed:
        return passed("the last run succeeded" if run.succeeded else "the last run did not fail")
    if run.cause is not None:
        return passed(f"the last run failed for a cause that is known: {run.cause.title}")
    return failed("the last run failed: " + " / ".join(run.errors[:SHOWN]))


def _ended_by(cause: Cause, windows: Windows) -> Found | None:
    run = last_run(windows)
    if run is None:
        return None
    if run.cause is not cause:
        return passed("the last run did not end so")
    return failed("the last run failed: " + " / ".join(run.lines_of(cause)[:SHOWN]))


def _clean(windows: Windows) -> Found | None:
    stale = windows.system.stale or windows.software.stale
    return failed(stale) if stale else passed("closed cleanly")


def _is_waited_for(fix: str) -> bool:
    """Whether what follows must not be pasted along with it: the machine restarts, or another one is made."""
    return fix.splitlines()[-1].startswith(("shutdown", "#"))


def _of_cause(cause: Cause) -> Check[Windows]:
    return Check(
        f"windows.sysprep-{cause.name}",
        Severity.BLOCKS_BOOT,
        cause.title,
        "a run that succeeded",
        f"Sysprep failed, and the disk is not generalized, because {cause.words}.",
        f"{cause.fix}\n{_LATER if _is_waited_for(cause.fix) else ''}{SYSPREP}",
        cause.source,
        partial(_ended_by, cause),
    )


CHECKS: tuple[Check[Windows], ...] = (
    Check(
        "windows.image-state",
        Severity.BLOCKS_BOOT,
        "Image state",
        "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE",
        "Setup's own record says that the system is not generalized: a clone keeps the machine's identity, and Azure "
        "waits in vain for it to report.",
        SYSPREP,
        STATES,
        _mark(lambda state: state.image_state, absent=True),
    ),
    Check(
        "windows.image-state-file",
        Severity.ADVICE,
        "Image state in State.ini",
        "as in the registry",
        "Setup's record in State.ini does not say that the system is generalized.",
        SYSPREP,
        STATES,
        _mark(lambda state: state.image_state_file, absent=False),
    ),
    Check(
        "windows.sysprep-phase",
        Severity.BLOCKS_BOOT,
        "Sysprep's phase",
        "GeneralizationState 3 or 4",
        "Sysprep's own record says that the system was not generalized, or has gone on since.",
        SYSPREP,
        "cloudbase-init, which waits at boot for 7; unconfirmed by Microsoft: 3 and 4, on which reports differ",
        _mark(lambda state: state.sysprep_state, absent=True),
    ),
    Check(
        "windows.sysprep-tag",
        Severity.ADVICE,
        "Sysprep's tag",
        "a Sysprep_succeeded.tag",
        "Sysprep leaves an empty file when it succeeds, and it is not there.",
        SYSPREP,
        LOGS,
        _tag,
    ),
    Check(
        "windows.setup-pending",
        Severity.BLOCKS_BOOT,
        "Setup at the next boot",
        "pending: SetupType 2 and a CmdLine",
        "The next boot does not begin with setup: a clone comes up as the machine it was copied from.",
        SYSPREP,
        "shorthorn-project/One-Core-API-Binaries#196 (what CmdLine is for); unconfirmed by Microsoft: SetupType",
        _pending,
    ),
    Check(
        "windows.sysprep-run",
        Severity.BLOCKS_BOOT,
        "Sysprep's last run",
        "it succeeded",
        "Sysprep failed, and the disk is not generalized; its log is in Windows\\System32\\Sysprep\\Panther.",
        SYSPREP,
        LOGS,
        _ended_otherwise,
    ),
    *map(_of_cause, CAUSES),
    Check(
        "windows.registry-closed",
        Severity.ADVICE,
        "Registry",
        "closed cleanly",
        "Windows was writing to its registry when the disk was taken: what is said of it here may be out of date.",
        "shutdown /s /t 0",
        'M. Suhanov, "Windows registry file format specification"',
        _clean,
    ),
)
