"""Where a client asks: this authority has one tenant and several names, and links must lead back the way one came."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """``base`` is scheme and host as the caller used them; ``prefix`` the path's part that names tenant or AD FS
    (``adfs``, ``adfs/{tenant}``, ``{tenant}``); ``version`` 1 or 2 as the path says."""

    base: str
    prefix: str
    version: int

    @property
    def tenant(self) -> str:
        return self.prefix.rpartition("/")[2]

    @property
    def root(self) -> str:
        return f"{self.base}/{self.prefix}"

    @property
    def oauth(self) -> str:
        """What the endpoints' paths begin with; AD FS has one version of them."""
        return f"{self.root}/oauth2" if self.version == 1 or self._is_adfs else f"{self.root}/oauth2/v2.0"

    def issuer(self, first: str) -> str:
        """Who issues id tokens here; ``first`` is version 1's."""
        return first if self.version == 1 or self._is_adfs else f"{self.root}/v2.0"

    @property
    def _is_adfs(self) -> bool:
        return self.prefix.lower() == "adfs" or self.prefix.lower().startswith("adfs/")
