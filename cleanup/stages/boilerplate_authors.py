"""Whose article it is: lines that are nothing but names, notes about authors, and the choice among all that a page says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress

import msgspec

from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_structure import Said, State, Verdict
from cleanup.stages.boilerplate_told import stops

BIOGRAPHY_LINES = 12  # what stands under the article about its author
BIOGRAPHY_CHARS = 60
NOTE_LINES = 40  # a note about the author stands in so many last lines of the page,
NOTE_WORDS = 60  # has at most so many words,
NOTE_CHARS = 8  # and so many characters more than the name
MARKS = "*•–—- "  # before it
SIGNATURE_LINES = 6  # a signature stands so many lines behind the last paragraph
SIGNATURE_CHARS = 48
LETTER_WORDS = 6  # least of a sentence of a letter behind it
TOGETHER = 2  # lines from one of several authors to the next
FIRST_LINES = 6  # where a name needs no witness
AGENCY = 0.75  # of the score of a person: what is left to an agency
ELSEWHERE = 0.85  # .. to a byline in the middle of the text, which may be that of a teaser
INSIDE = 0.97  # .. to one between its first paragraphs
BEHIND = 0.96  # .. to one under the article
_ENDED = frozenset({"related", "comment"})
_SAYING = frozenset({"date", "ago", "reading", "comments", "views"})
_SIGNED = re.compile(r"^[-–—―~(（/]\s?|/[^\W\d_]{2,4}$")  # "— Ann Lee", "Ann Lee/kra"
_ARTICLES = frozenset(
    ("the", "a", "an", "der", "die", "das", "ein", "eine", "le", "la", "les", "un", "une", "el", "los", "las", "il", "lo")
)
_WORD = re.compile(r"[^\W\d_]+")
_ITEM = re.compile(r"[•·▪■*(\[]|\d")
Persons = Mapping[int, tuple[list[str], bool]]  # line -> names, and whether a role stands behind one


def closed(state: State) -> int:
    """The first line behind the article that ends its surroundings: other articles or comments follow."""
    for line in range(state.tail_start, len(state.page)):
        verdict = state.verdicts.get(line)
        if verdict and verdict.why.get("category") in _ENDED:
            return line
    return len(state.page)


def may_sign(state: State, line: int, chars: int, tail: int) -> bool:
    """Whether a line of so many characters may be a signature, or the head of a biography, by its place behind the article."""
    if chars <= SIGNATURE_CHARS and tail <= line < tail + SIGNATURE_LINES:
        return True
    return chars <= BIOGRAPHY_CHARS and line >= len(state.page) - BIOGRAPHY_LINES


class Writers:
    """The search for the authors of one page."""

    def __init__(self, state: State, vocabulary: Vocabulary, head: range, tail: range) -> None:
        self.state = state
        self.page: Page = state.page
        self.vocabulary = vocabulary
        self.head = head
        self.tail = tail
        self.closed = closed(state)

    @cached_property
    def prose(self) -> str:
        """The article's paragraphs."""
        return "\n".join(["", *compress(self.page.text, self.state.long), ""])

    @cached_property
    def _low(self) -> str:
        return self.prose.casefold()

    def _writes(self, word: str) -> bool:
        """Whether the article has a whole word that begins with a small letter."""
        at = self.prose.find(word) if word[0].islower() else -1
        while at >= 0 and (_WORD.match(self.prose, at - 1) or _WORD.match(self.prose, at + len(word))):
            at = self.prose.find(word, at + 1)
        return at >= 0

    def find(self, persons: Persons) -> None:
        """Add what lines of names say, then leave one statement about the authors: the best."""
        head = {line: found for line, found in persons.items() if line in self.head}
        self._names(head)
        self._chains({line: names for line, (names, _) in head.items()})
        self._signature({line: names for line, (names, _) in persons.items() if line in self.tail})
        self._biography({line: names for line, (names, _) in persons.items() if line >= len(self.page) - BIOGRAPHY_LINES})
        self._choose()

    def _names(self, found: Persons) -> None:
        """A line that is nothing but a person's name, beside the date or role and not what the article is about."""
        for line, (names, role) in found.items():
            known, beside = self.state.verdicts.get(line), self._beside(line)
            if known and not (beside and self._is_agency(names[0])):
                continue
            near = beside or [other for other in (line - 2, line + 2) if self._says_metadata(other)]
            if self._is_address(line) and not role:
                continue
            if self._is_told(line, names) or (not beside and (self._is_said(names) or _ITEM.match(self.page.line(line)))):
                continue
            names = [self._trimmed(name) for name in names] if role else names
            # A title-case subhead looks like a name, too: common words in a line speak against it, and then it needs a witness.
            common = [self._is_common(word) for name in names for word in name.split()]
            if all(common) or not (near or role or (self._is_set_apart(line) and not any(common))):
                continue
            self._say(line, names, 0.93 if near or role else 0.7, {"beside": near})

    def _is_set_apart(self, line: int) -> bool:
        """Whether a line is one of the first, and neither signs what stands over it nor is an item of a list, or right over the
        article's first paragraph; and no place where something is on."""
        told = self.state.head_end < len(self.page)  # whether there is any paragraph
        if self.state.own or line > FIRST_LINES:
            return told and not self.state.own and line == self.state.head_end - 1
        over, under = (self._is_text_or_goes(other) for other in (line - 1, line + 1))
        signs = stops(self.page.line(line - 1)) and not under  # as a letter is signed
        return not signs and (over or under or (told and line == 1))

    def _is_text_or_goes(self, line: int) -> bool:
        """Whether a line is a sentence, or residue."""
        known = self.state.verdicts.get(line)
        return line < len(self.page) and (self.page.sentence[line] or (known is not None and known.score >= 0.9))

    def _chains(self, found: Mapping[int, list[str]]) -> None:
        """Names in the lines before and behind one that is an author's."""
        for step in (-1, 1):
            for line in sorted(found, reverse=step < 0):
                other = self.state.verdicts.get(line - step)
                if line in self.state.verdicts or not other or other.score < 0.9 or self._is_said(found[line]):
                    continue
                if any(said.field == "authors" for said in other.fields):
                    self._say(line, found[line], 0.93, {"beside": [line - step]})

    def _say(self, line: int, names: list[str], score: float, why: dict[str, object], name: str = "name-line") -> None:
        said = Said("authors", names, f"boilerplate/structure/{name}", score)
        self.state.add(line, Verdict(said.rule, score, {"category": "metadata", "kinds": ["author"], **why}, (said,)))

    def _beside(self, line: int) -> list[int]:
        """What makes a name a byline: the date or reading time in the next line (one that says the name again aside), or "By"."""
        page, found, said = self.page, [], self.page.line(line)
        for step in (-1, 1):
            other = line + step
            if 0 <= other < len(page) and page.line(other) == said:
                other += step
            introduced = step < 0 <= other and self.vocabulary.introduces(page.line(other))
            titled = step > 0 and self._is_titled(line)
            if introduced or titled or self._says_metadata(other):
                found.append(other)
        return found

    def _is_address(self, line: int) -> bool:
        """Whether a line names who speaks, or who is spoken to: "CUT TO:", "Hi Tom,"."""
        text = self.page.line(line)
        listed = self._is_titled(line) or _ITEM.match(text) or self.vocabulary.introduces(self.page.line(line - 1))
        return text.endswith(":") or (text.endswith(",") and not listed)

    def _is_titled(self, line: int) -> bool:
        """Whether the next line is a role."""
        return line + 1 < len(self.page) and self.vocabulary.is_role(self.page.line(line + 1))

    def _signature(self, found: Mapping[int, list[str]]) -> None:
        """A name, set off by a dash or alone, in the first lines behind the article, before any marker."""
        last = min(self.tail.start + SIGNATURE_LINES, self.closed)
        for line in sorted(line for line in found if self.tail.start <= line < last and line not in self.state.verdicts):
            text, names = self.page.line(line), found[line]
            marked = _SIGNED.search(text) is not None
            if len(text) > SIGNATURE_CHARS or len(names) > 3 or text[0].isdigit():
                continue
            if not (marked or (self._before(line) and not text.isupper())):
                continue
            if self._is_said(names) or any(self._is_common(word) for name in names for word in name.split()):
                continue
            if not self._goes_on(line, names):
                self._say(line, names, 0.92, {}, "signature")
            return

    def _goes_on(self, line: int, names: Sequence[str]) -> bool:
        """Whether behind a name sentences follow that do not tell of that person: the next letter, under its writer."""
        rest = [other for other in range(line + 1, self.closed) if other not in self.state.verdicts]
        told = [other for other in rest if self.page.sentence[other] and self.page.words[other] >= LETTER_WORDS]
        said = " ".join(self.page.line(other) for other in told[:2])
        return len(told) > 1 and not any(name.split()[-1] in said for name in names)

    def _before(self, line: int) -> bool:
        """Whether between the article and this line only lines stand that go."""
        return all(other in self.state.verdicts for other in range(self.tail.start, line))

    def _begins(self, line: int, name: str) -> bool:
        text = self.page.line(line)
        return text.startswith(name) and len(text) > len(name) + 20

    def _biography(self, found: Mapping[int, list[str]]) -> None:
        """A name behind the article with a text under it that begins with the name: the author, if nobody else is found."""
        for line, names in found.items():
            if len(self.page.line(line)) > BIOGRAPHY_CHARS or len(names) != 1:
                continue
            if any(self._begins(other, names[0]) for other in range(line + 1, min(line + 4, len(self.page)))):
                said = Said("authors", names, "boilerplate/structure/biography", 0.91)
                self.state.add(line, Verdict(said.rule, 0.0, {}, (said,)))
                return

    def _is_said(self, names: Sequence[str]) -> bool:
        """Whether a paragraph of the article says the last word of one of the names, as it does of those it is about; notes about
        the author aside."""
        return any(self._low.count(name.split()[-1].casefold()) > self._noted(name) for name in names)

    def _noted(self, name: str) -> int:
        """How often the last word of a name stands in the paragraphs that are notes about that person."""
        if self._low.find(name.casefold()) < 0:
            return 0
        notes = (self.page.text[line].casefold() for line in self._notes(name) if self.page.long[line])
        return sum(note.count(name.split()[-1].casefold()) for note in notes)

    def _is_told(self, line: int, names: Sequence[str]) -> bool:
        """Whether a sentence of the article has a name in full that is written in capitals, as the names of bodies are."""
        if not self.page.line(line).isupper() or self.vocabulary.introduces(self.page.line(line - 1)):
            return False
        sentences = (text for text, flag in zip(self.page.text[: self.tail.start], self.page.sentence, strict=False) if flag)
        return any(name in text for text in map(str.casefold, sentences) for name in map(str.casefold, names))

    def _trimmed(self, name: str) -> str:
        """A name without the field of a role behind it: "Ann Lee Cricket" of "Ann Lee Cricket Editor"."""
        tokens = name.split()
        while len(tokens) > 2 and self._is_common(tokens[-1]):
            tokens.pop()
        return " ".join(tokens)

    def _is_common(self, word: str) -> bool:
        """Whether the article writes a word with a small letter, as it does no name; words of a headline, too, say nothing."""
        if len(word) < 2 or word.casefold() in _ARTICLES:
            return True
        parts = _WORD.findall(word.lower())
        return bool(parts) and all(len(part) > 1 and self._writes(part) for part in parts)

    def _says_metadata(self, line: int) -> bool:
        verdict = self.state.verdicts.get(line)
        if verdict is None:
            return False
        return verdict.rule.endswith("/published-alone") or not _SAYING.isdisjoint(verdict.why.get("kinds", ()))

    def _choose(self) -> None:
        """Of all that is said about the authors the best is kept, with what the lines beside it say alike."""
        claims = [(self._weight(line, said), line, said) for line, said in self._claims()]
        if not claims:
            return
        best = max(claims, key=lambda claim: (claim[0], -abs(claim[1] - self.state.head_end)))
        group = [best]
        for step in (-1, 1):
            edge = best[1]
            for claim in sorted(claims, key=lambda one: step * one[1]):
                if 0 < step * (claim[1] - edge) <= TOGETHER and claim[0] >= 0.9 * best[0] and best[0] >= AGENCY:
                    group.append(claim)
                    edge = claim[1]
        names = {name.casefold(): name for _, _, said in sorted(group, key=lambda one: one[1]) for name in said.value}
        people = [name for mark, name in names.items() if mark not in self.vocabulary.agencies]
        fields = [Said("authors", people or list(names.values()), best[2].rule, best[2].score if best[0] else 0.0)]
        if people and len(people) < len(names):
            agency = next(name for mark, name in names.items() if mark in self.vocabulary.agencies)
            fields.append(Said("source", agency, best[2].rule, 0.9))
        for _, line, _ in claims:
            verdict = self.state.verdicts[line]
            kept = [said for said in verdict.fields if said.field not in ("authors", "editors")]
            self.state.verdicts[line] = msgspec.structs.replace(verdict, fields=(*kept, *(fields if line == best[1] else ())))

    def _notes(self, name: str) -> list[int]:
        """Lines with no paragraph behind them that begin with a name, and say more than that."""
        found: list[int] = []
        for line in range(len(self.page) - 1, max(self.state.body_start, len(self.page) - NOTE_LINES), -1):
            if line in self.state.verdicts and line >= self.closed:
                continue
            text = self.page.text[line].lstrip(MARKS)
            if text.startswith(name) and len(text) > len(name) + NOTE_CHARS and self.page.words[line] <= NOTE_WORDS:
                found.append(line)
            elif self.page.long[line] and line not in self.state.verdicts:
                break
        return found

    def _claims(self) -> Iterator[tuple[int, Said]]:
        for line, verdict in self.state.verdicts.items():
            for said in verdict.fields:
                if said.field in ("authors", "editors"):
                    names = said.value if isinstance(said.value, list) else self.vocabulary.listed(said.value)
                    if names:
                        yield line, msgspec.structs.replace(said, value=names)

    def _is_agency(self, name: str) -> bool:
        return self.vocabulary.is_agency(name) or name.split()[0].casefold() in _ARTICLES

    def _weight(self, line: int, said: Said) -> float:
        weight = said.score
        if said.field == "editors" or all(self._is_agency(name) for name in said.value):
            weight *= AGENCY
        if line in self.head:
            return weight if line <= self.state.head_end else weight * INSIDE
        if line < self.tail.start:
            return weight * ELSEWHERE
        return weight * BEHIND if line < self.closed or said.rule.endswith("biography") else 0.0
