"""The process of a Cloud Shell in the portal's pane: it talks to its terminal, asks the API, and can do nothing else.

Started as ``[CPU seconds, memory in bytes, descriptor of its socket]`` in ``sys.argv[1:4]``, on a terminal that is its
standard input, output and error. It imports what it will ever need, hears from its parent whose it is, confines itself,
and only then reads the first key. The user's token is the parent's to add: it is never here.
"""

import asyncio
import codecs
import fcntl
import io
import logging
import os
import signal
import socket
import sys
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import httpx
from prompt_toolkit.input import Input, create_input, create_pipe_input
from prompt_toolkit.output import DummyOutput, Output, create_output

from calco.client import Unreachable
from calco.cloudshell import reach, repl, session, wire
from calco.cloudshell.completion import ResourceNames
from calco.cloudshell.connection import Connection
from calco.cloudshell.interactive import Interactive
from calco.cloudshell.terminal import TerminalHost
from calco.confinement import TERMINAL, Unconfined, confine
from calco.signed_url import Resource
from calco.system import SystemChance, SystemClock

CODECS = ("ascii", "latin-1", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "idna")
"""Python imports these when they are first used, which is too late here."""
REHEARSAL = "\x03$a = Get-Comm\t\x01\x05\rexit\r"
"""Keys that have prompt_toolkit load what it loads late."""


Talk = Callable[[Interactive, Input, Output], int]


def at_the_prompt(shell: Interactive, keys: Input, screen: Output) -> int:
    return repl.run(lambda: shell, input=keys, output=screen)


def main(talk: Talk = at_the_prompt) -> None:
    """``talk`` is what the confined process does; its result the exit code."""
    cpu_seconds, memory_bytes, descriptor = map(int, sys.argv[1:4])
    logging.getLogger().addHandler(logging.NullHandler())  # what goes wrong is told in a sentence, to its user
    host = TerminalHost()
    parent = wire.ParentTransport(socket.socket(fileno=descriptor))
    try:
        shell = begun(host, parent, parent.greeting())
        keys, screen = create_input(), create_output()
        rehearse()
        confine(cpu_seconds, memory_bytes, TERMINAL)
    except Unconfined as why:
        host.write(f"There is no shell: its process could not be confined: {why}.")
        _end(1)
    except (OSError, EOFError):
        _end(1)
    parent.start()
    asyncio.set_event_loop_policy(Policy())
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # from here on Ctrl-C comes, and Ctrl-\, which lies beside it
    host.write(repl.WELCOME)
    while True:
        try:
            _end(talk(shell, keys, screen))
        except KeyboardInterrupt:  # between what runs and the prompt
            continue
        except Exception as broken:
            host.write(f"The shell itself went wrong and ends: {type(broken).__name__}. Please report it.")
            _end(1)


def _end(code: int) -> NoReturn:
    """Threads may still ask the API: nobody waits for them."""
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def begun(host: TerminalHost, parent: httpx.BaseTransport, hello: wire.Greeting) -> Interactive:
    """A session of the user who was greeted. Their account is given: nobody else can sign in here."""
    http = httpx.Client(transport=parent, base_url=hello.base)
    connection = Connection(
        http,
        lambda _refused: "",
        _wait,
        subscription_id=hello.subscription,
        tenant_id=hello.tenant,
        account=hello.account,
        kind="User",
    )
    clock = SystemClock()
    made = session.begun(host, clock=clock, chance=SystemChance(), api=lambda: connection, environment={}, sleep=_wait)
    reach.give(made.interpreter.state, reach.Reach(_no_blob))
    return Interactive(made, host, ResourceNames(lambda: connection, clock.monotonic))


class Loop(asyncio.SelectorEventLoop):
    """asyncio's own way with signals looks at a descriptor by a call that could look at a file by its name as well."""

    def add_signal_handler(self, sig: int, callback: Callable[..., object], *args: object) -> None:
        signal.signal(sig, lambda _number, _frame: self.call_soon_threadsafe(callback, *args))

    def remove_signal_handler(self, sig: int) -> bool:
        signal.signal(sig, signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL)
        return True


class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return Loop()


def _no_blob(_url: str) -> Resource:
    raise Unreachable("a session in the portal cannot reach blobs. `calco shell` can")


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


# --- before it is too late -------------------------------------------------------------------------------------------


def rehearse() -> None:
    """Use once what imports, or reads files, when it is first used: codecs, the time zone, prompt_toolkit."""
    for each in CODECS:
        codecs.lookup(each)
    time.localtime()
    host = TerminalHost(io.StringIO(), io.StringIO(), io.StringIO())
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json={}))
    shell = begun(host, http, wire.Greeting("https://localhost", "", "", ""))
    with create_pipe_input() as keys:
        keys.send_text(REHEARSAL)
        at_the_prompt(shell, keys, DummyOutput())
