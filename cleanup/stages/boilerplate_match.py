"""Which rules match which lines of a batch: by how a line begins, by pieces of words, and only then by expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property, reduce
from itertools import count
from operator import attrgetter, or_

import msgspec
import numpy as np
import numpy.typing as npt

from cleanup.stages.boilerplate_characters import CJK
from cleanup.stages.boilerplate_lines import SHORT, Ints, Lines, words
from cleanup.stages.boilerplate_phrases import Beginnings, Found, Pieces
from cleanup.stages.boilerplate_regex import Expression, Match, search_column
from cleanup.stages.boilerplate_rules import Book, Named, fold, normal

LINES = 4096  # whose rules are remembered
ZONES = {"any": 1, "head": 2, "tail": 4, "not-first": 8}
EVERYWHERE = 15  # the sum of them
BUTTON_WORDS = 4
EXACT_CHARS = 160  # no exact form is longer
_PATTERN = re.compile(r"[^\W\d_]+|#|\*")
_SIGNS = re.compile(r"[\d#*]")
_RAW = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)*")
_OPEN = re.compile(rf"[{CJK}\uac00-\ud7a3]")  # scripts in which a word may go on without a space


class Hit(msgspec.Struct, frozen=True):
    """A rule that matches a line. `span` (in the line) is what a `strip` takes out or a metadata value is read from."""

    named: Named
    span: tuple[int, int] | None = None
    weight: int = 0  # characters the pattern accounts for: the more specific rule wins


class Glob(msgspec.Struct, frozen=True, dict=True):
    """A wildcard or prefix pattern: literal pieces in order, `*` between them; an empty first or last piece is open."""

    pieces: tuple[str, ...]

    @classmethod
    def of(cls, pattern: str, prefix: bool) -> Glob:
        """Compile a pattern; a prefix is open behind."""
        if prefix and pattern.isascii() and not _SIGNS.search(pattern) and (form := normal(pattern)):
            return cls((f" {form} ", ""))
        text = " ".join(_PATTERN.findall(fold(pattern))) + (" *" if prefix else "")
        pieces = [_fence(piece.strip()) for piece in text.split("*")]
        if pieces[0]:
            pieces[0] = " " + pieces[0].lstrip()
        if pieces[-1]:
            pieces[-1] = pieces[-1].rstrip() + " "
        return cls(tuple(pieces))

    @cached_property
    def words(self) -> list[str]:
        """The words of its pieces."""
        return [word for piece in self.pieces for word in piece.split() if word != "#"]

    @cached_property
    def is_prefix(self) -> bool:
        """Whether it says nothing but how a line begins."""
        return bool(self.pieces[0].strip()) and self.pieces[1:] == ("",)

    @property
    def size(self) -> int:
        """Characters of all its pieces."""
        return sum(len(piece) for piece in self.pieces)

    def match(self, padded: str) -> bool:
        """Whether the pattern fits a normal form that has a space before and behind it. Leftmost pieces: linear time."""
        at = len(self.pieces[0].rstrip())
        if not padded.startswith(self.pieces[0]):
            return False
        for piece in self.pieces[1:-1]:
            if piece:
                found = padded.find(piece, at)
                if found < 0:
                    return False
                at = found + len(piece.rstrip())
        last = self.pieces[-1]
        return not last or (padded.endswith(last) and len(padded) - len(last) >= at)

    def behind(self, line: str) -> int:
        """Offset in the raw line behind the first piece."""
        tokens = self.pieces[0].split()
        for number, found in enumerate(_RAW.finditer(line), 1):
            if number == len(tokens):
                return found.start() + len(tokens[-1]) if _OPEN.search(tokens[-1]) else found.end()
        return 0


def _fence(piece: str) -> str:
    """A space on each side that has to end a word; scripts that write without spaces are not fenced."""
    return f" {piece} " if piece and not _OPEN.search(piece) else piece


class Entry(msgspec.Struct, frozen=True):
    """A wildcard or prefix, or a regex that is tried where the glob fits."""

    glob: Glob | None
    named: Named
    zones: int
    number: tuple[bool, int] = (False, 0)  # among those that a line's beginning leads to, by which they are tried in order
    regex: str | None = None
    expression: Expression | None = None


class Phrase(msgspec.Struct):
    """What the beginning of a normal form leads to: rules of which it is all, and entries that begin so."""

    form: str
    exact: list[tuple[Named, int]] = []  # and their zones
    entries: list[Entry] = []
    limits: tuple[int, int] = (0, 0)  # the most words of a line that any of the entries, or of the exact rules, fits
    zones: int = 0

    def lead(self, named: Named, zones: int, entry: Entry | None = None) -> None:
        """Lead to an entry, or to an exact rule, too."""
        most, whole = self.limits
        self.zones |= zones
        if entry is None:
            self.exact.append((named, zones))
            self.limits = most, max(whole, named.rule.max_words)
        else:
            self.entries.append(entry)
            self.limits = max(most, named.rule.max_words), whole


def zones_of(named: Named) -> int:
    """Zones of a page in which a rule is valid. What a caption is, is asked everywhere."""
    return EVERYWHERE if named.rule.category == "caption" else ZONES[named.rule.zone]


def zones(lines: Lines) -> npt.NDArray[np.uint8]:
    """Zones in which each line is; a first one of few words may be a button, too, which those behind it have to tell."""
    number = np.arange(len(lines)) - lines.first[lines.doc]
    head, _, tail = lines.edges[:, lines.doc]
    found: Ints = ZONES["any"] + ZONES["head"] * (number < head) + ZONES["tail"] * (number >= tail)
    return (found + ZONES["not-first"] * ((number > 0) | (lines.words <= BUTTON_WORDS))).astype(np.uint8)


Tried = tuple[list[Hit], list[Entry]]  # rules that match a line, and entries whose expression another engine has to try


class Matcher:
    """The rules of a book, indexed. Immutable once made, but for the lines whose rules it remembers.

    Three ways lead to a rule: the whole line (exact forms), its first words (prefixes, wildcards and regexes that say how a
    line `starts`), and pieces of words somewhere in it (what a regex `needs`, a wildcard's longest word).
    """

    def __init__(self, book: Book) -> None:
        self._led: dict[str, Phrase] = {}
        self._numbers = count()
        self._inner: dict[str, list[Entry]] = {}
        for named in book.rules:
            patterns = named.rule.patterns
            valid = zones_of(named)
            for pattern in ["|".join(f"(?:{one})" for one in patterns)] if named.rule.match == "regex" else patterns:
                self._add(named, valid, pattern)
        self._known: dict[tuple[str, int], Tried] = {}  # the same lines stand on many pages of a site
        self._always = self._inner.pop("", [])
        self._phrases = list(self._led.values())
        self._beginnings = Beginnings(list(self._led))
        self._limits = np.array([phrase.limits for phrase in self._phrases], np.int64).reshape(-1, 2)
        self._needed = [self._inner[need] for need in sorted(self._inner)]
        self._pieces = Pieces(sorted(self._inner))
        self._most = np.array([max(one.named.rule.max_words for one in found) for found in self._needed], np.int64)
        self._zones = np.array([phrase.zones for phrase in self._phrases], np.uint8)
        self._needed_zones = np.array([reduce(or_, (one.zones for one in found)) for found in self._needed], np.uint8)

    def _add(self, named: Named, valid: int, pattern: str) -> None:
        rule = named.rule
        if rule.match == "exact":
            form = f"{normal(pattern)} "
            if form in self._led:
                self._led[form].lead(named, valid)
            else:
                self._led[form] = Phrase(form, [(named, valid)], [], (0, rule.max_words), valid)
        elif rule.match == "regex":
            expression = None if named.layer else Expression(rule.patterns)  # None: a user's, for the other engine
            for start in rule.starts:
                self._add_glob(Glob.of(start, True), named, valid, pattern, expression)
            for need in rule.needs or ([] if rule.starts else [""]):
                entry = Entry(None, named, valid, regex=pattern, expression=expression)
                self._inner.setdefault(fold(need), []).append(entry)
        else:
            self._add_glob(Glob.of(pattern, rule.match == "prefix"), named, valid)

    def _lead(self, form: str) -> Phrase:
        found = self._led.get(form)
        if found is None:
            found = self._led[form] = Phrase(form)
        return found

    def _add_glob(
        self, glob: Glob, named: Named, valid: int, regex: str | None = None, expression: Expression | None = None
    ) -> None:
        first = glob.pieces[0].strip()
        if first or regex:
            number = (not first.isascii() and _OPEN.search(first) is not None, next(self._numbers))
            self._lead(glob.pieces[0][1:]).lead(named, valid, Entry(glob, named, valid, number, regex, expression))
        else:
            inner = " ".join(glob.pieces).replace("#", " ").split()
            need = max(inner, key=lambda one: len(one.encode()), default="")
            self._inner.setdefault(need, []).append(Entry(glob, named, valid, regex=regex, expression=expression))

    def match(self, lines: Lines, zones: npt.NDArray[np.uint8] | None = None) -> dict[int, list[Hit]]:
        """The rules that match each line; lines without any are left out. Of lines of more than `SHORT` characters only the
        beginning is looked at. `zones`: those of each line, other rules need not be told; with None of all."""
        zones = np.full(len(lines), EVERYWHERE, np.uint8) if zones is None else zones
        found: dict[int, list[Hit]] = {}
        foreign: dict[tuple[str, str], tuple[Named, list[tuple[int, str]]]] = {}
        rows, begun, held = self._candidates(lines, zones)
        begins, needs = _parted(begun, rows), _parted(held, rows)
        places = zip(rows.tolist(), lines.texts(rows), zones[rows].tolist(), lines.words[rows].tolist(), strict=True)
        for at, (row, text, zone, size) in enumerate(places):
            known = self._known.get((text, zone))
            if known is None:
                if len(self._known) >= LINES:
                    self._known.clear()
                known = self._known[text, zone] = self._tried(text, size, begins(at), needs(at), zone)
            hits, open_entries = known
            if hits:
                found[row] = hits
            for entry in open_entries:
                foreign.setdefault((entry.named.id, entry.regex or ""), (entry.named, []))[1].append((row, text))
        for (_, pattern), (named, lined) in foreign.items():
            for (row, text), match in zip(lined, search_column(pattern, [text for _, text in lined]), strict=True):
                if match:
                    found[row] = _in_order([*found.get(row, ()), _hit(named, text, match)])
        return dict(sorted(found.items())) if foreign else found

    def _candidates(self, lines: Lines, zones: npt.NDArray[np.uint8]) -> tuple[Ints, Found, Found]:
        """Lines that a rule may match, what they begin with, and pieces that they hold."""
        begun = self._beginnings.find(lines)
        row, phrase, whole = begun.T
        entries, exact = self._limits[phrase].T
        size = lines.words[row]
        begun = begun[((size <= entries) | ((whole > 0) & (size <= exact))) & (zones[row] & self._zones[phrase] > 0)]
        held = self._pieces.find(lines)
        row, need, _ = held.T
        held = held[(lines.words[row] <= self._most[need]) & (zones[row] & self._needed_zones[need] > 0)]
        flags = lines.short.copy() if self._always else np.zeros(len(lines), bool)
        flags[begun[:, 0]] = flags[held[:, 0]] = True
        return np.flatnonzero(flags), begun, held

    def _tried(self, text: str, size: int, begins: Sequence[Sequence[int]], needs: Sequence[Sequence[int]], zones: int) -> Tried:
        """The rules that match a line in some zones that begins with some phrases and has pieces that some rules need, and the
        entries whose expression another engine has to try. `size`: words of the line, of a narrow one without what a few wide
        signs add to them."""
        hits: list[Hit] = []
        entries: list[Entry] = []
        for _, number, whole in begins:
            phrase = self._phrases[number]
            entries += phrase.entries
            if whole and len(text) <= EXACT_CHARS:
                exact = [named for named, valid in phrase.exact if valid & zones and size <= named.rule.max_words]
                hits += [Hit(named, None, len(phrase.form)) for named in exact]
        if len(entries) > 1:
            entries.sort(key=_number)
        entries += self._always if len(text) <= SHORT else []
        for need in dict.fromkeys([need for _, need, _ in needs]) if needs else ():
            entries += self._needed[need]
        entries = [entry for entry in entries if entry.zones & zones and size <= entry.named.rule.max_words]
        found, others = self._judge(text, entries, hits) if entries else (_in_order(hits), [])
        if (found or others) and not text.isascii():
            size = words(text)
            found = [hit for hit in found if size <= hit.named.rule.max_words]
            others = [entry for entry in others if size <= entry.named.rule.max_words]
        return found, others

    def _judge(self, text: str, entries: Sequence[Entry], hits: list[Hit]) -> Tried:
        """The rules that match a line, and the entries whose expression another engine has to try."""
        others: list[Entry] = []
        folded = padded = ""
        tried: set[int] = set()
        for entry in entries:
            if entry.glob and not entry.glob.is_prefix:
                folded = folded or fold(text)
                if not all(word in folded for word in entry.glob.words):
                    continue  # which costs less to see than its normal form
                padded = padded or f" {normal(text)} "
                if not entry.glob.match(padded):
                    continue
            if entry.regex is None:
                assert entry.glob is not None
                hits.append(Hit(entry.named, (entry.glob.behind(text), len(text)), entry.glob.size))
            elif id(entry.named) not in tried:
                tried.add(id(entry.named))
                if entry.expression is None:
                    others.append(entry)
                elif match := entry.expression.search(text):
                    hits.append(_hit(entry.named, text, match))
        return _in_order(hits), others


def _parted(found: Found, rows: Ints) -> Callable[[int], list[list[int]]]:
    """What is found in each of some lines, by its number among them."""
    edges = np.searchsorted(found[:, 0], np.append(rows, np.iinfo(np.int32).max)).tolist()
    listed: list[list[int]] = found.tolist()
    return lambda at: listed[edges[at] : edges[at + 1]]


_number = attrgetter("number")


def _precedence(hit: Hit) -> tuple[int, int, int]:
    return (-hit.named.layer, -hit.weight, hit.named.rank)


def _in_order(hits: list[Hit]) -> list[Hit]:
    """One hit a rule, the most telling first."""
    if len(hits) < 2:
        return hits
    found: dict[str, Hit] = {}
    for hit in sorted(hits, key=_precedence):
        found.setdefault(hit.named.id, hit)
    return list(found.values())


def _hit(named: Named, text: str, match: Match) -> Hit:
    """What an expression matched: what is stripped, or a value, which is the group's or else what stands behind the match."""
    span = (match.start, match.stop) if named.rule.action == "strip" else match.value or (match.stop, len(text))
    return Hit(named, span, match.stop - match.start)
