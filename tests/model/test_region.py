"""Regions, their zones, and how a table of zones is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.region import find, pool_of, read_zones
from calco.settings import LOCATIONS, ZONES


def test_zones_are_written_as_a_number_or_by_name() -> None:
    assert read_zones(["eastus=3", "westus=0", "mine=1+3", " ukwest = 2+1 "]) == {
        "eastus": ("1", "2", "3"),
        "westus": (),
        "mine": ("1", "3"),
        "ukwest": ("1", "2"),
    }


@pytest.mark.parametrize("text", ["", "eastus", "eastus=", "eastus=x", "=3", "East US=3", "eastus=10", "e=1+a", "e=+"])
def test_a_table_that_cannot_be_read_says_which_entry(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it like eastus=3|no number of zones"):
        read_zones([text])


@given(st.text(max_size=30))
def test_any_text_is_a_row_or_a_value_error(text: str) -> None:
    try:
        ((region, zones),) = read_zones([text]).items()
    except ValueError:
        return
    assert region
    assert list(zones) == sorted(set(zones))


def test_the_default_table_names_every_location_and_the_ones_that_are_promised() -> None:
    zones = read_zones(ZONES)

    assert list(zones) == list(LOCATIONS)
    assert (zones["eastus"], zones["westeurope"], zones["westus"]) == (("1", "2", "3"), ("1", "2", "3"), ())


def test_a_zone_has_a_pool_of_its_own_and_a_region_without_a_zone_the_regional_one() -> None:
    assert (pool_of("eastus", ["1"]), pool_of("eastus")) == ("eastus-1", "")
    assert find("eastus").display_name == "East US"
    assert find("mars").display_name == "mars"
