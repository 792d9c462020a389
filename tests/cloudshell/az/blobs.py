"""The real blob endpoint over a world in memory, behind the door through which a session's cmdlets reach blobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from calco.cli.shell_files import LocalFiles
from calco.cloudshell import reach
from calco.cloudshell.reach import Reach
from calco.signed_url import Answer, refusal
from tests.asgi import AsgiClient
from tests.blob.endpoint import NAME, Endpoint
from tests.cloudshell.az.bench import Bench
from tests.cloudshell.world import SUBSCRIPTION
from tests.world import World

ACCOUNT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Storage/storageAccounts/{NAME}"


@dataclass
class InMemory:
    """A signed URL of the endpoint."""

    endpoint: Endpoint
    url: str

    def ask(
        self, method: str, more: str = "", headers: Mapping[str, str] | None = None, data: bytes | None = None
    ) -> Answer:
        given = {"x-ms-version": "2019-12-12", **(headers or {})}
        told = AsgiClient(self.endpoint.edge).request(method, self.url + more, content=data, headers=given)
        answer = Answer(told.status_code, {name.lower(): each for name, each in told.headers.items()}, told.content)
        if answer.status >= 400:
            raise refusal(answer)
        return answer

    def close(self) -> None: ...


def with_account(bench: Bench, folder: Path, *, files: bool = True) -> Endpoint:
    """An account that the bench's API knows and whose blobs its session reaches; ``files`` of the folder too."""
    world = folder / "world"
    world.mkdir()
    endpoint = Endpoint(World(world))
    bench.clock.moment = endpoint.world.clock.now()
    bench.api.put(
        ACCOUNT,
        {
            "location": "eastus",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": {"primaryEndpoints": {"blob": f"{endpoint.base}/{NAME}/"}, "provisioningState": "Succeeded"},
        },
    )
    bench.api.when("POST", f"{ACCOUNT}/listKeys", {"keys": [{"keyName": "key1", "value": endpoint.key}]})
    here = LocalFiles(folder) if files else None
    reach.give(bench.state, Reach(lambda url: InMemory(endpoint, url), here))
    return endpoint
