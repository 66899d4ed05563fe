"""The command line: `tightrope COMMAND CASE`.

Data goes to stdout, progress and complaints to stderr. Exit codes: 0 fine, 1 a check
failed, 2 bad input, 70 a fault of ours, 130 interrupted. Nothing heavy is imported
before a command needs it.
"""

from __future__ import annotations

from tightrope.cli import (
    asking,
    briefing,
    comparing,
    discovering,
    explaining,
    fitting,
    hindcasts,
    ledger,
    outside,
    serving,
    validating,
    what_if,
)
from tightrope.cli.commands import app

__all__ = [
    "app",
    "asking",
    "briefing",
    "comparing",
    "discovering",
    "explaining",
    "fitting",
    "hindcasts",
    "ledger",
    "main",
    "outside",
    "serving",
    "validating",
    "what_if",
]


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="tightrope")
