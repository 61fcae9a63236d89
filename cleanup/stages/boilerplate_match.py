"""Which rules match which lines of a batch: by hash, by first characters, by pieces of words, and only then by expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec
import numpy as np
import polars as pl

from cleanup.stages.boilerplate_lines import CJK, Bools, words
from cleanup.stages.boilerplate_rules import Book, Named, fold, normal

KEY = 4  # characters of the second word that the vectorised index looks at
LEAD = 6  # characters of the normal form that the second index looks at
LEAD_CHARS = 60  # of a line, which hold that many
EXACT_CHARS = 160  # no exact form is longer
_PATTERN = re.compile(r"[^\W\d_]+|#|\*")
_RAW = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)*")
_OPEN = re.compile(rf"[{CJK}\uac00-\ud7a3]")  # scripts in which a word may go on without a space
# The first word of a line; of a short one also the start of the next, since many rules begin with "the" or "in".
_WORD = r"[\pL\pM\pN]"
_START = rf"^[^\pL\pM\pN]*({_WORD}{{5,40}}|{_WORD}{{1,4}}(?:[^\pL\pM\pN]+{_WORD}{{1,4}})?)"


class Hit(msgspec.Struct, frozen=True):
    """A rule that matches a line. `span` (in the line) is what a `strip` takes out or a metadata value is read from."""

    named: Named
    span: tuple[int, int] | None = None
    weight: int = 0  # characters the pattern accounts for: the more specific rule wins


class Glob(msgspec.Struct, frozen=True):
    """A wildcard or prefix pattern: literal pieces in order, `*` between them; an empty first or last piece is open."""

    pieces: tuple[str, ...]

    @classmethod
    def of(cls, pattern: str, prefix: bool) -> Glob:
        """Compile a pattern; a prefix is open behind."""
        text = " ".join(_PATTERN.findall(fold(pattern))) + (" *" if prefix else "")
        pieces = [_fence(piece.strip()) for piece in text.split("*")]
        if pieces[0]:
            pieces[0] = " " + pieces[0].lstrip()
        if pieces[-1]:
            pieces[-1] = pieces[-1].rstrip() + " "
        return cls(tuple(pieces))

    @property
    def literal(self) -> str:
        """The first piece, without the fence around it."""
        return self.pieces[0].strip()

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
        tokens = self.literal.split()
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
    regex: str | None = None


class Matcher:
    """The rules of a book, indexed. Immutable once made.

    Three ways lead to a rule: the whole line (exact forms, by hash), its first characters (prefixes, wildcards and regexes
    that say how a line `starts`), and pieces of words somewhere in it (what a regex `needs`, a wildcard's longest word).
    """

    def __init__(self, book: Book) -> None:
        self._exact: dict[str, list[Named]] = {}
        self._heads: dict[str, list[Entry]] = {}
        self._inner: dict[str, list[Entry]] = {}
        for named in book.rules:
            patterns = named.rule.patterns
            for pattern in ["|".join(f"(?:{one})" for one in patterns)] if named.rule.match == "regex" else patterns:
                self._add(named, pattern)
        globs = [entry.glob.literal for entries in self._heads.values() for entry in entries if entry.glob]
        self._first = {form.split(" ")[0] for form in (*self._exact, *globs)}
        self._alone = {literal for literal in globs if " " not in literal}
        self._pairs = {
            (first, rest[:size]) for form in (*self._exact, *globs) for first, rest in _second(form) for size in range(1, KEY + 1)
        }
        self._needs = _cases(self._inner)
        self._starts = lru_cache(1 << 16)(self._may_start)
        self._always = self._inner.get("", [])

    def _add(self, named: Named, pattern: str) -> None:
        rule = named.rule
        if rule.match == "exact":
            self._exact.setdefault(normal(pattern), []).append(named)
        elif rule.match == "regex":
            for start in rule.starts:
                glob = Glob.of(start, True)
                self._heads.setdefault(glob.literal[:LEAD], []).append(Entry(glob, named, pattern))
            for need in rule.needs or ([] if rule.starts else [""]):
                self._inner.setdefault(fold(need), []).append(Entry(None, named, pattern))
        else:
            glob = Glob.of(pattern, rule.match == "prefix")
            if glob.literal:
                self._heads.setdefault(glob.literal[:LEAD], []).append(Entry(glob, named))
            else:
                inner = " ".join(glob.pieces).replace("#", " ").split()
                self._inner.setdefault(max(inner, key=lambda one: len(one.encode()), default=""), []).append(Entry(glob, named))

    def match(self, texts: pl.Series) -> dict[int, list[Hit]]:
        """The rules that match each line, whatever their zone; lines without any are left out."""
        found: dict[int, list[Hit]] = {}
        regexes: dict[tuple[str, str], tuple[Named, set[int]]] = {}
        lead, inner = self.flagged(texts)
        needs = self._found_needs(texts, inner)
        rows = np.union1d(lead.nonzero()[0], inner.nonzero()[0])
        for row, text in zip(rows.tolist(), texts.gather(rows).to_list(), strict=True):
            entries = [*(self._leading(text) if lead[row] else ()), *self._always]
            for need in needs.get(row, ()):
                entries += self._inner[need]
            form = normal(text) if entries or (lead[row] and len(text) <= EXACT_CHARS) else ""
            hits = [Hit(named, None, len(form) + 1) for named in self._exact.get(form, ())] if form else []
            padded = f" {form} "
            for entry in entries:
                if entry.glob and not entry.glob.match(padded):
                    continue
                if entry.regex is not None:
                    regexes.setdefault((entry.named.id, entry.regex), (entry.named, set()))[1].add(row)
                elif entry.glob:
                    hits.append(Hit(entry.named, (entry.glob.behind(text), len(text)), entry.glob.size))
            if hits:
                count = words(text)
                found[row] = [hit for hit in hits if count <= hit.named.rule.max_words]
        for (_, pattern), (named, numbers) in regexes.items():
            for row, hit in _run(pattern, named, sorted(numbers), texts):
                found.setdefault(row, []).append(hit)
        return {
            row: sorted({hit.named.id: hit for hit in reversed(hits)}.values(), key=_precedence)
            for row, hits in found.items()
            if hits
        }

    def flagged(self, texts: pl.Series) -> tuple[Bools, Bools]:
        """Lines that a rule could match by how they start, and by what they hold: sound, and cheap."""
        start = texts.str.extract(_START).fill_null("")
        good = [one for one in start.unique().to_list() if self._starts(one)]
        lead = start.is_in(good).to_numpy()
        pieces = list(self._needs)
        inner = texts.str.contains_any(pieces, ascii_case_insensitive=True).to_numpy() if pieces else np.zeros(len(texts), bool)
        return lead, inner | bool(self._always)

    def _found_needs(self, texts: pl.Series, inner: Bools) -> dict[int, list[str]]:
        """Which needs each of the flagged lines holds."""
        rows = inner.nonzero()[0]
        if not len(rows) or not self._needs:
            return {}
        column = texts.gather(rows).str.extract_many(list(self._needs), ascii_case_insensitive=True, overlapping=True)
        needs = self._needs
        return {
            row: list(dict.fromkeys(needs.get(one) or needs[one.lower()] for one in found))
            for row, found in zip(rows.tolist(), column.to_list(), strict=True)
            if found
        }

    def _may_start(self, start: str) -> bool:
        """Whether a rule could match a line that starts so."""
        first, _, rest = normal(start).partition(" ")
        if (
            not first
            or first in self._alone
            or (_OPEN.match(first) and any(first[:size] in self._first for size in range(1, len(first))))
        ):
            return True
        return (first, rest[:KEY].split(" ")[0]) in self._pairs if rest and first != "#" else first in self._first

    def _leading(self, text: str) -> list[Entry]:
        """The entries that the first characters of a line lead to."""
        form = normal(text[:LEAD_CHARS])
        found: list[Entry] = []
        for size in range(min(1, len(form)), min(LEAD, len(form)) + 1):
            found += self._heads.get(form[:size], ())
        return found


def _second(form: str) -> Iterator[tuple[str, str]]:
    """The first word of a form and what starts the second, if there is one."""
    parts = form.split(" ", 2)
    if len(parts) > 1:
        yield parts[0], parts[1]


def _cases(needs: Iterable[str]) -> dict[str, str]:
    """The pieces to look for: as they are, and where they have letters beyond ASCII in the other ways to write them, too."""
    found: dict[str, str] = {}
    for need in sorted(needs):
        for form in {need} if need.isascii() else {need, need.upper(), need.capitalize(), need.title()}:
            if form:
                found.setdefault(form, need)
    return found


def _precedence(hit: Hit) -> tuple[int, int, int]:
    return (-hit.named.layer, -hit.weight, hit.named.rank)


def _run(pattern: str, named: Named, rows: list[int], texts: pl.Series) -> Iterator[tuple[int, Hit]]:
    """One expression over the lines that have what it needs. The value is group `value`, else what stands behind the match."""
    column = texts.gather(rows)
    groups = column.str.extract_groups(f"(?i)^(?P<_before>.*?)(?P<_match>{pattern})(?P<_behind>.*)$").to_list()
    for row, text, parts in zip(rows, column.to_list(), groups, strict=True):
        if parts["_match"] is None or words(text) > named.rule.max_words:
            continue
        start = len(parts["_before"])
        stop = start + len(parts["_match"])
        if named.rule.action != "strip":
            value = parts.get("value")
            start, stop = (stop, len(text)) if value is None else _inside(text, value, start)
        yield row, Hit(named, (start, stop), len(parts["_match"]))


def _inside(text: str, value: str, start: int) -> tuple[int, int]:
    at = max(text.find(value, start), 0)
    return at, at + len(value)
