"""Columns of the later tables: questions, ledger, parameters, diagnostics, provenance, what to watch."""

from __future__ import annotations

from collections.abc import Mapping

from tightrope.report.columns import Column, c
from tightrope.report.contract import CERTIFIED, MARK

SCORES: Mapping[str, tuple[Column, ...]] = {
    "questions": (
        c("id", "text", "the question's id"),
        c("question", "text", "the question"),
        c("event", "text", "the event as written in the question file"),
        c("origin", "date", "the day on which it was asked"),
        c("deadline", "date", "the day on which it resolves"),
        c("resolution", "text", "what came", choices=("yes", "no", "open")),
        c("answerable", "flag", "whether the case's variables can answer it"),
        c("reason", "text", "why not", optional=True),
    ),
    "forecasts": (
        c("id", "text", "the question's id"),
        c(
            "forecaster",
            "text",
            "`game`, `Markov chain`, `persistence`, `climatology`, `reference class`, ...",
        ),
        c("probability", "number", "as of the origin; the game's after the floor"),
        c("lower", "number", "lower end of the 90 % interval", optional=True),
        c("upper", "number", "upper end of the 90 % interval", optional=True),
        c("brier", "number", "Brier score; nan while open", optional=True),
        c("log_score", "number", "log score in nats; nan while open", optional=True),
        MARK,
        CERTIFIED,
    ),
    "means": (
        c("group", "text", "which questions: `all resolved`, `merger only`, ..."),
        c("forecaster", "text", "as in the forecasts"),
        c("n", "whole", "resolved questions behind the mean"),
        c("brier", "number", "mean Brier score"),
        c("brier_lower", "number", "lower end of its interval", optional=True),
        c("brier_upper", "number", "upper end of its interval", optional=True),
        c("log_score", "number", "mean log score, nats"),
        c("log_lower", "number", "lower end of its interval", optional=True),
        c("log_upper", "number", "upper end of its interval", optional=True),
    ),
    "fears": (
        c("year", "whole", "calendar year, without gaps"),
        c("statements", "whole", "statements on the feared event in that year"),
        c("fears", "whole", "those that gave it at least the threshold"),
    ),
    "outcomes": (
        c("year", "whole", "calendar year"),
        c("outcome", "text", "what happened: the feared event, or something near it (`union rose a level`)"),
        c("count", "whole", "how often it happened in that year"),
        c("feared", "flag", "True for the feared event itself"),
    ),
    "scores": (
        c("event", "text", "what the statements were about; `all` for the last row"),
        c("n", "whole", "resolved statements"),
        c("yes", "whole", "those whose event came"),
        c("mean_p", "number", "their mean probability"),
        c("brier", "number", "mean Brier score"),
        c("baseline_brier", "number", "that of the constant"),
        c("skill", "number", "1 - brier / baseline_brier; nan where undefined"),
        c("log_score", "number", "mean log score, nats"),
        c("baseline_log_score", "number", "that of the constant"),
    ),
    "hit_curve": (
        c("hit_rate", "number", "assumed chance of such a headline before the event itself"),
        c("after", "number", "chance of the event after the headline, were that the hit rate"),
    ),
    "leads": (
        c("days", "whole", "days before a summit in which a headline counts"),
        c("false", "text", "summits that had one, of all: `6 of 14`"),
        c("announced", "text", "limited steps that came after one, of all: `3 of 3`"),
        c("ratio", "number", "what the odds are multiplied by"),
        c("after", "number", "chance after the headline"),
    ),
    "parameters": (
        c("name", "text", "the parameter's name"),
        c("reference", "number", "its reference value"),
        c("prior", "text", "its prior as written, or `fixed`"),
        c("prior_lower", "number", "5 % quantile of the prior", optional=True),
        c("prior_median", "number", "median of the prior", optional=True),
        c("prior_upper", "number", "95 % quantile of the prior", optional=True),
        c("mode", "number", "value at the posterior mode", optional=True),
        c("lower", "number", "5 % quantile of the posterior", optional=True),
        c("upper", "number", "95 % quantile of the posterior", optional=True),
        c("sd_ratio", "number", "posterior sd / prior sd in normal scores", optional=True),
        MARK,
        c("note", "text", "`the record says nothing about this`, ...", optional=True),
        c("why", "text", "the reason for the value and prior"),
    ),
    "checks": (
        c(
            "name",
            "text",
            "what was looked at: `equilibrium at the reference`, `Pareto shape of the weights`, ...",
        ),
        c("value", "text", "what was found, ready to print"),
        c("good", "flag", "whether that is good; None where there is no standard", optional=True),
        c("note", "text", "what it means", optional=True),
    ),
    "starts": (
        c("start", "text", "where a climb began"),
        c("log_posterior", "number", "log posterior at its end, up to a constant"),
        c("log_likelihood", "number", "log likelihood there", optional=True),
        c("steps", "whole", "steps taken", optional=True),
        c("ended", "text", "how it ended", optional=True),
    ),
    "solved": (
        c("prior_class", "text", "`argument` or `agnostic`, or another set of draws"),
        c("draws", "whole", "draws tried"),
        c("certified", "whole", "draws that solved to a certificate"),
    ),
    "versions": (
        c("package", "text", "a package"),
        c("version", "text", "its version"),
    ),
    "sources": (
        c("file", "text", "a file of the case"),
        c("source", "text", "where it comes from"),
        c("licence", "text", "its licence"),
        c("url", "text", "its address; only http and https become links", optional=True),
    ),
    "timings": (
        c("step", "text", "a step of the run"),
        c("seconds", "number", "time it took"),
        c("note", "text", "`from the cache`, ...", optional=True),
    ),
    "watch": (
        c("indicator", "text", "something that can be seen"),
        c("why", "text", "which way it would move the judgement"),
        c("now", "text", "how it stands at the record's end"),
        c("question", "text", "id of the live question it bears on", optional=True),
    ),
}
