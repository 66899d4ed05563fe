"""Chunks on a Dask cluster that is there already (extra `cluster`), for the same results as anywhere else.

The workers import this package and read the same files under the same paths; the scheduler gives the chunks
of a worker that dies to others. Dask is imported only where an address is given.
"""

from __future__ import annotations

import platform
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

from tightrope.executor.chunk import DIED, Job, Notice, Result, call

PATIENCE = 20
"""Seconds in which a scheduler must answer."""
ALIKE = ("numpy", "scipy", "jax", "jaxlib")
"""Libraries whose versions decide the last digits."""


class MissingCluster(RuntimeError):
    """The extra `cluster` is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "--engine-address needs Dask, which is not installed; it comes with the extra `cluster`: "
            "python -m pip install 'tightrope[cluster]' (in a checkout: pip install -e '.[cluster]')"
        )


class NoCluster(ValueError):
    """No Dask scheduler answers at an address."""


class Cluster:
    """Chunks sent to the workers behind a scheduler, as many at once as these have threads."""

    def __init__(
        self, function: Callable[..., Any], jobs: Iterator[Job], address: str, notice: Notice
    ) -> None:
        self.function = function
        self.jobs = jobs
        self.address = address
        self.notice = notice
        self.topic = f"tightrope-{uuid4().hex}"
        self.told: dict[int, int] = {}

    def run(self) -> Iterator[Result[Any]]:
        """Each chunk's result as it comes."""
        client = connected(self.address)
        wait: Any = import_module("distributed").wait
        flying: dict[Any, int] = {}
        try:
            self._compare(client)
            waiting = True
            while True:
                while waiting and len(flying) < max(1, sum(client.nthreads().values())):
                    job = next(self.jobs, None)
                    if job is None:
                        waiting = False
                        break
                    number = job[0]
                    future = client.submit(
                        _there, self.function, *job, self.topic,
                        key=f"{self.topic}-{number}", pure=False, retries=0,
                    )  # fmt: skip
                    flying[future] = number
                if not flying:
                    break
                with client.as_current():
                    done = wait(list(flying), return_when="FIRST_COMPLETED").done
                self._report(client)
                for future in done:
                    yield self._result(future, flying.pop(future))
        finally:
            client.cancel(list(flying))
            client.close()

    def _result(self, future: Any, number: int) -> Result[Any]:
        killed: Any = import_module("distributed.scheduler").KilledWorker
        try:
            found: Result[Any] = future.result()
        except killed:
            return Result(number, None, DIED, 0.0)
        except Exception:  # could not be sent to the worker or back
            return Result(number, None, traceback.format_exc(), 0.0)
        return found

    def _report(self, client: Any) -> None:
        """Say which chunks were begun more often than before: their workers died."""
        begun: dict[int, int] = {}
        for _, number in client.get_events(self.topic):
            begun[number] = begun.get(number, 0) + 1
        for number, times in begun.items():
            if times > max(1, self.told.get(number, 1)):
                self.notice(f"the worker of chunk {number} died; another one does it again")
                self.told[number] = times

    def _compare(self, client: Any) -> None:
        """Say where a worker has other versions than we have."""
        ours = versions()
        for name, theirs in client.run(versions).items():
            if other := [f"{k} {theirs.get(k)} (here {v})" for k, v in ours.items() if theirs.get(k) != v]:
                self.notice(f"the worker {name} has {', '.join(other)}: its last digits may differ")


def connected(address: str) -> Any:
    """A client of the scheduler at an address. Raises MissingCluster or NoCluster."""
    if find_spec("distributed") is None:
        raise MissingCluster
    distributed: Any = import_module("distributed")
    try:
        return distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NoCluster(
            f"--engine-address {address}: no Dask scheduler answers there ({why}); an address looks like "
            "tcp://127.0.0.1:8786"
        ) from None


def versions() -> dict[str, str]:
    """What decides the last digits of a result."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in ALIKE:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def _there(function: Callable[..., Any], index: int, item: Any, seed: int, topic: str) -> Result[Any]:
    """A chunk on a worker; that it was begun is told first, so that a second beginning is noticed."""
    distributed: Any = import_module("distributed")
    distributed.get_worker().log_event(topic, index)
    return call(function, index, item, seed)
