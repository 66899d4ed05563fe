"""Results of other commands that a run folder holds, which the report shows without computing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tightrope.workflow.session import Session

COMPARED, DISCOVERED, CHOSEN = "compared", "box", "choice"
"""What `tightrope compare`, `tightrope discover` and `tightrope explain --at fit` leave for the report."""


def keep(session: Session, name: str, data: Mapping[str, Any], *, asked: Mapping[str, Any]) -> None:
    """Leave a command's result in the run folder; `asked` is what tells it from others of that name."""
    session.run.store(name, dict(data), inputs=dict(asked), seconds=0.0)


def kept(session: Session, name: str) -> list[dict[str, Any]]:
    """Every result of that name in the run folder. A folder is of one case, seed and code, so all hold."""
    return [chunk.value for chunk in session.run.named(name)]
