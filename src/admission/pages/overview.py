"""What a page begins and ends with: the head, where work goes, the decision table, the layers, remarks answered."""

from __future__ import annotations

from collections.abc import Iterator

from admission import ir
from admission.decision import BUILT_IN
from admission.pages import anchors, picture, references
from admission.pages.drafting import Draft, Row
from admission.pages.nodes import (
    Badge,
    Blocks,
    Code,
    Inlines,
    Items,
    Link,
    Paragraph,
    Section,
    Spoken,
    Table,
    Terms,
)
from admission.pages.rules import verdict
from admission.pages.speech import joined, line, spaced

# What a layer can add, in the order in which it is listed: a section of the policy, and where its entries stand.
ADDED = {
    "routes": anchors.rule,
    "requirements": anchors.rule,
    "exceptions": anchors.rule,
    "obligations": anchors.rule,
    "invariants": anchors.invariant,
    "watches": anchors.watch,
    "facts": anchors.fact,
    "parameters": anchors.parameter,
    "definitions": anchors.definition,
    "registers": anchors.register,
    "look_ups": anchors.look_up,
    "events": anchors.event,
    "channels": anchors.channel,
    "sources": anchors.source,
}
KINDS = {"routes": "route", "requirements": "requirement", "exceptions": "exception", "obligations": "obligation"}
KINDS |= {"invariants": "invariant", "watches": "watch", "channels": "channel"}


def head(draft: Draft) -> Blocks:
    """What the policy is, where and when it is in force, and its digest."""
    policy, speech = draft.policy, draft.speech
    rows: list[Row] = [
        draft.row("place", (Code(policy.place),)),
        draft.row("in_force", (draft.days(policy.period),)),
        draft.row("version", (f"{policy.id} {policy.version}",)),
        draft.row("digest", (Code(policy.digest),)),
    ]
    if draft.day is not None:
        rows.insert(2, draft.row("as_of_day", (str(draft.day),)))
    if policy.below is not None:
        below = reversed(references.layers(policy)[:-1])
        rows.append(draft.row("extends", joined([_layer(draft, layer) for layer in below], " → ")))
    if policy.parties:
        named = [spaced(speech.label(label), (Code(name),)) for name, label in policy.parties.items()]
        rows.append(draft.row("parties", joined(named, " · ")))
    return (Terms(tuple(rows)),)


def _layer(draft: Draft, layer: ir.Policy) -> Inlines:
    return (Link(anchors.layer(layer.id), draft.speech.label(layer.title)),)


# ------------------------------------------------------------------------------------ where work goes


def where(draft: Draft) -> Section:
    """The picture of the routes and channels."""
    return Section("where-work-goes", draft.speech.word("where"), (picture.picture(draft),))


def decision_table(draft: Draft) -> Section:
    """One table over all channels, and one of its requirements for each channel that has some."""
    policy, speech = draft.policy, draft.speech
    header = tuple(speech.word(key) for key in ("channel", "routes_here", "requirements_here", "outcome"))
    rows = tuple(_channel_row(draft, each) for each in policy.channels.values())
    none = line(*speech.word("none"))
    nowhere = (line(*speech.word("no_route")), none, none, _no_route(draft))
    overview = Table(speech.word("table_caption"), header, (*rows, nowhere))
    demands = (_demands_of(draft, channel) for channel in policy.channels.values())
    return Section("decision-table", speech.word("table"), (overview, *demands))


def _no_route(draft: Draft) -> Blocks:
    refused = verdict(draft, "refuse")
    return (Paragraph(refused), *draft.speech.lines(BUILT_IN[ir.NO_ROUTE]))


def _demands(draft: Draft, name: str) -> list[ir.Requirement]:
    return [rule for rule in draft.policy.requirements.values() if name in rule.channels]


def _channel_row(draft: Draft, declared: ir.Channel) -> tuple[Blocks, ...]:
    policy, name = draft.policy, declared.name
    routes = [route for route in policy.routes.values() if route.to == name]
    when = tuple((*line(*references.link(anchors.rule(route.id))), *_short(draft, route.when)) for route in routes)
    demands = [anchors.rule(rule.id) for rule in _demands(draft, name)]
    none = line(*draft.speech.word("none"))
    return (
        (Paragraph(spaced(draft.speech.label(declared.label), (Code(name),))),),
        (Items(when),) if when else line(*draft.speech.word("no_routes")),
        line(*references.links(demands)) if demands else none,
        _outcome(draft, declared, has_demands=bool(demands)),
    )


def _short(draft: Draft, when: ir.Expr | None) -> Blocks:
    """A condition in one line for each language."""
    if when is None:
        return line(*draft.speech.word("always"))
    return tuple(Paragraph((Spoken(p.lang, p.line(when)),)) for p in draft.phrases())


def _outcome(draft: Draft, declared: ir.Channel, *, has_demands: bool) -> Blocks:
    """The verdict where nothing stands against it, and the obligations it brings."""
    said: Blocks = (Paragraph((Badge(declared.outcome, verdict(draft, declared.outcome)),)),)
    if has_demands:
        said = (*said, Paragraph(draft.speech.word("if_met"), "note"))
    owed = [rule.id for rule in draft.policy.obligations.values() if declared.outcome in rule.verdicts]
    if owed:
        brings = draft.speech.word("brings")
        said = (*said, Paragraph((*brings, " ", *references.links(anchors.rule(rule) for rule in owed))))
    return said


def _demands_of(draft: Draft, declared: ir.Channel) -> Section:
    """The requirements of one channel: when each applies, what it demands, what waives it."""
    speech = draft.speech
    header = tuple(speech.word(key) for key in ("one_requirement", "when", "require", "waived_by"))
    waivers = references.waivers(draft.policy)
    rows = tuple(_demand_row(draft, rule, waivers.get(rule.id, [])) for rule in _demands(draft, declared.name))
    demands: Blocks = (Table(speech.word("demands_caption"), header, rows),) if rows else ()
    said = demands or line(*speech.word("no_demands"))
    return Section(anchors.channel(declared.name), channel_title(draft, declared), said)


def channel_title(draft: Draft, declared: ir.Channel) -> Inlines:
    """A channel as a heading."""
    return spaced(draft.speech.label(declared.label), (Code(declared.name),))


def _demand_row(draft: Draft, rule: ir.Requirement, waivers: list[str]) -> tuple[Blocks, ...]:
    link = references.link(anchors.rule(rule.id))
    noted: Inlines = (Badge("note", draft.speech.word("effect_note")),) if rule.effect == "note" else ()
    return (
        line(*spaced(link, noted, draft.layer(rule.layer), draft.in_force(rule.period, rule.layer))),
        draft.condition(rule.when),
        draft.condition(rule.require),
        line(*references.links(waivers)) if waivers else line(*draft.speech.word("none")),
    )


# --------------------------------------------------------------------------------------------- layers


def layers(draft: Draft) -> Iterator[Section]:
    """What each layer adds to those below it, the lowest first; nothing for a policy of one layer."""
    found = references.layers(draft.policy)
    if len(found) > 1:
        below = (None, *found[:-1])
        told = tuple(_one_layer(draft, layer, under) for layer, under in zip(found, below, strict=True))
        yield Section("layers", draft.speech.word("layers"), told)


def _one_layer(draft: Draft, layer: ir.Policy, below: ir.Policy | None) -> Section:
    speech = draft.speech
    rows: list[Row] = [
        draft.row("version", (f"{layer.id} {layer.version}",)),
        draft.row("place", (Code(layer.place),)),
        draft.row("in_force", (draft.days(layer.period),)),
        draft.row("digest", (Code(layer.digest),)),
    ]
    if below is None:
        rows.append(draft.row("extends", speech.word("lowest")))
    else:
        rows.append(draft.row("extends", (*_layer(draft, below), " ", Code(below.id))))
        rows.append(draft.row("effect_on_below", speech.word("tightens" if layer.tightens else "free")))
    if layer.replaces:
        rows.append(draft.row("replaces", _replaced(draft, layer)))
    added = [_added(draft, layer, below, section) for section in ADDED]
    rows += [row for row in added if row is not None]
    title = spaced(speech.label(layer.title), (Code(layer.id),))
    return Section(anchors.layer(layer.id), title, (Terms(tuple(rows)),))


def _replaced(draft: Draft, layer: ir.Policy) -> Inlines:
    """The names that a layer says anew, each with what it was."""
    return joined([_name(draft, layer, name) for name in layer.replaces], ", ")


def _name(draft: Draft, layer: ir.Policy, name: str) -> Inlines:
    for section, anchor in ADDED.items():
        if name in getattr(layer, section) and name in getattr(draft.policy, section):
            return references.link(anchor(name))
    return (Code(name),)


def _added(draft: Draft, layer: ir.Policy, below: ir.Policy | None, section: str) -> Row | None:
    """The names of one kind that are new in a layer, with the reasons of its rules."""
    new = [name for name in getattr(layer, section) if below is None or name not in getattr(below, section)]
    anchor = ADDED[section]
    shown = [name for name in new if name in getattr(draft.policy, section)]
    if not shown:
        return None
    key = KINDS.get(section, section)
    title = draft.speech.word(f"adds_{key}")
    if section in KINDS and section != "channels":
        rules = getattr(layer, section)
        over = {name for upper in references.layers(draft.policy) if upper.id != layer.id for name in upper.replaces}
        said = [_rule(draft, anchor(name), rules[name].reason, is_replaced=name in over) for name in shown]
        return title, draft.listed(said)
    return title, line(*references.links(anchor(name) for name in shown))


def _rule(draft: Draft, anchor: str, reason: ir.Label, *, is_replaced: bool) -> Inlines:
    """A rule that a layer adds, in its own words there; a layer above may say it anew."""
    replaced: Inlines = (Badge("idle", draft.speech.word("since_replaced")),) if is_replaced else ()
    return spaced(references.link(anchor), draft.speech.label(reason), replaced)


# -------------------------------------------------------------------------------------------- remarks


def silences(draft: Draft) -> Iterator[Section]:
    """The remarks of `admission check` that an author has answered, each with the reason."""
    found, speech = draft.policy.silences, draft.speech
    if found:
        header = (speech.word("name"), speech.word("code_of"), speech.word("reason_why"))
        rows = tuple(
            (line(Code(f"{each.section}.{each.name}")), line(Code(each.code)), speech.lines(each.reason))
            for each in found
        )
        yield Section("remarks", speech.word("silences"), (Table(speech.word("silences"), header, rows),))
