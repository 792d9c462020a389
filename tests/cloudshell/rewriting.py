"""The document's scripts as somebody else would have written them: the same meaning in other words, by chance.

Variables and resources have other names, and the case of every name is what it happens to be; parameters come in
another order, abbreviated as far as PowerShell lets them be, by colon, over several lines or out of a table; words are
quoted this way or that; comments stand in between. The same ``seed`` gives the same script.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from calco.cloudshell.binder.common import COMMON, JOB, RISK
from calco.cloudshell.catalogue import all_commands
from calco.cloudshell.cmdlet import Cmdlet

NAMES = {
    name: name
    for name in ("myVM", "myResourceGroup", "myImage", "mySnapshot", "mystorageaccount", "vhdcontainer", "vhdfilename")
}
"""What the document calls its resources, by itself."""

_OTHERS = {
    "myVM": ("web1", "Maschine-7", "VM01"),
    "myResourceGroup": ("rg_with(parens).v1", "Forschung", "grupo-pruebas"),
    "myImage": ("golden_v1.2", "Imagen", "base-2026-11"),
    "mySnapshot": ("before.update", "Instantanea_1", "s"),
    "mystorageaccount": ("acct{n}x", "vhds{n}", "almacen{n}"),
    "vhdcontainer": ("disks", "a-1", "vhds2026"),
    "vhdfilename": ("os", "deep/down/os-disk", "Server.2022"),
}
_VARIABLES = ("maquina", "g", "región", "x1", "_y", "TheImage", "Config", "disk_id", "rg", "nombre", "z9", "Quelle")
_BRACED = ("the machine", "my group", "a-b", "what.it.is")
_COMMENTS = ("# next", "<# the same again #>", "# paso siguiente: $notAVariable 'unclosed", "")
_TOKEN = r'"[^"]*"|\$[\w.]+|[\w.]+'
_COMMAND = re.compile(r"^(?P<before>\s*(?:\$\w+ *= *)?)(?P<name>[A-Za-z]+-Az\w+)(?P<rest>.*)$")


def rewritten(script: Sequence[str], seed: str) -> tuple[list[str], dict[str, str]]:
    """Its blocks anew, and what its resources are called, by what the document calls them."""
    writer = _Writer.begin(seed, "".join(script))
    return [writer.block(each) for each in script], writer.names


@dataclass
class _Writer:
    chance: random.Random
    names: dict[str, str]
    variables: dict[str, str]
    tables: int = 0

    @staticmethod
    def begin(seed: str, text: str) -> "_Writer":
        chance = random.Random(seed)  # noqa: S311 - not for secrets
        number = chance.randrange(10_000_000)
        names = {name: chance.choice(others).format(n=number) for name, others in _OTHERS.items()}
        known = sorted({each.lower() for each in re.findall(r"\$(\w+)", text)})
        plain = chance.sample(_VARIABLES, len(known))
        plain[0] = f"{{{chance.choice(_BRACED)}}}"
        return _Writer(chance, names, dict(zip(known, plain, strict=True)))

    def block(self, text: str) -> str:
        lines = [self._line(each) for each in text.splitlines()]
        return "\n".join(part for line in lines for part in (self.chance.choice(_COMMENTS), line)) + "\n"

    def _line(self, line: str) -> str:
        command = _COMMAND.match(line)
        if command is None:
            return self._words(line)
        found = re.findall(rf"-(\w+)(?: +({_TOKEN})(?=\s|$))?", command["rest"])
        assert re.sub(rf"-\w+(?: +(?:{_TOKEN})(?=\s|$))?", "", command["rest"]).strip() == "", line
        self.chance.shuffle(found)
        declared = all_commands().find(command["name"])
        assert declared is not None, command["name"]
        given = [(self._shortened(name, declared), self._value(value)) for name, value in found]
        return self._written(self._words(command["before"]), self._cased(command["name"]), given)

    def _written(self, before: str, name: str, given: list[tuple[str, str]]) -> str:
        if self.chance.random() < 0.3:
            self.tables += 1
            entries = "; ".join(f"{key} = {value or '$true'}" for key, value in given)
            return f"$table{self.tables} = @{{ {entries} }}\n{before}{name} @Table{self.tables}"
        words = [self._parameter(key, value) for key, value in given]
        apart = self.chance.choice((" ", " ", " `\n        ", "  "))
        return before + apart.join([name, *words])

    def _parameter(self, name: str, value: str) -> str:
        if not value:
            return self.chance.choice((f"-{name}", f"-{name}:$true"))
        return self.chance.choice((f"-{name} {value}", f"-{name} {value}", f"-{name}:{value}", f"-{name}: {value}"))

    def _value(self, value: str) -> str:
        """A word is quoted, for in a table it has to be."""
        return self._words(value if not value or value[0] in '"$' else f"'{self._cased(value)}'")

    def _shortened(self, name: str, declared: Cmdlet) -> str:
        """What still means this parameter and no other."""
        every = {
            each.lower()
            for parameter in (*declared.parameters, *COMMON, *RISK, *JOB)
            for each in (parameter.name, *parameter.aliases)
        }
        enough = next(
            (n for n in range(1, len(name)) if sum(each.startswith(name[:n].lower()) for each in every) == 1), len(name)
        )
        return self._cased(name[: self.chance.choice((enough, enough, self.chance.randint(enough, len(name))))])

    def _words(self, text: str) -> str:
        """With other names, of variables and members in any case."""
        text = re.sub(rf"\b({'|'.join(NAMES)})\b", lambda name: self.names[name[1]], text)
        if self.chance.random() < 0.5:
            text = re.sub(r'"([^"$]*)"', r"'\1'", text)
        return re.sub(r"\$(\w+)((?:\.\w+)*)", self._variable, text)

    def _variable(self, found: re.Match[str]) -> str:
        return f"${self._cased(self.variables[found[1].lower()])}{self._cased(found[2])}"

    def _cased(self, text: str) -> str:
        return self.chance.choice((text, text.lower(), text.upper(), text.swapcase()))
