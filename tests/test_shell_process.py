"""The portal's shells as the service sees them: begun, looked at, asked for, ended. The process is one of the tests'
own, which does what a shell must not or says what it was asked to; the real one is
``tests/cloudshell/test_child.py``'s.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from calco.audience import AHEAD_BYTES_MAX, BEHIND, SIGNED_OUT, Ended, TypedAhead, Watcher
from calco.shell_process import EXITED, LOOKERS_MAX, STOPPING, TOO_MANY, Limits, Shells
from tests.shell_user import ALICE, BOB, User

pytestmark = pytest.mark.slow  # each test begins a process
PATIENCE_SECONDS = 30
TALKS = """
import sys, os, socket, fcntl, termios, struct
sys.path[:] = sys.argv[4:]
from calco.cloudshell import wire
import httpx
asks = wire.ParentTransport(socket.socket(fileno=int(sys.argv[3])))
hello = asks.greeting()
asks.start()
http = httpx.Client(transport=asks, base_url=hello.base)
print("hello", hello.account, hello.subscription, hello.tenant, os.getpid(), sorted(os.environ), flush=True)
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    if word == "get":
        try:
            answer = http.get(rest, headers={"Authorization": "Bearer stolen", "X-Other": "1"})
            print("answer", answer.status_code, answer.text, flush=True)
        except httpx.HTTPError as why:
            print("no answer", why, flush=True)
    elif word == "size":
        print("size", *struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, b"\\0" * 8))[:2], flush=True)
    elif word == "flood":
        sys.stdout.write(("x" * 1023 + "\\n") * 4096)
        print("flooded", flush=True)
    elif word == "garble":
        os.write(int(sys.argv[3]), b"\\xff" * 64)
    elif word == "wait":
        __import__("threading").Event().wait()
    elif word == "end":
        print("goodbye", flush=True)
        break
"""


@dataclass
class Service:
    """The application that shells ask: it says what it was asked with."""

    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.raw_path.decode(), dict(request.headers)))
        return httpx.Response(200, json={"path": request.url.path}, headers={"X-Secret": "no", "ETag": "1"})


@dataclass
class Strict(Service):
    """One that takes nobody's token any more."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        super().answer(request)
        return httpx.Response(401, json={"error": {"code": "ExpiredAuthenticationToken", "message": "No."}})


@asynccontextmanager
async def shells(service: Service | None = None, limits: Limits | None = None) -> AsyncIterator[Shells]:
    async with httpx.AsyncClient(transport=httpx.MockTransport((service or Service()).answer)) as http:
        held = Shells(http, "sub", "tenant", limits, start=(sys.executable, "-I", "-S", "-c", TALKS))
        try:
            yield held
        finally:
            held.close()
            await held.wait_closed()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def patient() -> None:
        await asyncio.wait_for(test(), PATIENCE_SECONDS)

    asyncio.run(patient())


async def until(watcher: Watcher, word: str) -> str:
    """Everything that is printed up to the line with ``word``."""
    printed = ""
    while not any(word in line for line in printed.splitlines(keepends=True) if line.endswith("\n")):
        printed += (await watcher.heard()).decode()
    return printed


async def ended(watcher: Watcher) -> object:
    try:
        while True:
            await watcher.heard()
    except Ended as over:
        return over.ending


async def how_it_ends(held: Shells, user: User) -> object:
    """Of a shell that may be over before anybody looks."""
    try:
        async with held.watch(**user) as (watcher, _):
            return await ended(watcher)
    except Ended as over:
        return over.ending


def test_a_shell_knows_its_user_and_nothing_of_the_service() -> None:
    async def test() -> None:
        async with shells() as held, held.watch(**ALICE) as (watcher, _):
            printed = await until(watcher, "hello")
            assert "hello alice sub tenant" in printed
            assert "token" not in printed
            variables = printed.split("[")[1]
            assert {each.strip("' ]\r\n") for each in variables.split(",")} <= {
                "LANG",
                "LC_CTYPE",
                "MALLOC_ARENA_MAX",
                "PROMPT_TOOLKIT_NO_CPR",
                "PYTHONUTF8",
                "TERM",
            }

    run(test)


def test_what_a_shell_asks_is_asked_with_its_users_token_and_no_header_of_its_own() -> None:
    service = Service()

    async def test() -> None:
        async with shells(service) as held, held.watch(**ALICE) as (watcher, _):
            await watcher.type(b"get /subscriptions/sub/resourcegroups?api-version=1\n")
            assert 'answer 200 {"path":"/subscriptions/sub/resourcegroups"}' in await until(watcher, "answer 200")

    run(test)
    ((method, path, headers),) = service.asked
    assert (method, path) == ("GET", "/subscriptions/sub/resourcegroups?api-version=1")
    assert headers["authorization"] == "Bearer token-of-alice"
    assert "x-other" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/portal/links",
        "/tenant/oauth2/v2.0/token",
        "/",
        "/subscriptions/%2e%2e/portal",
        "/subscriptionsx",
        "/subscriptions//x",
    ],
)
def test_a_shell_asks_the_api_and_nothing_around_it(path: str) -> None:
    service = Service()

    async def test() -> None:
        async with shells(service) as held, held.watch(**ALICE) as (watcher, _):
            await watcher.type(f"get {path}\n".encode())
            assert "no answer a shell may ask the API" in await until(watcher, "answer")

    run(test)
    assert service.asked == []


def test_who_comes_back_sees_what_was_printed_and_the_same_process() -> None:
    async def test() -> None:
        async with shells() as held:
            async with held.watch(**ALICE) as (watcher, _):
                first = await until(watcher, "hello")
            async with held.watch(**ALICE) as (watcher, _):
                again = await until(watcher, "hello")
                assert again == first
                await watcher.type(b"end\n")
                assert "goodbye" in await until(watcher, "goodbye")
                assert await ended(watcher) == EXITED
            async with held.watch(**ALICE) as (watcher, _):
                assert await until(watcher, "hello") != first

    run(test)


def test_each_user_has_a_shell_of_their_own() -> None:
    async def test() -> None:
        async with shells() as held, held.watch(**ALICE) as (one, _), held.watch(**BOB) as (other, _):
            assert "hello alice" in await until(one, "hello")
            printed = await until(other, "hello")
            assert "hello bob" in printed
            assert "alice" not in printed

    run(test)


def test_the_window_has_the_size_that_was_told() -> None:
    async def test() -> None:
        async with shells() as held, held.watch(**ALICE) as (watcher, shell):
            shell.resize(40, 132)
            shell.resize(0, 5000)
            await watcher.type(b"size\n")
            assert "size 40 132" in await until(watcher, "size 40")

    run(test)


@pytest.mark.parametrize(
    ("end", "why"),
    [
        pytest.param(lambda held: held.end(ALICE["key"]), SIGNED_OUT, id="signed out"),
        pytest.param(lambda held: held.close(), STOPPING, id="the service stops"),
    ],
)
def test_a_shell_that_is_ended_leaves_no_process(end: Callable[[Shells], None], why: object) -> None:
    async def test() -> None:
        async with shells() as held:
            async with held.watch(**ALICE) as (watcher, _):
                pid = int((await until(watcher, "hello")).split("hello ")[1].split()[3])
                end(held)
                assert await ended(watcher) == why
            await gone(pid)

    run(test)


def test_a_shell_ends_with_the_session_it_was_begun_in() -> None:
    brief: User = {**ALICE, "seconds": 0.01}

    async def test() -> None:
        async with shells() as held:
            assert await how_it_ends(held, brief) == SIGNED_OUT

    run(test)


def test_a_shell_whose_token_nobody_takes_ends_with_all_that_it_runs() -> None:
    service = Strict()

    async def test() -> None:
        async with shells(service) as held, held.watch(**ALICE) as (watcher, _):
            pid = int((await until(watcher, "hello")).split("hello ")[1].split()[3])
            await watcher.type(b"get /subscriptions/1\nget /subscriptions/2\n")
            assert await ended(watcher) == SIGNED_OUT
            await gone(pid)

    run(test)
    assert len(service.asked) == 1


def test_a_shell_that_nobody_looks_at_ends_and_one_that_somebody_does_goes_on() -> None:
    async def test() -> None:
        async with shells(limits=Limits(idle_seconds=0.01)) as held:
            async with held.watch(**ALICE) as (watcher, _):
                pid = int((await until(watcher, "hello")).split("hello ")[1].split()[3])
            await gone(pid)
            async with held.watch(**ALICE) as (watcher, _):
                for each in range(20):
                    await watcher.type(f"get /subscriptions/{each}\n".encode())
                    await until(watcher, f'answer 200 {{"path":"/subscriptions/{each}"}}')

    run(test)


def test_a_shell_that_garbles_its_requests_is_ended() -> None:
    async def test() -> None:
        async with shells() as held, held.watch(**ALICE) as (watcher, _):
            await until(watcher, "hello")
            await watcher.type(b"garble\n")
            assert await ended(watcher) == EXITED

    run(test)


def test_no_more_shells_than_there_is_room_for() -> None:
    async def test() -> None:
        async with shells(limits=Limits(shells=1)) as held, held.watch(**ALICE) as (watcher, _):
            await until(watcher, "hello")
            with pytest.raises(Ended) as refused:
                await held.watch(**BOB).__aenter__()
            assert refused.value.ending == TOO_MANY
            assert watcher

    run(test)


def test_one_more_takes_the_room_of_the_one_that_was_left_first() -> None:
    async def test() -> None:
        carol: User = {**BOB, "key": "session-c", "name": "carol"}
        pids = []
        async with shells(limits=Limits(shells=2)) as held:
            for user in (BOB, ALICE, BOB):
                async with held.watch(**user) as (watcher, _):
                    pids.append(int((await until(watcher, "hello")).split("hello ")[1].split()[3]))
            async with held.watch(**carol) as (watcher, _):
                assert "carol" in await until(watcher, "hello")
                await gone(pids[1])
                async with held.watch(**BOB) as (again, _):
                    assert f" {pids[0]} " in await until(again, "hello")

    run(test)


def test_what_is_printed_waits_for_who_reads_slowly_and_not_for_who_does_not_read() -> None:
    async def test() -> None:
        async with shells() as held, held.watch(**ALICE) as (slow, _), held.watch(**ALICE) as (deaf, _):
            await until(slow, "hello")
            await slow.type(b"flood\n")
            printed = bytearray()
            while not printed.endswith(b"flooded\r\n"):
                printed += await slow.heard()
                await asyncio.sleep(0.05)
            assert printed.count(b"x" * 1023) == 4096
            assert await ended(deaf) == BEHIND

    run(test)


def test_who_types_what_nobody_reads_is_not_held_up_and_may_leave() -> None:
    async def test() -> None:
        async with shells(limits=Limits(idle_seconds=0.01)) as held:
            async with held.watch(**ALICE) as (watcher, _):
                pid = int((await until(watcher, "hello")).split("hello ")[1].split()[3])
                await watcher.type(b"wait\n")
                for _ in range(10):
                    await watcher.type(b"end\n" * 10_000)
            await gone(pid)

    run(test)


def test_more_is_not_kept_than_there_is_room_for_ahead_and_what_is_kept_stays_in_order() -> None:
    async def test() -> None:
        ahead = TypedAhead(seconds=0)
        await ahead.put(b"a" * AHEAD_BYTES_MAX)
        await ahead.put(b"lost")
        with pytest.raises(StopIteration):
            ahead.put(b"lost without waiting, for a Ctrl-C may come behind it").send(None)
        assert (await ahead.first()).strip(b"a") == b""
        ahead.taken(AHEAD_BYTES_MAX - 1)
        await ahead.put(b"kept")
        assert await ahead.first() == b"akept"
        assert ahead.forget() == b"akept"
        assert not ahead.waits

    run(test)


def test_one_shell_is_looked_at_by_so_many_and_no_more() -> None:
    async def test() -> None:
        async with shells() as held, AsyncExitStack() as stack:
            for _ in range(LOOKERS_MAX):
                await stack.enter_async_context(held.watch(**ALICE))
            with pytest.raises(Ended) as refused:
                await held.watch(**ALICE).__aenter__()
            assert refused.value.ending == TOO_MANY
            await stack.enter_async_context(held.watch(**BOB))

    run(test)


def test_where_no_process_can_be_started_the_shell_ends_at_once() -> None:
    async def test() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(Service().answer))
        held = Shells(http, "sub", "tenant", start=("/nowhere/at/all",))
        with pytest.raises(Ended):
            await held.watch(**ALICE).__aenter__()

    run(test)


async def gone(pid: int) -> None:
    """Waits until there is no such process."""
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.02)
