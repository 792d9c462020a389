"""Every check there is, in the order they are shown. docs/checks.md is written from it.

What each is a check of differs, and nobody looks through this table: hence ``Check[Any]``.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from calco.inspection import checks_container, checks_disk
from calco.inspection.check import Check, Seen
from calco.inspection.linux import checks as checks_linux
from calco.inspection.windows import checks as checks_windows
from calco.inspection.windows import checks_azure as checks_azure_windows
from calco.model.inspection import Outcome

CATALOGUE: tuple[Check[Any], ...] = (
    *checks_container.CHECKS,
    *checks_disk.CHECKS,
    *checks_linux.CHECKS,
    *checks_windows.CHECKS,
    *checks_azure_windows.CHECKS,
)


@cache
def by_code() -> Mapping[str, Check[Any]]:
    return MappingProxyType({each.code: each for each in CATALOGUE})


def outcome(seen: Seen) -> Outcome:
    """What was seen, with everything the catalogue knows of its check. Raises KeyError for an unknown code."""
    check = by_code()[seen.code]
    return Outcome(
        code=check.code,
        result=seen.result,
        found=seen.found,
        title=check.title,
        expected=check.expected,
        severity=check.severity,
        message=check.message,
        fix=check.fix,
        source=check.source,
    )
