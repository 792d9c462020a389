"""The documents do not lie about what can be looked up: files, links, commands, plans, dependencies, code."""

import ast
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from calco.cli.app import app
from calco.operations.plan import Act
from calco.settings import rows
from calco.work.plans import BOOK

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/decisions/*.md"))
ARCHITECTURE = ROOT / "docs/architecture.md"

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}(?![-*]|\d+\.)(\S.*)$", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"(?:[\w.*-]+/)*[\w*-]+\.(?:py|md|toml|sh|svg|txt)")
NAMED_FOLDER = re.compile(r"(?:\.ci|bench|docs|src|tests|tools)(?:/[\w.*-]+)*/?")
WHERE = (".", "src/calco", "docs")
"""Where a file that a document names may be: modules are named as they are below the package."""
NOT_HERE = {"settings.toml", "NNNN-what-was-decided.md"}
"""Named, and not of this repository: a data directory's, a pattern."""


def commands(text: str) -> Iterator[str]:
    """Every line that a reader might type: of code blocks, indented lines, and inline code."""
    for language, block in FENCE.findall(text):
        if language in {"", "sh"}:
            yield from block.replace("\\\n", " ").splitlines()
    prose = FENCE.sub("", text)
    yield from INDENTED.findall(prose)
    yield from INLINE.findall(prose)


def words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # not a command: a lone quotation mark, say
        return []


def anchors(document: Path) -> set[str]:
    """The fragments of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.*)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@every_document
def test_every_relative_link_leads_to_a_file_and_its_heading(document: Path) -> None:
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, fragment = link.partition("#")
        target = (document.parent / path).resolve() if path else document

        assert target.is_relative_to(ROOT), link
        assert target.exists(), f"{link} leads nowhere"
        assert not fragment or fragment in anchors(target), f"{link}: no such heading"


@every_document
def test_every_file_and_folder_that_is_named_exists(document: Path) -> None:
    for name in INLINE.findall(FENCE.sub("", document.read_text())):
        if name in NOT_HERE or not (NAMED_FILE.fullmatch(name) or NAMED_FOLDER.fullmatch(name)):
            continue

        assert any(list((ROOT / folder).glob(name)) for folder in WHERE), f"{name} is nowhere"


@cache
def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@every_document
def test_every_make_target_that_is_named_is_one(document: Path) -> None:
    for line in commands(document.read_text()):
        match words(line):
            case ["make", *named]:
                assert {each for each in named if not each.startswith("-")} <= targets(), line


@every_document
def test_every_calco_command_that_is_named_is_one_and_has_its_options(document: Path) -> None:
    for typed in commands(document.read_text()):
        line = re.sub(r'"\$\((calco [^)]*)\)"', r"\1", typed.removeprefix("eval ").removeprefix(".venv/bin/"))
        match words(line):
            case ["calco", *given]:
                check_calco(given, line)


def check_calco(given: list[str], line: str) -> None:
    """Follow the words through the tree of commands. ``vm list|show`` means either."""
    command = typer.main.get_command(app)
    while given and isinstance(command, TyperGroup) and not given[0].startswith("-"):
        first, *given = given
        choices = first.split("|")
        assert set(choices) <= set(command.commands), f"no such command: {line}"
        command = command.commands[choices[0]]
    for word in given[: given.index("--")] if "--" in given else given:
        if word.startswith("-"):
            known = {name for each in command.params for name in each.opts} | {"--help"}
            assert word.partition("=")[0] in known, f"no such option {word}: {line}"


@every_document
def test_every_option_that_is_named_alone_is_one_of_calco(document: Path) -> None:
    text = document.read_text()
    known = {row.flag for row in rows()} | {"--data-dir", "--guests", "--help", "--detach", "--screenshot"}
    for name in INLINE.findall(FENCE.sub("", text)):
        if re.fullmatch(r"--[a-z-]+", name):
            assert name in known, name


@every_document
def test_python_in_documents_compiles(document: Path) -> None:
    for language, block in FENCE.findall(document.read_text()):
        if language == "python":
            ast.parse(block)


def test_shell_in_documents_is_shell() -> None:
    for document in DOCUMENTS:
        for language, block in FENCE.findall(document.read_text()):
            if language == "sh":
                subprocess.run(["bash", "-n"], input=block, text=True, timeout=10, check=True)


# --- what the architecture page repeats from the code ----------------------------------------------------------------


def section(document: Path, heading: str) -> str:
    return document.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_table_of_plans_is_the_book_of_plans() -> None:
    """Acts are in italics, those that insist have a star."""
    table = section(ARCHITECTURE, "Slow work: plans, steps, undos")
    told = dict(re.findall(r"^\| `(\w+\.\w+)` \| (.*) \|$", table, re.MULTILINE))

    assert told == {
        name: " · ".join(
            (f"*{step.name}*" + (r"\*" if step.insist else "")) if isinstance(step, Act) else step.name
            for step in plan.steps
        )
        for name, plan in BOOK.plans.items()
    }


def test_the_layers_are_those_that_import_linter_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")

    assert [block.splitlines() for _, block in FENCE.findall(ARCHITECTURE.read_text())] == [layers]


def test_the_picture_shows_every_package() -> None:
    shown = "".join(re.findall(r'class="name"[^>]*>([^<]*)<', (ROOT / "docs/architecture.svg").read_text()))

    packages = {each.parent.name for each in (ROOT / "src/calco").glob("*/__init__.py")}
    assert {each for each in packages if each not in shown} == set()


# --- decisions -------------------------------------------------------------------------------------------------------


def test_decisions_are_numbered_in_order_short_and_of_one_form() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for page in DECISIONS:
        text = page.read_text()
        assert re.match(rf"# {int(page.name[:4])}\. \S.*\n\nStatus: (accepted|replaced by [0-9]{{4}})\.\n", text), page
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], page
        assert len(text.splitlines()) <= 30, page


# --- dependencies ----------------------------------------------------------------------------------------------------


def explained(heading: str) -> set[str]:
    """The first column of the table under a heading of the dependencies page, in lower case."""
    table = section(ROOT / "docs/dependencies.md", heading)
    lines = [line.split("|") for line in table.splitlines() if line.startswith("| ")][1:]
    assert all(cell.strip() for line in lines for cell in line[1:-1] if set(cell) != {"-"}), f"an empty cell: {heading}"
    return {name.strip().lower() for line in lines for name in line[1].split(",")} - {"---"}


def named(requirements: list[str]) -> set[str]:
    return {each.partition("==")[0].lower() for each in requirements}


def test_every_dependency_has_its_line_and_every_line_its_dependency() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]

    assert explained("At run time") == named(project["dependencies"])
    assert explained("To develop") == named(
        [*project["optional-dependencies"]["dev"], *pyproject["build-system"]["requires"]]
    )


def test_every_package_of_the_sdk_environments_has_its_line() -> None:
    files = (ROOT / "tests/contract").glob("*requirements*.txt")
    pins = [line for file in files if file != AZ for line in pinned_in(file)]

    assert explained("Azure's SDK, to test against") == named(pins)


AZ = ROOT / "tests/contract/az-requirements.txt"


def pinned_in(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if not line.startswith("#")]


def test_az_is_explained_and_all_it_brings_is_counted() -> None:
    page, pins = (ROOT / "docs/dependencies.md").read_text(), pinned_in(AZ)
    (az,) = explained("az, to test against")
    version = next(line.partition("==")[2] for line in pins if line.startswith(f"{az}=="))

    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9.]+(b[0-9]+)?", line) for line in pins)
    assert f"{len(pins) - 1} packages" in " ".join(page.split())
    assert f"az** ({version}" in (ROOT / "README.md").read_text()


def test_every_npm_package_has_its_line() -> None:
    script = (ROOT / "tools/deps.sh").read_text()
    asked = re.findall(r"^    npm_\w+ \.venvs/\S+ (.*)$", script, re.MULTILINE)
    packages = re.findall(r'"(@?[a-z/-]+)@', " ".join(asked))

    assert len(packages) > 2
    assert explained("From npm, to test against") == {"node (npm)", *packages}


def test_every_debian_package_has_its_line() -> None:
    script = (ROOT / "tools/deps.sh").read_text()
    listed = re.findall(r"^[A-Z_]*PACKAGES=\((.*?)\n\)", script, re.DOTALL | re.MULTILINE)
    assert len(listed) > 2
    added = re.findall(r"PACKAGES\+=\(([^)\"]*)\)", script)

    installed = " ".join([re.sub(r"#.*", "", each) for each in [*listed, *added]]).split()
    assert explained("Programs, from Debian's packages") == set(installed)
