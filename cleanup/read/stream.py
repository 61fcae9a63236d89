"""Byte streams: opened, decompressed (gzip, bzip2, xz, zstd, told by their first bytes) and guarded against bombs."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import os
import re
import select
import stat
import sys
import zlib
from collections.abc import Callable
from typing import IO, Any, TypeAlias

import zstandard

from cleanup.config import LimitsConfig
from cleanup.errors import InputError

MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
RATIO_GRACE = 16 << 20  # decompressed bytes before the ratio counts: small files of one repeated word are honest
RECORD = re.compile(rb"\s*\{[^\n]*\}\s*\n")  # what a first line has to look like to be one
PATIENCE = 0.2  # seconds of one wait for standard input

READ_ERRORS = (OSError, EOFError, lzma.LZMAError, zstandard.ZstdError, zlib.error, InputError)


def compression(head: bytes) -> str:
    """The compression a stream starts with, "" for none.

    >>> compression(b"BZh91AY")
    'bzip2'
    """
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


Buffered: TypeAlias = "io.BufferedReader[Any]"


class Counted(io.RawIOBase):
    """A raw stream that knows how many bytes were taken from it."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self.taken = 0
        self._read: Callable[[int], bytes] = getattr(raw, "read1", raw.read)  # a pipe gives what it has
        self._into: Callable[[Any], int] | None = getattr(raw, "readinto1", None)  # the same, without a copy

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`."""
        if self._into:
            size = self._into(buffer)
        else:
            data = self._read(len(buffer))
            size = len(data)
            buffer[:size] = data
        self.taken += size
        return size

    def close(self) -> None:
        """Close what lies below, too."""
        self.raw.close()
        super().close()


class Span(io.RawIOBase):
    """The bytes [start, end) of an open file."""

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        file.seek(start)
        self.file = file
        self.left = end - start

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`."""
        data = self.file.read(min(len(buffer), self.left))
        self.left -= len(data)
        buffer[: len(data)] = data
        return len(data)


class _Zstd:
    """Decompressed zstd that notices a missing end, as the library does not.

    A frame of our own is read behind the last one: it can only be understood when the one before it was whole.
    """

    def __init__(self, packed: Buffered) -> None:
        self.mark = os.urandom(16) * 16  # repeated, so that its compressed bytes do not contain it
        self.packed = packed
        self.end = zstandard.compress(self.mark)
        source: Any = self
        self.stream = zstandard.ZstdDecompressor(max_window_size=1 << 31).stream_reader(source, read_across_frames=True)
        self.held = b""

    def read(self, size: int) -> bytes:
        """Compressed bytes, for the library. Our frame is given byte by byte: in one piece behind a header that is cut off, the
        library would forget that header."""
        data = self.packed.read1(size)
        if not data:
            data, self.end = self.end[:1], self.end[1:]
        return data

    def read1(self, size: int) -> bytes:
        """The next decompressed bytes. Raises EOFError when the last frame is cut off."""
        while data := self.stream.read1(size):
            data = self.held + data
            self.held = data[-len(self.mark) :]
            if len(data) > len(self.mark):
                return data[: -len(self.mark)]
        if self.held != self.mark:
            raise EOFError("Compressed file ended before the end-of-stream marker was reached")
        return b""


class Unpacked(io.RawIOBase):
    """A decompressed stream that stops, with the limit's name, when it grows beyond `max_ratio`."""

    def __init__(self, packed: Counted, unpacked: Any, limits: LimitsConfig) -> None:
        self.packed = packed
        self.unpacked = unpacked
        self.limits = limits
        self.given = 0

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`. Raises InputError when the limit bites."""
        data = self.unpacked.read1(len(buffer))  # one step: an error after it must not cost what came before
        buffer[: len(data)] = data
        self.given += len(data)
        if self.given > RATIO_GRACE and self.given > self.limits.max_ratio * max(1, self.packed.taken):
            raise InputError(f"decompresses to more than limits.max_ratio = {self.limits.max_ratio} times its size")
        return len(data)

    def close(self) -> None:
        """Close what lies below, too."""
        self.packed.close()
        super().close()


class _Patient(io.RawIOBase):
    """A descriptor read in slices of waiting: an interrupt that another thread received is noticed between them.

    The operating system gives a signal to any thread; a main thread that sleeps in `read` would never learn of it.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what is there."""
        while not select.select([self.descriptor], [], [], PATIENCE)[0]:
            pass
        return os.readv(self.descriptor, [buffer])


def standard_input() -> IO[bytes]:
    """Standard input, whose reader can be interrupted while it waits. Raises InputError where it is closed."""
    if sys.stdin is None:
        raise InputError("standard input is closed", "give it something to read, or name files")
    try:
        waits = not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError):  # not a descriptor at all: a test's or a notebook's own object
        waits = False
    if not waits or os.name != "posix":
        return sys.stdin.buffer
    return io.BufferedReader(_Patient(sys.stdin.fileno()), 1 << 16)


def open_raw(path: str) -> IO[bytes]:
    """The stored bytes of a file, URL or "-"."""
    if path == "-":
        return standard_input()
    if "://" in path:
        import fsspec

        opened: IO[bytes] = fsspec.open(path, "rb").open()
        return opened
    return open(path, "rb")


def unpack(raw: IO[bytes], limits: LimitsConfig) -> Buffered:
    """A buffered, decompressed stream over `raw`; nested compression is undone once only."""
    counted = Counted(raw)
    head, buffered = peek(io.BufferedReader(counted, 1 << 16), max(map(len, MAGIC)))
    name = compression(head)
    if not name:
        return buffered
    opened: Any
    if name == "gzip":
        opened = gzip.GzipFile(fileobj=buffered)
    elif name == "bzip2":
        opened = bz2.BZ2File(buffered)
    elif name == "xz":
        opened = lzma.LZMAFile(buffered)  # noqa: SIM115 (closed with the stream below)
    else:
        opened = _Zstd(buffered)
    return io.BufferedReader(Unpacked(counted, opened, limits), 1 << 18)


def open_stream(path: str, limits: LimitsConfig) -> Buffered:
    """Open, and decompress when it is compressed."""
    return unpack(open_raw(path), limits)


class _Recoded(io.RawIOBase):
    """A stream of another encoding, as UTF-8."""

    def __init__(self, stream: Buffered, encoding: str) -> None:
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder(encoding)("replace")
        self.held = b""

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`."""
        data = b"more"
        while data and not self.held:
            data = self.stream.read1(1 << 16)
            self.held = self.decoder.decode(data, final=not data).encode()
        given = self.held[: len(buffer)]
        self.held = self.held[len(given) :]
        buffer[: len(given)] = given
        return len(given)

    def close(self) -> None:
        """Close what lies below, too."""
        self.stream.close()
        super().close()


def recoded(stream: Buffered, encoding: str) -> Buffered:
    """A stream of records in such an encoding, as readers of records want it."""
    return io.BufferedReader(_Recoded(stream, encoding), 1 << 16)


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: Buffered, error: BaseException | None) -> None:
        self.head = head
        self.rest = rest
        self.error = error

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`, from the head first. Raises what ended the head early once the head is given."""
        if self.error and not self.head:
            raise self.error
        if not self.head:
            return self.rest.readinto1(buffer)
        data = self.head[: len(buffer)]
        self.head = self.head[len(data) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close what lies below, too."""
        self.rest.close()
        super().close()


def peek(stream: Buffered, size: int) -> tuple[bytes, Buffered]:
    """The first bytes of a stream, and the stream with them still in front.

    They are `size` bytes, or all there are, or, so that a slow pipe of records is served at once, a line that can be a record.
    """
    head = b""
    failed: BaseException | None = None
    while len(head) < size:
        try:
            block = stream.read1(size - len(head))
        except READ_ERRORS as error:
            failed = error
            break
        if not block:
            break
        head += block
        if b"\n" in block and RECORD.match(head):
            break
    return head, io.BufferedReader(_Rejoined(head, stream, failed), 1 << 16)
