"""Wheel and source archive: what is inside, and that an installed copy works far from the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tightrope.case import bundled

ROOT = Path(__file__).parents[1]
CASE = "russia-belarus"
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"
AROUND = ["README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md", "Makefile", "MANIFEST.in", "setup.py"]


def build(kind: str, source: Path, out: Path) -> Path:
    """Make an archive with the build backend alone, in a folder that may be written to; no network."""
    before = set(out.iterdir())
    command = [sys.executable, "-c", BUILD, kind, str(out)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (made,) = set(out.iterdir()) - before
    return made


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A source archive made from the tracked files, and a wheel made from that, as a build front end does."""
    folder = tmp_path_factory.mktemp("build")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / "tree" / name)
    (folder / "tree" / "cases" / CASE / ".predictions.csv.lock").touch()  # left by a killed writer
    out = folder / "dist"
    out.mkdir()
    sdist = build("build_sdist", folder / "tree", out)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    return {"sdist": sdist, "source": source, "wheel": build("build_wheel", source, out)}


@pytest.fixture(scope="module")
def site(archives: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed alone into a folder: the libraries come from the running Python."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder)]
    subprocess.run([*command, str(archives["wheel"])], check=True, timeout=300)
    return folder


def installed(site: Path, here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command from another folder; that it is the installed one is part of the answer."""
    here.mkdir(exist_ok=True)
    there = {**os.environ, "PYTHONPATH": str(site)}
    where = "import tightrope, sys; sys.exit(not tightrope.__file__.startswith(sys.argv[1]))"
    asked = [sys.executable, "-c", where, str(site)]
    assert subprocess.run(asked, cwd=here, env=there, timeout=60).returncode == 0
    command = [sys.executable, "-m", "tightrope", *arguments]
    return subprocess.run(command, cwd=here, env=there, capture_output=True, text=True, timeout=300)


def tracked(folder: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, check=True)
    return {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}


@pytest.mark.long
def test_the_wheel_holds_the_package_its_cases_and_the_notices(archives: dict[str, Path]) -> None:
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        names = set(wheel.namelist())
        (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(wheel.read(about).decode())
        licences = {n.partition(".dist-info/licenses/")[2] for n in names if "/licenses/" in n}
        notice = wheel.read(f"tightrope/cases/{CASE}/SOURCES.md")
    assert {name.removeprefix("src/") for name in tracked("src")} <= names
    cases = {f"tightrope/{name}" for name in tracked("cases")}
    assert {name for name in names if name.startswith("tightrope/cases/")} == cases
    assert licences == {"LICENSE", f"cases/{CASE}/SOURCES.md"}
    assert notice == (ROOT / "cases" / CASE / "SOURCES.md").read_bytes()
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {"app", "cluster", "discover"} == set(metadata.get_all("Provides-Extra", []))
    assert metadata["Requires-Python"] == ">=3.11"
    pythons = {c.rpartition(" ")[2] for c in metadata.get_all("Classifier", []) if ":: Python :: 3." in c}
    assert pythons == {"3.11", "3.12", "3.13"}


@pytest.mark.long
def test_the_source_archive_holds_all_that_run_and_test_need(archives: dict[str, Path]) -> None:
    source = archives["source"]
    there = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    for folder in ("src", "cases", "docs", "tests", "benchmarks", "pages"):
        assert tracked(folder) <= there, tracked(folder) - there
    assert {*AROUND, "requirements.txt", "requirements-dev.txt", ".ci/run"} <= there
    assert not [name for name in there if name.endswith((".pyc", ".lock"))]


@pytest.mark.long
def test_an_installed_copy_checks_its_case_and_starts_new_ones(site: Path, tmp_path: Path) -> None:
    done = installed(site, tmp_path / "here", "check", CASE, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{CASE}: the case {CASE} is sound, at 1,000 draws of each prior class too\n"
    assert list((tmp_path / "here").iterdir()) == []
    assert installed(site, tmp_path / "here", "new", "mine").returncode == 0
    checked = installed(site, tmp_path / "here", "check", "mine", "--draws", "0")
    assert checked.stdout == "mine: the case mine is sound\n"
    copied = installed(site, tmp_path / "here", "new", "copy", "--from", CASE)
    assert copied.returncode == 0, copied.stderr
    for name in tracked(f"cases/{CASE}"):
        copy = (tmp_path / "here" / "copy").joinpath(*Path(name).parts[2:]).read_bytes()
        assert copy.replace(b"case: copy\n", f"case: {CASE}\n".encode(), 1) == (ROOT / name).read_bytes()


@pytest.mark.long
def test_an_installed_case_is_not_written_to(site: Path, tmp_path: Path) -> None:
    said = ["--made-on", "2026-01-01", "--forecaster", "A", "--event", "merger", "--statement", "B"]
    done = installed(site, tmp_path / "here", "ledger", "add", CASE, *said, "--probability", "0.1")
    assert done.returncode == 2
    assert f"tightrope new FOLDER --from {CASE}" in done.stderr
    path = f"cases/{CASE}/predictions.csv"
    assert (site / "tightrope" / path).read_bytes() == (ROOT / path).read_bytes()


def test_in_a_checkout_the_cases_are_those_beside_the_code() -> None:
    assert bundled.bundled_cases()[CASE] == ROOT / "cases" / CASE
    bundled.refuse_writing(ROOT / "cases" / CASE / "predictions.csv")  # a maintainer's to change


def test_what_lies_here_comes_before_what_comes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert bundled.find_case(Path(CASE)) == ROOT / "cases" / CASE
    (tmp_path / CASE).mkdir()
    assert bundled.find_case(Path(CASE)) == Path(CASE)
    assert bundled.find_case(Path("no-such")) == Path("no-such")
    assert bundled.find_case(Path("a") / CASE) == Path("a") / CASE


def test_a_case_that_is_not_there_is_told_what_is(tmp_path: Path) -> None:
    assert "did you mean russia-belarus" in bundled.case_hint(Path("russia-belarsu"))
    assert "did you mean russia-belarus" in bundled.case_hint(tmp_path / CASE)
    assert bundled.case_hint(tmp_path / "nothing").startswith("cases that come with Tightrope: ")
