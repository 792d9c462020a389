"""Whether a Windows is generalized: every mark of its setup, and what becomes of marks that contradict each other."""

from collections.abc import Callable

import pytest

from calco.inspection.blocks import KeptBlocks
from calco.inspection.look import look
from calco.inspection.sighting import Sighting
from calco.model.inspection import Result, Verdict
from tests.inspection.disks import WINDOWS, Memory, Partition, fat, gpt, ntfs
from tests.inspection.samples import system_hive
from tests.inspection.windows.disk import (
    IMAGE_STATE,
    SYSPREP_STATUS,
    VERSION,
    WindowsDisk,
    generalize,
    ready_windows,
)
from tests.inspection.windows.hives import entry, hive, log, open_after

Change = Callable[[WindowsDisk], None]

TAG = "/Windows/System32/Sysprep/Sysprep_succeeded.tag"
INI = "/Windows/Setup/State/State.ini"


def state(name: str) -> Change:
    return lambda disk: disk.software[IMAGE_STATE].update(ImageState=name)


def state_file(name: str) -> Change:
    return lambda disk: disk.files.update({INI: f"[State]\r\nImageState={name}\r\n".encode()})


def phase(number: int) -> Change:
    return lambda disk: disk.system[SYSPREP_STATUS].update(GeneralizationState=number)


def without(path: str) -> Change:
    def change(disk: WindowsDisk) -> None:
        del disk.files[path]

    return change


def without_key(path: str) -> Change:
    def change(disk: WindowsDisk) -> None:
        disk.system.pop(path, None)
        disk.software.pop(path, None)

    return change


def not_pending(disk: WindowsDisk) -> None:
    disk.system["Setup"].update(SetupType=0, CmdLine="", OOBEInProgress=0, SystemSetupInProgress=0)


def in_use(disk: WindowsDisk) -> None:
    """As it runs, with the tag that outlived its first boot."""
    for change in (state("IMAGE_STATE_COMPLETE"), state_file("IMAGE_STATE_COMPLETE"), phase(7), not_pending):
        change(disk)


def seen_after(*changes: Change) -> Sighting:
    disk = ready_windows()
    for change in changes:
        change(disk)
    return disk.seen()


# ----- generalized


def test_a_windows_after_sysprep_is_generalized_and_says_what_that_stands_on() -> None:
    seen = ready_windows().seen()

    assert seen.verdict is Verdict.GENERALIZED
    assert seen.evidence == (
        "ImageState in the registry is IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE.",
        "ImageState in State.ini is IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE.",
        "GeneralizationState is 3.",
        "There is a Sysprep_succeeded.tag.",
        "Setup is pending: SetupType is 2, CmdLine is oobe\\windeploy.exe.",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        (state("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT"), state_file("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT")),
        (state("image_state_generalize_reseal_to_oobe"),),
        (phase(4),),
        (without(INI),),
        (in_use, generalize),
    ],
    ids=["to audit", "in small letters", "phase 4", "no State.ini", "in use, then sysprep"],
)
def test_these_too_are_generalized(changes: tuple[Change, ...]) -> None:
    assert seen_after(*changes).verdict is Verdict.GENERALIZED


# ----- specialized


def test_a_windows_in_use_is_specialized_though_the_tag_is_still_there() -> None:
    seen = seen_after(in_use)

    assert seen.verdict is Verdict.SPECIALIZED
    assert "ImageState in the registry is IMAGE_STATE_COMPLETE." in seen.evidence
    assert "GeneralizationState is 7." in seen.evidence


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        (in_use, without(TAG)),
        (in_use, without_key(SYSPREP_STATUS)),
        (in_use, without(INI)),
        (in_use, without_key(IMAGE_STATE)),
        (in_use, state("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE"), state_file("IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE")),
        (in_use, state("IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT"), state_file("IMAGE_STATE_SPECIALIZE_RESEAL_TO_AUDIT")),
        (in_use, phase(99)),
    ],
    ids=["no tag", "never sysprepped", "no State.ini", "no ImageState", "to oobe", "to audit", "odd phase"],
)
def test_these_too_are_specialized(changes: tuple[Change, ...]) -> None:
    assert seen_after(*changes).verdict is Verdict.SPECIALIZED


# ----- unknown


def test_marks_that_contradict_each_other_make_it_unknown_and_that_is_said() -> None:
    seen = seen_after(phase(7))

    assert seen.verdict is Verdict.UNKNOWN
    assert "These contradict each other." in seen.evidence


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        (state("IMAGE_STATE_COMPLETE"),),
        (state_file("IMAGE_STATE_COMPLETE"),),
        (phase(0),),
        (without(TAG),),
        (not_pending,),
        (in_use, state("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE")),
        (in_use, phase(3)),
        (state_file("x\r\nother"),),
        (lambda disk: disk.files.update({INI: b"[Other]\r\n"}),),
    ],
    ids=["registry", "file", "phase", "tag", "pending", "in use but one", "in use but phase", "odd file", "no section"],
)
def test_one_mark_against_the_others_makes_it_unknown(changes: tuple[Change, ...]) -> None:
    assert seen_after(*changes).verdict is Verdict.UNKNOWN


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        (state("IMAGE_STATE_UNDEPLOYABLE"),),
        (in_use, state("IMAGE_STATE_UNDEPLOYABLE")),
        (state("IMAGE_STATE_OF_TOMORROW"), state_file("IMAGE_STATE_OF_TOMORROW")),
        (without_key(IMAGE_STATE),),
        (without_key(SYSPREP_STATUS),),
        (without_key(IMAGE_STATE), without_key(SYSPREP_STATUS), without(INI), without(TAG)),
    ],
    ids=["undeployable", "undeployable in use", "not known", "no ImageState", "no phase", "no mark at all"],
)
def test_what_is_unfinished_unknown_or_absent_makes_it_unknown(changes: tuple[Change, ...]) -> None:
    assert seen_after(*changes).verdict is Verdict.UNKNOWN


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SYSTEM", "SOFTWARE"])
def test_a_registry_that_was_not_closed_is_never_generalized(name: str) -> None:
    disk = ready_windows()
    clean = ntfs(disk.tree())
    disk.raw[name] = open_after(hive_of(disk, name))

    seen = disk.seen()

    assert seen.verdict is Verdict.UNKNOWN
    assert "may be older" in seen.evidence[-1]
    assert look(KeptBlocks(Memory(clean))).verdict is Verdict.GENERALIZED


@pytest.mark.slow
def test_a_registry_whose_log_leads_on_is_read_as_windows_would_load_it() -> None:
    disk = ready_windows()
    after = hive_of(disk, "SYSTEM")
    phase(7)(disk)
    before = hive_of(disk, "SYSTEM")
    disk.raw |= {"SYSTEM": open_after(before), "SYSTEM.LOG1": log(entry(before, after))}

    assert disk.seen().verdict is Verdict.GENERALIZED


def hive_of(disk: WindowsDisk, name: str) -> bytes:
    content = disk.tree()[f"/Windows/System32/config/{name}"]
    assert isinstance(content, bytes)
    return content


@pytest.mark.slow
@pytest.mark.parametrize("word", [b"hibr", b"HIBR"])
def test_a_hibernated_windows_is_never_generalized(word: bytes) -> None:
    seen = seen_after(lambda disk: disk.files.update({"/hiberfil.sys": word + bytes(5000)}))

    assert seen.verdict is Verdict.UNKNOWN
    assert any("hibernated" in each for each in seen.evidence)


@pytest.mark.slow
def test_a_windows_that_woke_up_is_not_hibernated() -> None:
    seen = seen_after(lambda disk: disk.files.update({"/hiberfil.sys": b"WAKE" + bytes(5000)}))

    assert seen.verdict is Verdict.GENERALIZED


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"regf", bytes(8192), b"regf" + bytes(9000)])
@pytest.mark.parametrize("name", ["SYSTEM", "SOFTWARE"])
def test_a_hive_that_cannot_be_read_hides_no_check_and_is_never_generalized(name: str, content: bytes) -> None:
    disk = ready_windows()
    disk.raw[name] = content

    seen = disk.seen()

    assert seen.verdict is not Verdict.GENERALIZED
    assert any("cannot be read" in each for each in seen.evidence)
    assert {each.code for each in seen.seen} >= {"windows.image-state", "windows.powershell-history"}


@pytest.mark.slow
def test_two_windows_on_a_disk_make_it_unknown() -> None:
    one = ntfs(ready_windows().tree())

    seen = look(KeptBlocks(Memory(gpt(Partition(one, type=WINDOWS), Partition(one, type=WINDOWS)))))

    assert seen.verdict is Verdict.UNKNOWN
    assert "More than one Windows" in seen.evidence[0]
    assert [each.result for each in seen.seen if each.code == "windows.single"] == [Result.FAILED]


@pytest.mark.slow
def test_the_control_set_is_the_one_that_select_names() -> None:
    disk = ready_windows()
    disk.system["Select"]["Current"] = 3
    disk.hives["SYSTEM"] = {
        **{key: values for key, values in disk.system.items() if not key.startswith("Current")},
        **{
            key.replace("Current", "ControlSet003", 1): values
            for key, values in disk.system.items()
            if key.startswith("Current")
        },
    }

    assert (disk.failing(), disk.seen().os.architecture) == (set(), "x64")


@pytest.mark.slow
def test_a_system_hive_that_names_no_control_set_is_of_no_use() -> None:
    seen = seen_after(lambda disk: disk.system["Select"].clear())

    assert seen.verdict is Verdict.UNKNOWN
    assert any("control set" in each for each in seen.evidence)


# ----- which one it is


@pytest.mark.slow
def test_names_of_folders_are_found_in_any_case() -> None:
    disk = ready_windows()
    tree = {path.upper(): content for path, content in disk.tree().items()}

    assert look(KeptBlocks(Memory(ntfs(tree)))).verdict is Verdict.GENERALIZED


@pytest.mark.slow
def test_what_looks_like_a_windows_on_another_file_system_is_none() -> None:
    seen = look(KeptBlocks(Memory(fat(ready_windows().tree(), size_mib=16))))

    assert (seen.verdict, seen.os.type) == (Verdict.UNKNOWN, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "name", "version"),
    [
        ({}, "Windows Server 2022 Datacenter", "10.0.20348.2762"),
        (
            {"ProductName": "Windows 10 Pro", "CurrentBuild": "22631", "InstallationType": "Client", "UBR": 3007},
            "Windows 11 Pro",
            "10.0.22631.3007",
        ),
        (
            {"ProductName": "Windows 10 Pro", "CurrentBuild": "19045", "InstallationType": "Client", "UBR": 1},
            "Windows 10 Pro",
            "10.0.19045.1",
        ),
    ],
)
def test_a_windows_is_named_by_its_build(values: dict[str, str | int], name: str, version: str) -> None:
    seen = seen_after(lambda disk: disk.software[VERSION].update(values))

    assert (seen.os.type, seen.os.name, seen.os.version, seen.os.architecture) == ("Windows", name, version, "x64")


@pytest.mark.slow
def test_an_old_windows_is_named_too() -> None:
    seen = seen_after(
        lambda disk: disk.software.update(
            {
                VERSION: {
                    "ProductName": "Windows Server 2008 R2 Standard",
                    "CurrentVersion": "6.1",
                    "CurrentBuild": "7601",
                    "CSDVersion": "Service Pack 1",
                    "InstallationType": "Server",
                }
            }
        )
    )

    assert (seen.os.name, seen.os.version) == ("Windows Server 2008 R2 Standard", "6.1.7601")
    assert seen.os.details["release"] == "Service Pack 1"


@pytest.mark.slow
def test_a_windows_behind_uefi_is_found_with_what_boots_it() -> None:
    seen = look(KeptBlocks(Memory(ready_windows().uefi())))

    assert seen.verdict is Verdict.GENERALIZED
    assert [each.found for each in seen.seen if each.code == "windows.bcd-timeout"] == ["5"]


@pytest.mark.slow
def test_a_real_system_hive_on_a_disk_says_that_the_machine_is_in_use() -> None:
    disk = ready_windows()
    in_use(disk)
    disk.raw["SYSTEM"] = system_hive()
    image = ntfs({**disk.tree(), "/Boot/BCD": hive(disk.boot)}, size_mib=40)

    seen = look(KeptBlocks(Memory(image)))

    assert seen.verdict is Verdict.SPECIALIZED
    assert (seen.os.architecture, seen.evidence[2]) == ("x64", "GeneralizationState is 7.")
