"""Azure's own SDK for JavaScript, unmodified, against a service that was started by the command line.

@azure/arm-compute runs in an environment of its own (`make deps-js`) and knows no more than `calco env` prints.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.contract import pages
from tests.contract.test_sdk import belongings, rows
from tests.service_process import serving

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / ".venvs/js/node_modules"
SCRIPT = HERE / "arm_compute_script.mjs"
PRINTED = "golden Succeeded Generalized\nclone Succeeded PowerState/running\n"


def run(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The script, from a folder of its own: Node looks for packages where a script lies."""
    if not MODULES.exists() and not os.environ.get("CI"):
        pytest.skip(f"{MODULES} is missing: make deps-js")
    folder.mkdir()
    (folder / "node_modules").symlink_to(MODULES)
    shutil.copy(SCRIPT, folder)
    return subprocess.run(
        [MODULES / "node/bin/node", folder / SCRIPT.name],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_main_job_by_the_javascript_sdk_leaves_nothing_and_is_what_the_page_shows(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as service:
        done = run(tmp_path / "js", **service.environ)
        assert done.returncode == 0, f"{done.stdout}{done.stderr[-4000:]}\n{service.log[-3000:]}"
        assert done.stdout == PRINTED
        assert (belongings(service), rows(service)) == ([], [])

        wrong = run(tmp_path / "wrong", **{**service.environ, "AZURE_CLIENT_SECRET": "wrong"})
        assert wrong.returncode != 0
        assert "AADSTS7000215" in wrong.stderr
        assert rows(service) == []

    pages.check(
        "javascript",
        {
            "sign in": pages.fence("js", pages.part(SCRIPT, "sign in")),
            "capture": pages.fence("js", pages.part(SCRIPT, "capture")),
            "printed": pages.fence("text", done.stdout),
            "delete": pages.fence("js", pages.part(SCRIPT, "delete")),
        },
    )
