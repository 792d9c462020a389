"""``calco user`` and ``calco sp`` against a service: what scripts read, who is let in afterwards, and that what fails
leaves nobody behind."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calco.cli.common import Failure
from calco.cli.principal import AUTHORIZATION, create
from calco.model.document import Document
from tests.cli.test_client import SUBSCRIPTION, Service, says
from tests.service_process import ServiceProcess, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("principals") / "data") as found:
        yield found


def shown(service: ServiceProcess, *words: str) -> Any:
    return json.loads(service.run(*words, "-o", "json"))


def token(service: ServiceProcess, made: dict[str, str]) -> tuple[int, Any]:
    form = {"grant_type": "client_credentials", "client_id": made["appId"], "client_secret": made["password"]}
    answer = service.client.http.post(f"/{made['tenant']}/oauth2/v2.0/token", data={**form, "scope": "x/.default"})
    return answer.status_code, answer.json()


def reads(service: ServiceProcess, access: str) -> int:
    headers = {"Authorization": f"Bearer {access}"}
    url = f"{service.client.subscription}/providers/Microsoft.Compute/images?api-version=2024-07-01"
    return service.client.http.get(url, headers=headers).status_code


def test_a_service_principal_has_azs_keys_its_role_and_goes_with_its_tokens(service: ServiceProcess) -> None:
    made = shown(service, "sp", "create", "ci", "--role", "reader")

    assert list(made) == ["appId", "displayName", "password", "tenant", "objectId", "expiresOn"]
    status, document = token(service, made)
    assert (status, reads(service, document["access_token"])) == (200, 200)
    assert "Reader" in service.run("sp", "list")
    again = shown(service, "sp", "rotate", "ci")
    assert (again["appId"], again["objectId"]) == (made["appId"], made["objectId"])
    assert reads(service, document["access_token"]) == 401
    assert token(service, made)[0] == 401
    _, fresh = token(service, again)
    assert reads(service, fresh["access_token"]) == 200, "the role is the principal's, not the secret's"
    service.run("sp", "delete", "ci", "--yes")
    assert reads(service, fresh["access_token"]) == 401
    assert shown(service, "sp", "list") == []


def test_a_user_without_a_role_is_told_how_to_get_one(service: ServiceProcess) -> None:
    done = service.try_run("user", "create", "bo", "-o", "json")

    made = json.loads(done.stdout)
    assert list(made) == ["userPrincipalName", "password", "tenant", "objectId", "expiresOn"]
    assert f"--assignee-object-id {made['objectId']} --assignee-principal-type User" in done.stderr
    assert made["password"] not in done.stderr
    service.run("user", "delete", "bo", "--yes")


def test_a_password_may_come_by_standard_input_and_is_in_no_argument(service: ServiceProcess) -> None:
    argv = [sys.executable, "-m", "calco", "user", "create", "eva", "--password-stdin", "--data-dir"]
    done = subprocess.run(
        [*argv, str(service.data.root), "-o", "json"],
        input="correct horse battery\n", capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert json.loads(done.stdout)["password"] == "correct horse battery"
    service.run("user", "delete", "eva", "-y")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "eva", "--role", "Captain"), "there is no role 'Captain'"),
        (("create", "eva", "--role", "Reader", "--scope", "/subscriptions/nowhere"), "Subscription"),
        (("create", "eva", "--scope", "/subscriptions/x"), "no role is named"),
        (("create", "eva", "--days", "0"), "1 to 3650 days"),
        (("create", "a b"), "is no name for a user"),
        (("rotate", "nobody"), "there is no user 'nobody'"),
        (("delete", "nobody", "--yes"), "there is no user 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_and_leaves_nobody(
    service: ServiceProcess, words: tuple[str, ...], said: str
) -> None:
    done = service.try_run("user", *words)

    assert done.returncode == 1
    assert said.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert shown(service, "user", "list") == []


def test_whoever_cannot_be_given_the_role_is_not_made() -> None:
    """The role is known and yet cannot be assigned: the principal is taken back."""
    name = f"{SUBSCRIPTION}/providers/Calco/users/ana"
    role: Document = {"id": "/roles/1", "name": "1", "properties": {"roleName": "Reader"}}
    made: Document = {"name": "ana", "properties": {"objectId": "o", "principalType": "User"}}
    refusal = says(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})
    service = Service(
        {
            ("GET", f"{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions"): [says(200, {"value": [role]})],
            ("PUT", name): [says(201, made)],
            ("DELETE", name): [says(200)],
        }
    )
    answer = service.answer
    service.answer = lambda request: refusal if "roleAssignments" in request.url.path else answer(request)  # type: ignore[method-assign]

    with pytest.raises(Failure, match="AuthorizationFailed"):
        create(service.client(), "users", "ana", {}, role="READER", scope=None)

    assert [each.method for each in service.asked] == ["GET", "PUT", "DELETE"]


def test_no_secret_is_in_the_log(service: ServiceProcess) -> None:
    made = shown(service, "sp", "create", "quiet")
    token(service, made)
    service.run("sp", "delete", "quiet", "-y")

    assert made["password"] not in service.log
    assert made["password"] not in Path(service.data.root / "calco.db").read_bytes().decode("latin-1")
