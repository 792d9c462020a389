"""Start-Sleep, Get-Date and New-TimeSpan.

Source: Microsoft Learn, Start-Sleep, Get-Date, New-TimeSpan.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from calco.cloudshell.cmdlet import UTILITY, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.objects.moment import aware, format_date, unix_date
from calco.cloudshell.objects.type_name import INT32_MAX
from calco.cloudshell.values import Value

_LONGEST_SECONDS = 2_147_483
"""Source: Start-Sleep's own limit."""
_UNITS = ("Year", "Month", "Day", "Hour", "Minute", "Second")
_UNIVERSAL = {"filedateuniversal": "yyyyMMddZ", "filedatetimeuniversal": "yyyyMMddTHHmmssffffZ"}
_NAMED = {"filedate": "yyyyMMdd", "filedatetime": "yyyyMMddTHHmmssffff", **_UNIVERSAL}
"""Forms for the names of files."""
_SPANS = ("Days", "Hours", "Minutes", "Seconds", "Milliseconds")


def _sleep(call: Call) -> list[Value]:
    seconds = call.value("Seconds")
    call.shell.sleep(float(seconds if isinstance(seconds, int | float) else (call.number("Milliseconds") or 0) / 1000))
    return []


def _date(call: Call) -> Iterator[Value]:
    given = call.value("Date")
    moment = _with_units(call, given if isinstance(given, datetime) else call.shell.clock.now())
    try:
        if call.switch("AsUTC"):
            moment = aware(moment).astimezone(UTC)
        if call.given("UFormat"):
            yield unix_date(moment, call.text("UFormat"))
        else:
            yield _formatted(moment, call.text("Format")) if call.given("Format") else moment
    except (ValueError, OverflowError) as wrong:
        raise Terminating(Fault(str(wrong), "InvalidDate", "InvalidArgument")) from wrong


def _formatted(moment: datetime, form: str) -> str:
    """Raises ValueError."""
    name = form.lower()
    moment = aware(moment).astimezone(UTC) if name in _UNIVERSAL else moment
    return format_date(moment, _NAMED.get(name, form))


def _with_units(call: Call, moment: datetime) -> datetime:
    changed = {each.lower(): number for each in _UNITS if (number := call.number(each)) is not None}
    try:
        return moment.replace(**changed) if changed else moment  # type: ignore[arg-type]
    except ValueError as wrong:
        told = "Year, Month, and Day parameters describe an un-representable DateTime."
        raise Terminating(Fault(told, "InvalidDate", "InvalidArgument")) from wrong


def _span(call: Call) -> Iterator[Value]:
    start, end = call.value("Start"), call.value("End")
    if isinstance(start, datetime) or isinstance(end, datetime):
        now = call.shell.clock.now()
        first = start if isinstance(start, datetime) else now
        last = end if isinstance(end, datetime) else now
        yield aware(last) - aware(first)
        return
    try:
        yield timedelta(**{each.lower(): float(call.number(each) or 0) for each in _SPANS})
    except OverflowError as large:
        message = "TimeSpan overflowed because the duration is too long."
        raise Terminating(
            Fault(message, "NewTimeSpanCommand", "InvalidArgument", "System.OverflowException")
        ) from large


SLEEP = cmdlet(
    "Start-Sleep",
    "Waits.",
    _sleep,
    plain(
        "Seconds",
        "That many.",
        0,
        Kind.FLOAT,
        mandatory=True,
        from_pipeline=True,
        sets="Seconds",
        aliases="s",
        range=(0, _LONGEST_SECONDS),
    ),
    plain(
        "Milliseconds",
        "That many.",
        kind=Kind.INT,
        mandatory=True,
        sets="Milliseconds",
        aliases="ms",
        range=(0, INT32_MAX),
    ),
    default_set="Seconds",
    aliases="sleep",
    examples={"Wait five seconds": "Start-Sleep -Seconds 5"},
)
DATE = cmdlet(
    "Get-Date",
    "Gives the date and time; the shell's clock is UTC.",
    _date,
    plain("Date", "This one instead of now.", 0, Kind.DATE, from_pipeline=True, aliases="LastWriteTime"),
    plain("Format", "As text in this form, yyyy-MM-dd for instance.", aliases="f"),
    plain("UFormat", "As text in Unix's form, %Y-%m-%d for instance."),
    *(plain(each, f"With this {each.lower()}.", kind=Kind.INT) for each in _UNITS),
    switch("AsUTC", "In UTC."),
    output="System.DateTime",
    examples={"A name with today's date": '$name = "image-$(Get-Date -Format yyyyMMdd)"'},
)
SPAN = cmdlet(
    "New-TimeSpan",
    "Gives a length of time.",
    _span,
    plain("Start", "From then; now if not given.", 0, Kind.DATE, aliases="LastWriteTime"),
    plain("End", "Until then; now if not given.", 1, Kind.DATE),
    *(plain(each, f"That many {each.lower()}.", kind=Kind.INT) for each in _SPANS),
    output="System.TimeSpan",
    examples={"How long it took": "New-TimeSpan -Start $began"},
)

MODULE = Module(of(UTILITY, SLEEP, DATE, SPAN))
