"""Conversations with an agent that does as it should, and with guests that do anything else."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calco.compute.guest_agent import LEFT_BYTES_MAX, LINE_BYTES_MAX, AgentRefused, AgentSilent, GuestAgent
from tests.compute.agents import Agent, listening


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "qga"


def test_a_program_gets_its_words_and_input_and_tells_its_end(path: Path) -> None:
    agent = Agent()
    with listening(path, agent.talk):
        ended = GuestAgent(path, 20).execute(["/bin/sh", "-c", 'cat; echo "$1" >&2; exit 7', "sh", "a b"], b"given\n")

    assert (ended.code, ended.stdout, ended.stderr) == (7, b"given\n", b"a b\n")
    assert agent.verbs[:2] == ["guest-sync-delimited", "guest-exec"]


def test_a_program_that_takes_a_while_is_waited_for(path: Path) -> None:
    class Watched(Agent):
        """Its program ends only once it was asked after twice."""

        def _status(self, pid: int) -> dict[str, Any]:
            if self.verbs.count("guest-exec-status") == 2:
                go_on.touch()
            return super()._status(pid)

    agent, go_on = Watched(), path.with_name("go-on")
    with listening(path, agent.talk):
        ended = GuestAgent(path, 20).execute(["/bin/sh", "-c", f"until [ -e {go_on} ]; do sleep 0.01; done; echo done"])

    assert (ended.code, ended.stdout) == (0, b"done\n")
    assert agent.verbs.count("guest-exec") == 1
    assert agent.verbs.count("guest-exec-status") > 1


def test_a_signal_is_told_as_a_shell_tells_it(path: Path) -> None:
    with listening(path, Agent().talk):
        assert GuestAgent(path, 20).execute(["/bin/sh", "-c", "kill -9 $$"]).code == 137


@pytest.mark.parametrize(
    "left",
    [
        b'{"return": {"pid": 4}}\n',
        b'\xff{"return": 5}\n{"return": {}}\n',
        b"\xff\xff\xff{]\n",
        b"x" * (3 * LINE_BYTES_MAX),
    ],
    ids=["an answer to somebody else", "another mark", "rubbish", "much of it"],
)
def test_what_was_left_in_the_line_is_skipped(path: Path, left: bytes) -> None:
    with listening(path, Agent(left=left).talk):
        assert GuestAgent(path, 20).execute(["/bin/echo", "heard"]).stdout == b"heard\n"


def test_an_agent_that_may_not_execute_says_so(path: Path) -> None:
    with listening(path, Agent(refuses="guest-exec").talk), pytest.raises(AgentRefused, match="has been disabled"):
        GuestAgent(path, 20).execute(["/bin/true"])


def test_nobody_there_is_silence(path: Path) -> None:
    with pytest.raises(AgentSilent):
        GuestAgent(path, 1).execute(["/bin/true"])


def test_a_guest_that_hangs_is_given_up_in_time(path: Path) -> None:
    def hang(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.recv(1000)  # returns when the other end hangs up

    with listening(path, hang), pytest.raises(AgentSilent):
        GuestAgent(path, 0.2).execute(["/bin/true"])


def after_the_mark(answer: bytes) -> "Agent":
    """One that answers its mark as it should, and everything after that with ``answer``."""

    class Odd(Agent):
        def talk(self, connection: socket.socket) -> None:
            line = connection.makefile("rb").readline()
            mark = json.loads(line.lstrip(b"\xff"))["arguments"]["id"]
            connection.sendall(b"\xff" + json.dumps({"return": mark}).encode() + b"\n")
            connection.recv(LINE_BYTES_MAX)
            connection.sendall(answer)

    return Odd()


ODD = [
    b"",
    b"\n",
    b"{}\n",
    b'{"return": {}}\n',
    b'{"return": {"pid": "four"}}\n',
    b'{"return": [1]}\n',
    b'{"return": {"pid": 1}}',
    b"[" * 60_000 + b"\n",
    b"x" * (2 * LINE_BYTES_MAX) + b"\n",
    b'{"return": {"pid": 1}}\n{"return": {"exited": true, "out-data": "no base64!"}}\n',
    b'{"return": {"pid": 1}}\n{"return": {"exited": "yes"}}\n',
]


@pytest.mark.parametrize("answer", ODD, ids=[each[:40].decode() or "nothing" for each in ODD])
def test_what_a_guest_answers_has_a_shape_or_is_not_heard(path: Path, answer: bytes) -> None:
    with listening(path, after_the_mark(answer).talk), pytest.raises(AgentSilent):
        GuestAgent(path, 5).execute(["/bin/true"])


def test_a_guest_that_never_stops_talking_is_given_up(path: Path) -> None:
    def pour(connection: socket.socket) -> None:
        sent = 0
        while sent < 8 * LEFT_BYTES_MAX:
            sent += connection.send(b"x" * LINE_BYTES_MAX)

    with listening(path, pour), pytest.raises(AgentSilent, match="says much"):
        GuestAgent(path, 20).execute(["/bin/true"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.binary(max_size=300))
def test_any_bytes_end_in_silence_or_a_refusal(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "qga"
    path.unlink(missing_ok=True)
    with listening(path, after_the_mark(answer).talk), pytest.raises((AgentSilent, AgentRefused)):
        GuestAgent(path, 5).execute(["/bin/true"])
