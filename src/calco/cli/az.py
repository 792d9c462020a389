"""``calco az``: Azure's own command line, pointed at this service with a profile of its own.

The profile lies in the data directory (``AZURE_CONFIG_DIR``), so what the user's own az knows of Azure stays as it is.
It is set up anew when the service's address or the owner's secret has changed; whoever signed in with it meanwhile
(``calco az -- login``) stays signed in otherwise. The secret goes to az in a file, never as an argument.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from calco.cli.common import DataDirOption, Failure, data_dir, note
from calco.data_dir import DataDir
from calco.private_file import write_private
from calco.tool import ToolFailed, run_tool

EXAMPLES = """
Examples:

  calco az                       set the profile up: cloud registered, logged in

  calco az -- vm list -d -o table

  calco az -- login --use-device-code
"""
CLOUD = "calco"
STEP_SECONDS = 180
"""What one call of az may take: its start alone is seconds on a busy machine."""
INSTALL = (
    "Install it (Azure CLI, tested with 2.91): python3 -m venv ~/az && ~/az/bin/pip install azure-cli==2.91.0; then "
    "put ~/az/bin on PATH."
)

Az = Callable[[Sequence[str]], None]
"""Runs az with these words. Raises Failure."""


def az(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[-- WORDS...]", help="What az is to do; none: only set it up.")
    ] = None,
    data_dir_given: DataDirOption = None,
) -> None:
    """Run Azure's az against this service, in a profile of its own; set it up first where that is needed."""
    from calco.cli.environment import variables

    data = data_dir(data_dir_given)
    program = shutil.which("az")
    if program is None:
        raise Failure("there is no az on PATH", INSTALL)
    given = variables(data)
    if data.running() is None:
        raise Failure(f"no calco runs on {data.root}", f"Start it: calco up --detach --data-dir {data.root}")
    environ = _environ(os.environ, data, given)
    set_up(data, given, _runner(program, environ))
    if not words:
        note(f"az is set up for {given['CALCO_ENDPOINT']}. Run it so: calco az -- vm list")
        return
    os.execve(program, [program, *words], environ)  # noqa: S606 - az takes this process's place and terminal


def profile(data: DataDir) -> Path:
    """Where az keeps what it knows of this service."""
    return data.root / "az"


OTHER_CLOUDS = frozenset({"AZURE_CLOUD_NAME", "ARM_CLOUD_METADATA_URL", "AZURE_CORE_INSTANCE_DISCOVERY"})
"""Variables that would point az elsewhere."""


def _environ(own: Mapping[str, str], data: DataDir, given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in own.items() if name not in OTHER_CLOUDS}
    # The service is on this machine: a proxy would look for it elsewhere.
    direct = ",".join(each for each in ("localhost", "127.0.0.1", own.get("NO_PROXY")) if each)
    return {
        **kept,
        "AZURE_CONFIG_DIR": os.fspath(profile(data)),
        "REQUESTS_CA_BUNDLE": given["REQUESTS_CA_BUNDLE"],
        "SSL_CERT_FILE": given["SSL_CERT_FILE"],
        "AZURE_CORE_COLLECT_TELEMETRY": "0",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def set_up(data: DataDir, given: Mapping[str, str], run: Az) -> bool:
    """Register the cloud and log in, unless that was done for this address and secret; whether it was needed."""
    folder = profile(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    mark, done = folder / "calco-mark", _mark(given)
    if mark.is_file() and mark.read_text() == done:
        return False
    mark.unlink(missing_ok=True)
    endpoint = given["CALCO_ENDPOINT"]
    verb = "update" if _is_registered(folder) else "register"
    # Everything else about the cloud az learns at /metadata/endpoints.
    run(["cloud", verb, "-n", CLOUD, "--endpoint-resource-manager", endpoint])
    run(["cloud", "set", "-n", CLOUD])
    secret = data.secrets / "client-secret"
    who = ["-u", given["AZURE_CLIENT_ID"], "-t", given["AZURE_TENANT_ID"]]
    run(["login", "--service-principal", *who, "-p", f"@{secret}"])
    write_private(mark, done.encode())
    note(f"set up az's profile in {folder} for {endpoint}")
    return True


def _is_registered(folder: Path) -> bool:
    try:
        return f"[{CLOUD}]" in (folder / "clouds.config").read_text().splitlines()
    except OSError:
        return False


def _mark(given: Mapping[str, str]) -> str:
    """What the profile was made for; a secret is not to be read out of it."""
    names = ("CALCO_ENDPOINT", "CALCO_BLOB_ENDPOINT", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    return hashlib.sha256("\n".join(given.get(name, "") for name in names).encode()).hexdigest()


def _runner(program: str, environ: Mapping[str, str]) -> Az:
    def run(words: Sequence[str]) -> None:
        try:
            run_tool([program, *words, "--only-show-errors", "-o", "none"], timeout_seconds=STEP_SECONDS, env=environ)
        except ToolFailed as failed:
            said = failed.stderr.strip() or str(failed)
            raise Failure(
                f"az {' '.join(words[:2])} failed: {said}", "See whether calco runs: calco status"
            ) from failed

    return run
