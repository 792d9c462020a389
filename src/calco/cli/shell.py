"""``calco shell``: the Cloud Shell in a terminal, for a script, or for one command, signed in as the local owner.

It speaks to the service over HTTP like any client. The service is looked for when something is asked of it, not before:
a shell opens without one, says how to start it, and finds one that was started, or started anew, meanwhile.
"""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from calco.cli.common import DataDirOption, Failure, data_dir, note
from calco.data_dir import DataDir

if TYPE_CHECKING:
    import httpx

    from calco.cloudshell.connection import Accounts, Connection
    from calco.cloudshell.interactive import Interactive
    from calco.cloudshell.session import Session
    from calco.cloudshell.terminal import TerminalHost
    from calco.signed_url import Resource

EXAMPLES = """
Examples:

  calco shell                                 a prompt; Ctrl-D ends it

  calco shell capture.ps1 -Name golden        the script gets -Name

  calco shell -c 'Get-AzVM | ft Name'         one command

  echo 'Get-AzImage' | calco shell -          from standard input

It exits with 0, 1 when an error ended it, N after "exit N"; -c also with 1

when its last command failed.
"""
SCRIPT_BYTES_MAX = 4 << 20
"""More than the longest script that is read takes in UTF-8."""


CONTEXT = {"allow_interspersed_args": False, "ignore_unknown_options": True}
"""What follows the script's name is the script's, whatever it looks like."""


def shell(
    script: Annotated[
        str | None, typer.Argument(help="A script file, or - for standard input; none: a prompt.")
    ] = None,
    arguments: Annotated[list[str] | None, typer.Argument(help="What the script is given.")] = None,
    command: Annotated[str | None, typer.Option("--command", "-c", help="Run this instead of a script.")] = None,
    data_dir_given: DataDirOption = None,
) -> None:
    """Azure PowerShell's cmdlets, in a subset of PowerShell: a prompt, a script, or one command."""
    given = arguments or []
    if command is not None:
        command, script = " ".join([command, *filter(None, [script]), *given]), None
    local = Local(data_dir(data_dir_given))
    try:
        status = _run(local, script, command, given)
    finally:
        local.close()
    raise typer.Exit(status)


def _run(local: "Local", script: str | None, command: str | None, arguments: list[str]) -> int:
    if command is None and script is None and sys.stdin is not None and sys.stdin.isatty():
        return _prompt(local)
    from calco.cloudshell.evaluator.automatic import of_file
    from calco.cloudshell.host import NotWritten
    from calco.cloudshell.terminal import TerminalHost

    host = TerminalHost()
    text = _decoded(os.fsencode(command), "the command") if command is not None else _text(script or "-")
    if script not in {None, "-"}:
        host.path = str(Path(script or "").absolute())
    host.script = "\n" in text.strip()
    try:
        session = local.begin(host)
        for name, value in of_file(Path(host.path)).items() if host.path else ():
            session.interpreter.shell.set_variable(name, value)
        outcome = session.run(text, [] if command is not None else arguments)
    except NotWritten as full:
        raise Failure(f"the output cannot be written: {full}") from full
    finally:
        host.quiet()
    return outcome.status(file=command is None)


def _text(script: str) -> str:
    """What is to be run. Raises Failure."""
    name = "standard input" if script == "-" else script
    try:
        if script == "-":
            data = sys.stdin.buffer.read(SCRIPT_BYTES_MAX + 1) if sys.stdin is not None else b""
        else:
            with Path(script).open("rb") as file:
                data = file.read(SCRIPT_BYTES_MAX + 1)
    except OSError as unreadable:
        raise Failure(f"{name} cannot be read: {unreadable.strerror or unreadable}") from unreadable
    if len(data) > SCRIPT_BYTES_MAX:
        raise Failure(f"{name} is larger than {SCRIPT_BYTES_MAX >> 20} MiB")
    return _decoded(data, name)


def _decoded(data: bytes, name: str) -> str:
    """Raises Failure."""
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise Failure(f"{name} is neither UTF-8 nor UTF-16: {wrong.reason} at byte {wrong.start}") from wrong


# --- the prompt ------------------------------------------------------------------------------------------------------


def _prompt(local: "Local") -> int:
    from calco.cloudshell import repl

    print(repl.WELCOME)
    if local.data.running() is None:
        note(local.how_to_start())
    return repl.run(local.interactive, local.history())


# --- the service on this machine -------------------------------------------------------------------------------------


class Local:
    """The service of a data directory, as its owner's sessions reach it."""

    def __init__(self, data: DataDir) -> None:
        self.data = data
        self._accounts: Accounts | None = None
        self._http = _Http(self)
        self._lock = threading.Lock()
        self._give: Callable[[Accounts], None] = lambda _accounts: None

    def begin(self, host: "TerminalHost") -> "Session":
        from calco.cli.shell_files import LocalFiles
        from calco.cloudshell import reach, session
        from calco.system import SystemChance, SystemClock

        made = session.begun(
            host,
            clock=SystemClock(),
            chance=SystemChance(),
            api=self.api,
            environment=dict(os.environ),
            sleep=_wait,
        )
        state = made.interpreter.state
        reach.give(state, reach.Reach(self._open, LocalFiles(Path.cwd())))
        self._give = lambda accounts: accounts.give(state)
        self.accounts()
        return made

    def interactive(self) -> "Interactive":
        from calco.cloudshell.completion import ResourceNames
        from calco.cloudshell.interactive import Interactive
        from calco.cloudshell.terminal import TerminalHost
        from calco.system import SystemClock

        host = TerminalHost()
        return Interactive(self.begin(host), host, ResourceNames(self.api, SystemClock().monotonic))

    def api(self) -> "Connection":
        """Of whoever is signed in. Raises Terminating."""
        from calco.cloudshell.errors import Fault, Terminating

        accounts = self.accounts()
        if accounts is None:
            raise Terminating(Fault(self.how_to_start(), id="NoService", category="ConnectionError"))
        return accounts.current()

    def accounts(self) -> "Accounts | None":
        """None while no service has ever run here."""
        with self._lock:
            if self._accounts is None:
                self._accounts = self._signed_in()
                if self._accounts is not None:
                    self._give(self._accounts)
            return self._accounts

    def _signed_in(self) -> "Accounts | None":
        from calco.client import Token, granted
        from calco.cloudshell.connection import Accounts, Connection
        from calco.identity import principals
        from calco.model.document import text_at

        try:
            known, secret = principals.read(self.data.secrets), principals.read_secret(self.data.secrets)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as unreadable:
            raise Failure(f"the secrets in {self.data.root} cannot be read: {unreadable}") from unreadable
        http = cast("httpx.Client", self._http)
        form = {"grant_type": "client_credentials", "client_id": known.client_id, "client_secret": secret}
        token = Token(lambda: text_at(granted(http, known.tenant_id, form), "access_token") or "")
        owner = Connection(
            http,
            token,
            _wait,
            subscription_id=known.subscription_id,
            tenant_id=known.tenant_id,
            account=known.client_id,
        )
        return Accounts(http, known.tenant_id, _wait, signed_in=owner)

    def close(self) -> None:
        """Let connections go; another request opens them anew."""
        self._http.close()

    def how_to_start(self) -> str:
        return f"No calco runs on {self.data.root}. Start it: calco up --detach --data-dir {self.data.root}"

    def history(self) -> Path | None:
        """Where typed lines are kept; None before there is a data directory."""
        return self.data.root / "shell_history" if self.data.root.is_dir() else None

    def _open(self, url: str) -> "Resource":
        import ssl

        from calco.signed_url import SignedUrl

        return SignedUrl(url, ssl.create_default_context(cafile=self.data.certificates / "ca.pem"))


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


class _Http:
    """What the client asks of an ``httpx.Client``, of the service that runs now, wherever it answers. Raises
    Unreachable when none does."""

    def __init__(self, local: Local) -> None:
        self._local = local
        self._lock = threading.Lock()
        self._made: tuple[str, httpx.Client] | None = None

    @property
    def base_url(self) -> "httpx.URL":
        return self._client().base_url

    def request(self, method: str, url: str, **more: object) -> "httpx.Response":
        return self._client().request(method, url, **more)  # type: ignore[arg-type]

    def post(self, url: str, **more: object) -> "httpx.Response":
        return self._client().post(url, **more)  # type: ignore[arg-type]

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made[1].close()

    def _client(self) -> "httpx.Client":
        from calco.cli.client import http_to
        from calco.client import Unreachable

        running = self._local.data.running()
        if running is None:
            raise Unreachable(self._local.how_to_start())
        with self._lock:
            if self._made is None or self._made[0] != running.url:
                try:
                    self._made = (running.url, http_to(self._local.data, running.url))
                except (OSError, ValueError) as unreadable:
                    raise Unreachable(f"the certificate of {running.url} cannot be read: {unreadable}") from unreadable
            return self._made[1]
