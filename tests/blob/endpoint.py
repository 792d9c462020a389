"""The blob endpoint over a world in memory, and a client that signs as Azure's documents say."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx

from calco.blob.app import BlobEdge
from calco.model.ids import ResourceId
from calco.model.storage_account import Kind, NewStorageAccount, Sku
from calco.work import storage_account
from tests.asgi import AsgiClient
from tests.world import GROUP, LOCATION, World

NAME = "labstore"
ACCOUNT: ResourceId = GROUP.sibling("Microsoft.Storage", "storageAccounts", NAME)
_SIGNED = (
    "Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date",
    "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
)  # fmt: skip


@dataclass
class Endpoint:
    """Path-style unless a test says otherwise. ``key`` is the account's first."""

    world: World
    base: str = "https://localhost:10000"
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.world.with_group()
        wanted = NewStorageAccount(ACCOUNT, LOCATION, None, Sku.STANDARD_LRS, Kind.STORAGE_V2)
        storage_account.put(self.world.cloud, wanted)
        self.key = storage_account.keys(self.world.cloud, ACCOUNT)[0].value
        self.edge = BlobEdge(self.world.cloud)

    def raw(
        self, method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """As it is, unsigned."""
        return AsgiClient(self.edge, self.base).request(method, url, content=content, headers=headers)

    def call(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        """``path`` is below the account, with its query; signed with ``key``."""
        url = f"/{NAME}{path}"
        given = {"x-ms-version": "2025-01-05", "x-ms-date": format_datetime(self.world.clock.now(), usegmt=True)}
        given |= {name.lower(): value for name, value in (headers or {}).items()}
        if method == "PUT":
            given["content-length"] = str(len(content))
        signature = sign(key or self.key, string_to_sign(method, url, given))
        given["authorization"] = f"SharedKey {NAME}:{signature}"
        return self.raw(method, url, content=content or None, headers=given)

    def container(self, name: str = "vhds") -> str:
        answer = self.call("PUT", f"/{name}?restype=container")
        assert answer.status_code == 201, answer.text
        return f"/{name}"

    def page_blob(self, name: str = "disk.vhd", length: int = 1024 * 1024) -> str:
        """In the container ``vhds``, made when it is missing."""
        self.call("PUT", "/vhds?restype=container")
        headers = {"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(length)}
        answer = self.call("PUT", f"/vhds/{name}", headers=headers)
        assert answer.status_code == 201, answer.text
        return f"/vhds/{name}"

    def write(self, path: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
        given = {"x-ms-page-write": "update", "x-ms-range": f"bytes={offset}-{offset + len(data) - 1}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("PUT", f"{path}?comp=page", content=data, headers=given)


def string_to_sign(method: str, url: str, headers: Mapping[str, str]) -> str:
    """Written from Azure's "Authorize with Shared Key", not from the endpoint's reader."""
    values = {name: headers.get(name.lower(), "") for name in _SIGNED}
    values["Date"] = ""
    if values["Content-Length"] == "0":
        values["Content-Length"] = ""
    lines = [method, *values.values()]
    lines += [f"{name}:{headers[name].strip()}" for name in sorted(headers) if name.startswith("x-ms-")]
    parts = urlsplit(url)
    query = sorted((name.lower(), value) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    lines.append(f"/{NAME}{parts.path}")
    lines += [f"{name}:{value}" for name, value in query]
    return "\n".join(lines)


def sas(key: str, kind: str, path: str, **given: str) -> str:
    """The query of a service SAS, from Azure's "Create a service SAS", version 2020-12-06 and later."""
    fields = {"sv": "2021-06-08", "sr": kind, **given}
    order = "sp st se {} si sip spr sv sr {} ses rscc rscd rsce rscl rsct".split()  # noqa: SIM905
    lines = [fields.get(name, "") if name != "{}" else "" for name in order]
    lines[3] = f"/blob/{NAME}{path}"
    return urlencode({**fields, "sig": sign(key, "\n".join(lines))}, quote_via=quote)


def sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def code(answer: httpx.Response) -> str:
    """The refusal's code, the same in header and body."""
    told = answer.headers["x-ms-error-code"]
    assert answer.request.method == "HEAD" or f"<Code>{told}</Code>" in answer.text
    return str(told)
