"""All commands there are: the modules, listed. A new file of cmdlets is added here and nowhere else."""

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from calco.cloudshell.cmdlet import Cmdlet, Commands, Module, View

BUILTIN: Sequence[str] = (
    *("command", "delimited", "for_each_object", "format", "get_help", "get_member", "guess", "job", "json_text"),
    *("measure_object", "new_object", "out", "path", "person", "select_object", "sort_object", "strict_mode", "time"),
    *("variable", "where_object", "write"),
)
AZ: Sequence[str] = (
    *("account", "activity", "availability_set", "boot_diagnostics", "disk", "encryption", "image", "location"),
    *("network_interface", "platform_image", "public_address", "resource", "resource_group", "run_command"),
    *("security_group", "snapshot", "storage_account", "storage_blob", "storage_container", "storage_context", "tag"),
    *("vhd", "virtual_machine", "virtual_machine_config", "virtual_machine_create", "virtual_network"),
)


class Listed:
    """Commands by name and alias, views by type."""

    def __init__(self, modules: Iterable[Module]) -> None:
        held = tuple(modules)
        self._all = tuple(sorted((each for one in held for each in one.cmdlets), key=lambda each: each.name.casefold()))
        self._views = {each.type: each for one in held for each in one.views}
        self._named = {each.name.casefold(): each for each in self._all}
        self._aliases = {alias: each.name for each in self._all for alias in each.aliases}
        self._by_alias = {alias.casefold(): name.casefold() for alias, name in self._aliases.items()}

    def find(self, name: str) -> Cmdlet | None:
        wanted = name.casefold()
        return self._named.get(self._by_alias.get(wanted, wanted))

    def all(self) -> tuple[Cmdlet, ...]:
        return self._all

    def aliases(self) -> Mapping[str, str]:
        return self._aliases

    def view(self, type: str) -> View | None:
        return self._views.get(type)


def all_commands() -> Commands:
    """Every cmdlet of ``builtin`` and ``az``. It imports them, which takes a few ten milliseconds."""
    names = [f"calco.cloudshell.builtin.{each}" for each in BUILTIN] + [f"calco.cloudshell.az.{each}" for each in AZ]
    return Listed(_module(each) for each in names)


def _module(name: str) -> Module:
    module: object = import_module(name).MODULE
    assert isinstance(module, Module), name
    return module
