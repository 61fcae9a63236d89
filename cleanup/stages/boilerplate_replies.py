"""Where readers begin to speak: behind a line that counts their answers and names the article ("34 responses to" its title).

Blog software writes such a line in every language. It says more than a number of comments alone, since no article has its own
title in it once more: so it ends the article however short that is beside what readers said of it.
"""

from __future__ import annotations

from collections.abc import Set

from cleanup.stages.boilerplate_rules import normal
from cleanup.stages.boilerplate_structure import State, Verdict

TITLES = 6  # first lines of a page that may be its title,
TITLE_WORDS = 3  # of so many words at least
OTHERS = 8  # words of such a line beside the title
RULE = "boilerplate/structure/replies"


def replies(state: State, said: Set[str]) -> None:
    """Everything from such a line on, where a paragraph of the article stands before it. `said`: words for answers, in their
    normal form."""
    page = state.page
    paragraph = state.head_end
    if paragraph + 1 >= len(page) or not page.long[paragraph]:
        return
    for number in range(min(paragraph, TITLES)):
        title = page.line(number)
        if page.words[number] < TITLE_WORDS or page.source.find(title, page.start[paragraph + 1]) < 0:
            continue
        for line in range(paragraph + 1, len(page)):
            text = page.line(line)
            if title in text and _counts(text, title, said):
                why = {"category": "comment", "title": title[:80]}
                for other in range(line, len(page)):
                    state.add(other, Verdict(RULE, 0.95 if other == line else 0.93, why))
                return


def _counts(text: str, title: str, said: Set[str]) -> bool:
    """Whether a line that holds a title counts answers to it."""
    before, _, behind = text.partition(title)
    words = normal(f"{before} | {behind}").split()
    return len(words) <= OTHERS and "#" in words and not said.isdisjoint(words)
