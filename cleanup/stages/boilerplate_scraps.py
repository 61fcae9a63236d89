"""Scraps between an article and the first marker behind it, or before the first sections of the site, such as its name."""

from __future__ import annotations

from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_structure import State, Verdict

SCRAPS = 2  # at most
NAME_WORDS = 4  # most of a site's name, and least of a headline behind it
SECTIONS = 3  # lines behind it of which one fewer lead to other pages


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


def masthead(state: State) -> None:
    """The name of the site at the top of a page: over lines that lead to other pages, with the headline behind them."""
    page = state.page
    line = next((other for other in range(min(SCRAPS, len(page))) if other not in state.verdicts), SCRAPS)
    if line >= min(SCRAPS, state.head_end) or page.sentence[line] or page.words[line] > NAME_WORDS:
        return
    behind = range(line + 1, min(line + 1 + SECTIONS, state.head_end))
    rest = range(line + 1 + SECTIONS, state.head_end)
    headed = any(page.words[other] >= NAME_WORDS and other not in state.verdicts for other in rest)
    if headed and sum(_leads_on(state, other) for other in behind) >= SECTIONS - 1:
        state.add(line, Verdict("boilerplate/structure/masthead", 0.93, {"category": "navigation"}))


def _leads_on(state: State, line: int) -> bool:
    verdict = state.verdicts.get(line)
    return verdict is not None and verdict.why.get("category") == "navigation"
