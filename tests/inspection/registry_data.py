"""How tests write a registry down."""

from calco.inspection.hive import Data


class Expand(str):
    """REG_EXPAND_SZ."""


Keys = dict[str, dict[str, Data]]
"""Values by key and name; the default value's name is empty. ``Current`` stands for ``ControlSet001`` in SYSTEM."""
