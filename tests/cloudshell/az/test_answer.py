"""What takes time, from the work through the API and the client to whoever sits at the shell."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from calco.cloudshell.connection import Connection
from calco.cloudshell.session import begun
from calco.work.operation import speaker
from tests.arm.api import COMPUTE, Api
from tests.cloudshell.world import Counting, Recorder, StillClock
from tests.world import SUBSCRIPTION, World

CAPTURE = f"""
New-AzImageConfig -Location eastus -SourceVirtualMachineId {COMPUTE}/virtualMachines/web -ZoneResilient |
    New-AzImage -ImageName golden -ResourceGroupName lab | Select-Object -ExpandProperty ProvisioningState
"""


def api_over(http: httpx.MockTransport, wait: Iterator[None]) -> Connection:
    client = httpx.Client(base_url="https://cloud.test:8443", transport=http)
    return Connection(client, lambda _refused: "good", lambda _seconds: next(wait), subscription_id=SUBSCRIPTION)


@pytest.mark.slow
def test_whoever_sits_at_the_shell_is_told_how_far_a_copy_is(tmp_path: Path) -> None:
    api = Api(World(tmp_path))
    api.with_network().generalized("web")
    world, host = api.world, Recorder()

    def meanwhile() -> Iterator[None]:
        """What happens between two polls."""
        (operation,) = world.unfinished()
        speaker(world.cloud, operation.id, "Copying.", part=(1, 2))(30, 60)
        yield
        speaker(world.cloud, operation.id, "Copying.", part=(2, 2))(30, 60)
        yield
        world.drive()
        yield

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        told = api.client.request(request.method, path, content=request.read(), headers=request.headers)
        return httpx.Response(told.status_code, headers=told.headers, content=told.content)

    connection = api_over(httpx.MockTransport(answer), meanwhile())
    session = begun(
        host,
        clock=StillClock(),
        chance=Counting(),
        api=lambda: connection,
        environment={},
        sleep=StillClock().sleep,
    )
    session.run(CAPTURE)

    assert (host.messages, host.text) == ([], "Succeeded\n")
    assert [(status, percent) for _, status, percent in host.progresses] == [
        ("", None),
        ("InProgress", None),
        ("Copying. 50 % of 60 bytes.", 25),
        ("Copying. 50 % of 60 bytes.", 75),
    ]
