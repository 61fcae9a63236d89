"""ftfy, asked only where it can say something, with the very same answer.

ftfy changes the encoding of a line only if its pattern of unlikely neighbours matches. Every branch of that pattern needs two
particular characters side by side: `Neighbours` is the table of those pairs, read from the pattern itself, and two look-ups
for every character that is not ASCII find the few lines that are worth the pattern.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import rules
from cleanup.versions import version

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftfy import ExplainedText, TextFixerConfig

_DOMAIN = 0x2600  # ranges in ftfy's pattern end below this code point; single characters above it are looked up one by one
_ELEMENT = re.compile(r"(\[(?:\\.|[^\]\\])*\]|\\.|.)([?*+]?)", re.S)


class Neighbours(msgspec.Struct, frozen=True):
    """The class of every UTF-16 code unit, and which class beside which (as left * count + right) can be part of a match."""

    classes: NDArray[np.uint8]
    count: int
    pairs: NDArray[np.uint8]


class Packed(msgspec.Struct):
    """`Neighbours` as a file, with the version of ftfy."""

    version: str
    classes: bytes
    count: int
    pairs: bytes


@cache
def neighbours() -> Neighbours:
    """The table for the installed ftfy: from our own copy where it is of that version, as to make it takes loading ftfy."""
    import zstandard

    path = rules.built_in() / "mojibake" / "neighbours.bin"
    if path.exists():
        packed = msgspec.msgpack.decode(zstandard.decompress(path.read_bytes()), type=Packed)
        if packed.version == version("ftfy"):
            return Neighbours(np.frombuffer(packed.classes, np.uint8), packed.count, np.frombuffer(packed.pairs, np.uint8))
    return build()


def pack() -> bytes:
    """The content of `neighbours.bin` for the installed ftfy, before it is compressed."""
    table = build()
    arrays = (table.classes.tobytes(), table.count, table.pairs.tobytes())
    return msgspec.msgpack.encode(Packed(version("ftfy"), *arrays))


def build() -> Neighbours:
    """The table, read from ftfy's pattern."""
    from ftfy.badness import BADNESS_RE

    branches = [_elements(branch) for branch in _branches(BADNESS_RE.pattern)]
    found = sorted({char for char in BADNESS_RE.pattern if ord(char) >= _DOMAIN})
    domain = "".join(map(chr, range(_DOMAIN))) + "".join(found)
    signature = np.zeros(1 << 16, np.uint64), np.zeros(1 << 16, np.uint64)
    members: dict[str, NDArray[np.uint32]] = {}
    for number, pair in enumerate(_pair(elements) for elements in branches):
        for side, element in zip(signature, pair, strict=True):
            side[_members(element, domain, members)] |= np.uint64(1 << number)
    # Characters with the same signatures are one class; the product tells signatures apart, which is checked.
    _, first, classes = np.unique(
        signature[0] * np.uint64(0x9E3779B97F4A7C15) + signature[1], return_index=True, return_inverse=True
    )
    keys = [side[first] for side in signature]
    assert all((key[classes] == side).all() for key, side in zip(keys, signature, strict=True))
    pairs = (keys[0][:, None] & keys[1][None, :]) != 0
    return Neighbours(classes.astype(np.uint8), len(first), pairs.reshape(-1).astype(np.uint8))


def _branches(pattern: str) -> list[str]:
    """The alternatives of a verbose pattern, without blanks and comments."""
    out = [""]
    inside = comment = False
    previous = ""
    for char in pattern:
        if comment:
            comment = char != "\n"
        elif inside:
            out[-1] += char
            inside = char != "]" or previous == "\\"
        elif char == "#":
            comment = True
        elif char == "|":
            out.append("")
        elif not char.isspace() or ord(char) > 127:
            out[-1] += char
            inside = char == "["
        previous = char
    return [branch for branch in out if branch]


def _elements(branch: str) -> list[tuple[str, bool]]:
    """(pattern of one character, whether it has to be there); anchors are left out."""
    return [(part, not repeat) for part, repeat in _ELEMENT.findall(branch) if part != "^"]


def _pair(elements: list[tuple[str, bool]]) -> tuple[str, str]:
    """Two neighbouring elements of a branch that few texts have; a lone one is beside anything."""
    if len(elements) == 1:
        return elements[0][0], "(?s:.)"
    pairs = [(a, b) for (a, sure_a), (b, sure_b) in pairwise(elements) if sure_a and sure_b]
    return min(pairs, key=lambda pair: (min(map(_breadth, pair)), max(map(_breadth, pair))))


_SAMPLE = "".join(map(chr, range(0x500)))


@cache
def _breadth(element: str) -> int:
    """How many characters of the usual alphabets an element takes; those with ASCII letters come last."""
    found = re.findall(element, _SAMPLE)
    return len(found) + 10_000 * any("a" <= char <= "z" or char == " " for char in found)


def _members(element: str, domain: str, known: dict[str, NDArray[np.uint32]]) -> NDArray[np.uint32]:
    if element not in known:
        if re.match(element, "\u4e00") or re.match(element, "\ufffe"):
            known[element] = np.arange(1 << 16, dtype=np.uint32)  # a negated class, \\w or a dot
        else:
            known[element] = np.array([ord(char) for char in re.findall(element, domain)], np.uint32)
    return known[element]


# Runs of characters that are not ASCII, with what little ASCII may stand between them.
_RUN = re.compile("[^\x00-\x7f]+(?:[\x00-\x7f]{1,6}[^\x00-\x7f]+)*")
_REACH = 3  # no branch of the pattern looks further into ASCII, so a run and its surroundings decide


def is_bad(line: str) -> bool:
    """Whether ftfy's pattern matches: what decides that ftfy looks at a line at all."""
    from ftfy.badness import BADNESS_RE

    if line.isascii():
        return False
    search = BADNESS_RE.search
    return any(search(line, max(0, run.start() - _REACH), run.end() + _REACH) for run in _RUN.finditer(line))


def step(line: str) -> str:
    """One step of `ftfy.fix_encoding` for a line that is known to be bad."""
    run, config = _step()
    return run(line, config).text


@cache
def _step() -> tuple[Callable[[str, TextFixerConfig], ExplainedText], TextFixerConfig]:
    """ftfy's own step for a line that is known to be bad: its code, with that one question answered, and two others quickly."""
    from ftfy import TextFixerConfig, _fix_encoding_one_step_and_explain, chardata, fixes

    altered, lossy = Finder(chardata.ALTERED_UTF8_RE), Finder(chardata.LOSSY_UTF8_RE)
    known = {
        **_fix_encoding_one_step_and_explain.__globals__,
        "is_bad": lambda _: True,
        "chardata": SimpleNamespace(**{**vars(chardata), "ALTERED_UTF8_RE": altered}),
        "fixes": SimpleNamespace(
            **{
                **vars(fixes),
                "replace_lossy_sequences": lambda data: fixes.replace_lossy_sequences(data) if lossy.search(data) else data,
            }
        ),
    }
    return FunctionType(_fix_encoding_one_step_and_explain.__code__, known), TextFixerConfig(explain=False)


class Finder:
    """A pattern of alternatives that is tried only where one of them can begin: `re` skips quickly to one of some bytes."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.match = pattern.match
        first = (_elements(branch)[0][0] for branch in pattern.pattern.decode("latin-1").split("|"))
        self.begin = re.compile(f"[{''.join(one[1:-1] if one[0] == '[' else re.escape(one) for one in first)}]".encode("latin-1"))

    def search(self, data: bytes) -> bool:
        """Whether the pattern is found."""
        return any(self.match(data, found.start()) for found in self.begin.finditer(data))
