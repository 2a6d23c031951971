"""Random watches over three event types, as an author would write them, and logs for them."""

import random
from typing import Any

from admission.datatypes import to_json
from admission.events import fields_of
from supervision_oracle import RawEvent, random_moment

LABEL = "{zh: 某, en: some}"
POLICY = """\
policy: generated
version: "1"
title: {zh: 生成, en: Generated}
in_force: {from: 2019-01-01}
languages: [zh, en]
facts:
  unused: {type: bool, assume: false, zh: 无, en: unused}
channels: {there: {outcome: admit, zh: 彼, en: there}}
routes: {to_there: {to: there, reason: {zh: 总, en: always}, own: {zh: 自, en: own}}}
events:
  ping:
    fields: {k: text, j: int, n: int, b: bool, e: {type: enum, values: {p: 甲, q: 乙}, assume: p}}
    zh: 甲
    en: ping
  pong: {fields: {k: text, j: int, n: int, m: money, b: bool, d: date}, zh: 乙, en: pong}
  pung: {fields: {k: text, s: {type: set, values: {x: 甲, y: 乙, z: 丙}, assume: []}, b: bool}, zh: 丙, en: pung}
parameters:
  few: {type: int, min: 0, max: 9, values: {2019-01-01: 2, 2020-01-01: 1}, own: {zh: 自, en: own}}
  days: {type: int, min: 1, max: 900, values: {2019-01-01: 30, 2020-06-01: 3}, own: {zh: 自, en: own}}
registers:
  limits:
    key: [of]
    columns: {of: int, most: {type: int, absent: 1}}
    rows: [{of: 0, most: 3}, {of: 1, most: 2, valid_until: 2019-12-31}, {of: 1, most: 0, valid_from: 2020-01-01}]
watches:
"""
EVENTS = {"ping": ("k", "j"), "pong": ("k", "j"), "pung": ("k",)}
NUMBERS = {"ping": "n", "pong": "n"}


class Watches:
    """Writes watches; every one of them passes the checker."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a test's choice is no secret

    def policy(self, count: int) -> str:
        """A policy of so many watches."""
        return POLICY + "".join(self.watch(f"w{i}") for i in range(count))

    def pick(self, *options: str) -> str:
        """One of the options."""
        return self.rng.choice(options)

    def watch(self, name: str) -> str:
        """One watch."""
        each = self.pick(*EVENTS, "k", "k")
        is_keyed = each == "k"
        gathered, atoms = [], list(self.own_atoms(each))
        has_due = is_keyed or self.rng.random() < 0.3
        if is_keyed:
            event = self.pick(*EVENTS)
            gathered.append(f"      anchor: {{{self.pick('first', 'latest')}: {event}}}\n")
            atoms += self.event_atoms("anchor", event)
        for i in range(self.rng.randrange(1, 4)):
            text, more = self.gather(f"g{i}", each, has_due=has_due)
            gathered.append(text)
            atoms += more
        start = "anchor.at" if is_keyed else f"{each}.at"
        due = self.pick(f"{start} + days", f"{start} + 3", f"workday({start}, 5)", f"{start} - 1")
        if has_due:
            atoms += [f"{row}.at <= due" for row in ("anchor",) if is_keyed]
        look_up = ""
        if each in NUMBERS:
            look_up = f"    look_ups: {{limit: {{register: limits, match: {{of: {each}.j}}}}}}\n"
            atoms += ["limit.found", f"{each}.n > limit.most"]
        return (
            f"  {name}:\n    each: {each}\n    with:\n{''.join(gathered)}{look_up}"
            f"{f'    due: {due}{chr(10)}' if has_due else ''}    when: {self.condition(atoms, 3)}\n"
            f"    reason: {LABEL}\n    own: {LABEL}\n"
        )

    def own_atoms(self, each: str) -> list[str]:
        """Conditions on the subject event alone."""
        return self.event_atoms(each, each)[:-1] if each in EVENTS else []

    def event_atoms(self, row: str, event: str) -> list[str]:
        """Conditions on one event; the last says whether there is one."""
        own = {
            "ping": [f"{row}.n > few", f"{row}.e == q", f"{row}.n + {row}.j != 2"],
            "pong": [f"{row}.m >= 1.50", f"{row}.d <= {row}.at", f"{row}.n * 2 < 3"],
            "pung": [f"{row}.s <= {{x, y}}", f"count({row}.s) == 2", f"x in {row}.s"],
        }[event]
        return [f"{row}.b", f'{row}.at > date("2019-06-30")', *own, f"{row}.found"]

    def gather(self, name: str, each: str, *, has_due: bool) -> tuple[str, list[str]]:
        """One name under `with`, and conditions that read it."""
        kind, event = self.pick("first", "latest", "count", "sum"), self.pick(*EVENTS)
        event = self.pick(*NUMBERS) if kind == "sum" else event
        column = f".{self.pick('n', 'm') if event == 'pong' else 'n'}" if kind == "sum" else ""
        parts = [f"{kind}: {event}{column}"]
        if each in EVENTS:
            shared = [key for key in EVENTS[each] if key in EVENTS[event]]
            same = [key for key in shared if self.rng.random() < 0.7]
            parts += [f"same: [{', '.join(same)}]"] if same else []
        if self.rng.random() < 0.4:
            parts.append(f"where: {self.pick('b', 'not b', 'b or not b')}")
        ends = ["until: due"] if has_due else []
        ends += [f"until: {each}.at", f"up_to: {each}", f"until: {each}.at - 1"] if each in EVENTS else []
        if ends and self.rng.random() < 0.8:
            parts.append(self.pick(*ends))
            if self.rng.random() < 0.5:
                parts.append(f"window: {self.pick('0', '40', 'days', 'calendar_year')}")
        return f"      {name}: {{{', '.join(parts)}}}\n", self.gathered_atoms(name, kind, event, column, each)

    def gathered_atoms(self, name: str, kind: str, event: str, column: str, each: str) -> list[str]:
        """Conditions on what was gathered."""
        if kind in ("first", "latest"):
            atoms = self.event_atoms(name, event)
            if each in EVENTS:
                atoms += [f"{name}.at < {each}.at", f"{each}.at <= {name}.at", f"{name}.b == {each}.b"]
            return [*atoms, f"{name}.k != {each}.k"] if each in EVENTS else atoms
        if column == ".m":
            return [f"{name} >= 2.50", f"{name} + {name} < 4"]
        return [
            f"{name} > few",
            f"{name} == 1",
            *(
                [f"{name} != {each}.n", f"{name} < {each}.n", f"{each}.n < {name}", f"{each}.n >= {name}"]
                if each in NUMBERS
                else []
            ),
        ]

    def condition(self, atoms: list[str], depth: int) -> str:
        """A condition of so many levels."""
        roll = self.rng.random()
        if depth == 0 or roll < 0.3:
            return self.pick(*atoms)
        if roll < 0.45:
            return f"not ({self.condition(atoms, depth - 1)})"
        parts = [self.condition(atoms, depth - 1) for _ in range(self.rng.randrange(2, 4))]
        return "(" + self.pick(" and ", " or ").join(parts) + ")"


def generated_log(policy: Any, seed: int, count: int) -> list[RawEvent]:
    """Events of the policy's types, few keys and near moments, some withdrawn, in a random order of arrival."""
    rng = random.Random(seed)  # noqa: S311 - a test's choice is no secret
    made: list[RawEvent] = []
    for i in range(count):
        head = {"id": f"e{i:03d}", "at": random_moment(rng, made)}
        if made and rng.random() < 0.08:
            others = [event["id"] for event in made if event["event"] != "withdrawn"]
            made.append({"event": "withdrawn", **head, "withdraws": rng.choice(others)})
            continue
        event = rng.choice([*EVENTS])
        values = {name: _value(rng, f.type) for name, f in fields_of(policy, event).items()}
        made.append({"event": event, **head, **values})
    rng.shuffle(made)
    return made


def _value(rng: random.Random, declared: Any) -> object:
    match declared.kind:
        case "bool":
            return rng.random() < 0.5
        case "int":
            return rng.randrange(4)
        case "money":
            return rng.choice(("0.50", "1.50", "2.00"))
        case "date":
            return rng.choice(("2019-03-01", "2019-12-31", "2020-07-01"))
        case "text":
            return rng.choice(("k1", "k2", "项"))
        case "enum":
            return rng.choice(declared.values)
        case _:
            return to_json(declared, frozenset(rng.sample(declared.values, rng.randrange(4))))
