"""Rules that hold for every test."""

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# No example is timed: on a loaded machine a limit fails what has not changed. A hang is for the runner's limit to tell.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# And a change is tried with the examples that the one before it was: new ones are for `--hypothesis-profile=explore`.
settings.register_profile("calco", settings.get_profile("explore"), derandomize=True)
settings.load_profile("calco")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thirteen thousand tests stay until the end: to look through them for garbage again and again, while they are
    collected and after, is a tenth of the time of `make test-fast`."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


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
