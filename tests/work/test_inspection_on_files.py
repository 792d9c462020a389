"""Looks at real files by a real child: a VHD that is a blob, and a qcow2 overlay over it, read through QEMU."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from calco.inspection.inspector import ChildInspector
from calco.model.inspection import Verdict
from calco.model.virtual_machine import Act
from calco.work import image, inspection, virtual_machine
from calco.work.capture_verdict import warning_of
from tests.inspection.disks import ext4
from tests.inspection.linux.trees import READY, changed
from tests.work.holding import on_files
from tests.work.sources import blob_at, from_disk, image_of, page_blob
from tests.world import World

pytestmark = pytest.mark.slow

KEY = {"/etc/ssh/ssh_host_ed25519_key": b"-----BEGIN OPENSSH PRIVATE KEY-----\n"}


def uploaded(world: World, name: str, change: Mapping[str, bytes]) -> str:
    """A VHD of a Debian, as a page blob."""
    content = ext4(changed(READY, change), size_mib=32, options=["-L", "root"])
    uri = page_blob(world, name, guest_bytes=len(content))
    world.disks.write(blob_at(world, uri).volume, 0, content)
    return uri


@pytest.mark.parametrize(("change", "verdict"), [(KEY, Verdict.SPECIALIZED), ({}, Verdict.GENERALIZED)])
def test_a_vhd_its_image_and_a_machine_of_it_get_the_verdict_of_their_bytes(
    tmp_path: Path, change: Mapping[str, bytes], verdict: Verdict
) -> None:
    world = on_files(tmp_path).with_network()
    world.cloud = replace(world.cloud, inspector=ChildInspector(), rules=replace(world.cloud.rules, looks=True))
    uri = uploaded(world, "os.vhd", change)

    wanted = image_of(world, "golden", from_disk(uri))
    captured = world.done(image.put(world.cloud, wanted))
    clone = world.clone("web1", wanted.id)
    world.done(virtual_machine.put(world.cloud, clone))
    world.done(virtual_machine.act(world.cloud, clone.id, Act.DEALLOCATE))

    of_blob = inspection.look_at_blob(world.cloud, uri)
    of_machine = inspection.look(world.cloud, clone.id)
    assert (of_blob.verdict, of_machine.verdict) == (verdict, verdict), (of_blob.evidence, of_machine.evidence)
    assert any("container." in each.code for each in of_blob.outcomes)
    assert not any("container." in each.code for each in of_machine.outcomes)
    assert (warning_of(captured) is None) is (verdict is Verdict.GENERALIZED)
    if change:
        assert "ssh_host_ed25519_key" in (warning_of(captured) or "")
    world.records.close()
