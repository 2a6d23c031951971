"""The page of a policy as a real browser shows and prints it.

Run with Chromium, a Chinese font and the extra `browser`; without them the module is skipped, unless
`ADMISSION_BROWSER=required`, as .ci/run has it: then it fails. `ADMISSION_SCREENSHOTS=update` stores new screenshots.
"""

import base64
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import admission
from admission import ir, pages
from small import RULES, SMALL, write

REQUIRED = os.environ.get("ADMISSION_BROWSER") == "required"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if not REQUIRED:
    pytest.importorskip("playwright", reason="needs the extra `browser`")
    pytest.importorskip("pypdf", reason="needs the extra `browser`")
    if CHROMIUM is None:
        pytest.skip("needs Chromium", allow_module_level=True)

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright  # noqa: E402 - known to be there
from pypdf import PdfReader  # noqa: E402 - the same

PACKS = Path(__file__).parents[1] / "policies"
SHOTS = Path(__file__).parent / "pages"
DESKTOP, PHONE = (1280, 900), (360, 740)
MOST_SHEETS = {"both": 50, "zh": 32}  # of A4 for the policy of Beijing: set by hand, some above what it takes
SMALLEST = 10.5  # CSS pixels, of any text on the screen: eight points
CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3 (AA)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this module."""
    assert CHROMIUM is not None, "no Chromium on the PATH"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a policy's page from a file; fails if anything else is asked for, or anything is complained of."""
    said: list[str] = []
    asked: list[str] = []

    def show(policy: ir.CheckedPolicy, size: tuple[int, int] = DESKTOP, lang: str = "both", **options: Any) -> Page:
        file = tmp_path / f"{policy.id}-{lang}.html"
        languages = pages.LANGUAGES if lang == "both" else (lang,)
        file.write_text(pages.render(policy, "html", languages), encoding="utf-8")
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, **options)

        def complained(message: ConsoleMessage) -> None:
            said.append(message.text)

        def requested(request: Request) -> None:
            asked.append(request.url)

        page.on("console", complained)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", requested)
        page.goto(file.as_uri())
        assert asked.pop(0) == file.as_uri()
        return page

    yield show
    for context in browser.contexts:
        context.close()
    assert (said, asked) == ([], [])


@pytest.fixture(scope="module")
def beijing() -> ir.CheckedPolicy:
    """The policy of Beijing."""
    return admission.load(PACKS / "beijing").checked


@pytest.fixture(scope="module")
def tiny() -> ir.CheckedPolicy:
    """The policy of tests/pages/tiny."""
    return admission.load(SHOTS / "tiny").checked


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> ir.CheckedPolicy:
    """Twenty routes, some with long conditions, and one whose name is as long as a name can be."""
    names = [*(f"r{number}" for number in range(17)), "w" * 100]
    routes = "".join(
        f"  {name}: {{to: {'community' if place % 2 else 'department'}, when: kind == help and cost == {place} and "
        f"urgent and forms < 9 and visit in actions, reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}\n"
        for place, name in enumerate(names)
    )
    text = SMALL.replace(RULES, RULES.replace("routes:\n", f"routes:\n{routes}"))
    return admission.load(write(tmp_path_factory.mktemp("p"), text)).checked


# ---------------------------------------------------------------------------------------------- the screen


@pytest.mark.parametrize("size", [DESKTOP, (768, 900), PHONE], ids=["desktop", "tablet", "phone"])
def test_nothing_sticks_out_to_the_side(
    size: tuple[int, int], opened: Open, beijing: ir.CheckedPolicy, large: ir.CheckedPolicy
) -> None:
    """The page is never wider than the screen, whatever the length of a name."""
    for policy in (beijing, large):
        page = opened(policy, size)
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_rule_is_to_be_seen(size: tuple[int, int], opened: Open, beijing: ir.CheckedPolicy) -> None:
    """Each rule's id stands in its heading, drawn within the width of the screen."""
    page = opened(beijing, size)
    anchors = [f"rule-{rule.id}" for rule in ir.rules(beijing)]
    anchors += [f"invariant-{name}" for name in beijing.invariants] + [f"watch-{name}" for name in beijing.watches]
    drawn = page.evaluate(
        """anchors => anchors.map(anchor => {
            const code = document.querySelector(`#${anchor} h3 code`), box = code.getBoundingClientRect();
            return [code.textContent, code.checkVisibility(), box.width > 0 && box.height > 0, box.left, box.right];
        })""",
        anchors,
    )
    assert len(drawn) == len(anchors) > 25
    for anchor, (text, is_visible, has_size, left, right) in zip(anchors, drawn, strict=True):
        assert anchor.endswith(f"-{text}")
        assert (is_visible, has_size) == (True, True)
        assert 0 <= left < right <= size[0]


DRAWN_TEXTS = """() => [...document.querySelectorAll('svg')].filter(svg => svg.checkVisibility()).flatMap(svg => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll('text')].map(text => {
        const at = text.getBoundingClientRect(), box = text.parentNode.querySelector('rect').getBoundingClientRect();
        const size = parseFloat(getComputedStyle(text).fontSize) * scale;
        return {text: text.textContent, size,
            x1: at.left, x2: at.right, y1: at.top, y2: at.bottom,
            left: box.left, right: box.right, top: box.top, bottom: box.bottom};
    });
})"""


@pytest.mark.parametrize("lang", ["both", "zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_texts_of_the_picture_stand_clear(
    size: tuple[int, int], lang: str, opened: Open, beijing: ir.CheckedPolicy, large: ir.CheckedPolicy
) -> None:
    """No text of the drawing lies over another or leaves its box, none is too small to read; one drawing is shown."""
    for policy, boxes in ((beijing, 11), (large, 23)):
        page = opened(policy, size, lang)
        assert page.evaluate("[...document.querySelectorAll('svg')].filter(svg => svg.checkVisibility()).length") == 1
        texts = page.evaluate(DRAWN_TEXTS)
        assert len(texts) > boxes
        for place, one in enumerate(texts):
            assert one["size"] >= SMALLEST, one
            assert one["left"] <= one["x1"] < one["x2"] <= one["right"], one
            # The line box of a Chinese font is higher than its characters: a quarter of a line may be shared.
            shared = (one["y2"] - one["y1"]) / 4
            assert one["top"] - shared <= one["y1"] < one["y2"] <= one["bottom"] + shared, one
            for other in texts[place + 1 :]:
                is_beside = one["x2"] <= other["x1"] or other["x2"] <= one["x1"]
                is_above = one["y2"] - shared <= other["y1"] or other["y2"] - shared <= one["y1"]
                assert is_beside or is_above, (one, other)


LEGIBLE = """() => {
    const channel = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const behind = element => {
        for (let e = element; e; e = e.parentElement) {
            const found = numbers(getComputedStyle(e).backgroundColor);
            if (found.length < 4 || found[3] === 1) return found;
        }
    };
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, parent = node.parentElement;
        if (!node.textContent.trim() || parent.closest('svg') || !parent.checkVisibility()) continue;
        const style = getComputedStyle(parent);
        const pair = [light(numbers(style.color)), light(behind(parent))].sort((a, b) => b - a);
        found.push([node.textContent, parseFloat(style.fontSize), (pair[0] + .05) / (pair[1] + .05)]);
    }
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_legible(scheme: str, opened: Open, beijing: ir.CheckedPolicy) -> None:
    """No text is smaller than eight points, or of less contrast with its ground than WCAG asks, in light and dark."""
    texts = opened(beijing, color_scheme=scheme).evaluate(LEGIBLE)
    assert len(texts) > 1000
    assert [one for one in texts if one[1] < SMALLEST] == []
    assert [one for one in texts if one[2] < CONTRAST] == []


def test_dark_is_dark(opened: Open, beijing: ir.CheckedPolicy) -> None:
    """The page follows the scheme that the reader has set."""
    grounds = [
        opened(beijing, color_scheme=scheme).evaluate("getComputedStyle(document.documentElement).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert grounds == ["rgb(255, 255, 255)", "rgb(21, 24, 28)"]


def test_a_link_leads_to_its_rule(opened: Open, beijing: ir.CheckedPolicy) -> None:
    """A click in the table of contents brings the rule into view, and a fact named by a rule is a click away."""
    page = opened(beijing)
    page.click("nav a[href='#rule-funds_follow_task']")
    page.wait_for_function("document.querySelector('#rule-funds_follow_task').getBoundingClientRect().top < 100")
    page.click("#rule-funds_follow_task a[href='#fact-cost'] >> nth=0")
    page.wait_for_function("Math.abs(document.querySelector('#fact-cost').getBoundingClientRect().top) < 100")


# ------------------------------------------------------------------------------------------------- print


@pytest.mark.parametrize("lang", ["both", "zh"])
def test_the_print_has_all_rules(lang: str, opened: Open, beijing: ir.CheckedPolicy) -> None:
    """Printed, the page holds every rule, fact, source and address, on no more sheets than a person will read."""
    printed = opened(beijing, lang=lang).pdf(prefer_css_page_size=True)
    reader = PdfReader(io.BytesIO(printed))
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    names = [rule.id for rule in ir.rules(beijing)] + [*beijing.facts, *beijing.sources, *beijing.watches]
    assert [name for name in names if name not in text] == []
    assert [s.url for s in beijing.sources.values() if s.url and s.url not in text] == []
    assert len(reader.pages) <= MOST_SHEETS[lang]


def test_no_rule_is_broken_over_two_sheets(opened: Open, beijing: ir.CheckedPolicy) -> None:
    """In print a rule, a row and a passage stay whole, a heading stays with what follows, and all is black on white."""
    page = opened(beijing, color_scheme="dark")
    page.emulate_media(media="print")
    inside = "[...document.querySelectorAll('article, tr, aside, figure')].map(e => getComputedStyle(e).breakInside)"
    assert set(page.evaluate(inside)) == {"avoid"}
    after = "[...document.querySelectorAll('h2, h3')].map(e => getComputedStyle(e).breakAfter)"
    assert set(page.evaluate(after)) == {"avoid"}
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('svg.wide').checkVisibility()")


# ------------------------------------------------------------------------------------- stored screenshots

# The screenshots are of the small policy in tests/pages, so that no change of a pack touches them. Two pictures are
# drawn on a grid of cells of 10 by 10 pixels, and the distance is the root of the mean square of what their cells
# differ, in shades of 0 to 255. A cell's mean hardly knows how the edges of a letter were smoothed: strokes all a fifth
# of a pixel thicker, more than versions of a browser differ by, come to 1.7. A passage that is missing or a line that
# moved comes to 3.8 and more: the last test here makes such changes.
CELL = 10
TOLERANCE = 2.0
DIFFERENCE = """async ([one, other, cell]) => {
    const cells = async data => {
        const image = new Image();
        image.src = 'data:image/png;base64,' + data;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.width = image.width / cell; canvas.height = image.height / cell;
        const context = canvas.getContext('2d');
        context.imageSmoothingQuality = 'high';
        context.drawImage(image, 0, 0, canvas.width, canvas.height);
        return context.getImageData(0, 0, canvas.width, canvas.height).data;
    };
    const [a, b] = [await cells(one), await cells(other)];
    if (a.length !== b.length) return 255;
    return Math.sqrt(a.reduce((sum, value, place) => sum + (value - b[place]) ** 2, 0) / a.length);
}"""
VIEWS = {
    "desktop": (DESKTOP, "where-work-goes"),
    "phone": (PHONE, "where-work-goes"),
    "rule": (DESKTOP, "routes"),
}


def shot(page: Page, anchor: str) -> bytes:
    """What the screen shows at an anchor."""
    page.evaluate("anchor => document.getElementById(anchor).scrollIntoView()", anchor)
    return page.screenshot(animations="disabled")


def difference(browser: Browser, one: bytes, other: bytes) -> float:
    """How much two pictures differ: over their cells."""
    page = browser.new_page()
    found = page.evaluate(DIFFERENCE, [base64.b64encode(one).decode(), base64.b64encode(other).decode(), CELL])
    page.close()
    return float(found)


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_looks_as_it_did(view: str, opened: Open, browser: Browser, tiny: ir.CheckedPolicy) -> None:
    """The picture and a rule look as in the stored screenshots, but for the shapes of letters."""
    size, anchor = VIEWS[view]
    taken, file = shot(opened(tiny, size), anchor), SHOTS / f"{view}.png"
    if os.environ.get("ADMISSION_SCREENSHOTS") == "update":
        file.write_bytes(taken)
    assert difference(browser, taken, file.read_bytes()) < TOLERANCE, "look at it; then ADMISSION_SCREENSHOTS=update"


@pytest.mark.parametrize(
    "change",
    ["aside { display: none }", "dl { margin-top: 1.6rem }", "article > .body { display: block }"],
    ids=["a passage missing", "a line lower", "passages below"],
)
def test_a_change_to_the_eye_is_noticed(change: str, opened: Open, browser: Browser, tiny: ir.CheckedPolicy) -> None:
    """What a reader would notice is well above what is tolerated."""
    page = opened(tiny, bypass_csp=True)
    before = shot(page, "routes")
    page.add_style_tag(content=change)
    assert difference(browser, before, shot(page, "routes")) > 1.5 * TOLERANCE
