"""An explanation as text: what is decisive in full, and the rest in short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from admission import ir
from admission.decision import Advised, Citation, Decision, Verdict, in_language
from admission.explain.questions import Question
from admission.explain.tree import Reading, Step
from admission.explain.words import MARKS, word

SHOWN = 5  # remedies in the text; the JSON has them all


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the decisive parts in full and the rest in short."""

    policy: ir.CheckedPolicy
    decision: Decision
    lang: str

    def say(self, key: str, **parts: object) -> str:
        """One of the fixed words."""
        return word(key, self.lang, **parts)

    def lines(
        self,
        steps: tuple[Step, ...],
        questions: tuple[Question, ...],
        assumed: tuple[Reading, ...],
        remedies: Sequence[Advised] | None = None,
    ) -> Iterator[str]:
        """The whole text, line by line."""
        yield from self.heading()
        for step in steps:
            yield ""
            yield from self.top(step)
        for obligation in self.decision.obligations:
            amount = f" {obligation.amount:,}" if obligation.amount is not None else ""
            due = f" {obligation.due}" if obligation.due else ""
            hint = "" if obligation.certain else self.say("uncertain")
            yield ""
            yield f"{self.say('duty')} [{obligation.rule}] {obligation.reason(self.lang)}{amount}{due}{hint}"
            yield from self.law(obligation.citations, 1)
        if questions:
            yield ""
            yield self.say("ask")
            yield from (f"  [{question.fact}] {question.text(self.lang)}" for question in questions)
        if remedies is not None:
            yield from self.remedies(remedies)
        yield from self.assumptions(assumed)

    def remedies(self, remedies: Sequence[Advised]) -> Iterator[str]:
        """What would lead to `admit`, the cheapest few; that there is none is worth saying of a refusal only."""
        verdict = self.verdict(Verdict.ADMIT)
        if remedies:
            yield ""
            yield self.say("remedies", verdict=verdict)
            yield from (f"  {place}. {remedy.text(self.lang)}" for place, remedy in enumerate(remedies[:SHOWN], 1))
            if len(remedies) > SHOWN:
                yield f"  {self.say('more_remedies', count=len(remedies) - SHOWN)}"
        elif self.decision.verdict is Verdict.REFUSE:
            yield ""
            yield self.say("no_remedy", verdict=verdict)

    def verdict(self, verdict: Verdict) -> str:
        """The policy's own word for a verdict, else ours."""
        own = self.policy.wording.get(verdict.value)
        return in_language(own, self.lang) if own else self.say(f"verdict_{verdict.value}")

    def heading(self) -> Iterator[str]:
        """The verdict, the policy, and where the work goes."""
        decision = self.decision
        yield f"{decision.id + ' ' if decision.id else ''}{self.verdict(decision.verdict)} ({decision.verdict.value})"
        title = in_language(self.policy.title, self.lang) or self.policy.id
        yield self.say("as_of", day=decision.as_of, policy=title, version=self.policy.version)
        if decision.conflict:
            yield self.say("conflict", routes=", ".join(decision.conflict))
        elif decision.channel:
            label = in_language(self.policy.channels[decision.channel].label, self.lang)
            yield self.say("goes_to", channel=f"{label} [{decision.channel}]")
        elif decision.verdict is Verdict.REFUSE and any(v.rule == ir.NO_ROUTE for v in decision.violations):
            yield self.say("goes_to", channel=self.say("nowhere"))
        else:
            yield self.say("unsettled")

    def top(self, step: Step) -> Iterator[str]:
        """A channel that the work goes to or could go to, or a route where there is none."""
        if step.kind != "candidate":
            yield from self.rule(step, 0)
            return
        if (self.decision.channel is None and step.rule != ir.NO_ROUTE) or step.rule == ir.NO_ROUTE:
            yield f"· {step.says} [{step.rule}]"
        for child in sorted(step.children, key=_urgency):
            yield from self.rule(child, 0 if self.decision.channel else 1)

    def rule(self, step: Step, depth: int) -> Iterator[str]:
        """A rule: what is decisive in full, what is met in one line."""
        pad = "  " * depth
        status = step.status or {True: "met", False: "idle", None: "open"}[step.truth]
        if step.kind == "note" and status == "violated":
            status = "noted"
        in_short = step.kind in ("requirement", "note") and status in ("met", "idle")
        yield f"{pad}{MARKS[step.truth]} {self.say(status)} [{step.rule}] {step.condition if in_short else step.says}"
        if in_short:
            return
        if step.kind == "route" and step.truth is False:
            return
        for child in step.children:
            yield from self.part(child, depth + 1)
        yield from self.law(step.citations, depth + 1)
        if step.own:
            yield f"{pad}  {self.say('own', why=step.own)}"
        if step.remedy and step.truth is not True:
            yield f"{pad}  {self.say('remedy', what=step.remedy)}"

    def part(self, step: Step, depth: int) -> Iterator[str]:
        """A condition and what it read, or what holds some together."""
        pad = "  " * depth
        match step.kind:
            case "condition":
                yield f"{pad}{MARKS[step.truth]} {step.condition}"
                yield from (self.read(reading, depth + 1) for reading in step.reads)
            case "exception":
                yield f"{pad}{MARKS[step.truth]} {self.say('exception', rule=f'[{step.rule}]')} {step.says}"
                for child in step.children:
                    yield from self.part(child, depth + 1)
            case "definition":
                yield f"{pad}{MARKS[step.truth]} {step.says} [{step.rule}]"
                for child in step.children:
                    yield from self.part(child, depth + 1)
            case "applies" | "demands":
                if step.kind == "applies" and step.truth is True:
                    return
                yield f"{pad}{self.say(step.kind)}"
                for child in step.children:
                    yield from self.part(child, depth + 1)
            case _:
                yield f"{pad}{MARKS[step.truth]} {self.say(step.kind)}"
                for child in decisive(step):
                    yield from self.part(child, depth + 1)

    def read(self, reading: Reading, depth: int) -> str:
        """One value: its label, its name, and where it came from."""
        label = reading.label if reading.label == reading.name else f"{reading.label} [{reading.name}]"
        return f"{'  ' * depth}{label} = {reading.value}{self.say(f'from_{reading.origin}')}"

    def law(self, citations: Iterable[Citation], depth: int) -> Iterator[str]:
        """The sources a rule rests on, a line each."""
        for cited in citations:
            quote = f"「{cited.quote}」" if cited.quote else ""
            yield f"{'  ' * depth}{self.say('law', law=f'{cited.title(self.lang)} {cited.at}{quote}')}"

    def assumptions(self, assumed: tuple[Reading, ...]) -> Iterator[str]:
        """What was taken for facts that were not given."""
        if assumed:
            yield ""
            yield self.say("assumed")
            yield from (f"  {r.label} [{r.name}] = {r.value}" for r in assumed)
        if ir.WORKING_CALENDAR in self.decision.assumed:
            yield ""
            yield self.say("calendar")


def decisive(step: Step) -> tuple[Step, ...]:
    """The parts that made a conjunction or disjunction come out as it did."""
    if (step.kind == "all" and step.truth is not True) or (step.kind == "any" and step.truth is not False):
        return tuple(child for child in step.children if child.truth is step.truth)
    return step.children


def _urgency(step: Step) -> tuple[int, str]:
    order = {"route": 0, "violated": 1, "open": 2, "waived": 3, "met": 4, "idle": 5}
    return order["route" if step.kind == "route" else step.status], step.rule
