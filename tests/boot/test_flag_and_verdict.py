"""The flag and the verdict: what a machine that was only flagged leaves in its clones, and a generalized one does not.

Three boots. A machine is used, flagged and captured. Its clone belongs to another owner and still lets the first one
in; it is deprovisioned, and put right by the very commands that the findings show, looked at and captured again: by
the document's own script, word for word, in the Cloud Shell. The clone of that holds nothing of either owner.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from calco.model.document import Document, objects_at, text_at

from . import document
from .lab import DEBIAN_V1, Lab, key_pair, laboratory
from .test_main_job import copy_of, disk_id

pytestmark = [pytest.mark.guest, pytest.mark.timeout(1800)]

NOTE = "the first owner wrote this"
NAMED = {"linux.accounts", "linux.authorized-keys", "linux.ssh-host-keys"}
WORSE_THAN_ADVICE = ("blocksBoot", "leaks")
PROVISIONED = "cloud-init status --wait >/dev/null"


@dataclass(frozen=True)
class Owner:
    """Whom a machine is made for: an account and the key that opens it."""

    name: str
    key: Path

    @property
    def public(self) -> str:
        return self.key.with_suffix(".pub").read_text().strip()

    def profile(self) -> Document:
        keys: Document = {"publicKeys": [{"path": f"/home/{self.name}/.ssh/authorized_keys", "keyData": self.public}]}
        linux: Document = {"disablePasswordAuthentication": True, "ssh": keys}
        return {"adminUsername": self.name, "linuxConfiguration": linux}


def test_a_flag_alone_is_captured_with_a_warning_and_its_clone_holds_what_the_warning_named(tmp_path: Path) -> None:
    first, second, third = (Owner(name, key_pair(tmp_path / name)) for name in ("first", "second", "third"))
    with laboratory(tmp_path, group=document.GROUP) as lab:
        made(lab, "source", DEBIAN_V1, first)
        lab.ssh("source", f"{PROVISIONED}; echo {NOTE} >~/note; sync", key=first.key)
        flagged = captured_by_its_flag_alone(lab, first)

        made(lab, document.MACHINE, {"id": flagged}, second)
        the_first_owner_is_still_in(lab, first, second)
        clean = captured_after_it_was_put_right(lab, first, second)

        made(lab, "clone2", {"id": clean}, third)
        nothing_is_left(lab, [first, second], third)


def made(lab: Lab, name: str, image: Document, owner: Owner) -> None:
    """A machine of that image, provisioned."""
    lab.succeeded(lab.put("virtualMachines", name, lab.machine(name, {"imageReference": image}, **owner.profile())))
    assert text_at(lab.get("virtualMachines", name), "properties", "provisioningState") == "Succeeded"


def looked_at(lab: Lab, type: str, name: str) -> Document:
    """The report of a look at a resource's disk, now."""
    answer = lab.service.client.send("POST", f"{lab.path(type, name)}/providers/Calco/inspect")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def captured(lab: Lab, name: str, machine: str) -> Document:
    """The operation that made an image of it, at its end."""
    source: Document = {"sourceVirtualMachine": {"id": lab.path("virtualMachines", machine)}}
    ended = lab.ended(lab.put("images", name, {"location": "eastus", "properties": source}))
    assert ended["status"] == "Succeeded", ended
    return ended


def codes(report: Document, *severities: str) -> set[str]:
    """Of what was found."""
    found = objects_at(report, "findings")
    return {str(each["code"]) for each in found if not severities or each["severity"] in severities}


def captured_by_its_flag_alone(lab: Lab, owner: Owner) -> str:
    lab.make("snapshots", "running", copy_of(disk_id(lab)))
    running = looked_at(lab, "snapshots", "running")
    lab.post("source", "deallocate")
    stopped = looked_at(lab, "virtualMachines", "source")
    lab.post("source", "generalize")
    flagged = looked_at(lab, "virtualMachines", "source")

    assert [each["verdict"] for each in (running, stopped, flagged)] == ["specialized"] * 3
    assert (flagged["evidence"], flagged["findings"]) == (stopped["evidence"], stopped["findings"])
    assert text_at(running, "os", "name"), running
    assert codes(stopped) >= NAMED, stopped
    named = " ".join(str(each["evidence"]) for each in objects_at(stopped, "findings") if each["code"] in NAMED)
    assert owner.name in named
    last = objects_at(lab.get("virtualMachines", "source", "/instanceView"), "statuses")[-1]
    assert (last["code"], last["level"]) == ("Inspection/specialized", "Warning")

    ended = captured(lab, "flagged", "source")

    (warning,) = objects_at(ended, "warnings")
    assert warning["code"] == "NotGeneralized"
    message = str(warning["message"])
    assert "is not generalized" in message
    assert [each for each in ("ssh_host_ed25519_key", *sorted(NAMED)) if each not in message] == []
    assert looked_at(lab, "images", "flagged")["verdict"] == "specialized"
    return lab.path("images", "flagged")


def the_first_owner_is_still_in(lab: Lab, first: Owner, second: Owner) -> None:
    """With the key of the source's owner, which whoever made the clone never gave it."""
    shown = lab.ssh(document.MACHINE, f"{PROVISIONED}; hostname; whoami", key=second.key).split()
    assert shown == [document.MACHINE, second.name]
    said = lab.ssh(
        document.MACHINE, "whoami; cat ~/note; cat ~/.ssh/authorized_keys; sudo whoami", user=first.name, key=first.key
    ).splitlines()
    assert said == [first.name, NOTE, first.public, "root"]


def captured_after_it_was_put_right(lab: Lab, first: Owner, second: Owner) -> str:
    lab.make("snapshots", "before", copy_of(disk_id(lab, document.MACHINE)))
    before = looked_at(lab, "snapshots", "before")
    removed = f"waagent -deprovision+user -force\nuserdel --force --remove {first.name}"
    lab.ssh(document.MACHINE, f"sudo sh -s <<'END'\n{removed}\n{fixes(before)}\nEND\nsync", key=second.key)

    said = document.stopped_generalized_and_captured(lab)

    after = looked_at(lab, "images", document.IMAGE)
    assert (before["verdict"], after["verdict"]) == ("specialized", "generalized"), after
    assert codes(before, *WORSE_THAN_ADVICE) >= NAMED
    assert codes(after, *WORSE_THAN_ADVICE) == set(), after
    assert "WARNING" not in said
    return lab.path("images", document.IMAGE)


def fixes(report: Document) -> str:
    """What is shown against everything worse than advice, for a shell. Accounts are their finder's to name."""
    found = objects_at(report, "findings")
    asked = [each for each in found if each["severity"] in WORSE_THAN_ADVICE and each["code"] != "linux.accounts"]
    return "\n".join(str(each["fix"]) for each in asked)


def nothing_is_left(lab: Lab, gone: list[Owner], owner: Owner) -> None:
    names, keys = " ".join(each.name for each in gone), "\n".join(each.public.split()[1] for each in gone)
    said = lab.ssh(
        "clone2",
        f"{PROVISIONED}; hostname; whoami; getent passwd {names}; ls /home\n"
        "sudo find / -xdev -name note -path '*home*'\n"
        f"printf '%s\\n' '{keys}' >/tmp/keys; sudo grep -rlFf /tmp/keys /home /root /etc /var /opt || true",
        key=owner.key,
    ).splitlines()
    assert said == ["clone2", owner.name, owner.name]
    for each in gone:
        refused = lab.try_ssh("clone2", "true", user=each.name, key=each.key)
        assert refused.returncode == 255
        assert "Permission denied" in refused.stderr
