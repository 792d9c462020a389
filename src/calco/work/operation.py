"""Operations, as those who poll them see them."""

from calco.model.operation import Operation
from calco.work import deployments
from calco.work.cloud import Cloud


def get(cloud: Cloud, id: str) -> Operation | None:
    with cloud.records.read() as view:
        return view.operation(id)


def waits(cloud: Cloud, operation: Operation) -> str | None:
    """What an operation waits for and at which place in line, in a sentence; None when it does not stand in a line."""
    with cloud.records.read() as view:
        return deployments.waits(cloud, view, operation)
