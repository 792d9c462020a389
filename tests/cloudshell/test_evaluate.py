"""A session as those around it see it: what is asked for is made, nothing more; what is stopped ends cleanly."""

from collections.abc import Iterator

import pytest

from calco.cloudshell.catalogue import Listed
from calco.cloudshell.cmdlet import Call, Cmdlet, Module, Parameter
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.grammar.parse import parse
from calco.cloudshell.objects.output import NOTHING
from calco.cloudshell.values import ENTRIES_MAX, Hashtable, ScriptBlock, Value
from tests.cloudshell.world import Session, language_commands


class Desk:
    """A command that counts what is taken of it, and one that is interrupted."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def count(self, _: Call) -> Iterator[Value]:
        for number in range(1, 1000):
            self.made.append(number)
            yield number

    def interrupt(self, _: Call) -> Iterator[Value]:
        raise KeyboardInterrupt
        yield

    def fail(self, call: Call) -> Iterator[Value]:
        raise Terminating(Fault(f"no {call.text('Name')}", id="NoSuch"))
        yield

    def session(self) -> Session:
        own = Module(
            (
                Cmdlet("Get-Number", "Counts.", self.count, module=""),
                Cmdlet("Stop-Here", "Is interrupted.", self.interrupt, module=""),
                Cmdlet("Get-Thing", "Fails.", self.fail, (Parameter("Name", position=0),), module=""),
            )
        )
        known = language_commands()
        views = Module(known.all())
        return Session(commands=Listed((own, views)))


def test_a_pipeline_makes_no_more_than_is_taken() -> None:
    desk = Desk()

    ran = desk.session().run("Get-Number | ForEach-Object { $_ * 2 } | Select-Object -First 3")

    assert ran.output == [2, 4, 6]
    assert desk.made == [1, 2, 3]


def test_output_comes_one_object_at_a_time() -> None:
    desk = Desk()
    output = desk.session().interpreter.run(parse("Get-Number | ForEach-Object { $_ }"))

    assert next(output) == 1

    assert desk.made == [1]


def test_a_stopped_pipeline_still_runs_finally_and_says_nothing_more() -> None:
    ran = Session().run("& { try { 1; 2 } finally { Write-Host 'cleaned'; 'lost' } } | Select-Object -First 1; 'on'")

    assert ran.output == [1, "on"]
    assert ran.written == "cleaned\n"


def test_ctrl_c_runs_finally_and_no_catch_and_ends_the_script() -> None:
    session = Desk().session()

    with pytest.raises(KeyboardInterrupt):
        session.run("try { Stop-Here } catch { Write-Host 'caught' } finally { Write-Host 'cleaned' }; Write-Host 'on'")

    assert session.host.text == "cleaned\n"
    assert session.run("'again'").output == ["again"]


def test_an_error_of_a_command_points_at_it_and_names_it() -> None:
    session = Desk().session()

    session.run("$x = 1\n  Get-Thing web1")

    fault = session.host.errors[0]
    assert (fault.message, fault.command, fault.at and fault.at.line, fault.at and fault.at.column) == (
        *("no web1", "Get-Thing"),
        *(2, 3),
    )


def test_variables_functions_and_errors_stay_from_one_text_to_the_next() -> None:
    session = Session()
    session.run('$x = 5; function F { "<$x>" }; 1 / 0')

    ran = session.run("$?; F; $Error.Count")

    assert ran.output == [False, "<5>", 1]
    assert session.interpreter.failed is False


def test_a_script_takes_arguments_by_place_and_by_name() -> None:
    script = 'param([string]$Name, [int]$Count = 1, [switch]$Force) "$Name $Count $Force"'

    assert Session().run(script, "a", "3").output == ["a 3 False"]
    assert Session().run(script, "-Count", "2", "-Force", "-Name", "b").output == ["b 2 True"]
    assert Session().run("$args.Count; $args[1]", "a", "b").output == [2, "b"]


def test_a_budget_ends_a_script_that_no_try_can_hold() -> None:
    session = Session(budget=500)

    ran = session.run("while ($true) { try { $n++ } catch { 'held' } finally { $m++ } }")

    assert "more steps" in ran.ended
    assert ran.output == []


def test_a_cmdlet_runs_a_block_where_it_was_written() -> None:
    session = Session()
    block = session.run('$x = 1; { param($y) $x = $_; "$_ $y $($args[0])" }').output[0]
    assert isinstance(block, ScriptBlock)

    output = list(session.interpreter.shell.invoke(block, item="it", arguments=("a", "b")))

    assert output == ["it a b"]
    assert session.interpreter.shell.variable("x") == "it"
    assert session.interpreter.shell.variable("_") is None


def test_a_cmdlet_reports_an_error_that_ends_nothing() -> None:
    session = Session()

    session.interpreter.shell.report(Fault("soft"))
    session.interpreter.shell.report(Fault("silent"), shown=False)

    assert session.host.messages == ["soft"]
    assert session.interpreter.failed
    assert session.interpreter.run(parse("$Error[0].Exception.Message")).__next__() == "silent"


def test_variables_that_people_type_are_told_for_completion() -> None:
    session = Session()
    session.run("$MyThing = 1")

    names = session.interpreter.shell.variables()

    assert {"mything", "home"} <= set(names)
    assert not {"_", "?"} & set(names)


def test_what_was_assigned_from_no_output_reaches_no_cmdlet_as_an_array() -> None:
    session = Session()
    session.run("$none = & { }")

    assert session.interpreter.shell.variable("none") is None
    assert session.interpreter.shell.variable("none") is not NOTHING


def test_only_the_last_errors_are_kept() -> None:
    ran = Session().run(
        'foreach ($i in 1..300) { try { throw "e$i" } catch { } }; $Error.Count; $Error[0].Exception.Message'
    )

    assert ran.output == [256, "e300"]


def test_the_environment_is_the_sessions_own() -> None:
    session = Session()

    session.run("$env:MADE = 'here'; $env:USER = $null")

    assert session.environment == {"HOME": "/home/ada", "MADE": "here"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "one_more", ["$full.more = 1", "$full['more'] = 1", "$full.Add('more', 1)", "$full += @{ more = 1 }"]
)
def test_a_table_takes_no_more_entries_than_an_array_has_elements(one_more: str) -> None:
    session = Desk().session()
    session.interpreter.shell.set_variable("full", Hashtable({each: (each, None) for each in range(ENTRIES_MAX)}))

    assert session.run("$full[7] = 'seven'; $full[7]").output == ["seven"]
    ran = session.run(f"try {{ {one_more} }} catch {{ 'caught' }}; 'never'")

    assert (ran.ended, ran.output) == ("Insufficient memory to continue the execution of the program.", [])
