"""Run by the peers' interpreter: logit quantal response equilibria by sgamesolver's homotopy."""

import sys
import time

import numpy as np
import sgamesolver


def main() -> None:
    with np.load(sys.argv[1]) as asked:
        payoffs, laws = asked["payoffs"], asked["laws"]
        discount, precision, repeats = (
            float(asked["discount"]),
            float(asked["precision"]),
            int(asked["repeats"]),
        )
        sharp = bool(asked["sharp"])
    # (players, actions…, states) and (actions…, states, states) to one array a state
    states = payoffs.shape[-1]
    stages = [np.ascontiguousarray(payoffs[..., s]) for s in range(states)]
    moves = [np.ascontiguousarray(laws[..., s, :]) for s in range(states)]
    best, built = np.inf, np.inf
    for _ in range(repeats):
        begun = time.process_time()
        game = sgamesolver.SGame(stages, moves, discount)
        homotopy = sgamesolver.homotopy.QRE(game)
        homotopy.solver_setup(target_lambda=precision)
        homotopy.solver.verbose = 0
        if sharp:
            homotopy.solver.set_parameters(convergence_tol=1e-11, corrector_tol=1e-11)
        built = min(built, time.process_time() - begun)
        begun = time.process_time()
        result = homotopy.solver.start()
        best = min(best, time.process_time() - begun)
    strategies, values, _ = homotopy.y_to_sigma_V_t(result["y"])
    np.savez(
        sys.argv[2], seconds=best, building=built, steps=result["steps"], success=bool(result["success"]),
        strategies=strategies, values=values,
    )  # fmt: skip


if __name__ == "__main__":
    main()
