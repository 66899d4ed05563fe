"""The nouns of the pictures that a case asks for: labelled data, as in `sections`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tightrope.report.section import Checked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class Plane(Checked):
    """Two axes, the record's path over them, and where the fitted law of motion leads from each point.

    stays       table `stays`: stretches of the record that stood at one point, in order of time
    drifts      table `drifts`: one row a point that the levels of the axes' variables can make
    about       what the plane is, a sentence or two
    across, up  names of the axes
    low_across, high_across, low_up, high_up  words for their ends
    evaluated   where the law of motion is taken (`at the posterior mode`)
    mark        of the movement
    certified   False: no movement is drawn or printed
    """

    stays: pd.DataFrame
    drifts: pd.DataFrame
    about: str = ""
    across: str = ""
    up: str = ""
    low_across: str = ""
    high_across: str = ""
    low_up: str = ""
    high_up: str = ""
    evaluated: str = ""
    mark: str = "estimated"
    certified: bool = True
