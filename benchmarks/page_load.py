"""The page's server under load: `python -m benchmarks.page_load [CASE] [REQUESTS]`.

Starts `tightrope serve`, waits until the case is ready, sends so many lever requests at once, each with
levers of its own, three times over, and prints how long they took, what failed, and what the server took of
memory and of processor time (which other work on the machine does not lengthen).
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent
CASE = ROOT / "cases" / "russia-belarus"
ROUNDS = 3


class Server:
    """A server in a process of its own."""

    def __init__(self, case: Path) -> None:
        command = [sys.executable, "-m", "tightrope", "serve", str(case)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        address, _, self.token = self.process.stdout.readline().strip().partition("/#token=")
        self.host = address.removeprefix("http://")

    def ask(self, path: str, body: Any = None) -> tuple[int, Any, float]:
        """Status, data and seconds of one request on a connection of its own."""
        began = time.perf_counter()
        connection = http.client.HTTPConnection(self.host, timeout=120)
        headers = {"x-tightrope-token": self.token, "content-type": "application/json"}
        text = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, body=text, headers=headers)
        answer = connection.getresponse()
        data = json.loads(answer.read() or b"null")
        connection.close()
        return answer.status, data, time.perf_counter() - began

    def seconds(self) -> float:
        """Processor time taken so far, in seconds; nan where the system does not say."""
        path = Path(f"/proc/{self.process.pid}/stat")
        if not path.exists():
            return float("nan")
        user, system = path.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident memory, in MB; nan where the system does not say."""
        path = Path(f"/proc/{self.process.pid}/status")
        if not path.exists():
            return float("nan")
        line = next(one for one in path.read_text().splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def at_once(server: Server, bodies: list[Any]) -> list[tuple[int, Any, float]]:
    """Every request at the same moment."""
    found: list[Any] = [None] * len(bodies)
    gate = threading.Barrier(len(bodies))

    def one(k: int) -> None:
        gate.wait()
        found[k] = server.ask("/api/answer", bodies[k])

    threads = [threading.Thread(target=one, args=(k,)) for k in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def told(name: str, make: Callable[[], list[tuple[int, Any, float]]], server: Server) -> None:
    before, began = server.seconds(), time.perf_counter()
    found = make()
    took, busy = time.perf_counter() - began, server.seconds() - before
    times = sorted(seconds for _, _, seconds in found)
    codes = sorted({code for code, _, _ in found})
    good = sum(bool(data and data.get("certificate", {}).get("good")) for _, data, _ in found)
    print(
        f"{name}: {len(found)} requests, status {codes}, {good} certified, "
        f"median {median(times):.2f} s, worst {times[-1]:.2f} s, all in {took:.1f} s; "
        f"processor {1000 * busy / len(found):.0f} ms a request, memory {server.memory():.0f} MB",
        flush=True,
    )


def main() -> None:
    case = Path(sys.argv[1]) if len(sys.argv) > 1 else CASE
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    server = Server(case)
    try:
        while not (state := server.ask("/api/state")[1])["ready"]:
            assert not state["failed"], state["failed"]
            time.sleep(0.5)
        levers = server.ask("/api/levers")[1]["parameters"]
        told(
            "one after another",
            lambda: [server.ask("/api/answer", moved(levers, k, 0)) for k in range(10)],
            server,
        )
        for number in range(1, ROUNDS + 1):
            bodies = [moved(levers, k, number) for k in range(size)]
            told(f"at once, all different ({number})", partial(at_once, server, bodies), server)
        told("at once, all alike", partial(at_once, server, [moved(levers, 3, 9)] * size), server)
    finally:
        server.process.terminate()
        server.process.wait(20)


def moved(levers: list[Any], k: int, number: int) -> Any:
    """One lever a little aside from its reference value: each request another lever or another place."""
    lever = levers[k % len(levers)]
    here = lever["values"]["reference"]
    step = (0.02 + 0.01 * number) * (lever["high"] - lever["low"])
    value = min(here + step, lever["most"])
    return {"levers": {"base": "reference", "parameters": {lever["name"]: value}}}


if __name__ == "__main__":
    main()
