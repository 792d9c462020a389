"""What Azure's own SDK makes of credentials that are wrong, missing or out of date.

Reads what `calco env` prints, and ``EXPIRED_TOKEN``: a token this service signed a while ago. Status 0 when all is as
with Azure.
"""

import os
import time
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken  # type: ignore[import-not-found]
from azure.core.exceptions import ClientAuthenticationError  # type: ignore[import-not-found]
from azure.core.pipeline.policies import SansIOHTTPPolicy  # type: ignore[import-not-found]
from azure.identity import ClientSecretCredential, EnvironmentCredential  # type: ignore[import-not-found]
from azure.mgmt.compute import ComputeManagementClient  # type: ignore[import-not-found]

ENDPOINT = os.environ["CALCO_ENDPOINT"]
SCOPE = f"{ENDPOINT}/.default"


def client(credential: Any, **options: Any) -> Any:
    subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
    return ComputeManagementClient(
        credential, subscription, base_url=ENDPOINT, credential_scopes=[SCOPE], retry_total=0, **options
    )


def refusal(do: Callable[[], object]) -> Any:
    try:
        do()
    except ClientAuthenticationError as refused:
        return refused
    raise AssertionError("it was not refused")


def images(of: Any) -> list[Any]:
    return list(of.images.list())


def wrong_secret() -> None:
    """The refusal comes from the authority, and no request goes to ARM."""
    tenant, client_id = os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"]
    wrong = ClientSecretCredential(tenant, client_id, "wrong", authority=os.environ["AZURE_AUTHORITY_HOST"])
    asked: list[Any] = []
    refused = refusal(lambda: list(client(wrong).images.list(raw_response_hook=asked.append)))
    assert "AADSTS7000215" in refused.message, refused.message
    assert "wrong" not in refused.message.replace("wrong tenant", ""), refused.message
    assert asked == []


class Aging:
    """A credential whose first token has run out, though the client is told otherwise; later ones are good."""

    def __init__(self) -> None:
        self.asked = 0
        self._good = EnvironmentCredential()

    def get_token(self, *scopes: str, **options: Any) -> Any:
        self.asked += 1
        if self.asked == 1:
            return AccessToken(os.environ["EXPIRED_TOKEN"], int(time.time()) + 3600)
        return self._good.get_token(*scopes, **options)


def expired_token() -> None:
    """A refusal makes the client drop its token: the next call asks for a fresh one and goes through. It does not
    repeat the call by itself; to that it is moved by a challenge with claims alone, which Azure does not send here."""
    credential = Aging()
    aging = client(credential)
    refused = refusal(lambda: images(aging))
    assert (refused.status_code, refused.error.code) == (401, "ExpiredAuthenticationToken"), refused
    assert "is earlier than current UTC time" in refused.error.message
    challenge = refused.response.headers["WWW-Authenticate"]
    assert f'authorization_uri="{ENDPOINT}/{os.environ["AZURE_TENANT_ID"]}"' in challenge, challenge
    assert images(aging) == []
    assert images(aging) == []
    assert credential.asked == 2, credential.asked


def no_token() -> None:
    bare = client(EnvironmentCredential(), authentication_policy=SansIOHTTPPolicy())
    refused = refusal(lambda: images(bare))
    assert (refused.status_code, refused.error.code) == (401, "AuthenticationFailed"), refused
    assert refused.response.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


if __name__ == "__main__":
    wrong_secret()
    expired_token()
    no_token()
    print("refused as Azure refuses", flush=True)
