"""States of disks, their tiers and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.disk import (
    CreateOption,
    DiskEvent,
    DiskState,
    Sku,
    Use,
    after,
    check_use,
    not_possible,
    size_gb,
    while_granted,
)
from calco.model.errors import ApiError
from calco.model.ids import ResourceId
from calco.model.volume import GIB

S, E = DiskState, DiskEvent
TABLE = {
    (S.UNATTACHED, E.ATTACH): S.RESERVED,
    (S.UNATTACHED, E.DETACH): S.UNATTACHED,
    (S.RESERVED, E.ALLOCATE): S.ATTACHED,
    (S.RESERVED, E.DEALLOCATE): S.RESERVED,
    (S.RESERVED, E.DETACH): S.UNATTACHED,
    (S.ATTACHED, E.ALLOCATE): S.ATTACHED,
    (S.ATTACHED, E.DEALLOCATE): S.RESERVED,
    (S.ATTACHED, E.DETACH): S.UNATTACHED,
    (S.UNATTACHED, E.GRANT_READ): S.ACTIVE_SAS,
    (S.RESERVED, E.GRANT_READ): S.ACTIVE_SAS,
    (S.READY_TO_UPLOAD, E.GRANT_WRITE): S.ACTIVE_UPLOAD,
    (S.READY_TO_UPLOAD, E.UPLOADED): S.UNATTACHED,
}
USABLE = {
    S.UNATTACHED: {Use.ATTACH, Use.START, Use.DELETE, Use.RESIZE, Use.COPY},
    S.RESERVED: {Use.START, Use.RESIZE, Use.COPY},
    S.ATTACHED: {Use.START, Use.COPY},
    S.ACTIVE_SAS: {Use.COPY},
    S.READY_TO_UPLOAD: {Use.DELETE},
    S.ACTIVE_UPLOAD: set(),
}
MACHINE = ResourceId("s", "g").sibling("Microsoft.Compute", "virtualMachines", "web1")


@pytest.mark.parametrize("event", DiskEvent)
@pytest.mark.parametrize("state", DiskState)
def test_a_listed_pair_moves_and_every_other_is_refused(state: DiskState, event: DiskEvent) -> None:
    if (state, event) in TABLE:
        assert after(state, event) is TABLE[state, event]
        return
    with pytest.raises(ApiError) as refusal:
        after(state, event)
    assert (refusal.value.status, refusal.value.code) == (409, "OperationNotAllowed")
    assert state.value in refusal.value.message


@pytest.mark.parametrize("use", Use)
@pytest.mark.parametrize("state", DiskState)
def test_what_a_state_forbids_is_refused_and_nothing_else_is(state: DiskState, use: Use) -> None:
    owner = MACHINE if state in (S.ATTACHED, S.RESERVED) else None
    if use in USABLE[state]:
        check_use("data", state, use, owner)
        return
    with pytest.raises(ApiError) as refusal:
        check_use("data", state, use, owner)
    assert refusal.value.status == 409
    assert "data" in refusal.value.message


def test_a_signed_url_shows_in_the_state_of_those_that_may_have_one() -> None:
    assert while_granted(S.RESERVED, write=False) is S.ACTIVE_SAS
    assert while_granted(S.READY_TO_UPLOAD, write=True) is S.ACTIVE_UPLOAD
    assert while_granted(S.ATTACHED, write=False) is S.ATTACHED


@pytest.mark.parametrize(
    ("sku", "tier"),
    [
        (Sku.STANDARD_LRS, "Standard"),
        (Sku.STANDARD_SSD_LRS, "Standard"),
        (Sku.STANDARD_SSD_ZRS, "Standard"),
        (Sku.PREMIUM_LRS, "Premium"),
        (Sku.PREMIUM_ZRS, "Premium"),
        (Sku.PREMIUM_V2_LRS, "Premium"),
        (Sku.ULTRA_SSD_LRS, "Ultra"),
    ],
)
def test_every_sku_has_its_tier(sku: Sku, tier: str) -> None:
    assert sku.tier == tier


@given(st.integers(1, 40_000 * GIB))
def test_sizes_are_shown_in_whole_gib(size_bytes: int) -> None:
    shown = size_gb(size_bytes)
    assert shown == 1 or shown * GIB <= size_bytes < (shown + 1) * GIB


def test_azures_own_images_are_a_little_longer_than_what_they_are_sold_as() -> None:
    """Source: recording c7n-disk-2024-03-02-attached."""
    assert [size_gb(each) for each in (1, 32213303296, 136367308800)] == [1, 30, 127]


def test_attaching_is_no_way_to_make_a_disk() -> None:
    refusal = not_possible(CreateOption.ATTACH)
    assert (refusal.status, refusal.code, refusal.target) == (400, "InvalidParameter", "creationData.createOption")
    assert "virtual machine" in refusal.message
