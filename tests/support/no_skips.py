"""A pytest plugin for CI: a test that was skipped, or expected to fail, fails the run.

`make test` loads it; without CI in the environment it changes nothing.
"""

import os
from collections.abc import Generator

import pytest

Report = pytest.TestReport | pytest.CollectReport


def refuse_skip(report: Report) -> None:
    """Turn a skipped report into a failed one that still tells the skip's reason."""
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"nothing is skipped in CI: {report.longrepr}"


# Outermost, so that pytest's own reading of skip and xfail is already in the report.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_skip(report)
    return report
