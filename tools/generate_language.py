"""Write the tables of keys in docs/language.md from the shapes that the loader checks documents by."""

import sys
from pathlib import Path

from admission.frontend import shapes

PAGE = Path(__file__).parents[1] / "docs" / "language.md"
BEGIN, END = "<!-- keys:begin -->\n", "<!-- keys:end -->\n"
SECTIONS = {
    "facts": shapes.FACT,
    "parameters": shapes.PARAMETER,
    "registers": shapes.REGISTER,
    "look_ups": shapes.LOOK_UP,
    "definitions": shapes.DEFINITION,
    "channels": shapes.CHANNEL,
    "routes": shapes.ROUTE,
    "requirements": shapes.REQUIREMENT,
    "exceptions": shapes.EXCEPTION,
    "obligations": shapes.OBLIGATION,
    "invariants": shapes.INVARIANT,
    "events": shapes.EVENT,
    "watches": shapes.WATCH,
    "watches: with": shapes.GATHERED,
    "sources": shapes.SOURCE,
}


def holds(shape: shapes.Shape) -> str:
    """What a shape takes, in a few words."""
    match shape:
        case shapes.Text() | shapes.File():
            return "text"
        case shapes.Flag():
            return "`true` or `false`"
        case shapes.Day():
            return "a date"
        case shapes.Name(of):
            return f"the name of a {of}" if of and of != "type" else "a name"
        case shapes.Path(of):
            return f"`{of}`"
        case shapes.Choice(words):
            return " or ".join(f"`{word}`" for word in words)
        case shapes.Expression():
            return "an expression"
        case shapes.Constant():
            return "a value"
        case shapes.Labels():
            return "a text for each language"
        case shapes.ListOf(item):
            return f"a list: {holds(item)}"
        case shapes.MapOf(item, key, of):
            return f"by {'date' if key == 'day' else of or 'name'}: {holds(item)}"
        case shapes.Record(keys):
            return "`{" + ", ".join(keys) + "}`"
        case shapes.Either(word, mapping):
            return f"{holds(word)}, or {holds(mapping)}"


def table(keys: dict[str, shapes.Key]) -> list[str]:
    """One row a key."""
    rows = ["| key | holds | says |", "|---|---|---|"]
    for name, key in keys.items():
        must = " **(required)**" if key.required else ""
        zh, en = key.says
        rows.append(f"| `{name}` | {holds(key.shape)}{must} | {en} · {zh} |")
    return rows


def generated() -> str:
    """The tables, head first."""
    lines = ["### The head (in `policy.yaml`)", "", *table(dict(shapes.HEAD)), ""]
    lines += ["### The sections (in any file of the policy)", "", "| section | says |", "|---|---|"]
    lines += [f"| `{name}` | {key.says[1]} · {key.says[0]} |" for name, key in shapes.SECTIONS.items()]
    for name, record in SECTIONS.items():
        labels = " Beside these stands a label, one key a language (`zh`, `en`)." if record.labelled != "no" else ""
        one = (
            f" Exactly one of {' and '.join(f'`{key}`' for key in record.one_of)} must stand." if record.one_of else ""
        )
        lines += ["", f"### `{name}`", "", *table(dict(record.keys))]
        if labels or one:
            lines += ["", (labels + one).strip()]
    return "\n".join([*lines, ""])


def page() -> str:
    """The page with its tables made anew."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{generated()}{END}{after}"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if page() == PAGE.read_text(encoding="utf-8") else "docs/language.md is out of date")
    PAGE.write_text(page(), encoding="utf-8")
