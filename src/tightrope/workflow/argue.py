"""PLACEHOLDER"""

from __future__ import annotations

from tightrope.report.sections import NotComputed


def sections(session):
    return NotComputed(), NotComputed()
