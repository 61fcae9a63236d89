"""What the corpus step and the site step decided about the lines of a part, as it lies in the working directory."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import numpy as np

from cleanup.dedup.receipts import Drops
from cleanup.dedup.shingle import I64
from cleanup.document import Drop, Edit, Mark
from cleanup.read.records import plain
from cleanup.write.directory import appearing
from cleanup.write.record import encode

EVERY = "decided"  # the file about all parts
NUMBER = struct.Struct("=q")
ARRAY = b"\xdd"  # of MessagePack; four bytes say how many follow
NOTHING = b"\x92\x90\x90"  # nothing proposed, nobody goes


class Proposals(msgspec.Struct, frozen=True):
    """What is proposed for one line of a part."""

    row: int
    proposals: list[Drop | Edit | Mark]


class Going(msgspec.Struct, frozen=True):
    """Lines of a part that go, and nothing else is proposed for them: `Drops`, as bytes of int64."""

    rows: bytes
    relation: bytes
    score: bytes
    passage: bytes
    ends: bytes
    reasons: bytes


class Decided(NamedTuple):
    """Proposals by row; the rows that go, ascending, and how."""

    proposals: dict[int, list[Drop | Edit | Mark]]
    rows: I64
    drops: Drops


def load(path: Path) -> Decided:
    """What `save` wrote; nothing when there is no such file."""
    return _read(path.read_bytes() if path.exists() else NOTHING)


def load_part(path: Path, number: int) -> Decided:
    """What a file about all parts says of one, by its number; nothing when there is no such file."""
    if not path.exists():
        return _read(NOTHING)
    with open(path, "rb") as file:
        file.seek(-NUMBER.size, os.SEEK_END)
        parts = NUMBER.unpack(file.read())[0]
        file.seek((number - parts - 1) * NUMBER.size - NUMBER.size, os.SEEK_END)
        begin, end = struct.unpack("=2q", file.read(2 * NUMBER.size))
        file.seek(begin)
        return _read(file.read(end - begin))


def _read(data: bytes) -> Decided:
    proposals, going = msgspec.msgpack.decode(data, type=tuple[list[bytes], list[Going]])
    base = np.cumsum([0, *(len(one.reasons) for one in going)])
    ends = [np.frombuffer(one.ends, np.int64) + begin for one, begin in zip(going, base.tolist(), strict=False)]
    drops = Drops(
        relation=_joined(one.relation for one in going),
        score=_joined(one.score for one in going),
        passage=_joined(one.passage for one in going).reshape(-1, 2),
        ends=np.concatenate([np.zeros(0, np.int64), *ends]),
        reasons=b"".join(one.reasons for one in going),
    )
    rows = _joined(one.rows for one in going)
    return Decided({found.row: found.proposals for found in map(_parsed, proposals)}, rows, drops)


def _parsed(data: bytes) -> Proposals:
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:  # halves of surrogate pairs
        return msgspec.convert(plain(msgspec.Raw(data)), Proposals)


_decoder = msgspec.json.Decoder(Proposals)


def _joined(columns: Iterable[bytes]) -> I64:
    return np.frombuffer(b"".join(columns), np.int64)


def save(path: Path, proposals: Sequence[Proposals]) -> None:
    """Write what is proposed for one part into a file of its own."""
    with appearing(path) as file:
        write(file, proposals, len(proposals))


def write(
    file: IO[bytes], proposals: Iterable[Proposals], count: int, going: Iterable[tuple[I64, Drops]] = (), blocks: int = 0
) -> None:
    """Write so many proposals for a part, and so many blocks of rows that go, one by one, as together they take more memory."""
    encoder = msgspec.msgpack.Encoder()
    file.write(b"\x92" + ARRAY + count.to_bytes(4, "big"))
    for one in proposals:
        file.write(encoder.encode(encode(one)))
    file.write(ARRAY + blocks.to_bytes(4, "big"))
    for rows, drops in going:
        columns = (column.tobytes() for column in (drops.relation, drops.score, drops.passage, drops.ends))
        file.write(encoder.encode(Going(rows.tobytes(), *columns, drops.reasons)))  # type: ignore[call-arg]


def finish(file: IO[bytes], ends: Sequence[int]) -> None:
    """Write, behind all parts, where each ends, and how many there are."""
    file.write(struct.pack(f"={len(ends) + 2}q", 0, *ends, len(ends)))
