"""Page blobs of other hosts, brought into a flat volume of this service: where bytes really move, and it is said.

Only hosts that the settings list are read (``ports.RemoteBlobs`` sees to that). A URI may carry a signature, so what is
said of it in refusals and operations ends before its query.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from calco.model import blob as model
from calco.model.blob import Use
from calco.model.errors import ApiError
from calco.model.vhd import guest_bytes_of
from calco.model.volume import Format, Volume, VolumeId
from calco.ports import BlobAbsent, BlobOfOtherType, HostRefused, NoRemoteBlob, RemoteBlob
from calco.work.cloud import Cloud

Said = Callable[[int, int], None]
"""Hears bytes done and bytes in all; may raise to stop."""


@dataclass(frozen=True)
class Wanted:
    """``volume`` will hold the blob; ``disk`` is the name by which a refusal calls it, ``use`` what becomes of it."""

    uri: str
    volume: VolumeId
    disk: str
    use: Use
    max_bytes: int


def is_listed(cloud: Cloud, uri: str) -> bool:
    """Whether its host may be read; nothing is looked up."""
    return cloud.remote_blobs.lists(uri)


def fetch(cloud: Cloud, wanted: Wanted, said: Said) -> int:
    """Look at the blob, refuse what Azure would refuse, then bring its page ranges in; answers the bytes a guest will
    see. May be repeated: a volume that is whole is left alone. Raises ApiError, StoreFull, PoolGone."""
    shown = shown_uri(wanted.uri)
    try:
        found = cloud.remote_blobs.look(wanted.uri)
        guest_bytes = guest_bytes_of(found.footer, found.length, wanted.disk, shown, max_bytes=wanted.max_bytes)
        volume = Volume(wanted.volume, found.length, format=Format.FLAT)
        cloud.disks.receive(volume, _counted(cloud, found, said))
    except NoRemoteBlob as why:
        raise _refusal(why, wanted.use, shown, wanted.disk) from why
    return guest_bytes


def _counted(cloud: Cloud, blob: RemoteBlob, said: Said) -> Iterator[tuple[int, bytes]]:
    total, pages = cloud.remote_blobs.pages(blob)
    done = 0
    for offset, data in pages:
        said(done, total)
        yield offset, data
        done += len(data)


def shown_uri(uri: str) -> str:
    """Without what may be a signature."""
    return uri.partition("?")[0]


def _refusal(why: NoRemoteBlob, use: Use, uri: str, disk: str) -> ApiError:
    match why:
        case BlobAbsent():
            return model.vhd_not_found(use, uri, disk)
        case BlobOfOtherType():
            return model.not_a_page_blob(use, uri)
        case HostRefused():
            return host_refused(use, uri, str(why))
        case _:
            return unreadable(use, uri, str(why))


def host_refused(use: Use, uri: str, why: str) -> ApiError:
    """Ours: Azure reads its own hosts only."""
    return ApiError(
        409,
        f"{use}BlobNotFound",
        f"Unable to find VHD blob with URI {uri}. Its host is not read: {why}. List it in the settings, or upload the "
        "blob to a storage account of this service.",
    )


def unreadable(use: Use, uri: str, why: str) -> ApiError:
    """Ours."""
    return ApiError(
        409,
        f"{use}BlobNotReadable",
        f"VHD blob with URI {uri} could not be read: {why}. Try again, or upload it to a storage account of this "
        "service.",
    )
