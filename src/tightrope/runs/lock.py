"""One writer a folder: a lock that the operating system gives back when its holder dies, however it dies."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import IO


class RunLocked(RuntimeError):
    """Another process is writing this run folder."""


def take_lock(path: Path, *, started: str) -> IO[str]:
    """Lock `path` and write into it who holds it; closing the returned file gives the lock back.

    A lock file left by a dead process is taken over: what counts is the system's
    lock on the file, not the file. Raises RunLocked if a living process has it.
    """
    stream = path.open("a+", encoding="utf-8")
    try:
        _lock(stream)
    except OSError:
        stream.seek(0)
        holder = _describe(stream.read())
        stream.close()
        raise RunLocked(f"{path.parent} is being written by {holder}; wait for it or stop it") from None
    stream.seek(0)
    stream.truncate()
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": started}, stream)
    stream.flush()
    return stream


def _describe(text: str) -> str:
    try:
        holder = json.loads(text)
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[str]) -> None:
        stream.seek(1 << 20)  # past the text, so that it stays readable
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(stream: IO[str]) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
