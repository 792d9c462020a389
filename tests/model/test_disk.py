"""States of disks, their tiers and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.disk import CreateOption, DiskEvent, DiskState, Sku, after, not_possible, size_gb
from calco.model.errors import ApiError
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
}


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


def test_a_create_option_that_is_not_there_yet_is_refused_honestly() -> None:
    refusal = not_possible(CreateOption.UPLOAD)
    assert (refusal.status, refusal.code, refusal.target) == (400, "NotSupported", "creationData.createOption")
    assert "Upload" in refusal.message
