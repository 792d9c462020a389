"""The public REST API as the cmdlets use it: with the signed-in user's token and nothing more."""

from collections.abc import Callable, Mapping
from typing import Protocol

from calco.client import Refused, Unreachable
from calco.model.document import Document, Json

__all__ = ["Api", "Ended", "Refused", "Unreachable"]


class Ended(Protocol):
    """How a change ended. Times are the API's when it gave them, ISO 8601; else as the shell's clock saw them."""

    @property
    def document(self) -> Document:
        """The resource as it then is (PUT, PATCH), what the operation put out (POST), or empty."""

    @property
    def operation_id(self) -> str:
        """The GUID in the operation's address; empty when the change was done at once."""

    @property
    def status(self) -> str:
        """ "Succeeded": a failure is raised."""

    @property
    def started(self) -> str: ...

    @property
    def ended(self) -> str: ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went well and yet may not be what one wants, in sentences."""


class Api(Protocol):
    """Paths are ARM's ("/subscriptions/..."). Methods may be called from several threads. Each raises Refused and
    Unreachable; the binder turns them into error records with ErrorCode, ErrorMessage, StatusCode."""

    @property
    def subscription_id(self) -> str: ...

    @property
    def tenant_id(self) -> str: ...

    @property
    def account(self) -> str:
        """The signed-in user's name."""

    @property
    def environment(self) -> str:
        """ "calco": what Connect-AzAccount shows as Environment."""

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Document: ...

    def find(self, path: str, query: Mapping[str, str] | None = None) -> Document | None:
        """None where there is none (404)."""

    def list(self, path: str, query: Mapping[str, str] | None = None) -> list[Document]:
        """All pages."""

    def change(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Mapping[str, str] | None = None,
        wait: bool = True,
        step: Callable[[str, int | None], None] | None = None,
    ) -> Ended:
        """Ask for a change and follow it to its end, unless ``wait`` is False. ``step`` hears status and percent."""
