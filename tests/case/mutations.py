"""Ways to break a sound case: each says where the fault is and what a problem there must say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Data = dict[str, Any]
Where = tuple[str | int, ...]
Broken = tuple[Where, str]
"""Path whose line must carry a problem, and words of its message or hint."""

Mutation = Callable[[Data], Broken]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__] = function
    return function


def first_move(data: Data) -> tuple[Where, Data]:
    """The first item of the period in which a player moves, and its first move."""
    for number, item in enumerate(data["period"]):
        if "move" in item:
            return ("period", number), item
        if "together" in item:
            return ("period", number, "together", 0), item["together"][0]
    raise AssertionError("a drawn case has moves")


def change(data: Data, state: str | None = None) -> tuple[int, Data]:
    """The last item of the period that changes a state."""
    for number in reversed(range(len(data["period"]))):
        if "changes" in data["period"][number]:
            return number, data["period"][number]
    raise AssertionError("a drawn case has a change")


def with_law(data: Data, law: Data) -> int:
    """Put a law in the place of the last change's own; returns the item's number."""
    number, item = change(data)
    for form in ("steps", "weights", "set", "viewpoints"):
        item.pop(form, None)
    item |= law
    return number


@mutation
def unknown_key_at_the_top(data: Data) -> Broken:
    data["plaeyrs"] = data.pop("players")
    return ("plaeyrs",), "did you mean players?"


@mutation
def unknown_key_in_a_state(data: Data) -> Broken:
    data["states"]["s0"]["latnet"] = "true"
    return ("states", "s0", "latnet"), "did you mean latent?"


@mutation
def unknown_key_in_a_move(data: Data) -> Broken:
    where, move = first_move(data)
    move["precison"] = move.pop("precision")
    return (*where, "precison"), "did you mean precision?"


@mutation
def mapping_where_text_is_due(data: Data) -> Broken:
    data["title"] = {"a": "b"}
    return ("title",), "expected a text"


@mutation
def text_where_a_mapping_is_due(data: Data) -> Broken:
    data["players"] = "both"
    return ("players",), "expected a mapping"


@mutation
def broken_expression(data: Data) -> Broken:
    data["payoffs"]["big"]["term0"] = "1 + * alpha"
    return ("payoffs", "big", "term0"), "cannot start a value"


@mutation
def name_that_is_not_defined(data: Data) -> Broken:
    data["payoffs"]["big"]["term0"] = "1 + alhpa"
    return ("payoffs", "big", "term0"), "did you mean alpha?"


@mutation
def level_that_is_not_there(data: Data) -> Broken:
    data["payoffs"]["big"]["term0"] = "s0 == nnoe"
    return ("payoffs", "big", "term0"), "did you mean none?"


@mutation
def level_without_its_variable(data: Data) -> Broken:
    data["payoffs"]["big"]["term0"] = "alpha + none"
    return ("payoffs", "big", "term0"), "write s0 == none"


@mutation
def sees_a_later_move(data: Data) -> Broken:
    where, move = first_move(data)
    move["precision"] = "1 + 0*m_small"
    return (*where, "precision"), "not yet chosen"


@mutation
def sees_its_own_choice(data: Data) -> Broken:
    where, move = first_move(data)
    move["available"] = {move["actions"][0]: f"{move['move']} == {move['actions'][0]}"}
    return (*where, "available", move["actions"][0]), "not yet chosen"


@mutation
def sees_a_later_move_through_a_definition(data: Data) -> Broken:
    data["define"]["hidden"] = "alpha + m_small"
    where, move = first_move(data)
    move["precision"] = "1 + 0*hidden"
    return (*where, "precision"), "not yet chosen"


@mutation
def sees_a_later_move_through_a_table(data: Data) -> Broken:
    actions = next(
        m["actions"] for i in data["period"] for m in i.get("together", [i]) if m.get("move") == "m_small"
    )
    data["tables"]["later"] = {"by": ["m_small"], "values": ["1"] * len(actions)}
    where, move = first_move(data)
    move["precision"] = "1 + 0*later"
    return (*where, "precision"), "not yet chosen"


@mutation
def payoff_after_the_pay_point(data: Data) -> Broken:
    data["period"] = [item for item in data["period"] if "pay" not in item]
    data["period"].insert(0, {"pay": "payoffs"})
    data["payoffs"]["big"]["term0"] = "m_big"
    return ("payoffs", "big", "term0"), "after payoffs are collected"


@mutation
def paid_twice(data: Data) -> Broken:
    data["period"] = [item for item in data["period"] if "pay" not in item]
    data["period"] += [{"pay": "payoffs"}, {"pay": "payoffs"}]
    return ("period", len(data["period"]) - 1), "collected twice"


@mutation
def terminal_payoff_in_a_move(data: Data) -> Broken:
    data["terminals"]["gone"]["payoffs"]["big"] = "m_big"
    return ("terminals", "gone", "payoffs", "big"), "states only"


@mutation
def discount_in_a_state(data: Data) -> Broken:
    data["players"]["big"]["discount"] = "0.5 + 0*s0"
    return ("players", "big", "discount"), "may not depend on s0"


@mutation
def discount_of_one(data: Data) -> Broken:
    data["players"]["big"]["discount"] = "delta + 0.2"
    return ("players", "big", "discount"), "lies in [0, 1)"


@mutation
def weights_with_a_gap(data: Data) -> Broken:
    data["states"]["s0"].pop("direction", None)
    number = with_law(data, {"changes": "s0", "weights": {data["states"]["s0"]["levels"][0]: "1"}})
    return ("period", number, "weights"), "is missing"


@mutation
def weights_that_run_off_the_ladder(data: Data) -> Broken:
    number = with_law(data, {"changes": "s0", "weights": {"up": "1"}})
    return ("period", number, "weights"), "add `stay`"


@mutation
def weights_over_an_unknown_level(data: Data) -> Broken:
    weights = dict.fromkeys([*data["states"]["s0"]["levels"], "nnoe"], "1")
    data["states"]["s0"].pop("direction", None)
    number = with_law(data, {"changes": "s0", "weights": weights})
    return ("period", number, "weights", "nnoe"), "did you mean none?"


@mutation
def two_links_in_one(data: Data) -> Broken:
    number = with_law(data, {"steps": {"up": {"logit": "0", "prob": "0.1"}}})
    return ("period", number, "steps", "up"), "logit and prob"


@mutation
def no_link_at_all(data: Data) -> Broken:
    number = with_law(data, {"steps": {"up": {}}})
    return ("period", number, "steps", "up"), "here stands nothing"


@mutation
def steps_of_two_kinds(data: Data) -> Broken:
    data["states"]["s0"].pop("direction", None)
    law = {"changes": "s0", "steps": {"up": {"logit": "0"}, "down": {"hazard": "1"}}}
    return ("period", with_law(data, law), "steps"), "the same way"


@mutation
def two_forms_of_law(data: Data) -> Broken:
    law = {"steps": {"up": {"logit": "0"}}, "weights": {"stay": "1", "up": "1"}}
    number = with_law(data, law)
    return ("period", number), "exactly one of steps, weights and set"


@mutation
def no_law(data: Data) -> Broken:
    return ("period", with_law(data, {})), "none of them"


@mutation
def falls_by_a_step(data: Data) -> Broken:
    data["states"]["s0"]["direction"] = "up"
    number = with_law(data, {"changes": "s0", "steps": {"down": {"prob": "0.1"}}})
    return ("period", number, "steps", "down"), "never to fall"


@mutation
def falls_by_weights(data: Data) -> Broken:
    data["states"]["s0"]["direction"] = "up"
    number = with_law(data, {"changes": "s0", "weights": {"down": "1", "stay": "1"}})
    return ("period", number, "weights", "down"), "never to fall"


@mutation
def falls_by_setting(data: Data) -> Broken:
    data["states"]["s0"]["direction"] = "up"
    number = with_law(data, {"changes": "s0", "set": [{"when": "s0 > none", "to": "none"}]})
    return ("period", number, "set", 0, "to"), "never to fall"


@mutation
def sets_to_an_unknown_level(data: Data) -> Broken:
    number = with_law(data, {"changes": "s0", "set": [{"when": "1", "to": "nnoe"}]})
    return ("period", number, "set", 0, "to"), "did you mean none?"


@mutation
def changes_no_state(data: Data) -> Broken:
    number, item = change(data)
    item["changes"] = "s9"
    return ("period", number, "changes"), "is not a state"


@mutation
def exit_to_nowhere(data: Data) -> Broken:
    number = next(number for number, item in enumerate(data["period"]) if "exit" in item)
    data["period"][number]["to"] = {"gnoe": "1", "gone": "1"}
    return ("period", number, "to", "gnoe"), "did you mean gone?"


@mutation
def exit_without_a_goal(data: Data) -> Broken:
    number = next(number for number, item in enumerate(data["period"]) if "exit" in item)
    del data["period"][number]["to"]
    return ("period", number), "'to' is missing"


@mutation
def view_of_nobody(data: Data) -> Broken:
    number, item = change(data)
    item["viewpoints"] = {"bgi": {"steps": {"up": {"prob": "0.1"}}}}
    return ("period", number, "viewpoints", "bgi"), "did you mean big?"


@mutation
def move_of_nobody(data: Data) -> Broken:
    where, move = first_move(data)
    move["player"] = "smalll"
    return (*where, "player"), "did you mean small?"


@mutation
def action_never_available(data: Data) -> Broken:
    where, move = first_move(data)
    move["available"] = {move["actions"][1]: "s0 < none"}
    return (*where, "available", move["actions"][1]), "never available"


@mutation
def nothing_available(data: Data) -> Broken:
    where, move = first_move(data)
    move["available"] = dict.fromkeys(move["actions"], "s0 == none")
    return (*where, "available"), "no action of"


@mutation
def availability_of_no_action(data: Data) -> Broken:
    where, move = first_move(data)
    move["available"] = {"waiit": "1"}
    return (*where, "available", "waiit"), "has no level"


@mutation
def action_twice(data: Data) -> Broken:
    where, move = first_move(data)
    move["actions"] = [*move["actions"], move["actions"][0]]
    return (*where, "actions", len(move["actions"]) - 1), "stands twice"


@mutation
def parameter_without_priors(data: Data) -> Broken:
    del data["parameters"]["alpha"]["prior"]
    return ("parameters", "alpha"), "lacks a prior"


@mutation
def parameter_with_one_prior(data: Data) -> Broken:
    del data["parameters"]["alpha"]["prior"]["agnostic"]
    return ("parameters", "alpha"), "lacks the agnostic prior"


@mutation
def fixed_and_drawn(data: Data) -> Broken:
    data["parameters"]["alpha"]["fixed"] = "true"
    return ("parameters", "alpha", "prior"), "is fixed and has a prior"


@mutation
def value_outside_its_prior(data: Data) -> Broken:
    data["parameters"]["alpha"] |= {"value": "-2"}
    data["parameters"]["alpha"]["prior"]["argument"] = "beta(a=1, b=1)"
    return ("parameters", "alpha", "value"), "outside the argument prior"


@mutation
def infinite_value(data: Data) -> Broken:
    data["parameters"]["alpha"]["value"] = "inf"
    return ("parameters", "alpha", "value"), "not a finite number"


@mutation
def family_misspelled(data: Data) -> Broken:
    data["parameters"]["alpha"]["prior"]["argument"] = "halfnormel(scale=1)"
    return ("parameters", "alpha", "prior", "argument"), "did you mean halfnormal?"


@mutation
def table_with_a_gap(data: Data) -> Broken:
    data["tables"]["holes"] = {"by": ["s0"], "values": {"none": "1"}}
    return ("tables", "holes", "values"), "no entry for low"


@mutation
def table_with_a_long_list(data: Data) -> Broken:
    data["tables"]["long"] = {"by": ["s0"], "values": ["1"] * 7}
    return ("tables", "long", "values"), "7 entries for s0"


@mutation
def table_with_an_unknown_level(data: Data) -> Broken:
    data["tables"]["odd"] = {"by": ["s0"], "values": {"nnoe": "1"}, "default": "0"}
    return ("tables", "odd", "values", "nnoe"), "did you mean none?"


@mutation
def table_of_words(data: Data) -> Broken:
    data["tables"]["words"] = {"by": ["s0"], "values": {"none": "much"}, "default": "0"}
    return ("tables", "words", "values", "none"), "is not a number"


@mutation
def table_of_nan(data: Data) -> Broken:
    data["tables"]["words"] = {"by": ["s0"], "values": {"none": "nan"}, "default": "0"}
    return ("tables", "words", "values", "none"), "is not a number"


@mutation
def table_by_nothing(data: Data) -> Broken:
    data["tables"]["lost"] = {"by": ["s9"], "values": ["1", "1"]}
    return ("tables", "lost", "by", 0), "neither a state nor a move"


@mutation
def huge_table(data: Data) -> Broken:
    for number in range(5):
        levels = [f"l{level}" for level in range(12)]
        data["states"][f"huge{number}"] = {"label": "huge", "levels": levels, "latent": "true"}
        data["start"][f"huge{number}"] = "l0"
    data["tables"]["huge"] = {"by": [f"huge{n}" for n in range(5)], "values": {}, "default": "0"}
    return ("tables", "huge", "by"), "248,832 entries"


@mutation
def too_many_states(data: Data) -> Broken:
    for number in range(8):
        levels = [f"l{level}" for level in range(12)]
        data["states"][f"huge{number}"] = {"label": "huge", "levels": levels, "latent": "true"}
        data["start"][f"huge{number}"] = "l0"
    return ("states",), "at most 200,000"


@mutation
def start_left_out(data: Data) -> Broken:
    del data["start"]["s0"]
    data["start"]["s9"] = "none"
    return ("start",), "the start of 's0' is missing"


@mutation
def start_at_no_level(data: Data) -> Broken:
    data["start"]["s0"] = "nnoe"
    return ("start", "s0"), "did you mean none?"


@mutation
def start_weights_that_miss_one(data: Data) -> Broken:
    data["start"]["s0"] = {"none": "0.5", "low": "0.4"}
    return ("start", "s0"), "add up to 0.9"


@mutation
def override_of_nothing(data: Data) -> Broken:
    data["ablations"]["without"]["set"] = {"alhpa": "0.5"}
    return ("ablations", "without", "set", "alhpa"), "did you mean alpha?"


@mutation
def breaks_by_nothing(data: Data) -> Broken:
    data["claims"]["C1"]["breaks"] = ["witout"]
    return ("claims", "C1", "breaks", 0), "did you mean without?"


@mutation
def claim_without_anything(data: Data) -> Broken:
    data["claims"]["C2"] = {"text": "So it is."}
    return ("claims", "C2"), "a claim needs a check"


@mutation
def claim_about_a_state(data: Data) -> Broken:
    data["claims"]["C1"]["check"] = "s0 > 0"
    return ("claims", "C1", "check"), "'s0' is not defined"


@mutation
def claim_with_an_unargued_bar(data: Data) -> Broken:
    data["claims"]["C1"]["check"] = "q_often > 0.3"
    return ("claims", "C1", "check"), "threshold"


@mutation
def quantity_of_two_things(data: Data) -> Broken:
    data["quantities"]["q_often"]["value"] = "big"
    return ("quantities", "q_often"), "probability and value"


@mutation
def quantity_of_nobody(data: Data) -> Broken:
    data["quantities"]["q_worth"]["value"] = "biig"
    return ("quantities", "q_worth", "value"), "did you mean big?"


@mutation
def price_of_a_state(data: Data) -> Broken:
    data["quantities"]["q_gap"]["price_gap"] = "s0"
    return ("quantities", "q_gap", "price_gap"), "a terminal"


@mutation
def price_averaged_over_the_record(data: Data) -> Broken:
    data["quantities"]["q_gap"]["over"] = "start"
    return ("quantities", "q_gap", "over"), "has no meaning"


@mutation
def price_after_a_move(data: Data) -> Broken:
    data["quantities"]["q_gap"]["given"] = "m_big > 0"
    return ("quantities", "q_gap", "given"), "m_big"


@mutation
def price_at_a_rate_of_a_move(data: Data) -> Broken:
    data["quantities"]["q_gap"]["rate"] = "1 + (m_big > 0)"
    return ("quantities", "q_gap", "rate"), "m_big"


@mutation
def price_paid_by_nobody(data: Data) -> Broken:
    data["players"]["small"]["role"] = "patron"
    return ("quantities", "q_gap", "price_gap"), "one patron, and the case has big, small"


@mutation
def rate_without_a_price(data: Data) -> Broken:
    data["quantities"]["q_worth"]["rate"] = "2"
    return ("quantities", "q_worth", "rate"), "goes with `price_gap`"


@mutation
def quantity_over_no_period(data: Data) -> Broken:
    data["quantities"]["q_often"]["over"] = "1996X1"
    return ("quantities", "q_often", "over"), "none of record, end and start"


@mutation
def reaches_a_move(data: Data) -> Broken:
    data["quantities"]["q_soon"]["reaches"] = "m_big > 0"
    return ("quantities", "q_soon", "reaches"), "m_big is a move"


@mutation
def name_of_two_kinds(data: Data) -> Broken:
    data["define"]["alpha"] = "1"
    return ("define", "alpha"), "already the name of a parameter"


@mutation
def name_of_the_language(data: Data) -> Broken:
    data["define"]["min"] = "1"
    return ("define", "min"), "word of the expression language"


@mutation
def definitions_in_a_circle(data: Data) -> Broken:
    data["define"] |= {"x1": "x2 + 1", "x2": "x3", "x3": "x1"}
    return ("define", "x2"), "x2 -> x3 -> x1 -> x2"


@mutation
def definitions_too_deep(data: Data) -> Broken:
    data["define"]["y0"] = "alpha"
    for number in range(1, 400):
        data["define"][f"y{number}"] = f"y{number - 1} + 1"
    return ("define", "y75"), "operations hang on each other"


@mutation
def payoffs_of_nobody(data: Data) -> Broken:
    data["payoffs"]["biig"] = {"x": "1"}
    return ("payoffs", "biig"), "did you mean big?"


@mutation
def player_without_payoffs(data: Data) -> Broken:
    del data["payoffs"]["big"]
    return ("payoffs",), "'big' has no payoffs"


@mutation
def terminal_that_forgets_a_player(data: Data) -> Broken:
    del data["terminals"]["gone"]["payoffs"]["small"]
    return ("terminals", "gone", "payoffs"), "payoff of small is missing"


@mutation
def terminal_never_entered(data: Data) -> Broken:
    data["terminals"]["away"] = {"label": "away", "payoffs": {"big": "0", "small": "0"}}
    return ("terminals", "away"), "no exit leads to 'away'"


@mutation
def terminal_that_counts_as_nothing(data: Data) -> Broken:
    data["terminals"]["gone"]["counts_as"] = {"s0": "nnoe"}
    return ("terminals", "gone", "counts_as", "s0"), "did you mean none?"


@mutation
def calendar_of_another_length(data: Data) -> Broken:
    data["calendar"]["first"] = "1996Q7"
    return ("calendar", "first"), "is not a"


@mutation
def record_column_of_nothing(data: Data) -> Broken:
    data["record"]["columns"]["c_s0"] = "s00"
    return ("record", "columns", "c_s0"), "did you mean s0?"


@mutation
def record_that_is_not_there(data: Data) -> Broken:
    data["record"]["file"] = "recrod.csv"
    return ("record", "file"), "did you mean record.csv?"


@mutation
def record_outside_the_folder(data: Data) -> Broken:
    data["record"]["file"] = "../record.csv"
    return ("record", "file"), "outside the case's folder"


@mutation
def events_from_the_machine(data: Data) -> Broken:
    data["events"] = "/etc/passwd"
    return ("events",), "outside the case's folder"


@mutation
def record_of_a_latent_state(data: Data) -> Broken:
    data["states"]["s0"]["latent"] = "true"
    return ("record", "columns", "c_s0"), "is latent"


@mutation
def observable_of_two_forms(data: Data) -> Broken:
    data["observables"] = {"fear": {"label": "fear", "bernoulli": "0", "autoregressive": "1", "noise": "1"}}
    return ("observables", "fear"), "either bernoulli or autoregressive"


def with_plane(data: Data, across: str) -> Where:
    """A plane with this axis across, and a sound one up; returns the path of the axis."""
    axis = {"label": "up", "of": "s0"}
    data["pictures"] = {"plane": {"across": {"label": "across", "of": across}, "up": axis}}
    return ("pictures", "plane", "across", "of")


@mutation
def axis_of_a_move(data: Data) -> Broken:
    _, move = first_move(data)
    return with_plane(data, f"s0 + {move['move']}"), "is a move"


@mutation
def axis_of_a_parameter(data: Data) -> Broken:
    return with_plane(data, f"s0*{next(iter(data['parameters']))}"), "is a parameter"


@mutation
def axis_of_no_state(data: Data) -> Broken:
    return with_plane(data, "1 + 1"), "mentions no state"


@mutation
def axis_without_a_value(data: Data) -> Broken:
    return with_plane(data, "1/s0"), "has no value where s0 is"


@mutation
def axis_that_players_alone_see(data: Data) -> Broken:
    data["states"]["s0"]["latent"] = "true"
    return with_plane(data, "s0"), "is latent"
