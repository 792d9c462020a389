"""What a row of az's table is: a command as typed, and what must come of it.

A flow is a list of rows in order, on a group of its own. Names in a row stand for what the flow knows:

    $g         the flow's group             $sub      the subscription's id
    $rg        the group's ARM id           $compute  ARM id up to `.../providers/Microsoft.Compute`, $network likewise
    $key       file of a public SSH key     $account  a name for the group's storage account

and for whatever an earlier row kept. In what is expected, a text that begins with `~` is a pattern for the whole value.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Template

from calco.model.document import Json
from tests.contract.azure_cli import BIN, Az, account_of

Names = dict[str, str]


@dataclass(frozen=True)
class Row:
    """``words`` are az's, without `az`; ``check`` runs them and looks at what came."""

    words: str
    check: Callable[[Az, tuple[str, ...], Names], None]

    def run(self, az: Az, names: Names) -> None:
        self.check(az, tuple(_filled(each, names) for each in shlex.split(self.words)), names)


def shows(words: str, query: str, wanted: Json) -> Row:
    """It ends well and shows this, by that query of az's own."""

    def check(az: Az, given: tuple[str, ...], names: Names) -> None:
        found, expected = az(*given, "--query", _filled(query, names)), _filled_in(wanted, names)
        assert is_like(found, expected), f"az {' '.join(given)}\nfound  {found!r}\nwanted {expected!r}"

    return Row(words, check)


def keeps(words: str, query: str, name: str, wanted: str = "~.+") -> Row:
    """It ends well and shows a text like this, which rows after it know by that name."""

    def check(az: Az, given: tuple[str, ...], names: Names) -> None:
        found = az.text(*given, "--query", _filled(query, names))
        assert is_like(found, _filled(wanted, names)), f"az {' '.join(given)}: {found}"
        names[name] = found

    return Row(words, check)


def silent(words: str) -> Row:
    """It ends well and prints nothing at all."""

    def check(az: Az, given: tuple[str, ...], _names: Names) -> None:
        found = az(*given)
        assert found is None, f"az {' '.join(given)}: {found}"

    return Row(words, check)


def prints(words: str, pattern: str) -> Row:
    """It ends well, and what it prints as it is, no JSON, has this in it."""

    def check(az: Az, given: tuple[str, ...], names: Names) -> None:
        done = az.run(BIN / "az", *given, "--only-show-errors")
        assert done.returncode == 0, f"az {' '.join(given)}: exit {done.returncode}\n{done.stderr[-4000:]}"
        assert re.search(_filled(pattern, names), done.stdout), f"az {' '.join(given)}: {done.stdout}"

    return Row(words, check)


def refused(words: str, exit: int, *said: str) -> Row:
    """It ends with this status, no traceback, and says all of this."""

    def check(az: Az, given: tuple[str, ...], names: Names) -> None:
        told = az.refused(*given, exit=exit)
        for each in said:
            assert _filled(each, names) in told, f"az {' '.join(given)}: {told}"

    return Row(words, check)


def crashes(words: str, *said: str) -> Row:
    """It is refused as Azure refuses it, and az, unable to show that, prints a traceback in which all of this stands.

    `az vm create` of 2.91 does so whenever its deployment is refused at once, on Azure too (azure-cli, issue 32548).
    """

    def check(az: Az, given: tuple[str, ...], names: Names) -> None:
        done = az.run(BIN / "az", *given, "--only-show-errors")
        assert done.returncode == 1, f"az {' '.join(given)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "The content for this response was already consumed" in done.stderr
        for each in said:
            assert _filled(each, names) in done.stderr, f"az {' '.join(given)}: {done.stderr}"

    return Row(words, check)


def is_like(found: Json, wanted: Json) -> bool:
    """Whether a value is what was wanted, in everything that was wanted."""
    match wanted:
        case str() if wanted.startswith("~"):
            return isinstance(found, str) and re.fullmatch(wanted[1:], found, re.DOTALL) is not None
        case list():
            return (
                isinstance(found, list)
                and len(found) == len(wanted)
                and all(is_like(*each) for each in zip(found, wanted, strict=True))
            )
        case dict():
            return (
                isinstance(found, dict)
                and found.keys() == wanted.keys()
                and all(is_like(found[name], wanted[name]) for name in wanted)
            )
    return type(found) is type(wanted) and found == wanted


def names_of(az: Az, group: str) -> Names:
    rg = f"{az.service.client.subscription}/resourceGroups/{group}"
    return {
        "g": group,
        "sub": az.environ["AZURE_SUBSCRIPTION_ID"],
        "rg": rg,
        "compute": f"{rg}/providers/Microsoft.Compute",
        "network": f"{rg}/providers/Microsoft.Network",
        "key": str(az.key()),
        "account": account_of(group),
        "blobs": az.environ["CALCO_BLOB_ENDPOINT"],
        "endpoint": az.environ["CALCO_ENDPOINT"],
    }


def _filled(text: str, names: Mapping[str, str]) -> str:
    return Template(text).safe_substitute(names)


def _filled_in(value: Json, names: Mapping[str, str]) -> Json:
    match value:
        case str():
            return _filled(value, names)
        case list():
            return [_filled_in(each, names) for each in value]
        case dict():
            return {name: _filled_in(each, names) for name, each in value.items()}
    return value
