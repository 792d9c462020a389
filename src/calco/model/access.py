"""A shared access signature on a disk or snapshot: the one URL by which its bytes are read, or an upload is written.

The URL is the whole permission: it names no person, it ends by itself, and only whoever made it knows the key that it
is signed with. Source of its form: recorded traffic and behaviour C, "access call".
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from calco.model.ids import ResourceId

BLOB_NAME = "abcd"
SERVICE_VERSION = "2018-03-28"

MAX_SECONDS = 5_184_000
"""60 days. Source: Azure, "Download a Linux VHD", since 2025-02-15."""


class Access(StrEnum):
    """Source: azure-mgmt-compute, AccessLevel."""

    NONE = "None"
    READ = "Read"
    WRITE = "Write"


@dataclass(frozen=True)
class Grant:
    """Who holds its URL may read (or with ``write`` upload) ``resource`` as the page blob
    ``{account}/{container}/abcd`` until that moment. ``identifier`` is the URL's ``si``; ``key`` never leaves here."""

    resource: ResourceId
    write: bool
    identifier: str
    until: datetime
    key: bytes
    account: str
    container: str

    def signature(self) -> str:
        """The URL's ``sig`` before it is quoted: compare with ``hmac.compare_digest``."""
        signed = "\n".join((self.account, self.container, BLOB_NAME, SERVICE_VERSION, self.identifier))
        return base64.b64encode(hmac.new(self.key, signed.encode(), hashlib.sha256).digest()).decode()

    def url(self, blob_url: str) -> str:
        """``accessSAS``; ``blob_url`` is where the blob endpoint answers. A secret: never logged."""
        query = f"sv={SERVICE_VERSION}&sr=b&si={self.identifier}&sig={quote(self.signature(), safe='')}"
        return f"{blob_url}/{self.account}/{self.container}/{BLOB_NAME}?{query}"
