"""Answering questions while claims are tested: two lines of work in one sitting.

Neither needs anything of the other, and much of either is compiling, which keeps one core busy and
leaves the other idle. What each computes is kept by the hash of its inputs, so the order in which they
finish changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tightrope.workflow.session import Session


class _Stopped(Exception):
    """The sitting has ended; nobody waits for this work."""


@contextmanager
def answering(session: Session) -> Iterator[None]:
    """Answer live and past questions in a thread while the block runs; they are there when it ends.

    What goes wrong in the thread goes wrong again, and is told, where the answers are asked for. A
    block that fails or is interrupted stops the thread at its next report of progress.
    """
    if session.workers <= 1 or session.material.coded is None:
        yield
        return
    # What both lines need comes first, and what warns: warnings keep their order.
    for needed in (session.reference, session.fit, session.at_fit, session.origin_fits):
        del needed
    report, stopped = session.progress, threading.Event()

    def watched(label: str, done: int, total: int | None) -> None:
        if stopped.is_set() and threading.current_thread() is thread:
            raise _Stopped
        report(label, done, total)

    def work() -> None:
        with suppress(Exception):
            for answers in (session.past, session.live):
                del answers

    thread = threading.Thread(target=work, name="answering", daemon=True)
    session.progress = watched
    thread.start()
    try:
        yield
    except BaseException:
        stopped.set()
        raise
    finally:
        thread.join()
        session.progress = report
