"""Where a setting's value comes from, and how mistakes are named."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calco.settings import FILE_NAME, Row, Settings, SettingsError, default_data_dir, load, read, rows


def write_file(folder: Path, text: str) -> dict[str, str | None]:
    (folder / FILE_NAME).write_text(text)
    return {"data_dir": str(folder)}


def test_without_anything_said_the_defaults_hold(tmp_path: Path) -> None:
    settings = load({}, {"HOME": str(tmp_path)})

    assert settings.data_dir == tmp_path / ".local/share/calco"
    assert (settings.port, settings.hypervisor, settings.provisioning_timeout_seconds) == (8443, "qemu", 2400)
    assert settings.guest_cores_max is None


def test_a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(tmp_path: Path) -> None:
    flags = write_file(tmp_path, "port = 1001\ntrash_days = 1\nboots_per_core = 5\n")
    environ = {"CALCO_PORT": "1002", "CALCO_TRASH_DAYS": "2"}

    settings = load({**flags, "port": "1003", "hypervisor": None}, environ)

    assert (settings.port, settings.trash_days, settings.boots_per_core) == (1003, 2, 5)
    assert settings.hypervisor == "qemu"


def test_an_empty_environment_variable_says_nothing() -> None:
    assert load({}, {"CALCO_PORT": "", "HOME": "/nowhere"}).port == 8443


def test_the_data_directory_is_found_by_calco_home_and_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert load({}, {"CALCO_HOME": "here"}).data_dir == tmp_path / "here"
    assert load({"data_dir": "there"}, {"CALCO_HOME": "here"}).data_dir == tmp_path / "there"


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_DATA_HOME": "/x/data", "HOME": "/h"}, Path("/x/data/calco")),
        ({"XDG_DATA_HOME": "relative", "HOME": "/h"}, Path("/h/.local/share/calco")),
        ({"HOME": "/h"}, Path("/h/.local/share/calco")),
    ],
    ids=["set", "a relative one is ignored", "unset"],
)
def test_the_default_data_directory_follows_xdg(environ: dict[str, str], folder: Path) -> None:
    assert default_data_dir(environ) == folder


def test_an_unknown_name_in_the_file_is_refused_with_a_near_match(tmp_path: Path) -> None:
    flags = write_file(tmp_path, "trash_day = 3\n")

    with pytest.raises(SettingsError, match=r"there is no setting 'trash_day'; did you mean 'trash_days'\?"):
        load(flags, {})


def test_the_file_cannot_say_where_it_lies(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CALCO_HOME"):
        load(write_file(tmp_path, 'data_dir = "/elsewhere"\n'), {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = ", "cannot be read"),
        ("port = true", "is no whole number"),
        ('port = "many"', "is no whole number"),
        ("port = 1.5", "is no whole number"),
        ("port = 70000", "is not between 0 and 65535"),
        ("locations = 3", "is no comma-separated list"),
        ("locations = []", "at least one region"),
        ("subscription_name = 3", "is no text"),
        ('hypervisor = "simulate"', "did you mean 'simulated'"),
        ('public_address_range = "300.0.0.0/8"', "public_address_range"),
        ('image_aliases = ["Ubuntu2204=nothing"]', "image_aliases"),
        ('dns_suffix = "-.lab"', "dns_suffix"),
        ("cores_per_region = -1", "cores_per_region"),
        ("long_poll_seconds = nan", "is not between"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(write_file(tmp_path, text), {})


def test_a_mistake_names_where_it_was_made() -> None:
    with pytest.raises(SettingsError, match=r"^CALCO_PORT: 'x'"):
        load({}, {"CALCO_PORT": "x"})
    with pytest.raises(SettingsError, match=r"^--port: 'x'"):
        load({"port": "x"}, {})


def test_lists_are_written_with_commas_or_as_lists(tmp_path: Path) -> None:
    flags = write_file(tmp_path, 'locations = ["eastus", "westus"]\n')

    assert load(flags, {}).locations == ("eastus", "westus")
    assert load(flags, {"CALCO_LOCATIONS": "a, b,"}).locations == ("a", "b")


def test_every_row_has_a_default_that_its_own_rules_accept() -> None:
    default = Settings()
    for row in rows():
        value = getattr(default, row.name)
        if row.name == "data_dir" or value is None:
            continue
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        assert read(row, text, "test") == value
        assert row.help.endswith(".")
        assert row.variable.startswith("CALCO_")


@pytest.mark.parametrize("text", ["[capture]\nrequire_generalized = true\n", "capture.require_generalized = 'on'\n"])
def test_a_setting_of_the_file_may_stand_in_a_table(tmp_path: Path, text: str) -> None:
    assert load(write_file(tmp_path, text), {}).capture_require_generalized is True


@pytest.mark.parametrize(("word", "meant"), [("on", True), ("TRUE", True), ("1", True), ("off", False), ("no", False)])
def test_a_switch_is_turned_by_flag_and_environment_alike(tmp_path: Path, word: str, meant: bool) -> None:
    there: dict[str, str | None] = {"data_dir": str(tmp_path)}

    assert load({**there, "capture_require_generalized": word}, {}).capture_require_generalized is meant
    assert load(there, {"CALCO_CAPTURE_REQUIRE_GENERALIZED": word}).capture_require_generalized is meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("capture.require_generalized = 2", "2 is no switch; write on or off"),
        ("capture.require_generalised = true", "did you mean 'capture_require_generalized'"),
        ("capture = true", "there is no setting 'capture'"),
        ("port = {}", "{} is no whole number"),
    ],
)
def test_a_mistake_in_a_table_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        load(write_file(tmp_path, text), {})


@given(st.sampled_from(rows()), st.text() | st.integers() | st.floats() | st.booleans() | st.lists(st.text()))
def test_no_value_does_anything_but_pass_or_be_refused(row: Row, given_value: object) -> None:
    with suppress(SettingsError):
        read(row, given_value, "test")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("zones", "eastus"),
        ("zones", "eastus=3,westus=x"),
        ("price_per_gib_month", "Standard_LRS=cheap"),
        ("blob_hosts", "http://x"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        load({"data_dir": str(tmp_path), name: text}, {})


def test_a_table_of_zones_replaces_the_default_one(tmp_path: Path) -> None:
    settings = load({"data_dir": str(tmp_path), "zones": "eastus=2, mine=1+3"}, {})

    assert settings.zones == ("eastus=2", "mine=1+3")
