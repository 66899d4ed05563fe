r"""What silence is worth: the chance of a secret deal after quarters in which nothing leaked.

If a deal that exists leaks with probability $\lambda$ a quarter, then n quiet quarters multiply its odds by
$(1-\lambda)^n$. The leak rate is an assumption and nothing else: a deal that never leaked was never seen.
False rumours change nothing as long as they come as often with a deal as without one, because their factor
cancels. If new deals can be struck on the way, the chance does not fall to nothing but to where the two
balance.
"""

from __future__ import annotations

from math import inf, log, log1p


def quiet_chance(prior: float, *, quarters: int, leak: float, struck: float = 0.0) -> float:
    """The chance of a secret deal after so many quiet quarters.

    prior   chance before them
    leak    chance a quarter that an existing deal leaks
    struck  chance a quarter that one is struck where there was none, before the quarter's leak

    Raises ValueError for a chance outside [0, 1] or a negative number of quarters.

    >>> round(quiet_chance(0.1, quarters=8, leak=0.1), 4)
    0.0456
    >>> quiet_chance(0.1, quarters=40, leak=0.0)
    0.1
    """
    for name, value in (("prior", prior), ("leak rate", leak), ("rate of new deals", struck)):
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"the {name} is a chance between 0 and 1, not {value:g}")
    if quarters < 0:
        raise ValueError(f"the number of quarters must not be negative, got {quarters}")
    chance = prior
    for _ in range(quarters):
        before = chance + (1.0 - chance) * struck
        kept = before * (1.0 - leak)
        quiet = kept + 1.0 - before
        # Silence that cannot be: a deal is certain and certain to leak. The chance says nothing then.
        chance = kept / quiet if quiet > 0 else before
    return chance


def quarters_to_halve(leak: float) -> float:
    """Quiet quarters that halve the odds, where no new deals are struck.

    >>> round(quarters_to_halve(0.1), 1), quarters_to_halve(0.0)
    (6.6, inf)
    """
    if not 0.0 <= leak <= 1.0:
        raise ValueError(f"the leak rate is a chance between 0 and 1, not {leak:g}")
    if leak in (0.0, 1.0):
        return inf if leak == 0.0 else 1.0
    return log(0.5) / log1p(-leak)
