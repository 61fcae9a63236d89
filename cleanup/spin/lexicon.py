"""The lexicon: which originals a spun word may stand for. Rows are lemmas in TSV files; forms are made here.

A row is `original, pos, variants, prior, guard`: the original word, its part of speech (n v a r, x for what does not inflect,
p for proper names), the variants the spinner has for it, the default probability that a variant found in a spun text
stands for this original, and words near which a variant is honest. A variant may carry marks: `mannequin!:.97*9` is typical
of the spinner (`!`), has its own prior (`:.97`) and was observed nine times (`*9`); `+` says that it is only known from
having been observed. See rules/spin/README.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from math import fsum
from pathlib import Path
from typing import NamedTuple

from cleanup.errors import RuleError
from cleanup.spin import forms, inflect
from cleanup.spin.forms import Candidate

TIERS = ("hard", "core", "common", "function", "name", "spelling", "tortured", "set")
REGISTER, EXCEPTIONS = "register.txt", "inflect_exceptions.tsv"
NOT_LEXICON = (EXCEPTIONS, "classes.tsv", "examples.tsv")
DEFAULT_PRIOR = 0.5
SETS = "sets.tsv"
SET_SHARE = 0.4  # of an original, what goes to variants that only a set names

SMALL = frozenset(("a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "out"))

_VARIANT = re.compile(r"(?P<text>[^:!+*|]+?)(?P<core>!)?(?P<only>\+)?(?::(?P<prior>[\d.]+))?(?:\*(?P<seen>\d+))?")
_NAME = re.compile(r"[^a-z0-9]+")


class Variant(NamedTuple):
    """One way in which the spinner writes an original."""

    text: str
    core: bool
    prior: float
    seen: int
    only: bool  # known from observation alone, not from knowledge of the language
    share: float  # of all that the spinner makes of this original, the part that is this variant; sums to 1 over a row


class Row(NamedTuple):
    """One original with its variants."""

    original: str
    pos: str
    tier: str
    variants: tuple[Variant, ...]
    guard: frozenset[str]
    source: str  # file:line


def rule_id(pos: str, variant: str, original: str) -> str:
    """`spin/n/mannequin/model`."""
    return f"spin/{pos}/{_slug(variant)}/{_slug(original)}"


@lru_cache(1 << 16)
def _slug(side: str) -> str:
    return _NAME.sub("-", side.lower()).strip("-") or "sign"


def capitalised(phrase: str) -> str:
    """`Bank of England`: how a name is written."""
    return " ".join(word if word in SMALL else word[:1].upper() + word[1:] for word in phrase.split(" "))


def files(paths: Sequence[Path]) -> list[Path]:
    """The lexicon files of all rule directories, in reading order."""
    return [file for path in paths for file in sorted((path / "spin").glob("*.tsv")) if file.name not in NOT_LEXICON]


def _besides(paths: Sequence[Path], name: str) -> list[Path]:
    return [file for path in paths if (file := path / "spin" / name).is_file()]


def fingerprint(paths: Sequence[Path]) -> bytes:
    """16 bytes over all lexicon files: what is packed belongs to exactly these."""
    total = hashlib.blake2b(digest_size=16)
    for file in [*files(paths), *(file for path in paths for name in (REGISTER, EXCEPTIONS) for file in _besides([path], name))]:
        total.update(file.name.encode() + b"\0" + hashlib.blake2b(file.read_bytes()).digest())
    return total.digest()


def read(path: Path) -> Iterator[Row]:
    """The rows of one file. Raises RuleError that names file and line."""
    tier = "common"
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.startswith("# tier:"):
            tier = line.removeprefix("# tier:").strip()
            if tier not in TIERS:
                raise RuleError(f"{path}:{number}: unknown tier {tier!r}", f"tiers: {', '.join(TIERS)}")
        if line.strip() and not line.startswith("#"):
            source = f"{path.name}:{number}"
            yield from _set(line, source, tier) if path.name == SETS else [_row(line, source, tier)]


def _set(line: str, source: str, tier: str) -> Iterator[Row]:
    """The rows of a line `pos, members, prior, guard`: each member is an original, and the others are its variants."""
    pos, members, *rest = [*line.split("\t"), ""]
    words = list(dict.fromkeys(word.strip() for word in members.split("|")))
    if not all(words) or len(words) < 2 or len(rest) > 3:
        raise RuleError(f"{source}: not `pos, members, prior, guard`", "two members or more, `|` between them")
    for word in words:
        others = "|".join(other for other in words if other != word)
        row = _row("\t".join([word, pos, others, *rest[:2]]), source, tier)
        yield row._replace(variants=tuple(v._replace(share=SET_SHARE * v.share) for v in row.variants))


def _row(line: str, source: str, tier: str) -> Row:
    cells = [cell.strip() for cell in line.split("\t")]
    cells += [""] * (5 - len(cells))
    original, pos, variants, prior, guard = cells[:5]
    if len(cells) > 5 or not original or not variants or pos not in inflect.SLOTS:
        hint = "five columns between tabs; pos is one of n v a r x p"
        raise RuleError(f"{source}: not `original, pos, variants, prior, guard`", hint)
    try:
        default = float(prior or DEFAULT_PRIOR)
        found = [_variant(text.strip(), default, source) for text in variants.split("|")]
    except ValueError:
        raise RuleError(f"{source}: {prior!r} is not a number", "prior is a probability such as .6") from None
    weights = [_weight(rank, variant) for rank, variant in enumerate(found)]
    kept = tuple(v._replace(share=w / fsum(weights)) for v, w in zip(found, weights, strict=True) if v.text != original)
    return Row(original, pos, tier, kept, frozenset(guard.split()), source)


@lru_cache(1 << 16)
def _variant(text: str, default: float, source: str) -> Variant:
    match = _VARIANT.fullmatch(text)
    if not match:
        raise RuleError(f"{source}: variant {text!r}", "a variant is `text`, then optionally `!`, `+`, `:prior` and `*count`")
    prior, seen = float(match["prior"] or default), int(match["seen"] or 0)
    return Variant(match["text"], bool(match["core"]), prior, seen, bool(match["only"]), 0.0)


def _weight(rank: int, variant: Variant) -> float:
    """How much of an original goes to a variant: typical and observed ones most, then by their order in the row."""
    return (3.0 if variant.core else 1.0) / (1 + 0.5 * rank) + 0.5 * variant.seen


def _rank(candidate: Candidate) -> tuple[bool, int, float]:
    """Which of two rules for one pair is the stronger."""
    return candidate.tier != "set", candidate.seen, candidate.share


def _register(path: Path) -> list[str]:
    """Words between blanks; a line after `=` is one phrase."""
    found: list[str] = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if not line.startswith("#"):
            found += [line[1:].strip()] if line.startswith("=") else line.split()
    return found


class Lexicon:
    """The rows of all rule directories, later ones added to earlier ones, and all concrete pairs by their spun form. Read-only.

    The forms come from where they are packed, if these rows were: then nobody reads a row before it is asked for.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self._packed = forms.unpack(paths[0] / "spin" / "lexicon.zst", fingerprint(paths)) if paths else None

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Lexicon:
        """The lexicon of these directories. Raises RuleError for what is wrong in a row."""
        lexicon = cls(paths)
        if lexicon._packed is None:
            lexicon.rows  # noqa: B018 (what is wrong with one is said now)
        return lexicon

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows. Raises RuleError."""
        return tuple(row for file in files(self.paths) for row in read(file))

    @cached_property
    def exceptions(self) -> inflect.Exceptions:
        """How words are inflected that no rule knows."""
        found: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for table in _besides(self.paths, EXCEPTIONS):
            found |= inflect.load_exceptions(table)
        return found

    def pack(self) -> bytes:
        """The bytes of `lexicon.zst`, from the rows."""
        own = Lexicon(self.paths)
        own._packed = None
        return forms.pack(own.by_form, own.longest, own.spun_away, own.formal, fingerprint(self.paths))

    def candidates(self) -> Iterator[Candidate]:
        """Every concrete pair, row by row; a word that maps to itself is left out."""
        paradigm = cache(lambda lemma, pos: inflect.paradigm(lemma, pos, self.exceptions))
        for row in self.rows:
            original = paradigm(row.original, row.pos)
            for variant in row.variants:
                rule = rule_id(row.pos, variant.text, row.original)
                rest = (rule, variant.share, variant.prior, row.tier, row.guard, variant.seen, variant.core, row.original)
                for before, after in inflect.pairs(original, paradigm(variant.text, row.pos)):
                    yield Candidate(before, after, *rest)

    @cached_property
    def by_form(self) -> Mapping[str, tuple[Candidate, ...]]:
        """Candidates by spun form, each original once (its strongest rule). Forms are lower case, those of names capitalised."""
        if self._packed is not None:
            return self._packed.forms()
        found: dict[str, dict[str, Candidate]] = {}
        for candidate in self.candidates():
            form = capitalised(candidate.before) if candidate.tier == "name" else candidate.before
            known = found.setdefault(form.rstrip("."), {})
            old = known.get(candidate.after)
            if old is None or _rank(candidate) > _rank(old):
                known[candidate.after] = candidate
        return {form: tuple(known.values()) for form, known in found.items()}

    @cached_property
    def longest(self) -> dict[str, int]:
        """First word of a form -> the most words that a form beginning with it has."""
        if self._packed is not None:
            return self._packed.longest
        reach: dict[str, int] = {}
        for form in self.by_form:
            parts = re.split(r"[ -]", form.lower())
            reach[parts[0]] = max(reach.get(parts[0], 0), len(parts))
        return reach

    @cached_property
    def formal(self) -> frozenset[str]:
        """Forms that formal prose uses honestly (`register.txt`), inflected."""
        if self._packed is not None:
            return frozenset(self._packed.formal)
        found = {word for path in _besides(self.paths, REGISTER) for word in _register(path)}
        for word in tuple(found):
            if word.isalpha():
                for pos in "nva":
                    for slot in inflect.SLOTS[pos]:
                        found.update(inflect.forms(word, pos, slot, self.exceptions))
        return frozenset(found)

    @cached_property
    def spun_away(self) -> dict[str, str]:
        """Form of an original -> "core" when the spinner is known to change it, else "common"."""
        if self._packed is not None:
            return self._packed.spun_away
        found: dict[str, str] = {}
        for form_candidates in self.by_form.values():
            for candidate in form_candidates:
                if candidate.tier in ("name", "tortured", "set"):
                    continue
                if candidate.core or candidate.seen:
                    found[candidate.after] = "core"
                else:
                    found.setdefault(candidate.after, "common")
        return found
