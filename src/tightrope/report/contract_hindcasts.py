"""Columns of the tables of hindcasts."""

from __future__ import annotations

from collections.abc import Mapping

from tightrope.report.columns import Column, c

_SKILL = (
    c("group", "text", "targets scored together (`all states`, `all moves`), a terminal, or one target"),
    c("horizon", "whole", "periods ahead"),
    c("forecaster", "text", "`game`, `game, unfloored`, `pooled`, `Markov chain`, ..."),
    c("rival", "text", "against whom skill is: the reference class where it speaks, else the Markov chain"),
    c("n", "whole", "origins behind the mean"),
    c("cases", "whole", "forecasts behind it: targets of each origin that the record resolves"),
    c("block", "whole", "origins in a block of the bootstrap"),
    c("effective", "number", "origins counted in blocks: n / block"),
    c("best", "flag", "whether its mean log score is the lowest of its group and horizon"),
    c("beats", "number", "share of bootstrap draws in which it has a lower mean log score than the rival"),
    c("log_score", "number", "mean log score, nats"),
    c("log_skill", "number", "1 - log score / that of the rival"),
    c("log_lower", "number", "lower end of its 95 % interval; nan with too few blocks"),
    c("log_upper", "number", "upper end"),
    c("brier_score", "number", "mean Brier score, summed over levels"),
    c("brier_skill", "number", "1 - Brier score / that of the rival"),
    c("brier_lower", "number", "lower end of its 95 % interval"),
    c("brier_upper", "number", "upper end"),
    c("ranked_score", "number", "mean ranked probability score; nan where outcomes have no order"),
    c("ranked_skill", "number", "1 - ranked probability score / that of the rival"),
    c("ranked_lower", "number", "lower end of its 95 % interval"),
    c("ranked_upper", "number", "upper end"),
)

HINDCASTS: Mapping[str, tuple[Column, ...]] = {
    "skill": _SKILL,
    "skill_targets": _SKILL,
    "curves": (
        c("group", "text", "`all states` or `all moves`"),
        c("forecaster", "text", "as in the skill table"),
        c("forecast", "number", "a forecast probability of a level"),
        c("recalibrated", "number", "how often levels forecast so came, by isotonic regression"),
        c("lower", "number", "lower end of the 90 % consistency band; nan with fewer than 20 cases"),
        c("upper", "number", "upper end"),
    ),
    "decompositions": (
        c("group", "text", "`all states` or `all moves`"),
        c("forecaster", "text", "as in the skill table"),
        c("cases", "whole", "resolved targets behind it, each with an event a level"),
        c("brier", "number", "mean Brier score of the level events"),
        c("miscalibration", "number", "what recalibration would save (CORP)"),
        c("discrimination", "number", "what the recalibrated forecast saves over the base rate (CORP)"),
        c("uncertainty", "number", "score of the base rate"),
        c("reliability", "number", "Murphy's reliability, by bins of ten per cent"),
        c("resolution", "number", "Murphy's resolution, generalised so that the parts add up"),
    ),
    "standing": (
        c("forecaster", "text", "as in the skill table"),
        c("n", "whole", "resolved questions, the same for all"),
        c("updates", "whole", "forecasts made after the first"),
        c("spot_brier", "number", "mean Brier score of the forecast made when the question was asked"),
        c("standing_brier", "number", "the same, each forecast weighted by the days on which it stood"),
        c("spot_log", "number", "mean log score when asked, nats"),
        c("standing_log", "number", "the same, weighted by days"),
    ),
    "beside": (
        c("forecaster", "text", "the ledger's forecasters, then ours on the same statements"),
        c("n", "whole", "statements that all of them speak of"),
        c("mean_p", "number", "mean probability"),
        c("brier", "number", "mean Brier score"),
        c("log_score", "number", "mean log score, nats"),
    ),
}
