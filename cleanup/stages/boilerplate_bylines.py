"""Who wrote it and when: the lines of metadata around an article, and those of a page that may be such lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from cleanup.stages.boilerplate_lines import Page, is_sentence, line_words
from cleanup.stages.boilerplate_metadata import Reading, Vocabulary
from cleanup.stages.boilerplate_structure import HEAD_LINES, Said, State, Verdict
from cleanup.stages.boilerplate_suspects import is_named

TAIL_LINES = 30
METADATA_CHARS = 200
METADATA_WORDS = 14  # of a line that ends as a sentence does
NAME_CHARS = 80
BYLINE_LINES = 10  # a byline stands within so many lines of running text
BIOGRAPHY_LINES = 12  # what stands under the article about its author
BIOGRAPHY_CHARS = 60
DATED_CHARS = 80
_ARTICLES = frozenset(
    ("the", "a", "an", "der", "die", "das", "ein", "eine", "le", "la", "les", "un", "une", "el", "los", "las", "il", "lo")
)


class Suspects(msgspec.Struct, frozen=True):
    """What the lines of a page may say about the article, wherever they stand."""

    readings: dict[int, Reading] = {}
    persons: dict[int, tuple[list[str], bool]] = {}  # names, and whether a role stands behind one
    told: tuple[int, ...] = ()  # lines that say when or who, whatever else they say

    def __bool__(self) -> bool:
        return bool(self.readings or self.persons or self.told)


def suspects(page: Page, vocabulary: Vocabulary, crawled: str) -> Suspects:
    """Short lines that are metadata, or nothing but names, if they stand where such lines stand."""
    readings, persons, told = {}, {}, []
    tail = len(page) - TAIL_LINES
    for line, text in enumerate(page.text):
        if len(text) > METADATA_CHARS:
            continue
        ends = is_sentence(text)
        if ends and line_words(text) > METADATA_WORDS:
            continue
        edge = line < HEAD_LINES or line >= tail
        tells = vocabulary.suspicion.tells(text, edge)
        if tells:
            told.append(line)
        if line == 0 < len(page) - 1 and "|" not in text and "•" not in text:
            continue  # the title, whatever it says, unless it is glued to metadata
        if tells and (reading := vocabulary.read(text, crawled)) and reading.kinds != {"time"}:
            readings[line] = reading
        if line and not ends and len(text) <= NAME_CHARS and (tells or (edge and is_named(text))):
            found = vocabulary.persons(text)
            if found[0]:
                persons[line] = found
    return Suspects(readings, persons, tuple(told))


def metadata(state: State, vocabulary: Vocabulary, found: Suspects) -> None:
    """Lines of metadata around the article: byline, date, views; within it only those that cannot be anything else."""
    page = state.page
    head = range(max(0, state.head_end - HEAD_LINES), state.body_start)
    tail = range(max(state.tail_start, state.body_start), min(len(page), state.tail_start + TAIL_LINES))
    for line, reading in found.readings.items():
        text = page.text[line]
        near = line in head or line in tail
        if state.long[line] or (not near and line_words(text) > 6 and is_sentence(text)):
            continue
        near = near or ("author" in reading and any(state.long[line + 1 : line + 1 + BYLINE_LINES]))
        if not (near or reading.sure):
            continue
        name = "boilerplate/structure/metadata-line"
        fields = tuple(Said(value.field, value.value, name, 0.95) for value in reading.values) if near else ()
        why = {"category": "metadata", "kinds": sorted(reading.kinds)}
        state.add(line, Verdict(name, 0.95, why, fields))
    _names(state, vocabulary, {line: persons for line, persons in found.persons.items() if line in head})
    _dates(state, vocabulary, [line for line in found.told if line < state.head_end])
    _biographies(state, {line: names for line, (names, _) in found.persons.items() if line >= len(page) - BIOGRAPHY_LINES})


def _names(state: State, vocabulary: Vocabulary, found: Mapping[int, tuple[list[str], bool]]) -> None:
    """A line that is nothing but a person's name, beside the date or role and not what the article is about."""
    page = state.page
    prose = ""
    for line, (names, role) in found.items():
        if line in state.verdicts:
            continue
        beside = _beside(state, vocabulary, line)
        near = beside or [other for other in (line - 2, line + 2) if _says_metadata(state, other)]
        if not beside and _is_said(state, names):
            continue
        prose = prose or " ".join(text for text, flag in zip(page.text, state.long, strict=True) if flag)
        # A title-case subhead looks like a name, too: without a witness nobody is made an author whose line holds common words.
        common = [_is_common(word, prose) for name in names for word in name.split()]
        if all(common) or not (near or role or (line <= 6 and not any(common))):
            continue
        score = 0.93 if near or role else 0.7
        said = Said("authors", names, "boilerplate/structure/name-line", score)
        state.add(line, Verdict(said.rule, score, {"category": "metadata", "kinds": ["author"], "beside": near}, (said,)))


def _dates(state: State, vocabulary: Vocabulary, head: Sequence[int]) -> None:
    """A date in a short line before the article that says something else, too: the line stays, the date is noted."""
    page = state.page
    for line in head:
        known = state.verdicts.get(line)
        text = page.text[line]
        if len(text) > DATED_CHARS or page.sentence[line] or (known and known.why.get("category") != "metadata"):
            continue
        found = vocabulary.calendar.find(text)
        if found and found.iso:
            said = Said("date", found.iso, "boilerplate/structure/date-in-line", 0.6)
            state.add(line, Verdict(said.rule, 0.0, {}, (said,)))
            return


def _beside(state: State, vocabulary: Vocabulary, line: int) -> list[int]:
    """What makes a name a byline: the date or reading time in the next line (one that says the name again aside), or "By"."""
    page = state.page
    found = []
    for step in (-1, 1):
        other = line + step
        if 0 <= other < len(page) and page.text[other] == page.text[line]:
            other += step
        if _says_metadata(state, other) or (step < 0 <= other and vocabulary.introduces(page.text[other])):
            found.append(other)
    return found


def _biographies(state: State, tail: Mapping[int, list[str]]) -> None:
    """A name behind the article with a text under it that begins with the name: the author, if nobody else is found."""
    page = state.page
    for line, names in tail.items():
        under = page.text[line + 1 : line + 4]
        if len(page.text[line]) > BIOGRAPHY_CHARS or len(names) != 1:
            continue
        if any(one.startswith(names[0]) and len(one) > len(names[0]) + 20 for one in under):
            said = Said("authors", names, "boilerplate/structure/biography", 0.91)
            state.add(line, Verdict(said.rule, 0.0, {}, (said,)))
            return


def _is_said(state: State, names: Sequence[str]) -> bool:
    """Whether a paragraph of the article says the last word of one of the names, as it does of those it is about."""
    last = [name.split()[-1].casefold() for name in names]
    return any(word in text.casefold() for text, flag in zip(state.page.text, state.long, strict=True) if flag for word in last)


def _is_common(word: str, prose: str) -> bool:
    """Whether the article writes a word with a small letter, as it does no name; words of a headline, too, say nothing."""
    return len(word) < 2 or word.casefold() in _ARTICLES or re.search(rf"\b{re.escape(word.lower())}\b", prose) is not None


def _says_metadata(state: State, line: int) -> bool:
    verdict = state.verdicts.get(line)
    return bool(verdict and {"date", "ago", "reading", "comments", "views"} & set(verdict.why.get("kinds", ())))
