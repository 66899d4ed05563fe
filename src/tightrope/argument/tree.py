"""A classification tree as a second view of what sets an outcome apart (Breiman et al. 1984).

Where PRIM looks for one box, a tree cuts the whole space. Classes are weighed by their rarity, so that cuts
look for the outcome however rare it is; the leaves are counted unweighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tightrope.argument.extra import require
from tightrope.argument.interest import Interest

if TYPE_CHECKING:
    import pandas as pd

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree's leaves, the densest first, and how well the tree does on draws that it did not see.

    leaves    rule (conditions joined by `and`), n, k (draws in the leaf, of these with the outcome), density,
              coverage
    weights   parameter -> share of the fall in impurity that its cuts bring, only those that cut
    accuracy  balanced accuracy in cross-validation: mean of the two classes' hit rates; 0.5 is chance
    """

    interest: Interest
    leaves: pd.DataFrame
    weights: pd.DataFrame
    accuracy: float


def classify(interest: Interest, *, depth: int = 3, seed: int = 0) -> Tree:
    """Grow a tree of at most `depth` cuts in a row, with at least 5 % of the draws, and 5, in each leaf.

    Raises TooFew without enough draws, MissingExtra without scikit-learn.
    """
    import pandas as pd

    interest.enough()
    require("sklearn", library="scikit-learn", what="a classification tree")
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    points, labels = interest.sample.inputs(), interest.labels.astype(int)

    def grown() -> Any:
        return DecisionTreeClassifier(
            max_depth=depth,
            min_samples_leaf=max(5, len(points) // 20),
            class_weight="balanced",
            random_state=seed,
        )

    tree = grown().fit(points.to_numpy(), labels)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    scores = cross_val_score(grown(), points.to_numpy(), labels, cv=folds, scoring="balanced_accuracy")
    leaf = tree.apply(points.to_numpy())
    rows = []
    for number, rule in _rules(tree.tree_, list(points.columns)).items():
        here = labels[leaf == number]
        rows.append(
            {
                "rule": rule,
                "n": len(here),
                "k": int(here.sum()),
                "density": float(here.mean()),
                "coverage": float(here.sum() / labels.sum()),
            }
        )
    leaves = pd.DataFrame(rows).sort_values("density", ascending=False, kind="stable", ignore_index=True)
    weights = pd.DataFrame(
        {"weight": tree.feature_importances_}, index=pd.Index(points.columns, name="parameter")
    )
    kept = weights[weights["weight"] > 0].sort_values("weight", ascending=False, kind="stable")
    return Tree(interest, leaves.rename_axis("leaf"), kept, float(np.mean(scores)))


def _rules(tree: Any, names: list[str]) -> dict[int, str]:
    """Leaf -> its conditions. Cuts of one parameter on one path are drawn together."""
    found: dict[int, str] = {}

    def walk(node: int, limits: dict[str, tuple[float, float]]) -> None:
        if tree.children_left[node] == tree.children_right[node]:
            found[node] = " and ".join(_said(name, *ends) for name, ends in limits.items()) or "everywhere"
            return
        name, cut = names[tree.feature[node]], float(tree.threshold[node])
        low, high = limits.get(name, (-np.inf, np.inf))
        walk(int(tree.children_left[node]), {**limits, name: (low, min(high, cut))})
        walk(int(tree.children_right[node]), {**limits, name: (max(low, cut), high)})

    walk(0, {})
    return found


def _said(name: str, low: float, high: float) -> str:
    if np.isinf(low):
        return f"{name} <= {high:.4g}"
    return f"{name} > {low:.4g}" if np.isinf(high) else f"{low:.4g} < {name} <= {high:.4g}"
