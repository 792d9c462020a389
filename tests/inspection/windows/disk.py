"""Builds disks with a Windows on them: hives by hivex, NTFS by ntfs-3g and wimlib, no mount, no root.

A Windows is written down as two tables: hives (key, name, data) and files::

    machine = ready_windows()                                # complete, generalized, raises nothing
    machine.system[r"Setup\\Status\\SysprepStatus"]["GeneralizationState"] = 7
    seen = machine.seen()                                    # a whole inspection, in this process: some 60 ms
    machine.mend(by_code()["windows.sysprep-phase"].fix)     # the command that is shown

``Current`` stands for ``ControlSet001`` in keys of SYSTEM.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from calco.inspection.blocks import KeptBlocks
from calco.inspection.look import look
from calco.inspection.sighting import Sighting
from calco.inspection.windows.checks_azure_unread import UNREAD
from calco.inspection.windows.hive import Data
from calco.model.inspection import Result
from tests.inspection.disks import ESP, WINDOWS, File, Folder, Memory, Partition, Tree, fat, gpt, ntfs
from tests.inspection.windows import azure_ready
from tests.inspection.windows.hives import hive
from tests.inspection.windows.registry_data import Expand, Identifier, Keys

CONFIG = "/Windows/System32/config"
CURRENT = "ControlSet001"


# ----- a Windows


@dataclass
class WindowsDisk:
    """A Windows as a test writes it down. ``raw`` holds hives' and logs' bytes that stand in place of what
    ``hives`` says: ``{"SYSTEM": ..., "SYSTEM.LOG1": ...}``."""

    hives: dict[str, Keys]
    files: dict[str, bytes | File | Folder] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    boot: Keys = field(default_factory=dict)
    """The BCD hive's."""

    @property
    def system(self) -> Keys:
        return self.hives["SYSTEM"]

    @property
    def software(self) -> Keys:
        return self.hives["SOFTWARE"]

    def tree(self) -> Tree:
        """Without the boot files."""
        hives = {f"{CONFIG}/{name}": hive(_in_full(keys)) for name, keys in self.hives.items() if name not in self.raw}
        return {**hives, **{f"{CONFIG}/{name}": content for name, content in self.raw.items()}, **self.files}

    def bare(self) -> bytes:
        """One NTFS and no partitions."""
        return ntfs({**self.tree(), "/Boot/BCD": hive(self.boot)})

    def uefi(self) -> bytes:
        """A GPT with an EFI partition that boots it."""
        boot = fat({"/EFI/Microsoft/Boot/BCD": hive(self.boot)})
        return gpt(Partition(boot, type=ESP), Partition(ntfs(self.tree()), type=WINDOWS))

    def seen(self) -> Sighting:
        return look(KeptBlocks(Memory(self.bare())))

    def failing(self) -> set[str]:
        """The codes of what fails or cannot be read, but for what no disk tells."""
        unread = {each.code for each in UNREAD}
        return {each.code for each in self.seen().seen if each.result is not Result.PASSED} - unread

    def mend(self, fix: str) -> None:
        """Does what the lines of a shown fix do that are known here; fails when none of them is."""
        known = [_done(self, line.strip()) for line in fix.splitlines()]
        assert any(known), f"nothing of this is known here: {fix}"

    def keys_of(self, path: str) -> tuple[Keys, str]:
        """The hive and the path in it of a key as ``reg`` writes it."""
        root, name, rest = path.split("\\", 2)
        assert root in {"HKLM", "HKEY_LOCAL_MACHINE"}, path
        keys = self.hives[name.upper()]
        rest = re.sub("(?i)^CurrentControlSet", "Current", rest)
        (known,) = [each for each in keys if each.upper() == rest.upper()] or [rest]
        return keys, known


def _in_full(keys: Keys) -> Keys:
    return {re.sub(r"^Current(?=\\|$)", CURRENT, path): values for path, values in keys.items()}


# ----- what a fix does


def _done(disk: WindowsDisk, line: str) -> bool:
    """One line of cmd or PowerShell: whether it was understood."""
    words = [each.strip('"') for each in re.findall(r'"[^"]*"|\S+', line)]
    for pattern, effect in EFFECTS.items():
        if re.search(pattern, line):
            effect(disk)
            return True
    match [each.lower() for each in words[:2]]:
        case ["reg", "add"]:
            _reg_add(disk, words[2], words[3:])
        case ["reg", "delete"]:
            _reg_delete(disk, words[2], words[3:])
        case ["remove-item", _]:
            _removed(disk, [each.strip(",") for each in words[1:] if each.startswith("C:")])
        case _:
            return False
    return True


def _reg_add(disk: WindowsDisk, key: str, words: list[str]) -> None:
    keys, path = disk.keys_of(key)
    given = _options(words)
    if "/v" not in given and "/ve" not in given:
        keys.setdefault(path, {})
        return
    text = given.get("/d", "")
    data: Data
    match given.get("/t", "REG_SZ"):
        case "REG_DWORD" | "REG_QWORD":
            data = int(text, 0)
        case "REG_EXPAND_SZ":
            data = Expand(text)
        case "REG_MULTI_SZ":
            data = tuple(filter(None, text.split("\\0")))
        case "REG_BINARY":
            data = bytes.fromhex(text)
        case "REG_SZ":
            data = text
        case other:
            raise AssertionError(other)
    _without(keys.setdefault(path, {}), given.get("/v", ""))
    keys[path][given.get("/v", "")] = data


def _reg_delete(disk: WindowsDisk, key: str, words: list[str]) -> None:
    keys, path = disk.keys_of(key)
    given = _options(words)
    if "/va" in given:
        keys[path].clear()
    elif "/v" in given or "/ve" in given:
        _without(keys.get(path, {}), given.get("/v", ""))
    else:
        for each in [each for each in keys if f"{each}\\".upper().startswith(f"{path}\\".upper())]:
            del keys[each]


def _without(values: dict[str, Data], name: str) -> None:
    for each in [each for each in values if each.upper() == name.upper()]:
        del values[each]


def _options(words: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        assert word.startswith("/"), word
        given[word.lower()] = next(rest) if word.lower() in {"/v", "/t", "/d", "/s"} else ""
    return given


def _removed(disk: WindowsDisk, patterns: list[str]) -> None:
    """Files and folders by ``C:\\Windows\\...``, ``*`` in any part."""
    for pattern in patterns:
        path = re.sub("(?i)^%windir%", r"C:\\Windows", re.sub("(?i)^%systemdrive%", "C:", pattern))
        assert path.startswith("C:\\"), pattern
        wanted = re.escape(path[2:].replace("\\", "/")).replace(r"\*", "[^/]*")
        for each in [each for each in disk.files if re.match(f"(?i){wanted}(/|$)", each)]:
            del disk.files[each]


def generalize(disk: WindowsDisk) -> None:
    """What a run of sysprep leaves that succeeded."""
    disk.software[IMAGE_STATE] = {"ImageState": GENERALIZED}
    disk.system[SYSPREP_STATUS] = {"GeneralizationState": 3, "CleanupState": 2}
    disk.system["Setup"].update({"SetupType": 2, "CmdLine": r"oobe\windeploy.exe", "SystemSetupInProgress": 1})
    disk.files.update(_files())


def _people_leave(disk: WindowsDisk) -> None:
    for key in [each for each in disk.software if each.startswith(PROFILES) and not each.endswith(("-18", "-500"))]:
        del disk.software[key]
    for path in [each for each in disk.files if re.match("/Users/(?!Administrator/|Public/)", each)]:
        del disk.files[path]


def _accounts_leave(disk: WindowsDisk) -> None:
    names = disk.hives["SAM"]
    for key in [key for key, values in names.items() if any(isinstance(n, int) and n >= 1000 for n in values.values())]:
        del names[key]


def _apps_leave(disk: WindowsDisk) -> None:
    for key in [each for each in disk.software if each.startswith(rf"{APPS}\S-1-5-21-")]:
        del disk.software[key]


def _roles_leave(disk: WindowsDisk) -> None:
    for key in [each for each in disk.software if "ServerComponentCache" in each]:
        disk.software[key]["InstallState"] = 0
    for service in ("CertSvc", "adfssrv", "DHCPServer", "NTDS"):
        disk.system.pop(rf"Current\Services\{service}", None)


def _domain_left(disk: WindowsDisk) -> None:
    disk.system[r"Current\Services\Tcpip\Parameters"].update({"Domain": "", "NV Domain": ""})


def _shut_down(disk: WindowsDisk) -> None:
    disk.files.pop("/hiberfil.sys", None)
    disk.raw.clear()


EFFECTS: Mapping[str, Callable[[WindowsDisk], None]] = {
    r"sysprep\.exe /generalize": generalize,
    r"\| Remove-LocalUser$": _accounts_leave,
    r"^Get-CimInstance Win32_UserProfile .* Remove-CimInstance$": _people_leave,
    r"\| Remove-AppxPackage -AllUsers$": _apps_leave,
    r"Uninstall-WindowsFeature ": _roles_leave,
    r"^Remove-Computer -WorkgroupName": _domain_left,
    r"^shutdown /s ": _shut_down,
}
"""What a command does that is more than a value or a file."""


# ----- the one that is right


def ready_windows() -> WindowsDisk:
    """A complete, generalized Windows, ready for Azure: nothing about it is found."""
    return WindowsDisk(
        hives={
            "SYSTEM": _both(_system(), azure_ready.system()),
            "SOFTWARE": _both(_software(), azure_ready.software()),
            "SAM": {
                NAMES: {},
                rf"{NAMES}\Administrator": {"": Identifier(500)},
                rf"{NAMES}\Guest": {"": Identifier(501)},
            },
        },
        files={**_files(), **azure_ready.files()},
        boot=azure_ready.boot(),
    )


def _both(one: Keys, other: Keys) -> Keys:
    return {key: {**one.get(key, {}), **other.get(key, {})} for key in [*one, *(set(other) - set(one))]}


GENERALIZED = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
IMAGE_STATE = r"Microsoft\Windows\CurrentVersion\Setup\State"
SYSPREP_STATUS = r"Setup\Status\SysprepStatus"
VERSION = r"Microsoft\Windows NT\CurrentVersion"
PROFILES = rf"{VERSION}\ProfileList"
APPS = r"Microsoft\Windows\CurrentVersion\Appx\AppxAllUserStore"
NAMES = r"SAM\Domains\Account\Users\Names"
PANTHER = "/Windows/System32/Sysprep/Panther"
BEGINS = "SYSPRP ===          Beginning of a new sysprep run          ==="


def _system() -> Keys:
    return {
        "Select": {"Current": 1, "Default": 1, "LastKnownGood": 1, "Failed": 0},
        "Setup": {
            "CmdLine": r"oobe\windeploy.exe",
            "OOBEInProgress": 1,
            "SetupType": 2,
            "SystemSetupInProgress": 1,
        },
        SYSPREP_STATUS: {"GeneralizationState": 3, "CleanupState": 2},
        r"Current\Control\Session Manager\Environment": {"PROCESSOR_ARCHITECTURE": "AMD64"},
        r"Current\Services\cdrom": {"Start": 1},
        r"Current\Services\Tcpip\Parameters": {"Domain": "", "NV Domain": "", "Hostname": "WIN-0123456789A"},
    }


def _software() -> Keys:
    return {
        VERSION: {
            "ProductName": "Windows Server 2022 Datacenter",
            "EditionID": "ServerDatacenter",
            "InstallationType": "Server",
            "CurrentBuild": "20348",
            "CurrentBuildNumber": "20348",
            "CurrentMajorVersionNumber": 10,
            "CurrentMinorVersionNumber": 0,
            "DisplayVersion": "21H2",
            "UBR": 2762,
        },
        IMAGE_STATE: {"ImageState": GENERALIZED},
        rf"{PROFILES}\S-1-5-18": {"ProfileImagePath": Expand(r"%systemroot%\system32\config\systemprofile")},
        rf"{PROFILES}\S-1-5-21-1-2-3-500": {"ProfileImagePath": Expand(r"C:\Users\Administrator")},
        rf"{APPS}\Applications\Microsoft.Paint_11.2302.20.0_neutral_~_8wekyb3d8bbwe": {},
        rf"{APPS}\S-1-5-21-1-2-3-500\Microsoft.Paint_11.2302.20.0_x64__8wekyb3d8bbwe": {},
    }


def _files() -> dict[str, bytes | File | Folder]:
    return {
        "/Windows/explorer.exe": b"MZ",
        "/Windows/Setup/State/State.ini": f"[State]\r\nImageState={GENERALIZED}\r\n".encode(),
        "/Windows/System32/Sysprep/Sysprep_succeeded.tag": b"",
        f"{PANTHER}/setupact.log": log(
            f"Info                  {BEGINS}",
            "Error      [0x0f0070] SYSPRP RunDlls:An earlier run failed. dwRet = 0x3cf2",
            f"Info                  {BEGINS}",
            "Error                 SYSPRP MRTGeneralize:107 - ERROR: Failed DeleteInstance, which hurts nobody",
            r"Info       [0x0f0079] SYSPRP FCreateTagFile:Successfully created tag file C:\Windows\System32\Sysprep",
            "Info       [0x0f004c] SYSPRP ProcessShutdown:Successfully called InitiateSystemShutdownEx",
        ),
        f"{PANTHER}/setuperr.log": log(
            "Error      [0x0f0070] SYSPRP RunDlls:An earlier run failed. dwRet = 0x3cf2",
            "Error                 SYSPRP MRTGeneralize:107 - ERROR: Failed DeleteInstance, which hurts nobody",
        ),
        "/Users/Administrator/desktop.ini": b"",
        "/Users/Public/desktop.ini": b"",
    }


def log(*lines: str) -> bytes:
    """As Setup writes its logs; a line begins with its level."""
    return "".join(f"2026-11-20 09:30:{second:02}, {line}\r\n" for second, line in enumerate(lines)).encode()
