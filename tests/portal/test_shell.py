"""The door to a user's shell: a websocket, for whoever is signed in and from our own pages only."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from starlette.types import Message

from calco.audience import SIGNED_OUT, Audience, Ended, Ending, Watcher
from calco.identity.tokens import LIFETIME
from tests.portal.house import BASE, COOKIE, House

LINE = "/portal/shell/line"
FULL = Ending(4002, "Full.")


@dataclass
class OneShell:
    """In the place of all shells: it says who came, hears keys and sizes, and ends."""

    came: list[Mapping[str, object]] = field(default_factory=list)
    heard: list[object] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    audience: Audience = field(default_factory=lambda: Audience(b"PS /> "))

    @asynccontextmanager
    async def watch(self, **who: object) -> AsyncIterator[tuple[Watcher, "OneShell"]]:
        self.came.append(who)

        async def type(keys: bytes) -> None:
            self.heard.append(keys)

        watcher = self.audience.join(type)
        yield watcher, self
        self.audience.leave(watcher)

    def resize(self, rows: int, columns: int) -> None:
        self.heard.append((rows, columns))

    def end(self, key: str) -> None:
        self.ended.append(key)
        self.audience.end(SIGNED_OUT)

    def close(self) -> None: ...


@pytest.fixture
def shell(house: House) -> OneShell:
    only = OneShell()
    house.portal = replace(house.portal, shells=lambda _http: only)
    return only


def knock(house: House, headers: Mapping[str, str], *said: Message) -> list[Message]:
    """What the service answers to a websocket of a browser, which says so and leaves."""
    answered: list[Message] = []
    waiting = iter([{"type": "websocket.connect"}, *said])

    async def receive() -> Message:
        for message in waiting:
            return message
        while not any(each["type"] in {"websocket.send", "websocket.close"} for each in answered):
            await asyncio.sleep(0)
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(message: Message) -> None:
        answered.append(message)

    scope = {
        **house.browser().opening(LINE),
        "type": "websocket",
        "scheme": "wss",
        "headers": [(name.encode(), value.encode()) for name, value in {"host": "localhost:8443", **headers}.items()],
    }
    route = next(each for each in house.portal.routes() if getattr(each, "path", "") == LINE)
    asyncio.run(asyncio.wait_for(route.handle(scope, receive, send), 10))
    return answered


def cookie(house: House) -> str:
    return f"{COOKIE}={house.browser().cookies[COOKIE]}"


def test_who_is_signed_in_gets_to_their_shell_from_a_page_of_ours(house: House, shell: OneShell) -> None:
    typed = {"type": "websocket.receive", "bytes": b"1+1\r"}
    sized = {"type": "websocket.receive", "text": '{"columns": 80, "rows": 24}'}

    answered = knock(house, {"cookie": cookie(house), "origin": BASE}, sized, typed)

    assert [each["type"] for each in answered] == ["websocket.accept", "websocket.send"]
    assert answered[1]["bytes"] == b"PS /> "
    assert shell.heard == [(24, 80), b"1+1\r"]
    (who,) = shell.came
    assert who["base"] == BASE
    assert who["name"] == house.owner.object_id
    assert who["seconds"] == LIFETIME.total_seconds()


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "https://elsewhere.test",
        "https://localhost:8444",
        "http://localhost:8443",
        "null",
        f"{BASE}.elsewhere.test",
    ],
)
def test_a_page_of_somebody_else_does_not_get_to_it(house: House, shell: OneShell, origin: str | None) -> None:
    answered = knock(house, {"cookie": cookie(house), **({} if origin is None else {"origin": origin})})

    assert [each["type"] for each in answered] == ["websocket.close"]
    assert shell.came == []


def test_nobody_gets_to_one_who_is_not_signed_in_or_has_signed_out(house: House, shell: OneShell) -> None:
    kept = cookie(house)
    session = house.sessions.session(kept.partition("=")[2])
    assert session is not None
    house.sessions.end(session)

    for given in ("", f"{COOKIE}=guessed", kept):
        answered = knock(house, {"cookie": given, "origin": BASE})
        assert [each["type"] for each in answered] == ["websocket.accept", "websocket.close"]
        assert answered[-1]["code"] == SIGNED_OUT.code

    assert shell.came == []


@pytest.mark.parametrize("text", ["", "[]", "24", '{"columns": "80", "rows": 24}', '{"rows": 1}', "{" * 9000])
def test_what_is_no_size_is_not_heard(house: House, shell: OneShell, text: str) -> None:
    knock(house, {"cookie": cookie(house), "origin": BASE}, {"type": "websocket.receive", "text": text})

    assert shell.heard == []


def test_a_shell_that_has_ended_says_why(house: House, shell: OneShell) -> None:
    shell.audience.end(FULL)

    answered = knock(house, {"cookie": cookie(house), "origin": BASE})

    assert answered[-1] == {"type": "websocket.close", "code": 4002, "reason": "Full."}
    with pytest.raises(Ended):
        shell.audience.join(lambda _keys: asyncio.sleep(0))
