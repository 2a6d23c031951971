"""Quotes held against the kept texts of their sources; passages that no rule cites, texts that no source names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from admission import ir
from admission.diagnostics import Diagnostic, Span
from admission.lints.remarks import Layer, Remark, remark

_ARTICLE = re.compile(r"第[〇零一二三四五六七八九十百千0-9]+条|(?:Article|Section|§)\s*[0-9]+", re.IGNORECASE)
# A line that does not end like a sentence is a heading: it says nothing that a rule could say.
_SENTENCE_ENDS = tuple("。；;！!？?.：:")
_SHOWN = 40


def normal(text: str) -> str:
    """A text without white space and punctuation, in NFKC: what of a quote must stand in the source.

    >>> normal("对未经批准，擅自进入 社区的") == normal("对未经批准,擅自进入社区的")
    True
    """
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "PZC")


def quotes(layer: Layer) -> Iterator[Remark]:
    """A013: quoted words that are not in the kept text."""
    kept = {s.id: normal(s.text) for s in layer.policy.sources.values() if s.text is not None}
    for section, name, basis in layer.own_bases():
        for citation in basis.citations:
            text = kept.get(citation.source)
            if text is not None and citation.quote and normal(citation.quote) not in text:
                yield remark("A013", section, name, citation.quote_span or citation.span, source=citation.source)


def passages(layer: Layer) -> Iterator[Remark]:
    """A014: a passage of a kept text that no rule of any layer quotes or names by its article."""
    for source in layer.own("sources"):
        cited = [c for basis in layer.bases for c in basis.citations if c.source == source.id]
        for span, passage, article in _passages(source):
            if not _is_cited(passage, article, cited):
                shown = passage[:_SHOWN] + ("…" if len(passage) > _SHOWN else "")
                yield remark("A014", "sources", source.id, span, source=source.id, passage=shown)


def unnamed(layer: Layer) -> Iterator[Remark]:
    """A020: a text kept in the policy's folder that no source names, so that no quote is held to it."""
    if layer.policy.span is None:
        return
    folder = Path(layer.policy.span.source.name).parent / "sources"
    named = {Path(source.kept.name) for source in layer.policy.sources.values() if source.kept}
    for path in sorted(folder.glob("*.txt")):
        if path not in named:
            said = Diagnostic("A020", None, {"path": f"sources/{path.name}"}, path=str(path))
            yield Remark(said, "sources", path.stem)


def unread(layer: Layer) -> Iterator[Remark]:
    """A021: a YAML file or a table in the policy's folder that nothing reads, so that what it says is not in force."""
    main = Path(layer.policy.span.source.name) if layer.policy.span else None
    if main is None or main.name != _MAIN:
        return
    tables = {Path(register.file) for register in layer.policy.registers.values() if register.file}
    for path in sorted(_files(main.parent)):
        place = path.relative_to(main.parent)
        is_read = path == main or (len(place.parts) == 2 and place.suffix == ".yaml" and place.parts[0] in _READ)  # noqa: PLR2004 - a folder and a file
        if not is_read and path not in tables:
            said = Diagnostic("A021", None, {"path": place.as_posix()}, path=str(path))
            yield Remark(said, "files", place.as_posix())


_MAIN = "policy.yaml"
_READ = ("rules", "cases", "event_cases")


def _files(folder: Path) -> Iterator[Path]:
    """The YAML files and tables of a policy's folder; a folder that is a policy of its own is not looked into."""
    for path in folder.iterdir():
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir() and not (path / _MAIN).is_file():
            yield from _files(path)
        elif path.suffix in (".yaml", ".yml", ".csv"):
            yield path


def _passages(source: ir.Source) -> Iterator[tuple[Span, str, str | None]]:
    """The paragraphs of a kept text, hard-wrapped or not, each with the article it belongs to."""
    article: str | None = None
    for start, end in _paragraphs(source.text or ""):
        text = (source.text or "")[start:end]
        if head := _ARTICLE.match(text):
            article = normal(head.group()).lower()
        if source.kept and text.endswith(_SENTENCE_ENDS):
            yield Span(source.kept, start, end), " ".join(text.split()), article


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Runs of lines up to one that ends a sentence, or before an empty line or the head of an article."""
    start, end, at = 0, 0, 0
    for line in [*text.split("\n"), ""]:
        said = line.strip()
        if start < end and (not said or _ARTICLE.match(said)):
            yield start, end
            end = start
        if said:
            first = at + line.index(said)
            start, end = (start if start < end else first), first + len(said)
        if start < end and said.endswith(_SENTENCE_ENDS):
            yield start, end
            end = start
        at += len(line) + 1


def _is_cited(passage: str, article: str | None, citations: Iterable[ir.Citation]) -> bool:
    """Whether a citation quotes words of the passage, or, quoting nothing, names its article."""
    said = normal(passage)
    for citation in citations:
        if citation.quote:
            quoted = normal(citation.quote)
            if quoted in said or said in quoted or _runs_over(quoted, said):
                return True
        elif article and article in {normal(found).lower() for found in _ARTICLE.findall(citation.at)}:
            return True
    return False


def _runs_over(quoted: str, said: str) -> bool:
    """Whether a quote that spans paragraphs begins or ends in this one."""
    least = 4
    longest = min(len(quoted), len(said))
    return any(quoted[:n] == said[-n:] or quoted[-n:] == said[:n] for n in range(least, longest + 1))
