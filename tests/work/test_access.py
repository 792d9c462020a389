"""Signed URLs on disks and snapshots: who gets one, what it forbids, how it ends; and uploads."""

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.access import MAX_SECONDS, Access, Grant
from calco.model.disk import CreateOption, NewDisk
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.virtual_machine import Act
from calco.model.volume import GIB, MIB
from calco.ports import VolumeFrozen
from calco.work import access, disk, snapshot, virtual_machine
from tests.crash.scenes_snapshot import wish as snapshot_wish
from tests.work.looking import failure, refused
from tests.work.sources import disk_of, uploaded_into
from tests.world import GROUP, LOCATION, World


def url_of(world: World, accepted: object) -> str:
    operation = accepted.operation  # type: ignore[attr-defined]
    with world.records.read() as view:
        output = access.output_of(world.cloud, view, operation)
    assert output is not None
    return str(output["accessSAS"])


def find(world: World, url: str) -> Grant | None:
    _, account, container, name = urlsplit(url).path.split("/")
    assert name == "abcd"
    with world.records.read() as view:
        return access.find(view, account, container, world.clock.now())


def state(world: World, id: ResourceId) -> object:
    return disk.get(world.cloud, id).properties["diskState"]


def upload_disk(world: World, guest_bytes: int = 64 * MIB) -> ResourceId:
    wanted = NewDisk(
        world.with_group().id("disks", "upload"), LOCATION, None, CreateOption.UPLOAD, None, None, None, None, {},
        upload_bytes=guest_bytes + 512,
    )  # fmt: skip
    world.done(disk.put(world.cloud, wanted))
    return wanted.id


def volume_of(world: World, id: ResourceId) -> str:
    with world.records.read() as view:
        return access.upload_volume(view, id)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_read_grant_leads_from_its_url_to_the_disk(world: World) -> None:
    data = world.with_group().empty_disk("data")

    url = url_of(world, access.begin(world.cloud, data, Access.READ, 100))

    parts, grant = urlsplit(url), find(world, url)
    assert url.startswith(f"{world.rules.blob_url}/md-")
    assert [len(each) for each in parts.path.split("/")[1:]] == [23, 12, 4]
    assert grant is not None
    assert (grant.resource, grant.write) == (data, False)
    query = parse_qs(parts.query)
    assert query["si"] == [grant.identifier]
    assert (query["sv"], query["sr"]) == (["2018-03-28"], ["b"])
    assert hmac.compare_digest(query["sig"][0], grant.signature())
    assert state(world, data) == "ActiveSAS"
    with world.records.read() as view:
        volume, size_bytes = access.source_for_reading(view, data)
    assert (volume in world.disks.volumes(), size_bytes) == (True, GIB)


def test_the_key_is_in_nobodys_hands(world: World) -> None:
    data = world.with_group().empty_disk("data")
    url = url_of(world, access.begin(world.cloud, data, Access.READ, 100))
    grant, record = find(world, url), disk.get(world.cloud, data)
    assert grant is not None
    assert grant.key.decode() not in url
    assert grant.key.decode() not in str(record.properties) + str(record.extra)
    with world.records.read() as view:
        operations = view._connection.exec_driver_sql("SELECT * FROM operations").fetchall()
    assert grant.key.decode() not in str(operations)
    assert grant.signature() not in str(operations)


def test_a_grant_ends_by_itself_and_the_state_falls_back(world: World) -> None:
    data = world.with_group().empty_disk("data")
    accepted = access.begin(world.cloud, data, Access.READ, 100)
    url = url_of(world, accepted)
    world.clock.move(timedelta(seconds=99))
    assert find(world, url) is not None

    world.clock.move(timedelta(seconds=1))

    assert find(world, url) is None
    assert state(world, data) == "Unattached"
    assert [each.properties["diskState"] for each in disk.list(world.cloud, GROUP)] == ["Unattached"]
    assert accepted.operation is not None
    with world.records.read() as view:
        assert access.output_of(world.cloud, view, accepted.operation) is None
    again = url_of(world, access.begin(world.cloud, data, Access.READ, 100))
    assert find(world, url) is None
    assert find(world, again) is not None


def test_an_ended_grant_is_gone_and_ending_it_again_is_fine(world: World) -> None:
    data = world.with_group().empty_disk("data")
    url = url_of(world, access.begin(world.cloud, data, Access.READ, 100))
    for _ in range(2):
        world.done(access.end(world.cloud, data))
        assert find(world, url) is None
        assert state(world, data) == "Unattached"
    with world.records.read() as view:
        assert view.note(f"access/{urlsplit(url).path.split('/')[1]}") is None


def test_an_earlier_operation_does_not_show_a_later_url(world: World) -> None:
    data = world.with_group().empty_disk("data")
    first = access.begin(world.cloud, data, Access.READ, 100)
    world.done(access.end(world.cloud, data))
    access.begin(world.cloud, data, Access.READ, 100)
    assert first.operation is not None
    with world.records.read() as view:
        assert access.output_of(world.cloud, view, first.operation) is None


def test_nobody_reads_a_disk_that_an_operation_is_at(world: World) -> None:
    data = world.with_group().empty_disk("data")
    deletion = disk.delete(world.cloud, data)
    refused(world, lambda: access.begin(world.cloud, data, Access.READ, 100), 409, "Conflict")
    refused(world, lambda: access.end(world.cloud, data), 409, "Conflict")
    world.done(deletion)


def test_another_account_or_container_leads_nowhere(world: World) -> None:
    data = world.with_group().empty_disk("data")
    url = url_of(world, access.begin(world.cloud, data, Access.READ, 100))
    _, account, container, _ = urlsplit(url).path.split("/")
    now = world.clock.now()
    with world.records.read() as view:
        assert access.find(view, account, container[::-1] + "0", now) is None
        assert access.find(view, "md-" + "0" * 20, container, now) is None


def test_one_url_at_a_time(world: World) -> None:
    data = world.with_group().empty_disk("data")
    access.begin(world.cloud, data, Access.READ, 100)
    words = "There is an active shared access signature outstanding for disk data."
    refused(world, lambda: access.begin(world.cloud, data, Access.READ, 100), 409, "OperationNotAllowed", words)


@pytest.mark.parametrize("seconds", [0, -1, MAX_SECONDS + 1])
def test_access_has_a_length(world: World, seconds: int) -> None:
    data = world.with_group().empty_disk("data")
    ask = lambda: access.begin(world.cloud, data, Access.READ, seconds)  # noqa: E731
    refused(world, ask, 400, "InvalidParameter", "durationInSeconds")


def test_what_is_there_may_not_be_read_or_written_in_every_state(world: World) -> None:
    data = world.with_group().empty_disk("data")
    refused(world, lambda: access.begin(world.cloud, data, Access.WRITE, 9), 409, "OperationNotAllowed", "Upload")
    refused(world, lambda: access.begin(world.cloud, data, Access.NONE, 9), 400, "InvalidParameter", "access")
    nobody = world.id("disks", "nobody")
    refused(world, lambda: access.begin(world.cloud, nobody, Access.READ, 9), 404, "ResourceNotFound")
    refused(world, lambda: access.end(world.cloud, nobody), 404, "ResourceNotFound")
    upload = upload_disk(world)
    refused(world, lambda: access.begin(world.cloud, upload, Access.READ, 9), 409, "OperationNotAllowed", "Upload")


@pytest.mark.parametrize("policy", [{"networkAccessPolicy": "DenyAll"}, {"publicNetworkAccess": "Disabled"}])
def test_a_disk_that_denies_access_gives_no_url(world: World, policy: dict[str, str]) -> None:
    data = world.with_group().empty_disk("data")
    world.done(disk.patch(world.cloud, data, disk.DiskChange(properties={**policy})))
    ask = lambda: access.begin(world.cloud, data, Access.READ, 9)  # noqa: E731
    refused(world, ask, 409, "OperationNotAllowed", "AllowAll")


def test_a_running_machines_disk_gives_no_url_and_a_deallocated_ones_does(world: World) -> None:
    machine = world.with_network().running_machine("web1")
    data = disk_of(world, machine, 3)
    words = f"Access not permitted because disk {data.name} is currently attached to running VM {machine}."
    refused(world, lambda: access.begin(world.cloud, data, Access.READ, 9), 409, "OperationNotAllowed", words)
    world.done(virtual_machine.act(world.cloud, machine, Act.DEALLOCATE))

    access.begin(world.cloud, data, Access.READ, 9)

    assert state(world, data) == "ActiveSAS"
    start = partial(virtual_machine.act, world.cloud, machine, Act.START)
    words = f"There is an active shared access signature outstanding for disk {data.name}."
    refused(world, start, 409, "OperationNotAllowed", words, "before starting the VM")
    world.done(access.end(world.cloud, data))
    assert state(world, data) == "Reserved"
    world.done(start())
    assert state(world, data) == "Attached"


@pytest.mark.parametrize(
    ("ask", "doing"),
    [
        (lambda world, data: disk.delete(world.cloud, data), "deleting the disk"),
        (lambda world, data: disk.patch(world.cloud, data, disk.DiskChange(size_gb=9)), "resizing the disk"),
    ],
)
def test_a_disk_with_a_url_out_is_not_changed_under_its_reader(
    world: World, ask: Callable[[World, ResourceId], object], doing: str
) -> None:
    data = world.with_group().empty_disk("data")
    access.begin(world.cloud, data, Access.READ, 100)
    refused(world, lambda: ask(world, data), 409, "OperationNotAllowed", f"Call EndGetAccess before {doing}.")
    world.done(disk.patch(world.cloud, data, disk.DiskChange({"a": "b"})))
    world.clock.move(timedelta(seconds=100))
    ask(world, data)
    world.drive()


def test_a_disk_with_a_url_out_is_not_attached(world: World) -> None:
    data = world.with_network().empty_disk("data")
    access.begin(world.cloud, data, Access.READ, 100)
    wanted = world.new_machine("web1")
    attach = replace(wanted.data_disks[0], create_option=CreateOption.ATTACH, disk=data)
    wanted = replace(wanted, data_disks=(attach,))
    ask = partial(virtual_machine.put, world.cloud, wanted)
    with pytest.raises(ApiError, match="before attaching the disk"):
        ask()
    world.done(access.end(world.cloud, data))
    world.done(ask())


def test_a_snapshot_gives_its_bytes_too(world: World) -> None:
    data = world.with_group().empty_disk("data")
    world.done(snapshot.put(world.cloud, snapshot_wish(world, data)))
    snap = world.id("snapshots", "snap")

    url = url_of(world, access.begin(world.cloud, snap, Access.READ, 100))

    grant = find(world, url)
    assert grant is not None
    assert grant.resource == snap
    assert snapshot.get(world.cloud, snap).properties["diskState"] == "ActiveSAS"
    assert state(world, data) == "Unattached"
    refused(world, lambda: snapshot.delete(world.cloud, snap), 409, "OperationNotAllowed", "outstanding")
    world.done(access.end(world.cloud, snap))
    world.done(snapshot.delete(world.cloud, snap))


# --- uploads ---------------------------------------------------------------------------------------------------------


def test_an_upload_becomes_the_disks_content(world: World) -> None:
    id = upload_disk(world)
    assert state(world, id) == "ReadyToUpload"
    url = url_of(world, access.begin(world.cloud, id, Access.WRITE, 3600))
    grant = find(world, url)
    assert grant is not None
    assert grant.write
    assert state(world, id) == "ActiveUpload"
    volume = volume_of(world, id)
    uploaded_into(world, volume, 64 * MIB)

    world.done(access.end(world.cloud, id))

    found = disk.get(world.cloud, id).properties
    assert (found["diskState"], found["diskSizeGB"], found["diskSizeBytes"]) == ("Unattached", 1, 64 * MIB)
    assert find(world, url) is None
    assert world.disks.volumes() == {volume}
    with pytest.raises(VolumeFrozen):
        world.disks.write(volume, 0, bytes(512))
    with world.disks.view(volume) as content:
        assert content.read(0, 9) == b"something"
    ask = lambda: access.begin(world.cloud, id, Access.WRITE, 9)  # noqa: E731
    refused(world, ask, 409, "OperationNotAllowed", "upload has ended")


def test_an_upload_that_is_no_vhd_is_told_and_may_be_done_again(world: World) -> None:
    id = upload_disk(world)
    url = url_of(world, access.begin(world.cloud, id, Access.WRITE, 3600))

    code, message = failure(world.ended(access.end(world.cloud, id)))

    assert code == "InvalidVhd"
    assert f"disk 'upload' with blob {url.partition('?')[0]} is not a supported VHD" in message
    assert "sig=" not in message
    found = disk.get(world.cloud, id).properties
    assert (found["diskState"], found["provisioningState"]) == ("ReadyToUpload", "Succeeded")
    assert "diskSizeGB" not in found
    access.begin(world.cloud, id, Access.WRITE, 3600)
    uploaded_into(world, volume_of(world, id), 64 * MIB)
    world.done(access.end(world.cloud, id))
    assert state(world, id) == "Unattached"


def test_an_upload_whose_time_ran_out_goes_on_with_another_url(world: World) -> None:
    id = upload_disk(world)
    access.begin(world.cloud, id, Access.WRITE, 60)
    uploaded_into(world, volume_of(world, id), 64 * MIB)
    world.clock.move(timedelta(seconds=60))
    assert state(world, id) == "ReadyToUpload"
    world.done(access.end(world.cloud, id))
    assert state(world, id) == "ReadyToUpload"

    access.begin(world.cloud, id, Access.WRITE, 60)
    world.done(access.end(world.cloud, id))

    assert state(world, id) == "Unattached"


def test_a_disk_that_waits_for_its_upload_is_good_for_nothing_else(world: World) -> None:
    id = upload_disk(world.with_network())
    copy = NewDisk(world.id("disks", "copy"), LOCATION, None, CreateOption.COPY, None, None, None, id, {})
    refused(world, lambda: disk.put(world.cloud, copy), 409, "OperationNotAllowed", "ReadyToUpload")
    larger = disk.DiskChange(size_gb=9)
    refused(world, lambda: disk.patch(world.cloud, id, larger), 409, "OperationNotAllowed", "ReadyToUpload")
    wanted = world.new_machine("web1")
    attach = replace(wanted.data_disks[0], create_option=CreateOption.ATTACH, disk=id)
    with pytest.raises(ApiError, match="ReadyToUpload"):
        virtual_machine.put(world.cloud, replace(wanted, data_disks=(attach,)))
    access.begin(world.cloud, id, Access.WRITE, 60)
    refused(world, lambda: disk.delete(world.cloud, id), 409, "OperationNotAllowed", "outstanding")
    world.clock.move(timedelta(seconds=60))
    world.done(disk.delete(world.cloud, id))
    assert world.disks.volumes() == set()


@given(key=st.binary(max_size=40), account=st.text(max_size=9), container=st.text(max_size=9))
def test_every_part_of_a_grant_changes_its_signature(key: bytes, account: str, container: str) -> None:
    id = GROUP.sibling("Microsoft.Compute", "disks", "data")
    grant = Grant(id, False, "si", datetime(2026, 1, 1, tzinfo=UTC), b"key", "md-1", "c")
    other = replace(grant, key=key, account=account, container=container)
    is_same = (key, account, container) == (b"key", "md-1", "c")
    assert (other.signature() == grant.signature()) == is_same
