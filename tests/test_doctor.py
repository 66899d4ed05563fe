"""`tightrope doctor` finds nothing wrong here, and names what is made wrong."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from tightrope import doctor
from tightrope.case import bundled
from tightrope.case.new import scaffold
from tightrope.outcome import FAILED, FINE


@pytest.mark.long
def test_this_installation_is_sound() -> None:
    outcome = doctor.doctor()
    assert outcome.code == FINE, outcome.text
    assert outcome.data["sound"]
    looked_at = {"Python", "Libraries", "JAX", "Compiled programs", "Case", "Cores", "Disk"}
    assert looked_at | {"Extra app", "Extra discover"} <= {f["what"] for f in outcome.data["findings"]}


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    (finding,) = doctor._python()
    assert "3.10.4" in finding.found
    assert "3.11" in finding.advice
    assert finding.serious


@pytest.mark.parametrize(
    ("checkout", "mend"), [(True, "`make setup`"), (False, "-m pip install 'scipy>=1.17'`")]
)
def test_missing_and_outdated_libraries_are_named(
    monkeypatch: pytest.MonkeyPatch, checkout: bool, mend: str
) -> None:
    def version(name: str) -> str:
        if name in ("jinja2", "uvicorn"):
            raise PackageNotFoundError(name)
        return "0.1" if name == "scipy" else real(name)

    real = doctor.version
    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(doctor, "CHECKOUT", checkout)
    found = {f.what: f for f in doctor._libraries()}
    assert found["jinja2"].found == "missing"
    assert found["scipy"].found == "0.1"
    assert mend in found["scipy"].advice
    assert {name for name, f in found.items() if f.advice and f.serious} == {"jinja2", "scipy"}
    assert found["Extra app"].found == "uvicorn missing"
    assert "[app]" in found["Extra app"].advice
    assert not found["Extra discover"].advice
    monkeypatch.setattr(doctor, "LOOKS", (doctor._libraries,))
    outcome = doctor.doctor()
    assert outcome.code == FAILED
    assert "2 thing(s)" in outcome.text


def test_metadata_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version", lambda name: "0.0.1")
    (finding,) = doctor._libraries()
    assert "0.0.1" in finding.found
    assert finding.advice


def test_a_package_that_is_only_on_the_path_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", requires)
    (finding,) = doctor._libraries()
    assert "only found on the path" in finding.advice


def test_libraries_that_do_not_start_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One imports, one fails, one takes the process with it; what follows that is not guessed at."""
    modules = {
        "whole_a": "",
        "broken_b": "raise ImportError('lib.so: cannot open shared object file')",
        "deadly_c": "import os; os.abort()",
        "never_d": "",
    }
    for name, text in modules.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    named = {name: [name.replace("_", "-").upper()] for name in modules}
    monkeypatch.setattr(doctor, "packages_distributions", lambda: named)
    # In the order of names: b, c, d, a.
    found = doctor._starting([name.replace("_", "-") for name in modules])
    assert [f.what for f in found] == ["broken-b", "deadly-c"]
    assert "cannot open shared object file" in found[0].found
    assert "exit code -6" in found[1].found
    assert all(f.serious and f.advice for f in found)


def test_a_cache_that_cannot_be_written_is_told_but_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    finding = doctor._writable("Compiled programs", file / "below", "TIGHTROPE_CACHE=FOLDER")
    assert "TIGHTROPE_CACHE" in finding.advice
    assert not finding.serious


def test_damage_to_the_case_that_comes_along_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_INSTALLED", tmp_path)
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "a" / "b" / "c")
    (finding,) = doctor._cases()
    assert finding.found == "none comes along"
    folder = tmp_path / "north"
    scaffold(folder, name="north")
    (finding,) = doctor._cases()
    assert not finding.advice
    (folder / "fits").mkdir()
    (folder / "fits" / "fit-0.json").write_text('{"cut": ')
    (finding,) = doctor._cases()
    assert "fit-0.json" in finding.advice
    assert not finding.serious
    (folder / "record.csv").unlink()
    (finding,) = doctor._cases()
    assert f"tightrope check {folder}" in finding.advice
    assert finding.serious


def test_the_doctor_needs_nothing_that_may_be_broken() -> None:
    """Neither it nor the command line before it imports a library that it is to judge, its own aside."""
    program = "import sys, tightrope.cli, tightrope.doctor; print(*{n.split('.')[0] for n in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    judged = {"jax", "jaxlib", "numpy", "scipy", "pandas", "pydantic", "ruamel", "xarray", "packaging"}
    assert not judged & set(done.stdout.split())


def test_without_the_command_line_s_own_libraries_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "typer.py").write_text("raise ModuleNotFoundError(\"No module named 'typer'\", name='typer')")
    paths = [str(tmp_path), str(Path(doctor.__file__).parents[1])]
    monkeypatch.setenv("PYTHONPATH", ":".join(paths))
    command = [sys.executable, "-m", "tightrope", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "No module named 'typer'" in done.stderr
    assert "make clean setup" in done.stderr
    assert "Traceback" not in done.stderr
