"""How the cmdlets of Az are declared: as all are, and with what Az's have in common.

Az fills nearly every parameter from a property of its name of what comes along the pipeline, too: so are those that are
``optional`` and ``mandatory``. ``piped`` takes the object itself; one that is ``plain`` is neither.
"""

from functools import partial

from calco.cloudshell.cmdlet import Kind, Parameter
from calco.cloudshell.declaration import cmdlet, columns, of, plain, switch

__all__ = ["cmdlet", "columns", "of", "plain", "switch"]

Takes = Kind
"""What a parameter takes; a shape's Kind is another thing."""

optional = partial(plain, from_name=True)
mandatory = partial(plain, from_name=True, mandatory=True)


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
    return plain(
        name, help, position, Takes.RECORD, mandatory=mandatory, from_pipeline=True, from_name=from_name, sets=sets,
        aliases=aliases, accepts=accepts,
    )  # fmt: skip


LOCATION = optional("Location", "The region.", completes="locations")
TAG = optional("Tag", 'Tags, as a table: @{team="lab"}.', kind=Takes.HASHTABLE)
FORCE = switch("Force", "Do it without asking.")
PASS_THRU = switch("PassThru", "Give $true when it is done; else nothing is given.")
NO_WAIT = switch("NoWait", "Do not wait for the end.")
