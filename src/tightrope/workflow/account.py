"""What a run keeps of its claims, so that another can be set against it: the tables, and all they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tightrope.case.folder import every_file
from tightrope.case.prior import Prior
from tightrope.runs import Damaged, digest, read_chunks
from tightrope.runs.files import file_digest
from tightrope.workflow.argue import Effort
from tightrope.workflow.session import Session

NAME = "claims-account"
KEPT = ("claims", "quantities", "draws", "fared", "needs")


class NotComparable(ValueError):
    """A run folder that this run's claims cannot be set against; the message says why."""


def keep(session: Session, effort: Effort, data: Mapping[str, Any]) -> dict[str, Any]:
    """Keep tables of claims, all of the case's, in the run folder with what they rest on; returns both."""
    account = {
        "effort": asdict(effort),
        "inputs": inputs_of(session),
        "tables": {name: data[name] for name in KEPT},
    }
    kept: dict[str, Any] = session.run.chunk(NAME, lambda: account, inputs={"account": digest(account)})
    return kept


def inputs_of(session: Session) -> dict[str, Any]:
    """All that the numbers of a run follow from: the case entry by entry, its files, and how it is run."""
    material, key = session.material, session.run.key
    files = every_file(material.case, material.folder)
    return {
        "case": flat(material.case),
        "files": {name: file_digest(path) if path.is_file() else "absent" for name, path in files},
        "run": {
            "seed": key["seed"],
            "quick": key["quick"],
            "reading of the record": digest(key["record"])[:12] if "record" in key else "as coded",
            "code": key["code"][:12],
            **{name: str(version) for name, version in key["versions"].items()},
        },
    }


def flat(value: Any, at: str = "") -> dict[str, str]:
    """A case as place -> text: `parameters.pain.prior.agnostic` -> `lognormal(0.5, 0.8)`."""
    if isinstance(value, BaseModel) and not isinstance(value, Prior):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        entries = {str(name): entry for name, entry in value.items()}
    elif isinstance(value, (list, tuple)):
        entries = {str(number): entry for number, entry in enumerate(value)}
    else:
        return {} if value is None else {at: str(value)}
    found: dict[str, str] = {}
    for name, entry in entries.items():
        found |= flat(entry, f"{at}.{name}" if at else name)
    return found


def read_account(run: str, *, out: Path, session: Session, effort: Effort) -> tuple[Path, dict[str, Any]]:
    """The account that another run left: of the same effort if there is one, else its last.

    run  a run folder, or the name of one in `out`

    Raises NotComparable with the reason where there is none, or it is of another case or this very run.
    """
    folder = Path(run) if Path(run).is_dir() else out / run
    if not folder.is_dir():
        there = sorted(path.name for path in out.iterdir() if path.is_dir()) if out.is_dir() else []
        near = get_close_matches(Path(run).name, there, 1, cutoff=0.5)
        raise NotComparable(f"{run}: there is no such run{f'; did you mean {near[0]}?' if near else ''}")
    try:
        manifest, chunks = read_chunks(folder, NAME)
    except FileNotFoundError:
        raise NotComparable(f"{folder} is no run folder: it has no manifest.json") from None
    except Damaged as error:
        raise NotComparable(f"{folder} cannot be compared: {error}") from None
    case = session.material.case.case
    if manifest.get("case") != case:
        raise NotComparable(
            f"{folder} is a run of the case {manifest.get('case')}, and this one is of {case}"
        )
    if folder.resolve() == session.run.folder.resolve():
        raise NotComparable(
            f"{folder} is this very run; change the case, the seed or the coding, and name the run before"
        )
    accounts = [chunk.value for chunk in chunks]
    if not accounts:
        raise NotComparable(f"{folder} holds no tested claims; `tightrope claims` or `run` leaves them there")
    same = [account for account in accounts if account["effort"] == asdict(effort)]
    return folder, (same or accounts)[-1]
