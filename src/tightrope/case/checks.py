"""Everything that can be said against a case without solving it.

What needs numbers is left to the game room, which walks `tightrope.case.sites.sites` at
prior draws: raw probabilities in [0, 1], weights and rates not negative, precisions above
zero, availability that depends on parameters, `direction: up` under weights over levels,
ranges of payoff terms.
"""

from __future__ import annotations

from tightrope.case.check_claims import check_claims, check_observables, check_quantities
from tightrope.case.check_laws import check_laws
from tightrope.case.check_names import (
    check_actions,
    check_names,
    check_parameters,
    check_players,
    check_states,
    check_tables,
    check_terminals,
)
from tightrope.case.check_period import check_available, check_expressions, check_moves, check_work
from tightrope.case.check_pictures import check_pictures
from tightrope.case.check_record import check_files, check_ledger, check_record
from tightrope.case.checker import MAX_PROBLEMS, Checker, TooManyProblems
from tightrope.case.errors import Problem, sorted_problems
from tightrope.case.load import CaseFolder
from tightrope.case.scenarios import check_scenarios


def check_case(folder: CaseFolder) -> list[Problem]:
    """Every problem of a loaded case, in the order of the lines; an empty list if it is sound.

    Reads the files that the case names, and nothing else.
    """
    checker = Checker(folder)
    try:
        _check_all(checker)
    except TooManyProblems:
        checker.problems.append(
            Problem(folder.marks.path, 0, 0, "", f"{MAX_PROBLEMS:,} problems were found; there may be more")
        )
    return sorted_problems(checker.problems)


def _check_all(checker: Checker) -> None:
    check_names(checker)
    check_players(checker)
    check_states(checker)
    check_actions(checker)
    check_tables(checker)
    check_parameters(checker)
    check_terminals(checker)
    mentions = check_expressions(checker)
    check_moves(checker)
    check_laws(checker, mentions)
    check_available(checker, mentions)
    check_work(checker, mentions)
    check_observables(checker)
    check_quantities(checker)
    check_claims(checker)
    check_files(checker)
    check_record(checker)
    check_ledger(checker)
    check_scenarios(checker)
    check_pictures(checker)
