"""The table of names of platform images."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.model.catalogue import ALIASES, ImageAlias, find, read_aliases
from calco.model.ids import ResourceId
from calco.model.virtual_machine import Urn

DEBIAN = "Debian:debian-12:12:latest"
OURS = "44444444-4444-4444-4444-444444444444"
JAMMY = Urn("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "latest")


def test_a_short_name_that_az_knows_stands_for_the_image_that_az_means() -> None:
    (alias,) = read_aliases([f"ubuntu2204 = {DEBIAN}"])

    assert alias.covers(JAMMY)
    assert alias.covers(Urn(JAMMY.publisher.upper(), JAMMY.offer, JAMMY.sku, "22.04.202401010"))
    assert not alias.covers(Urn(JAMMY.publisher, JAMMY.offer, "22_04-lts", "latest"))
    assert alias.goes_to(OURS) == Urn("Debian", "debian-12", "12", "latest")


def test_a_short_name_of_ones_own_gets_a_publisher() -> None:
    (alias,) = read_aliases(["golden=lab/golden"])

    assert (alias.pattern, alias.name) == ("calco:images:golden:latest", "golden")
    assert alias.goes_to(OURS) == ResourceId(OURS, "lab", "Microsoft.Compute", ("images",), ("golden",))


def test_a_star_stands_for_anything_and_the_first_row_that_fits_counts() -> None:
    own = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/win"
    rows = read_aliases(
        [
            "Canonical:*:22_04-lts*:latest=lab/ubuntu",
            f"Canonical:*:*:*={DEBIAN}",
            f"MicrosoftWindowsServer:WindowsServer:2022-datacenter:20348.1.1={own}",
        ]
    )

    def target(text: str) -> str | None:
        row = find(rows, Urn(*text.split(":")))
        return None if row is None else row.target

    assert target("canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:22.04.1") == "lab/ubuntu"
    assert target("Canonical:UbuntuServer:18.04-LTS:latest") == DEBIAN
    assert target("Canonicals:UbuntuServer:18.04-LTS:latest") is None
    assert target("MicrosoftWindowsServer:WindowsServer:2022-datacenter:latest") == own
    assert target("MicrosoftWindowsServer:WindowsServer:2022-datacenter:20348.1.1") == own
    assert target("MicrosoftWindowsServer:WindowsServer:2022-datacenter:20348.1.2") is None
    assert rows[2].goes_to(OURS) == ResourceId.parse(own)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Ubuntu2204", "maps nothing"),
        ("Ubuntu2204=", "no URN"),
        ("Ubuntu2204=Debian", "no URN"),
        ("Ubuntu2204=Debian:debian-12:*:latest", "no URN"),
        ("Ubuntu2204=a/b/c", "no URN"),
        ("Ubuntu2204=/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d", "no URN"),
        (f"Canonical:x:y={DEBIAN}", "no URN of four parts"),
        (f"Canonical:x::y={DEBIAN}", "no URN of four parts"),
        (f"-x={DEBIAN}", "no short name"),
        (f"={DEBIAN}", "no short name"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_what_would_do(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named) as refused:
        read_aliases([text])
    assert repr(text) in str(refused.value)


@given(text=st.text(alphabet="aA1:=*/.-_ \u00e9", max_size=30))
def test_every_text_is_a_row_or_a_value_error(text: str) -> None:
    try:
        (row,) = read_aliases([text])
    except ValueError:
        return
    assert isinstance(row, ImageAlias)
    assert len(row.parts) == 4
    assert row.goes_to(OURS)


def test_the_short_names_are_each_there_once() -> None:
    assert len({each.name.lower() for each in ALIASES}) == len({each.urn.lower() for each in ALIASES}) == len(ALIASES)
