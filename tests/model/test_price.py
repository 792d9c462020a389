"""Estimating what an image would cost."""

import pytest

from calco.model import price
from calco.model.volume import GIB
from calco.settings import PRICES


def test_used_bytes_cost_what_the_table_says() -> None:
    prices = price.read(["Standard_LRS=0.05", "Standard_ZRS = 0.5"])

    assert price.monthly(prices, "Standard_LRS", 2 * GIB) == pytest.approx(0.1)
    assert price.monthly(prices, price.storage_type("Standard_LRS", zone_resilient=True), GIB) == 0.5
    assert price.monthly(prices, price.storage_type("Standard_LRS", zone_resilient=False), 0) == 0


def test_what_the_table_does_not_name_has_no_estimate() -> None:
    assert price.monthly({}, "UltraSSD_LRS", GIB) is None


@pytest.mark.parametrize(
    "text", ["", "Standard_LRS", "Standard_LRS=", "=1", "a b=1", "X=cheap", "X=-1", "X=nan", "X=inf"]
)
def test_a_price_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="price"):
        price.read([text])


def test_the_default_table_can_be_read() -> None:
    assert price.read(PRICES)["Standard_LRS"] == 0.05
