"""Which values of a windowsConfiguration go together."""

import pytest

from calco.model import windows_configuration
from calco.model.errors import ApiError
from calco.model.windows_configuration import (
    UNATTEND_BYTES_MAX,
    Answer,
    AssessmentMode,
    Listener,
    PatchMode,
    Protocol,
    SettingName,
    WindowsConfiguration,
)

LOGON = Answer(SettingName.AUTO_LOGON, "<AutoLogon><Password>hidden</Password></AutoLogon>")


@pytest.mark.parametrize(
    "wanted",
    [
        WindowsConfiguration(),
        WindowsConfiguration(provision_vm_agent=False, automatic_updates=False, time_zone="Pacific Standard Time"),
        WindowsConfiguration(automatic_updates=False, patch_mode=PatchMode.MANUAL),
        WindowsConfiguration(patch_mode=PatchMode.BY_OS),
        WindowsConfiguration(patch_mode=PatchMode.BY_PLATFORM, hotpatching=True),
        WindowsConfiguration(assessment_mode=AssessmentMode.BY_PLATFORM),
        WindowsConfiguration(listeners=(Listener(Protocol.HTTP), Listener(Protocol.HTTPS, "https://vault/secrets/1"))),
        WindowsConfiguration(answers=(LOGON, Answer(SettingName.FIRST_LOGON_COMMANDS, "<x/>"))),
    ],
)
def test_what_goes_together_is_taken(wanted: WindowsConfiguration) -> None:
    windows_configuration.check(wanted)


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        (WindowsConfiguration(time_zone=""), "timeZone"),
        (WindowsConfiguration(time_zone="UTC\n"), "timeZone"),
        (WindowsConfiguration(patch_mode=PatchMode.MANUAL), "patchMode"),
        (WindowsConfiguration(automatic_updates=False, patch_mode=PatchMode.BY_OS), "patchMode"),
        (WindowsConfiguration(automatic_updates=False, patch_mode=PatchMode.BY_PLATFORM), "patchMode"),
        (WindowsConfiguration(provision_vm_agent=False, patch_mode=PatchMode.BY_PLATFORM), "patchMode"),
        (WindowsConfiguration(provision_vm_agent=False, assessment_mode=AssessmentMode.BY_PLATFORM), "assessmentMode"),
        (WindowsConfiguration(hotpatching=True), "enableHotpatching"),
        (WindowsConfiguration(listeners=(Listener(Protocol.HTTPS),)), "certificateUrl"),
        (WindowsConfiguration(answers=(Answer(SettingName.AUTO_LOGON, "x" * UNATTEND_BYTES_MAX),)), "content"),
        (WindowsConfiguration(answers=(Answer(SettingName.AUTO_LOGON, ""),)), "content"),
        (WindowsConfiguration(answers=(LOGON, LOGON)), "additionalUnattendContent"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(wanted: WindowsConfiguration, target: str) -> None:
    with pytest.raises(ApiError) as refusal:
        windows_configuration.check(wanted)

    assert (refusal.value.status, refusal.value.code) == (400, "InvalidParameter")
    assert (refusal.value.target or "").endswith(target)
    assert "hidden" not in refusal.value.message


def test_answers_of_an_unattended_setup_are_not_in_what_is_printed() -> None:
    assert "hidden" not in repr(WindowsConfiguration(answers=(LOGON,)))
