"""Prior draws of the reference case: how many are certified, and how well they share out over processes."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from functools import cache

import numpy as np

from benchmarks.page import Section, verdict
from benchmarks.reference import CASE
from benchmarks.timing import shown
from tightrope import executor
from tightrope.case.schema import PriorClass
from tightrope.fit.priors import draw, full_theta, prior_set
from tightrope.game import Game, solve, solve_many
from tightrope.workflow.material import load_material

DRAWS = 200
CHUNK = 10
SEED = 2
ASKED: dict[PriorClass, float] = {"argument": 0.98, "agnostic": 0.95}
WORKERS = 2
SHARED = 256
BUSY = 10_000_000


@cache
def case_game() -> Game:
    """The reference case, compiled once a process."""
    return load_material(CASE).game


@cache
def thetas(prior_class: PriorClass, count: int) -> np.ndarray:
    """Parameter vectors drawn from a prior class, (count, parameters)."""
    case = case_game().case
    priors = prior_set(case, prior_class)
    return np.array([full_theta(case, priors, x) for x in draw(priors, size=count, seed=SEED)])


def certify(item: tuple[PriorClass, int], seed: int) -> list[tuple[bool, bool, float]]:
    """Solve one chunk from zero values, what that leaves along the principal branch: good, good, seconds."""
    prior_class, first = item
    found = []
    for theta in thetas(prior_class, DRAWS)[first : first + CHUNK]:
        begun = time.process_time()
        direct = solve(case_game(), theta, branch="direct").certificate.good
        took = time.process_time() - begun
        found.append((direct, direct or solve(case_game(), theta).certificate.good, took))
    return found


def shares() -> Section:
    """Shares of draws certified from a cold start."""
    rows = []
    for prior_class, asked in ASKED.items():
        items = [(prior_class, first) for first in range(0, DRAWS, CHUNK)]
        found: list[tuple[bool, bool, float]] = []
        for result in executor.map(certify, items, workers=WORKERS):
            assert result.ok, result.error
            found += result.value or []
            print(f"{prior_class}: {len(found)} of {DRAWS} draws", file=sys.stderr)
        direct = sum(x[0] for x in found)
        good = sum(x[1] for x in found)
        share, quick = good / len(found), statistics.median(x[2] for x in found)
        rows.append(
            (prior_class, f"{len(found)}", f"{direct}", f"{good - direct}", f"{share:.1%}",
             f"{asked:.0%}, {verdict(share, asked, at_least=True)}", shown(quick))
        )  # fmt: skip
    return Section(
        title="Prior draws certified",
        words=(
            "Reference case, parameters drawn from either class of priors, each solved from a cold start "
            "to 1e-9. The default rule walks the principal branch and, where that is lost, solves from zero "
            "values: a draw is certified under it if either way leads to a certificate. So each is solved "
            "from zero values here, and only what that leaves is walked."
        ),
        header=("priors", "draws", "certified from zero values", "walked of the rest", "certified", "target",
                "processor from zero values, median"),
        rows=rows,
    )  # fmt: skip


def share_out(item: tuple[int, int], seed: int) -> tuple[int, int]:
    """Solve rows first to last of the shared table: certified, and failed."""
    first, last = item
    table = thetas("argument", SHARED).copy()
    table[SHARED // 2] = np.nan
    batch = solve_many(case_game(), table[first:last], branch="direct")
    return int(batch.good.sum()), int((~batch.good).sum())


def busy(item: int, seed: int) -> int:
    """A second or two of plain Python, which shares nothing with any other process."""
    total = 0
    for number in range(BUSY):
        total += number * number % 7
    return total


def _plain_rate(workers: int) -> float:
    """Seconds for as many chunks of plain Python as there are workers, twice over, once all have started."""
    began = 0.0
    for number, result in enumerate(executor.map(busy, range(3 * WORKERS), workers=workers), start=1):
        assert result.ok, result.error
        if number == WORKERS:
            began = time.perf_counter()
    return time.perf_counter() - began


def _rate(workers: int, items: Sequence[tuple[int, int]]) -> tuple[float, int, int]:
    """Seconds for all items once every process has started and compiled; certified; failed."""
    warm = [(0, 1)] * workers
    began = 0.0
    good = failed = 0
    for number, result in enumerate(executor.map(share_out, [*warm, *items], workers=workers), start=1):
        assert result.ok, result.error
        if number == workers:
            began = time.perf_counter()
        if number > workers and result.value is not None:
            good, failed = good + result.value[0], failed + result.value[1]
    return time.perf_counter() - began, good, failed


def sharing() -> Section:
    """256 draws over two processes beside one, one of them not a number."""
    size = 8
    items = [(k, k + size) for k in range(0, SHARED, size)]
    one, good, failed = _rate(1, items)
    two, good_two, failed_two = _rate(WORKERS, items)
    ratio = one / two
    plainly = _plain_rate(1) / _plain_rate(WORKERS)
    same = (good, failed) == (good_two, failed_two)
    rows = [
        ("1", shown(one), f"{good}", f"{failed}", "1", ""),
        (f"{WORKERS}", shown(two), f"{good_two}", f"{failed_two}", f"{ratio:.2f}",
         f"1.8, {verdict(ratio, 1.8, at_least=True)}"),
        (f"{WORKERS}, plain Python", "", "", "", f"{plainly:.2f}", "what this machine's cores give"),
    ]  # fmt: skip
    return Section(
        title="Draws over processes",
        words=(
            f"{SHARED} argument-centred draws, solved directly in chunks of {size}, one parameter vector "
            "of them put to nan; the clock runs once all processes have started and compiled. Other work "
            "on the machine makes two processes look worse. The bad row harms no other: "
            f"{'yes' if same else 'no'}."
        ),
        header=("processes", "clock", "certified", "not certified", "ratio", "target"),
        rows=rows,
    )
