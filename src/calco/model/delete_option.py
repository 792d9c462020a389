"""What becomes of something when what it hangs on is deleted."""

from enum import StrEnum


class DeleteOption(StrEnum):
    """Of a machine's disk or NIC, and of a NIC's public address. Unsaid, it stays. Source: azure-mgmt-compute,
    DiskDeleteOptionTypes and DeleteOptions; azure-mgmt-network, DeleteOptions."""

    DELETE = "Delete"
    DETACH = "Detach"
