"""Resources counted in the records themselves, by what stands in their properties."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import JSON, Connection, Select, bindparam, func, select, type_coerce

from calco.storage.schema import resources

_R = resources.c


def tally(connection: Connection, kind: str, path: tuple[str, ...]) -> Mapping[tuple[str, str], int]:
    """As ``ports.Reader.tally``."""
    rows = connection.execute(_counting(path), {"kind": kind.lower()})
    return {(row.location, row.value): row.many for row in rows if isinstance(row.value, str)}


@cache
def _counting(path: tuple[str, ...]) -> Select[tuple[str, str, int]]:
    value = type_coerce(_R.properties, JSON)[path].as_string()
    many = select(_R.location, value.label("value"), func.count().label("many"))
    return many.where(_R.kind == bindparam("kind")).group_by(_R.location, value)
