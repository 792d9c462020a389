"""Whether a Windows is generalized: what its setup wrote down at several places, and whether they agree.

Sysprep marks what it did in the registry twice, in a file, and with an empty file; the first boot of a clone takes the
marks back one by one. A disk is called generalized only when every mark allows it and nothing about them is in doubt;
marks that contradict each other make it unknown.
"""

from calco.inspection.check import attempt
from calco.inspection.windows.setup_state import Says, SetupState
from calco.inspection.windows.sysprep_log import last_run
from calco.inspection.windows.system import Windows
from calco.model.inspection import OperatingSystem, Verdict


def verdict_of(state: SetupState, stale: str, others: tuple[str, ...]) -> tuple[Verdict, tuple[str, ...]]:
    """``stale``: why what was read may be older than what Windows wrote last; ``others``: where else a Windows is."""
    evidence = [f"{each.words[:1].upper()}{each.words[1:]}." for each in state.marks]
    if others:
        return Verdict.UNKNOWN, (f"More than one Windows is on the disk, another in {others[0]}.", *evidence)
    said = {each.says for each in state.marks}
    if Says.GENERALIZED in said and said & {Says.IN_USE, Says.UNFINISHED, Says.DOUBT}:
        evidence.append("These contradict each other.")
    if stale:
        evidence.append(f"What was read may be older than what Windows wrote last: {stale}.")
    return _verdict(state, said, bool(stale)), tuple(evidence)


def _verdict(state: SetupState, said: set[Says], is_stale: bool) -> Verdict:
    if Says.UNFINISHED in said:
        return Verdict.UNKNOWN
    if Says.IN_USE in said and Says.GENERALIZED not in said:
        return Verdict.SPECIALIZED
    decisive = {state.image_state.says, state.sysprep_state.says} == {Says.GENERALIZED}
    if decisive and said <= {Says.GENERALIZED, Says.NOTHING} and not is_stale:
        return Verdict.GENERALIZED
    return Verdict.UNKNOWN


def described(windows: Windows, state: SetupState) -> OperatingSystem:
    release = windows.release
    details = {
        "edition": release.edition,
        "release": release.label,
        "imageState": state.image_state.shown,
        "sysprepState": state.sysprep_state.shown,
    }
    return OperatingSystem("Windows", release.name or "Windows", release.version, release.architecture, details)


def last_failure(windows: Windows) -> tuple[str, ...]:
    """Why sysprep failed when it ran last, for people: no mark, and no part of the verdict."""
    run = attempt(lambda: last_run(windows), lambda _: None)
    if run is None or not run.failed:
        return ()
    why = f", because {run.cause.words}" if run.cause else ", for a cause that is not known here"
    shown = run.lines_of(run.cause) if run.cause else run.errors
    return (f"Sysprep failed when it ran last{why}. Its log: {shown[0]}",)
