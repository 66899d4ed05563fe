"""The price of an end: what the patron would pay at most against what the client would take at least.

At a state, let V be a player's value of going on and W its worth of the terminal, entered now. The
patron gains W - V by it and would pay no more than that; the client loses V - W and would take no
less. The difference is the *price gap*: while it is positive no price suits both (the zone of
agreement of the bargaining literature is empty; Fearon 1996 and Powell 2006 on why it may be so).
The two sides have units of their own, so a rate says what a unit of the client's payoff costs the
patron; where the patron would not gain and the client would lose, the gap is positive at every rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import xarray as xr

from tightrope.case import syntax as s
from tightrope.case.errors import near_or_list
from tightrope.case.parse import ExpressionError, to_expression
from tightrope.case.resolve import variables_of
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, primitives_function
from tightrope.game.explain import Explanation
from tightrope.game.named import Named, broadcast
from tightrope.game.primitives import evaluator

THE_END, GOING_ON = "the end itself", "going on"
"""The part that the terminal is worth; all others are what the player would have by going on, the second
alone where values are not split."""


class NoPrice(ValueError):
    """A price gap that cannot be asked for; the message says why."""


@dataclass(frozen=True)
class PriceGap:
    """The price of entering `terminal` now, at every live state.

    pays   (part, *states) the patron's gain, in its own payoff; the sum over parts is the most it would pay
    takes  (part, *states) the client's loss, in its own payoff; the sum is the least it would take
    rate   (*states) what a unit of the client's payoff costs the patron
    """

    terminal: str
    patron: str
    client: str
    pays: xr.DataArray
    takes: xr.DataArray
    rate: xr.DataArray

    @property
    def most(self) -> xr.DataArray:
        """(*states) the most that the patron would pay, in its own payoff; negative: it would want paying."""
        return self.pays.sum("part")

    @property
    def least(self) -> xr.DataArray:
        """(*states) the least that the client would take, at what it costs the patron."""
        return self.rate * self.takes.sum("part")

    @property
    def gap(self) -> xr.DataArray:
        """(*states) least minus most, in the patron's payoff: positive where no price suits both."""
        return self.least - self.most

    @property
    def at_any_rate(self) -> xr.DataArray:
        """(*states) whether the gap is positive whatever the rate: neither side gains and one loses."""
        takes = self.takes.sum("part")
        return (takes >= 0) & (self.most <= 0) & ((takes > 0) | (self.most < 0))


def price_gap(
    found: Equilibrium,
    explanation: Explanation | None,
    terminal: str,
    *,
    patron: str = "",
    client: str = "",
    rate: str = "1",
) -> PriceGap:
    """The price of a terminal at every live state, split by payoff term; unsplit without an explanation.

    patron, client  players; by default the ones whose role this is
    rate            an expression in parameters and states, positive: what a unit of the client's
                    payoff costs the patron

    Raises NoPrice for an unknown name, a role that nobody or several have, a terminal whose payoff
    depends on moves, or a rate that cannot be read or is not positive.
    """
    game = found.require().game
    check_price(game, terminal, patron=patron, client=client, rate=rate)
    buyer, seller = player_of(game, "patron", patron), player_of(game, "client", client)
    return PriceGap(
        terminal,
        buyer,
        seller,
        pays=_gain(found, explanation, terminal, buyer).rename("pays"),
        takes=-_gain(found, explanation, terminal, seller).rename("takes"),
        rate=_rate(found, rate),
    )


def check_price(game: Game, terminal: str, *, patron: str = "", client: str = "", rate: str = "1") -> None:
    """Raise NoPrice for names, roles or a rate of which no solution could make a price."""
    if terminal not in game.terminals:
        raise NoPrice(f"{terminal!r} is no terminal; {near_or_list(terminal, game.terminals)}")
    player_of(game, "patron", patron)
    player_of(game, "client", client)
    rate_node(game, rate)


def player_of(game: Game, role: str, named: str = "") -> str:
    """The player named, or the one whose role this is. Raises NoPrice where there is none, or several."""
    if named:
        if named not in game.players:
            raise NoPrice(f"{named!r} is no player; {near_or_list(named, game.players)}")
        return named
    those = [name for name, player in game.case.players.items() if player.role == role]
    if len(those) != 1:
        raise NoPrice(f"a price needs one {role}, and the case has {', '.join(those) or 'none'}")
    return those[0]


def _gain(found: Equilibrium, explanation: Explanation | None, terminal: str, player: str) -> xr.DataArray:
    """What a player gains from the terminal over going on, by part."""
    game = found.game
    worth = primitives_function(game)(jnp.asarray(found.theta)).terminal[terminal][player]
    if not set(worth.axes) <= set(game.states):
        raise NoPrice(f"the payoff of {terminal} depends on moves, so it has no price at a state")
    if explanation is not None:
        staying = explanation.values[player]
    else:
        staying = found.values.sel(player=player, drop=True).expand_dims(part=[GOING_ON])
    end = _on_grid(game, worth).expand_dims(part=[THE_END])
    return xr.concat([end, -staying], "part")


def _on_grid(game: Game, x: Named) -> xr.DataArray:
    full = broadcast(x, game.states, game.sizes).data
    coords = {name: list(game.levels[name]) for name in game.states}
    return xr.DataArray(np.asarray(full), dims=game.states, coords=coords)


def rate_node(game: Game, text: str) -> s.Node:
    """A rate as an expression of the game. Raises NoPrice where it cannot be read or mentions moves."""
    try:
        node = game.node(to_expression(text))
    except ExpressionError as error:
        raise NoPrice(f"the rate {text!r}: {error}") from None
    stray = sorted(set(variables_of(node, game.case)) - set(game.states))
    if stray:
        raise NoPrice(f"the rate {text!r} depends on moves ({', '.join(stray)}), which come after it")
    return node


def _rate(found: Equilibrium, text: str) -> xr.DataArray:
    game = found.game
    value = evaluator(game, jnp.asarray(found.theta))(rate_node(game, text))
    rate = _on_grid(game, value).rename("rate")
    if not bool((rate > 0).all()):
        raise NoPrice(f"the rate {text!r} is not positive in every state")
    return rate


__all__ = ["GOING_ON", "THE_END", "NoPrice", "PriceGap", "check_price", "price_gap"]
