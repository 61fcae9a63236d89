"""How well a text fits a language, in bits: the evidence that decides between readings of the same bytes.

The fewer bits a reading needs, the likelier it is what somebody wrote: a letter costs what it costs after the two letters
before it in the language that fits best, anything that is not a letter costs what its kind costs. See `letters.tsv`, and
`tests/bench/compile_letters.py` for the form in which it is loaded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import count, pairwise
from math import fsum

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import rules
from cleanup.errors import RuleError

UNSEEN = 40  # half bits: a letter that the language does not have
IDEOGRAPHIC = frozenset(("zh", "zh-hant", "ja", "ko"))
# Letters and the marks that belong to them: combining marks of all scripts, and the whole of the Indic and Thai blocks.
WORD = re.compile(
    "(?:[^\\W\\d_]|[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05c1\u05c2\u0610-\u061a\u064b-\u0652\u0670\u06d6-\u06ed"
    "\u0900-\u0963\u0971-\u0dff\u0e01-\u0e4e\u0e81-\u0edf\u1000-\u109f\u1780-\u17d3\u200c\u200d])+"
)


class Fit(msgspec.Struct, frozen=True):
    """`bits` for the whole text; `letters` of it and what they alone cost; the language that fits the most of them."""

    bits: float
    letters: int
    letter_bits: float
    language: str

    @property
    def rate(self) -> float:
        """Bits a letter: about 3 in a language that is known (7 in an ideographic one), twice that and more otherwise."""
        return self.letter_bits / max(1, self.letters)


class Tally(msgspec.Struct, frozen=True):
    """What a text costs: bits of what is not a letter, and of letters that no language has; by script the half bits in every
    language and the n-grams."""

    symbols: float
    letters: int
    own: float
    scripts: dict[str, tuple[NDArray[np.int64], int]]


class Head(msgspec.Struct, frozen=True):
    """What `letters.bin` has: the languages, those written in a script, and how many n-grams of it, in how many bytes."""

    languages: list[str]
    own: dict[str, list[int]]
    scripts: dict[str, tuple[int, int]]


class Letters:
    """N-gram costs: `table[row, language]`, in half bits. The rows of a script are looked up when it is first met."""

    def __init__(self, head: Head, data: bytes) -> None:
        self.languages = head.languages
        self.scripts = {name: np.array(found) for name, found in head.own.items()}
        self._blocks: dict[str, tuple[int, bytes]] = {}
        at = row = 0
        for name, (some, size) in head.scripts.items():
            self._blocks[name] = (row, data[at : at + size])
            at += size
            row += some
        self.table = np.frombuffer(data, np.uint8, offset=at).reshape(row, len(head.languages))
        self._rows: dict[str, dict[str, int]] = {}
        self._words: dict[str, list[tuple[str, list[int], float, int]]] = {}

    def rows(self, written: str) -> dict[str, int]:
        """Row of every n-gram that a word in a script can have."""
        known = self._rows.get(written)
        if known is None:
            known = self._rows[written] = {}
            for name in {"", written}:
                first, block = self._blocks.get(name, (0, b""))
                known.update(zip(block.decode().split(" "), count(first)))
        return known

    def grams(self) -> str:
        """All n-grams, between spaces."""
        return f" {' '.join(block.decode() for _, block in self._blocks.values())} "

    def fit(self, text: str, beside: Tally | None = None) -> Fit:
        """The cost of `text`, or of `text` and something counted before. Every script in it may have its own language."""
        here = self.tally(text)
        total = here.own
        bits, letters = here.symbols, here.letters
        if beside is not None:
            total += beside.own
            bits += beside.symbols
            letters += beside.letters
            for name, (sums, count) in beside.scripts.items():
                mine = here.scripts.get(name)
                here.scripts[name] = (sums, count) if mine is None else (sums + mine[0], count + mine[1])
        best = ("und", 0)
        for name, (sums, count) in here.scripts.items():
            known = self.scripts.get(name)
            index = int(sums.argmin()) if known is None else int(known[sums[known].argmin()])
            total += float(sums[index]) / 2
            if count > best[1] and known is not None:
                best = (self.languages[index], count)
        return Fit(bits + total, letters, total, best[0])

    def tally(self, text: str) -> Tally:
        """What `text` costs in every language."""
        groups: dict[str, list[int]] = {}
        letters = at = 0
        bits = total = 0.0
        for match in WORD.finditer(text):
            if match.start() > at:
                bits += symbols(text[at : match.start()])
            at = match.end()
            for name, rows, own, length in self._word(match[0]):
                groups.setdefault(name, []).extend(rows)
                total += own
                letters += length
        bits += symbols(text[at:])
        scripts = {name: (self.table[rows].sum(axis=0, dtype=np.int64), len(rows)) for name, rows in groups.items()}
        return Tally(bits, letters, total, scripts)

    def _word(self, word: str) -> list[tuple[str, list[int], float, int]]:
        """For every run of one script in a word: script, table rows, bits that no language shares in, letters; remembered."""
        known = self._words.get(word)
        if known is not None:
            return known
        found: list[tuple[str, list[int], float, int]] = []
        extra = disorder(word)
        for name, run in _runs(fold(word)):
            span = 2 if name in ("CJK", "HANGUL") else 3
            padded = run if span == 2 else f"_{run}_"
            rows: list[int] = []
            table = self.rows(name)
            bits, extra = extra, 0.0
            for i in range(0 if span == 2 else 1, len(padded)):
                for start in range(max(0, i + 1 - span), i + 1):
                    row = table.get(padded[start : i + 1])
                    if row is not None:
                        rows.append(row)
                        break
                else:
                    bits += UNSEEN / 2
            found.append((name, rows, bits, len(run)))
        if len(self._words) > 50_000:
            self._words.clear()
        self._words[word] = found
        return found


@cache
def letters() -> Letters:
    """The model, loaded once in a process. Raises RuleError when `letters.bin` is not what it should be."""
    import zstandard

    path = rules.built_in() / "mojibake" / "letters.bin"
    try:
        head, _, rest = zstandard.ZstdDecompressor().decompress(path.read_bytes()).partition(b"\n")
        return Letters(msgspec.json.decode(head, type=Head), rest)
    except (OSError, ValueError, msgspec.DecodeError, zstandard.ZstdError) as error:
        raise RuleError(f"{path}: {error}", "reinstall corpus-cleanup") from None


@cache
def script(char: str) -> str:
    """The first word of a character's Unicode name, kana and ideographs together: LATIN, CYRILLIC, CJK, HANGUL ..."""
    name = unicodedata.name(char, "?").split(" ")[0].split("-")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "HALFWIDTH", "KANGXI") else name


def fold(word: str) -> str:
    """Case folded and composed, as in `letters.tsv`."""
    folded = word.lower().replace("i\u0307", "i")
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


_KIND = {
    "Nd": 4.0,
    "Nl": 12.0,
    "No": 11.0,
    "Zs": 9.0,
    "Cc": 20.0,
    "Cf": 12.0,
    "Co": 22.0,
    "Cn": 24.0,
    "Cs": 24.0,
    "So": 15.0,
    "Sk": 15.0,
}
_COMMON = dict.fromkeys("“”‘’„–—…«»‹›•·©®°€£§½²³№¿¡\u00a0", 8.0) | dict.fromkeys(
    "、。，：；！？「」『』（）《》・ー〜～․।،؛؟۔־׳״", 5.0
)


@cache
def _symbol(char: str) -> float:
    if char in " \n":
        return 0.0  # the letter model has counted the edge of the word
    if char.isascii():
        return 5.0 if char.isprintable() or char in "\t\r" else 20.0
    if char in "¤¦¨¬¯¸":
        return 18.0
    if "\u2500" <= char <= "\u259f":
        return 20.0  # box drawing
    return _COMMON.get(char) or _KIND.get(unicodedata.category(char), 14.0)


def is_odd(char: str) -> bool:
    """Whether a character is neither of a word nor a sign that many texts have."""
    return not char.isalpha() and unicodedata.category(char)[0] not in "MZ" and _symbol(char) >= 13


def symbols(text: str) -> float:
    """Bits of a run without letters."""
    return fsum(map(_symbol, text))


def _runs(word: str) -> list[tuple[str, str]]:
    """(script, run) of a word, marks and unnamed letters going with what they follow."""
    if word.isascii():
        return [("LATIN", word)]
    out: list[tuple[str, str]] = []
    begin, known = 0, script(word[0])
    for at, name in enumerate(map(script, word)):
        if name != known and name not in ANY:
            out.append((known, word[begin:at]))
            begin, known = at, name
    return [*out, (known, word[begin:])]


ANY = frozenset(("COMBINING", "MODIFIER", "ZERO", "?"))
_IDEOGRAPHS = frozenset(("CJK", "HANGUL"))


def disorder(word: str) -> float:
    """Bits for a word that mixes alphabets, or capitals and small letters, as nobody writes."""
    bits = 0.0
    if len(word) > 1:
        if not word.isascii():
            names = [name for name, _ in _runs(word)]
            bits += 12.0 * sum(not {a, b} & _IDEOGRAPHS for a, b in pairwise(names))
        if not (word.islower() or word.isupper() or word.istitle()):
            bits += 5.0 * sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return bits


def evidence(texts: Iterable[str]) -> list[Fit]:
    """The fit of every text."""
    model = letters()
    return [model.fit(text) for text in texts]
