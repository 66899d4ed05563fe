"""What is served: a case, or a run whose case is still what it was; and what is said where it cannot be."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.workflow.small import small_case
from tightrope.app import start
from tightrope.app.start import CannotServe, MissingApp, address, hosts_of, listen, require_app, what_to_serve
from tightrope.app.token import new_token
from tightrope.case.load import load_case
from tightrope.cli import app
from tightrope.runs import open_run


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return small_case(tmp_path / "case")


def a_run(case: Path, root: Path, **key: str) -> Path:
    """A run folder as a command leaves it, without its work."""
    found = {"case": load_case(case).hash, "seed": 0, "quick": True, **key}
    with open_run(root, case_name="small", key=found, argv=["run", str(case), "--quick"]) as run:
        return Path(run.folder)


def test_a_case_is_served_as_it_is(case: Path) -> None:
    assert what_to_serve(case) == (case, None)
    assert what_to_serve(case / "case.yaml") == (case / "case.yaml", None)


def test_a_run_finds_its_case_by_the_command_that_made_it(case: Path, tmp_path: Path) -> None:
    run = a_run(case, tmp_path / "runs")
    assert what_to_serve(run) == (case, run)
    moved = tmp_path / "moved"
    case.rename(moved)
    with pytest.raises(CannotServe, match="--case FOLDER"):
        what_to_serve(run)
    assert what_to_serve(run, case=moved) == (moved, run)


def test_a_case_that_has_changed_is_not_the_runs(case: Path, tmp_path: Path) -> None:
    run = a_run(case, tmp_path / "runs")
    with (case / "case.yaml").open("a", encoding="utf-8") as stream:
        stream.write("\n# a word\n")
    with pytest.raises(CannotServe, match="has changed since the run"):
        what_to_serve(run)


def test_what_is_neither_is_refused(tmp_path: Path, case: Path) -> None:
    with pytest.raises(CannotServe, match="no case"):
        what_to_serve(tmp_path)
    with pytest.raises(CannotServe, match="goes with a run"):
        what_to_serve(case, case=case)
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(CannotServe):
        what_to_serve(tmp_path)


def test_the_socket_is_on_loopback_alone_and_a_taken_port_is_said() -> None:
    with listen(0) as opened:
        host, port = opened.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(CannotServe, match=f"port {port} .* cannot be had"):
            listen(port)
        assert opened.family == socket.AF_INET


def test_the_token_travels_behind_the_hash_and_is_new_each_time() -> None:
    assert len({new_token() for _ in range(50)}) == 50
    assert len(new_token()) >= 43
    before, _, after = address(8000, "secret").partition("#")
    assert "secret" not in before
    assert after == "token=secret"
    assert hosts_of(8000) == ("127.0.0.1:8000", "localhost:8000")


def test_without_the_extra_the_command_says_what_to_install(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "find_spec", lambda name: None)
    with pytest.raises(MissingApp, match=r"tightrope\[app\]"):
        require_app()
    result = CliRunner().invoke(app, ["serve", str(case)])
    assert result.exit_code == 1
    assert "pip install 'tightrope[app]'" in result.stderr


def test_the_command_names_what_it_cannot_serve(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", str(tmp_path)])
    assert result.exit_code == 2
    assert "is no case" in result.stderr


def test_the_page_names_no_address_but_its_own() -> None:
    """No file of the page asks anyone but this server."""
    folder = Path(start.__file__).parent / "static"
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        text = text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file
        assert "https://" not in text, file
        assert "innerHTML" not in text, file
        assert "eval(" not in text, file
    assert json.dumps(sorted(p.suffix for p in folder.iterdir()))
