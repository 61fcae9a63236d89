"""Dates that are the article's own: of what happened when, or from when to when something is on, not of its publication."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cleanup.stages.boilerplate_authors import closed
from cleanup.stages.boilerplate_metadata import Reading, Vocabulary
from cleanup.stages.boilerplate_structure import State
from cleanup.stages.boilerplate_told import one_way

DAYS = 2  # dates over a sentence each that make a page a chronicle
NUMBERS = 3  # least of two days, of which one has a year
SENTENCE_WORDS = 2  # least of such a sentence
_NUMBERS = re.compile(r"\d+")


def own_days(state: State, vocabulary: Vocabulary, readings: Mapping[int, Reading]) -> set[int]:
    """Lines that say nothing but days, and belong to what stands around them.

    From one day to another nothing is published. Days over a sentence each, one later than the other all the way up or down, are
    when that happened, but for one before all text that is the latest: the article's. Beside something that is on for a while
    other days are those of an event, but for one before all text.
    """
    found: set[int] = set()
    told: list[int] = []
    last = closed(state)
    for line, reading in sorted(readings.items()):
        text = state.page.line(line)
        if reading.kinds != {"date"} or ":" in text:
            continue  # something else, or a time of day
        over = line < last and _is_over(state, line)
        if not over and len(_NUMBERS.findall(text)) < NUMBERS:
            continue
        spans, beside = vocabulary.calendar.apart(text)
        if beside and (vocabulary.calendar.has_clock(beside) or vocabulary.dates(beside)):
            continue  # a time of day, or a word such as "published"
        if spans:
            found.add(line)
        elif over:
            told.append(line)
    days = [max((one.value for one in readings[line].values if one.field == "date"), default="") for line in told]
    if told and (found or days[0] == max(days)) and not any(state.page.sentence[: told[0]]):
        del told[0], days[0]
    if (found and told) or (len(days) >= DAYS and one_way(days)):
        inside = range(told[0], told[-1] + 1)
        found |= {line for line in inside if line in readings and "author" not in readings[line] and _is_over(state, line)}
    return found


def _is_over(state: State, line: int) -> bool:
    """Whether a sentence of some words stands right under a line, and no name or headline."""
    page, under = state.page, line + 1
    if under >= len(page) or under in state.verdicts:
        return False
    return page.sentence[under] and page.words[under] >= SENTENCE_WORDS
