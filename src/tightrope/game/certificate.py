"""What the solver vouches for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["converged", "cycling", "not converged", "finite horizon"]
Branch = Literal["principal", "direct", "warm"]
Convention = Literal["agent", "ev1"]


@dataclass(frozen=True)
class Certificate:
    """The evidence that a solution is an equilibrium.

    status             `converged`, `cycling` (the residual stopped falling), `not
                       converged` (it was still falling, or numbers overflowed) or
                       `finite horizon` (backward induction, exact by construction)
    residual           sup norm of B(V) - V, in units of one over the largest precision: no log-odds
                       move by more in one more sweep (probabilities of simultaneous moves as they are)
    strategy_residual  sup norm of the change in any choice probability over one more sweep
    tolerance          what `residual` was asked to be below
    iterations         Newton steps (or sweeps, or periods) taken
    method             what produced the solution
    branch             `principal` (the first crossing on the branch from uniform play), `direct`
                       (found from zero values, not traced) or `warm` (found from a given start)
    turns              shares of the precisions at which the principal branch turned round
    restarts           further starts tried
    deviation          largest expected gain, in payoff, from one action other than the mixture. Logit
                       players leave some: at most ln(actions)/precision
    agreement          largest gap in any choice probability between them (nan without restarts)
    """

    status: Status
    residual: float
    strategy_residual: float
    tolerance: float
    iterations: int
    method: str
    branch: Branch = "direct"
    turns: tuple[float, ...] = ()
    restarts: int = 0
    agreement: float = float("nan")
    deviation: float = float("nan")

    @property
    def good(self) -> bool:
        """Whether numbers that rest on this solution may be printed."""
        return self.status in ("converged", "finite horizon")

    def as_dict(self) -> dict[str, object]:
        """Plain data, for manifests and JSON."""
        return asdict(self)

    def __str__(self) -> str:
        text = f"{self.status}: residual {self.residual:.1e} after {self.iterations} ({self.method})"
        if self.restarts:
            text += f", {self.restarts} restarts agree to {self.agreement:.0e}"
        return text


class NotCertified(RuntimeError):
    """A number was asked for that rests on a solution without a good certificate."""

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(f"no certified equilibrium here ({certificate})")
        self.certificate = certificate
