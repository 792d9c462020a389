"""The service principal: made once, its secret checked by hash."""

from pathlib import Path

import pytest

from calco.identity.principals import ensure, read, read_secret
from calco.model.ids import is_guid
from tests.standing import DashingChance, SeededChance


def test_it_is_made_once(tmp_path: Path) -> None:
    chance = SeededChance()

    first, second = ensure(tmp_path, chance), ensure(tmp_path, chance)

    assert first == second == read(tmp_path)
    ids = {first.tenant_id, first.client_id, first.object_id, first.subscription_id}
    assert len(ids) == 4
    assert all(is_guid(each) for each in ids)


def test_the_secret_is_no_option_to_a_command_line(tmp_path: Path) -> None:
    principal = ensure(tmp_path, DashingChance())

    assert read_secret(tmp_path)[0].isalnum()
    assert principal.has_secret(read_secret(tmp_path))


def test_only_the_secret_that_was_handed_out_is_accepted(tmp_path: Path) -> None:
    principal = ensure(tmp_path, SeededChance())
    secret = read_secret(tmp_path)

    assert principal.has_secret(secret)
    assert not any(principal.has_secret(wrong) for wrong in ("", secret[:-1], secret + "x", "\ud800", "x" * 100_000))


def test_the_secret_is_not_in_what_the_service_reads_nor_in_its_repr(tmp_path: Path) -> None:
    principal = ensure(tmp_path, SeededChance())
    secret = read_secret(tmp_path)

    assert secret not in (tmp_path / "principal.json").read_text()
    assert principal.secret_hash not in repr(principal)


def test_both_files_are_for_their_owner_only(tmp_path: Path) -> None:
    ensure(tmp_path, SeededChance())

    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "client-secret": 0o600,
        "principal.json": 0o600,
    }


def test_cut_short_before_the_principal_was_written_both_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "client-secret").write_text("of nobody")

    principal = ensure(tmp_path, SeededChance())

    assert principal.has_secret(read_secret(tmp_path))


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "principal.json").write_text("{")

    with pytest.raises(ValueError, match=r"principal\.json is damaged"):
        ensure(tmp_path, SeededChance())
    assert (tmp_path / "principal.json").read_text() == "{"
    assert not (tmp_path / "client-secret").exists()
