"""How cmdlets are declared: in as few words as say it. Several names in one text are parted by spaces."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, repeat

from calco.cloudshell.cmdlet import Cmdlet, Column, Example, Kind, Parameter, Run


def plain(
    name: str,
    help: str,
    position: int | None = None,
    kind: Kind = Kind.STRING,
    *,
    mandatory: bool = False,
    from_pipeline: bool = False,
    from_name: bool = False,
    sets: str = "",
    aliases: str = "",
    choices: str = "",
    completes: str = "",
    accepts: str = "",
    rest: bool = False,
    range: tuple[float, float] | None = None,
) -> Parameter:
    return Parameter(
        name, kind, help, tuple(sets.split()), mandatory, position, tuple(aliases.split()), tuple(choices.split()),
        from_pipeline, from_name, tuple(accepts.split()), completes, rest, range=range,
    )  # fmt: skip


def switch(name: str, help: str, sets: str = "", *, mandatory: bool = False, aliases: str = "") -> Parameter:
    return plain(name, help, None, Kind.SWITCH, mandatory=mandatory, sets=sets, aliases=aliases)


def cmdlet(
    name: str,
    synopsis: str,
    run: Run,
    *parameters: Parameter,
    examples: str | Mapping[str, str],
    output: str = "",
    default_set: str = "",
    aliases: str = "",
    whole: bool = False,
    confirms: bool = False,
    as_job: bool = False,
    note: str = "",
) -> Cmdlet:
    """``examples``: what each does, and its code; one code alone does what the cmdlet is for."""
    shown = {synopsis: examples} if isinstance(examples, str) else examples
    return Cmdlet(
        name, synopsis, run, parameters, tuple(aliases.split()), default_set, output, whole=whole, confirms=confirms,
        as_job=as_job, examples=tuple(Example(what, code) for what, code in shown.items()), note=note,
    )  # fmt: skip


def of(module: str, *cmdlets: Cmdlet) -> tuple[Cmdlet, ...]:
    """The same, as cmdlets of ``module``; of Az.Compute they are anyway."""
    return tuple(replace(each, module=module) for each in cmdlets)


def columns(names: str, *widths: int, right: bool = False) -> tuple[Column, ...]:
    """A column for each of the members, called as it is; ``widths`` of the first of them."""
    wide = chain(widths, repeat(0))
    return tuple(Column(name, name, right, width) for name, width in zip(names.split(), wide, strict=False))
