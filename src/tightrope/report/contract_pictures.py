"""Columns of the tables behind the pictures that a case asks for, and of results that a run may hold."""

from __future__ import annotations

from collections.abc import Mapping

from tightrope.report.columns import Column, c
from tightrope.report.contract import MARK

VERDICTS = ("favoured", "disfavoured", "no finding", "unresolved", "refused")

PICTURES: Mapping[str, tuple[Column, ...]] = {
    "stays": (
        c("first", "text", "the first period of the stretch"),
        c("last", "text", "its last period"),
        c("years", "text", "the same in years (`1997–99`)"),
        c("n", "whole", "how many periods it lasted"),
        c("x", "number", "place on the axis across"),
        c("y", "number", "place on the axis up"),
        c("levels", "text", "where the variables of both axes stood"),
    ),
    "drifts": (
        c("x", "number", "place on the axis across"),
        c("y", "number", "place on the axis up"),
        c("dx", "number", "expected movement across within a year, given that the game goes on"),
        c("dy", "number", "the same upwards"),
        c("ends", "number", "probability that the game ends within a year"),
        c("levels", "text", "the combinations of levels that stand there, each counted alike"),
    ),
    "gaps": (
        c("down", "text", "level of the variable down"),
        c("down_rank", "whole", "its place among the variable's levels, from 0"),
        c("across", "text", "level of the variable across"),
        c("across_rank", "whole", "its place among the variable's levels, from 0"),
        c("gap", "number", "mean price gap there, the other variables as in the record"),
        c("smallest", "number", "the smallest over them"),
        c("largest", "number", "the largest"),
        c("states", "whole", "how many states stand there"),
        c("priced", "whole", "those in which some price suits both"),
        c("visited", "whole", "coded periods that stood there"),
    ),
    "options": (
        c("action", "text", "an action"),
        c("probability", "number", "its probability; 0 where it is closed"),
        c("worth", "number", "the mover's expected discounted payoff from this period on if it takes it"),
        c("now", "number", "what of it falls in this period"),
        c("later", "number", "what comes after"),
    ),
    "split": (
        c("part", "text", "a payoff term, or a terminal (`at merged`)"),
        c("now", "number", "its part of the log-odds, this period"),
        c("later", "number", "after this period"),
        c("both", "number", "the two together"),
    ),
    "readings": (
        c("name", "text", "the reading's name"),
        c("about", "text", "whom it stands for"),
        c("strategic", "flag", "whether it is a game"),
        c("parameters", "whole", "free parameters"),
        c("certified", "number", "share of its prior that the solver certifies", optional=True),
        c("first_how", "text", "the one estimator"),
        c("first", "number", "its log evidence, nats"),
        c("first_spread", "number", "sd over repeats", optional=True),
        c("second_how", "text", "the other estimator"),
        c("second", "number", "its log evidence, nats"),
        c("second_spread", "number", "sd over repeats", optional=True),
        c("log_evidence", "number", "their mean, nats"),
        c("learned", "number", "what its parameters had to learn, nats", optional=True),
        c("unresolved", "text", "why the estimates do not settle it", optional=True),
    ),
    "factors": (
        c("name", "text", "the reading"),
        c("other", "text", "what it stands against"),
        c("log_factor", "number", "log Bayes factor, nats"),
        c("first", "number", "the same by the one estimator"),
        c("second", "number", "by the other"),
        c("learning", "number", "what of it is learning: the other had to learn so much more", optional=True),
        c("verdict", "text", "what may be said", choices=VERDICTS),
        c("why", "text", "why nothing may", optional=True),
        c(
            "least",
            "number",
            "nats by which it is behind at least, 19 times in 20, where that is a finding",
            optional=True,
        ),
    ),
    "quarters": (
        c("name", "text", "the reading"),
        c("period", "text", "a period of the record"),
        c("nats", "number", "its part of the log Bayes factor"),
    ),
    "spreads": (
        c("spread", "number", "factor on the spread of every prior"),
        c("name", "text", "the reading"),
        c("log_factor", "number", "log Bayes factor then, nats"),
        c("verdict", "text", "what may be said then", choices=VERDICTS),
        c(
            "least",
            "number",
            "nats by which it is behind at least then, 19 times in 20, where that is a finding",
            optional=True,
        ),
    ),
    "codings": (
        c("coding", "text", "another coding, or a block read otherwise"),
        c("name", "text", "the reading"),
        c("printed", "number", "log Bayes factor under this run's coding, nats"),
        c("log_factor", "number", "under the other, nats"),
        c("verdict", "text", "what may be said then", choices=VERDICTS),
        c("flips", "flag", "whether that turns the result"),
    ),
    "switches": (
        c("name", "text", "a mechanism that is off"),
        c("log_factor", "number", "log Bayes factor of off against free, nats; nan where refused"),
        c("error", "number", "its standard error", optional=True),
        c("verdict", "text", "what may be said"),
    ),
    "tempered": (
        c("name", "text", "the reading"),
        c("log_evidence", "number", "by tempered SMC from the prior, nats"),
        c("spread", "number", "sd over runs", optional=True),
        c("runs", "whole", "how many runs"),
        c("verdict", "text", "whether it agrees with the two estimates"),
    ),
    "limits": (
        c("parameter", "text", "the parameter"),
        c("low", "number", "lower limit; nan: open"),
        c("high", "number", "upper limit; nan: open"),
        c("low_quantile", "number", "where the lower limit lies in its prior", optional=True),
        c("high_quantile", "number", "where the upper one does", optional=True),
        c("quasi_p", "number", "larger chance that luck alone would give a limit of it", optional=True),
        c("by_chance", "flag", "whether that is above 0.05"),
        c("reproduced", "number", "share of half samples that set a limit on it", optional=True),
        MARK,
        c("why", "text", "what the parameter is"),
    ),
    "tradeoff": (
        c("box", "whole", "number of the box, each denser than the one before"),
        c("coverage", "number", "share of the draws with the outcome that it holds"),
        c("density", "number", "share of its draws that show the outcome"),
        c("draws", "whole", "draws in it"),
        c("with_it", "whole", "those of them with the outcome"),
        c("restricted", "whole", "parameters with a limit"),
        c("chosen", "flag", "whether it is the box that is shown"),
    ),
}
