"""How recent binaries of Windows have to be for Azure, for each Windows that has a list.

Source: Azure, "Prepare a Windows VHD or VHDX to upload to Azure", "Install Windows updates". Windows 8 and Server 2012
have two branches of some: with fixes only (fourth number from 16384), and with everything (from 20000).
"""

from dataclasses import dataclass
from enum import Enum

from calco.inspection.windows.pe_version import Version

BUILDS = (7601, 9200, 9600, 14393, 15063, 16299, 17134)
"""Windows 7 SP1 and Server 2008 R2 SP1; 8 and 2012; 8.1 and 2012 R2; 10 1607 and 2016; 10 1703; 1709; 1803."""

EVERYTHING = 20000


class Component(Enum):
    STORAGE = "storage"
    NETWORK = "network"
    CORE = "kernel"
    REMOTE_DESKTOP = "remote-desktop"

    @property
    def words(self) -> str:
        return self.value.replace("remote-desktop", "Remote Desktop")


@dataclass(frozen=True)
class Binary:
    """``versions``: for each of ``BUILDS`` in turn what Azure lists, and the update that brings it; ``-`` where it
    lists none. What is left out at the end is none."""

    component: Component
    file: str
    versions: tuple[str, ...]

    @property
    def path(self) -> str:
        """Below System32."""
        return f"drivers/{self.file}" if self.file.endswith(".sys") and self.file != "win32k.sys" else self.file

    def least(self, build: int) -> str:
        """As the table has it: ``6.2.9200.17638 / 6.2.9200.21757 KB3137061``; empty when there is none."""
        column = BUILDS.index(build)
        return self.versions[column].strip("-") if column < len(self.versions) else ""


def too_old(found: Version, least: str) -> str:
    """What it should be at least, with the update; empty when it is."""
    words, _, update = least.partition(" KB")
    versions = words.split(" / ")
    wanted = versions[-1] if found[3] >= EVERYTHING else versions[0]
    if found >= tuple(map(int, wanted.split("."))):
        return ""
    return f"{wanted}, KB{update}" if update else wanted


_STORAGE, _NETWORK, _CORE, _RDP = Component

BINARIES: tuple[Binary, ...] = (
    Binary(
        _STORAGE,
        "disk.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.17638 / 6.2.9200.21757 KB3137061",
            "6.3.9600.18203 KB3137061",
        ),
    ),
    Binary(
        _STORAGE,
        "storport.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.17188 / 6.2.9200.21306 KB3018489",
            "6.3.9600.18573 KB4022726",
            "10.0.14393.1358 KB4022715",
            "10.0.15063.332",
        ),
    ),
    Binary(
        _STORAGE,
        "ntfs.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.17623 / 6.2.9200.21743 KB3121255",
            "6.3.9600.18654 KB4022726",
            "10.0.14393.1198 KB4022715",
            "10.0.15063.447",
        ),
    ),
    Binary(_STORAGE, "iologmsg.dll", ("6.1.7601.23403 KB3125574", "6.2.9200.16384 KB2995387")),
    Binary(
        _STORAGE,
        "classpnp.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.17061 / 6.2.9200.21180 KB2995387",
            "6.3.9600.18334 KB3172614",
            "10.0.14393.953 KB4022715",
        ),
    ),
    Binary(
        _STORAGE,
        "volsnap.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.17047 / 6.2.9200.21165 KB2975331",
            "6.3.9600.18265 KB3145384",
            "-",
            "10.0.15063.0",
        ),
    ),
    Binary(
        _STORAGE,
        "partmgr.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.16681 KB2877114",
            "6.3.9600.17401 KB3000850",
            "10.0.14393.953 KB4022715",
            "10.0.15063.0",
        ),
    ),
    Binary(_STORAGE, "volmgr.sys", ("-", "-", "-", "-", "10.0.15063.0")),
    Binary(_STORAGE, "volmgrx.sys", ("6.1.7601.23403 KB3125574", "-", "-", "-", "10.0.15063.0")),
    Binary(
        _STORAGE,
        "msiscsi.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.21006 KB2955163",
            "6.3.9600.18624 KB4022726",
            "10.0.14393.1066 KB4022715",
            "10.0.15063.447",
        ),
    ),
    Binary(
        _STORAGE,
        "msdsm.sys",
        ("6.1.7601.23403 KB3125574", "6.2.9200.21474 KB3046101", "6.3.9600.18592 KB4022726"),
    ),
    Binary(
        _STORAGE,
        "mpio.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.21190 KB3046101",
            "6.3.9600.18616 KB4022726",
            "10.0.14393.1198 KB4022715",
        ),
    ),
    Binary(
        _STORAGE,
        "vmstorfl.sys",
        (
            "6.3.9600.18907 KB4072650",
            "6.3.9600.18080 KB3063109",
            "6.3.9600.18907 KB4072650",
            "10.0.14393.2007 KB4345418",
            "10.0.15063.850 KB4345419",
            "10.0.16299.371 KB4345420",
        ),
    ),
    Binary(
        _STORAGE,
        "fveapi.dll",
        (
            "6.1.7601.23311 KB3125574",
            "6.2.9200.20930 KB2930244",
            "6.3.9600.18294 KB3172614",
            "10.0.14393.576 KB4022715",
        ),
    ),
    Binary(
        _STORAGE,
        "fveapibase.dll",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.20930 KB2930244",
            "6.3.9600.17415 KB3172614",
            "10.0.14393.206 KB4022715",
        ),
    ),
    Binary(_NETWORK, "netvsc.sys", ("-", "-", "-", "10.0.14393.1198 KB4022715", "10.0.15063.250 KB4020001")),
    Binary(
        _NETWORK,
        "mrxsmb10.sys",
        (
            "6.1.7601.23816 KB4022722",
            "6.2.9200.22108 KB4022724",
            "6.3.9600.18603 KB4022726",
            "10.0.14393.479 KB4022715",
            "10.0.15063.483",
        ),
    ),
    Binary(
        _NETWORK,
        "mrxsmb20.sys",
        (
            "6.1.7601.23816 KB4022722",
            "6.2.9200.21548 KB4022724",
            "6.3.9600.18586 KB4022726",
            "10.0.14393.953 KB4022715",
            "10.0.15063.483",
        ),
    ),
    Binary(
        _NETWORK,
        "mrxsmb.sys",
        (
            "6.1.7601.23816 KB4022722",
            "6.2.9200.22074 KB4022724",
            "6.3.9600.18586 KB4022726",
            "10.0.14393.953 KB4022715",
            "10.0.15063.0",
        ),
    ),
    Binary(
        _NETWORK,
        "tcpip.sys",
        (
            "6.1.7601.23761 KB4022722",
            "6.2.9200.22070 KB4022724",
            "6.3.9600.18478 KB4022726",
            "10.0.14393.1358 KB4022715",
            "10.0.15063.447",
        ),
    ),
    Binary(
        _NETWORK,
        "http.sys",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.17285 KB3042553",
            "6.3.9600.18574 KB4022726",
            "10.0.14393.251 KB4022715",
            "10.0.15063.483",
        ),
    ),
    Binary(
        _NETWORK,
        "vmswitch.sys",
        (
            "6.1.7601.23727 KB4022719",
            "6.2.9200.22117 KB4022724",
            "6.3.9600.18654 KB4022726",
            "10.0.14393.1358 KB4022715",
            "10.0.15063.138",
        ),
    ),
    Binary(
        _CORE,
        "ntoskrnl.exe",
        (
            "6.1.7601.23807 KB4022719",
            "6.2.9200.22170 KB4022718",
            "6.3.9600.18696 KB4022726",
            "10.0.14393.1358 KB4022715",
            "10.0.15063.483",
        ),
    ),
    Binary(
        _RDP,
        "rdpcorets.dll",
        (
            "6.2.9200.21506 KB4022719",
            "6.2.9200.22104 KB4022724",
            "6.3.9600.18619 KB4022726",
            "10.0.14393.1198 KB4022715",
            "10.0.15063.0",
        ),
    ),
    Binary(
        _RDP,
        "termsrv.dll",
        (
            "6.1.7601.23403 KB3125574",
            "6.2.9200.17048 KB2973501",
            "6.3.9600.17415 KB3000850",
            "10.0.14393.0 KB4022715",
            "10.0.15063.0",
        ),
    ),
    Binary(_RDP, "termdd.sys", ("6.1.7601.23403 KB3125574",)),
    Binary(
        _RDP,
        "win32k.sys",
        (
            "6.1.7601.23807 KB4022719",
            "6.2.9200.22168 KB4022718",
            "6.3.9600.18698 KB4022726",
            "10.0.14393.594 KB4022715",
        ),
    ),
    Binary(_RDP, "rdpdd.dll", ("6.1.7601.23403 KB3125574",)),
    Binary(_RDP, "rdpwd.sys", ("6.1.7601.23403 KB3125574",)),
)
