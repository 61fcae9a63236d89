"""What a residue line says about the article: authors, date, section, views ... Words come from the rule files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from cleanup.stages.boilerplate_dates import Calendar, Found
from cleanup.stages.boilerplate_glue import CJK_NAME, GLUE, Seams, hangul_names, item, unglued
from cleanup.stages.boilerplate_likely import UNITS, Likely
from cleanup.stages.boilerplate_lines import words
from cleanup.stages.boilerplate_openings import LETTERS, Openings, any_of, counted, prefix, suffix
from cleanup.stages.boilerplate_persons import is_person, titled
from cleanup.stages.boilerplate_suspects import EDGES, PARTICLES, Suspicion, phrases

FEW, LINES = 64, 2048  # remembered readings
FOREIGN_WORDS = 4  # of a part that says something else than the others
LABEL_CHARS = 32  # of what introduces a date
SIGNED_CHARS = 5  # least behind a date that says by whom
MAX_WORDS = 24  # a longer line is prose, whatever it starts with
_SEPARATORS = re.compile(
    r"\s+[|•·―—–/-]\s+|\s*[|•·]\s*|\s{3,}|\t|　|(?<=[^\W\d_]{2}),\s+(?=[^\W\d_]*\s?\d)|(?<=\d{4}),\s+(?=[^\W\d_]{3})"
)
_CJK_SPACED = re.compile(r"[\u4e00-\u9fff々]{1,3}[ 　][\u3041-\u30ff\u4e00-\u9fff々]{1,4}")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_COUNTED = re.compile(r"([^\d|•@()]{4,60}?)\s*(\d.*)$")
_DIGIT = re.compile(r"\d")
_PRICE = re.compile(r"[$£€]\s?\d|\d\s?€")
_SPACED = re.compile(r"\s")
_NUMBERS = re.compile(r"\d+")
_INITIALS = re.compile(r"[^\W\d_]{2,4}")  # behind a name: "Ann Lee/kra"
_LISTED = re.compile(r"[,;/|]")
_BRACKETS = re.compile(r"[(（][^()（）]{0,60}[)）]\s*$")  # place and role behind a name
_HANDLE = re.compile(r"\S+@\S+|@\w+|https?://\S+|\(.*?\)|（.*?）")


class Value(msgspec.Struct, frozen=True):
    """One field found in a line, with the page's own words for it."""

    field: str
    value: Any
    wording: str
    late: bool = False  # a date of change rather than of publication


class Reading(msgspec.Struct):
    """What a line of metadata says."""

    values: list[Value]
    kinds: set[str]  # which kinds of parts it has: author, date, ago, reading, views, comments, time

    loose: bool = False  # only where metadata is looked for, since a caption could say it, too

    def __contains__(self, kind: str) -> bool:
        return kind in self.kinds

    @property
    def sure(self) -> bool:
        """Whether a line that says this is metadata wherever it stands."""
        return not self.loose and (len(self.kinds - {"time"}) > 1 or bool(self.kinds & {"ago", "reading", "views"}))


class Vocabulary:
    """The words by which pages introduce their metadata, of all languages together. Immutable but for readings it remembers."""

    def __init__(self, tables: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self.calendar = Calendar.of(tables)
        self._find = lru_cache(FEW)(self.calendar.find)  # a line and its only part are the same
        self.read = lru_cache(LINES)(self._read)  # the same lines stand on many pages of a site
        self.persons = lru_cache(LINES)(self._persons)
        self.agencies = {entry.casefold() for table in tables.values() for entry in table.get("agencies", ())}
        self._author = prefix(tables, "author")
        self._others = prefix(tables, "others")  # who names introduced by them are is somebody else than the author
        self._behind = suffix(tables, "author-behind")
        self._tables = tables
        self._and = re.compile(any_of(phrases(tables, "and")) + r"(?!\.)", re.IGNORECASE)  # "E." is an initial
        joins = phrases(tables, "and")
        self._joins = {phrase for phrase in joins if phrase.isalpha() and ord(phrase[0]) < 0x2E80}
        self._join_marks = [phrase for phrase in joins if phrase not in self._joins]
        self._dated = prefix(tables, "published", "updated")
        self._dating = Openings(phrases(tables, "published", "updated"))
        self._counting = Openings(phrases(tables, "reading", "views", "comments"))
        self._seams = Seams(phrases(tables, "published", "updated"), phrases(tables, "reading"))
        self._changed = prefix(tables, "updated")
        self._source = prefix(tables, "source")
        self._roles = {entry.casefold() for table in tables.values() for entry in table.get("roles", ())}
        self._no_name = {entry.casefold() for table in tables.values() for entry in table.get("no-name", ())}
        self.suspicion = Suspicion(tables)
        self._role_words = _word_set(role for role in self._roles if not _SPACED.search(role))
        joined = {*phrases(tables, "and", "author", "published", "updated"), *self.agencies, *PARTICLES}
        numbers = {number for phrase in joined for number in _NUMBERS.findall(phrase)}
        saying = {*joined, *self.calendar.words, *phrases(tables, "reading", "views", "comments", "others", "source")}
        sets: dict[str, Iterable[str]] = {"role": self._role_words, "no-name": self._no_name, "said": _word_set(saying) | UNITS}
        sets |= {"join": self._joins, "joining-sign": self._join_marks, "beside": _word_set(joined) | numbers}
        sets |= {"author": phrases(tables, "author", "source"), "counted": _word_set(phrases(tables, "reading"))}
        sets |= {"agency": self.agencies, "label": phrases(tables, "published", "updated")}
        sets |= {"behind": _word_set(phrases(tables, "author-behind")), "unit": self.calendar.units, "ago": self.calendar.ago}
        self.likely = Likely(sets)
        self._ignored = {entry.casefold() for table in tables.values() for entry in table.get("uncategorized", ())}

    @cached_property
    def _counts(self) -> dict[str, re.Pattern[str]]:
        """How counts are written: patterns so large that they are made when a line is first read."""
        return {kind: counted(self._tables, kind) for kind in ("reading", "views", "comments")}

    def _read(self, line: str, crawled: str = "") -> Reading | None:
        """The metadata a line consists of; None when it says anything else as well."""
        if len(line) > 200 or words(line) > MAX_WORDS or _PRICE.search(line):
            return None
        line = self._seams.part(line)
        if self._introduced(line):
            line = _BRACKETS.sub("", line)
        parts = list(_parts(line))
        reading = Reading([], set())
        if self._date(line.strip(EDGES), reading, line) or self._ago(line, reading, crawled):
            return reading  # one date, whatever commas it has
        whole = _HANGUL.search(line) is not None and "·" in line and self._part(line, reading, crawled)  # names have dots between
        unknown = [] if whole else [part for part in parts if not self._part(part, reading, crawled)]
        if not reading.kinds:
            return self._named_and_counted(line, crawled)
        if len(unknown) > len(reading.kinds) + bool(unknown and self._is_name(unknown[0])) or any(
            words(part) > FOREIGN_WORDS for part in unknown
        ):
            return None
        if unknown and not self._settle_unknown(unknown, reading, self._introduced(line)):
            return None
        return reading

    def _named_and_counted(self, line: str, crawled: str) -> Reading | None:
        """A name and, without anything between, when or how long: "Ann Lee 2 minutes read", "Bo Ek3 hours ago"."""
        match = _COUNTED.match(line)
        name = self._author.sub("", match[1], count=1) if match and self._introduced(match[1]) else match[1] if match else ""
        if self._dating.may_open(name) and (label := self._dated.search(name)) and label.end() == len(name):
            name = name[: label.start()]
        if not match or not self._is_name(name) or name.isupper():
            return None
        reading = Reading([Value("authors", [titled(name)], match[1])], {"author"}, loose=True)
        known = all(self._part(part, reading, crawled) for part in _parts(match[2]))
        return reading if known and reading.kinds & {"ago", "reading", "date"} else None

    def _settle_unknown(self, unknown: list[str], reading: Reading, introduced: bool) -> bool:
        """A name or a section beside other parts of a metadata line, a place or paper behind one that introduces its author;
        anything else is not one."""
        if len(reading.kinds) == 1 and not {"author", "date", "ago"} & reading.kinds:
            return False
        for part in unknown:
            names = [] if self._no_name_in(part) else self.names(part)
            if names and "author" not in reading and len(names[0].split()) > 1:
                reading.kinds.add("author")
                reading.values.append(Value("authors", names, part))
            elif len(reading.kinds) >= 2 and part[:1].isupper():
                sections = [one.strip() for one in part.split(",") if one.strip().casefold() not in self._ignored]
                if sections:
                    reading.values.append(Value("section", sections[0], part))
            elif len(reading.kinds) < 2 and not (introduced and part[:1].isupper()):
                return False
        return True

    def _part(self, part: str, reading: Reading, crawled: str) -> bool:
        """Read one part of a metadata line; False when it is none."""
        bare = part.strip(EDGES)
        if not bare:
            return True
        found = self._find(bare) if _DIGIT.search(bare) else None
        other = self._others.match(bare)
        beside = other if "author" in reading else None  # "Words by Ann Lee | Photographs by Bo Ek"
        if names := self.byline(self._before(bare, found)) or self._behind_date(bare, found) or self._named(bare, beside):
            reading.kinds.add("author")
            if people := [name for name in names if not self.is_role(name)]:  # "By Staff Reporter" says nobody
                reading.values.append(Value("editors" if other else "authors", people, part))
            if found and found.iso:
                reading.kinds.add("date")
                reading.values.append(Value("date", found.iso, part))
            return True
        if self._date(bare, reading, part):
            return True
        if "author" in reading and self.is_agency(bare):
            reading.values.append(Value("source", bare, part))
            return True
        if (match := self._source.match(bare)) and _is_source(bare[match.end() :]):
            reading.kinds.add("source")
            reading.values.append(Value("source", bare[match.end() :].strip(EDGES), part))
            return True
        if self._ago(bare, reading, crawled):
            return True
        for kind, pattern in self._counts.items() if _DIGIT.search(bare) and self._counting.may_open(bare) else ():
            if match := pattern.fullmatch(bare):
                reading.kinds.add(kind)
                if kind == "views":
                    number = re.sub(r"\D", "", match[0])
                    reading.values.append(Value("views", int(number), part))
                return True
        if self.calendar.is_time(bare):
            updated = self._dated.match(bare) and _DIGIT.search(bare)  # "Updated 09.42", on some day
            reading.kinds.add("ago" if updated else "time")
            return True
        return False

    def _ago(self, text: str, reading: Reading, crawled: str) -> bool:
        """Read a text that says nothing but how long ago; False when it says anything else."""
        told, day = self.calendar.relative(text, crawled)
        if told:
            reading.kinds.add("ago")
        if day:
            reading.values.append(Value("date", day, text))
        return told

    def _named(self, bare: str, label: re.Match[str] | None) -> list[str]:
        """The names behind a label, if there is one and it is a word of its own."""
        return self.names(bare[label.end() :]) if label and not bare[label.end() - 1 : label.end() + 1].isalnum() else []

    def _before(self, bare: str, found: Found | None) -> str:
        """What stands before a date, without the words that introduce it."""
        tokens = (bare[: found.start] if found else bare).split()
        while (
            found
            and tokens
            and (self._dated.fullmatch(tokens[-1]) or (tokens[-1].islower() and self.calendar.is_time(tokens[-1])))
        ):
            tokens.pop()
        return " ".join(tokens)

    def _behind_date(self, bare: str, found: Found | None) -> list[str]:
        """The names of a byline behind a date: "March 3, 2025 by Ann Lee"."""
        if not found or len(bare) - found.end < SIGNED_CHARS or not (match := self._author.search(bare, found.end)):
            return []
        alone = self.calendar.is_time(bare[found.end : match.start()]) and self._only_time(bare[: found.start])
        return self._named(bare, match) if alone else []

    def _date(self, bare: str, reading: Reading, part: str) -> bool:
        """Read a text that says nothing but when; False when it says anything else."""
        found = self._find(bare)
        if not found or not self.calendar.is_time(bare[found.end :]) or not self._only_time(bare[: found.start]):
            return False
        reading.kinds.add("date")
        if found.iso:
            reading.values.append(Value("date", found.iso, part, self._changed.match(bare) is not None))
        return True

    def _only_time(self, before: str) -> bool:
        """Words of time, or one place name before the date ("Frankfurt, October 23")."""
        if self.calendar.is_time(before):
            return True
        place = before.rstrip().endswith((",", " -", " –"))
        if before.isascii() and not (place and self.calendar.others(before) <= 1):
            return False  # what introduces a date is written apart
        rest = (self._dated.sub("", before) if self._dating.may_open(before) else before).strip(EDGES)
        return self.calendar.is_time(rest) or (place and len(rest.split()) == 1 and rest[:1].isupper())

    def byline(self, text: str) -> list[str]:
        """The names of a byline: "By Ann Lee and Bo Ek", "김철수 기자"; empty when it is none."""
        match = self._author.match(text)
        if match and not (match[0][-1:].isalpha() and text[match.end() : match.end() + 1].isalnum()):  # not the start of a word
            return self.names(text[match.end() :])
        if self.suspicion.ends_behind(text) and (match := self._behind.search(text)):
            before = text[: match.start()]
            names = hangul_names(before) if _HANGUL.search(before) else self.names(before)
            return [name for name in names if name.casefold() not in self.agencies]
        return []

    def _persons(self, line: str) -> tuple[list[str], bool]:
        """The names a line consists of, without any word of introduction, and whether a role stands behind one of them."""
        text = item(line)
        known = set(LETTERS.findall(text.casefold()))
        glued = GLUE.search(text) is not None
        roles = glued or not self._role_words.isdisjoint(known)
        text = self._author.sub("", text, count=1) if self._introduced(text) else text
        text = unglued(text) if glued else text
        joined = self._may_join(text) if glued else not known.isdisjoint(self._joins) or self._has_mark(text)
        found: list[str] = []
        role = False
        for chunk in _LISTED.split(self._apart(text) if joined else text):
            name = chunk.strip(EDGES)
            if found and self._dated.fullmatch(name):
                role = True
                continue  # "Ann Lee | Published", the date in the next line
            tokens = name.split()
            cut = self._first_role(tokens) if roles else len(tokens)
            role = role or cut < len(tokens)
            while 2 < cut < len(tokens) and tokens[cut - 1].casefold() in self._no_name:
                cut -= 1  # "Ann Lee Lifestyle Writer"
            short = " ".join(tokens[:cut]).strip(EDGES)
            if (self._is_name(short) or _CJK_SPACED.fullmatch(short)) and (cut == len(tokens) or len(tokens) <= 9):
                found.append(titled(short))
            elif tokens and not (role and cut == 0) and not (found and _INITIALS.fullmatch(name)):
                return [], False
            if self._no_name_in(short) and short.casefold() not in self.agencies:
                return [], False
        return found, role and bool(found)

    def _first_role(self, tokens: Sequence[str]) -> int:
        return next((at for at, token in enumerate(tokens) if token.casefold().strip(EDGES) in self._roles), len(tokens))

    def _no_name_in(self, text: str) -> bool:
        """Whether a text holds a word that no name has."""
        return any(word.casefold().strip(EDGES) in self._no_name for word in text.split())

    def _introduced(self, line: str) -> bool:
        return self.suspicion.may_introduce(line) and self._author.match(line) is not None

    def _may_join(self, text: str) -> bool:
        """Whether a text holds one of the words that stand between names."""
        return not self._joins.isdisjoint(LETTERS.findall(text.casefold())) or self._has_mark(text)

    def _apart(self, text: str) -> str:
        """A text with a comma for what stands between names; a capital alone is an initial, unless all letters are capitals."""
        capitals = text.isupper()
        return self._and.sub(lambda word: word[0] if word[0].isupper() and len(word[0]) == 1 and not capitals else ",", text)

    def _has_mark(self, text: str) -> bool:
        return any(mark in text for mark in self._join_marks)

    def names(self, text: str) -> list[str]:
        """The persons (or agencies) a text names, when it names nothing else of length."""
        text = _HANDLE.sub(" ", text)
        found: list[str] = []
        for chunk in re.split(r"[,;/|、，]|\s[-–—]\s", self._apart(text) if self._may_join(text) else text):
            name = chunk.strip(EDGES)
            if not name:
                continue
            if found and name.split()[-1].casefold() in self._roles:
                continue  # "Ann Lee, Local Democracy Reporter"
            name = self._without_place(self._without_role(name))
            if self._is_name(name) or CJK_NAME.fullmatch(name):
                found.append(titled(name))
            elif not found or len(name.split()) > 5:
                return []
        return found

    def _without_role(self, name: str) -> str:
        """A name without the role glued behind it ("Ann LeeReporter"); a name that nothing is glued to stays as it is."""
        tokens = unglued(name).split()
        cut = next((at for at, token in enumerate(tokens) if token.casefold() in self._roles), len(tokens))
        for at in range(2, cut):
            if " ".join(tokens[at:]).casefold() in self.agencies:
                cut = at
                break
        return " ".join(tokens[:cut]) if 2 <= cut < len(tokens) else name

    def _without_place(self, name: str) -> str:
        """A name without the place or paper behind it: "Ann Lee in Paris", "Bo Ek for The Example"."""
        tokens = name.split()
        run = next((at for at, one in enumerate(tokens) if one[0].islower() and one not in PARTICLES), len(tokens))
        return " ".join(tokens[:run]) if 2 <= run <= 4 and 2 <= len(tokens) - run <= 4 else name

    def dates(self, line: str) -> bool:
        """Whether a line holds a word such as "published"."""
        return self._dating.may_open(line) and self._dated.search(line) is not None

    def labels_date(self, line: str) -> bool:
        """Whether a line is nothing but what introduces a date: "Published on:"."""
        return 0 < len(line) <= LABEL_CHARS and self._dated.fullmatch(line) is not None

    def introduces(self, line: str) -> bool:
        """Whether a line of a few words ends as a byline begins: "By", "Ein Kommentar von"."""
        tokens = line.casefold().split()
        return 0 < len(tokens) <= 4 and bool(self._author.fullmatch(tokens[-1]) or self._author.fullmatch(line))

    def is_agency(self, line: str) -> bool:
        """Whether a line is nothing but the name of an agency."""
        return line.casefold().strip(EDGES) in self.agencies

    def is_role(self, line: str) -> bool:
        """Whether a line is nothing but what somebody is: "Political Correspondent", "Corresponsal en París"."""
        words = [word.strip(EDGES) for word in line.split()]
        if not 0 < len(words) <= 4:
            return False
        known = [word.casefold() in self._roles for word in words]
        placed = len(words) > 2 and known[0] and words[1].islower() and len(words[1]) <= 3 and all(map(str.istitle, words[2:]))
        return placed or (known[-1] and sum(known) * 2 >= len(words))

    def listed(self, text: str) -> list[str]:
        """The names of a text that is a list of nothing else: "Ann Lee, Bo Ek"; as they stand when they look like no names."""
        return self.names(text) or [part for part in (one.strip(EDGES) for one in _LISTED.split(self._apart(text))) if part]

    def _is_name(self, name: str) -> bool:
        return name.casefold() in self.agencies or is_person(name)


def _is_source(text: str) -> bool:
    """Whether a text may name a source: a few words; in small letters, as sentences are, no more than two."""
    return 0 < words(text) <= (2 if text[:1].islower() else 4)


def _word_set(found: Iterable[str]) -> frozenset[str]:
    """All words of phrases."""
    return frozenset(word for phrase in found for word in LETTERS.findall(phrase.casefold()))


def _parts(line: str) -> Iterator[str]:
    for part in _SEPARATORS.split(line):
        if part and part.strip(EDGES):
            yield part.strip()
