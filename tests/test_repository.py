"""What holds for the repository itself."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TARGETS = [
    "help",
    "deps",
    "check",
    "test-fast",
    "test",
    "test-long",
    "demo",
    "demo-down",
    "compatibility",
    "clients",
    "bench",
]


def makefile() -> dict[str, list[str]]:
    """Targets with what they depend on."""
    rules = re.findall(r"^([a-z-]+):([^#\n]*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {name: needs.split() for name, needs in rules}


def reaches_deps(target: str) -> bool:
    return target == "deps" or any(reaches_deps(each) for each in makefile()[target])


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_sees_to_it_that_what_it_needs_is_there(target: str) -> None:
    assert reaches_deps(target)


def test_make_alone_lists_every_target() -> None:
    said = subprocess.run(
        ["make", "-C", str(ROOT), "-n", "--print-data-base"], capture_output=True, text=True, timeout=30, check=True
    ).stdout

    assert ".DEFAULT_GOAL := help" in said
    described = re.findall(r"^([a-z-]+):.*## .", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert described == TARGETS


def test_ci_calls_make_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()

    assert lines == ["#!/usr/bin/env bash", "set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def pinned() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


def test_every_dependency_is_pinned_and_has_its_reason_and_licence() -> None:
    table = (ROOT / "docs/dependencies.md").read_text()

    for requirement in pinned():
        name, exact, version = requirement.partition("==")
        assert exact, f"{requirement} is not pinned"
        assert re.fullmatch(r"[0-9.]+", version)
        assert re.search(rf"^\|[^|]*\b{re.escape(name)}\b", table, re.MULTILINE), f"{name} is not explained"


def test_the_sdk_environments_are_pinned_whole_and_name_no_registry() -> None:
    files = sorted((ROOT / "tests/contract").glob("requirements-*.txt"))

    assert [file.stem.removeprefix("requirements-") for file in files] == ["25.0.0", "30.6.0", "39.0.0"]
    for file in files:
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        assert f"azure-mgmt-compute=={file.stem.removeprefix('requirements-')}" in lines
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9.]+", line) for line in lines)


def test_every_package_that_is_installed_has_its_reason() -> None:
    script = (ROOT / "tools/deps.sh").read_text()
    packages = re.search(r"PACKAGES=\((.*?)\n\)", script, re.DOTALL)
    assert packages
    names = re.sub(r"#.*", "", packages[1]).split()

    table = (ROOT / "docs/dependencies.md").read_text()
    assert len(names) > 10
    assert [name for name in names if name not in table] == []


@pytest.mark.slow
def test_a_skipped_guest_test_is_a_failure_in_ci_and_a_skip_elsewhere(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((ROOT / "tests/conftest.py").read_text())
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.guest
        def test_guest():
            pytest.skip("no KVM, no QEMU")

        def test_other():
            pytest.skip("not today")
        """
    )
    arguments = ["-p", "no:cacheprovider", "-W", "ignore"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CI", "true")
        in_ci = pytester.runpytest_subprocess(*arguments)
        patch.delenv("CI")
        elsewhere = pytester.runpytest_subprocess(*arguments)

    in_ci.assert_outcomes(failed=1, skipped=1)
    in_ci.stdout.fnmatch_lines(["*no KVM, no QEMU*"])
    elsewhere.assert_outcomes(skipped=2)
