"""Columns of the tables that the report takes, judgement to policy: the contract with the workflow."""

from __future__ import annotations

from collections.abc import Mapping

from tightrope.report.columns import MARKS, Column, c

MARK = c("mark", "text", "where the number comes from", choices=MARKS)
CERTIFIED = c("certified", "flag", "False: the number is not printed, `not certified` stands in its place")
RESULTS = ("holds", "fails", "not certified", "undefined", "untestable")
CELLS = ("holds", "fails", "breaks", "changes", "not certified", "undefined")

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "live": (
        c("id", "text", "the question's id"),
        c("question", "text", "the question"),
        c("deadline", "date", "the day on which it resolves"),
        c("probability", "number", "probability after the floor, (1 - epsilon) model + epsilon outside"),
        c("model", "number", "the model's probability before the floor"),
        c("lower", "number", "lower end of the 90 % interval, after the floor"),
        c("upper", "number", "upper end of the 90 % interval, after the floor"),
        c("outside", "number", "the outside view"),
        c("outside_source", "text", "what the outside view is: `reference class`, `Markov chain`, ..."),
        c("epsilon", "number", "weight of the outside view"),
        MARK,
        CERTIFIED,
        c("criteria", "text", "how the question resolves", optional=True),
        c("pooled", "number", "the pooled forecast after the same floor; None where none", optional=True),
        c("pooled_how", "text", "the pool's weights and where they come from, or why none", optional=True),
    ),
    "paths": (
        c("date", "date", "a day on or by which the event has happened"),
        c("lower95", "number", "2.5 % quantile over draws, after the floor"),
        c("lower80", "number", "10 %"),
        c("lower50", "number", "25 %"),
        c("median", "number", "50 %"),
        c("upper50", "number", "75 %"),
        c("upper80", "number", "90 %"),
        c("upper95", "number", "97.5 %"),
        c("probability", "number", "mean over draws after the floor: the printed probability"),
        c("model", "number", "mean over draws before the floor"),
        c("outside", "number", "the outside view"),
    ),
    "periods": (
        c("period", "text", "name of the period, in order (`2020Q3`)"),
        c("start", "date", "its first day"),
        c("end", "date", "the first day of the next period"),
        c("surprise", "number", "-log2 of the probability of this row given the rows before, in bits"),
        c("parts", "text", "what in the row surprised, in words", optional=True),
    ),
    "coded": (
        c("period", "text", "name of the period"),
        c("name", "text", "state variable or move"),
        c("label", "text", "its name for readers"),
        c("kind", "text", "a state or a move", choices=("state", "move")),
        c("level", "text", "printed level or action"),
        c("rank", "whole", "place of the level among the variable's levels, from 0"),
        c("observed", "flag", "False: held by default, so missing for the model"),
    ),
    "events": (
        c("period", "text", "the period in which it fell"),
        c("id", "text", "the event's id"),
        c("date", "date", "its day"),
        c("summary", "text", "what happened"),
        c("source_url", "text", "where it is reported; only http and https become links"),
        c("source_title", "text", "title of that page"),
    ),
    "claims": (
        c("id", "text", "the claim's id"),
        c("kind", "text", "descriptive, causal, inference, counterfactual, forecast"),
        c("text", "text", "the claim in a sentence"),
        c("check", "text", "the check on quantities, as written in the case", optional=True),
        c("reference", "text", "the check at the reference values", choices=RESULTS),
        c("fit", "text", "the check at the fit", choices=RESULTS),
        c("margin_reference", "number", "distance to the threshold there, positive: holds", optional=True),
        c("margin_fit", "number", "the same at the fit", optional=True),
        c("share_fit", "number", "share of posterior draws in which it holds", optional=True),
        c(
            "share_argument",
            "number",
            "share of argument-centred prior draws in which it holds",
            optional=True,
        ),
        c("share_agnostic", "number", "share of agnostic prior draws in which it holds", optional=True),
        c("draws_fit", "whole", "certified posterior draws behind `share_fit`", optional=True),
        c(
            "flags",
            "text",
            "space- or comma-separated words among works, vacuous, overdetermined, fragile, prior_only, "
            "untestable, contradicted",
        ),
        c("contradicted", "text", "how strongly the record goes the other way; None: not", optional=True),
        c("named", "text", "ablations that should break it, comma-separated", optional=True),
        c("needs", "text", "ablations that do break it, comma-separated", optional=True),
        c("untestable", "text", "why it can't be tested", optional=True),
        c("threshold", "text", "the argument for a threshold in the check", optional=True),
        c("later", "text", "what happened later", optional=True),
    ),
    "shares": (
        c("claim", "text", "the claim's id"),
        c("what", "text", "the share in words or as written"),
        c("k", "whole", "rows in which it is so"),
        c("n", "whole", "rows looked at"),
        c("lower", "number", "lower end of the 95 % interval"),
        c("upper", "number", "upper end of the 95 % interval"),
        c("expect", "text", "what the claim expects of it, in words", optional=True),
        c("agrees", "flag", "whether the record agrees; None where nothing is expected", optional=True),
        c("contrary", "text", "how strongly the record goes the other way; None: not", optional=True),
    ),
    "quantities": (
        c("claim", "text", "the claim's id"),
        c("name", "text", "the quantity's name"),
        c("about", "text", "what it is", optional=True),
        c(
            "unit",
            "text",
            "a probability is printed as per cent, a value as a number",
            choices=("probability", "value"),
        ),
        c("reference", "number", "at the reference values; nan: undefined"),
        c("fit", "number", "at the fit; nan: undefined"),
        c("lower", "number", "lower end of the 90 % interval over posterior draws", optional=True),
        c("upper", "number", "upper end", optional=True),
        c("reference_certified", "flag", "certificate at the reference"),
        c("fit_certified", "flag", "certificate at the fit"),
        c("mark_reference", "text", "mark of the reference value", choices=MARKS),
        c("mark_fit", "text", "mark of the fitted value", choices=MARKS),
    ),
    "cells": (
        c("claim", "text", "the claim's id"),
        c("ablation", "text", "the ablation's name"),
        c("at", "text", "where", choices=("reference", "fit")),
        c(
            "result",
            "text",
            "holds; breaks (held, now fails); fails (both); changes (failed, now holds)",
            choices=CELLS,
        ),
        c("named", "flag", "the claim names this ablation as the one that should break it"),
    ),
    "ablations": (
        c("ablation", "text", "its name"),
        c("about", "text", "what it takes away"),
    ),
    "policy": (
        c("slice", "text", "name of the slice: what is held fixed, in words"),
        c("mover", "text", "who moves, for readers"),
        c("state", "text", "the state, in words (`treaty, based, shaky`)"),
        c("order", "whole", "place of the state in its slice, from 0"),
        c("action", "text", "an action"),
        c("rank", "whole", "place of the action among the move's actions, from 0"),
        c("probability", "number", "probability of the action there; nan where it can't be chosen"),
        c("visited", "whole", "coded periods that stood in this state"),
        CERTIFIED,
    ),
}
