from __future__ import annotations

import pytest

from tests.report import synthetic
from tests.report.pages import Element, read
from tightrope.report.page import render_report
from tightrope.report.sections import Report


@pytest.fixture(scope="session")
def report() -> Report:
    return synthetic.report()


@pytest.fixture(scope="session")
def html(report: Report) -> str:
    return render_report(report)


@pytest.fixture(scope="session")
def page(html: str) -> Element:
    return read(html)
