"""What an offline look at a disk finds: a verdict with its evidence, and each check's outcome.

The flag that Azure calls generalized is no part of it: a verdict is about bytes, and is the same whatever anybody has
set. "Nothing found" is ``unknown``, never ``generalized``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from calco.model.document import Document, Json, at, object_at, objects_at, text_at, text_map


class Verdict(StrEnum):
    """``UNKNOWN``: too little could be read, or what was read contradicts itself."""

    GENERALIZED = "generalized"
    SPECIALIZED = "specialized"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """What becomes of who ignores it, worst first."""

    BLOCKS_BOOT = "blocksBoot"
    """A machine made of it does not boot, does not finish its setup, or cannot be reached."""
    LEAKS = "leaks"
    """Machines made of it share an identity, or carry somebody's secrets or accounts."""
    ADVICE = "advice"


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_READ = "notRead"
    """It could not be looked at; ``found`` says why."""


@dataclass(frozen=True)
class Outcome:
    """One check of the catalogue on one disk. ``found`` is what was seen, in one line of printable text; everything
    else comes from the catalogue, never from the disk: ``title`` (what is looked at), ``expected``, ``message`` (what
    is wrong when it failed), ``fix`` (the command that mends it), ``source``."""

    code: str
    result: Result
    found: str
    title: str
    expected: str
    severity: Severity
    message: str
    fix: str
    source: str = ""


@dataclass(frozen=True)
class OperatingSystem:
    """``type`` is Azure's ``Linux`` or ``Windows``, empty when none was found. ``details`` holds what else is known, in
    order: ``kernel``, ``edition``, ``imageState``, ``sysprepState``..."""

    type: str = ""
    name: str = ""
    version: str = ""
    architecture: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """``evidence``: the lines the verdict stands on. ``outcomes`` are in the catalogue's order. ``ended``: whether the
    look came to its end; one that was stopped says nothing that would hold longer than this answer."""

    verdict: Verdict
    evidence: tuple[str, ...]
    os: OperatingSystem = field(default_factory=OperatingSystem)
    outcomes: tuple[Outcome, ...] = ()
    ended: bool = True

    @property
    def findings(self) -> tuple[Outcome, ...]:
        """What failed, worst first."""
        failed = [each for each in self.outcomes if each.result is Result.FAILED]
        return tuple(sorted(failed, key=lambda each: [*Severity].index(each.severity)))

    @property
    def worst(self) -> Severity | None:
        return self.findings[0].severity if self.findings else None


@dataclass(frozen=True)
class Container:
    """The file a disk came in. ``format`` as qemu-img calls it (``vpc``, ``vhdx``, ``qcow2``, ``raw``); ``is_fixed`` is
    None where the format has no such kinds."""

    format: str
    file_bytes: int
    is_fixed: bool | None = None


def document(report: Report) -> Document:
    """As ``-o json`` and the API show it."""
    findings: list[Json] = [_finding(each) for each in report.findings]
    system: Document = {name: getattr(report.os, name) or None for name in _SYSTEM}
    details: Document = {name: value for name, value in report.os.details.items() if value and name not in _SYSTEM}
    return {
        "verdict": report.verdict.value,
        "evidence": [*report.evidence],
        "os": {**system, **details},
        "findings": findings,
    }


def full_document(report: Report) -> Document:
    """``document`` and, as ``checks``, every outcome: what passed and what could not be read too."""
    checks: list[Json] = [{name: str(getattr(each, name)) for name in _OUTCOME} for each in report.outcomes]
    return {**document(report), "checks": checks}


def report_from(whole: Json) -> Report:
    """What ``full_document`` made a document of. Raises ValueError for anything else."""
    lines = at(whole, "evidence")
    report = Report(
        Verdict(text_at(whole, "verdict") or ""),
        tuple(each for each in lines if isinstance(each, str)) if isinstance(lines, list) else (),
        _system_from(object_at(whole, "os")),
        tuple(_outcome_from(each) for each in objects_at(whole, "checks")),
    )
    if full_document(report) != whole:
        raise ValueError("not the report of an inspection")
    return report


_SYSTEM = ("type", "name", "version", "architecture")
_OUTCOME = tuple(each.name for each in fields(Outcome))


def _system_from(shown: Document) -> OperatingSystem:
    texts = text_map(shown)
    details = {name: value for name, value in texts.items() if name not in _SYSTEM}
    return OperatingSystem(**{name: texts.get(name, "") for name in _SYSTEM}, details=details)


def _outcome_from(shown: Document) -> Outcome:
    texts = text_map(shown)
    said = {name: texts.get(name, "") for name in _OUTCOME if name not in {"result", "severity"}}
    return Outcome(result=Result(texts.get("result", "")), severity=Severity(texts.get("severity", "")), **said)


def _finding(outcome: Outcome) -> Document:
    return {
        "code": outcome.code,
        "severity": outcome.severity.value,
        "message": outcome.message,
        "evidence": outcome.found,
        "fix": outcome.fix,
    }
