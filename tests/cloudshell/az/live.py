"""A session of the Cloud Shell against a real service of one's own: its API, its blob endpoint, files of a folder."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from calco.cli.shell_files import LocalFiles
from calco.cloudshell import reach
from calco.cloudshell.connection import Accounts
from calco.cloudshell.reach import Reach
from calco.cloudshell.session import Session, begun
from calco.identity import principals
from calco.signed_url import SignedUrl
from calco.system import SystemChance, SystemClock
from tests.cloudshell.world import Recorder
from tests.service_process import ServiceProcess


@contextmanager
def session(service: ServiceProcess, folder: Path, host: Recorder) -> Iterator[Session]:
    """Signed in as the service's own principal; relative paths begin in ``folder``."""
    data = service.data
    trust = ssl.create_default_context(cafile=data.certificates / "ca.pem")
    owner, secret = principals.read(data.secrets), principals.read_secret(data.secrets)
    wait = threading.Event().wait
    with httpx.Client(base_url=service.url, verify=trust, timeout=60, trust_env=False) as http:
        accounts = Accounts(http, owner.tenant_id, wait)
        accounts.connect_client(owner.client_id, secret)

        def sleep(seconds: float) -> None:
            wait(seconds)

        made = begun(
            host, clock=SystemClock(), chance=SystemChance(), api=accounts.current, environment={}, sleep=sleep
        )
        accounts.give(made.interpreter.state)
        reach.give(made.interpreter.state, Reach(lambda url: SignedUrl(url, trust), LocalFiles(folder)))
        yield made
