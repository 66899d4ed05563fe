"""Programs kept between processes: found again, never mistaken for another, made anew if they do not read."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.game import small_games
from tightrope.compiled import kept, said
from tightrope.game import compile_game

TOLD = """
import sys
import numpy as np
from tests.game.small_games import trust
from tightrope.compiled import kept
from tightrope.game import solve

kept.WORTH = 0.0
made = []
make = kept.Kept._make
kept.Kept._make = lambda self, *given: (made.append(self.function.__qualname__), make(self, *given))[1]
found = solve(trust())
print(len(made), found.certificate.status, found.z.tobytes().hex())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of kept programs, in which every program is worth keeping."""
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(kept, "WORTH", 0.0)
    return tmp_path / "programs"


def plus(n: float, here: Path) -> kept.Kept:
    """X -> x + n, in a tree. The folder tells it from those of other tests in JAX's own cache."""

    def run(x: dict[str, Any]) -> dict[str, Any]:
        return {name: value + n for name, value in x.items()}

    return kept.kept(run, of=[n, str(here)])


def test_a_program_is_found_again_and_not_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second function that follows from the same things takes the file of the first."""
    given = {"a": jnp.arange(3.0), "b": jnp.asarray(2.0)}
    first = plus(1.0, folder)(given)
    assert len(list(folder.iterdir())) == 1
    monkeypatch.setattr(kept.Kept, "_make", lambda *_: pytest.fail("it was made again"))
    again = plus(1.0, folder)(given)
    assert again.keys() == first.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_what_it_closes_over_tells_programs_apart(folder: Path) -> None:
    """Another number, another shape, another key of the tree: each has a program of its own."""
    assert plus(1.0, folder)({"a": jnp.zeros(2)})["a"].tolist() == [1.0, 1.0]
    assert plus(2.0, folder)({"a": jnp.zeros(2)})["a"].tolist() == [2.0, 2.0]
    assert plus(2.0, folder)({"a": jnp.zeros(3)})["a"].tolist() == [2.0, 2.0, 2.0]
    assert plus(2.0, folder)({"b": jnp.zeros(3)})["b"].tolist() == [2.0, 2.0, 2.0]
    assert len(list(folder.iterdir())) == 4


def test_files_that_nobody_used_for_longest_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three programs, of which the first was used last: a fourth costs the second its place."""
    for n in (1.0, 2.0, 3.0):
        plus(n, folder)({"a": jnp.zeros(2)})
    by_age = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    for age, file in enumerate(by_age):
        os.utime(file, (1e9 + age, 1e9 + age))
    plus(1.0, folder)({"a": jnp.zeros(2)})
    whole = sum(file.stat().st_size for file in by_age)
    monkeypatch.setattr(kept, "MOST", whole + 100)
    plus(4.0, folder)({"a": jnp.zeros(2)})
    left = set(folder.iterdir())
    assert len(left) == 3
    assert by_age[1] not in left
    assert by_age[0] in left


@pytest.mark.parametrize("harm", ["cut short", "a bit turned", "empty", "another program's"])
def test_a_damaged_file_is_made_anew(folder: Path, harm: str) -> None:
    """Nothing of a file is used that its checksum does not vouch for, and the answer is the same."""
    plus(3.0, folder)({"a": jnp.zeros(2)})
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    spoilt = {
        "cut short": whole[: len(whole) // 2],
        "a bit turned": whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        "empty": b"",
        "another program's": b"\0" * 32 + whole[32:],
    }
    file.write_bytes(spoilt[harm])
    assert plus(3.0, folder)({"a": jnp.zeros(2)})["a"].tolist() == [3.0, 3.0]


def test_a_program_that_does_not_run_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that reads and then finds no kernel, as JAX leaves them where it writes what it had read."""

    def broken(*_: Any) -> Any:
        raise jax.errors.JaxRuntimeError("NOT_FOUND: no such kernel")

    plus(4.0, folder)({"a": jnp.zeros(2)})
    monkeypatch.setattr(kept, "_load", lambda path: (broken, None))
    assert plus(4.0, folder)({"a": jnp.zeros(2)})["a"].tolist() == [4.0, 4.0]


def test_what_cannot_be_told_apart_is_not_kept(folder: Path) -> None:
    """A function has no content by which to know it; the program is compiled as ever."""
    shift = kept.kept(lambda x: x + 1.0, of=[len])
    assert float(shift(jnp.asarray(1.0))) == 2.0
    assert not folder.exists()


def test_inside_another_program_it_is_part_of_that(folder: Path) -> None:
    """Gradients and maps go through."""
    square = kept.kept(lambda x: x * x, of=[])
    assert float(jax.grad(square)(3.0)) == 6.0
    assert jax.vmap(square)(jnp.arange(3.0)).tolist() == [0.0, 1.0, 4.0]


def test_donated_arguments_are_taken_over_and_no_others(folder: Path) -> None:
    """When it is made and when it is found; what is found is first tried on copies."""
    for _ in range(2):
        add = kept.kept(lambda x, y: x + y, of=[str(folder)], donated=(1,))
        x, y = jnp.ones(4), jnp.ones(4)
        assert add(x, y).tolist() == [2.0] * 4
        assert add(x, jnp.ones(4)).tolist() == [2.0] * 4
        assert x.tolist() == [1.0] * 4


def test_games_are_known_by_what_they_hold() -> None:
    """Compiled twice from one case a game is the same; with another number in it, it is not."""
    game = small_games.trust()
    assert said.digest_of(compile_game(game.case)) == said.digest_of(game)
    assert said.digest_of(replace(game, arranged=not game.arranged)) != said.digest_of(game)
    title = game.case.model_copy(update={"title": "another"})
    assert said.digest_of(compile_game(title)) != said.digest_of(game)


def test_things_that_look_alike_differ() -> None:
    """Types and places count, the order of a set does not."""
    alike = [1, 1.0, "1", True, (1,), ((1,),), {"a": 1}, {"a": 1.0}, np.ones(1), np.ones((1, 1)), None, b"1"]
    assert len({said.digest_of(thing) for thing in alike}) == len(alike)
    assert said.digest_of({"a", "b", "c"}) == said.digest_of({"c", "b", "a"})
    with pytest.raises(TypeError, match="cannot be told"):
        said.digest_of([len])


@pytest.mark.long
def test_another_process_makes_nothing_and_finds_the_same_bits(tmp_path: Path) -> None:
    """A solve in a process that makes its programs, each worth keeping, and in one that finds them."""
    environment = os.environ | {"TIGHTROPE_CACHE": str(tmp_path), "PYTHONPATH": "src:."}

    def told() -> list[str]:
        ran = subprocess.run(
            [sys.executable, "-c", TOLD], capture_output=True, text=True, env=environment, check=True
        )
        return ran.stdout.split()

    first, again = told(), told()
    assert int(first[0]) > 3
    assert int(again[0]) == 0
    assert first[1:] == again[1:]
