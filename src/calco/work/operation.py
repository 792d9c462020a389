"""Operations, as those who poll them see them."""

from calco.model.operation import Operation
from calco.work.cloud import Cloud


def get(cloud: Cloud, id: str) -> Operation | None:
    with cloud.records.read() as view:
        return view.operation(id)
