"""Calls an ASGI application in memory, without a server or a thread."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class AsgiClient:
    """``app`` is any ASGI application; ``base_url`` is what the caller believes to be speaking to."""

    app: Any
    base_url: str = "https://localhost:8443"

    def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self.base_url) as client:
                return await client.request(method, url, content=content, data=data, params=params, headers=headers)

        return asyncio.run(call())
