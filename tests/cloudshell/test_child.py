"""The portal's shell as its user has it: the real process on its terminal, the service around it in memory. And the
same process taken over by other code: what it cannot do.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from calco.audience import Ended, Ending, Watcher
from calco.shell_process import EXITED, SPENT, START, Limits, Shell, Shells
from tests.cloudshell.test_hostile_script import SCRIPTS
from tests.escapes import WAS_HERE
from tests.shell_user import ALICE, BOB, User

pytestmark = pytest.mark.slow  # each test begins a process

PATIENCE_SECONDS = 60
MIB = 1 << 20
PROMPT = "PS /> "
PYTHON = (sys.executable, "-I", "-S")
REAL = (*PYTHON, "-c", START)
CONFINED = Path(__file__).parent / "confined.py"
SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def confined(how: str, more: Sequence[str] = ()) -> Sequence[str]:
    return (*PYTHON, os.fspath(CONFINED), how, json.dumps(more))


def image(name: str) -> dict[str, object]:
    id = f"/subscriptions/sub/resourceGroups/lab/providers/Microsoft.Compute/images/{name}"
    return {"id": id, "name": name, "type": "Microsoft.Compute/images", "location": "eastus", "properties": {}}


@dataclass
class Service:
    """The API: two images, and it remembers who asked what. In the group "slow" nothing ever comes to its end."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.path, request.headers["authorization"]))
        if "/slow/" in request.url.path:
            await asyncio.Event().wait()
        if request.url.path.endswith("/images"):
            return httpx.Response(200, json={"value": [image("golden"), image("silver")]})
        return httpx.Response(404, json={"error": {"code": "ResourceNotFound", "message": "There is none."}})


class Person:
    """Whoever sits before a shell."""

    def __init__(self, watcher: Watcher, shell: Shell) -> None:
        self._watcher = watcher
        self.shell = shell
        self.printed = ""

    async def types(self, keys: str) -> None:
        await self._watcher.type(keys.encode())

    async def sees(self, text: str, after: int = 0) -> str:
        """What the terminal was sent from ``after`` on, without its sequences, once ``text`` is in it."""
        while text not in SEQUENCES.sub("", self.printed[after:]):
            try:
                self.printed += (await self._watcher.heard()).decode()
            except Ended as over:
                raise AssertionError(self.printed[-2000:]) from over
        return SEQUENCES.sub("", self.printed[after:])

    async def runs(self, line: str) -> str:
        """What comes between the line and the next prompt."""
        before = len(self.printed)
        await self.types(f"{line}\x1b[200~\x1b[201~\r")
        return (await self.sees(f"\n{PROMPT.rstrip()}", before)).partition("\n")[2]

    async def sees_the_end(self) -> Ending:
        try:
            while True:
                self.printed += (await self._watcher.heard()).decode()
        except Ended as over:
            return over.ending


@asynccontextmanager
async def shells(
    service: Service | None = None, limits: Limits | None = None, start: Sequence[str] = REAL
) -> AsyncIterator[Shells]:
    async with httpx.AsyncClient(transport=httpx.MockTransport((service or Service()).answer)) as http:
        held = Shells(http, "sub", "tenant", limits, start)
        try:
            yield held
        finally:
            held.close()
            await held.wait_closed()


@asynccontextmanager
async def sitting(held: Shells, user: User = ALICE) -> AsyncIterator[Person]:
    """At the prompt."""
    async with held.watch(**user) as (watcher, shell):
        person = Person(watcher, shell)
        await person.sees(PROMPT.rstrip())
        yield person


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def patient() -> None:
        await asyncio.wait_for(test(), PATIENCE_SECONDS)

    asyncio.run(patient())


async def reported(start: Sequence[str], limits: Limits | None = None) -> object:
    """What the process says that was taken over."""
    async with shells(start=start, limits=limits) as held, held.watch(**ALICE) as (watcher, shell):
        person = Person(watcher, shell)
        shell.resize(50, 1000)
        said = await person.sees("\x02end\n")
        return json.loads(said.partition("report\x02")[2].partition("\x02end\n")[0])


def test_a_command_asks_the_api_as_its_user_and_shows_what_it_says() -> None:
    service = Service()

    async def test() -> None:
        async with shells(service) as held, sitting(held) as alice:
            assert (await alice.runs("(Get-AzImage).Name -join '+'")).startswith("golden+silver\n")
            assert "alice" in await alice.runs("(Get-AzContext).Account.Id")
            assert "token-of-alice" not in alice.printed

    run(test)
    assert {who for _, _, who in service.asked} == {"Bearer token-of-alice"}


def test_tab_completes_commands_and_names_of_resources() -> None:
    async def test() -> None:
        async with shells() as held, sitting(held) as alice:
            await alice.types("Get-AzIma\t")
            before = len(alice.printed)
            await alice.sees("ge")
            await alice.types(" -ImageName gol\t")
            await alice.sees("den", before)
            before = len(alice.printed)
            await alice.types("\r")
            told = await alice.sees(f"\n{PROMPT.rstrip()}", before)
            assert "golden" in told
            assert "silver" not in told

    run(test)


def test_ctrl_c_stops_what_runs_and_not_the_shell() -> None:
    async def test() -> None:
        async with shells() as held, sitting(held) as alice:
            await alice.runs("$kept = 40 + 2")
            for endless in ("Start-Sleep 1000", "while ($true) { }"):
                before = len(alice.printed)
                await alice.types(f"'be' + 'gun'; {endless}\r")
                await alice.sees("begun", before)
                await alice.types("\x1c\x03")  # Ctrl-\\ lies beside it
                await alice.sees(f"\n{PROMPT.rstrip()}", before)
            assert (await alice.runs("$kept")).startswith("42\n")

    run(test)


def test_ctrl_c_comes_through_whatever_was_typed_ahead_which_is_forgotten() -> None:
    async def test() -> None:
        async with shells() as held, sitting(held) as alice:
            await alice.types("'be' + 'gun'; Start-Sleep 1000\r")
            await alice.sees("begun\n")
            await alice.types("Get-Nonsense\r" * 10_000)
            await alice.sees("Get-Nonsense\n" * 100)  # the terminal has some of it
            before = len(alice.printed)
            await alice.types("\x03")
            await alice.sees(f"\n{PROMPT.rstrip()}", before)
            await alice.types("40 + 2\r")
            assert "is not recognized" not in await alice.sees("42\n", before)

    run(test)


def test_tables_fit_the_window_also_when_its_size_changes() -> None:
    async def test() -> None:
        async with shells() as held, sitting(held) as alice:
            for columns in (60, 120):
                alice.shell.resize(30, columns)
                said = await alice.runs("[pscustomobject]@{A='x'*200} | Format-Table")
                assert columns - 5 < max(map(len, said.splitlines())) <= columns

    run(test)


@pytest.mark.parametrize("keys", ["exit\r", "exit 3\r", "\x04"])
def test_exit_and_ctrl_d_end_it_and_the_next_one_knows_nothing(keys: str, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with shells() as held:
            async with sitting(held) as alice:
                await alice.runs("$kept = 'kept'")
                await alice.types(keys)
                assert await alice.sees_the_end() == EXITED
            async with sitting(held) as alice:
                assert (await alice.runs('"[$kept]"')).startswith("[]\n")

    run(test)
    assert caplog.records == []


def test_who_comes_back_finds_what_they_left_and_nobody_else_does() -> None:
    async def test() -> None:
        async with shells() as held:
            async with sitting(held) as alice:
                await alice.runs("$mine = 'of ' + 'alice'")
            async with sitting(held, BOB) as bob, sitting(held) as alice:
                assert (await alice.runs("$mine")).startswith("of alice\n")
                assert (await bob.runs('"[$mine]"')).startswith("[]\n")
                assert "alice" not in bob.printed

    run(test)


def test_a_session_in_the_portal_has_no_files_no_blobs_no_environment_and_one_account() -> None:
    service = Service()

    async def test() -> None:
        async with shells(service) as held, sitting(held) as alice:
            assert "no files in this session" in await alice.runs(
                "Add-AzVhd -ResourceGroupName lab -Destination https://x/y/z.vhd -LocalFilePath /etc/passwd"
            )
            assert "The account of this session is given" in await alice.runs(
                "Connect-AzAccount -AccessToken stolen -AccountId mallory"
            )
            assert (await alice.runs('"[$env:TERM$env:HOME$env:PATH]"')).startswith("[]\n")
            assert "has no files" in await alice.runs("Get-Content /etc/hostname")

    run(test)
    assert {who for _, _, who in service.asked} <= {"Bearer token-of-alice"}


# --- its limits ------------------------------------------------------------------------------------------------------


def test_a_script_that_takes_too_much_memory_is_told_so_and_others_go_on() -> None:
    async def test() -> None:
        async with shells(limits=Limits(memory_bytes=400 * MIB)) as held, sitting(held, BOB) as bob:
            async with sitting(held) as alice:
                told = await alice.runs("$all = @(); while ($true) { $all += 'x' * 1000000 + $all.Count }")
                assert "memory" in told
                assert (await alice.runs("$all = $null; 2 + 2")).startswith("4\n")
            assert (await bob.runs("1 + 1")).startswith("2\n")

    run(test)


def test_more_jobs_than_there_is_room_for_are_refused_and_the_shell_goes_on() -> None:
    async def test() -> None:
        async with shells(limits=Limits(memory_bytes=400 * MIB)) as held, sitting(held) as alice:
            told = await alice.runs("1..300 | % { $null = Stop-AzVM -ResourceGroupName slow -Name web1 -Force -AsJob }")
            assert "There is no room for one more job" in told
            assert (await alice.runs("(Get-Job).Count -in 10..299")).startswith("True\n")

    run(test)


def test_a_script_that_never_ends_ends_the_shell_at_its_limit_and_others_go_on() -> None:
    async def test() -> None:
        async with shells(limits=Limits(cpu_seconds=4)) as held, sitting(held, BOB) as bob:
            async with sitting(held) as alice:
                await alice.types("while ($true) { }\r")
                assert await alice.sees_the_end() == SPENT
            assert (await bob.runs("1 + 1")).startswith("2\n")

    run(test)


# --- taken over ------------------------------------------------------------------------------------------------------


def test_a_shell_that_was_taken_over_cannot_reach_anything() -> None:
    got: dict[str, str] = {}
    WAS_HERE.unlink(missing_ok=True)

    async def test() -> None:
        found = await reported(confined("tries_everything"))
        assert isinstance(found, dict)
        got.update(found)

    run(test)
    assert len(got) > 25
    assert {name for name, end in got.items() if end == "done"} == {"make a pair of sockets", "start a thread"}
    assert {end for end in got.values() if end != "done"} <= {"Operation not permitted", "ValueError"}, got
    assert not WAS_HERE.exists()


def test_its_memory_has_a_limit_whoever_takes_it() -> None:
    async def test() -> None:
        taken = await reported(confined("allocates"), Limits(memory_bytes=512 * MIB))
        assert isinstance(taken, int)
        assert 64 <= taken < 512

    run(test)


def test_nothing_it_runs_is_imported_too_late() -> None:
    quick = [each for each in SCRIPTS if "Start-Sleep" not in each]

    async def test() -> None:
        assert await reported(confined("runs_everything", quick)) == []

    run(test)
