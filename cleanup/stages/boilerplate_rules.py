"""Rules for residue lines: loading `rules/boilerplate/*.toml` and matching them against short lines.

A line is compared in its normal form: case folded, only words, numbers as `#`, one space between. Exact forms are found by
hash, prefixes and wildcards by their first characters, and regular expressions run last, on the few lines that contain one
of the words they need, in an engine that is linear in the line (Rust's, through polars).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import polars as pl

from cleanup.config import describe
from cleanup.errors import RuleError
from cleanup.rules import Example, Rule
from cleanup.stages.boilerplate_lines import CJK, Bools, words

Zone = Literal["any", "head", "tail", "not-first"]
FIELDS = ("title", "authors", "date", "section", "tags", "category", "excerpt", "views", "source", "url", "truncated")
ACTIONS = ("drop", "drop-rest", "drop-next", "strip", "truncated", "meta")
SCORES = {"high": 0.98, "structural": 0.93, "low": 0.7}
KEY = 4  # characters of the second word that the vectorised index looks at
LEAD = 6  # characters of the normal form that the second index looks at
LEAD_CHARS = 60  # of a line, which hold that many
EXACT_CHARS = 160  # no exact form is longer
_TOKEN = re.compile(r"[^\W\d_]+|#")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_PATTERN = re.compile(r"[^\W\d_]+|#|\*")
_FOLD = (("ı", "i"), ("\u0307", ""), ("ё", "е"), ("ß", "ss"))
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
_RAW = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)*")
_OPEN = re.compile(rf"[{CJK}\uac00-\ud7a3]")  # scripts in which a word may go on without a space
# The first word of a line; of a short one also the start of the next, since many rules begin with "the" or "in".
_WORD = r"[\pL\pM\pN]"
_START = rf"^[^\pL\pM\pN]*({_WORD}{{5,40}}|{_WORD}{{1,4}}(?:[^\pL\pM\pN]+{_WORD}{{1,4}})?)"


class LineRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[rule]]` of a rule file.

    `pattern` is one pattern or several; `match` says how they are read. `max_words` guards against prose that begins alike.
    `action`: drop the line; drop-rest: and all that follows it; drop-next: and the short lines attached to it;
    meta:<field>: drop it and keep what follows the pattern as metadata; strip: take out only the match (regex);
    truncated: drop it and flag the document. `confidence` "high" holds behind an HTML extractor too.
    """

    id: str
    pattern: str | list[str]
    match: Literal["exact", "prefix", "wildcard", "regex"] = "exact"
    category: str = "other"
    zone: Zone = "any"
    max_words: int = 30
    action: str = "drop"
    confidence: Literal["high", "structural", "low"] = "high"
    needs: list[str] = []  # regex only: pieces of words of which a line must contain one
    starts: list[str] = []  # regex only: how a line must start; without `needs` and `starts` every short line is tried
    yes: list[str] = []
    no: list[str] = []

    @property
    def patterns(self) -> list[str]:
        """The patterns as a list."""
        return [self.pattern] if isinstance(self.pattern, str) else self.pattern


class Named(msgspec.Struct, frozen=True):
    """A rule with its full id and the place it comes from."""

    id: str
    rule: LineRule
    source: str
    score: float
    layer: int = 0  # 0: built in; where two rules match a line, the later layer wins
    rank: int = 0  # then, of equally specific ones, the earlier rule


class Hit(msgspec.Struct, frozen=True):
    """A rule that matches a line. `span` (in the line) is what a `strip` takes out or a metadata value is read from."""

    named: Named
    span: tuple[int, int] | None = None
    weight: int = 0  # characters the pattern accounts for: the more specific rule wins


class Book(msgspec.Struct):
    """What the files of all layers say: rules, word lists by language, settings of the structure pass."""

    rules: list[Named] = []
    words: dict[str, dict[str, list[str]]] = {}
    structure: dict[str, dict[str, Any]] = {}


def fold(line: str) -> str:
    """Case folded, and what only differs by habit made equal."""
    folded = line.casefold()
    if folded.isascii():
        return folded
    for old, new in _FOLD:
        if old in folded:
            folded = folded.replace(old, new)
    return folded if unicodedata.is_normalized("NFC", folded) else unicodedata.normalize("NFC", folded)


def normal(line: str) -> str:
    """The normal form that rules are compared with.

    >>> normal("  ** 3,141 Comments: SHOW all!")
    '# comments show all'
    """
    return " ".join(_TOKEN.findall(_NUMBER.sub("#", fold(line))))


def load(paths: Sequence[Path]) -> Book:
    """All rule files of the layers, later ones on top: a rule with a known id replaces it. Raises RuleError."""
    known: dict[str, Named] = {}
    book = Book()
    for number, root in enumerate(paths):
        folder = root / "boilerplate" if (root / "boilerplate").is_dir() else root
        layer: dict[str, str] = {}
        for path in sorted(folder.glob("*.toml")) + sorted(folder.glob("sites/*.toml")):
            data = _toml(path)
            for named in _named(path, data):
                if named.id in layer:
                    message = f"{path}: rule {named.rule.id!r} is there twice, see {layer[named.id]}"
                    raise RuleError(message, "rename one of them")
                layer[named.id] = named.source
                known.pop(named.id, None)
                known[named.id] = msgspec.structs.replace(named, layer=number)
            _tables(path, data, book)
    book.rules = [msgspec.structs.replace(named, rank=rank) for rank, named in enumerate(known.values())]
    return book


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise RuleError(f"{path}: {error}", "a rule file has to be TOML, encoded as UTF-8") from None


def _tables(path: Path, data: dict[str, Any], book: Book) -> None:
    for key, value in data.items():
        if key == "rule":
            continue
        if key == "words" and isinstance(value, dict) and all(_is_words(one) for one in value.values()):
            known = book.words.setdefault(path.stem, {})
            for name, entries in value.items():
                known[name] = [*known.get(name, []), *entries]
        elif key == "structure" and path.stem == "structure" and isinstance(value, dict):
            book.structure |= value
        else:
            raise RuleError(f"{path}: unknown key {key!r}", "a rule file holds [[rule]] tables and a [words] table of lists")


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _named(path: Path, data: dict[str, Any]) -> Iterator[Named]:
    tables = data.get("rule", [])
    if not isinstance(tables, list):
        raise RuleError(f"{path}: `rule` is not a list of tables", "write every rule under its own [[rule]]")
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.strip() == "[[rule]]"] or [1] * len(tables)
    for at, table in zip(starts, tables, strict=False):
        name = str(table.get("id", f"number {tables.index(table) + 1}")) if isinstance(table, dict) else "?"
        try:
            rule = msgspec.convert(table, LineRule)
        except msgspec.ValidationError as error:
            hint = "`cleanup rules show` prints a rule with all its keys"
            raise RuleError(f"{path}: rule {name!r}: {describe(error)}", hint) from None
        if problem := _problem(rule):
            raise RuleError(f"{path}: rule {name!r}: {problem}", "see rules/README.md for the form of a rule")
        folder = "sites/" if path.parent.name == "sites" else ""
        yield Named(f"boilerplate/{folder}{path.stem}/{rule.id}".lower(), rule, f"{path}:{at}", SCORES[rule.confidence])


def _problem(rule: LineRule) -> str:
    if not _ID.fullmatch(rule.id):
        return "an id is made of a-z, 0-9, dots and hyphens"
    action, _, field = rule.action.partition(":")
    if action not in ACTIONS or (action == "meta") != (field in FIELDS):
        return f"unknown action {rule.action!r}"
    if action == "strip" and rule.match != "regex":
        return "action `strip` needs a regex"
    if not rule.patterns:
        return "no pattern"
    for pattern in rule.patterns:
        if rule.match == "regex":
            if error := _broken(pattern):
                return f"pattern {pattern!r} does not run in linear time or does not compile: {error}"
        elif not _PATTERN.search(pattern.replace("*", "") if rule.match == "wildcard" else pattern):
            return f"pattern {pattern!r} has no word in it"
    return ""


def _broken(pattern: str) -> str:
    try:
        pl.Series([""]).str.contains("(?i)" + pattern)
    except Exception as error:
        return str(error).strip().splitlines()[-1][:200]
    return ""


def describe_rules(book: Book) -> list[Rule]:
    """Every rule for `rules list|show|test`."""
    return [
        Rule(
            named.id,
            "boilerplate",
            f"{named.rule.category}: {named.rule.action} a line by {named.rule.match}",
            named.source,
            tuple(Example(text) for text in named.rule.yes),
            tuple(named.rule.no),
            msgspec.to_builtins(named.rule),
        )
        for named in book.rules
    ]


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
