"""Seeded faults: mutants of the shipped packs, each found by the analysis that should find it or proved equivalent."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import admission
from admission import ir
from admission.analysis.difference import Change, Comparison
from admission.analysis.questions import analyse
from admission.datatypes import BOOL, Kind

pytestmark = pytest.mark.slow

PACKS = Path(__file__).parents[1] / "policies"
SECTIONS = ("routes", "requirements", "exceptions", "obligations")
FLIPPED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
Mutant = tuple[str, ir.CheckedPolicy]


def changed(node: Any, **changes: Any) -> Any:
    """A copy of a frozen node with some of its parts changed."""
    return dataclasses.replace(node, **changes)


def pack(name: str) -> ir.CheckedPolicy:
    """A shipped policy."""
    return admission.load(PACKS / name).checked


def with_rule(policy: ir.CheckedPolicy, section: str, rule: Any) -> ir.CheckedPolicy:
    """The policy with one rule changed."""
    return ir.CheckedPolicy(changed(policy, **{section: {**getattr(policy, section), rule.id: rule}}))


def without(policy: ir.CheckedPolicy, section: str, name: str) -> ir.CheckedPolicy:
    """The policy less one entry; what pointed at a route points no more, and no promise speaks of the entry."""
    left = {key: value for key, value in getattr(policy, section).items() if key != name}
    if section == "routes":
        left = {k: changed(r, overrides=tuple(o for o in r.overrides if o != name)) for k, r in left.items()}
    told = ir.ReadFact(ir.violated(name), BOOL)
    kept = {
        key: held for key, held in policy.invariants.items() if told not in ir.walk([held.expr] if held.expr else [])
    }
    return ir.CheckedPolicy(changed(policy, **{section: left, "invariants": kept}))


def variants(expr: Any) -> Iterator[tuple[str, Any]]:
    """The expression with one node changed."""
    match expr:
        case ir.Compare(op, left) if ir.type_of(left).kind is not Kind.SET:
            yield f"{op} flipped", changed(expr, op=FLIPPED[op])
        case ir.OneOf(_, options):
            listed = {option.value for option in options}
            for value in [v for v in options[0].type.values if v not in listed][:2]:
                yield f"widened by {value}", changed(expr, options=(*options, changed(options[0], value=value)))
            yield f"narrowed by {options[0].value}", changed(expr, options=options[1:])
        case ir.And(operands):
            yield "and for or", ir.Or(operands)
        case ir.Or(operands):
            yield "or for and", ir.And(operands)
        case ir.Literal(_, declared) if declared.kind is Kind.SET:
            held: Any = expr.value
            for element in [element for element in declared.values if element not in held][:3]:
                yield f"permits {element}", changed(expr, value=held | {element})
            yield f"forbids {min(held)}", changed(expr, value=held - {min(held)})
        case ir.Literal(value, declared) if declared.is_number:
            yield f"{value} raised", changed(expr, value=int(value) + 1)
        case ir.ReadFact(name, declared) if declared.kind is Kind.BOOL:
            yield f"{name} negated", ir.Not(expr)
    for field in ("left", "right", "operand", "item", "container"):
        part = getattr(expr, field, None)
        if part is not None:
            yield from ((what, changed(expr, **{field: other})) for what, other in variants(part))
    operands = getattr(expr, "operands", ())
    for place, part in enumerate(operands):
        for what, other in variants(part):
            others = (*operands[:place], other, *operands[place + 1 :])
            yield what, changed(expr, operands=others)


def of_rules(policy: ir.CheckedPolicy) -> Iterator[Mutant]:
    """Rules left out, changed in one node of a condition, or shifted by a day."""
    for section in SECTIONS:
        for name, rule in getattr(policy, section).items():
            yield f"{name} left out", without(policy, section, name)
            if section == "requirements":
                yield f"{name} only noted", with_rule(policy, section, changed(rule, effect="note"))
            for key, expr in ir.parts(rule).items():
                if key in ("when", "require"):
                    yield f"{name}.{key} negated", with_rule(policy, section, changed(rule, **{key: ir.Not(expr)}))
                for what, other in variants(expr):
                    yield f"{name}.{key}: {what}", with_rule(policy, section, changed(rule, **{key: other}))
            if rule.when is not None:
                yield f"{name}: always", with_rule(policy, section, changed(rule, when=None))
            if rule.period.start and rule.period.start != policy.period.start and rule.layer == policy.id:
                for days in (-1, 1):
                    start = rule.period.start + timedelta(days)
                    shifted = changed(rule, period=ir.Period(start, rule.period.end))
                    yield f"{name}: {days:+d} day", with_rule(policy, section, shifted)


def of_routes(policy: ir.CheckedPolicy) -> Iterator[Mutant]:
    """An override removed, a route sent elsewhere."""
    for route in policy.routes.values():
        for name in route.overrides:
            fewer = tuple(other for other in route.overrides if other != name)
            yield f"{route.id} no longer above {name}", with_rule(policy, "routes", changed(route, overrides=fewer))
        other = next(channel for channel in policy.channels if channel != route.to)
        yield f"{route.id} to {other}", with_rule(policy, "routes", changed(route, to=other))


def of_data(policy: Any) -> Iterator[Mutant]:
    """Another parameter, register cell, or assumption."""
    for parameter in policy.parameters.values():
        values = tuple((day, int(value) + 1) for day, value in parameter.values)
        others = {**policy.parameters, parameter.name: changed(parameter, values=values)}
        yield f"{parameter.name} raised", ir.CheckedPolicy(changed(policy, parameters=others))
    for register in policy.registers.values():
        for place, row in enumerate(register.rows):
            cells = tuple(cell + 1 if isinstance(cell, int) else cell for cell in row.cells)
            rows = (*register.rows[:place], changed(row, cells=cells), *register.rows[place + 1 :])
            changed_rows = {**policy.registers, register.name: changed(register, rows=rows)}
            yield f"{register.name} row {place}", ir.CheckedPolicy(changed(policy, registers=changed_rows))
    for fact in policy.facts.values():
        other_values = [value for value in fact.type.values if fact.assume and value != fact.assume.value]
        if fact.assume and other_values and fact.type.kind is Kind.ENUM:
            changed_facts = {
                **policy.facts,
                fact.name: changed(fact, assume=changed(fact.assume, value=other_values[0])),
            }
            yield f"{fact.name} assumed {other_values[0]}", ir.CheckedPolicy(changed(policy, facts=changed_facts))


def mutants(policy: ir.CheckedPolicy) -> list[Mutant]:
    """Every mutant of a policy."""
    makers: list[Callable[[ir.CheckedPolicy], Iterator[Mutant]]] = [of_rules, of_routes, of_data]
    return [mutant for make in makers for mutant in make(policy)]


def compared(name: str) -> list[Mutant]:
    """The mutants of a pack that are compared with it: of the district only those of the rule that it adds."""
    found = mutants(pack(name))
    own = ("applied_in_time", "apply_ahead")
    return [(what, mutant) for what, mutant in found if what.startswith(own)] if name == "xicheng" else found


# Mutants that decide every task as the pack does: another assumption that the rules treat like the first, and
# parameters that only watches read.
WATCHED = {"complaints_for_notice raised", "complaints_within_days raised", "funds_within_days raised"}
EQUIVALENT: dict[str, set[str]] = {
    "china": {"appraisal assumed unified"},
    "beijing": {"appraisal assumed unified", "certificate assumed land_contract_identity"} | WATCHED,
    "xicheng": set(),
}


@pytest.mark.parametrize("name", ["china", "beijing", "xicheng"])
def test_every_mutant_is_told_from_the_pack(name: str) -> None:
    """The comparison finds a task that each mutant decides differently, or proves that there is none."""
    policy = pack(name)
    same = {what for what, mutant in compared(name) if not isinstance(first_change(policy, mutant), Change)}
    assert same == EQUIVALENT[name]


def first_change(old: ir.CheckedPolicy, new: ir.CheckedPolicy) -> object:
    """The first class of change, or None where it is proved that there is none."""
    return next(iter(Comparison(old, new, seconds=20).changes()), None)


def test_there_are_two_hundred_mutants() -> None:
    """The packs give more than two hundred mutants."""
    assert sum(len(compared(name)) for name in ("china", "beijing", "xicheng")) >= 200


def found_by_check(policy: ir.CheckedPolicy) -> set[tuple[str, str]]:
    """What the analyses of `check` find, as code and rule."""
    return {(finding.code, finding.rule) for finding in analyse(policy)}


CHECKED = [
    ("beijing", "to_data_sharing no longer above to_community", ("A801", "to_data_sharing")),
    ("beijing", "to_department left out", ("A807", "every_task_goes_somewhere")),
    ("china", "to_department left out", ("A802", "china")),
    ("beijing", "permitted_actions.require: permits fill_form", ("A807", "only_the_six_actions")),
    ("beijing", "listed.require: widened by adhoc_pending", ("A807", "nothing_off_the_plan")),
    ("beijing", "funds_follow_task.require: >= flipped", ("A807", "funds_in_full_suffice")),
    ("beijing", "funds_follow_task left out", ("A807", "no_unfunded_assistance")),
    ("beijing", "funds_follow_task.require: widened by community_public_fund", ("A807", "community_pays_for_nobody")),
    ("beijing", "not_lead left out", ("A807", "community_never_leads")),
    ("beijing", "not_lead left out", ("A809", "beijing")),
    ("beijing", "certificate_list.require: widened by other", ("A804", "certificate_list")),
    ("beijing", "plaque_by_law: always", ("A806", "plaque_by_law")),
    (
        "beijing",
        "conditions_provided.require: conditions_provided negated",
        ("A808", "providing_conditions_never_hurts"),
    ),
    ("beijing", "to_community.when: widened by department_duty", ("A801", "to_department")),
    ("china", "no_guarantee: +1 day", ("A807", "no_guarantee_admitted")),
    ("china", "purchase_allowed: +1 day", ("A807", "barred_purchases_refused")),
    ("xicheng", "applied_in_time: always", None),
    ("xicheng", "applied_in_time left out", ("A807", "nothing_added_late")),
    ("xicheng", "applied_in_time.require: >= flipped", ("A807", "thirty_working_days_are_enough")),
]


@pytest.mark.parametrize(("name", "what", "expected"), CHECKED)
def test_check_finds_the_fault(name: str, what: str, expected: tuple[str, str] | None) -> None:
    """A fault that breaks a promise of the pack is found by `check`; one that breaks none is left to the comparison."""
    mutant = dict(mutants(pack(name)))[what]
    found = found_by_check(mutant)
    assert expected in found if expected else not found


@pytest.mark.parametrize("name", ["china", "beijing", "xicheng"])
def test_the_packs_keep_their_promises(name: str) -> None:
    """Every invariant of the shipped packs is proved, and nothing is found that is not there."""
    assert [finding.diagnostic.message for finding in analyse(pack(name))] == []
