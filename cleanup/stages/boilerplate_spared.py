"""Lines that belong to the article whatever their form is: what the learned scorer leaves alone."""

from __future__ import annotations

import re

from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_structure import CJK_RUN, MARKERS, PROSE_LINE, State, between_paragraphs

RULE = "boilerplate/scorer"
INSERTED = 3  # lines of an insert between two sentences of the article
SAID_WORDS = 3  # a line of so few words that stands in the article's paragraphs, too, is left alone
ELLIPSES = ("...", "…")
_EDGES = re.compile(r"^\W+|\W+$")
_ASCII = bytes(code if code < 128 and chr(code).isalnum() else 32 for code in range(256))


def is_said(state: State, line: int, gone: set[int], dump: bool, spoken: frozenset[bytes] | None = None) -> bool:
    """Whether a line belongs to the article whatever its form is."""
    page = state.page
    if _is_own(state, line) or (not dump and (_goes_on(state, line, gone) or _introduces(page, line, gone))):
        return True
    if page.words[line] > SAID_WORDS:
        return False
    answer = page.sentence[line] and not page.text[line].endswith(ELLIPSES)
    if answer or between_paragraphs(state, line, gone):
        return True  # "No." is an answer ("Loading..." is none), and a few words between two paragraphs are a subhead
    if page.words[line] == 1 and not dump and state.head_end < line < state.tail_start:
        return True  # so is one word within the article, whatever is next to it
    return _is_quoted(state, line, spoken)


def _is_own(state: State, line: int) -> bool:
    """Whether a line is the article's own, or the sentence under one that is."""
    return line in state.own or (line - 1 in state.own and state.page.sentence[line])


def _introduces(page: Page, line: int, gone: set[int]) -> bool:
    """Whether a line introduces what follows."""
    return page.text[line].endswith((":", "：")) and line < len(page) - 1 and line + 1 not in gone


def _goes_on(state: State, line: int, gone: set[int]) -> bool:
    """Whether a sentence stands right behind an insert, of a marker and a line or two under it, that stands behind a sentence of
    the article: it goes on there, if with a word."""
    page = state.page
    if not page.sentence[line] or page.words[line] <= SAID_WORDS:
        return False
    first = line
    while first > 0 and line - first < INSERTED and (known := state.verdicts.get(first - 1)) and known.rule != RULE:
        first -= 1
    if first in (0, line) or first - 1 in gone or not page.sentence[first - 1]:
        return False
    return state.verdicts[first].why.get("category") in MARKERS


def _is_quoted(state: State, line: int, spoken: frozenset[bytes] | None = None) -> bool:
    """Whether a longer line says a line's words, too: whole words, where words have spaces between them. `spoken`: all of theirs
    in ASCII, by which it is cheaper to see of many lines that none does."""
    said = state.page.text[line].casefold()
    if spoken is not None and not spoken.issuperset(ascii_words(said)) and (said.isascii() or not CJK_RUN.search(said)):
        return False
    said = _EDGES.sub("", said)
    wide = CJK_RUN.search(said)
    if not said:
        return False
    prose, at = state.prose, 0
    own = state.page.words[line] >= PROSE_LINE
    found = 0
    while found <= own and (at := prose.find(said, at)) >= 0:
        end = at + len(said)
        found += bool(wide) or not (prose[at - 1 : at].isalnum() or prose[end : end + 1].isalnum())
        at = end
    return found > own


def ascii_words(text: str) -> list[bytes]:
    """Runs of ASCII's letters and digits."""
    return text.encode("utf-8", "surrogatepass").translate(_ASCII).split()
