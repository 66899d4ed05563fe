"""What the commands do that leave no run behind: checking a case and starting a new one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tightrope.cli.output import BadInput, said_if_slow
from tightrope.outcome import BAD_INPUT, FAILED, FINE, Outcome


def check_files(path: Path, *, draws: int, as_json: bool, quiet: bool) -> Outcome:
    """Everything wrong with a case: in its files, then (`draws` > 0) at draws from its priors."""
    from tightrope.case.checks import check_case
    from tightrope.case.errors import CaseError, format_problems
    from tightrope.case.load import load_case

    try:
        folder = load_case(path)
    except CaseError as error:
        if not as_json:
            raise
        return Outcome(BAD_INPUT, {"sound": False, "problems": _plain(error.problems)}, "")
    problems = check_case(folder)
    if not problems and folder.case.scenarios is not None:
        from tightrope.workflow.scenario import observed_problems

        problems = observed_problems(folder)
    looked = draws > 0 and not problems
    if looked:
        with said_if_slow(f"valuing laws and payoffs at {draws:,} draws of each prior class", quiet=quiet):
            from tightrope.workflow.checking import check_draws

            problems = check_draws(folder, draws=draws)
    data = {
        "sound": not problems,
        "case": folder.case.case,
        "hash": folder.hash,
        "draws": draws if looked else 0,
        "problems": _plain(problems),
    }
    if problems:
        return Outcome(FAILED, data, format_problems(problems))
    extent = f", at {draws:,} draws of each prior class too" if looked else ""
    return Outcome(FINE, data, f"{path}: the case {folder.case.case} is sound{extent}")


def _plain(problems: Any) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [asdict(problem) for problem in problems]


def write_new(target: Path, *, name: str, source: Path | None) -> Outcome:
    """A new case in the folder `target`, from the template or a copy of a case."""
    from tightrope.case.errors import CaseError
    from tightrope.case.new import scaffold

    try:
        name = name or target.resolve().name.lower().replace("_", "-")
        written = scaffold(target, name=name, source=source)
    except CaseError:
        raise
    except ValueError as error:
        raise BadInput(f"{error}; say --name NAME") from None
    files = [str(path) for path in written]
    inside = Counter(path.relative_to(target).parts[0] for path in written)
    folders = {path.relative_to(target).parts[0] for path in written if path.parent != target}
    listed = [f"  {target / n}" + (f" ({k} files)" if n in folders else "") for n, k in inside.items()]
    text = "\n".join(["Wrote", *listed, f"Next: tightrope check {target}"])
    return Outcome(FINE, {"files": files}, text)
