"""Which rules match which lines of a batch: by hash, by first characters, by pieces of words, and only then by expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile

import msgspec

from cleanup.stages.boilerplate_lines import CJK, series, words
from cleanup.stages.boilerplate_regex import Expression, Match, search_column
from cleanup.stages.boilerplate_rules import Book, Named, fold, normal

FIRST = 4  # letters of a first word by which most lines are told to match no rule
LONG_WORD = 5  # characters of a first word that says enough without the second
KEY = 4  # characters of the second word that the vectorised index looks at
LEAD = 6  # characters of the normal form that the second index looks at
SLOW_CHARS = 32  # of a line that hold two words
LEAD_CHARS = 60  # of a line, which hold that many
EXACT_CHARS = 160  # no exact form is longer
_PATTERN = re.compile(r"[^\W\d_]+|#|\*")
_RAW = re.compile(r"[^\W\d_]+|\d+(?:[.,:]\d+)*")
_OPEN = re.compile(rf"[{CJK}\uac00-\ud7a3]")  # scripts in which a word may go on without a space
# The first word of a line; of a short one also the start of the next, since many rules begin with "the" or "in".
_START = re.compile(r"(?:[^\w#]|_)*([A-Za-z0-9]{5,40}|[A-Za-z0-9]{1,4}(?:[^A-Za-z0-9]+[A-Za-z0-9]{1,4})?)")
COARSE = 4  # characters of a piece of a word that the first, quicker look for pieces goes by


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
    expression: Expression | None = None


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
        self._latin = {form[:FIRST] for form in (*self._exact, *globs)}
        self._opens_so = lru_cache(1 << 16)(self._may_open)
        self._starts = lru_cache(1 << 16)(self._may_start)
        self._always = self._inner.get("", [])
        self._needs = _cases(self._inner)
        plain = {need for need in self._needs if need.isascii()}
        self._coarse = (
            _either(_pieces(plain, COARSE)),
            _either(_pieces((_beyond(need) for need in self._needs if need not in plain), 2)),
        )

    def _add(self, named: Named, pattern: str) -> None:
        rule = named.rule
        if rule.match == "exact":
            self._exact.setdefault(normal(pattern), []).append(named)
        elif rule.match == "regex":
            expression = None if named.layer else Expression(rule.patterns)  # None: a user's, for the other engine
            for start in rule.starts:
                glob = Glob.of(start, True)
                self._heads.setdefault(glob.literal[:LEAD], []).append(Entry(glob, named, pattern, expression))
            for need in rule.needs or ([] if rule.starts else [""]):
                self._inner.setdefault(fold(need), []).append(Entry(None, named, pattern, expression))
        else:
            glob = Glob.of(pattern, rule.match == "prefix")
            if glob.literal:
                self._heads.setdefault(glob.literal[:LEAD], []).append(Entry(glob, named))
            else:
                inner = " ".join(glob.pieces).replace("#", " ").split()
                self._inner.setdefault(max(inner, key=lambda one: len(one.encode()), default=""), []).append(Entry(glob, named))

    def match(self, texts: Sequence[str]) -> dict[int, list[Hit]]:
        """The rules that match each line, whatever their zone; lines without any are left out."""
        found: dict[int, list[Hit]] = {}
        foreign: dict[tuple[str, str], tuple[Named, list[int]]] = {}
        opens = self._opens_so
        lead = {row for row, text in enumerate(texts) if opens(text[: FIRST + 1]) and self._leads(text)}
        needs = self._found_needs(texts)
        for row in sorted({*lead, *needs}) if not self._always else range(len(texts)):
            text = texts[row]
            entries = [*(self._leading(text) if row in lead else ()), *self._always]
            for need in needs.get(row, ()):
                entries += self._inner[need]
            hits, open_entries = self._judge(text, entries, row in lead)
            if hits:
                found[row] = hits
            for entry in open_entries:
                foreign.setdefault((entry.named.id, entry.regex or ""), (entry.named, []))[1].append(row)
        for (_, pattern), (named, rows) in foreign.items():
            for row, match in zip(rows, search_column(pattern, [texts[row] for row in rows]), strict=True):
                if match:
                    found.setdefault(row, []).append(_hit(named, texts[row], match))
        return {row: _in_order(found[row]) for row in sorted(found)}

    def _judge(self, text: str, entries: Sequence[Entry], lead: bool) -> tuple[list[Hit], list[Entry]]:
        """The rules that match a line, and the entries whose expression another engine has to try."""
        count = words(text)
        entries = [entry for entry in entries if count <= entry.named.rule.max_words]
        form = normal(text) if (lead and len(text) <= EXACT_CHARS) or any(entry.glob for entry in entries) else ""
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

    def _found_needs(self, texts: Sequence[str]) -> dict[int, list[str]]:
        """Which needs each line holds, for the lines that hold any: first a quick look for their first characters."""
        found: dict[int, list[str]] = {}
        wide = [row for row, text in enumerate(texts) if not text.isascii()]
        maybe: set[int] = set()
        for pattern, rows in zip(self._coarse, (range(len(texts)), wide), strict=True):
            if pattern and rows:
                flags = series(texts[row] for row in rows).str.contains(pattern)
                maybe.update(rows[at] for at in flags.arg_true().to_list())
        if not maybe:
            return found
        rows = sorted(maybe)
        column = series(texts[row] for row in rows).str.extract_many(
            list(self._needs), ascii_case_insensitive=True, overlapping=True
        )
        needs = self._needs
        for row, pieces in zip(rows, column.to_list(), strict=True):
            if pieces:
                found[row] = list(dict.fromkeys(needs.get(one) or needs[one.lower()] for one in pieces))
        return found

    def _may_open(self, head: str) -> bool:
        """Whether a rule could match a line with such first characters."""
        return not (head.isascii() and head[:FIRST].isalpha()) or head[:FIRST].lower() in self._latin

    def _leads(self, text: str) -> bool:
        """Whether a rule could match a line by how it starts: sound, and cheap."""
        start = _START.match(text)
        if start and start[1].isascii() and text[start.end() : start.end() + 1].isascii():
            return self._starts(start[1])
        form = normal(text[:SLOW_CHARS])
        return (len(form) < LEAD and len(text) > SLOW_CHARS) or self._opens(*form.split(" ")[:2])

    def _may_start(self, start: str) -> bool:
        return self._opens(*normal(start).split(" ")[:2])

    def _opens(self, first: str, second: str = "") -> bool:
        """Whether a rule could match a line with such first words; the second may be cut short, or left out behind a long one."""
        if (
            not first
            or first in self._alone
            or (_OPEN.match(first) and any(first[:size] in self._first for size in range(1, len(first))))
        ):
            return True
        if second and first != "#" and len(first) < LONG_WORD:
            return (first, second[:KEY]) in self._pairs
        return first in self._first

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


def _beyond(need: str) -> str:
    """The first letter beyond ASCII and what stands behind it."""
    return need[next(at for at, char in enumerate(need) if not char.isascii()) :]


def _pieces(needs: Iterable[str], size: int) -> list[str]:
    """A few pieces of which every need holds one: what those have in common that begin alike."""
    groups: dict[str, list[str]] = {}
    for need in needs:
        groups.setdefault(need[:size], []).append(need)
    return sorted(_common(min(group), max(group)) for group in groups.values())


def _either(pieces: Sequence[str]) -> str:
    """An expression (Rust's) for any of the pieces, in any case."""
    return "(?i)" + "|".join(map(re.escape, pieces)) if pieces else ""


def _common(one: str, other: str) -> str:
    return "".join(char for char, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _precedence(hit: Hit) -> tuple[int, int, int]:
    return (-hit.named.layer, -hit.weight, hit.named.rank)


def _in_order(hits: list[Hit]) -> list[Hit]:
    """One hit a rule, the most telling first."""
    return sorted({hit.named.id: hit for hit in reversed(hits)}.values(), key=_precedence)


def _hit(named: Named, text: str, match: Match) -> Hit:
    """What an expression matched: what is stripped, or a value, which is the group's or else what stands behind the match."""
    span = (match.start, match.stop) if named.rule.action == "strip" else match.value or (match.stop, len(text))
    return Hit(named, span, match.stop - match.start)
