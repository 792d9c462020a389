"""Every check of a Linux: a disk that raises it and nothing else; the same disk after the shown fix does not."""

import pytest

from calco.inspection.catalogue import by_code
from calco.inspection.inspector import ChildInspector
from calco.inspection.linux.checks import CHECKS
from calco.inspection.look import look
from calco.inspection.sighting import Sighting
from calco.model.inspection import Result, Verdict
from tests.inspection.disks import Memory, Partition, Tree, ext4, gpt
from tests.inspection.linux.samples import SAMPLES
from tests.inspection.linux.trees import READY, changed, mended

CODES = [each.code for each in CHECKS]
OF_THE_VERDICT = {
    "linux.ssh-host-keys",
    "linux.ssh-host-keys-elsewhere",
    "linux.waagent-provisioned",
    "linux.waagent-ovf-env",
}

SAID = {
    "linux.distribution": "another distribution",
    "linux.architecture": "64 bit",
    "linux.kernel": "apt-get install",
    "linux.hyperv-drivers": "apt-get install",
    "linux.virtio-drivers": "linux-image-cloud",
    "linux.boot-loader": "update-grub",
    "linux.fstab-device-names": "/etc/fstab",
    "linux.fstab-foreign-devices": "/etc/fstab",
    "linux.ssh-server": "openssh-server",
    "linux.provisioning-agent": "cloud-init waagent",
    "linux.cloud-init-missing": "install --yes cloud-init",
    "linux.waagent-missing": "install --yes waagent",
}
"""Words of the fixes that no tree can be given, and whose effect a sample states."""


def looked_at(tree: Tree) -> Sighting:
    return look(Memory(gpt(Partition(ext4(tree, size_mib=4, options=["-L", "root"])))))


def failures(sighting: Sighting) -> set[str]:
    return {each.code for each in sighting.seen if each.result is Result.FAILED and each.code.startswith("linux.")}


def test_nothing_is_found_on_a_disk_that_is_fit_for_an_image() -> None:
    seen = looked_at(READY)

    assert failures(seen) == set()
    assert [each for each in seen.seen if each.result is Result.NOT_READ] == []
    assert seen.verdict is Verdict.GENERALIZED


def test_every_check_has_a_sample() -> None:
    assert set(SAMPLES) == set(CODES)
    assert len(CODES) == len(set(CODES))


def test_a_fix_whose_effect_is_only_stated_names_what_has_it() -> None:
    assert set(SAID) == {code for code, sample in SAMPLES.items() if sample.stated is not None}
    assert {code: by_code()[code].fix for code, words in SAID.items() if words not in by_code()[code].fix} == {}


@pytest.mark.slow
def test_the_confined_child_finds_everything_at_once_as_it_is_found_here() -> None:
    """It can open no file any more: whatever is imported or looked up late would be missed."""
    tree = READY
    for sample in SAMPLES.values():
        if None not in sample.change.values():
            tree = changed(tree, sample.change)
    disk = gpt(Partition(ext4(tree, size_mib=4, options=["-L", "root"])))

    here, there = look(Memory(disk)), ChildInspector().inspect(Memory(disk))

    assert there.verdict is here.verdict is Verdict.SPECIALIZED
    assert there.evidence == here.evidence
    assert {each.code: (each.result, each.found) for each in there.outcomes} == {
        each.code: (each.result, each.found) for each in here.seen
    }
    assert len(there.findings) > 50
    assert not [each for each in there.outcomes if each.result is Result.NOT_READ]


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
def test_a_disk_raises_exactly_one_finding_and_the_shown_fix_mends_it(code: str) -> None:
    sample, fix = SAMPLES[code], by_code()[code].fix
    bad = changed(READY, sample.change)

    before = looked_at(bad)
    assert failures(before) == {code, *sample.implies}
    expected = Verdict.SPECIALIZED if code in OF_THE_VERDICT else Verdict.GENERALIZED
    assert before.verdict is expected

    if sample.stated is not None:
        after = looked_at(changed(bad, sample.stated))
    else:
        fix = fix.replace("NAME", sample.name or "NAME")
        after = looked_at(mended(bad, fix))
    assert code not in failures(after)
    assert failures(after) <= sample.implies
    assert after.verdict is Verdict.GENERALIZED
