"""Names of platform images: az's short ones, Azure's long ones, and which of them stand for something one has.

A setting maps names to images: ``Ubuntu2204=Debian:debian-12:12:latest`` makes the Debian that calco builds answer to
az's Ubuntu; ``MicrosoftWindowsServer:WindowsServer:2022-*:latest=lab/windows`` makes a managed image of one's own
answer to all of Azure's Windows Server 2022. Nothing is mapped unless somebody says so: a machine that is
told to be Ubuntu and is Debian would be a lie of ours.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from calco.model.disk import OsType
from calco.model.ids import ResourceId
from calco.model.virtual_machine import Urn


@dataclass(frozen=True)
class Alias:
    """A short name, and the image it stands for in Azure."""

    name: str
    publisher: str
    offer: str
    sku: str
    os_type: OsType = OsType.LINUX

    @property
    def urn(self) -> str:
        return f"{self.publisher}:{self.offer}:{self.sku}:{LATEST}"


LATEST = "latest"
_WINDOWS = ("MicrosoftWindowsServer", "WindowsServer")

ALIASES: Sequence[Alias] = (
    Alias("Debian12", "Debian", "debian-12", "12-gen2"),
    Alias("Debian11", "Debian", "debian-11", "11-backports-gen2"),
    Alias("Ubuntu2404", "Canonical", "ubuntu-24_04-lts", "server"),
    Alias("Ubuntu2204", "Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2"),
    Alias("CentOS85Gen2", "OpenLogic", "CentOS", "8_5-gen2"),
    Alias("RHELRaw8LVMGen2", "RedHat", "RHEL", "8-lvm-gen2"),
    Alias("OpenSuseLeap154Gen2", "SUSE", "openSUSE-leap-15-4", "gen2"),
    Alias("SuseSles15SP3", "SUSE", "sles-15-sp3", "gen2"),
    Alias("FlatcarLinuxFreeGen2", "kinvolk", "flatcar-container-linux-free", "stable-gen2"),
    Alias("Win2022Datacenter", *_WINDOWS, "2022-datacenter-g2", OsType.WINDOWS),
    Alias("Win2022AzureEditionCore", *_WINDOWS, "2022-datacenter-azure-edition-core", OsType.WINDOWS),
    Alias("Win2019Datacenter", *_WINDOWS, "2019-datacenter-gensecond", OsType.WINDOWS),
    Alias("Win2016Datacenter", *_WINDOWS, "2016-datacenter-gensecond", OsType.WINDOWS),
    Alias("Win2012R2Datacenter", *_WINDOWS, "2012-R2-Datacenter", OsType.WINDOWS),
    Alias("Win2012Datacenter", *_WINDOWS, "2012-Datacenter", OsType.WINDOWS),
)
"""What az knows by itself, and the Debian that calco builds. Source: azure-rest-api-specs, arm-compute aliases.json, as
azure-cli 2.91.0 carries it."""

OWN_PUBLISHER, OWN_OFFER = "calco", "images"
"""Of a short name that az does not know: it stands for an image of this service's owner."""


@dataclass(frozen=True)
class ImageAlias:
    """One row of the setting. ``pattern`` is ``publisher:offer:sku:version`` in which ``*`` stands for anything;
    ``target`` a base image's URN, a managed image's id, or its group and name with a slash between. ``name`` is the
    short name it was told by, empty when it was none."""

    pattern: str
    target: str
    name: str = ""

    @property
    def parts(self) -> Sequence[str]:
        return self.pattern.split(":")

    def covers(self, urn: Urn) -> bool:
        """Whether ``urn`` is meant, in any case. A version that is ``latest`` here stands for any: it is the one there
        is; and a certain version here is also the latest."""
        asked = (urn.publisher, urn.offer, urn.sku, urn.version)
        *before, version = self.parts
        if not all(_fits(mine, given) for mine, given in zip(before, asked, strict=False)):
            return False
        return version.lower() == LATEST or urn.version.lower() == LATEST or _fits(version, urn.version)

    def goes_to(self, subscription: str) -> Urn | ResourceId:
        """The base image's URN, or the id of the managed image."""
        if ":" in self.target:
            return Urn(*self.target.split(":"))
        if self.target.startswith("/"):
            return ResourceId.parse(self.target)
        group, name = self.target.split("/")
        return ResourceId(subscription, group, "Microsoft.Compute", ("images",), (name,))


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(each) for each in text.split("*")), re.IGNORECASE)


def _fits(pattern: str, text: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_PART = re.compile(r"[A-Za-z0-9._*-]{1,100}")
_EXACT_PART = re.compile(r"[A-Za-z0-9._-]{1,100}")
_OWN = re.compile(r"[\w.()-]{1,90}/[\w.-]{1,80}")


def read_aliases(texts: Iterable[str]) -> tuple[ImageAlias, ...]:
    """The table behind the setting ``image_aliases``. Raises ValueError."""
    return tuple(_read_alias(each) for each in texts)


def _read_alias(text: str) -> ImageAlias:
    left, equals, target = (part.strip() for part in text.partition("="))
    if not equals:
        raise ValueError(f"{text!r} maps nothing; write it like Ubuntu2204=Debian:debian-12:12:latest")
    if not _is_target(target):
        raise ValueError(
            f"{text!r}: {target!r} is no URN (Debian:debian-12:12:latest), no image's group and name (lab/windows) and "
            "no image's id"
        )
    if ":" not in left:
        if not _NAME.fullmatch(left):
            raise ValueError(f"{text!r}: {left!r} is no short name like Ubuntu2204 and no URN of four parts")
        known = next((each for each in ALIASES if each.name.lower() == left.lower()), None)
        own = f"{OWN_PUBLISHER}:{OWN_OFFER}:{left}:{LATEST}"
        return ImageAlias(own if known is None else known.urn, target, left if known is None else known.name)
    parts = left.split(":")
    if len(parts) != 4 or not all(_PART.fullmatch(each) for each in parts):
        raise ValueError(f"{text!r}: {left!r} is no URN of four parts; write it like Canonical:*:22_04-lts:latest")
    return ImageAlias(left, target)


def _is_target(text: str) -> bool:
    if ":" in text:
        parts = text.split(":")
        return len(parts) == 4 and all(_EXACT_PART.fullmatch(each) for each in parts)
    if not text.startswith("/"):
        return _OWN.fullmatch(text) is not None
    try:
        return ResourceId.parse(text).kind == "microsoft.compute/images"
    except ValueError:
        return False


def find(aliases: Sequence[ImageAlias], urn: Urn) -> ImageAlias | None:
    """The first row that means ``urn``."""
    return next((each for each in aliases if each.covers(urn)), None)


def is_exact(pattern: str) -> bool:
    """Whether publisher, offer and SKU are said in full."""
    return "*" not in pattern.rpartition(":")[0]
