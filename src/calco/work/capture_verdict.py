"""What a capture says of the OS disk it captures, beside the flag that Azure asks for.

A verdict that is known when the capture is accepted goes with the operation from the start. Else the disk is looked at
as the plan's last act, when the image is there already: a capture stays metadata, and no look can delay or undo it.
Where the settings require a generalized disk the look comes first, and nothing is made of one that is not.
"""

import logging
from dataclasses import dataclass

from calco.model import errors
from calco.model.document import text_at
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.inspection import Report, Severity, Verdict
from calco.model.operation import Operation
from calco.ports import Reader
from calco.work import inspection
from calco.work.cloud import Cloud

log = logging.getLogger(__name__)

CODE = "NotGeneralized"
LINES_SHOWN, LINES_LENGTH_MAX = 3, 500
CODES_SHOWN = 20
WARNING = "warning"
"""Member of the verdict in an operation's parameters, or of its progress when it was found out later."""


@dataclass(frozen=True)
class Foresight:
    """What is known of a capture's OS disk when it is accepted, in its operation's parameters. ``warning`` is a
    sentence, empty for none; ``look``: nobody has looked, so it is done behind the capture; ``required``: it was to be
    generalized, and is."""

    look: bool = False
    warning: str = ""
    required: bool = False


def foresee(cloud: Cloud, view: Reader, os_disk: ResourceId | None, see: str) -> Foresight:
    """In the transaction that accepts a capture of ``os_disk``, a disk, snapshot or blob (None: one that is not here).
    ``see``: the command that shows all. Raises ApiError when a generalized disk is required and this is none."""
    seen = None if os_disk is None else inspection.glance(cloud, view, os_disk)
    report = None if seen is None else seen.report
    if cloud.rules.require_generalized and not (cloud.trial if report is None else _is_fine(report)):
        raise refusal(report)
    if report is None:
        return Foresight(look=cloud.rules.looks)
    return Foresight(warning=warning_for(report, see), required=cloud.rules.require_generalized)


def hold(cloud: Cloud, os_disk: ResourceId) -> None:
    """Once nobody can write a blob any more: whether it is what was seen when its capture was accepted, where that was
    required. Raises ApiError."""
    with cloud.records.read() as view:
        seen = inspection.glance(cloud, view, os_disk)
    if seen is None or not _is_fine(seen.report):
        raise errors.refused(
            "The OS disk was written after it was inspected, and a capture of it is required to be of what was seen. "
            "Stop what writes it and capture it again."
        )


def look_first(cloud: Cloud, os_disk: ResourceId | None) -> None:
    """Where a generalized disk is required: before the transaction that accepts, for that cannot wait for a look.
    Raises ApiError when it cannot be looked at."""
    if os_disk is not None:
        inspection.look(cloud, os_disk)


def is_required(cloud: Cloud) -> bool:
    """Whether to ``look_first``. Not in a trial, which must not take long and may be of what is not there yet: it goes
    by what is known."""
    return cloud.rules.require_generalized and not cloud.trial


def tell(cloud: Cloud, operation: str, captured: ResourceId, see: str) -> None:
    """The last act of a capture: look, and warn if need be. What goes wrong here is told, and undoes nothing."""
    try:
        warning = _found_out(cloud, captured, see)
        if warning:
            with cloud.records.write() as tx:
                tx.progress(operation, {WARNING: warning})
    except Exception:
        log.exception("operation %s does not say what is on %s", operation, captured)


def _found_out(cloud: Cloud, captured: ResourceId, see: str) -> str:
    try:
        return warning_for(inspection.look(cloud, captured), see)
    except Exception as why:
        log.warning("%s was not looked at: %s", captured, why, exc_info=not isinstance(why, ApiError))
        return f"Whether the OS disk is generalized is not known, for it could not be read. To try again: {see}"


def warning_of(operation: Operation) -> str | None:
    """What the operation warns of."""
    return text_at(operation.params, "verdict", WARNING) or text_at(operation.progress, WARNING) or None


# --- words -----------------------------------------------------------------------------------------------------------


def _is_fine(report: Report) -> bool:
    return report.verdict is Verdict.GENERALIZED


def warning_for(report: Report, see: str) -> str:
    """Empty for a generalized disk."""
    if _is_fine(report):
        return ""
    return (
        f"{_verdict(report)}: {evidence(report)}. Machines made of it may fail to be provisioned, or share what "
        f"identifies this one. {_leaks(report)}{_mend(report)} Everything that was found: {see}"
    )


def refusal(report: Report | None) -> ApiError:
    """Azure's word for a machine that is not generalized; the sentences are ours."""
    if report is None:
        why = (
            "The OS disk cannot be inspected before it is captured, so it is not known whether it is generalized. Copy "
            "it into a disk or a storage account of this service first, and capture that."
        )
    else:
        why = f"{_verdict(report)}: {evidence(report)}. {_mend(report)}"
    return errors.refused(
        f"The operation 'Create Image' requires an OS disk that is generalized. {why} It is required by the setting "
        "capture.require_generalized; start calco with --capture-require-generalized off to get a warning instead.",
        "storageProfile.osDisk",
    )


def _verdict(report: Report) -> str:
    if report.verdict is Verdict.SPECIALIZED:
        return "The OS disk is not generalized, whatever its flag says"
    return "It is not known whether the OS disk is generalized"


def evidence(report: Report) -> str:
    """The first lines that the verdict stands on, in one."""
    shown = "; ".join(each.strip().rstrip(".") for each in report.evidence[:LINES_SHOWN]) or "nothing was found"
    more = len(report.evidence) - LINES_SHOWN
    if len(shown) > LINES_LENGTH_MAX:
        shown = f"{shown[:LINES_LENGTH_MAX]}..."
    return f"{shown}; and {more} more" if more > 0 else shown


def _leaks(report: Report) -> str:
    """The codes of what every machine made of it will carry. No more than these: whoever may read an operation need
    not be one who may read the disk."""
    codes = [each.code for each in report.findings if each.severity is Severity.LEAKS]
    more = f" and {len(codes) - CODES_SHOWN} more" if len(codes) > CODES_SHOWN else ""
    return f"Left on it, and on every machine made of it: {', '.join(codes[:CODES_SHOWN])}{more}. " if codes else ""


_MENDS = {
    "Linux": "Before deallocating, run on the machine: sudo waagent -deprovision+user -force.",
    "Windows": "Before deallocating, run on the machine: sysprep.exe /generalize /oobe /shutdown.",
}


def _mend(report: Report) -> str:
    return _MENDS.get(report.os.type, "Generalize the machine from within before deallocating it.")
