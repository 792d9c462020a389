"""Virtual machines from the Cloud Shell: what is asked of the API, what is asked of people, what is printed."""

from textwrap import dedent

import pytest

from calco.cloudshell.api import Refused
from calco.cloudshell.az import virtual_machine, virtual_machine_config
from calco.cloudshell.errors import Terminating
from calco.cloudshell.values import Record
from calco.model.document import Document
from tests.cloudshell.az.bench import Bench, table
from tests.cloudshell.world import SUBSCRIPTION

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lab"
WEB = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web"
VIEW: Document = {
    "vmAgent": {"vmAgentVersion": "2.2.37", "statuses": []},
    "disks": [{"name": "web-osdisk", "statuses": [{"code": "ProvisioningState/succeeded", "level": "Info"}]}],
    "statuses": [
        {
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Provisioning succeeded",
            "time": "2026-11-22T19:33:52.5Z",
        },
        {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"},
    ],
}


def machine(tags: Document | None = None, **more: Document) -> Document:
    return {
        "type": "Microsoft.Compute/virtualMachines",
        "location": "eastus",
        **({"tags": tags} if tags else {}),
        "properties": {
            "vmId": "00000000-0000-0000-0000-000000000007",
            "hardwareProfile": {"vmSize": "Standard_B1s"},
            "provisioningState": "Succeeded",
            "networkProfile": {
                "networkInterfaces": [{"id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/n"}]
            },
            "osProfile": {"computerName": "web", "adminUsername": "ada", "linuxConfiguration": {}, "secrets": []},
            "storageProfile": {
                "imageReference": {"publisher": "Debian"},
                "osDisk": {"osType": "Linux", "managedDisk": {"id": f"{GROUP}/providers/Microsoft.Compute/disks/os"}},
                "dataDisks": [],
            },
            **more,
        },
    }


@pytest.fixture
def bench() -> Bench:
    made = Bench((virtual_machine.MODULE, virtual_machine_config.MODULE))
    made.host.width = 160
    made.api.put(WEB, machine({"a": "b"}, instanceView=VIEW))
    return made


def test_one_machine_prints_what_it_has_and_not_what_it_has_not(bench: Bench) -> None:
    lines = [line.rstrip() for line in bench.shown(*bench.run("Get-AzVM", "lab", "web")).strip().splitlines()]

    wanted = f"""
        ResourceGroupName : lab
        Id                : {WEB}
        VmId              : 00000000-0000-0000-0000-000000000007
        Name              : web
        Type              : Microsoft.Compute/virtualMachines
        Location          : eastus
        Tags              : {{"a":"b"}}
        HardwareProfile   : {{VmSize}}
        NetworkProfile    : {{NetworkInterfaces}}
        OSProfile         : {{ComputerName, AdminUsername, LinuxConfiguration, Secrets}}
        ProvisioningState : Succeeded
        StorageProfile    : {{ImageReference, OsDisk, DataDisks}}
    """
    assert lines == dedent(wanted).strip().splitlines()


def test_a_list_is_a_table_and_with_status_says_who_runs(bench: Bench) -> None:
    listed = bench.shown(*bench.run("Get-AzVM"))
    with_state = bench.shown(*bench.run("Get-AzVM", ResourceGroupName="LAB", Status=True))

    assert [line.rstrip() for line in listed.strip().splitlines()] == [
        "ResourceGroupName Name Location       VmSize OsType NIC ProvisioningState Zone",
        "----------------- ---- --------       ------ ------ --- ----------------- ----",
        "lab                web   eastus Standard_B1s  Linux   n         Succeeded",
    ]
    assert "PowerState MaintenanceAllowed" in with_state
    assert "VM running" in with_state
    queries = [dict(each.query) for each in bench.api.asked]
    assert queries == [{}, {"$expand": "instanceView"}]
    bench.run("Get-AzVM", Status=True)
    assert dict(bench.api.asked[-1].query) == {"statusOnly": "true"}


def test_the_status_of_one_is_its_instance_view(bench: Bench) -> None:
    view = bench.one("Get-AzVM", "lab", "web", Status=True)

    statuses = view.get("Statuses")
    assert isinstance(statuses, list)
    assert [each.get("Code") for each in statuses if isinstance(each, Record)][1] == "PowerState/running"
    wanted = """
        ResourceGroupName : lab
        Name              : web
        Disks[0]          :
          Name            : web-osdisk
          Statuses[0]     :
            Code          : ProvisioningState/succeeded
            Level         : Info
        VMAgent           :
          VmAgentVersion  : 2.2.37
        Statuses[0]       :
          Code            : ProvisioningState/succeeded
          Level           : Info
          DisplayStatus   : Provisioning succeeded
          Time            : 11/22/2026 7:33:52 PM
        Statuses[1]       :
          Code            : PowerState/running
          Level           : Info
          DisplayStatus   : VM running
    """
    lines = [line.rstrip() for line in bench.shown(view).strip("\n").splitlines()]
    assert lines == dedent(wanted).strip().splitlines()


@pytest.mark.parametrize(
    ("cmdlet", "given", "action", "query"),
    [
        ("Start-AzVM", {}, "start", {}),
        ("Restart-AzVM", {}, "restart", {}),
        ("Stop-AzVM", {"Force": True}, "deallocate", {}),
        ("Stop-AzVM", {"Force": True, "StayProvisioned": True}, "powerOff", {}),
        (
            "Stop-AzVM",
            {"Force": True, "StayProvisioned": True, "SkipShutdown": True},
            "powerOff",
            {"skipShutdown": "true"},
        ),
        ("Set-AzVM", {"Generalized": True}, "generalize", {}),
        ("Set-AzVM", {"Redeploy": True}, "redeploy", {}),
        ("Set-AzVM", {"Reapply": True}, "reapply", {}),
    ],
)
def test_what_is_done_to_a_machine(
    bench: Bench, cmdlet: str, given: dict[str, bool], action: str, query: dict[str, str]
) -> None:
    done = bench.one(cmdlet, "lab", "web", **given)
    by_id = bench.one(cmdlet, Id=WEB, **given)

    assert bench.api.changes() == [("POST", f"{WEB}/{action}")] * 2
    assert [dict(each.query) for each in bench.api.asked] == [query] * 2
    assert done.get("Status") == by_id.get("Status") == "Succeeded"
    assert bench.host.asked == []


def test_how_it_ended_is_printed_as_az_prints_it(bench: Bench) -> None:
    lines = (
        bench.shown(bench.one("Set-AzVm", ResourceGroupName="lab", Name="web", Generalized=True)).strip().splitlines()
    )

    assert [line.rstrip() for line in lines] == [
        "OperationId : 11111111-1111-4111-8111-111111111111",
        "Status      : Succeeded",
        "StartTime   : 11/23/2026 12:00:00 PM",
        "EndTime     : 11/23/2026 12:00:01 PM",
        "Error       :",
    ]


@pytest.mark.parametrize(("answer", "done"), [("y", True), ("n", False), ("", True)])
def test_stopping_asks_first(bench: Bench, answer: str, done: bool) -> None:
    bench.host.answers = [answer]

    bench.run("Stop-AzVM", "lab", "web")

    assert bool(bench.api.changes()) is done
    assert "This cmdlet will stop the specified virtual machine. Do you want to continue?" in bench.host.text


def test_nobody_waits_with_no_wait(bench: Bench) -> None:
    accepted = bench.one("Stop-AzVM", "lab", "web", Force=True, NoWait=True)

    assert bench.api.asked[-1].wait is False
    assert (accepted.get("StatusCode"), accepted.get("IsSuccessStatusCode")) == ("Accepted", True)


def test_a_fleet_goes_through_the_pipeline(bench: Bench) -> None:
    bench.api.put(f"{GROUP}/providers/Microsoft.Compute/virtualMachines/db", machine())

    done = bench.run("Stop-AzVM", input=bench.run("Get-AzVM"), Force=True)

    assert len(done) == 2
    assert bench.api.changes() == [("POST", f"{WEB}/deallocate"), ("POST", f"{WEB[:-3]}db/deallocate")]


def test_a_changed_machine_is_sent_whole_without_what_only_the_api_says(bench: Bench) -> None:
    vm = bench.one("Get-AzVM", "lab", "web")
    bench.run("Add-AzVMDataDisk", input=[vm], Lun=3, CreateOption="empty", DiskSizeInGB=4, Name="data")

    updated = bench.one("Update-AzVM", "lab", vm, Tag=table(x="1"))

    body = bench.api.asked[-1].body
    assert isinstance(body, dict)
    properties = body["properties"]
    assert isinstance(properties, dict)
    storage = properties["storageProfile"]
    assert isinstance(storage, dict)
    assert body["tags"] == {"x": "1"}
    assert storage["dataDisks"] == [{"lun": 3, "name": "data", "createOption": "Empty", "diskSizeGB": 4}]
    assert not {"vmId", "provisioningState", "instanceView"} & set(properties)
    assert not {"id", "name", "type"} & set(body)
    assert [line.rstrip() for line in bench.shown(updated).strip("\n").splitlines()] == [
        "RequestId IsSuccessStatusCode StatusCode ReasonPhrase",
        "--------- ------------------- ---------- ------------",
        "                         True         OK OK",
    ]


def test_removing_asks_and_can_do_without_the_guest(bench: Bench) -> None:
    bench.host.answers = ["n"]
    assert bench.run("Remove-AzVM", "lab", "web") == []
    assert bench.api.changes() == []

    bench.run("Remove-AzVM", "lab", "web", ForceDeletion=1, Force=True)
    assert bench.api.changes() == [("DELETE", WEB)]
    assert dict(bench.api.asked[-1].query) == {"forceDeletion": "true"}
    bench.api.put(WEB, {})
    bench.run("Remove-AzVM", "lab", "web", ForceDeletion=0, Force=True)
    assert not bench.api.asked[-1].query
    with pytest.raises(Terminating, match="Boolean parameters accept only Boolean values"):
        bench.run("Remove-AzVM", "lab", "web", ForceDeletion="yes", Force=True)


def test_a_machine_that_is_not_there_is_an_error_that_names_it(bench: Bench) -> None:
    assert bench.run("Get-AzVM", "lab", "none") == []

    (fault,) = bench.reported
    assert (fault.code, fault.status) == ("ResourceNotFound", 404)
    assert "virtualMachines/none" in fault.message


def test_an_id_of_something_else_is_refused_before_anything_is_asked(bench: Bench) -> None:
    for id in (WEB.replace("virtualMachines", "disks"), "web", f"{WEB}/../x", f"{GROUP}?x"):
        assert bench.run("Start-AzVM", Id=id) == []
    assert len(bench.reported) == 4
    assert bench.api.asked == []


def test_what_the_api_refuses_has_its_code(bench: Bench) -> None:
    bench.api.when("POST", f"{WEB}/simulateEviction", Refused(404, "InvalidAction", "There are no spot machines."))

    bench.run("Set-AzVM", "lab", "web", SimulateEviction=True)

    assert [each.code for each in bench.reported] == ["InvalidAction"]
    assert bench.host.progresses == [("Simulate the eviction of web", "", None)]
    assert bench.host.finished == ["Simulate the eviction of web"], "its progress was taken away"


def test_what_takes_time_is_told_before_the_first_answer_and_as_it_goes_on(bench: Bench) -> None:
    bench.run("Start-AzVM", "lab", "web")

    assert bench.host.progresses == [("Start web", "", None), ("Start web", "Succeeded", 100)]
    assert bench.host.finished == ["Start web"]
