"""What a newcomer meets first: pinned requirements, two make targets, files that name no one's machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt"]
PYTHONS = ["3.11", "3.12", "3.13"]

make = pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="needs make")


def pyproject() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def entries(name: str) -> list[tuple[Requirement, list[str]]]:
    """(requirement, hashes) of each entry of a lock file."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            spec, *hashes = line.split("--hash=")
            found.append((Requirement(spec.strip()), [one.strip() for one in hashes]))
    return found


def pins(name: str, python: str) -> dict[str, Version]:
    """Package -> pinned version on Linux under a Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    found = {}
    for requirement, _ in entries(name):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (pin,) = requirement.specifier
            found[canonicalize_name(requirement.name)] = Version(pin.version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_to_one_version_by_hash(lock: str) -> None:
    assert len(entries(lock)) > 20
    for requirement, hashes in entries(lock):
        assert [pin.operator for pin in requirement.specifier] == ["=="], requirement
        assert requirement.url is None
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_folder(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.findall(r"(?i)https?:|file:|--(?!hash=)\w|^-|/\w+/|\\\w", text, re.M)


@pytest.mark.parametrize("lock", LOCKS)
def test_compiled_packages_carry_the_hashes_of_many_wheels(lock: str) -> None:
    """A lock made from one machine's wheels would hold one or two hashes a package."""
    hashes = {canonicalize_name(requirement.name): found for requirement, found in entries(lock)}
    for name in ("numpy", "scipy", "jaxlib", "pydantic-core", "netcdf4", "pandas"):
        assert len(hashes[name]) >= 12, name


@pytest.mark.parametrize("python", PYTHONS)
def test_locks_satisfy_the_declared_needs(python: str) -> None:
    project = pyproject()
    run = [Requirement(text) for text in project["project"]["dependencies"]]  # type: ignore[index]
    groups: dict[str, list[str]] = project["dependency-groups"]  # type: ignore[assignment]
    dev = [Requirement(text) for text in [*groups["build"], *groups["dev"]]]
    for lock, needs in [("requirements.txt", run), ("requirements-dev.txt", run + dev)]:
        pinned = pins(lock, python)
        for need in needs:
            assert need.specifier.contains(pinned[canonicalize_name(need.name)], prereleases=True), need


@pytest.mark.parametrize("python", PYTHONS)
def test_the_tests_run_on_what_users_get(python: str) -> None:
    run, dev = pins("requirements.txt", python), pins("requirements-dev.txt", python)
    assert {name: dev[name] for name in run} == run


def test_the_tests_run_on_what_is_pinned() -> None:
    """Otherwise a green run says nothing about a fresh set-up."""
    from importlib.metadata import version

    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for name, pinned in pins("requirements.txt", python).items():
        assert Version(version(name)) == pinned, name


def test_one_version_everywhere() -> None:
    import tightrope

    version = tightrope.__version__
    assert pyproject()["project"]["version"] == version  # type: ignore[index]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_file_names_a_machine_or_a_package_host() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    words = ["/" + "work/", "/" + "root/", "/" + "opt/", "/" + "home/", "py" + "pi.org", "python" + "hosted"]
    found = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            text = path.read_bytes().decode("utf-8", errors="ignore")
            found += [
                f"{name}: {word}" for word in words if re.search(rf"(?<![\w.-]){re.escape(word)}", text)
            ]
    assert found == []


def test_what_the_readme_links_to_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_ci_runs_what_a_newcomer_types() -> None:
    script = ROOT / ".ci" / "run"
    assert script.read_text(encoding="utf-8").strip().splitlines()[-2:] == ["make test", "make test-long"]
    subprocess.run(["bash", "-n", str(script)], check=True)


def stub(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the Makefile and a PATH that holds make, a shell's tools and no Python."""
    (tmp_path / "bin").mkdir()
    for tool in ("make", "sh", "cat", "rm", "mkdir", "printf", "touch", "awk"):
        where = shutil.which(tool)
        if where is not None:
            (tmp_path / "bin" / tool).symlink_to(where)
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def run_make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(clone / "bin"), "HOME": str(clone)}
    command = [str(clone / "bin" / "make"), *arguments]
    return subprocess.run(
        command, cwd=clone, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


# Makes .venv the way `python -m venv` does, and notes who was asked.
GOOD = """echo "$0 $*" >> made.txt
case "$*" in *"-m venv"*) mkdir -p .venv/bin; printf '#!/bin/sh\\nexit 0\\n' > .venv/bin/python;
 {chmod} 755 .venv/bin/python;; esac"""


@make
def test_without_a_python_the_error_says_what_to_do(clone: Path) -> None:
    done = run_make(clone, "setup")
    assert done.returncode == 2
    assert "needs Python 3.11 or newer" in done.stderr
    assert "PYTHON=" in done.stderr
    assert not (clone / ".venv").exists()


@make
def test_an_old_or_dead_python3_is_passed_over(clone: Path) -> None:
    stub(clone / "bin", "python3", "exit 1")  # too old, or a version manager's shim for nothing
    stub(clone / "bin", "python3.12", GOOD.format(chmod=shutil.which("chmod")))
    done = run_make(clone, ".venv/.stamp-venv")
    assert done.returncode == 0, done.stderr
    assert "python3.12" in (clone / "made.txt").read_text().splitlines()[-1]
    assert "Setting up .venv with python3.12" in done.stderr


@make
def test_a_set_up_folder_is_left_alone_and_a_moved_one_is_not(clone: Path) -> None:
    stub(clone / "bin", "python3", GOOD.format(chmod=shutil.which("chmod")))
    stamp = clone / ".venv" / ".stamp-venv"
    run_make(clone, ".venv/.stamp-venv")
    once = (clone / "made.txt").read_text()
    assert stamp.read_text() == str(clone.resolve())
    run_make(clone, ".venv/.stamp-venv")
    assert (clone / "made.txt").read_text() == once
    installed = clone / ".venv" / ".stamp-run"
    installed.touch()
    stamp.write_text("/elsewhere")
    run_make(clone, ".venv/.stamp-venv")
    assert stamp.read_text() == str(clone.resolve())
    assert not installed.exists()  # the package's own link still points to the old folder: install anew


@make
def test_help_lists_the_two_commands(clone: Path) -> None:
    done = run_make(clone)
    assert done.returncode == 0
    assert "make run " in done.stdout
    assert "make test " in done.stdout
