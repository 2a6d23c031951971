"""The meaning, by hand: docs/meaning.md, sections 1 to 5."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from admission import ir, reference
from admission.datatypes import BOOL, DATE, INT, MONEY, TEXT, Kind, Type, Value
from admission.decision import Decision

T, F, U = True, False, None
DAY = date(2019, 8, 3)
OWN = ir.Basis(own={"en": "own"})
LABEL = {"en": "x"}


def fact(name: str, declared: Type = BOOL, **more: object) -> ir.Fact:
    """A declared fact."""
    return ir.Fact(name, declared, LABEL, **more)  # type: ignore[arg-type]


def read(name: str, declared: Type = BOOL) -> ir.ReadFact:
    """The value of a fact."""
    return ir.ReadFact(name, declared)


def policy(**parts: object) -> ir.Policy:
    """A policy with facts a, b, c and whatever else is given."""
    facts = {name: fact(name) for name in "abc"}
    given: dict[str, object] = {"facts": facts, **parts}
    return ir.Policy("p", "1", "task", "p", LABEL, ir.Period(), ("en",), **given)  # type: ignore[arg-type]


def value(expr: ir.Expr, **given: Value | None) -> object:
    """The value of an expression over a, b, c."""
    return reference.evaluate(expr, reference.World(policy(), {k: v for k, v in given.items() if v is not None}, DAY))


A, B, C = read("a"), read("b"), read("c")


@pytest.mark.parametrize(("left", "right", "both", "either"), [
    (T, T, T, T), (T, F, F, T), (T, U, U, T),
    (F, T, F, T), (F, F, F, F), (F, U, F, U),
    (U, T, U, T), (U, F, F, U), (U, U, U, U),
])  # fmt: skip
def test_kleene_tables(left: bool | None, right: bool | None, both: bool | None, either: bool | None) -> None:
    """`and` and `or` are the strong Kleene connectives."""
    assert value(ir.And((A, B)), a=left, b=right) is both
    assert value(ir.Or((A, B)), a=left, b=right) is either


@pytest.mark.parametrize(("given", "negated"), [(T, F), (F, T), (U, U)])
def test_negation_of_unknown_is_unknown(given: bool | None, negated: bool | None) -> None:
    """`not unknown` is unknown."""
    assert value(ir.Not(A), a=given) is negated


@pytest.mark.parametrize(
    "expr",
    [
        ir.Compare("==", A, A),
        ir.Compare("<", ir.Multiply(read("a", INT), ir.Literal(0, INT)), ir.Literal(1, INT)),
        ir.Count(read("a", Type(Kind.SET, ("x",)))),
        ir.Workday(read("a", DATE), ir.Literal(1, INT)),
        ir.Add(read("a", MONEY), ir.Literal(1, MONEY)),
        ir.OneOf(read("a", TEXT), (ir.Literal("x", TEXT),)),
    ],
)
def test_an_operator_on_unknown_is_unknown(expr: ir.Expr) -> None:
    """A comparison or arithmetic with an unknown operand is unknown, `0 * x` too."""
    assert value(expr) is None


def test_days_move_by_days_and_working_days() -> None:
    """A date takes days; the working days of China skip holidays and count make-up days."""
    start = ir.Literal(date(2019, 9, 27), DATE)
    assert value(ir.Add(start, ir.Literal(30, INT))) == date(2019, 10, 27)
    assert value(ir.Subtract(start, ir.Literal(27, INT))) == date(2019, 8, 31)
    # Sunday 29 September 2019 is a make-up day, Monday 30 follows, then the holiday until 7 October.
    assert [value(ir.Workday(start, ir.Literal(n, INT))) for n in (1, 2, 3)] == [
        date(2019, 9, 29),
        date(2019, 9, 30),
        date(2019, 10, 8),
    ]


# --------------------------------------------------------------------------------------- section 5


def route(name: str, to: str, when: ir.Expr | None, *overrides: str) -> ir.Route:
    """A route."""
    return ir.Route(name, to, when, overrides, LABEL, OWN)


def requirement(name: str, channel: str, require: ir.Expr, **more: object) -> ir.Requirement:
    """A requirement of one channel."""
    given: dict[str, object] = {"when": None, "effect": "refuse", **more}
    return ir.Requirement(name, (channel,), require=require, reason=LABEL, remedy={}, basis=OWN, **given)  # type: ignore[arg-type]


CHANNELS = {
    "in": ir.Channel("in", "admit", LABEL),
    "out": ir.Channel("out", "redirect", LABEL),
    "off": ir.Channel("off", "redirect", LABEL),
}


def decide(rules: Sequence[object], given: dict[str, bool], **parts: object) -> Decision:
    """The decision of a policy with these routes and requirements."""
    routes = {rule.id: rule for rule in rules if isinstance(rule, ir.Route)}
    requirements = {rule.id: rule for rule in rules if isinstance(rule, ir.Requirement)}
    made = policy(channels=CHANNELS, routes=routes, requirements=requirements, **parts)
    return reference.decide(made, given, DAY)


def said(decision: Decision) -> tuple[str, str | None, list[str], list[str]]:
    """Verdict, channel, violations, missing."""
    return (
        decision.verdict.value,
        decision.channel,
        [violation.rule for violation in decision.violations],
        list(decision.missing),
    )


IN, OUT = route("r_in", "in", A), route("r_out", "out", B)


def test_two_true_routes_conflict_even_to_one_channel() -> None:
    """Two true routes: undetermined, no channel, no violations, nothing missing, the routes listed."""
    decision = decide([route("x", "in", A), route("y", "in", B), requirement("q", "in", C)], {"a": T, "b": T})
    assert said(decision) == ("undetermined", None, [], [])
    assert decision.conflict == ("x", "y")


def test_no_route_refuses() -> None:
    """No true route: refused with the built-in violation, and no channel."""
    assert said(decide([IN, OUT], {"a": F, "b": F})) == ("refuse", None, ["no_route"], [])
    assert said(decide([], {})) == ("refuse", None, ["no_route"], [])


def test_a_settled_channel_reports_all_violations() -> None:
    """On a settled channel refuse beats undetermined beats the outcome, and every violation is reported."""
    rules = [IN, requirement("q2", "in", B), requirement("q1", "in", B), requirement("q3", "in", C)]
    assert said(decide(rules, {"a": T, "b": F})) == ("refuse", "in", ["q1", "q2"], [])
    assert said(decide(rules, {"a": T, "b": T})) == ("undetermined", "in", [], ["c"])
    assert said(decide(rules, {"a": T, "b": T, "c": T})) == ("admit", "in", [], [])
    assert said(decide([OUT], {"b": T})) == ("redirect", "out", [], [])


def test_one_unknown_route_does_not_settle_the_channel() -> None:
    """Even one unknown route left leaves the channel open; "no route" is a candidate then, and refuses."""
    assert said(decide([IN], {})) == ("undetermined", None, [], ["a"])
    rules = [IN, requirement("q", "in", B)]
    assert said(decide(rules, {"b": F})) == ("refuse", None, ["every_route_refuses"], [])


def test_no_route_is_no_candidate_where_some_route_holds_of_itself() -> None:
    """Where a route's own condition is true, "no route" cannot be the answer; common violations are reported."""
    rules: list[object] = [route("x", "in", A), route("y", "out", B, "x")]
    rules += [requirement(f"q_{channel}", channel, C) for channel in ("in", "out")]
    shared = ir.Requirement("q", ("in", "out"), None, C, "refuse", LABEL, {}, OWN)
    both = [*rules, shared]
    assert said(decide(both, {"a": T, "c": F})) == ("refuse", None, ["q"], [])
    assert said(decide(rules, {"a": T, "c": F})) == ("refuse", None, ["every_route_refuses"], [])


def test_candidates_that_do_not_all_refuse_leave_it_undetermined() -> None:
    """Unanimous refusal refuses; anything else is undetermined, even one outcome on all channels."""
    rules = [route("x", "out", A), route("y", "off", ir.Not(A))]
    assert said(decide(rules, {})) == ("undetermined", None, [], ["a"])


def test_missing_names_open_requirements_of_candidates_without_a_violation() -> None:
    """`missing` has the unknown facts of unknown routes, and of open requirements where nothing is violated yet."""
    rules = [IN, route("r_out", "out", ir.Not(A)), requirement("q1", "in", B), requirement("q2", "in", C)]
    assert said(decide(rules, {})) == ("undetermined", None, [], ["a", "b", "c"])
    assert said(decide(rules, {"b": F})) == ("undetermined", None, [], ["a"])


def test_missing_reads_unknown_parts_only() -> None:
    """A part that is settled whatever its unknown facts say asks nothing."""
    rules = [IN, requirement("q", "in", ir.Or((ir.And((B, ir.Literal(F, BOOL))), C)))]
    assert said(decide(rules, {"a": T})) == ("undetermined", "in", [], ["c"])


def test_overrides_reach_through_others() -> None:
    """A route stands above those that its own overridden routes override."""
    rules = [route("x", "in", A, "y"), route("y", "out", B, "z"), route("z", "off", C)]
    assert said(decide(rules, {"a": T, "b": F, "c": T}))[:2] == ("admit", "in")
    assert said(decide(rules, {"a": F, "b": T, "c": T}))[:2] == ("redirect", "out")


def test_a_route_not_in_force_is_as_if_not_written() -> None:
    """An override through a route that is not in force does not count."""
    middle = replace(route("y", "out", B, "z"), period=ir.Period(end=date(2018, 12, 31)))
    decision = decide([route("x", "in", A, "y"), middle, route("z", "off", C)], {"a": T, "b": T, "c": T})
    assert decision.conflict == ("x", "z")


def test_an_exception_waives_and_an_unknown_one_leaves_it_open() -> None:
    """A requirement is violated only when no exception waives it; with an unknown one it is open."""
    waiver = {"e": ir.ExceptionRule("e", ("q",), C, LABEL, OWN)}
    rules = [IN, requirement("q", "in", B)]
    assert said(decide(rules, {"a": T, "b": F, "c": T}, exceptions=waiver))[0] == "admit"
    assert said(decide(rules, {"a": T, "b": F, "c": F}, exceptions=waiver)) == ("refuse", "in", ["q"], [])
    assert said(decide(rules, {"a": T, "b": F}, exceptions=waiver)) == ("undetermined", "in", [], ["c"])


def test_a_note_is_listed_and_never_counts() -> None:
    """A violated requirement of effect note is listed in notes and touches neither verdict nor missing."""
    rules = [IN, requirement("n", "in", B, effect="note")]
    decision = decide(rules, {"a": T, "b": F})
    assert (decision.verdict, [note.rule for note in decision.notes]) == ("admit", ["n"])
    assert said(decide(rules, {"a": T})) == ("admit", "in", [], [])


def obligation(**more: object) -> dict[str, ir.ObligationRule]:
    """One obligation that comes with admit."""
    given: dict[str, object] = {"when": B, "amount": None, "due": None, **more}
    rule = ir.ObligationRule("o", ("admit",), debtor=None, creditor=None, reason=LABEL, basis=OWN, **given)  # type: ignore[arg-type]
    return {"o": rule}


@pytest.mark.parametrize(("given", "certain"), [(T, T), (U, F), (F, None)])
def test_an_obligation_attaches_unless_its_condition_is_false(given: bool | None, certain: bool | None) -> None:
    """An obligation attaches unless its condition is false; while it is unknown the obligation is not certain."""
    facts = {"a": T} if given is None else {"a": T, "b": given}
    attached = decide([IN], facts, obligations=obligation()).obligations
    assert [o.certain for o in attached] == ([] if certain is None else [certain])


def test_an_unknown_amount_is_null() -> None:
    """An unknown amount or due date is None."""
    facts = {"a": fact("a"), "b": fact("b"), "cost": fact("cost", MONEY), "day": fact("day", DATE)}
    duty = obligation(amount=read("cost", MONEY), due=read("day", DATE))
    made = policy(channels=CHANNELS, routes={"r_in": IN}, obligations=duty, facts=facts)
    attached = reference.decide(made, {"a": T, "b": T}, DAY).obligations[0]
    assert (attached.amount, attached.due) == (None, None)
    attached = reference.decide(made, {"a": T, "b": T, "cost": 1250, "day": DAY}, DAY).obligations[0]
    assert (str(attached.amount), attached.due) == ("12.50", DAY)


# ------------------------------------------------------------------------------ look-ups and assumptions

COLOUR = Type(Kind.ENUM, ("red", "blue"))


def looked_up(*, partial: bool = False, absent: int | None = 5) -> dict[str, object]:
    """A register of two rows keyed by `key`, with the fact `seen` filled by it."""
    columns = {
        "key": ir.Column("key", COLOUR),
        "most": ir.Column("most", INT, None if absent is None else ir.Literal(absent, INT)),
    }
    rows = (
        ir.Row(("red", 7), ir.Period(end=date(2018, 12, 31))),
        ir.Row(("red", None), ir.Period(start=date(2019, 1, 1))),
    )
    return {
        "registers": {"r": ir.Register("r", ("key",), columns, rows, partial)},
        "look_ups": {"l": ir.LookUp("l", "r", {"key": "key"})},
        "facts": {
            "key": fact("key", COLOUR),
            "seen": fact("seen", BOOL, filled_by=ir.ReadColumn("l", "found", BOOL)),
        },
    }


def column(name: str, day: date, given: dict[str, Value], **how: object) -> object:
    """A column of the look-up on a day."""
    made = policy(**looked_up(**how))  # type: ignore[arg-type]
    expr = ir.ReadColumn("l", name, BOOL if name == "found" else INT)
    return reference.evaluate(expr, reference.World(made, given, day))


def test_a_look_up_joins_the_row_in_force() -> None:
    """A row counts on the days of its period; an empty cell and a missing row read `absent`."""
    assert column("most", date(2018, 12, 31), {"key": "red"}) == 7
    assert column("most", date(2019, 1, 1), {"key": "red"}) == 5
    assert column("most", DAY, {"key": "blue"}) == 5
    assert [column("found", DAY, {"key": key}) for key in ("red", "blue")] == [True, False]


def test_an_unknown_key_gives_unknowns() -> None:
    """An unknown key makes `found` and every column unknown."""
    assert column("found", DAY, {}) is None
    assert column("most", DAY, {}) is None


def test_a_partial_register_does_not_know_what_is_not_in_it() -> None:
    """In a register known in part, no row means unknown."""
    assert column("found", DAY, {"key": "blue"}, partial=True) is None
    assert column("found", DAY, {"key": "red"}, partial=True) is True


def test_a_filled_fact_takes_the_given_value_then_the_look_up() -> None:
    """A filled fact is what was given, else what the look-up says, else unknown; it and the unknown key are asked."""
    parts = looked_up(partial=True)
    seen = route("r_in", "in", read("seen"))
    made = policy(channels=CHANNELS, routes={"r_in": seen}, **parts)
    assert said(reference.decide(made, {"key": "red"}, DAY))[:2] == ("admit", "in")
    assert said(reference.decide(made, {"key": "blue"}, DAY)) == ("undetermined", None, [], ["seen"])
    assert said(reference.decide(made, {}, DAY)) == ("undetermined", None, [], ["key", "seen"])
    assert said(reference.decide(made, {"seen": T}, DAY))[:2] == ("admit", "in")


def test_assumptions_are_taken_and_listed() -> None:
    """A fact with an assumption is never unknown, and every assumption taken is listed by name."""
    facts = {"a": fact("a", assume=ir.Literal(T, BOOL)), "b": fact("b", assume=ir.Literal(F, BOOL))}
    made = policy(channels=CHANNELS, routes={"r_in": IN}, facts=facts)
    assert reference.decide(made, {}, DAY).assumed == ("a", "b")
    decision = reference.decide(made, {"a": F}, DAY)
    assert (decision.assumed, decision.verdict) == (("b",), "refuse")


def test_a_working_day_past_the_calendar_is_an_assumption() -> None:
    """Past the last published calendar working days are Monday to Friday, and the decision says so."""
    due = ir.Compare(">=", ir.Workday(read("day", DATE), ir.Literal(1, INT)), ir.Literal(DAY, DATE))
    facts = {"day": fact("day", DATE), "a": fact("a")}
    made = policy(channels=CHANNELS, routes={"r_in": IN, "r_due": route("r_due", "out", due)}, facts=facts)
    assert reference.decide(made, {"day": date(2030, 1, 4)}, DAY).assumed == ("working_calendar",)
    assert reference.decide(made, {"day": date(2020, 1, 4)}, DAY).assumed == ()
    assert reference.decide(made, {}, DAY).assumed == ()


def test_parameters_hold_from_their_day() -> None:
    """The value of a parameter in force on the day is used."""
    parameter = ir.Parameter("n", INT, ((date(2019, 1, 1), 30), (date(2022, 1, 1), 15)), OWN)
    made = policy(parameters={"n": parameter})
    days = (date(2021, 12, 31), date(2022, 1, 1))
    assert [reference.evaluate(ir.ReadParameter("n", INT), reference.World(made, {}, day)) for day in days] == [30, 15]


def test_figures_are_reported_and_null_where_unknown() -> None:
    """A reported definition comes back by name, null where unknown; others do not."""
    gap = ir.Definition("gap", ir.Subtract(read("cost", MONEY), ir.Literal(100, MONEY)), LABEL, report=True)
    quiet = ir.Definition("quiet", read("cost", MONEY), LABEL)
    made = policy(definitions={"gap": gap, "quiet": quiet}, facts={"cost": fact("cost", MONEY)})
    assert reference.decide(made, {}, DAY).figures == {"gap": None}
    assert reference.decide(made, {"cost": 350}, DAY).to_dict()["figures"] == {"gap": "2.50"}
