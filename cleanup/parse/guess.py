"""Which legacy encoding bytes are in: what they read in each, weighed by the letters of the languages of the world."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup.parse import encodings
from cleanup.parse.letters import Fit, is_odd, letters

SAMPLE = 1500  # bytes that are decoded to be weighed
_CHUNKS = (48, 160, 160)  # bytes after which readings that have fallen behind are given up
_BEHIND = 50.0  # bits
ASKED = 8000  # bytes that chardet is asked about
GOOD, GOOD_EAST = 4.6, 9.5  # bits a letter at and below which a text is in a language that the model knows
_OPINION = 8.0  # bits that chardet's first choice is worth where no reading is in a known language


class Guess(msgspec.Struct, frozen=True):
    """A codec, the bits that its reading of the sample takes, and how its letters fit."""

    codec: str
    bits: float
    fit: Fit
    text: str

    @property
    def good(self) -> bool:
        """Whether the reading is in a language that the model knows."""
        return self.fit.letters > 2 and self.fit.rate <= typical(self.text)


def guess(data: bytes, declared: Iterable[str] = ()) -> list[Guess]:
    """Readings of `data`, likeliest first, one for every different text. Empty when no candidate decodes it."""
    sample = _sample(data)
    claimed = [name for name in declared if name in encodings.PRICES]
    if claimed:
        found = _weighed(sample, claimed, "", claimed)
        if found and found[0].good and _decodes(data, found[0].codec):
            return found
    found = _weighed(sample, encodings.PRICES, "", claimed)
    if not found or not found[0].good:
        found = _weighed(sample, encodings.PRICES, next(iter(_chardet(data, sample)), ""), claimed)
    whole = [one for one in found if _decodes(data, one.codec)]
    # Damage to text that reads well otherwise: rather lose a few bytes than believe in an encoding that takes anything.
    return found if found and found[0].good and found[0] not in whole and not (whole and whole[0].good) else whole


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _chardet(data: bytes, sample: bytes) -> list[str]:
    import chardet

    asked = data if len(data) <= ASKED else sample if len(sample) > 200 else data[:ASKED]
    found = chardet.detect_all(asked[:ASKED], ignore_threshold=True, compat_names=False)
    names = (encodings.codec(str(one["encoding"])) for one in found[:5] if one["encoding"])
    return [name for name in names if name]


def _sample(data: bytes) -> bytes:
    """Lines with bytes above 127, from all over the data, whole ones where they are short."""
    if len(data) <= SAMPLE:
        return data
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    step = max(1, len(lines) // 12)
    out: list[bytes] = []
    size = 0
    for line in lines[::step]:
        piece = line if len(line) <= SAMPLE // 2 else line[: _cut(line)]
        out.append(piece)
        size += len(piece)
        if size > SAMPLE:
            break
    return b"\n".join(out)


def _cut(line: bytes) -> int:
    """Where a long line can be cut: behind an ASCII blank, else anywhere."""
    at = line.rfind(b" ", 0, SAMPLE // 2)
    return at if at > SAMPLE // 4 else SAMPLE // 2


def _weighed(sample: bytes, names: Iterable[str], opinion: str, claimed: Sequence[str]) -> list[Guess]:
    """Readings of the sample that look like text, by their bits."""
    counts = np.bincount(np.frombuffer(sample, np.uint8), minlength=256)
    present = bytes(np.flatnonzero(counts[128:]).astype(np.uint8) + np.uint8(128))
    dense = 3 * int(counts[128:].sum()) > len(sample)
    prices: dict[str, tuple[float, str]] = {}  # by what it makes of the sample: the commonest encoding that reads so
    for name in names:
        if name in encodings.MULTIBYTE:
            made = _decoded(sample, name)
            fine = made is not None and _possible(_kinds(made), dense, made)
        else:
            made = _strictly(present, name)
            fine = made is not None and _possible(np.bincount(_table(name), counts, len(_KINDS)), dense, "")
        if made is not None and fine:
            price = encodings.PRICES[name] - _OPINION * (name == opinion) - 15.0 * (name in claimed)
            if made not in prices or price < prices[made][0]:
                prices[made] = (price, name)
    model = letters()
    live = {name: price for price, name in prices.values()}
    for chunk in _chunks(sample) if len(live) > 2 else ():
        for name in live:
            live[name] += model.fit(unicodedata.normalize("NFC", chunk.decode(name, "replace"))).bits
        best = min(live.values())
        live = {name: bits for name, bits in live.items() if bits < best + _BEHIND}
    out: list[Guess] = []
    for price, name in prices.values():
        if name in live:
            text = _decoded(sample, name) or ""
            fit = model.fit(unicodedata.normalize("NFC", text))
            out.append(Guess(name, fit.bits + price, fit, text))
    return sorted(out, key=lambda one: one.bits)


def _strictly(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _chunks(sample: bytes) -> Iterator[bytes]:
    """The first pieces of the sample, cut behind blanks, where no character of any encoding is cut apart."""
    start = 0
    for size in _CHUNKS:
        end = sample.find(b" ", start + size) + 1
        if not end:
            return
        yield sample[start:end]
        start = end


def _decoded(sample: bytes, name: str) -> str | None:
    """The sample, which may end in the middle of a character."""
    for end in range(len(sample), max(0, len(sample) - 3), -1):
        try:
            return sample[:end].decode(name)
        except UnicodeDecodeError as error:
            if name not in encodings.MULTIBYTE:
                return None
            if error.start < len(sample) - 3:
                break
    text = sample.decode(name, "replace")
    return text if 50 * text.count("\ufffd") <= len(text) else None


def _possible(kinds: NDArray[Any], dense: bool, text: str) -> bool:
    """Whether a reading can be text: no C1 controls, few odd signs, no foreign letters inside of words that are mostly ASCII.

    `kinds`: how many characters of each kind there are; `text` is asked for where there are ideographs.
    """
    letter, plain, odd, east, foreign, _ = kinds.tolist()
    high = kinds.sum() - plain - letter
    if 5 * odd > high + 3:
        return False
    if dense:
        return True
    if east and 3 * len(_BESIDE.findall(text)) > east:
        return False
    return bool(not foreign or 2 * high > letter)


_KINDS = ("letter", "ascii", "odd", "east", "foreign", "latin")


def _kinds(text: str) -> NDArray[Any]:
    """How many characters of each of `_KINDS` a text has."""
    found = Counter(text)
    return np.bincount([_kind(char) for char in found], list(found.values()), len(_KINDS))


@cache
def _table(name: str) -> NDArray[np.int64]:
    """The kind of what a single-byte encoding makes of every byte; where that is nothing, any."""
    return np.array([_kind(bytes([byte]).decode(name, "replace")) for byte in range(256)])


@cache
def _kind(char: str) -> int:
    """What a character says about a reading: an ASCII letter, other ASCII, odd, of East Asia, of another script, or nothing."""
    if char.isascii():
        kind = "letter" if char.isalpha() else "ascii"
    elif unicodedata.category(char) in ("Cc", "Cn", "Co") or is_odd(char):
        kind = "odd"
    elif char >= "\u2e80":
        kind = "east"
    else:
        kind = "foreign" if "\u0370" <= char <= "\u1dff" else "latin"
    return _KINDS.index(kind)


# An ideograph that touches a Latin letter: usual in Japanese, but not in text that is mostly ASCII.
_BESIDE = re.compile("[A-Za-z][\u2e80-\uffef]|[\u2e80-\uffef](?=[A-Za-z])")


def typical(text: str) -> float:
    """Bits a letter that text of a known language has at most."""
    if max(text, default="") < "\u2e80":
        return GOOD
    return GOOD_EAST if 4 * sum(char >= "\u2e80" for char in text) > len(text) else GOOD


def alternatives(found: list[Guess]) -> Iterator[str]:
    """The codecs of the readings that come next."""
    return (one.codec for one in found[1:4])


def confidence(found: list[Guess]) -> float:
    """How sure the first reading is: near 1 when the second takes 20 bits more."""
    if not found:
        return 0.0
    margin = found[1].bits - found[0].bits if len(found) > 1 else 40.0
    sure = 1.0 - 0.5 * 2.0 ** (-max(0.0, margin) / 5.0)
    value: float = min(0.99, sure if found[0].good else 0.6 * sure)
    return round(value, 3)
