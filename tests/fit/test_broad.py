"""Surrogates in many parameters, and the flock that learns them."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tightrope.fit import roaming, weighing_broad
from tightrope.fit.broad import learned_broadly, normal_part
from tightrope.fit.chains import Chains, mixing
from tightrope.fit.evidence import NO_MASS, Estimate
from tightrope.fit.laplace import Laplace
from tightrope.fit.nuts import Trajectories
from tightrope.fit.posterior import compute_now
from tightrope.fit.smc import Tempering
from tightrope.fit.staged import staged
from tightrope.fit.surrogate import UNBOUNDED, Seen, Surrogate, guessed
from tightrope.fit.surrogate_chains import MANY, surrogate_chain, teach
from tightrope.fit.surrogate_posterior import SurrogatePosterior, key_of
from tightrope.fit.teaching import Learned
from tightrope.fit.weighing import Weighing
from tightrope.fit.weighing_broad import weigh_broadly

SIZE = 30
NAMES = tuple(f"p{k}" for k in range(SIZE))
MIDDLE, WIDTH = 0.8, 0.4
AROUND = Laplace(np.full(SIZE, 0.3), np.eye(SIZE), 1.0)


def log_likelihood(v: Any) -> Any:
    """p0 is known to MIDDLE ± WIDTH, p1 by its square; p2 is pushed up; p3 + p4 is known; the rest idle."""
    first = -0.5 * ((v[..., 0] - MIDDLE) / WIDTH) ** 2
    second = -0.5 * ((v[..., 1] - 0.5 * v[..., 0] ** 2) / 0.5) ** 2
    return first + second - jnp.log1p(jnp.exp(-2 * v[..., 2])) - 0.5 * ((v[..., 3] + v[..., 4]) / 0.3) ** 2


class Known:
    """A target with that likelihood; certified where `certified` says so."""

    priors = SimpleNamespace(names=NAMES)

    def __init__(self, certified: Callable[[Any], Any] = lambda v: True) -> None:
        self.certified, self.calls = certified, 0
        self.both = jax.jit(jax.value_and_grad(log_likelihood))

    def value(self, v: Any) -> tuple[float, Any]:
        self.calls += 1
        return (float(log_likelihood(v)) if self.certified(v) else float("nan")), np.zeros(2)

    def likelihood(self, v: Any) -> tuple[float, Any, Any]:
        value, gradient = self.both(jnp.asarray(v))
        self.calls += 1
        return (float(value) if self.certified(v) else float("nan")), np.asarray(gradient), None


def test_a_quadratic_is_learned_from_its_gradients() -> None:
    """A normal likelihood whose curvature has rank three: the stand-in and its normal part are exact."""
    generator = np.random.default_rng(3)
    root = generator.normal(size=(SIZE, 3))
    curve, pull = -root @ root.T, root @ np.array([1.0, -2.0, 0.5])

    def known(v: Any) -> Any:
        return v @ pull + 0.5 * np.einsum("...i,ij,...j->...", v, curve, v)

    points = generator.normal(size=(120, SIZE)) * 0.5
    found = learned_broadly(Seen(points, known(points), pull + points @ curve), room=130)
    other = generator.normal(size=(40, SIZE)) * 0.5
    said = np.array([float(guessed(found, jnp.asarray(v))) for v in other])
    assert said == pytest.approx(known(other), abs=0.2)
    normal = normal_part(found)
    precision = np.eye(SIZE) - curve
    assert normal.covariance == pytest.approx(np.linalg.inv(precision), abs=0.02)
    assert normal.mean == pytest.approx(np.linalg.solve(precision, pull), abs=0.02)
    assert normal.smallest == pytest.approx(1.0, abs=0.02)


def test_a_process_that_learned_steep_gradients_keeps_below_its_ceiling() -> None:
    """The ceiling lies three nats above the most that was made good; without it a steep slope is a peak."""
    generator = np.random.default_rng(8)
    points = generator.normal(size=(80, SIZE))
    bumps = 4.0 * np.sin(2.0 * points[:, 0])
    gradients = np.zeros((80, SIZE))
    gradients[:, 0] = 8.0 * np.cos(2.0 * points[:, 0])
    found = learned_broadly(Seen(points, bumps, gradients), room=80)

    def process(some: Surrogate, x: Any) -> float:
        s = np.asarray(some.centre) + np.linalg.solve(np.asarray(some.white), x)
        quadratic = some.level + some.slope @ x + 0.5 * x @ some.curve @ x
        return float(guessed(some, jnp.asarray(s)) - quadratic)

    at = [np.asarray(found.white) @ (v - np.asarray(found.centre)) for v in points]
    free = found._replace(top=jnp.asarray(UNBOUNDED))
    assert float(found.top) == pytest.approx(max(process(free, x) for x in at) + 3.0, abs=0.5)
    steep = [some._replace(slopes=300.0 * some.slopes) for some in (found, free)]
    assert max(process(steep[1], x) for x in at) > 3 * float(found.top)
    assert max(process(steep[0], x) for x in at) <= float(found.top)


@pytest.mark.long
def test_short_ways_lead_where_the_surrogate_says_too_little() -> None:
    """A record that says nothing, and a surrogate that is twice as narrow as the prior."""
    size, length = 8, 4000
    points = 0.5 * np.random.default_rng(5).normal(size=(100, size))
    said = learned_broadly(Seen(points, -1.5 * (points**2).sum(axis=1), -3.0 * points), room=100)
    stays, squares = {}, {}
    for short in (0, 2):
        surrogate = SurrogatePosterior(Learned(said, 0.12, 100, 0, (), longest=24, turns=1, short=short))
        generator = np.random.default_rng(100)
        point, above = np.zeros(size), surrogate.above(np.zeros(size), 0.0)
        moved, square = [0], []
        for k in range(length):
            found = surrogate.tried(point, above, lambda _: (0.0, None), key=key_of([short, 0, k]))
            if generator.uniform() < found.chance:
                point, above = found.point, found.above
                moved.append(k)
            square.append(float(point @ point))
        stays[short], squares[short] = int(np.diff(moved).max()), np.mean(square)
    assert stays[2] < 0.6 * stays[0]
    assert squares[2] == pytest.approx(size, rel=0.15)


def learn(target: Any, seed: int = 0, keep: Any = compute_now) -> Learned:
    return teach(target, AROUND, sampled=NAMES, seed=seed, keep=keep)


@pytest.mark.long
def test_chains_in_many_parameters_draw_the_posterior() -> None:
    """Moments of the bent directions against a million prior draws, and idle ones against the prior."""
    assert SIZE > MANY
    target = Known()
    found = learn(target)
    moves = len(found.errors) * roaming.FLOCK * roaming.MOVES
    assert target.calls == found.seen + 1 + moves + roaming.FLOCK  # own draws, which taught nothing
    wanted = Trajectories(NAMES, others="held", chains=4, warmup=100, draws=800, surrogate=True)
    parts = [
        surrogate_chain(
            target, AROUND, taught=found, wanted=wanted, seed=2, chain=k, keep=compute_now, rows=True
        )
        for k in range(4)
    ]
    scores = np.array([part["scores"] for part in parts])
    mixed = mixing(Chains(scores, np.zeros(scores.shape[:2]), 0))
    assert np.max(mixed.rhat) < 1.05
    prior = np.random.default_rng(0).normal(size=(1_000_000, 5))
    weight = np.exp(np.asarray(log_likelihood(prior)))
    weight /= weight.sum()
    mean = weight @ prior
    sd = np.sqrt(weight @ (prior - mean) ** 2)
    flat = scores.reshape(-1, SIZE)
    error = sd / np.sqrt(mixed.bulk[:5])
    assert (np.abs(flat[:, :5].mean(axis=0) - mean) < 4 * error).all()
    assert flat[:, :5].std(axis=0) == pytest.approx(sd, rel=0.15)
    assert (np.abs(flat[:, 5:].mean(axis=0)) < 4.5 / np.sqrt(mixed.bulk[5:])).all()
    assert flat[:, 5:].std(axis=0) == pytest.approx(np.ones(SIZE - 5), abs=0.15)
    assert np.array(parts[0]["rows"]).shape == (800, 2)


def test_learning_that_is_cut_off_goes_on_to_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roaming, "ROUNDS", 2)
    store: dict[str, str] = {}

    def keeping(most: int) -> Any:
        made = 0

        def keep(name: str, compute: Callable[[], Any]) -> Any:
            nonlocal made
            if name not in store:
                value = json.dumps(compute())
                if made == most:
                    raise KeyboardInterrupt
                made += 1
                store[name] = value
            return json.loads(store[name])

        return keep

    with pytest.raises(KeyboardInterrupt):
        learn(Known(), keep=keeping(1))
    again = learn(Known(), keep=keeping(99))
    store.clear()
    whole = learn(Known(), keep=keeping(99))
    assert np.array_equal(again.surrogate.points, whole.surrogate.points)
    assert again.errors == whole.errors


def test_own_draws_teach_a_surrogate_that_is_far_too_high_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says thirty nats too much until its own draws teach it; looked at again, it is right."""
    monkeypatch.setattr(roaming, "ROUNDS", 2)
    honest, names = roaming.learned_broadly, list[str]()

    def boasting(seen: Seen, *, room: int) -> Surrogate:
        found = honest(seen, room=room)
        return found if "own-0" in names else found._replace(level=found.level + 30.0)

    def keep(name: str, compute: Callable[[], Any]) -> Any:
        names.append(name)
        return compute()

    monkeypatch.setattr(roaming, "learned_broadly", boasting)
    found = learn(Known(), keep=keep)
    assert [name for name in names if name.startswith("own")] == ["own-0", "own-1"]
    assert found.seen == 4 * roaming.FLOCK  # where members began, two rounds, and own draws
    draws = SurrogatePosterior(found).draws(20, seed=[3])
    off = SurrogatePosterior(found).said(draws) - np.asarray(log_likelihood(draws))
    assert np.abs(off).max() < roaming.WRONG


def test_a_member_far_behind_takes_the_place_of_another() -> None:
    flock = [[[float(k)], -10.0 - k] for k in range(roaming.FLOCK)]
    flock[3][1] = -10.0 - roaming.FLOCK - roaming.BEHIND
    assert roaming._gathered(flock, roaming.PATIENCE, 0) == flock
    after = roaming._gathered(flock, roaming.PATIENCE + 1, 0)
    assert after[3] in flock[:3] + flock[4:]
    assert [row for k, row in enumerate(after) if k != 3] == [row for k, row in enumerate(flock) if k != 3]
    assert roaming._gathered(after, roaming.PATIENCE + 1, 0) == after


def test_nothing_is_learned_where_hardly_a_point_is_certified() -> None:
    with pytest.raises(RuntimeError, match="too few certified points"):
        learn(Known(lambda v: v[0] > 1e9))


def test_a_flock_begins_at_draws_that_are_given() -> None:
    """Each member at its own, drawn towards the mean where the likelihood has fallen too far."""
    starts = np.tile(np.linspace(-1, 1, 10)[:, None], (1, SIZE)) * 0.5
    inside = np.arange(SIZE)
    found = roaming._begin(Known(), AROUND.mean, inside, 0, starts, None)  # type: ignore[arg-type]
    at = np.array([v for v, _ in found["flock"]])
    assert len(at) == roaming.FLOCK
    assert at[2] == pytest.approx(starts[1])
    deep = np.full((1, SIZE), 40.0)
    near = roaming._begin(Known(), AROUND.mean, inside, 0, deep, None)  # type: ignore[arg-type]
    assert np.array([v for v, _ in near["flock"]]) == pytest.approx(np.tile(AROUND.mean, (roaming.FLOCK, 1)))


@pytest.mark.long
def test_the_evidence_of_many_parameters_is_found_by_both_estimates() -> None:
    truth = evidence()
    weighing = Weighing(repeats=2, pilots=1, draws=300, chains=2, warmup=25, kept=150, proposals=300)
    found = weigh_broadly(
        Known(),  # type: ignore[arg-type]
        np.zeros(SIZE),
        draws=[dict.fromkeys(NAMES[:2], 0.1 * k) for k in range(4)],
        weighing=weighing,
        stages=Tempering(),
        seed=1,
        keep=compute_now,
    )
    assert found.rhat < 1.1
    assert found.importance.log_evidence == pytest.approx(truth, abs=0.1)
    assert found.bridge.log_evidence == pytest.approx(truth, abs=0.1)
    assert found.scores.shape == (2, 600, SIZE)
    assert found.rows.shape == (2,)


def evidence() -> float:
    """Log of the mean likelihood of four million prior draws of the five that count."""
    total = 0.0
    for seed in range(4):
        prior = np.random.default_rng(seed).normal(size=(1_000_000, 5))
        total += float(np.exp(np.asarray(log_likelihood(prior))).mean()) / 4
    return float(np.log(total))


def stand_in(curve: Any, pull: Any) -> SurrogatePosterior:
    """A surrogate that says pull·v + v·curve·v/2 and has learned nothing else."""
    size = len(pull)
    none = (np.zeros((1, size)), np.zeros(1), np.zeros((1, size)), 1.0, UNBOUNDED)
    parts = (np.zeros(size), np.eye(size), 0.0, pull, curve, *none)
    found = Surrogate(*(jnp.asarray(np.asarray(part, dtype=float)) for part in parts))
    return SurrogatePosterior(Learned(found, 0.25, 0, 0, ()))


class Square:
    """A log-likelihood pull·v + v·curve·v/2."""

    def __init__(self, curve: Any, pull: Any) -> None:
        self.curve, self.pull = curve, pull
        precision = np.eye(len(pull)) - curve
        self.evidence = float(0.5 * pull @ np.linalg.solve(precision, pull))
        self.evidence -= 0.5 * float(np.linalg.slogdet(precision)[1])

    def value(self, v: Any) -> tuple[float, Any]:
        return float(v @ self.pull + 0.5 * v @ self.curve @ v), np.zeros(1)


def squares(size: int) -> tuple[Square, Square]:
    """A density and one beside it, wider in some directions and narrower in others."""
    generator = np.random.default_rng(5)
    turn = np.linalg.qr(generator.normal(size=(size, 8)))[0]
    exact = Square(-(turn * 3.0) @ turn.T, turn @ generator.normal(size=8))
    bent = np.array([0.3, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    return exact, Square(-(turn * bent) @ turn.T, exact.pull + 0.5 * turn @ generator.normal(size=8))


def test_the_mass_of_a_surrogates_posterior_is_known_without_a_solve() -> None:
    _, beside = squares(SIZE)
    found = stand_in(beside.curve, beside.pull)
    assert found.log_mass(count=1000, seed=[3]) == pytest.approx(beside.evidence, abs=0.02)
    points = np.random.default_rng(1).normal(size=(70, SIZE))
    assert found.said(points) == pytest.approx(np.array([beside.value(v)[0] for v in points]), abs=1e-9)


@pytest.mark.parametrize(("spread", "count"), [(0.0, 4), (0.3, 10), (2.0, 16)])
def test_masses_that_differ_are_estimated_again(spread: float, count: int) -> None:
    """Until their standard error is a tenth of a nat, sixteen times at most."""
    values = [-5.0 + spread * (-1) ** k for k in range(16)]
    given: Any = SimpleNamespace(log_mass=lambda *, count, seed: values[seed[2]])
    mass, error = weighing_broad._mass(given, 0, compute_now)
    assert mass == pytest.approx(np.mean(values[:count]))
    assert error == pytest.approx(np.std(values[:count], ddof=1) / np.sqrt(count))
    assert (error <= 0.1) == (spread < 1.0)


def test_an_uncertain_mass_is_a_flaw_besides_others() -> None:
    """A bound from below rests on the mass, so that no other flaw may hide it."""
    for flaw in ("", "its runs differ by 1.2 nats (one sd)"):
        given = Estimate("importance sampling in stages", -5.0, (-5.0,), 0.1, 10, 0, 9.0, 0.1, flaw)
        found = weighing_broad._doubted(given, 2.0).flaw
        assert flaw in found
        assert f"{NO_MASS} (standard error 2.00 nats)" in found


def test_draws_and_moves_of_a_surrogate_keep_its_posterior() -> None:
    _, beside = squares(SIZE)
    found = stand_in(beside.curve, beside.pull)
    precision = np.eye(SIZE) - beside.curve
    draws = found.draws(1500, seed=[2])
    moved = np.array([found.moved(v, key=key_of([4, k]))[0] for k, v in enumerate(draws[:400])])
    for some in (draws, moved):
        away = some - np.linalg.solve(precision, beside.pull)
        square = np.einsum("ni,ij,nj->n", away, precision, away)  # chi-squared, mean SIZE
        assert square.mean() == pytest.approx(SIZE, abs=5 * np.sqrt(2 * SIZE / len(some)))
    assert np.abs(moved - draws[:400]).max() > 0.5


def test_stages_make_good_what_a_surrogate_lacks() -> None:
    """In seventy dimensions, from a surrogate that is off by two nats and more, to a tenth or two."""
    exact, beside = squares(70)
    surrogate = stand_in(beside.curve, beside.pull)
    found = staged(
        exact, surrogate, mass=beside.evidence, tempering=Tempering(particles=100, moves=2, repeats=3),
        seed=4, keep=compute_now,
    )  # fmt: skip
    draws = surrogate.draws(200, seed=[1])
    assert np.std([exact.value(v)[0] - beside.value(v)[0] for v in draws]) > 1.5
    assert found.method == "importance sampling in stages"
    assert found.log_evidence == pytest.approx(exact.evidence, abs=0.25)
    assert found.spread < 0.3
    assert len(found.repeats) == 3
    assert found.flaw == ""


def test_stages_whose_runs_differ_are_not_to_be_trusted() -> None:
    """Twelve particles from a surrogate that is far away: the estimate says what is wrong with it."""
    exact, _ = squares(SIZE)
    surrogate = stand_in(-4.0 * np.eye(SIZE), -4.0 * np.ones(SIZE))
    few = Tempering(particles=12, moves=1, repeats=3)
    found = staged(exact, surrogate, mass=0.0, tempering=few, seed=0, keep=compute_now)
    assert found.spread > 0.5
    assert "its runs differ" in found.flaw


def test_stages_from_the_posterior_itself_are_one_and_exact() -> None:
    """Where the surrogate is right every weight is the same: one stage, no spread."""
    exact, _ = squares(6 + 2)
    tempering = Tempering(particles=20, moves=1, repeats=2)
    found = staged(
        exact, stand_in(exact.curve, exact.pull), mass=exact.evidence, tempering=tempering, seed=1,
        keep=compute_now,
    )  # fmt: skip
    assert found.log_evidence == pytest.approx(exact.evidence, abs=1e-10)
    assert found.evaluations == 40
