"""`tightrope questions export|import`: a case's questions as JSON under the platforms' names, and back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tightrope.case.load import load_case
from tightrope.forecast.interchange import COLUMNS, as_record, from_json, to_json
from tightrope.forecast.questions import load_questions, names_of
from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.runs.files import write_atomically


def export_questions(case: Path, *, to: Path | None) -> Outcome:
    """The case's live and past questions as JSON. Raises FileExistsError rather than overwrite."""
    source = load_case(case)
    names = names_of(source.case)
    files = [f for f in (source.case.live_questions, source.case.questions) if f]
    questions = [q for f in files for q in load_questions(source.folder / f, names=names)]
    data = {"questions": [as_record(q) for q in questions]}
    text = to_json(questions)
    if to is None:
        return Outcome(FINE, data, text)
    _write(to, text + "\n")
    return Outcome(FINE, data, f"Wrote {len(questions)} questions to {to}")


def import_questions(case: Path, file: Path, *, to: Path | None) -> Outcome:
    """Questions of a JSON file as rows of a question file; exit code 1 if some are refused."""
    source = load_case(case)
    found = from_json(file.read_text(encoding="utf-8"), names=names_of(source.case), file=file.name)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found.rows)
    text = stream.getvalue().rstrip("\n")
    if to is not None:
        _write(to, stream.getvalue())
        text = f"Wrote {len(found.rows)} questions to {to}"
    open_ones = [f"{q.id}: not answered ({q.event.reason})" for q in found.questions if not q.answerable]  # type: ignore[union-attr]
    data = {"questions": list(found.rows), "refused": list(found.refused), "unanswerable": open_ones}
    if to is not None and open_ones:
        text = "\n".join([text, *open_ones])
    if found.refused:
        text = "\n".join([text, *(f"refused: {line}" for line in found.refused)])
    return Outcome(FAILED if found.refused else FINE, data, text)


def _write(to: Path, text: str) -> None:
    if to.exists():
        raise FileExistsError(f"{to}: exists already; nothing was written")
    write_atomically(to, text.encode())
