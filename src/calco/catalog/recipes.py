"""Which base images there are, and what each is made of.

A recipe says what goes into a disk; a platform image is one of Azure's names for it. Azure sells the same Debian as two
SKUs, one for each firmware; our disk starts with both, so two names share one recipe, one build and one file.
Another distribution is a row here, and a bootstrap module of its own when Debian's does not fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calco.model.machine import Generation

GIB = 1 << 30


@dataclass(frozen=True)
class Recipe:
    """All that matters of an image but the versions of its packages: those are whatever the sources hold that day."""

    name: str
    """Begins the names of its files."""
    suite: str
    """Debian's code name of the release."""
    packages: tuple[str, ...]
    """Installed beside Debian's own "important" set, without what they merely recommend."""
    left_out: tuple[str, ...]
    """Path patterns dpkg does not unpack (``path-exclude``). Licences stay: /usr/share/doc/*/copyright."""
    size_bytes: int
    """What the guest sees; a multiple of 1 MiB."""


@dataclass(frozen=True)
class PlatformImage:
    """One ``publisher:offer:sku`` of Azure's marketplace."""

    name: str
    recipe: Recipe
    generation: Generation
    """Azure's hyperVGeneration: ``V1`` starts from BIOS, ``V2`` from UEFI."""


DEBIAN_12 = Recipe(
    name="debian-12",
    suite="bookworm",
    packages=(
        # starts
        "linux-image-cloud-amd64",
        "initramfs-tools",
        "lz4",
        "grub2-common",
        "systemd-sysv",
        "dbus",
        "libpam-systemd",
        # becomes the machine Azure asks for
        "cloud-init",
        "cloud-guest-utils",
        "waagent",
        "qemu-guest-agent",
        "ifupdown",
        "isc-dhcp-client",
        "iproute2",
        "libnss-myhostname",
        # is worked with
        "openssh-server",
        "sudo",
        "locales",
        "ca-certificates",
        "curl",
        "e2fsprogs",
        "fdisk",
    ),
    left_out=(
        "/usr/share/man/*",
        "/usr/share/info/*",
        "/usr/share/lintian/*",
        "/usr/share/locale/*/LC_MESSAGES/*.mo",
    ),
    size_bytes=4 * GIB,
)

PLATFORM_IMAGES: Mapping[str, PlatformImage] = MappingProxyType(
    {
        each.name.lower(): each
        for each in (
            PlatformImage("Debian:debian-12:12", DEBIAN_12, Generation.V1),
            PlatformImage("Debian:debian-12:12-gen2", DEBIAN_12, Generation.V2),
        )
    }
)


def platform_image(urn: str) -> PlatformImage | None:
    """The image behind ``publisher:offer:sku`` or ``publisher:offer:sku:latest``, in any case; None when there is none.

    A version other than ``latest`` is unknown here: nobody can rebuild what Azure published on a certain day.
    """
    publisher_offer_sku, _, version = urn.lower().partition(":latest")
    return None if version else PLATFORM_IMAGES.get(publisher_offer_sku)
