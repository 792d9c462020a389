"""Rules that hold for every test."""

import os
from collections.abc import Generator

import pytest

pytest_plugins = ["pytester"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a guest test that cannot run has failed: a skip would hide that nothing was shown."""
    report = yield
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("guest"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not accept: {report.longreprtext}"
    return report
