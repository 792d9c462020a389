"""Users and service principals: made once, hashed, expiring, rotated, and gone with what they may do."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.model.errors import ApiError
from calco.model.principal import NAME, PrincipalType
from calco.model.secret import hashed, matches, password_fault
from calco.ports import Entry
from calco.work import principal
from tests.standing import DashingChance
from tests.work.looking import text
from tests.world import World

USER, PROGRAM = PrincipalType.USER, PrincipalType.SERVICE_PRINCIPAL
BOTH = pytest.mark.parametrize("type", [USER, PROGRAM])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def refusal(code: str) -> object:
    return pytest.raises(ApiError, match=code)


@BOTH
def test_a_principal_is_found_by_each_of_its_ids(world: World, type: PrincipalType) -> None:
    made = principal.create(world.cloud, type, "Ana@example.org").principal

    with world.records.read() as view:
        assert principal.find_by_name(view, type, "ana@EXAMPLE.org") == made
        assert principal.find_by_object(view, made.object_id) == made
        assert principal.listed(view, type) == [made]
        found = principal.find_by_client(view, made.client_id)
    assert found == (made if type is PROGRAM else None), "a user has no client id, not even an empty one"


def test_a_user_and_a_program_may_share_a_name_and_nothing_else(world: World) -> None:
    ana = principal.create(world.cloud, USER, "ana").principal
    program = principal.create(world.cloud, PROGRAM, "ana").principal

    assert ana.object_id != program.object_id
    principal.delete(world.cloud, USER, "ana")
    with world.records.read() as view:
        assert principal.find_by_object(view, program.object_id) == program


@BOTH
def test_the_secret_is_told_once_and_kept_nowhere(world: World, type: PrincipalType) -> None:
    issued = principal.create(world.cloud, type, "one")

    assert issued.principal.secret.fits(issued.secret)
    assert issued.secret not in text(world)
    assert issued.secret not in repr(issued)
    assert issued.principal.secret.hash not in repr(issued.principal)


@BOTH
def test_a_secret_that_is_made_up_is_no_option_to_a_command_line(world: World, type: PrincipalType) -> None:
    cloud = replace(world.cloud, chance=DashingChance())

    issued = principal.create(cloud, type, "one")

    assert issued.secret[0].isalnum()
    assert issued.principal.secret.fits(issued.secret)
    assert principal.rotate(cloud, type, "one").secret[0].isalnum()


def test_a_password_of_ones_own_choosing_is_taken_and_kept_nowhere(world: World) -> None:
    issued = principal.create(world.cloud, USER, "ana", password="correct horse battery")

    assert issued.secret == "correct horse battery"
    assert issued.secret not in text(world)


@BOTH
def test_a_new_secret_ends_the_old_one_and_has_its_own_time(world: World, type: PrincipalType) -> None:
    old = principal.create(world.cloud, type, "one", days=10)
    world.clock.move(timedelta(days=9))

    new = principal.rotate(world.cloud, type, "ONE", days=20)

    with world.records.read() as view:
        kept = principal.found(view, type, "one")
    assert kept == new.principal
    assert (kept.object_id, kept.client_id, kept.name) == (old.principal.object_id, old.principal.client_id, "one")
    assert kept.secret.fits(new.secret)
    assert not kept.secret.fits(old.secret)
    assert kept.secret.id != old.principal.secret.id
    world.clock.move(timedelta(days=20) - timedelta(seconds=1))
    assert kept.secret.is_good(world.clock.now())
    world.clock.move(timedelta(seconds=1))
    assert not kept.secret.is_good(world.clock.now())


@BOTH
def test_what_goes_takes_its_role_assignments_along_and_no_others(world: World, type: PrincipalType) -> None:
    ana, bo = (principal.create(world.cloud, type, name).principal for name in ("ana", "bo"))
    with world.records.write() as tx:
        for number, subject in enumerate([ana.object_id, ana.object_id, bo.object_id]):
            tx.put_entry(Entry(f"/assignment/{number}", principal.ROLE_ASSIGNMENTS, "/subscriptions/s", {}, subject))

    assert principal.delete(world.cloud, type, "ANA") is True

    with world.records.read() as view:
        left = [each.subject for each in view.entries(principal.ROLE_ASSIGNMENTS)]
        assert left == [bo.object_id]
        assert principal.find_by_object(view, ana.object_id) is None
    assert principal.delete(world.cloud, type, "ana") is False


@BOTH
def test_a_name_is_given_once_in_any_case(world: World, type: PrincipalType) -> None:
    first = principal.create(world.cloud, type, "ana")

    with pytest.raises(ApiError) as refused:
        principal.create(world.cloud, type, "ANA")

    assert (refused.value.status, refused.value.code) == (409, "PrincipalExists")
    assert "rotate" in refused.value.message
    with world.records.read() as view:
        assert principal.listed(view, type) == [first.principal]


@pytest.mark.parametrize("name", ["", "a/b", "a b", "../x", "-a", "x" * 65, "ana\n", "ñ", "a?b", "%2e"])
def test_a_name_that_would_not_stand_in_a_path_is_refused(world: World, name: str) -> None:
    with pytest.raises(ApiError, match="InvalidParameter"):
        principal.create(world.cloud, USER, name)
    with world.records.read() as view:
        assert principal.listed(view, USER) == []


@pytest.mark.parametrize("days", [0, -1, 3651, 10**12])
def test_a_secret_is_good_for_some_time_and_not_for_ever(world: World, days: int) -> None:
    with pytest.raises(ApiError, match="1 to 3650 days"):
        principal.create(world.cloud, USER, "ana", days=days)


@pytest.mark.parametrize("password", ["", "short", "x" * 257, "twelve char\n1"])
def test_a_password_that_is_no_password_is_refused_and_not_repeated(world: World, password: str) -> None:
    with pytest.raises(ApiError) as refused:
        principal.create(world.cloud, USER, "ana", password=password)
    assert refused.value.target == "password"
    assert not password or password not in refused.value.message


def test_a_programs_secret_is_never_one_that_somebody_could_guess(world: World) -> None:
    with pytest.raises(ApiError, match="made up here"):
        principal.create(world.cloud, PROGRAM, "ci", password="correct horse battery")
    principal.create(world.cloud, PROGRAM, "ci")
    with pytest.raises(ApiError, match="made up here"):
        principal.rotate(world.cloud, PROGRAM, "ci", password="correct horse battery")


@BOTH
def test_who_is_not_there_is_not_rotated(world: World, type: PrincipalType) -> None:
    with pytest.raises(ApiError) as refused:
        principal.rotate(world.cloud, type, "nobody")
    assert (refused.value.status, refused.value.code) == (404, "PrincipalNotFound")
    assert "list" in refused.value.message


@given(st.text(max_size=80))
def test_a_good_name_is_safe_in_a_path(name: str) -> None:
    if NAME.fullmatch(name):
        assert not set(name) & set("/?#%\\ \n")
        assert name not in (".", "..")


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_one_text_has_one_hash(one: str, other: str) -> None:
    salt = "00" * 16
    assert matches(one, salt, hashed(one, salt))
    assert matches(other, salt, hashed(one, salt)) == (one == other)


def test_a_secret_without_end_costs_nothing_to_refuse() -> None:
    assert not matches("x" * 10**6, "00", hashed("y", "00"))
    assert password_fault("x" * 10**6)
