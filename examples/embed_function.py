"""Embed admission as a function call: load the policy once, then ask it about each task.

Run it from the checkout: `python examples/embed_function.py`
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import admission

POLICY = admission.load(Path(__file__).parents[1] / "policies" / "beijing")


def reply(task: Mapping[str, object], day: date) -> str:
    """What to tell the unit that asks."""
    try:
        decision = POLICY.decide(task, as_of=day)
    except admission.TaskError as error:
        return "\n".join(f"请更正：{fault.text('zh')}" for fault in error.faults)
    match decision.verdict:
        case admission.Verdict.ADMIT:
            duties = "；".join(duty.reason("zh") for duty in decision.obligations)
            return f"准予准入。{duties}"
        case admission.Verdict.REDIRECT:
            return f"另行归口：{decision.channel}"
        case admission.Verdict.REFUSE:
            return "\n".join(f"不予准入：{found.reason('zh')}。{found.remedy('zh')}" for found in decision.violations)
        case admission.Verdict.UNDETERMINED:
            question = POLICY.next_question(task, as_of=day)
            return question.text("zh") if question else f"规则冲突，请报告：{'、'.join(decision.conflict)}"


def main() -> None:
    """Ask about one task: without its cost, without the funds, with a misspelt fact, and as it should be."""
    day = date(2019, 8, 3)
    task = {
        "nature": "assistance",
        "plan_status": "annual_plan",
        "actions": {"publicise", "assist_home_visit"},
        "conditions_provided": True,
    }
    print(reply(task, day))
    task |= {"cost": Decimal("8000.00")}
    print(reply(task, day))
    print(reply(task | {"fundings": 8000}, day))
    print(reply(task | {"funding": 8000, "funding_source": "issuer_budget"}, day))


if __name__ == "__main__":
    main()
