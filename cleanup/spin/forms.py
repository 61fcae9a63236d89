"""What the lexicon comes to, packed, so that the first spun text does not wait for every row to be inflected.

`rules/spin/lexicon.zst` is made from the rows by `python -m cleanup.spin.build`, and belongs to exactly these: others, or a
user's beside them, are read and inflected. The candidates of a form are taken out when it is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

MAGIC = b"SPINLEX1"


class Candidate(NamedTuple):
    """One concrete pair: `before`, as found in a spun text, may stand for `after`."""

    before: str
    after: str
    rule: str
    share: float
    prior: float
    tier: str
    guard: frozenset[str]
    seen: int  # observations of the lemmas
    core: bool
    lemma: str  # the original as the row has it


class Forms(Mapping[str, tuple[Candidate, ...]]):
    """Candidates by form, in their order. Read-only."""

    def __init__(self, at: dict[str, tuple[int, int]], data: bytes) -> None:
        """`at`: the bytes of `data` that hold the candidates of each form."""
        self._at = at
        self._data = memoryview(data)
        self._decode = msgspec.msgpack.Decoder(tuple[Candidate, ...]).decode

    def __getitem__(self, form: str) -> tuple[Candidate, ...]:
        begin, end = self._at[form]
        return self._decode(self._data[begin:end])

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def keys(self) -> KeysView[str]:
        """All forms; whether one is among them is known without a look at its candidates."""
        return self._at.keys()


class Packed(msgspec.Struct, array_like=True):
    """The answers of a `Lexicon`: names and lengths of forms, their candidates in one row of bytes, and its other tables."""

    names: list[str]
    lengths: list[int]
    candidates: bytes
    longest: dict[str, int]
    spun_away: dict[str, str]
    formal: list[str]

    def forms(self) -> Forms:
        """The candidates."""
        return Forms(dict(zip(self.names, pairwise(accumulate(self.lengths, initial=0)), strict=True)), self.candidates)


def pack(
    forms: Mapping[str, tuple[Candidate, ...]],
    longest: Mapping[str, int],
    spun_away: Mapping[str, str],
    formal: frozenset[str],
    fingerprint: bytes,
) -> bytes:
    """The bytes of `lexicon.zst` for the rows of that fingerprint."""
    encoded = [msgspec.msgpack.encode([(*one[:6], sorted(one.guard), *one[7:]) for one in found]) for found in forms.values()]
    packed = Packed(list(forms), list(map(len, encoded)), b"".join(encoded), dict(longest), dict(spun_away), sorted(formal))
    return zstandard.ZstdCompressor(level=19).compress(MAGIC + fingerprint + msgspec.msgpack.encode(packed))


def unpack(path: Path, fingerprint: bytes) -> Packed | None:
    """The content of such a file, if it belongs to these rows."""
    if not path.is_file():
        return None
    data = zstandard.ZstdDecompressor().decompress(path.read_bytes(), max_output_size=1 << 28)
    head = MAGIC + fingerprint
    return msgspec.msgpack.decode(memoryview(data)[len(head) :], type=Packed) if data.startswith(head) else None
