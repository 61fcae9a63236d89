"""What a page says twice: a breadcrumb glued to the title, a title or a caption set two times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from cleanup import kernels
from cleanup.stages.boilerplate_characters import folded
from cleanup.stages.boilerplate_lines import Lines, Page
from cleanup.stages.boilerplate_rules import normal
from cleanup.stages.boilerplate_structure import CAPTION_WORDS, Said, State, Verdict

REPEAT_CHARS = 12  # a line that repeats another starts as it does
ALIKE, UNKNOWN = 1, 2  # whether lines repeat others
CUT_CHARS = 20  # before an ellipsis, at least
FIRST_CHARS = 60  # of a long line, by which it is cheap to see that another one says something else
OFTEN = 3  # times that a line stands on a page,
RECURRING_WORDS = 8  # of so many words
COUNTED_WORDS = 4  # of a line above a number that counts pictures
CRUMB_LINES = 6  # a breadcrumb stands in the first lines,
CRUMB_STEPS = 3  # its title so many lines behind it,
CRUMB_CHARS = 4  # and both end alike
_BREADCRUMB = re.compile(r"\s*[>»›/→|]\s*")
_NUMBER = re.compile(r"\d+")
_COUNTER = re.compile(r"\d{1,3}")
_CUT_OFF = re.compile(r"\s?(?:…|\.{3})$")
_MAKER = re.compile(r"\s*[/|©]\s*[A-Z]\w[^\s/]*(?:[\s/]+[^\s/]+){0,6}")  # behind a description: "/ Ann Lee"
_LIST_ITEM = re.compile(r"\s*(?:[•·▪■–—*-]|\d{1,2}[.)])\s")


def breadcrumb(state: State) -> None:
    """A breadcrumb glued to the title ("HomeRoboticsWhy ..."), proved by the title's own line near it: the whole line goes."""
    page = state.page
    for line in range(min(state.head_end, CRUMB_LINES)):
        for other in range(line + 1, min(line + 1 + CRUMB_STEPS, len(page))):
            if page.line(line)[-CRUMB_CHARS:].casefold() != page.line(other)[-CRUMB_CHARS:].casefold():
                continue
            glued, title = _letters(page.line(line)), _letters(page.line(other))
            if len(title) < 20 or len(glued) <= len(title) or not glued.endswith(title) or len(glued) > len(title) + 60:
                continue
            before = _before(page.text[line], page.text[other])
            if before.rstrip().endswith(":"):
                continue  # a headline with a topic before it, and a subhead that says the rest again
            if before.endswith(" ") and page.text[line][len(before)].islower() and page.line(other)[0].isupper():
                continue  # "So don't you go", "Don't you go": the title has become part of a sentence
            crumbs = _crumbs(page.text[line], page.text[other])
            why = {"category": "navigation", "title": page.text[other][:120]}
            name = "boilerplate/structure/breadcrumb"
            fields = (Said("section", crumbs[-1], name, 0.95),) if crumbs else ()
            state.add(line, Verdict(name, 0.95, why, fields))
            return


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _before(line: str, title: str) -> str:
    """What stands in a line before the title that it ends with."""
    letters = [at for at, char in enumerate(line) if char.isalnum()]
    return line[: letters[-len(_letters(title))]]


def _crumbs(line: str, title: str) -> list[str]:
    """The path before the title, cut where a small letter meets a capital ("HomeRobotics")."""
    prefix = _before(line, title).strip(" >»›/→|\"'“‘«")
    parts = [part for part in _BREADCRUMB.split(re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])", " > ", prefix)) if part]
    return [part for part in parts if normal(part) not in ("home", "start", "startseite", "accueil", "inicio", "news")]


class Twice(NamedTuple):
    """What `repeats` and `breadcrumb` look at in a page: lines that start as the line before; whether lines near the top end
    alike."""

    lines: list[int]
    crumb: bool


def repeating(lines: Lines, pages: Sequence[Page]) -> list[Twice | None]:
    """What each page, of these lines, says twice, as `may_repeat` says."""
    found, alike = np.empty(len(pages), np.uint8), np.empty(len(lines), np.uint8)
    sizes = np.array([REPEAT_CHARS, CRUMB_CHARS, CRUMB_LINES, CRUMB_STEPS], np.int64)
    _kernel()(lines.data, lines.begin, lines.end, lines.chars, lines.first, len(found), folded(), sizes, alike, found)
    twice = [Twice([], True) if crumb else None for crumb in ((found == ALIKE) & (lines.edges[0] > 0)).tolist()]
    unclear = set(np.flatnonzero(found == UNKNOWN).tolist())
    rows = np.flatnonzero(alike)
    for page, line, kind in zip(*lines.places(rows), alike[rows].tolist(), strict=True):
        if kind == UNKNOWN:
            unclear.add(page)
        one = twice[page] = twice[page] or Twice([], False)
        one.lines.append(line)
    for page in unclear:
        twice[page] = may_repeat(pages[page])
    return twice


@cache
def _kernel() -> kernels.Function:
    return kernels.function("lines_repeating", "bytes i64* i64* i64* i64* i64 u32* i64* u8* u8*")


def may_repeat(page: Page) -> Twice | None:
    """Lines that start as the line before, or near the top end alike where any stand before the article; None where there are
    none."""
    starts = [text[:REPEAT_CHARS].casefold() for text in page.text]
    lines = [at for at in range(1, len(page)) if starts[at] == starts[at - 1] and len(page.text[at]) >= REPEAT_CHARS]
    ends = [text[-CRUMB_CHARS:].casefold() for text in page.text[: CRUMB_LINES + CRUMB_STEPS]]
    crumb = page.edges[0] > 0 and any(end in ends[at + 1 : at + 1 + CRUMB_STEPS] for at, end in enumerate(ends[:CRUMB_LINES]))
    return Twice(lines, crumb) if lines or crumb else None


def repeats(state: State, lines: Sequence[int]) -> None:
    """A title said twice, a caption said twice: adjacent repeats only, since a repeated question or list entry is content.
    `lines`: those that start as the line before."""
    page = state.page
    for line in lines:
        first, second = page.line(line - 1), page.line(line)
        if _LIST_ITEM.match(second) or "\t" in second:
            continue
        body = line > state.head_end
        few, many = sorted((page.words[line - 1], page.words[line]))
        pair = state.spaced and page.gap[line] == 0 and body and 4 <= few <= many <= CAPTION_WORDS
        credit = any(hit.named.rule.category == "caption" for hit in state.hits.get(line, ()))
        if _is_cut_off(first, second):
            state.add(line - 1, Verdict("boilerplate/structure/repeat", 0.93, {"line": line}))
            continue
        credit = credit or (body and second.startswith(first) and _MAKER.fullmatch(second, len(first)) is not None)
        if not (pair or credit) and _differ(first, second):
            continue  # only what is said twice counts here, and normal forms of paragraphs take their time
        one, two = state.form(line - 1), state.form(line)
        if one == two and _NUMBER.findall(first) != _NUMBER.findall(second):
            continue  # rows of a table
        why = {"category": "caption", "line": line}
        if one == two and (page.words[line] >= 5 or not body) and not (state.long[line] and not body):
            state.add(line, Verdict("boilerplate/structure/repeat", 0.93, {"line": line - 1}))
            if pair:
                state.add(line - 1, Verdict("boilerplate/structure/caption-twice", 0.93, why))
        elif one != two and line > 1 and (pair or credit) and len(one) >= 20 and (_extends(one, two) or _extends(two, one)):
            for number in (line - 1, line):
                state.add(number, Verdict("boilerplate/structure/caption-twice", 0.93, why))


def recurring(state: State) -> None:
    """A line of many words, no sentence, that stands again and again beside paragraphs is the text of a picture or an
    advertisement; a number that does so behind longer lines counts pictures."""
    page = state.page
    if len(set(page.text)) + OFTEN > len(page) + 1:
        return
    often = {text for text, times in state.times.items() if times >= OFTEN}
    lines: dict[str, list[int]] = {}
    for line, text in enumerate(page.text):
        if text in often and line and (page.words[line] >= RECURRING_WORDS or _COUNTER.fullmatch(text)):
            lines.setdefault(text, []).append(line)
    for text, found in lines.items():
        if page.words[found[0]] < RECURRING_WORDS:
            found = [line for line in found if page.words[line - 1] >= COUNTED_WORDS and any(page.sentence[line + 1 : line + 2])]
        elif "\t" in text or _LIST_ITEM.match(text) or page.sentence[found[0]]:
            continue
        else:
            near = [line for line in found if any(state.long[line - 1 : line + 2])]
            found = [line for line in found if line >= state.head_end] if len(near) >= OFTEN else []
        for line in found if len(found) >= OFTEN else ():
            state.add(line, Verdict("boilerplate/structure/recurring", 0.93, {"category": "caption", "times": len(found)}))


def _differ(one: str, two: str) -> bool:
    """Whether the first words of two long lines are others, in their normal forms."""
    if min(len(one), len(two)) <= FIRST_CHARS:
        return False
    heads = [normal(text[:FIRST_CHARS]).split()[:-2] for text in (one, two)]  # the last word may be cut off, or joined
    return any(before != behind for before, behind in zip(*heads, strict=False))


def _is_cut_off(one: str, two: str) -> bool:
    """Whether the first line is the beginning of the second one and an ellipsis."""
    cut = _CUT_OFF.search(one)
    return cut is not None and cut.start() >= CUT_CHARS and two.startswith(one[: cut.start()]) and two != one


def _extends(one: str, two: str) -> bool:
    """Whether the second line says the first (or all but its cut-off end) and goes on."""
    head = one.rsplit(" ", 1)[0] if len(one) > 40 else one
    return two.startswith(head) and 0 < len(two) - len(one) < 160
