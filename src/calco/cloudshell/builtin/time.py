"""Start-Sleep, Get-Date and New-TimeSpan.

Source: Microsoft Learn, Start-Sleep, Get-Date, New-TimeSpan.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from calco.cloudshell.cmdlet import UTILITY, Call, Cmdlet, Example, Kind, Module, Parameter
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


SLEEP = Cmdlet(
    "Start-Sleep",
    "Waits.",
    _sleep,
    parameters=(
        Parameter(
            "Seconds",
            Kind.FLOAT,
            "That many.",
            ("Seconds",),
            mandatory=True,
            position=0,
            aliases=("s",),
            from_pipeline=True,
            range=(0, _LONGEST_SECONDS),
        ),
        Parameter(
            "Milliseconds",
            Kind.INT,
            "That many.",
            ("Milliseconds",),
            mandatory=True,
            aliases=("ms",),
            range=(0, INT32_MAX),
        ),
    ),
    aliases=("sleep",),
    default_set="Seconds",
    module=UTILITY,
    examples=(Example("Wait five seconds", "Start-Sleep -Seconds 5"),),
)
DATE = Cmdlet(
    "Get-Date",
    "Gives the date and time; the shell's clock is UTC.",
    _date,
    parameters=(
        Parameter(
            "Date", Kind.DATE, "This one instead of now.", position=0, from_pipeline=True, aliases=("LastWriteTime",)
        ),
        Parameter("Format", help="As text in this form, yyyy-MM-dd for instance.", aliases=("f",)),
        Parameter("UFormat", help="As text in Unix's form, %Y-%m-%d for instance."),
        *(Parameter(each, Kind.INT, f"With this {each.lower()}.") for each in _UNITS),
        Parameter("AsUTC", Kind.SWITCH, "In UTC."),
    ),
    module=UTILITY,
    output="System.DateTime",
    examples=(Example("A name with today's date", '$name = "image-$(Get-Date -Format yyyyMMdd)"'),),
)
SPAN = Cmdlet(
    "New-TimeSpan",
    "Gives a length of time.",
    _span,
    parameters=(
        Parameter("Start", Kind.DATE, "From then; now if not given.", position=0, aliases=("LastWriteTime",)),
        Parameter("End", Kind.DATE, "Until then; now if not given.", position=1),
        *(Parameter(each, Kind.INT, f"That many {each.lower()}.") for each in _SPANS),
    ),
    module=UTILITY,
    output="System.TimeSpan",
    examples=(Example("How long it took", "New-TimeSpan -Start $began"),),
)

MODULE = Module((SLEEP, DATE, SPAN))
