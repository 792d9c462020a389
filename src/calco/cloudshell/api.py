"""The public REST API as the cmdlets use it: with the signed-in user's token and nothing more."""

from collections.abc import Mapping
from typing import Protocol

from calco.client import Ended, Refused, Step, Unreachable
from calco.model.document import Document, Json

__all__ = ["Api", "Ended", "Refused", "Unreachable"]


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
        step: Step | None = None,
    ) -> Ended:
        """Ask for a change and follow it to its end, unless ``wait`` is False. ``step`` hears status and percent."""
