"""`tightrope doctor` finds nothing wrong here, and names what is made wrong."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from tightrope.outcome import FAILED, FINE
from tightrope.workflow import doctor


def test_this_installation_is_sound() -> None:
    outcome = doctor.doctor()
    assert outcome.code == FINE, outcome.text
    assert outcome.data["sound"]
    assert {"Python", "Libraries", "JAX", "Cores"} <= {f["what"] for f in outcome.data["findings"]}


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    (finding,) = doctor._python()
    assert "3.10.4" in finding.found
    assert "3.11" in finding.advice
    assert finding.serious


def test_missing_and_outdated_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "jinja2":
            raise PackageNotFoundError(name)
        return "0.1" if name == "scipy" else real(name)

    real = doctor.version
    monkeypatch.setattr(doctor, "version", version)
    found = {f.what: f for f in doctor._libraries()}
    assert set(found) == {"jinja2", "scipy"}
    assert found["jinja2"].found == "missing"
    assert found["scipy"].found == "0.1"
    assert all("make setup" in f.advice for f in found.values())
    outcome = doctor.doctor()
    assert outcome.code == FAILED
    assert "2 thing(s)" in outcome.text


def test_a_cache_that_cannot_be_written_is_told_but_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    finding = doctor._writable("Compiled programs", file / "below", "TIGHTROPE_CACHE=FOLDER")
    assert "TIGHTROPE_CACHE" in finding.advice
    assert not finding.serious
