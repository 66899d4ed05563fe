"""docs/cli.md from the command line itself: what `--help` says, on one page."""

from __future__ import annotations

import re
from inspect import signature
from typing import Any

import typer

from tightrope.cli import app
from tightrope.cli.options import run_options

HEAD = """# Commands

Every command with its arguments and options, as `--help` prints them. Made from the program by `make pages`;
a test holds this page to it. What the commands are for is told in [tutorial.md](tutorial.md) and the pages
named there.

Data goes to stdout (`--json` for programs), progress and notices to stderr. Exit codes: 0 fine, 1 a check
failed, 2 bad input, 70 a fault of the program itself, 130 interrupted. CASE is a folder with a `case.yaml`,
or the name of a case that comes with Tightrope, where nothing of that name lies in the current folder.

`tightrope --install-completion` teaches the shell that you use (bash, zsh, fish, PowerShell) to complete
commands, options and the folders of cases and runs; `--show-completion` prints what it would install.
"""

SHARED = """## Run options

What commands that leave a run behind have in common.
"""


def cli_page() -> str:
    """The page as text."""
    root = typer.main.get_command(app)
    shared = set(signature(run_options).parameters)
    parts = [HEAD]
    commands = dict(_commands(root, ""))
    first = next(c for c in commands.values() if _takes(c, shared))
    parts += [SHARED, _table([p for p in first.params if p.name in shared], first)]
    parts += ["| command | does |\n|---|---|\n" + "\n".join(_line(n, c) for n, c in commands.items())]
    for name, command in commands.items():
        parts.append(f"## tightrope {name}")
        parts.append(_usage(name, command))
        parts += _prose(command.help or "")
        own = [p for p in command.params if p.name not in shared or not _takes(command, shared)]
        if own:
            parts.append(_table(own, command))
        if _takes(command, shared):
            parts.append("And the [run options](#run-options).")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _commands(group: Any, above: str) -> Any:
    """(name with its group's, command) of each command, in the order of help."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{above}{name} ")
        else:
            yield above + name, command


def _takes(command: Any, shared: set[str]) -> bool:
    return shared <= {parameter.name for parameter in command.params}


def _line(name: str, command: Any) -> str:
    anchor = f"tightrope-{name}".replace(" ", "-")
    return f"| [`{name}`](#{anchor}) | {_cell(_first(command.help or ''))} |"


def _first(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def _usage(name: str, command: Any) -> str:
    context = command.make_context(name, [], resilient_parsing=True)
    pieces = re.sub(r"[{}]", "", " ".join(command.collect_usage_pieces(context)))
    return f"```\ntightrope {name} {pieces}\n```"


def _prose(text: str) -> list[str]:
    """Help as paragraphs; what keeps its lines on the screen keeps them here."""
    kept = []
    for paragraph in text.replace("\\b", "\b").split("\n\n"):
        if paragraph.startswith("\b"):
            kept.append("```\n" + paragraph.removeprefix("\b").strip("\n") + "\n```")
        else:
            kept.append(_escaped(" ".join(paragraph.split())))
    return kept


def _escaped(text: str) -> str:
    """Text without what would be read as a tag; code between backticks stays."""
    pieces = text.split("`")
    return "`".join(p if n % 2 else p.replace("<", "&lt;") for n, p in enumerate(pieces))


def _table(parameters: list[Any], command: Any) -> str:
    context = command.make_context(command.name, [], resilient_parsing=True)
    rows = ["| argument or option | what it is |", "|---|---|"]
    for parameter in parameters:
        record = parameter.get_help_record(context)
        if record is not None:
            written, told = record
            plain = re.sub(r" <(path|text|int|list\[str\])>$", "", " ".join(written.split()))
            rows.append(f"| `{_cell(plain)}` | {_cell(_escaped(' '.join(told.split())))} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
