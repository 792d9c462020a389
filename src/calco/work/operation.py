"""Operations, as those who poll them see them."""

from calco.model.document import text_at
from calco.model.operation import Operation
from calco.work import deployments
from calco.work.cloud import Cloud


def get(cloud: Cloud, id: str) -> Operation | None:
    with cloud.records.read() as view:
        return view.operation(id)


def waits(cloud: Cloud, operation: Operation) -> str | None:
    """What an unfinished operation has to say, in a sentence: what it waits for and at which place in line, or how far
    it is with what takes long and why that is so. None when it has nothing to say."""
    if operation.end is not None:
        return None
    with cloud.records.read() as view:
        return deployments.waits(cloud, view, operation) or text_at(operation.progress, "says")
