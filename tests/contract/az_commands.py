"""The commands of az that must be in the table, under the names they have in the list of what was measured.

A command is its words, then options that one of its rows must have. OUT_OF_SCOPE names the rest, each with the reason.
"""

from collections.abc import Mapping
from itertools import pairwise

from tests.contract.az_rows import Row

MEASURED: Mapping[str, tuple[str, ...]] = {
    "group create / update": ("group create", "group update"),
    "group list / show / exists": ("group list", "group show", "group exists"),
    "group delete --yes": ("group delete --yes",),
    "account list-locations": ("account list-locations",),
    "provider list / register": ("provider list", "provider register"),
    "resource list -g": ("resource list -g",),
    "resource show --ids": ("resource show --ids",),
    "disk create": ("disk create --size-gb",),
    "--source X": ("disk create --source",),
    "--image-reference urn": ("disk create --image-reference",),
    "--upload-type Upload": ("disk create --upload-type --upload-size-bytes",),
    "disk update / delete": ("disk update", "disk delete"),
    "disk grant-access": ("disk grant-access",),
    "disk revoke-access": ("disk revoke-access",),
    "snapshot create --source d1": ("snapshot create --source", "snapshot create --incremental"),
    "image create --source vm1": ("image create --source web1",),
    "--source disk or snapshot NAME": ("image create --source disk", "image create --source taken"),
    "--source full disk id": ("image create --source $compute/disks/disk",),
    "--source https://...vhd": ("image create --source $blob",),
    "--data-disk-sources": ("image create --data-disk-sources",),
    "--zone-resilient true": ("image create --zone-resilient true",),
    "options": ("image create --hyper-v-generation --os-disk-caching --storage-sku",),
    "image list / show / delete": ("image list", "image list -g", "image show", "image delete"),
    "image update --tags": ("image update --tags",),
    "vm create": (
        "vm create --ssh-key-values",
        "vm create --generate-ssh-keys",
        "vm create --admin-password",
        "vm create --count 3",
        "vm create --image golden",
        "vm create --image $compute/images/golden",
        "vm create --attach-os-disk",
        "vm create --use-unmanaged-disk --storage-account",
        "vm create --validate",
        "vm create --no-wait",
        "vm create --zone",
        "vm create --data-disk-sizes-gb",
    ),
    "vm list (-g) / list -d": ("vm list", "vm list -g", "vm list -d"),
    "vm show / -d / get-instance-view / wait": ("vm show", "vm show -d", "vm get-instance-view", "vm wait"),
    "vm deallocate / stop": ("vm deallocate", "vm stop"),
    "vm generalize": ("vm generalize",),
    "vm start / restart": ("vm start", "vm restart"),
    "vm capture": ("vm capture",),
    "vm convert": ("vm convert",),
    "vm update --set, disk attach --new, disk detach, boot-diagnostics enable": (
        "vm update --set",
        "vm disk attach --new",
        "vm disk detach",
        "vm boot-diagnostics enable",
    ),
    "vm delete --yes": ("vm delete --yes",),
    "vm boot-diagnostics get-boot-log": ("vm boot-diagnostics get-boot-log",),
    "vm run-command invoke": ("vm run-command invoke",),
    "vm open-port": ("vm open-port",),
    "vm list-ip-addresses": ("vm list-ip-addresses",),
    "vm list-skus / list-sizes": ("vm list-skus", "vm list-sizes"),
    "network vnet / nic / public-ip create": (
        "network vnet create",
        "network nic create",
        "network nic list",
        "network public-ip create",
        "network public-ip list",
    ),
    "storage account create": ("storage account create", "storage account check-name"),
    "storage account keys list / connection string": (
        "storage account keys list",
        "storage account show-connection-string",
    ),
    "deployment group validate / create / what-if / show": (
        "deployment group validate --template-file",
        "deployment group create --template-file",
        "deployment group what-if --template-file",
        "deployment group show",
        "deployment group list",
    ),
    "deployment operation group list": ("deployment operation group list",),
    "account get-access-token, rest": ("account get-access-token", "rest"),
}

GALLERIES = "calco has no galleries yet"
OUT_OF_SCOPE: Mapping[str, str] = {
    "sig create": GALLERIES,
    "sig image-definition create": GALLERIES,
    "sig image-version create": GALLERIES,
    "sig list / version list / show": GALLERIES,
    "sig image-version delete": GALLERIES,
}


def is_shown(command: str, row: Row) -> bool:
    """Whether the row is this command: it begins with its words and has its options, each with its value if given."""
    words, given = command.split(), row.words.split()
    at = next((index for index, each in enumerate(words) if each.startswith("-")), len(words))
    told = set(pairwise([*given, ""]))
    wanted = [pair for pair in pairwise([*words, "-"]) if pair[0].startswith("-")]
    return given[:at] == words[:at] and all(
        option in given if value.startswith("-") else (option, value) in told for option, value in wanted
    )
