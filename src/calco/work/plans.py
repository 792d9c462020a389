"""Every plan there is, so that an operation found in the records after a restart finds its steps."""

from calco.operations.plan import Book
from calco.work import (
    access,
    deployment_plan,
    disk,
    disk_source,
    image,
    image_capture,
    machine_attachment,
    machine_capture,
    machine_delete,
    machine_update,
    power,
    resource_group,
    run_command,
    snapshot,
    virtual_network,
)
from calco.work.cloud import Cloud

BOOK: Book[Cloud] = Book.of(
    disk.CREATE,
    disk_source.HOLD,
    disk.UPDATE,
    disk.DELETE,
    access.END,
    image_capture.CAPTURE,
    image_capture.FROM_BLOBS,
    image_capture.REPLICATE,
    image.DELETE,
    snapshot.CREATE,
    snapshot.DELETE,
    power.CREATE,
    power.START,
    power.RESTART,
    power.POWER_OFF,
    power.DEALLOCATE,
    machine_delete.DELETE,
    machine_update.UPDATE,
    machine_attachment.REWIRE,
    machine_capture.CAPTURE,
    run_command.RUN,
    virtual_network.DELETE,
    resource_group.DELETE,
    deployment_plan.DEPLOY,
)
