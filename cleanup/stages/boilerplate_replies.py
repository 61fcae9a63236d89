"""Where readers begin to speak: behind a line that counts their answers and names the article ("34 responses to" its title), or
from the first of the lines on that say who wrote when ("Ann Lee on 3 May 2024 at 4:47 pm said:").

Blog software writes such lines in every language. They say more than a number of comments alone, since no article has its own
title in it once more, or says so of everybody: so they end the article however short that is beside what readers said of it.
"""

from __future__ import annotations

import re
from collections.abc import Set

from cleanup.stages.boilerplate_rules import normal
from cleanup.stages.boilerplate_structure import State, Verdict

TITLES = 6  # first lines of a page that may be its title,
TITLE_WORDS = 3  # of so many words at least
OTHERS = 8  # words of such a line beside the title
HEADS = 2  # readers of whom a page says that they said something: one may be quoted by the article
HEAD_WORDS = 14  # of such a line
TIME_CHARS = 60  # of a line that says nothing but when
RULE = "boilerplate/structure/replies"
_COLONS = (":", "：")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\d\d(?::\d\d)?\W*(?:(?:[ap]\.?m\.?|uhr|hs?|utc|gmt)\W*)?$", re.IGNORECASE)
_SIGNS = re.compile(r"^\W*(?:\d{1,4}[.)]\s)?\W*")


def replies(state: State, said: Set[str], says: Set[str]) -> None:
    """Everything from such a line on, where a paragraph of the article stands before it. `said`: words for answers, `says`: by
    which a reader's own is introduced; both in their normal form."""
    page = state.page
    paragraph = state.head_end
    if paragraph + 1 >= len(page) or not page.long[paragraph]:
        return
    line, why = _counted(state, paragraph, said) or _told(state, paragraph, says) or (len(page), {})
    for other in range(line, len(page)):
        state.add(other, Verdict(RULE, 0.95 if other == line else 0.93, {"category": "comment", **why}))


def _counted(state: State, paragraph: int, said: Set[str]) -> tuple[int, dict[str, str]] | None:
    """The first line that counts answers to the article by its title."""
    page = state.page
    for number in range(min(paragraph, TITLES)):
        title = page.line(number)
        if page.words[number] < TITLE_WORDS or page.source.find(title, page.start[paragraph + 1]) < 0:
            continue
        for line in range(paragraph + 1, len(page)):
            text = page.line(line)
            if title in text and _counts(text, title, said):
                return line, {"title": title[:80]}
    return None


def _counts(text: str, title: str, said: Set[str]) -> bool:
    """Whether a line that holds a title counts answers to it."""
    before, _, behind = text.partition(title)
    words = normal(f"{before} | {behind}").split()
    return len(words) <= OTHERS and "#" in words and not said.isdisjoint(words)


def _told(state: State, paragraph: int, says: Set[str]) -> tuple[int, dict[str, str]] | None:
    """The first of some lines that say who said something, and on which day at which time."""
    page = state.page
    found: list[int] = []
    for line in range(paragraph + 1, len(page)):
        if page.words[line] <= HEAD_WORDS and page.text[line].endswith(_COLONS) and _is_head(state, line, says):
            found.append(line)
            if len(found) == HEADS:
                return found[0], {"said": page.line(found[0])[:80]}
    return None


def _is_head(state: State, line: int, says: Set[str]) -> bool:
    """Whether a line says who said what stands under it, and it or the next one when."""
    page = state.page
    text = _SIGNS.sub("", page.line(line)).rstrip(":： ")
    word = max(filter(text.casefold().endswith, says), key=len, default="")  # "a dit", not the "dit" in it
    before = text[: len(text) - len(word)]
    if not word or not before[:1].isalpha() or (before[-1:].isalpha() and word.isascii()):
        return False
    if _is_time(before):
        return True
    following = page.line(line + 1) if line + 1 < len(page) else ""
    return len(following) <= TIME_CHARS and _is_time(following)


def _is_time(text: str) -> bool:
    """Whether a text has a year in it and ends in a time."""
    return _YEAR.search(text) is not None and _TIME.search(text) is not None
