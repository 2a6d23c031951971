"""The page of a policy: what it holds, what it links, and that no text of a policy can become markup."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import admission
from admission import ir, pages
from admission.cli import main
from admission.engine import Policy
from admission.pages import picture
from admission.pages.html import target
from admission.pages.nodes import plain
from admission.pages.phrases import Phrases
from admission.testing import policies
from profiles import examples
from small import RULES, SMALL, write

PACKS = Path(__file__).parents[1] / "policies"
HERE = Path(__file__).parent / "pages"
HOSTILE = "</script></style></svg><img src=x onerror=alert(1)>\"'><b onload=x>&lt;| `*_[x](javascript:a)"
VOID = {"meta", "rect", "path", "br"}


@dataclass
class Seen(HTMLParser):
    """What a page holds, as a parser sees it."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; all but the void ones must be closed."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """An element ends where it was begun last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, in order."""
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


def seen(page: str) -> Seen:
    """A page as a parser sees it, every element closed."""
    parser = Seen()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def load(path: Path) -> ir.CheckedPolicy:
    """A policy, checked."""
    return admission.load(path).checked


@pytest.fixture(scope="module")
def tiny() -> ir.CheckedPolicy:
    """The policy of tests/pages/tiny."""
    return load(HERE / "tiny")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one call of `admission docs`."""
    code = main(["docs", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


# ------------------------------------------------------------------------------------------ exact content


def test_the_markdown_of_a_small_policy(tiny: ir.CheckedPolicy) -> None:
    """Markdown holds the head, the table, every rule beside its passage, every fact, parameter and source."""
    expected = (HERE / "tiny.en.md").read_text(encoding="utf-8")
    assert pages.render(tiny, "markdown", ["en"]) == expected.replace("DIGEST", tiny.digest)


def test_the_html_of_a_rule(tiny: ir.CheckedPolicy) -> None:
    """A rule is an article: its words in both languages, what it demands, its passage beside it."""
    page = pages.render(tiny)
    article = page[page.index('<article id="rule-to_community"') :]
    assert article[: article.index("</article>")] == (
        '<article id="rule-to_community" class="route" aria-labelledby="h-rule-to_community">\n'
        '<h3 id="h-rule-to_community"><code>to_community</code> <span class="badge route">'
        '<span lang="zh-Hans">分流</span> <span lang="en">route</span></span></h3>\n'
        '<div class="body"><div class="said"><p class="reason"><span lang="zh-Hans">协助归社区</span></p>\n'
        '<p class="reason"><span lang="en">Help goes there</span></p>\n'
        '<dl><div><dt><span lang="zh-Hans">去向</span> <span lang="en">Goes to</span></dt>'
        '<dd><a href="#channel-community"><span lang="zh-Hans">社区</span> <span lang="en">the community</span></a> '
        "<code>community</code></dd></div>"
        '<div><dt><span lang="zh-Hans">适用情形</span> <span lang="en">Applies when</span></dt>'
        '<dd><p><span lang="zh-Hans"><a href="#fact-help">协助</a>：是</span></p>\n'
        '<p><span lang="en"><a href="#fact-help">help</a>: yes</span></p></dd></div>'
        '<div><dt><span lang="zh-Hans">所依事实</span> <span lang="en">Rests on the facts</span></dt>'
        '<dd><a href="#fact-help"><span lang="zh-Hans">协助</span> <span lang="en">help</span></a> '
        "<code>help</code></dd></div>"
        '<div><dt><span lang="zh-Hans">规则原文</span> <span lang="en">As written</span></dt>'
        "<dd><code>help</code></dd></div></dl></div>"
        '<aside><p><span class="badge own"><span lang="zh-Hans">本规则自定：</span> '
        '<span lang="en">The policy&#x27;s own:</span></span></p>\n'
        '<p><span lang="zh-Hans">自</span></p>\n<p><span lang="en">own</span></p></aside></div>\n'
    )


PHRASES = [
    ("kind == help", "性质为协助", "kind is help"),
    ("kind != help", "性质不是协助", "kind is not help"),
    ("not (kind == help)", "性质不是协助", "kind is not help"),
    ("kind in {help, duty, sale}", "性质为协助、职责或服务", "kind is help, duty or sale"),
    ("kind not in {help, duty}", "性质不是协助或职责", "kind is not help or duty"),
    ("urgent", "急：是", "urgent: yes"),
    ("not urgent", "急：否", "urgent: no"),
    ("funds >= cost", "经费不少于成本", "funds is at least cost"),
    ("not (funds >= cost)", "经费少于成本", "funds is less than cost"),
    ("cost == 1234.5", "成本等于 1,234.50 元", "cost equals 1,234.50 yuan"),
    ("forms * 2 + 1 <= 9", "表 × 2 + 1不超过 9", "forms × 2 + 1 is at most 9"),
    ('start_on < date("2020-01-02")', "始早于 2020-01-02", "start is before 2020-01-02"),
    ("start_on >= as_of + 5", "始不早于决定之日 + 5 天", "start is no earlier than the day of the decision + 5 days"),
    (
        "start_on > workday(as_of, 3)",
        "始晚于决定之日之后第 3 个工作日",
        "start is after working day 3 after the day of the decision",
    ),
    ("visit in actions", "事中有入户", "actions include visit"),
    ("visit not in actions", "事中没有入户", "actions do not include visit"),
    ("actions <= {visit, persuade}", "事不超出：入户、劝导", "actions are all among: visit, persuade"),
    ("not (actions <= {visit})", "并非（事不超出：入户）", "not (actions are all among: visit)"),
    ("count(actions) > 1", "事的项数多于 1", "the number of actions is more than 1"),
    (
        "urgent and (cost == 0 or funds > 0)",
        "急：是，且(成本等于 0 元，或经费多于 0 元)",
        "urgent: yes and (cost equals 0 yuan or funds is more than 0 yuan)",
    ),
    ("unit == 'a'", "单位为“a”", 'unit is "a"'),
]


@pytest.mark.parametrize(("expression", "zh", "en"), PHRASES, ids=[row[0] for row in PHRASES])
def test_a_condition_is_said_in_words(expression: str, zh: str, en: str, tmp_path: Path) -> None:
    """Every operator has its words in both languages; values are named by their labels, amounts in yuan."""
    policy = load(write(tmp_path / "p", SMALL.replace("require: funds >= cost", f"require: {expression!r}")))
    require = policy.requirements["funded"].require
    assert [Phrases(policy, lang).text(require) for lang in ("zh", "en")] == [zh, en]


def test_many_values_stand_in_a_list(tmp_path: Path) -> None:
    """More than three values that are chosen from stand one under another."""
    text = SMALL.replace("enforce: {zh: 执法, en: enforce}", "enforce: {zh: 执法, en: enforce}, x: {zh: 查, en: x}")
    text = text.replace("require: funds >= cost", "require: 'actions <= {visit, persuade, enforce, x}'")
    page = pages.render(load(write(tmp_path / "p", text)), "markdown", ["zh"])
    assert "- 要求:\n  - [事](#fact-actions)不超出下列各项：\n    - 入户\n    - 劝导\n    - 执法\n    - 查\n" in page


# ------------------------------------------------------------------------------------------ what it holds


@pytest.fixture(scope="module", params=["beijing", "xicheng", "china"])
def pack(request: pytest.FixtureRequest) -> ir.CheckedPolicy:
    """Each pack."""
    return load(PACKS / request.param)


@pytest.mark.parametrize("languages", [("zh", "en"), ("zh",), ("en",)], ids=["both", "zh", "en"])
def test_every_declaration_has_its_place_and_every_link_leads_somewhere(
    pack: ir.CheckedPolicy, languages: tuple[str, ...]
) -> None:
    """An anchor stands for each rule, fact, parameter, register, source; no two are the same, none is missing."""
    found = seen(pages.render(pack, "html", languages))
    anchors = Counter(found.values("id"))
    assert {anchor for anchor, count in anchors.items() if count > 1} == set()
    expected = {f"rule-{rule.id}" for rule in ir.rules(pack)}
    kinds = ("fact", "parameter", "definition", "register", "source", "event", "channel", "invariant")
    for kind in kinds:
        expected |= {f"{kind}-{name}" for name in getattr(pack, f"{kind}s")}
    expected |= {f"watch-{name}" for name in pack.watches} | {f"look-up-{name}" for name in pack.look_ups}
    assert expected <= anchors.keys()
    assert {link[1:] for link in found.values("href") if link.startswith("#")} <= anchors.keys()


@pytest.mark.parametrize(("promise", "said"), [
    ("monotone: funds", "提高该项，绝不使结论变为不予准入 Raising it never turns the verdict into refusal"),
    ("antitone: funds", "降低该项，绝不使结论变为不予准入 Lowering it never turns the verdict into refusal"),
    ("irrelevant: funds", "改变该项，决定不变 Changing it changes nothing"),
    ("favourable: funds > 0",
     "成就该条件，绝不使结论变为不予准入 Making it true never turns the verdict into refusal"),
    ("never: funds < 0", "绝不出现 Never"),
    ("always: funds >= 0", "始终成立 Always"),
])  # fmt: skip
def test_a_promise_is_said_in_words(tmp_path: Path, promise: str, said: str) -> None:
    """What an invariant promises is said of its fact or condition, each kind in its own words."""
    text = SMALL + f"invariants: {{p: {{{promise}, reason: {{zh: 甲, en: a}}}}}}\n"
    page = pages.render(admission.load(write(tmp_path / "small", text)).checked, "markdown")
    assert said in page[page.index('<a id="invariant-p">') :]


def test_markdown_links_lead_somewhere(pack: ir.CheckedPolicy) -> None:
    """Every link within the Markdown has its anchor."""
    page = pages.render(pack, "markdown")
    anchors = re.findall(r'^<a id="([^"]+)"></a>$', page, re.MULTILINE)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(anchors)


def test_all_words_of_the_policy_are_there(pack: ir.CheckedPolicy) -> None:
    """Reasons, remedies, questions, quotes and the author's own grounds are shown in every language there is."""
    text = "".join(seen(pages.render(pack)).text)
    said: list[ir.Label] = [fact.ask for fact in pack.facts.values()]
    rules: list[ir.Rule | ir.Watch] = [*ir.rules(pack), *pack.watches.values()]
    for rule in rules:
        said += [rule.reason, rule.basis.own or {}, rule.remedy if isinstance(rule, ir.Requirement) else {}]
        assert all((citation.quote or "") in text and citation.at in text for citation in rule.basis.citations)
    assert [words for label in said for words in label.values() if words not in text] == []


def test_one_language_alone(pack: ir.CheckedPolicy) -> None:
    """In one language nothing of ours or of the policy's is said in the other, sources' own words aside."""
    assert "en" not in seen(pages.render(pack, "html", ["zh"])).values("lang")
    english = pages.render(pack, "html", ["en"])
    assert seen(english).values("lang")[0] == "en"
    sources = {words for c in _citations(pack) for words in (c.at, c.quote or "")}
    chinese = re.findall(r'<span lang="zh-Hans">(.*?)</span>', english)
    assert {re.sub("</?mark>", "", words) for words in chinese} <= sources


def _citations(policy: ir.Policy) -> list[ir.Citation]:
    based = [rule.basis for rule in ir.rules(policy)] + [watch.basis for watch in policy.watches.values()]
    based += [parameter.basis for parameter in policy.parameters.values()]
    based += [register.basis for register in policy.registers.values()]
    return [citation for basis in based for citation in basis.citations]


def test_headings_come_in_order_and_tables_say_their_headers(pack: ir.CheckedPolicy) -> None:
    """One h1; no level is skipped; a header says whether it is a column's or a row's; the languages have tags."""
    found = seen(pages.render(pack))
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {attributes.get("scope") for tag, attributes in found.tags if tag == "th"} == {"col", "row"}
    assert set(found.values("lang")) == {"zh-Hans", "en"}


def test_layers_say_what_they_add() -> None:
    """The district's section names its own rule and its promise; the city's says what it replaces of the country's."""
    page = pages.render(load(PACKS / "xicheng"), "markdown", ["en"])
    country, city, district = (
        page[page.index(f'<a id="layer-{name}"') :].split('<a id="')[1] for name in ("china", "beijing", "xicheng")
    )
    assert "Adds requirements:\n  - [`applied_in_time`](#rule-applied_in_time) An item added to the plan" in district
    assert "Only tightens" in district
    assert "[`to_community`](#rule-to_community), [`to_department`](#rule-to_department)" in city
    assert "[`to_community`](#rule-to_community) What the community does by law" in country
    assert "*since replaced above*" in country
    assert "[`beijing`](#layer-beijing)" in page[page.index('<a id="rule-listed"') :].splitlines()[2]


def test_a_policy_of_one_layer_has_no_layers(tiny: ir.CheckedPolicy) -> None:
    """Where there is one layer only, nothing is said of layers."""
    assert "layer-" not in "".join(seen(pages.render(tiny)).values("id"))


def test_a_kept_text_shows_the_words_around_a_quote(tmp_path: Path) -> None:
    """Where the source's text is kept, the quoted words stand in their paragraph."""
    text = (HERE / "tiny" / "policy.yaml").read_text(encoding="utf-8")
    text = text.replace("url: example.cn/law", "url: example.cn/law, text: sources/law.txt")
    folder = write(tmp_path / "p", text, sources__law_txt="前文\n所需经费坚持费随事转，足额到位。\n后文\n")
    assert "所需经费坚持<mark>费随事转</mark>，足额到位。" in pages.render(load(folder))


def test_the_first_rows_of_a_large_register(tmp_path: Path) -> None:
    """A register shows its size and its first ten rows."""
    register = "registers:\n  r: {key: [k], columns: {k: text, n: int}, file: r.csv, own: {zh: 自, en: own}}\n"
    rows = "k,n\n" + "".join(f"k{number},{number}\n" for number in range(25))
    page = pages.render(load(write(tmp_path / "p", SMALL + register, r_csv=rows)), "markdown", ["en"])
    assert "The first 10 of 25 rows" in page
    assert "| k9 | 9 |" in page
    assert "k10" not in page


@given(policy=policies())
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
def test_every_policy_has_a_page(policy: Policy) -> None:
    """Whatever a policy holds, it is written in both formats: every element closed, every link leading somewhere."""
    found = seen(pages.render(policy.checked))
    anchors = found.values("id")
    assert len(anchors) == len(set(anchors))
    assert {link[1:] for link in found.values("href") if link.startswith("#")} <= set(anchors)
    markdown = pages.render(policy.checked, "markdown")
    assert set(re.findall(r"\]\(#([^)]+)\)", markdown)) <= set(re.findall(r'<a id="([^"]+)"></a>', markdown))


# ------------------------------------------------------------------------------------------ hostile texts


def hostile(text: str, tmp_path: Path) -> ir.CheckedPolicy:
    """The small policy with a text in every place where an author may write one."""
    policy = load(write(tmp_path / "p", SMALL))
    label = {"zh": text, "en": text}
    source = ir.Source("s", label, number=text, url=text, text=f"a {text} b")
    basis = ir.Basis((ir.Citation("s", text, text),), label)
    facts = {
        name: replace(fact, label=label, ask=label, value_labels=dict.fromkeys(fact.type.values, label))
        for name, fact in policy.facts.items()
    }
    changed = replace(
        policy,
        title=label,
        version=text,
        place=text,
        parties={"issuer": label},
        facts=facts,
        sources={"s": source},
        channels={name: replace(each, label=label) for name, each in policy.channels.items()},
        routes={name: replace(each, reason=label, basis=basis) for name, each in policy.routes.items()},
        requirements={
            name: replace(each, reason=label, remedy=label, basis=basis) for name, each in policy.requirements.items()
        },
        wording=dict.fromkeys(("admit", "redirect", "refuse"), label),
    )
    return ir.CheckedPolicy(changed)


@given(text=st.one_of(st.just(HOSTILE), st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1)))
def test_no_text_becomes_markup(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever an author writes is text: the elements are those of a page with plain words, and the text is there."""
    folder = tmp_path_factory.mktemp("p")
    found, usual = (seen(pages.render(hostile(words, folder))) for words in (text, "x"))
    names = {tag for tag, _ in usual.tags}
    assert {tag for tag, _ in found.tags} <= names
    assert {name for _, attributes in found.tags for name in attributes} <= {
        name for _, attributes in usual.tags for name in attributes
    } | {"href", "rel"}
    assert all(re.match(r"#|https?://", link) for link in found.values("href"))
    assert text in "".join(found.text)


def test_no_text_becomes_markup_in_markdown(tmp_path: Path) -> None:
    """A parser of Markdown sees no element but our anchors and line breaks, no picture, no script to follow."""
    page = pages.render(hostile(HOSTILE, tmp_path), "markdown")
    parser = MarkdownIt("commonmark").enable("table")
    tokens = [child for token in parser.parse(page) for child in (token, *(token.children or ()))]
    assert {t.content for t in tokens if t.type == "html_inline"} <= {"<br>", "</a>"} | {
        t.content for t in tokens if re.fullmatch(r'<a id="[\w-]+">', t.content)
    }
    assert [t for t in tokens if t.type in {"html_block", "image"}] == []
    links = [str(t.attrs["href"]) for t in tokens if t.type == "link_open"]
    assert all(link.startswith("#") for link in links)
    text = "".join(t.content for t in tokens if t.type in {"text", "code_inline"})
    assert HOSTILE in text


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.cn/a?b=1", "https://example.cn/a?b=1"),
        ("example.cn/a", "http://example.cn/a"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.cn", None),
        ("见档案", None),
        ("https://a b", None),
    ],
)
def test_only_addresses_of_the_web_are_followed(address: str, expected: str | None) -> None:
    """An address without a scheme is one of the web; one of another scheme is text."""
    assert target(address) == expected


def test_the_page_allows_itself_nothing(tiny: ir.CheckedPolicy) -> None:
    """Nothing is fetched and nothing runs: the policy of the content allows one style sheet, by its digest."""
    page = pages.render(tiny)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    found = seen(page)
    content = next(a["content"] for tag, a in found.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert content == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in found.tags} == set()
    assert {"src", "srcset", "style", "onclick"} & {name for _, a in found.tags for name in a} == set()
    assert "url(" not in style[1]
    assert "@import" not in style[1]


# --------------------------------------------------------------------------------------------- the picture


def twenty_routes(tmp_path: Path) -> ir.CheckedPolicy:
    """The small policy with twenty routes, some with long conditions, that lead to two channels."""
    routes = "".join(
        f"  r{number}: {{to: {'community' if number % 2 else 'department'}, when: kind == help and cost == {number} "
        f"and urgent and forms < {number} and visit in actions, reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}\n"
        for number in range(18)
    )
    return load(write(tmp_path / "p", SMALL.replace(RULES, RULES.replace("routes:\n", f"routes:\n{routes}"))))


BOXES = re.compile(r'<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"')


@pytest.mark.parametrize("drawing", ["wide", "narrow"])
def test_the_boxes_of_a_picture_do_not_overlap(drawing: str, tmp_path: Path) -> None:
    """With twenty routes every box stands within the drawing and clear of every other."""
    policy = twenty_routes(tmp_path)
    found = pages.page(policy).sections[0].blocks[0]
    svg = str(getattr(found, drawing))
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert size is not None
    boxes = [(float(x), float(y), float(w), float(h)) for _, x, y, w, h in BOXES.findall(svg)]
    assert len(boxes) == 1 + 20 + 2
    assert all(x + w <= float(size[1]) and y + h <= float(size[2]) for x, y, w, h in boxes)
    for place, (x, y, w, h) in enumerate(boxes):
        for left, top, wide, high in boxes[place + 1 :]:
            assert x + w <= left or left + wide <= x or y + h <= top or top + high <= y


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp", "Mn", "Cf"])),
    st.integers(4, 40),
    st.integers(1, 5),
)
def test_wrapped_text_fits(text: str, room: int, most: int) -> None:
    """No line is wider than its room, punctuation that is drawn to its line aside; what is cut says so."""
    lines = picture.wrap(text, room, most)
    assert 1 <= len(lines) <= most
    trimmed = [line.rstrip("，。、；：！？）」”》") for line in lines]
    assert all(picture.ems(line) <= room for line in trimmed)
    if not lines[-1].endswith("…"):
        assert "".join("".join(lines).split()) == "".join(text.split())


# --------------------------------------------------------------------------------------------- the command


def test_the_same_policy_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two processes with other hash seeds write the same file."""
    written = []
    for seed in ("1", "2"):
        file = tmp_path / f"{seed}.html"
        command = [sys.executable, "-m", "admission", "docs", str(PACKS / "xicheng"), "-o", str(file)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        written.append(file.read_bytes())
    assert written[0] == written[1]


def test_docs_writes_where_it_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`-o` writes the file and prints nothing; the ending `.md` means Markdown; without `-o` it is printed."""
    page, text = tmp_path / "p.html", tmp_path / "p.md"
    assert run(capsys, HERE / "tiny", "-o", page) == (0, "", "")
    assert run(capsys, HERE / "tiny", "-o", text) == (0, "", "")
    assert run(capsys, HERE / "tiny") == (0, page.read_text(encoding="utf-8"), "")
    assert run(capsys, HERE / "tiny", "--format", "markdown") == (0, text.read_text(encoding="utf-8"), "")
    assert text.read_text(encoding="utf-8").startswith("# 小 Tiny\n")


def test_docs_in_one_language(capsys: pytest.CaptureFixture[str]) -> None:
    """`--lang` takes zh, en or both."""
    _, out, _ = run(capsys, HERE / "tiny", "--lang", "zh", "--format", "markdown")
    assert "## 分流一览\n" in out
    assert run(capsys, HERE / "tiny", "--lang", "fr")[0] == 2


def test_docs_as_of_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    """`--as-of` marks the value in force and the rules that are not; a day outside the policy is an error."""
    code, out, _ = run(capsys, HERE / "tiny", "--as-of", "2019-08-03", "--lang", "en", "--format", "markdown")
    assert code == 0
    assert "- As of: 2019-08-03" in out
    assert "| 2019-01-01 | 2019-12-31 | 100 yuan *✓ 2019-08-03* |" in out
    assert "| 2020-01-01 | open | 200.50 yuan |" in out
    _, out, _ = run(capsys, PACKS / "beijing", "--as-of", "2019-08-03", "--lang", "en", "--format", "markdown")
    heading = out[out.index('<a id="rule-no_guarantee">') :].splitlines()[2]
    assert "*not in force on that day*" in heading
    code, _, err = run(capsys, HERE / "tiny", "--as-of", "2018-12-31", "--lang", "en")
    assert (code, err.splitlines()[0]) == (
        2,
        "error[A922]: `as_of` 2018-12-31 is outside the policy's period (2019-01-01 – …)",
    )


def test_docs_of_a_book(capsys: pytest.CaptureFixture[str]) -> None:
    """`--place` takes the policy of a place from a book, as with every command."""
    code, out, _ = run(capsys, PACKS, "--place", "xicheng", "--as-of", "2020-01-01", "--lang", "zh")
    assert code == 0
    assert "<title>西城区社区工作事项准入</title>" in out
    assert run(capsys, PACKS)[0] == 2


def test_docs_says_what_it_cannot_write(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A folder that is not there is named, without a traceback."""
    path = tmp_path / "missing" / "p.html"
    code, _, err = run(capsys, HERE / "tiny", "-o", path, "--lang", "en")
    assert code == 2
    assert f"cannot write `{path}`: No such file or directory" in err


def test_the_api_takes_a_day() -> None:
    """A page is a value of the policy, the languages and the day; the title is that of the policy."""
    found = pages.page(load(PACKS / "china"), ["en"], date(2026, 1, 1))
    assert plain(found.title) == "Admission of work to communities (China)"
