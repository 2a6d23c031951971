"""Events and watches as an author writes them: every mistake is said where it is, and what to do."""

from pathlib import Path

import pytest

import admission
from admission import ir
from admission.backends.rete.clauses import MOST_CLAUSES, clauses
from admission.backends.rete.expressions import compiled
from admission.datatypes import BOOL
from small import HEAD, write
from watch_generator import POLICY

BASE = POLICY[POLICY.index("facts:") :]
REST = "    reason: {zh: 某, en: some}\n    own: {zh: 自, en: own}\n"


def faults(folder: Path, watch: str, base: str = BASE) -> list[tuple[str, str]]:
    """Codes and messages of what is wrong with a policy that has one watch `w`."""
    write(folder, HEAD + base + "  w:\n" + "".join(f"    {line}\n" for line in watch.splitlines()) + REST)
    try:
        admission.load(folder)
    except admission.PolicyError as error:
        return [(fault.code, fault.message) for fault in error.diagnostics]
    return []


SOUND = "each: ping\nwith: {g: {latest: pong, same: [k], until: ping.at}}\nwhen: g.n > 1"


def test_a_sound_watch_loads(tmp_path: Path) -> None:
    """What the other tests break is sound before; it reads its subject, what it gathers, and parameters."""
    assert faults(tmp_path, SOUND) == []
    watch = admission.load(tmp_path).checked.watches["w"]
    assert (watch.each, watch.severity, watch.notify, watch.due) == ("ping", "medium", (), None)
    gathered = watch.gathered["g"]
    assert (gathered.kind, gathered.event, gathered.same, gathered.up_to) == ("latest", "pong", ("k",), None)


@pytest.mark.parametrize(
    ("watch", "code", "message"),
    [
        (
            "each: pin\nwhen: true",
            "A701",
            "`each` is an event type, or a field of every event type gathered, not `pin`",
        ),
        ("each: j\nwith: {g: {latest: pung}}\ndue: g.at\nwhen: g.b", "A701", "not `j`"),
        ("each: k\nwith: {g: {latest: ping}}\nwhen: g.b", "A706", "a watch over a key needs `due`"),
        ("each: k\nwith: {g: {count: ping}}\ndue: as_of\nwhen: g > 1", "A707", "this one reads 0"),
        (
            "each: k\nwith: {g: {first: ping}, h: {first: pong}}\ndue: workday(g.at, h.n)\nwhen: g.b",
            "A707",
            "this one reads 2",
        ),
        ("each: k\nwith: {g: {first: ping, until: due}}\ndue: g.at\nwhen: g.b", "A708", "`g` ends at a moment"),
        ("each: ping\nwith: {g: {latest: pang}}\nwhen: g.b", "A401", "there is no event type `pang`"),
        ("each: ping\nwith: {g: {sum: pong.x}}\nwhen: g > 1", "A401", "there is no field `pong.x`"),
        ("each: ping\nwith: {g: {sum: pong.b}}\nwhen: g > 1", "A410", "expected a whole number, found true or false"),
        ("each: ping\nwith: {g: {latest: pung, same: [j]}}\nwhen: g.b", "A702", "event type `pung` has no such field"),
        ("each: ping\nwith: {g: {latest: pong, same: [m]}}\nwhen: g.b", "A702", "event type `ping` has no such field"),
        ("each: ping\nwith: {g: {count: pong, up_to: pong}}\nwhen: g > 1", "A703", "not `pong`"),
        ("each: ping\nwith: {g: {count: pong, window: 3}}\nwhen: g > 1", "A704", "needs an end"),
        (
            "each: ping\nwith: {g: {count: pong, up_to: ping, window: 100001}}\nwhen: g > 1",
            "A705",
            "0 to 100000 days, or calendar_year",
        ),
        ("each: ping\nwith: {g: {count: pong, up_to: ping, until: ping.at}}\nwhen: g > 1", "A210", "only one of until"),
        ("each: ping\nwith: {few: {count: pong}}\nwhen: few > 1", "A712", "`few` stands for something else"),
        ("each: ping\nwith: {ping: {first: pong}}\nwhen: ping.b", "A712", "`ping` stands for something else"),
        ("each: ping\nwhen: unused", "A709", "a watch cannot read `unused`, a fact or definition of a task"),
        ("each: ping\nwhen: ping.x", "A401", "there is no field `ping.x`"),
        ("each: ping\nwhen: pong.n > 1", "A401", "there is no event or look-up in this watch `pong`"),
        ("each: ping\nwhen: ping.n", "A410", "expected true or false, found a whole number"),
        ("each: ping\nwhen: ping.at > due", "A710", "this watch has no `due`"),
        ("each: ping\nwhen: nought > 1", "A400", "unknown name `nought`"),
        ("each: ping\nwhen: ping.e == r", "A400", "unknown name `r`"),
        ("each: ping\ndue: ping.n\nwhen: ping.b", "A410", "expected a date, found a whole number"),
        ("each: ping\nwith: {g: {count: pong, where: ping.b}}\nwhen: g > 1", "A401", "`ping`"),
        (
            "each: ping\nlook_ups: {l: {register: limit, match: {of: ping.n}}}\nwhen: l.found",
            "A401",
            "no register `limit`",
        ),
        (
            "each: ping\nlook_ups: {l: {register: limits, match: {fo: ping.n}}}\nwhen: l.found",
            "A516",
            "must match of, not fo",
        ),
        ("each: ping\nlook_ups: {l: {register: limits, match: {of: ping.k}}}\nwhen: l.found", "A410", "found text"),
        ("each: ping\nnotify: [nobody]\nwhen: ping.b", "A401", "there is no party `nobody`"),
        ("each: ping\nseverity: dire\nwhen: ping.b", "A204", "expected one of low, medium, high, found `dire`"),
        ("each: ping\nwhen: ping.b\nwich: {g: {first: pong}}", "A213", "unknown key `wich`"),
        ("each: ping", "A209", "`when` is missing (the condition under which a notice stands)"),
        (
            "each: ping\nwith: {g: {first: pong, count: pong}}\nwhen: g.b",
            "A210",
            "only one of first / latest / sum / count",
        ),
    ],
)
def test_a_mistake_in_a_watch_is_said(tmp_path: Path, watch: str, code: str, message: str) -> None:
    """Each mistake has its code and says what was found and what was expected."""
    ((found, said),) = faults(tmp_path, watch)
    assert found == code
    assert message in said


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("  withdrawn: {fields: {withdraws: text}, zh: 甲, en: a}\n", "A404"),
        ("  pang: {fields: {id: text}, zh: 甲, en: a}\n", "A404"),
        ("  pang: {fields: {at: date}, zh: 甲, en: a}\n", "A404"),
        ("  pang: {fields: {x: texts}, zh: 甲, en: a}\n", "A401"),
        ("  pang: {fields: {x: {type: int, assume: no}}, zh: 甲, en: a}\n", "A911"),
        ("  pang: {fields: {x: {type: enum}}, zh: 甲, en: a}\n", "A209"),
        ("  pang: {fields: {x: text}, zh: 甲}\n", "A206"),
        ("  pang: {zh: 甲, en: a}\n", "A209"),
    ],
)
def test_a_mistake_in_an_event_type_is_said_once(tmp_path: Path, event: str, code: str) -> None:
    """A built-in name, an unknown type, an unfit assumption, a missing label."""
    base = BASE.replace("events:\n", "events:\n" + event)
    assert [found for found, _ in faults(tmp_path, SOUND, base)] == [code]


def test_a_watch_has_an_id_like_every_rule(tmp_path: Path) -> None:
    """No watch shares its id with a route."""
    found = faults(tmp_path, SOUND, BASE.replace("to_there: {to", "w: {to"))
    assert [code for code, _ in found] == ["A403"]


def test_a_layer_that_redefines_a_watch_names_it(tmp_path: Path) -> None:
    """Watches of the layer below are inherited; one that is written anew is named in `replaces`."""
    assert faults(tmp_path / "small", SOUND) == []
    above = HEAD.replace("policy: small", "policy: above\nextends: small")
    write(tmp_path / "above", above)
    assert [*admission.load(tmp_path / "above").checked.watches] == ["w"]
    write(tmp_path / "above", above + "watches:\n  w:\n    each: ping\n    when: ping.b\n" + REST)
    with pytest.raises(admission.PolicyError, match="`w` redefines or weakens `small`"):
        admission.load(tmp_path / "above")
    write(tmp_path / "above", above + "replaces: [w]\nwatches:\n  w:\n    each: ping\n    when: ping.b\n" + REST)
    assert admission.load(tmp_path / "above").checked.watches["w"].gathered == {}


# ----------------------------------------------------------------------------------- conditions in Python


@pytest.mark.parametrize("a", [True, False, None])
@pytest.mark.parametrize("b", [True, False, None])
def test_conditions_follow_strong_kleene_logic(a: bool | None, b: bool | None, tmp_path: Path) -> None:
    """`and` is false with one false side, `or` true with one true side, whatever the other; else unknown wins."""
    write(tmp_path, HEAD + BASE.removesuffix("watches:\n"))
    policy, rows = admission.load(tmp_path).checked, {"a": a, "b": b}
    both, either = (compiled(node((A, B)), policy)(rows) for node in (ir.And, ir.Or))
    assert both is (False if a is False or b is False else None if a is None or b is None else True)
    assert either is (True if a is True or b is True else None if a is None or b is None else False)
    assert compiled(ir.Not(A), policy)(rows) is (None if a is None else not a)


# ------------------------------------------------------------------------------------------------ clauses

A, B, C = (ir.ReadFact(name, BOOL) for name in "abc")


def test_a_condition_becomes_clauses() -> None:
    """`not` goes down to the atoms, and each choice of atoms that makes the whole true is one clause."""
    found = clauses(ir.And((ir.Not(ir.And((A, B))), C)))
    assert set(found) == {frozenset({(A, False), (C, True)}), frozenset({(B, False), (C, True)})}


def test_a_clause_that_contradicts_itself_or_says_more_than_another_is_left_out() -> None:
    """`a and not a` is no clause, and `a or (a and b)` is `a`."""
    assert clauses(ir.And((A, ir.Not(A)))) == ()
    assert clauses(ir.Or((A, ir.And((A, B))))) == (frozenset({(A, True)}),)


def test_a_condition_of_too_many_clauses_is_one_atom() -> None:
    """Beyond the most that the engine is given, the condition is evaluated whole before the fact is asserted."""
    atoms = [ir.ReadFact(f"x{i}", BOOL) for i in range(2 * MOST_CLAUSES)]
    pairs = tuple(ir.Or((a, b)) for a, b in zip(atoms[::2], atoms[1::2], strict=True))
    whole = ir.And(pairs)
    assert clauses(whole) == (frozenset({(whole, True)}),)
