"""People sign in with az itself: by a device's code and by a browser; and `calco az` sets az up by itself."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from calco.model.document import Json
from tests.contract import browser
from tests.contract.azure_cli import BIN, NOBODY, Az

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NAME = "ana@example.org"


@pytest.fixture
def ana(az: Az, request: pytest.FixtureRequest) -> Iterator[Az]:
    """az as a Reader has it who has not signed in yet; what a browser enters is in its environment."""
    name = f"{os.getpid()}-{NAME}"
    made = json.loads(az.service.run("user", "create", name, "--role", "Reader", "-o", "json"))
    fresh = az.without_profile(request.node.name)
    yield replace(fresh, environ={**fresh.environ, "SIGN_IN_NAME": name, "SIGN_IN_PASSWORD": made["password"]})
    az.service.run("user", "delete", name, "--yes")


def may_only_read(az: Az) -> None:
    name = az.environ["SIGN_IN_NAME"]
    assert az("account", "show", "--query", "user") == {"name": name, "type": "user"}
    assert isinstance(az("group", "list"), list)
    said = az.refused("group", "create", "-n", "anas", "-l", "eastus")
    assert "AuthorizationFailed" in said
    assert f"'{name}'" in said


def test_a_person_signs_in_with_a_devices_code_until_the_password_is_another(
    ana: Az, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.register()
    for variable in ("SSL_CERT_FILE", "SIGN_IN_NAME", "SIGN_IN_PASSWORD"):
        monkeypatch.setenv(variable, ana.environ[variable])
    argv = [str(BIN / "az"), "login", "--use-device-code", "-o", "json"]
    with subprocess.Popen(
        argv, env=ana.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as login:
        assert login.stderr is not None
        told = re.search(r"open the page (\S+) and enter the code (\S+) ", login.stderr.readline())
        assert told is not None
        with browser.browser() as client:
            page = client.get(told[1])
            answer = client.post(told[1], data={**browser.entries(page.text), "code": told[2]})
        assert "You are signed in" in answer.text, answer.text
        out, err = login.communicate(timeout=120)
    assert login.returncode == 0, err
    assert json.loads(out)[0]["user"]["name"] == ana.environ["SIGN_IN_NAME"]
    may_only_read(ana)

    ana.service.run("user", "rotate", ana.environ["SIGN_IN_NAME"])

    assert "Sign in again" in ana.refused("group", "list")


def test_a_person_signs_in_with_a_browser_and_tokens_are_renewed_without_one(ana: Az) -> None:
    """In Entra's style, where az waits on any port: AD FS's would have it wait on 8400, and there is one of that."""
    endpoint = ana.environ["CALCO_ENDPOINT"]
    program = f"{sys.executable} {Path(browser.__file__)} %s &"
    az = replace(ana, environ={**ana.environ, "AZURE_CORE_INSTANCE_DISCOVERY": "false", "BROWSER": program})
    az("cloud", "register", "-n", "calco", "--endpoint-resource-manager", endpoint,
       "--endpoint-active-directory", endpoint)  # fmt: skip
    az("cloud", "set", "-n", "calco")

    az("login", "--tenant", az.environ["AZURE_TENANT_ID"])

    may_only_read(az)
    cache = az.folder / "azure" / "msal_token_cache.json"
    kept = json.loads(cache.read_text())
    assert kept["RefreshToken"]
    cache.write_text(json.dumps({**kept, "AccessToken": {}}))
    assert isinstance(az("group", "list"), list)
    renewed: Json = json.loads(cache.read_text())["AccessToken"]
    assert renewed


def test_calco_az_is_all_it_takes(az: Az) -> None:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    given = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "CALCO_"))}
    environ = {**given, "PATH": path, "HTTPS_PROXY": NOBODY}
    argv = [sys.executable, "-m", "calco", "az", "--data-dir", str(az.service.data.root), "--"]

    done = subprocess.run(
        [*argv, "account", "show", "-o", "json"], env=environ, capture_output=True, text=True, check=False, timeout=200
    )

    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["id"] == az.environ["AZURE_SUBSCRIPTION_ID"]
    assert shown["environmentName"] == "calco"
    assert shown["user"] == {"name": az.environ["AZURE_CLIENT_ID"], "type": "servicePrincipal"}
    assert (az.service.data.root / "az" / "calco-mark").exists()
