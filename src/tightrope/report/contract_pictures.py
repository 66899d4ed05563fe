"""Columns of the tables behind the pictures that a case asks for."""

from __future__ import annotations

from collections.abc import Mapping

from tightrope.report.columns import Column, c

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
}
