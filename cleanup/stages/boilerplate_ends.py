"""Where the article ends: at a marker of comments, of related articles or of a paywall, unless it goes on behind it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, compress
from math import fsum

from cleanup.stages.boilerplate_lists import is_entry
from cleanup.stages.boilerplate_structure import (
    PROSE_WORDS,
    TAIL_SHARE,
    TOLD_WORDS,
    State,
    Verdict,
    offers_own,
)
from cleanup.stages.boilerplate_told import stops

RUN = 3  # sentences behind a related marker that are looked at together:
SAME = 0.35  # with this share of their words in the article before, and in a row, they belong to it,
OTHER = 0.25  # with less than this, and so many lines behind the marker, they tell other stories
MANY = 30
FEW_PIECES = 6
HEADLINES = 2  # of an insert in the middle of an article
PARAGRAPH_WORDS = 40  # of a sentence or more: no teaser of another article has so many,
PARAGRAPH_NEAR = 6  # and before the next paragraph of this one stand no more headlines
TRIES = 40  # of such markers are looked at,
THREAD = 5  # or so many paragraphs before a number of comments, which may be longer than the article
TAILS = {"comment": "comments", "related": "related", "paywall": "paywall"}  # markers behind which nothing of it may follow


def tail(state: State) -> None:
    """Cut the rest of the page at a marker of comments, of related articles or of a paywall behind most of the running text."""
    page = state.page
    marked = [line for line, verdict in state.verdicts.items() if verdict.why.get("category") in TAILS]
    if not marked:
        return
    weights = [len(text) if flag else 0 for text, flag in zip(page.text, state.long, strict=True)]
    behind, paragraphs = list(accumulate(weights, initial=0)), list(accumulate(state.long, initial=0))
    total = behind[-1]
    tries = TRIES
    for line in sorted(marked):
        category = str(state.verdicts[line].why["category"])
        before = behind[line]
        strong = before >= TAIL_SHARE * total > 0
        strong |= category == "comment" and "#" in state.form(line).split() and paragraphs[line] >= THREAD
        tries -= strong
        if strong and tries >= 0 and _is_end(state, line, category, before, total):
            rest = Verdict(f"boilerplate/structure/{TAILS[category]}-tail", 0.93, {"marker": page.text[line][:80]})
            for number in range(line + 1, len(page)):
                state.add(number, rest)
            return


def _is_end(state: State, line: int, category: str, before: int, total: int) -> bool:
    """Whether the article ends at a marker, where most of the running text stands before it."""
    if category == "comment":
        return not _goes_on(state, line)
    if category == "paywall":  # a site that lets some read on has the same story behind it
        shares = _alike(state, line, _said(state, line + 1))[1]
        return fsum(shares) <= OTHER * len(shares)
    if offers_own(state, line) or _has_paragraph(state, line):
        return False
    if last := _last_sentence(state, line):
        state.own.add(last)
        for headline in range(line + 1, last) if state.offers.last < line else ():  # or what is sold
            state.add(headline, Verdict("boilerplate/structure/under-marker", 0.93, {"marker": state.page.text[line][:80]}))
    return not last and _ends(state, line, before, total)


def _last_sentence(state: State, line: int) -> int:
    """The one sentence behind a marker that stands right under a sentence, and behind a headline or two, with none soon after:
    the article ends there, not at the marker; 0 where there is none."""
    page = state.page
    if not _is_under_sentence(state, line):
        return 0
    behind = range(line + 1, min(line + 2 + HEADLINES, len(page) - 1))
    one = next((other for other in behind if page.sentence[other] and other not in state.verdicts), 0)
    if one < line + 2 or not stops(page.text[one]) or page.words[one] < TOLD_WORDS:
        return 0
    return 0 if any(page.sentence[other] for other in range(one + 1, min(one + 2 + HEADLINES, len(page)))) else one


def _is_under_sentence(state: State, line: int) -> bool:
    """Whether a sentence of the article stands before a line, buttons aside."""
    before = next((other for other in range(line - 1, -1, -1) if not _is_passed(state, other)), None)
    return before is not None and before not in state.verdicts and state.page.sentence[before]


def _alike(state: State, line: int, said: Sequence[int]) -> tuple[list[Sequence[int]], list[float]]:
    """Runs of the lines of prose behind a line, and how much of the article before it each of them says, too."""
    if not said:
        return [], []
    article: set[str] = set().union(*map(state.pieces, compress(range(line), state.long)))
    runs = [said[at : at + RUN] for at in range(max(1, len(said) - RUN + 1))]
    return runs, [_share(state, run, article) for run in runs]


def _ends(state: State, line: int, before: int, total: int) -> bool:
    """Whether the article ends at a related marker: by what follows, and by how much the article says of the same."""
    said = _said(state, line + 1)
    runs, shares = _alike(state, line, said)
    if any(len(run) == RUN and run[-1] - run[0] == RUN - 1 and share >= SAME for run, share in zip(runs, shares, strict=True)):
        return False  # no list of headlines has sentences in a row, about the same
    if len(said) > 1 and len(state.page) - line > MANY and max(shares) < OTHER:
        return True
    if _goes_on(state, line) and (len(said) < RUN or shares[0] >= OTHER):
        return False
    # one sentence alone: the article may go on behind an insert
    return (before == total and len(said) != 1) or (before >= 0.6 * total and _teasers(state, line + 1))


def _has_paragraph(state: State, line: int) -> bool:
    """Whether a paragraph stands a few lines behind a related marker: the article goes on there."""
    page = state.page
    behind = (other for other in range(line + 1, min(line + 1 + PARAGRAPH_NEAR, len(page))) if other not in state.verdicts)
    return any(page.sentence[one] and page.words[one] >= PARAGRAPH_WORDS and not is_entry(page.text[one]) for one in behind)


def _goes_on(state: State, line: int) -> bool:
    """Whether the article goes on behind a marker in its middle: prose right before it, and two paragraphs in a row behind it
    with no name, time or headline first."""
    page = state.page
    if not _is_under_sentence(state, line):
        return False
    unknown = (other for other in range(line + 1, len(page)) if other not in state.verdicts)
    one, two = next(unknown, 0), next(unknown, 0)
    return two == one + 1 > 1 and all(page.sentence[other] and page.words[other] >= PROSE_WORDS for other in (one, two))


def _is_passed(state: State, line: int) -> bool:
    """Whether a line is of a kind that stands between paragraphs, too: buttons, not headlines and names."""
    verdict = state.verdicts.get(line)
    return bool(verdict and verdict.why.get("category") in ("share", "comment", "insert", "advertisement", "subscribe"))


def _share(state: State, run: Sequence[int], article: set[str]) -> float:
    """How much of what some lines say the article says, too; 1 where that cannot be told."""
    found = list(map(state.pieces, run))
    if sum(map(len, found)) < FEW_PIECES:
        return 1
    return fsum(len(one & article) / (len(one) + 1) for one in found) / len(found)


def _said(state: State, start: int) -> list[int]:
    """Lines of prose that no rule knows, however short."""
    page = state.page
    rest = range(start, len(page))
    return [line for line in rest if page.sentence[line] and page.words[line] >= PROSE_WORDS and line not in state.verdicts]


def _teasers(state: State, start: int) -> bool:
    """Whether the rest of the page is teasers: headlines, times and short summaries, never paragraphs in a row."""
    page = state.page
    rest = range(start, len(page))
    short = sum(not page.sentence[line] or line in state.verdicts for line in rest)
    prose = [page.words[line] for line in rest if state.long[line]]
    said = _said(state, start)
    runs = [said[at : at + RUN] for at in range(len(said) - RUN + 1)]
    told = any(run[-1] - run[0] < RUN and sum(state.long[line] for line in run) > 1 for run in runs)
    lone = len(said) == 1 and said[0] - start <= 2  # a headline or two, then one paragraph: the article goes on
    return len(rest) >= 6 and short >= 0.6 * len(rest) and max(prose, default=0) <= 60 and not told and not lone
