"""Which line of a text is its headline: the first one, or where much stands before the article, the one that fits it best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import compress, islice

from cleanup.stages.boilerplate_lines import Page, line_words
from cleanup.stages.boilerplate_structure import Verdict
from cleanup.stages.boilerplate_told import stops

TITLE_CHARS = 250
TITLE_WORDS = 30
STOP_WORDS = 10  # from which on no headline has a full stop
KICKER_WORDS = 3
CROWDED = 4  # lines before the first paragraph, going or not, from which on the first one need not be the headline
CROWD = 12  # .. and that stay, from which on it is none
REACH = 40  # lines before the article in which its headline stands
PARAGRAPHS = 12  # of the article, whose words a headline shares
LEAST = 0.7  # of the points below
SHARED = 0.45  # of its words the article has to say, when another line seems to fit better only because it is longer
SENTENCES = 3  # under the headline of a text without paragraphs,
TOLD_WORDS = 5  # of so many words each
NEAR = 4  # lines from the headline to its byline or date
_GOES_ON = tuple(".,;:。、，；：")  # as no headline ends
_SIGNATURE = frozenset({"author", "date", "ago", "reading"})
_WORD = re.compile(r"[^\W\d_]{4,}|[\u3400-\u9fff]{2}|[\u30a0-\u30ff]{3,}|[\uac00-\ud7a3]{2,}")
_ITEM = re.compile(r"[•·▪■*»›>]\s|\d{1,2}\.\s")
_HOUR = re.compile(r"\d{1,2}[.:]\d\d\b")
_PARTS = re.compile(r"\s+[|–—»·]\s+|\s*[|｜]\s*")


def title(page: Page, verdicts: Mapping[int, Verdict], apply: float) -> str | None:
    """The headline of a text that has paragraphs; None when no line looks like it."""
    if not verdicts and page.long[:1] == [True]:
        return None  # the text begins with a paragraph
    gone = {line for line, verdict in verdicts.items() if verdict.score >= apply}
    if not gone and page.long[:CROWDED].count(True) and not page.long[0]:
        return _first(page, gone)  # as nearly every text is
    first = next((line for line, flag in enumerate(page.long) if flag and line not in gone), None)
    if first is None:
        return _over_sentences(page, gone)
    before = [line for line in range(first) if line not in gone]
    found = _fitting(page, verdicts, first, gone) if first >= CROWDED else None
    return found or (_first(page, gone) if len(before) < CROWD or before[0] < KICKER_WORDS else None)


def _first(page: Page, gone: set[int]) -> str | None:
    """The first line that stays, when it looks like a headline; a kicker of a few words before it is passed over."""
    one, two = [*islice((line for line in range(len(page)) if line not in gone), 2), -1, -1][:2] if gone else (0, 1)
    head = _headline(page, one)
    if head is None or page.words[one] > KICKER_WORDS or not 0 < two < len(page) or page.words[two] <= KICKER_WORDS:
        return head
    return head if page.sentence[two] else _headline(page, two) or head


def _over_sentences(page: Page, gone: set[int]) -> str | None:
    """The headline of a text of short lines: the first one that stays, or of many before the first sentence the longest, when it
    has words enough, does not stop, and has sentences below."""
    told = [at for at in range(1, len(page)) if page.sentence[at] and page.words[at] >= TOLD_WORDS and at not in gone]
    if len(told) < SENTENCES:
        return None
    before = [line for line in range(told[0]) if line not in gone][:CROWD]
    if not before:
        return None
    one = max(before, key=lambda line: (page.words[line], -line)) if told[0] - len(before) >= CROWDED else before[0]
    text = page.text[one]
    if page.words[one] < (KICKER_WORDS if one else 2) or text.endswith(_GOES_ON) or _HOUR.match(text):
        return None
    return _headline(page, one)


def _headline(page: Page, line: int) -> str | None:
    """A line that looks like a headline, and like no entry of a list."""
    if page.long[line] or page.words[line] > TITLE_WORDS:
        return None
    text = page.line(line)
    if page.words[line] >= STOP_WORDS and stops(text):
        return None  # the first sentence of an article whose headline somebody has taken out
    return None if len(text) > TITLE_CHARS or _ITEM.match(text) else text


def _fitting(page: Page, verdicts: Mapping[int, Verdict], first: int, gone: set[int]) -> str | None:
    """Of the lines before the article the one that shares its words, stands near it, over its byline, and stands there twice."""
    body = " ".join(islice(compress(page.text[first:], page.long[first:]), PARAGRAPHS)).casefold()
    signed = [line for line in range(first) if _is_signature(verdicts.get(line))]
    before = "\n".join(["", *page.text[:first]])
    points: dict[int, float] = {}
    shared: dict[int, float] = {}
    opening = next((line for line in range(first) if line not in gone), first)
    for line in {opening, *range(max(0, first - REACH), first)}:
        text = page.text[line]
        if line in gone or page.words[line] <= KICKER_WORDS or not _headline(page, line):
            continue
        words = set(_WORD.findall(text.casefold()))
        if len(words) < 2:
            continue
        shared[line] = own = sum(map(body.__contains__, words)) / (len(words) + 1)
        own += 0.3 * any(0 < place - line <= NEAR for place in signed)
        own += 0.3 * (before.count(f"\n{text}") > 1)
        own += 0.2 * min(1.0, page.words[line] / 6) - 0.4 * text.endswith((".", "。"))
        points[line] = own + (0.2 if line == opening else -0.3 * (first - line) / REACH)
    best = max(points, key=lambda line: (points[line], -line), default=None)
    if best is None or points[best] < LEAST:
        return None
    while shared.get(best - 1, 0.0) >= SHARED:  # a standfirst under the headline says as much of the article
        best -= 1
    return _bare(page.text[best])


def _is_signature(verdict: Verdict | None) -> bool:
    return verdict is not None and not _SIGNATURE.isdisjoint(verdict.why.get("kinds", ()))


def _bare(line: str) -> str:
    """A headline without the names of section and site behind it."""
    head = _PARTS.split(line)[0]
    return head if line_words(head) > KICKER_WORDS and 2 * len(head) > len(line) else line
