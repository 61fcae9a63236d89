"""Where a WARC can be cut so that each piece begins with a record: known for certain or not at all.

Records are walked from the first one on, by the lengths that they give; where that fails, what is left stays one piece.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import IO

from cleanup.config import LimitsConfig
from cleanup.read.stream import RATIO_GRACE

Cut = tuple[int, int]  # offset in the file, and in what it holds decompressed

HEADER = 1 << 14  # bytes that a record's header has at most
CHUNK = 1 << 18  # stored bytes that are decompressed at once
ALONE = 64 << 20  # decompressed bytes of one gzip member after which no second one is expected
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?=\r\n)", re.I)


def cuts(file: IO[bytes], step: int, limits: LimitsConfig) -> list[Cut]:
    """Begins of records in an open WARC, plain or a gzip member a record (or more), about `step` stored bytes apart."""
    found: list[Cut] = []
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    goal = step
    for cut in _members(file, limits) if packed else _plain(file):
        if cut[0] >= goal:
            found.append(cut)
            goal = cut[0] + step
    return found


def _size(header: bytes) -> int:
    """Bytes of a record, and of the break behind it, by the header that it begins with; 0 where that leaves a doubt."""
    end = header.find(b"\r\n\r\n")
    if end < 0 or not header.startswith(b"WARC/1."):
        return 0
    lengths = LENGTH.findall(header, 0, end + 2)
    return end + 4 + int(lengths[0]) + 4 if len(lengths) == 1 else 0


def _plain(file: IO[bytes]) -> Iterator[Cut]:
    at = 0
    while size := _size(file.read(HEADER)):
        yield at, at
        at += size
        file.seek(at)


def _members(file: IO[bytes], limits: LimitsConfig) -> Iterator[Cut]:
    """Members of gzip with which a record begins."""
    stored = plain = 0  # bytes behind us
    walk, data = _Walk(), b""
    while True:
        inflater, begin = zlib.decompressobj(31), (stored, plain)
        maybe = walk.expects(plain)
        while not inflater.eof:
            data = data or file.read(CHUNK)
            before = len(data)
            try:
                out = inflater.decompress(data, 4 * CHUNK)
            except zlib.error:
                return
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            if (before == len(data) and not out) or not walk.go(out, plain):
                return
            stored, plain = stored + before - len(data), plain + len(out)
            bomb = plain > RATIO_GRACE and plain > limits.max_ratio * stored
            if bomb or (not begin[0] and plain > ALONE):
                return
            if maybe and walk.at > begin[1]:
                yield begin
                maybe = False


class _Walk:
    """From record to record through a decompressed stream. `at`: where the next one begins."""

    def __init__(self) -> None:
        self.at = 0
        self.header = b""  # what is known of its header

    def expects(self, offset: int) -> bool:
        """Whether a record has to begin there."""
        return self.at == offset and not self.header

    def go(self, data: bytes, offset: int) -> bool:
        """Walk through the bytes at `offset`; False where there is no record."""
        while self.at + len(self.header) < offset + len(data):
            begin = self.at + len(self.header) - offset
            self.header += data[begin : begin + HEADER - len(self.header)]
            if size := _size(self.header):
                self.at, self.header = self.at + size, b""
            elif b"\r\n\r\n" in self.header or len(self.header) >= HEADER or not b"WARC/1.".startswith(self.header[:7]):
                return False
        return True
