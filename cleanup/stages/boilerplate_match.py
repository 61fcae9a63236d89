"""Which rules match which lines of a batch: by hash, by first characters, by pieces of words, and only then by expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import msgspec
import numpy as np

from cleanup.stages.boilerplate_glance import NEVER, Glance, Heads, Pieces
from cleanup.stages.boilerplate_lines import CJK, words
from cleanup.stages.boilerplate_regex import Expression, Match, search_column
from cleanup.stages.boilerplate_rules import Book, Named, fold, normal

LEAD = 10  # characters of the normal form by which rules are looked up
LEAD_CHARS = 40  # of a line, which most often hold that many
LINES = 4096  # whose rules are remembered
EXACT_CHARS = 160  # no exact form is longer
_PATTERN = re.compile(r"[^\W\d_]+|#|\*")
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
        text = " ".join(_PATTERN.findall(fold(pattern))) + (" *" if prefix else "")
        pieces = [_fence(piece.strip()) for piece in text.split("*")]
        if pieces[0]:
            pieces[0] = " " + pieces[0].lstrip()
        if pieces[-1]:
            pieces[-1] = pieces[-1].rstrip() + " "
        return cls(tuple(pieces))

    @cached_property
    def literal(self) -> str:
        """The first piece, without the fence around it."""
        return self.pieces[0].strip()

    @cached_property
    def words(self) -> list[str]:
        """The words of its pieces."""
        return [word for piece in self.pieces for word in piece.split() if word != "#"]

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


def _may_fit(glob: Glob | None, folded: str) -> bool:
    """Whether a case folded line holds the words of a pattern, which costs less to see than its normal form."""
    return glob is None or all(word in folded for word in glob.words)


def _fence(piece: str) -> str:
    """A space on each side that has to end a word; scripts that write without spaces are not fenced."""
    return f" {piece} " if piece and not _OPEN.search(piece) else piece


class Entry(msgspec.Struct, frozen=True):
    """A wildcard or prefix, or a regex that is tried where the glob fits."""

    glob: Glob | None
    named: Named
    regex: str | None = None
    expression: Expression | None = None


class Matcher:
    """The rules of a book, indexed. Immutable once made, but for the lines whose rules it remembers.

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
        self._line = lru_cache(LINES)(self._tried)  # the same lines stand on many pages of a site
        self._exact_heads = {form[:LEAD] for form in self._exact}
        self._always = self._inner.get("", [])
        starts = [(f"{form} ", named) for form, found in self._exact.items() for named in found]
        starts += [(entry.glob.pieces[0][1:], entry.named) for entries in self._heads.values() for entry in entries if entry.glob]
        self._starts = Heads(_limits(starts))
        self._pieces = Pieces(_limits((need, entry.named) for need, entries in self._inner.items() for entry in entries))

    def _add(self, named: Named, pattern: str) -> None:
        rule = named.rule
        if rule.match == "exact":
            self._exact.setdefault(normal(pattern), []).append(named)
        elif rule.match == "regex":
            expression = None if named.layer else Expression(rule.patterns)  # None: a user's, for the other engine
            for start in rule.starts:
                glob = Glob.of(start, True)
                self._heads.setdefault(_key(glob.literal), []).append(Entry(glob, named, pattern, expression))
            for need in rule.needs or ([] if rule.starts else [""]):
                self._inner.setdefault(fold(need), []).append(Entry(None, named, pattern, expression))
        else:
            glob = Glob.of(pattern, rule.match == "prefix")
            if glob.literal:
                self._heads.setdefault(_key(glob.literal), []).append(Entry(glob, named))
            else:
                inner = " ".join(glob.pieces).replace("#", " ").split()
                self._inner.setdefault(max(inner, key=lambda one: len(one.encode()), default=""), []).append(Entry(glob, named))

    def match(self, glance: Glance) -> dict[int, list[Hit]]:
        """The rules that match each line of at most `SHORT` characters, whatever their zone; lines without any are left out."""
        found: dict[int, list[Hit]] = {}
        foreign: dict[tuple[str, str], tuple[Named, list[int]]] = {}
        texts = glance.lines
        lead = set(self._starts.find(glance).tolist())
        needs = self._pieces.find(glance)
        for row in np.flatnonzero(glance.words < NEVER).tolist() if self._always else sorted({*lead, *needs}):
            hits, open_entries = self._line(texts[row], row in lead, tuple(needs.get(row, ())))
            if hits:
                found[row] = [*hits]
            for entry in open_entries:
                foreign.setdefault((entry.named.id, entry.regex or ""), (entry.named, []))[1].append(row)
        for (_, pattern), (named, rows) in foreign.items():
            for row, match in zip(rows, search_column(pattern, [texts[row] for row in rows]), strict=True):
                if match:
                    found.setdefault(row, []).append(_hit(named, texts[row], match))
        return {row: _in_order(found[row]) for row in sorted(found)}

    def _tried(self, text: str, leads: bool, needs: Sequence[str]) -> tuple[list[Hit], list[Entry]]:
        """The rules that match a line that may start as one (`leads`) and has pieces that some need, and the entries whose
        expression another engine has to try."""
        entries, exact = self._leading(text) if leads else ([], False)
        entries += self._always
        for need in needs:
            entries += self._inner[need]
        return self._judge(text, entries, exact) if entries or exact else ([], [])

    def _judge(self, text: str, entries: Sequence[Entry], exact: bool) -> tuple[list[Hit], list[Entry]]:
        """The rules that match a line, and the entries whose expression another engine has to try."""
        count = words(text)
        folded = fold(text)
        entries = [entry for entry in entries if count <= entry.named.rule.max_words and _may_fit(entry.glob, folded)]
        form = normal(text) if exact or any(entry.glob for entry in entries) else ""
        hits = (
            [Hit(named, None, len(form) + 1) for named in self._exact.get(form, ()) if count <= named.rule.max_words]
            if form
            else []
        )
        others: list[Entry] = []
        padded = f" {form} "
        tried: set[int] = set()
        for entry in entries:
            if entry.glob and not entry.glob.match(padded):
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
        return hits, others

    def _leading(self, text: str) -> tuple[list[Entry], bool]:
        """The entries that the start of a line leads to, and whether an exact form could be the whole of it."""
        form = normal(text[:LEAD_CHARS])
        if len(text) > LEAD_CHARS:  # the last word may be cut short, and its last letter be without its accent
            form = form[:-1] if " " in form and len(form) > LEAD else normal(text)
        keys = dict.fromkeys((form.partition(" ")[0], form[:1]))
        entries = [entry for key in keys for entry in self._heads.get(key, ())]
        found = [entry for entry in entries if entry.glob and form.startswith(entry.glob.literal[: len(form)])]
        return found, len(text) <= EXACT_CHARS and form[:LEAD] in self._exact_heads


def _key(literal: str) -> str:
    """By what rules that start with a literal are looked up: its first word, or the first sign where words have no spaces."""
    return literal[:1] if _OPEN.search(literal) else literal.partition(" ")[0]


def _limits(found: Iterable[tuple[str, Named]]) -> dict[str, int]:
    """For each form the most words of a line that one of its rules fits."""
    most: dict[str, int] = {}
    for form, named in found:
        most[form] = max(most.get(form, 0), named.rule.max_words)
    return most


def _precedence(hit: Hit) -> tuple[int, int, int]:
    return (-hit.named.layer, -hit.weight, hit.named.rank)


def _in_order(hits: list[Hit]) -> list[Hit]:
    """One hit a rule, the most telling first."""
    return sorted({hit.named.id: hit for hit in reversed(hits)}.values(), key=_precedence)


def _hit(named: Named, text: str, match: Match) -> Hit:
    """What an expression matched: what is stripped, or a value, which is the group's or else what stands behind the match."""
    span = (match.start, match.stop) if named.rule.action == "strip" else match.value or (match.stop, len(text))
    return Hit(named, span, match.stop - match.start)
