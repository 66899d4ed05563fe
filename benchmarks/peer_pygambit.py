"""Run by the peers' interpreter: logit equilibria of games in Gambit's text formats."""

import ast
import io
import json
import sys

import numpy as np
import pygambit


def mixtures(profile: object) -> list[list[float]]:
    """By player, the mixtures at each of its information sets (strategic games have one)."""
    found = ast.literal_eval(str(profile))
    result = []
    for own in found.values():
        for mixture in own if isinstance(own, list) else [own]:
            result.append(list(mixture.values()))
    return result


def main() -> None:
    with np.load(sys.argv[1]) as file:
        asked = json.loads(str(file["asked"]))
    answered: dict[str, list[list[list[list[float]]]]] = {}
    for name, games in asked["games"].items():
        answered[name] = []
        for text in games:
            read = pygambit.read_nfg if text.startswith("NFG") else pygambit.read_efg
            game = read(io.BytesIO(text.encode()))
            found = pygambit.qre.logit_solve_lambda(game, list(asked["precisions"]))
            answered[name].append([mixtures(x.profile) for x in found])
    np.savez(sys.argv[2], answered=np.array(json.dumps(answered)))


if __name__ == "__main__":
    main()
