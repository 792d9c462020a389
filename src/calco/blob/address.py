"""What a request's host and path name: account, container, blob.

Two styles: ``https://localhost:PORT/account/container/blob`` (as Azurite and Azure Stack have it) and
``https://account.blob.anything:PORT/container/blob`` (as Azure has it). Source: Azure, "Naming and referencing
containers, blobs, and metadata"; "Connect to Azurite with SDKs and tools".
"""

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from calco.model import blob as model
from calco.model.errors import ApiError

PATH_BYTES_MAX = 16 * 1024


@dataclass(frozen=True)
class Address:
    """``container`` and ``blob`` are empty where the path is shorter. ``signed_path`` is the path as it came, which is
    what signatures are made over."""

    account: str
    container: str
    blob: str
    signed_path: str
    host_style: bool

    @property
    def level(self) -> str:
        if self.blob:
            return "blob"
        return "container" if self.container else "service"


def read(host: str, raw_path: bytes) -> Address:
    """Raises ApiError on a path that is too long or is no text."""
    if len(raw_path) > PATH_BYTES_MAX:
        raise ApiError(414, "RequestUrlFailedToParse", "The url in the request could not be parsed: it is too long.")
    signed_path = raw_path.decode("latin-1")
    rest = raw_path.lstrip(b"/")
    name = host.lower()
    host_style = ".blob." in name
    if host_style:
        account = name.partition(".")[0]
    else:
        first, _, rest = rest.partition(b"/")
        account = _text(first)
    container, _, blob = rest.partition(b"/")
    return Address(account, _text(container), _text(blob), signed_path, host_style)


def _text(raw: bytes) -> str:
    text = unquote_to_bytes(raw).decode(errors="replace")
    if "\ufffd" in text:
        raise model.bad_name()
    return text
