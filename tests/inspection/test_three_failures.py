"""docs/three-failures.md: three disks that nobody should make machines of, and what calco says of them.

What stands in the page was printed by these commands; the test fails when they print something else now, and `make
clients` writes the page anew.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from calco.model.document import Document
from tests.boot.lab import Lab, key_pair
from tests.cli.reports import without_patience
from tests.contract import pages
from tests.inspection.disks import ESP, WINDOWS, Partition, Tree, ext4, fat, gpt
from tests.inspection.linux.samples import INSTANCE, KEY, PUBLIC
from tests.inspection.linux.trees import GROUP, PASSWD, READY, SHADOW, changed
from tests.inspection.samples import bitlocker
from tests.inspection.windows.disk import IMAGE_STATE, SYSPREP_STATUS, WindowsDisk, ready_windows
from tests.service_process import serving

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_shows_what_calco_says_of_a_mere_flag_of_bitlocker_and_of_a_failed_sysprep(tmp_path: Path) -> None:
    disk(tmp_path / "web1.qcow2", gpt(Partition(ext4(USED, size_mib=16, options=["-L", "root"]))), "qcow2")
    encrypted = Partition(bitlocker("aes-xts_128"), type=WINDOWS)
    disk(tmp_path / "laptop.vhd", gpt(Partition(fat({}), type=ESP), encrypted), "vpc", *FIXED)
    disk(tmp_path / "server.vhd", sysprep_failed().uefi(), "vpc", *FIXED)

    shown = {
        **flagged(tmp_path),
        "bitlocker": said(tmp_path, "calco vhd check laptop.vhd --format vpc"),
        "sysprep": said(tmp_path, "calco vhd check server.vhd --format vpc"),
    }

    pages.check("three-failures", shown, folder=DOCS)
    for words, block in (
        ("windows.sysprep-store-apps", "sysprep"),
        ("BitLocker", "bitlocker"),
        ("/home/ana/.ssh/authorized_keys", "flagged"),
        ("NotGeneralized", "warning"),
    ):
        assert words in shown[block]


def flagged(folder: Path) -> dict[str, str]:
    """A machine whose disk is that of one that was used: looked at, flagged all the same, and captured."""
    with serving(folder / "data") as service:
        lab = Lab(service, key_pair(folder / "key"))
        lab.furnish()
        brought = ("--name", "brought", "--os-type", "Linux", "--generation", "V1", "--format", "qcow2")
        service.run("image", "import", str(folder / "web1.qcow2"), *brought, "-g", "lab")
        image: Document = {"imageReference": {"id": lab.path("images", "brought")}}
        lab.succeeded(lab.put("virtualMachines", "web1", lab.machine("web1", image)))
        lab.post("web1", "deallocate")
        checked = said(folder, "calco vm check web1", {"CALCO_HOME": str(service.data.root)})
        lab.post("web1", "generalize")
        source: Document = {"sourceVirtualMachine": {"id": lab.path("virtualMachines", "web1")}}
        ended = lab.ended(lab.put("images", "golden", {"location": "eastus", "properties": source}))
    return {"flagged": checked, "warning": pages.fence("json", pages.steady(json.dumps(ended, indent=2)))}


def said(folder: Path, line: str, environ: Mapping[str, str] | None = None) -> str:
    """A command as one would type it, what it printed, and its exit status. How many checks there are beside those that
    are shown is left out: a new check is no news for the page."""
    argv = [sys.executable, "-m", *shlex.split(line)]
    done = subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    printed = done.stdout + without_patience(done.stderr)
    printed = re.sub(r"^\d+ more are in order", "... more are in order", printed, flags=re.MULTILINE)
    return pages.fence("text", f"$ {line}\n{printed}\n$ echo $?\n{done.returncode}")


# --- the disks -------------------------------------------------------------------------------------------------------

FIXED = ("-o", "subformat=fixed,force_size=on")


def disk(file: Path, content: bytes, format: str, *options: str) -> None:
    """The disk with that content, in a file of that format."""
    raw = file.with_suffix(".raw")
    raw.write_bytes(content)
    argv = ["qemu-img", "convert", "-f", "raw", "-O", format, *options, str(raw), str(file)]
    subprocess.run(argv, check=True, timeout=60)
    raw.unlink()


USED: Tree = changed(
    READY,
    {
        "/etc/passwd": f"{PASSWD}ana:x:1000:1000:Ana:/home/ana:/bin/bash\n".encode(),
        "/etc/shadow": f"{SHADOW}ana:!:19700:0:99999:7:::\n".encode(),
        "/etc/group": f"{GROUP}ana:x:1000:\n".encode(),
        "/etc/hostname": b"web1\n",
        "/etc/machine-id": b"8f4e1f5c2b7a4c0f9d3e6a1b2c4d5e6f\n",
        "/etc/ssh/ssh_host_ed25519_key": KEY,
        "/etc/ssh/ssh_host_ed25519_key.pub": PUBLIC,
        "/home/ana/.bash_history": b"sudo apt-get install nginx\n",
        "/home/ana/.ssh/authorized_keys": PUBLIC,
        "/home/ana/notes.txt": b"call Luis\n",
        "/var/lib/dhcp/dhclient.eth0.leases": b"lease {\n  fixed-address 10.0.0.4;\n}\n",
        "/var/lib/waagent/ovf-env.xml": b"<Environment/>\n",
        "/var/lib/waagent/provisioned": b"7d1f3a2c-0000-4000-8000-000000000001\n",
        f"{INSTANCE}/datasource": b"DataSourceAzure\n",
    },
)
"""The disk of a Debian that was set up in Azure and used."""


def sysprep_failed() -> WindowsDisk:
    """In use, and its last sysprep ended at an app that one user had updated. The log's lines are sysprep's own.
    Source: Microsoft, "Sysprep fails after you remove or update Microsoft Store apps" (KB 2769827)."""
    windows = ready_windows()
    windows.software[IMAGE_STATE]["ImageState"] = "IMAGE_STATE_COMPLETE"
    windows.system[SYSPREP_STATUS]["GeneralizationState"] = 7
    windows.system["Setup"].update(CmdLine="", OOBEInProgress=0, SetupType=0, SystemSetupInProgress=0)
    windows.files["/Windows/Setup/State/State.ini"] = b"[State]\r\nImageState=IMAGE_STATE_COMPLETE\r\n"
    del windows.files["/Windows/System32/Sysprep/Sysprep_succeeded.tag"]
    begins = (
        "2026-11-20 09:29:58, Info                  SYSPRP ===          Beginning of a new sysprep run           ==="
    )
    errors = [f"2026-11-20 09:30:{second:02}, Error                 {line}" for second, line in enumerate(ERRORS)]
    for name, lines in (("setuperr.log", errors), ("setupact.log", [begins, *errors])):
        content = "".join(f"{each}\r\n" for each in lines).encode()
        windows.files[f"/Windows/System32/Sysprep/Panther/{name}"] = content
    return windows


ERRORS = (
    r"""
SYSPRP Package Contoso.Notes_2.4.1.0_x64__8wekyb3d8bbwe was installed for a user, but not provisioned for all users. \
This package will not function properly in the sysprep image.
SYSPRP Failed to remove apps for the current user: 0x80073cf2.
SYSPRP Exit code of RemoveAllApps thread was 0x3cf2.
SYSPRP ActionPlatform::LaunchModule: Failure occurred while executing 'SysprepGeneralizeValidate' from \
C:\Windows\System32\AppxSysprep.dll; dwRet = 0x3cf2
[0x0f0070] SYSPRP RunExternalDlls:An error occurred while running registry sysprep DLLs, halting sysprep execution. \
dwRet = 0x3cf2
""".replace("\\\n", "")
    .strip()
    .splitlines()
)
