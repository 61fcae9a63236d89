"""What is told about the author behind the article: paragraphs that begin with the author's full name, and the line of the name
over them. An article that speaks of its author itself keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import compress

from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_structure import State, Verdict

RULE = "boilerplate/structure/biography"
SURE = 0.9  # score from which a line goes
TOLD_WORDS = 8  # of a paragraph about the author,
FIRST_WORDS = 4  # whose name has no more words before it
PARAGRAPHS = 3  # of the article, before one about its author
LINES = 5  # about one author
BEHIND_LINES = 3  # between what is told about the author and the residue of the page, fewer than these
_WORD = re.compile(r"\w[\w'’-]*")
_QUOTE = re.compile(r"[\"“”„«»‘「『]")


def biographies(state: State) -> None:
    """Paragraphs at the end of a page, or right before its residue, about somebody whom its byline names."""
    page = state.page
    for name, said in sorted(_authors(state).items()):
        first = next((line for line in range(len(page)) if said < line and _is_about(page, line, name)), None)
        if first is None or sum(state.long[:first]) < PARAGRAPHS or _is_told(state, name, first):
            continue
        block = [*_over(state, first, name), first, *_under(state, first, name)]
        if len(block) <= LINES and _is_last(state, block[-1]):
            for line in block:
                state.add(line, Verdict(RULE, 0.93, {"category": "metadata", "author": name}))


def _authors(state: State) -> dict[str, int]:
    """The names of the authors, and where the page says each: in its byline, or alone right behind residue under the article."""
    found: dict[str, int] = {}
    for line, verdict in state.verdicts.items():
        for said in verdict.fields:
            if said.field == "authors" and said.score >= SURE and isinstance(said.value, list):
                named = verdict.score >= SURE and line < state.tail_start
                over = verdict.rule == RULE and line and _goes(state, line - 1)
                found |= {name: line for name in said.value if (named or over) and " " in name}
    return found


def _goes(state: State, line: int) -> bool:
    verdict = state.verdicts.get(line)
    return verdict is not None and verdict.score >= SURE


def _is_about(page: Page, line: int, name: str) -> bool:
    """Whether a paragraph has the name among its first words, and not in what somebody says."""
    text = page.text[line]
    at = text.find(name)
    if at < 0 or page.words[line] < TOLD_WORDS or not page.sentence[line]:
        return False
    before, behind = text[:at], text[at + len(name) : at + len(name) + 1]
    return len(before.split()) <= FIRST_WORDS and not behind.isalnum() and not _QUOTE.search(text)


def _is_told(state: State, name: str, first: int) -> bool:
    """Whether the article itself says the last word of the name."""
    last = name.split()[-1].casefold()
    return any(last in text.casefold() for text in compress(state.page.text[:first], state.long[:first]))


def _over(state: State, first: int, name: str) -> Iterator[int]:
    """The line of the name over a paragraph, and what stands between."""
    for line in (first - 1, first - 2, first - 3):
        if line < 0 or _goes(state, line):
            return
        if state.page.line(line).strip() == name:
            yield from range(line, first)
            return


def _under(state: State, first: int, name: str) -> Iterator[int]:
    """The paragraphs that follow and say a part of the name."""
    parts = set(name.casefold().split())
    for line in range(first + 1, len(state.page)):
        if _goes(state, line) or parts.isdisjoint(_WORD.findall(state.page.text[line].casefold())):
            return
        yield line


def _is_last(state: State, line: int) -> bool:
    """Whether the page ends behind a line, or its residue begins there, but for a line or two that are no paragraphs."""
    last = min(line + BEHIND_LINES, len(state.page) - 1)
    for other in range(line + 1, last + 1):
        if _goes(state, other) or state.long[other]:
            return not state.long[other]
    return last + 1 == len(state.page)
