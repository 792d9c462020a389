"""The prompt as its keys have it: what is typed while a line is being completed is meant for the completed line."""

import io
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx
import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from calco.cloudshell import repl, wire
from calco.cloudshell.child import begun
from calco.cloudshell.interactive import Interactive
from calco.cloudshell.terminal import TerminalHost

pytestmark = pytest.mark.slow  # prompt_toolkit takes its time
COMMANDS = ("Get-Command", "Get-Content")


@dataclass(frozen=True)
class Desk(Interactive):
    """What was to be run; ``look`` comes before completions are found."""

    look: Callable[[], object] = lambda: None
    ran: list[str] = field(default_factory=list)

    def run(self, text: str) -> int | None:
        self.ran.append(text)
        return 0 if text == "exit" else None

    def complete(self, text: str, cursor: int) -> Iterable[tuple[str, int, str]]:
        self.look()
        start = text.rindex(" ", 0, cursor) + 1
        return [(each, start, "") for each in COMMANDS if each.startswith(text[start:cursor])]


def typed(keys: str, look: Callable[[], object] = lambda: None) -> list[str]:
    """What is run when all of that is there before the prompt is."""
    host = TerminalHost(io.StringIO(), io.StringIO(), io.StringIO())
    nobody = httpx.MockTransport(lambda _request: httpx.Response(404))
    made = begun(host, nobody, wire.Greeting("https://localhost", "", "", ""))
    desk = Desk(made.session, host, made.names, look)
    with create_pipe_input() as input:
        input.send_text(keys)
        assert repl.run(lambda: desk, input=input, output=DummyOutput()) == 0
    return desk.ran


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        pytest.param("$a = Get-Comm\t", "$a = Get-Command", id="one"),
        pytest.param("$a = Get-Com\t | ft\t", "$a = Get-Command | ft", id="twice, and nothing at the end"),
        pytest.param("$a = Get-Co\tmm\t", "$a = Get-Command", id="as far as they agree"),
        pytest.param("$a = Get-Comm\t\x01\x0b$b\x1b[C = 1", "$b = 1", id="with keys that move and delete"),
        pytest.param("$a = Get-Comm\t\x1b[200~ -Name\r\nx\x1b[201~", "$a = Get-Command -Name\nx", id="and a paste"),
    ],
)
def test_what_is_typed_behind_a_tab_is_for_the_completed_line(keys: str, line: str) -> None:
    assert typed(f"{keys}\rexit\r") == [line, "exit"]


def test_ctrl_c_gives_up_a_line_that_is_being_completed_and_what_was_typed_behind_it() -> None:
    never = threading.Event()
    try:
        assert typed("$a = Get-Comm\t -Name x\r\x03exit\r", look=never.wait) == ["exit"]
    finally:
        never.set()


def test_a_line_that_cannot_be_completed_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise MemoryError

    assert typed("$a = Get-Comm\t\rexit\r", look=fails) == ["$a = Get-Comm", "exit"]
    assert [each.message for each in caplog.records] == ["completing a line"], "which nobody is shown"
