"""All commands there are: the modules, listed."""

from calco.cloudshell.cmdlet import Commands


def all_commands() -> Commands:
    """Every cmdlet of ``builtin`` and ``az``."""
    raise NotImplementedError
