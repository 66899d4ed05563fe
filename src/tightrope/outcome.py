"""What a command comes to: an exit code, data for programs, text for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FINE, FAILED, BAD_INPUT = 0, 1, 2


@dataclass(frozen=True)
class Outcome:
    """The result of one command.

    code  0 fine, 1 a check failed (no certificate, a claim broken, a result refused), 2 bad input
    data  JSON-able; printed by `--json`
    text  the same for a reader, printed otherwise; ends without a newline
    """

    code: int
    data: Mapping[str, Any]
    text: str
