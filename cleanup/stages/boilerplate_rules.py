"""Rules for residue lines: what `rules/boilerplate/*.toml` says. `boilerplate_match` finds the lines they fit.

A line is compared in its normal form: case folded, only words, numbers as `#`, one space between. Exact forms, prefixes and
wildcards are found by how that form begins, and regular expressions run last, on the few lines that contain one of the pieces of
words they need (`boilerplate_regex`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import tomli

from cleanup.config import describe
from cleanup.errors import RuleError
from cleanup.rules import Example, Rule, built_in

Zone = Literal["any", "head", "tail", "not-first"]
FIELDS = ("title", "authors", "editors", "date", "section", "tags", "category", "excerpt", "views", "source", "url", "truncated")
ACTIONS = ("drop", "drop-rest", "drop-next", "strip", "truncated", "meta")
OTHERS = ("mojibake.toml", "extract.toml")  # beside the folders: files of other stages
SCORES = {"high": 0.98, "structural": 0.93, "low": 0.7}
_TOKEN = re.compile(r"[^\W\d_]+|#")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_COUNTED = b"#0123456789"  # of which numbers are made
_LETTERS = bytes(code if 97 <= code <= 122 else 32 for code in range(256))
_PATTERN = re.compile(r"[^\W\d_]+|#|\*")
_FOLD = (("ı", "i"), ("\u0307", ""), ("ё", "е"), ("ß", "ss"))
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")


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
    beside: bool = False  # articles say so, too: only right before or behind a line that other rules take out
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


class Book(msgspec.Struct):
    """What the files of all layers say: rules, and word lists by language."""

    rules: list[Named] = []
    words: dict[str, dict[str, list[str]]] = {}


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
    folded = fold(line)
    if folded.isascii() and len(data := folded.encode()) == len(data.translate(None, _COUNTED)):
        return b" ".join(data.translate(_LETTERS).split()).decode()  # as below, in a fifth of the time
    return " ".join(_TOKEN.findall(_NUMBER.sub("#", folded)))


def load(paths: Sequence[Path]) -> Book:
    """All rule files of the layers, later ones on top: a rule with a known id replaces it. Raises RuleError."""
    known: dict[str, Named] = {}
    book = Book()
    for number, root in enumerate(paths):
        layer: dict[str, str] = {}
        for path in _files(root):
            text, data = _toml(path)
            for named in _named(path, text, data, trusted=number == 0 and root == built_in()):
                if named.id in layer:
                    message = f"{path}: rule {named.rule.id!r} is there twice, see {layer[named.id]}"
                    raise RuleError(message, "rename one of them")
                layer[named.id] = named.source
                known.pop(named.id, None)
                known[named.id] = msgspec.structs.replace(named, layer=number)
            _tables(path, data, book)
    book.rules = [msgspec.structs.replace(named, rank=rank) for rank, named in enumerate(known.values())]
    return book


def _files(root: Path) -> list[Path]:
    """The rule files of a layer: in its folder `boilerplate` and, as a user may put them, beside it."""
    folders = (root, root / "sites", root / "boilerplate", root / "boilerplate" / "sites")
    return [path for folder in folders for path in sorted(folder.glob("*.toml")) if folder != root or path.name not in OTHERS]


def _toml(path: Path) -> tuple[str, dict[str, Any]]:
    """What a file says, as it is and read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomli.loads(text)
    except (tomli.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise RuleError(f"{path}: {error}", "a rule file has to be TOML, encoded as UTF-8") from None


def _tables(path: Path, data: dict[str, Any], book: Book) -> None:
    for key, value in data.items():
        if key == "rule":
            continue
        if key == "words" and isinstance(value, dict) and all(_is_words(one) for one in value.values()):
            known = book.words.setdefault(path.stem, {})
            for name, entries in value.items():
                known[name] = [*known.get(name, []), *entries]
        else:
            raise RuleError(f"{path}: unknown key {key!r}", "a rule file holds [[rule]] tables and a [words] table of lists")


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _named(path: Path, text: str, data: dict[str, Any], trusted: bool = False) -> Iterator[Named]:
    """The rules of a file, checked; those of a trusted one are checked by our own tests."""
    tables = data.get("rule", [])
    if not isinstance(tables, list):
        raise RuleError(f"{path}: `rule` is not a list of tables", "write every rule under its own [[rule]]")
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.strip() == "[[rule]]"] or [1] * len(tables)
    for at, table in zip(starts, tables, strict=False):
        name = str(table.get("id", f"number {tables.index(table) + 1}")) if isinstance(table, dict) else "?"
        try:
            rule = msgspec.convert(table, LineRule)
        except msgspec.ValidationError as error:
            hint = "`cleanup rules show` prints a rule with all its keys"
            raise RuleError(f"{path}: rule {name!r}: {describe(error)}", hint) from None
        if problem := "" if trusted else problem_of(rule):
            raise RuleError(f"{path}: rule {name!r}: {problem}", "see rules/boilerplate/README.md for the form of a rule")
        folder = "sites/" if path.parent.name == "sites" else ""
        yield Named(f"boilerplate/{folder}{path.stem}/{rule.id}".lower(), rule, f"{path}:{at}", SCORES[rule.confidence])


def problem_of(rule: LineRule) -> str:
    """What is wrong with a rule; nothing, as a rule."""
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
    import polars as pl

    try:
        pl.Series([""]).str.contains("(?i)" + pattern)
    except Exception as error:
        said = str(error).partition("\n\n")[0].splitlines()  # behind it stands the expression of the library
        return said[-1].removeprefix("error: ").removeprefix("regex error: ")[:200]
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
