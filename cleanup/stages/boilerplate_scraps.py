"""Scraps between an article and the first marker behind it, such as the name of the site."""

from __future__ import annotations

from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_structure import State, Verdict

SCRAPS = 2  # at most


def orphans(state: State) -> None:
    """A scrap or two of one to four words (a site's name) between the last paragraph and the first marker behind it; more are a
    list, and what ends in a colon or is bracketed belongs to what stands above."""
    page = state.page
    marker = next((line for line in range(state.tail_start, len(page)) if _is_marker(state, line)), 0)
    first = marker
    while first > state.tail_start > 0 and _is_scrap(page, first - 1):
        first -= 1
    for line in range(first, marker) if marker - first <= SCRAPS else ():
        state.add(line, Verdict("boilerplate/structure/orphan", 0.93, {"marker": page.text[marker][:80]}))


def _is_scrap(page: Page, line: int) -> bool:
    """Whether a line of a few words is set apart from the one before it."""
    if page.sentence[line] or page.words[line] > 4 or page.gap[line] == 0:
        return False
    return not page.text[line].endswith((":", "：", "]"))


def _is_marker(state: State, line: int) -> bool:
    verdict = state.verdicts.get(line)
    return bool(verdict and verdict.why.get("category") in ("comment", "related", "insert", "share", "subscribe"))
