"""How tests write a registry down."""

from calco.inspection.windows.hive import Data


class Expand(str):
    """REG_EXPAND_SZ."""


class Identifier(int):
    """What SAM's list of names keeps: a value without data, its type is the account's relative identifier."""


Keys = dict[str, dict[str, Data]]
"""Values by key and name; the default value's name is empty. ``Current`` stands for ``ControlSet001`` in SYSTEM."""
