"""Which values are equal, and which comes first. Text is compared without case unless asked.

Source: Microsoft Learn, about_Comparison_Operators.
"""

from calco.cloudshell.values import Value


def equal(left: Value, right: Value, *, case: bool = False) -> bool:
    """``left -eq right`` for two single values: the right is converted to the left's type; unlike things differ."""
    raise NotImplementedError


def compare(left: Value, right: Value, *, case: bool = False) -> int:
    """-1, 0 or 1, as ``-lt`` and ``-gt`` see it. Raises Terminating when there is no order between them."""
    raise NotImplementedError


def order(left: Value, right: Value, *, case: bool = False) -> int:
    """The same for sorting: never fails, null comes first, unlike things go by their text."""
    raise NotImplementedError
