"""Arguments find their parameters as PowerShell binds them, and what does not fit is refused in its words."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given as each_of
from hypothesis import strategies as st

from calco.cloudshell.api import Refused, Unreachable
from calco.cloudshell.binder.binding import run
from calco.cloudshell.cmdlet import Call, Cmdlet, Kind, Parameter
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.values import CUSTOM, Hashtable, Record, SecureString, Value
from tests.cloudshell.bare import HERE, Bare, block, call, refused
from tests.cloudshell.world import SUBSCRIPTION

DISK = "Microsoft.Azure.Commands.Compute.Automation.Models.PSDisk"


def _seen(call: Call) -> Iterator[Value]:
    names = ("ResourceGroupName", "Name", "Id", "Force", "NoWait", "Lun", "Tag", "OsType", "Disk", "Zones")
    yield Hashtable.of({"set": call.set} | {name: call.value(name) for name in names if call.given(name)})


STOP = Cmdlet(
    "Stop-It",
    "For tests.",
    _seen,
    (
        Parameter("ResourceGroupName", Kind.STRING, "", ("ByName",), True, 0, from_name=True),
        Parameter("Name", Kind.STRING, "", ("ByName",), True, 1, ("VMName",), from_name=True),
        Parameter("Id", Kind.STRING, "", ("ById",), True, 0, from_name=True),
        Parameter("Disk", Kind.RECORD, "", ("ByObject",), True, from_pipeline=True, accepts=(DISK,)),
        Parameter("Force", Kind.SWITCH),
        Parameter("NoWait", Kind.SWITCH),
        Parameter("Lun", Kind.INT),
        Parameter("Zones", Kind.STRINGS),
        Parameter("Tag", Kind.HASHTABLE),
        Parameter("OsType", Kind.STRING, choices=("Windows", "Linux")),
    ),
    default_set="ByName",
    confirms=True,
    as_job=True,
)


@pytest.fixture
def shell() -> Bare:
    return Bare()


def bound(words: str | list[Value], shell: Bare, *piped: Value) -> dict[str, Value]:
    (found,) = call(STOP, words, shell, *piped)
    assert isinstance(found, Hashtable)
    return {str(key): value for key, value in found.pairs()}


def context(subscription: str) -> Record:
    """What Get-AzContext gives, of that subscription."""
    type = "Microsoft.Azure.Commands.Profile.Models.Core.PSAzureContext"
    return Record.of(type, {"Subscription": Record.of(CUSTOM, {"Id": subscription})})


@pytest.mark.parametrize("name", ["-DefaultProfile", "-AzContext"])
def test_the_sessions_own_context_may_be_given_to_every_cmdlet_of_az(shell: Bare, name: str) -> None:
    for own in (context(SUBSCRIPTION.upper()), None):
        assert bound(["g", "w", name, own], shell) == {"set": "ByName", "ResourceGroupName": "g", "Name": "w"}
    assert "DefaultProfile" in refused(replace(STOP, module="Other"), ["g", "w", "-DefaultProfile", "x"], shell)


def test_a_context_of_another_subscription_is_refused_and_nothing_is_done(shell: Bare) -> None:
    assert call(STOP, ["g", "w", "-DefaultProfile", context("another")], shell) == []
    ((fault, _),) = shell.reported
    assert "choose it with Set-AzContext" in fault.message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-ResourceGroupName g -Name w", {"ResourceGroupName": "g", "Name": "w"}),
        ("-resourcegroupname g -NAME w", {"ResourceGroupName": "g", "Name": "w"}),
        ("g w", {"ResourceGroupName": "g", "Name": "w"}),
        ("-Name w g", {"ResourceGroupName": "g", "Name": "w"}),
        ("-Name:w -ResourceGroupName:g", {"ResourceGroupName": "g", "Name": "w"}),
        ("g -Force w", {"ResourceGroupName": "g", "Name": "w", "Force": True}),
        ("g w -Force:$false", {"ResourceGroupName": "g", "Name": "w", "Force": False}),
        ("-R g -VMName w", {"ResourceGroupName": "g", "Name": "w"}),
        ("g -VM w -Fo", {"ResourceGroupName": "g", "Name": "w", "Force": True}),
        ("g w -Lun 3", {"ResourceGroupName": "g", "Name": "w", "Lun": 3}),
        ("g 7", {"ResourceGroupName": "g", "Name": "7"}),
        ("g w -OsType linux", {"ResourceGroupName": "g", "Name": "w", "OsType": "Linux"}),
        ("g w -Zones 1", {"ResourceGroupName": "g", "Name": "w", "Zones": ["1"]}),
        ("g w -EA Stop", {"ResourceGroupName": "g", "Name": "w"}),
    ],
)
def test_arguments_find_their_parameters(words: str, expected: dict[str, Value], shell: Bare) -> None:
    assert bound(words, shell) == {"set": "ByName", **expected}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("g w -Wrong 1", "A parameter cannot be found that matches parameter name 'Wrong'."),
        (
            "g -N w",
            (
                "Parameter cannot be processed because the parameter name 'N' is ambiguous. Possible matches include: "
                "-Name -NoWait."
            ),
        ),
        ("g w x", "A positional parameter cannot be found that accepts argument 'x'."),
        (
            "g w -Lun",
            "Missing an argument for parameter 'Lun'. Specify a parameter of type 'System.Int32' and try again.",
        ),
        (
            "g w -Lun -Force",
            "Missing an argument for parameter 'Lun'. Specify a parameter of type 'System.Int32' and try again.",
        ),
        (
            "g -Name",
            "Missing an argument for parameter 'Name'. Specify a parameter of type 'System.String' and try again.",
        ),
        (
            "g -Name w -Id i",
            (
                "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued "
                "cannot be used together or an insufficient number of parameters were provided."
            ),
        ),
        ("g -Name $null", "Cannot bind argument to parameter 'Name' because it is null."),
        ("g -Name ''", "Cannot bind argument to parameter 'Name' because it is an empty string."),
        ("", "Cannot process command because of one or more missing mandatory parameters: ResourceGroupName Name."),
        ("g", "Cannot process command because of one or more missing mandatory parameters: Name."),
        (
            "g w -OsType BeOS",
            (
                "Cannot validate argument on parameter 'OsType'. The argument \"BeOS\" does not belong to the set "
                '"Windows,Linux" specified by the ValidateSet attribute. Supply an argument that is in the set and '
                "then "
                "try "
                "the command again."
            ),
        ),
        (
            "g w -Lun x",
            (
                'Cannot bind parameter \'Lun\'. Cannot convert value "x" to type "System.Int32". Error: "The input '
                "string "
                "'x' was not in a correct format.\""
            ),
        ),
        (
            "g -Name w -Name v",
            (
                "Cannot bind parameter because parameter 'Name' is specified more than once. To provide multiple "
                "values "
                "to "
                'parameters that can accept multiple values, use the array syntax. For example, "-parameter '
                'value1,value2,value3".'
            ),
        ),
        (
            "-Disk text",
            (
                'Cannot bind parameter \'Disk\'. Cannot convert the "text" value of type "System.String" to type '
                f'"{DISK}".'
            ),
        ),
    ],
)
def test_what_cannot_be_bound_is_refused_in_powershells_words(words: str, said: str, shell: Bare) -> None:
    assert refused(STOP, words, shell) == said
    assert not shell.reported


def test_a_list_is_no_single_text(shell: Bare) -> None:
    assert refused(STOP, ["g", ["a", "b"]], shell).startswith(
        "Cannot convert 'System.Object[]' to the type 'System.String'"
    )


def test_the_parameters_that_are_given_choose_the_set(shell: Bare) -> None:
    assert bound("-Id /subscriptions/x", shell)["set"] == "ById"


def test_without_a_default_the_set_that_has_all_it_must_have_is_taken(shell: Bare) -> None:
    either = Cmdlet(
        "Do-It",
        "",
        lambda call: [call.set],
        (Parameter("A", sets=("One",), mandatory=True), Parameter("B", sets=("Two",))),
    )

    assert call(either, "", shell) == ["Two"]


def test_without_a_default_two_sets_that_fit_are_too_many(shell: Bare) -> None:
    either = Cmdlet(
        "Do-It", "", lambda call: [call.set], (Parameter("A", sets=("One",)), Parameter("B", sets=("Two",)))
    )

    assert refused(either, "", shell).startswith("Parameter set cannot be resolved")


def test_the_person_is_asked_for_what_is_missing(shell: Bare) -> None:
    shell.host.answers += ["g", "w"]

    assert bound("-Force", shell)["Name"] == "w"
    assert [prompt for prompt, _ in shell.host.asked] == [
        (
            "cmdlet Stop-It at command pipeline position 1\nSupply values for the following parameters:\n"
            "ResourceGroupName: "
        ),
        "Name: ",
    ]


def test_a_secret_that_is_missing_is_asked_for_without_being_shown(shell: Bare) -> None:
    secret = Cmdlet("Do-It", "", lambda call: [call.value("Key")], (Parameter("Key", Kind.SECURE, mandatory=True),))
    shell.host.answers.append("hush")

    assert call(secret, "", shell) == [SecureString("hush")]
    assert shell.host.asked[0][1] is True


# --- the pipeline ----------------------------------------------------------------------------------------------------


def vm(name: str, **more: Value) -> Record:
    return Record.of("PSVirtualMachine", {"ResourceGroupName": "g", "Name": name, **more})


def test_an_object_binds_by_the_names_of_its_properties(shell: Bare) -> None:
    made = call(STOP, "-Force", shell, vm("a"), vm("b", Id="/x"))

    assert [each.get("Name") for each in made if isinstance(each, Hashtable)] == ["a", "b"]
    assert [each.get("set") for each in made if isinstance(each, Hashtable)] == ["ByName", "ByName"]


def test_an_alias_names_a_property_too(shell: Bare) -> None:
    item = Record.of(CUSTOM, {"ResourceGroupName": "g", "VMName": "a"})

    assert bound("", shell, item)["Name"] == "a"


def test_an_object_of_the_right_type_binds_by_value(shell: Bare) -> None:
    disk = Record.of(DISK, {"Sku": "x"})

    assert bound("", shell, disk) == {"set": "ByObject", "Disk": disk}


def test_what_is_given_goes_before_what_is_piped(shell: Bare) -> None:
    assert bound("-Name mine", shell, vm("theirs"))["Name"] == "mine"


def test_an_object_that_fits_nothing_is_an_error_and_the_next_one_comes(shell: Bare) -> None:
    made = call(STOP, "", shell, 3, vm("a"))

    assert len(made) == 1
    assert [fault.message[:36] for fault, _ in shell.reported] == ["The input object cannot be bound to "]


def test_an_object_that_lacks_something_says_what(shell: Bare) -> None:
    assert not call(STOP, "", shell, Record.of(CUSTOM, {"Name": "a"}))
    assert shell.reported[0][0].message.endswith("all mandatory parameters:  ResourceGroupName")


def test_a_command_runs_for_each_object_before_the_next_one_is_made(shell: Bare) -> None:
    order: list[str] = []

    def items() -> Iterator[Value]:
        for name in ("a", "b"):
            order.append(f"made {name}")
            yield vm(name)

    def run_(call: Call) -> list[Value]:
        order.append(f"ran {call.text('Name')}")
        return []

    list(run(Cmdlet("Do-It", "", run_, (Parameter("Name", from_name=True),)), [], items(), shell, HERE))

    assert order == ["made a", "ran a", "made b", "ran b"]


def test_a_block_for_a_parameter_of_the_pipeline_is_run_for_each_object(shell: Bare) -> None:
    named = block(lambda item: f"{item.get('Name')}-copy" if isinstance(item, Record) else None)

    assert bound(["-Name", named], shell, vm("a"))["Name"] == "a-copy"


def test_a_block_without_a_pipeline_is_refused(shell: Bare) -> None:
    assert "there is no input" in refused(STOP, ["g", "-Name", block(lambda item: item)], shell)


def test_no_object_no_run(shell: Bare) -> None:
    assert call(STOP, "", shell, pipe=True) == []


# --- common parameters -----------------------------------------------------------------------------------------------


def failing(*faults: Exception) -> Cmdlet:
    def run_(call: Call) -> Iterator[Value]:
        yield "before"
        for each in faults:
            raise each
        call.error(Fault("it broke"))
        yield "after"

    return Cmdlet("Get-AzIt", "", run_, (Parameter("InputObject", Kind.ANY, from_pipeline=True),), confirms=True)


@pytest.mark.parametrize(
    ("words", "given", "shown"),
    [
        ("", ["before", "after"], [True]),
        ("-ErrorAction SilentlyContinue", ["before", "after"], [False]),
        ("-EA Ignore", ["before", "after"], []),
    ],
)
def test_an_error_that_ends_nothing_is_told_as_erroraction_says(
    words: str, given: list[Value], shown: list[bool], shell: Bare
) -> None:
    assert call(failing(), words, shell) == given
    assert [each for _, each in shell.reported] == shown


def test_under_erroraction_stop_an_error_ends_the_command(shell: Bare) -> None:
    with pytest.raises(Terminating) as ended:
        call(failing(), "-ErrorAction Stop", shell)

    assert ended.value.stopping
    assert not shell.reported


def test_the_preference_holds_where_nothing_is_given(shell: Bare) -> None:
    shell.set_variable("ErrorActionPreference", "Stop")

    with pytest.raises(Terminating):
        call(failing(), "", shell)
    assert call(failing(), "-ErrorAction Continue", shell) == ["before", "after"]


def test_what_the_api_refuses_ends_nothing_and_says_code_message_and_status(shell: Bare) -> None:
    assert call(failing(Refused(409, "Conflict", "It is running.")), "", shell) == ["before"]

    ((fault, shown),) = shell.reported
    assert shown
    assert fault.message.split("\n") == [
        "It is running.",
        "ErrorCode: Conflict",
        "ErrorMessage: It is running.",
        "ErrorTarget: ",
        "StatusCode: 409",
        "ReasonPhrase: Conflict",
    ]
    assert (fault.code, fault.status, fault.command) == ("Conflict", 409, "Get-AzIt")


def test_an_operation_that_failed_has_no_status_code(shell: Bare) -> None:
    call(failing(Refused(200, "DiskFull", "No room.")), "", shell)

    said = shell.reported[0][0].message
    assert said.startswith("Long running operation failed with status 'Failed'. Additional Info:'No room.'")
    assert "StatusCode" not in said


def test_each_piped_object_has_its_own_refusal(shell: Bare) -> None:
    assert call(failing(Refused(404, "NotFound", "none")), "", shell, 1, 2) == ["before", "before"]
    assert len(shell.reported) == 2


def test_a_service_that_does_not_answer_is_an_error_too(shell: Bare) -> None:
    assert call(failing(Unreachable("Nobody listens.")), "", shell) == ["before"]
    assert shell.reported[0][0].message == "Nobody listens."


def test_an_error_of_a_command_that_is_not_azures_ends_the_statement(shell: Bare) -> None:
    plain = Cmdlet("Get-It", "", _raises, module="Microsoft.PowerShell.Core")

    assert refused(plain, "", shell) == "no"


def _raises(call: Call) -> Iterator[Value]:
    raise Terminating(Fault("no"))
    yield


def test_an_azure_command_that_was_stopped_is_not_asked_to_go_on(shell: Bare) -> None:
    stopped = Terminating(Fault("enough"), stopping=True)

    with pytest.raises(Terminating, match="enough"):
        call(failing(stopped), "", shell)
    assert not shell.reported


def test_a_commands_own_parameter_goes_before_a_common_one(shell: Bare) -> None:
    own = Cmdlet("Do-It", "", lambda call: [call.value("Version")], (Parameter("Version"),))

    assert call(own, "-Ver 2", shell) == ["2"]


DEFAULTS: dict[str, Value] = {
    "Stop-*:ResourceGroupName": "usual",
    "Stop-It:Lun": block(lambda _: 4),
    "Stop-It:Id": "not with a name",
    "Get-It:Force": True,
    "Stop-It:Nothing": 1,
}


def test_what_a_command_does_not_say_is_taken_from_the_defaults(shell: Bare) -> None:
    shell.set_variable("PSDefaultParameterValues", Hashtable.of(DEFAULTS))

    assert bound("-Name w", shell) == {"set": "ByName", "ResourceGroupName": "usual", "Name": "w", "Lun": 4}
    assert bound("mine w -Lun 1", shell)["ResourceGroupName"] == "mine"


def test_defaults_can_be_turned_off(shell: Bare) -> None:
    shell.set_variable("PSDefaultParameterValues", Hashtable.of({**DEFAULTS, "Disabled": True}))

    assert refused(STOP, "-Name w", shell).endswith("mandatory parameters: ResourceGroupName.")


def test_errorvariable_and_outvariable_keep_what_comes(shell: Bare) -> None:
    call(failing(), "-ErrorVariable e -OutVariable o -ErrorAction SilentlyContinue", shell)

    errors = shell.variable("e")
    assert isinstance(errors, list)
    assert [each.type for each in errors if isinstance(each, Record)] == ["System.Management.Automation.ErrorRecord"]
    assert shell.variable("o") == ["before", "after"]

    call(failing(), "-ErrorVariable +e", shell)
    again = shell.variable("e")
    assert isinstance(again, list)
    assert len(again) == 2


def _should(call: Call) -> Iterator[Value]:
    yield call.should("web1", "Remove")


REMOVE = Cmdlet("Remove-AzIt", "", _should, (Parameter("InputObject", Kind.ANY, from_pipeline=True),), confirms=True)


def test_whatif_tells_and_does_nothing(shell: Bare) -> None:
    assert call(REMOVE, "-WhatIf", shell) == [False]
    assert shell.host.text == 'What if: Performing the operation "Remove" on target "web1".\n'


@pytest.mark.parametrize(("answer", "does"), [("y", True), ("", True), ("n", False), ("No", False)])
def test_confirm_asks(answer: str, does: bool, shell: Bare) -> None:
    shell.host.answers.append(answer)

    assert call(REMOVE, "-Confirm", shell) == [does]


def test_a_person_who_asks_what_the_answers_do_is_told_and_asked_again(shell: Bare) -> None:
    shell.host.answers += ["?", "n"]

    assert call(REMOVE, "-Confirm", shell) == [False]
    assert "\nL - Leave this one out, and all that follow.\n" in shell.host.text


def test_yes_to_all_is_asked_once(shell: Bare) -> None:
    shell.host.answers.append("a")

    assert call(REMOVE, "-Confirm", shell, 1, 2, 3) == [True, True, True]
    assert len(shell.host.asked) == 1


def test_nothing_is_asked_without_confirm(shell: Bare) -> None:
    assert call(REMOVE, "", shell) == [True]
    assert not shell.host.asked


def _agreed(call: Call) -> Iterator[Value]:
    yield call.agreed("Stopping\nAre you sure?")


ASKING = Cmdlet("Stop-AzIt", "", _agreed, (Parameter("Force", Kind.SWITCH),), confirms=True)


def test_a_question_is_asked_unless_it_is_forced_or_not_wanted(shell: Bare) -> None:
    assert call(ASKING, "-Force", shell) == [True]
    assert call(ASKING, "-Confirm:$false", shell) == [True]
    assert not shell.host.asked

    shell.host.answers.append("n")
    assert call(ASKING, "", shell) == [False]
    assert shell.host.text == "\nStopping\nAre you sure?\n"


def test_a_question_that_nobody_hears_is_an_error_and_no_yes(shell: Bare) -> None:
    assert call(ASKING, "", shell) == []
    assert "NonInteractive" in shell.reported[0][0].message


def _says(call: Call) -> list[Value]:
    call.verbose("more")
    call.warn("careful")
    return []


SAYING = Cmdlet("Get-AzIt", "", _says)


def test_verbose_and_warnings_go_as_they_are_wanted(shell: Bare) -> None:
    call(SAYING, "", shell)
    call(SAYING, "-Verbose -WarningAction SilentlyContinue -WarningVariable w", shell)

    assert shell.host.verboses == ["more"]
    assert shell.host.warnings == ["careful"]
    assert shell.variable("w") == ["careful"]


@pytest.mark.slow
@each_of(
    st.lists(st.sampled_from(["-Name", "-N", "-Force", "-Force:1", "-Lun", "x", 3, None, True, ["a", 1], "-", "-x"]))
)
def test_no_arguments_make_anything_but_a_result_or_a_fault(words: list[Value]) -> None:
    shell = Bare()
    with suppress(Terminating):
        call(STOP, words, shell)
