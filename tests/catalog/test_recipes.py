"""Azure's names for what is built here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.catalog.recipes import DEBIAN_12, PLATFORM_IMAGES, platform_image


@pytest.mark.parametrize(
    ("urn", "generation"),
    [
        ("Debian:debian-12:12:latest", "V1"),
        ("Debian:debian-12:12-gen2:latest", "V2"),
        ("DEBIAN:Debian-12:12-GEN2:Latest", "V2"),
        ("Debian:debian-12:12", "V1"),
    ],
)
def test_both_skus_are_one_debian_with_a_firmware_each(urn: str, generation: str) -> None:
    image = platform_image(urn)

    assert image is not None
    assert (image.recipe, image.generation) == (DEBIAN_12, generation)


@pytest.mark.parametrize(
    "urn",
    [
        "Debian:debian-12:12:0.20230723.1451",
        "Debian:debian-12:12:latest:latest",
        "Debian:debian-12:12:",
        "Debian:debian-12",
        "Debian:debian-12:12-gen3:latest",
        "Canonical:debian-12:12:latest",
        "",
    ],
)
def test_a_name_that_is_not_exactly_known_is_unknown(urn: str) -> None:
    assert platform_image(urn) is None


@given(st.text())
def test_any_text_is_looked_up_without_an_error(urn: str) -> None:
    assert platform_image(urn) is None or urn.lower().removesuffix(":latest") in PLATFORM_IMAGES
