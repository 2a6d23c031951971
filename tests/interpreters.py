"""Every interpreter of a policy, in one table: tasks in, what it says of each out, in the words of the reference.

A new interpreter is a new line of `INTERPRETERS`. What one does not say stands in `UNSAID` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from admission import ir, reference
from admission.backends.rete.decisions import DecisionMatcher
from admission.backends.rete.matcher import EngineMissingError, engine
from admission.backends.smt import Codes, Model, Prover, SymbolicTask
from admission.backends.smt.decision import Duty
from admission.backends.smt.terms import Term
from admission.datatypes import Kind, Type, yuan
from admission.decision import Given, Obligation
from admission.engine import Policy
from admission.testing.reports import inner
from bulk_rows import frame
from sql_engines import Engine, duckdb_engine, sqlite_engine

Task = Mapping[str, Any]
Said = Mapping[str, object]
Answers = Callable[[Policy, Sequence[Task]], list[Said]]
KEYS = frozenset({
    *("id", "verdict", "channel", "violations", "missing", "obligations", "assumed", "policy", "version", "as_of"),
    *("conflict", "notes", "figures", "digest"),
})  # fmt: skip
"""What a decision says."""
ECHOED = frozenset({"id", "policy", "version", "as_of", "digest"})
"""What an interpreter only repeats; those that return whole decisions are held to it all the same."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One way to decide tasks."""

    name: str
    answers: Answers
    says: frozenset[str] = KEYS
    takes_partial: bool = True
    """Whether it decides tasks with unknown facts."""
    missing: str | None = None
    """Why it cannot run here."""


def expected(policy: Policy, task: Task) -> dict[str, object]:
    """What the reference says."""
    return reference.decide(policy.checked, inner(policy, task), task["as_of"], "1").to_dict()


# ------------------------------------------------------------------------------------------------- python


def by_python(policy: Policy, tasks: Sequence[Task]) -> list[Said]:
    """`policy.decide`: generated functions, the reference where they cannot tell."""
    return [policy.decide(task).to_dict() for task in tasks]


# ---------------------------------------------------------------------------------------------------- smt


def by_solver(policy: Policy, tasks: Sequence[Task]) -> list[Said]:
    """The solver's model with every fact fixed, so that it has one answer."""
    model = Model(policy.checked, SymbolicTask.of(Codes(), [policy.checked]))
    prover = Prover([model], 20)
    return [_replayed(policy, model, prover, task) for task in tasks]


def _replayed(policy: Policy, model: Model, prover: Prover, task: Task) -> Said:
    # What is asked of a model of the formulas must be said before it is found.
    decision = model.decision
    duties = {name: model.duty(rule, decision) for name, rule in policy.checked.obligations.items()}
    reported = {name: (d.expr, model.evaluate(d.expr)) for name, d in policy.checked.definitions.items() if d.report}
    found = prover.find(model.task.fixed(inner(policy, task), task["as_of"]))
    assert found is not None, f"the model admits no such task: {task}"
    holds = partial(_holds, found)
    named = {key: [name for name, formula in formulas.items() if holds(formula)] for key, formulas in {
        "verdict": decision.verdict, "channel": decision.channel, "violations": decision.violated,
        "notes": decision.notes, "conflict": decision.taken,
    }.items()}  # fmt: skip
    (verdict,) = named["verdict"]
    assert len(named["channel"]) <= 1
    obligations = [
        _obligation(found, policy.checked.obligations[name], duty)
        for name, duty in sorted(duties.items())
        if holds(duty.attached)
    ]
    return {
        "verdict": verdict,
        "channel": next(iter(named["channel"]), None),
        "violations": sorted(named["violations"]),
        "notes": sorted(named["notes"]),
        "conflict": sorted(named["conflict"]) if holds(decision.conflict) else [],
        "obligations": obligations,
        "figures": {n: _figure(found, term, ir.type_of(expr)) for n, (expr, term) in sorted(reported.items())},
    }


def _obligation(found: Any, rule: ir.ObligationRule, duty: Duty) -> dict[str, object]:
    fen, day = _whole(found, duty.amount), _whole(found, duty.due)
    amount, due = None if fen is None else yuan(fen), None if day is None else date.fromordinal(day)
    certain = _holds(found, duty.certain)
    return Obligation(rule.id, certain, rule.debtor, rule.creditor, amount, due, {}).to_dict()


def _holds(found: Any, formula: object) -> bool:
    return str(found.eval(formula, model_completion=True)) == "True"


def _whole(found: Any, term: Term | None) -> int | None:
    if term is None or not _holds(found, term.known):
        return None
    return int(found.eval(term.value, model_completion=True).as_long())


def _figure(found: Any, term: Term, declared: Type) -> object:
    if declared.kind is Kind.BOOL:
        return _holds(found, term.value) if _holds(found, term.known) else None
    whole = _whole(found, term)
    if whole is None or declared.kind is Kind.INT:
        return whole
    return f"{yuan(whole):f}" if declared.kind is Kind.MONEY else date.fromordinal(whole).isoformat()


# --------------------------------------------------------------------------------------------------- rete


def by_rete(policy: Policy, tasks: Sequence[Task]) -> list[Said]:
    """Durable-rules, on complete tasks."""
    matcher = DecisionMatcher(policy.checked)
    return [matcher.decide(Given(inner(policy, task), task["as_of"], "1")).to_dict() for task in tasks]


def _without_engine() -> str | None:
    try:
        engine()
    except EngineMissingError as error:
        return f"durable-rules cannot be imported here: {error.why}"
    return None


# ---------------------------------------------------------------------------------------------------- sql

OF_SQL = frozenset({"verdict", "channel", "violations", "missing", "notes", "conflict"})


def by_sql(run: Engine, policy: Policy, tasks: Sequence[Task]) -> list[Said]:
    """One SELECT over a table of all tasks, each for its own day."""
    rows = run(policy, [{**task, "id": str(place)} for place, task in enumerate(tasks)], None)
    return sorted(rows, key=lambda row: int(str(row["id"])))


# ------------------------------------------------------------------------------------------------ columns


def by_columns(policy: Policy, tasks: Sequence[Task]) -> list[Said]:
    """A data frame of all tasks, each decided for its own day."""
    rows = [
        {name: sorted(value) if isinstance(value, (set, frozenset)) else value for name, value in task.items()}
        for task in tasks
    ]
    return list(policy.decide_table(frame(policy, rows)).to_dicts())


INTERPRETERS: Mapping[str, Interpreter] = {
    interpreter.name: interpreter
    for interpreter in (
        Interpreter("python", by_python),
        Interpreter("solver", by_solver, KEYS - ECHOED - {"missing", "assumed"}),
        Interpreter("rete", by_rete, takes_partial=False, missing=_without_engine()),
        Interpreter("duckdb", partial(by_sql, duckdb_engine), OF_SQL),
        Interpreter("sqlite", partial(by_sql, sqlite_engine), OF_SQL),
        Interpreter("columns", by_columns, OF_SQL),
    )
}

UNSAID: Mapping[tuple[str, str], str] = {
    ("solver", "missing"): "it is about how a condition is written, and the model says what it means",
    ("solver", "assumed"): "it is about what was given; the model reads the assumed value like any other",
    **{
        (engine_name, key): reason
        for engine_name in ("duckdb", "sqlite", "columns")
        for key, reason in {
            "obligations": "a row of the answer is one task; a duty is a row of another table",
            "assumed": "it is about what was given, and is the same query over the table of tasks: IS NULL",
            "figures": "a figure is a column of whatever type, which no fixed list of columns can hold",
        }.items()
    },
}
"""What an interpreter does not say of a decision, and why: every difference that is tolerated."""
