"""How the cmdlets of Az are declared: in as few words as say it. Several names in one text are parted by spaces.

Az fills nearly every parameter from a property of its name of what comes along the pipeline, too: so are those that are
``optional`` and ``mandatory``. ``piped`` takes the object itself; one that is ``plain`` is neither.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from calco.cloudshell.cmdlet import Cmdlet, Column, Example, Kind, Parameter, Run

Takes = Kind
"""What a parameter takes; a shape's Kind is another thing."""


def plain(
    name: str,
    help: str,
    position: int | None = None,
    kind: Takes = Takes.STRING,
    *,
    mandatory: bool = False,
    from_name: bool = False,
    sets: str = "",
    aliases: str = "",
    choices: str = "",
    completes: str = "",
    accepts: str = "",
) -> Parameter:
    return Parameter(
        name, kind, help, tuple(sets.split()), mandatory, position, tuple(aliases.split()), tuple(choices.split()),
        from_name=from_name, accepts=tuple(accepts.split()), completes=completes,
    )  # fmt: skip


optional = partial(plain, from_name=True)
mandatory = partial(plain, from_name=True, mandatory=True)


def switch(name: str, help: str, sets: str = "", *, mandatory: bool = False, aliases: str = "") -> Parameter:
    return plain(name, help, None, Takes.SWITCH, mandatory=mandatory, sets=sets, aliases=aliases)


def piped(
    name: str,
    help: str,
    accepts: str,
    position: int | None = None,
    *,
    mandatory: bool = True,
    from_name: bool = False,
    sets: str = "",
    aliases: str = "",
) -> Parameter:
    """An object, mostly by the pipeline; ``accepts`` are its types."""
    made = plain(
        name, help, position, Takes.RECORD, mandatory=mandatory, from_name=from_name, sets=sets, aliases=aliases,
        accepts=accepts,
    )  # fmt: skip
    return replace(made, from_pipeline=True)


LOCATION = optional("Location", "The region.", completes="locations")
TAG = optional("Tag", 'Tags, as a table: @{team="lab"}.', kind=Takes.HASHTABLE)
FORCE = switch("Force", "Do it without asking.")
PASS_THRU = switch("PassThru", "Give $true when it is done; else nothing is given.")
NO_WAIT = switch("NoWait", "Do not wait for the end.")


def cmdlet(
    name: str,
    synopsis: str,
    run: Run,
    *parameters: Parameter,
    examples: str | Mapping[str, str],
    output: str = "",
    default_set: str = "",
    aliases: str = "",
    confirms: bool = False,
    as_job: bool = False,
    note: str = "",
) -> Cmdlet:
    """``examples``: what each does, and its code; one code alone does what the cmdlet is for."""
    shown = {synopsis: examples} if isinstance(examples, str) else examples
    return Cmdlet(
        name, synopsis, run, parameters, tuple(aliases.split()), default_set, output, confirms=confirms, as_job=as_job,
        examples=tuple(Example(what, code) for what, code in shown.items()), note=note,
    )  # fmt: skip


def of(module: str, *cmdlets: Cmdlet) -> tuple[Cmdlet, ...]:
    """The same, as cmdlets of ``module``; of Az.Compute they are anyway."""
    return tuple(replace(each, module=module) for each in cmdlets)


def columns(names: str, *, right: bool = False) -> tuple[Column, ...]:
    """A column for each of the members, called as it is."""
    return tuple(Column(each, each, right) for each in names.split())
