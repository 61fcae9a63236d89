"""The tables of py3langid's model: from our own copy, which unpacks quickly, where it is of the installed version."""

from __future__ import annotations

import importlib.metadata
import io
import lzma
import math
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from cleanup.rules import built_in

Tables = dict[str, NDArray[Any]]
LIBRARY = "py3langid"
TRANSPOSED = "ptc"  # smaller so: what the features are worth to one language is alike


ALIGNED = 64  # bytes; the arrays are used where they lie


class Header(msgspec.Struct):
    """What the file begins with, behind its length: version of the library, and name -> (dtype, shape, place of the array)."""

    version: str
    arrays: dict[str, tuple[str, tuple[int, ...], int]]


def tables() -> Tables:
    """Name -> array, as py3langid stores them: `nextmove`, `nextmove_row`, `out_feat`, `ptc` (float16), `pc` and `classes`."""
    path = built_in() / "language" / "model.zst"
    return (unpack(path.read_bytes()) if path.exists() else None) or library()


def library() -> Tables:
    """The arrays from the file that comes with py3langid."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE

    with np.load(io.BytesIO(lzma.decompress((MODEL_DIR / MODEL_FILE).read_bytes()))) as archive:
        return dict(archive.items())


def unpack(data: bytes) -> Tables | None:
    """The arrays of a packed copy, None when it is one of another version of the library."""
    plain = zstandard.decompress(data)
    end = 4 + int.from_bytes(plain[:4], "little")
    header = msgspec.msgpack.decode(plain[4:end], type=Header)
    if header.version != importlib.metadata.version(LIBRARY):
        return None
    begin = end + -end % ALIGNED
    found = {
        name: np.frombuffer(plain, kind, math.prod(shape), begin + place).reshape(shape)
        for name, (kind, shape, place) in header.arrays.items()
    }
    return {**found, TRANSPOSED: found[TRANSPOSED].T}


def pack(arrays: Tables, level: int = 19) -> bytes:
    """A copy of the installed version's arrays."""
    header, body = Header(importlib.metadata.version(LIBRARY), {}), b""
    for name, array in {**arrays, TRANSPOSED: arrays[TRANSPOSED].T}.items():
        header.arrays[name] = (array.dtype.str, array.shape, len(body))
        body += array.tobytes()
        body += bytes(-len(body) % ALIGNED)
    first = msgspec.msgpack.encode(header)
    first = len(first).to_bytes(4, "little") + first
    settings = zstandard.ZstdCompressionParameters.from_level(level, window_log=27)
    return zstandard.ZstdCompressor(compression_params=settings).compress(first + bytes(-len(first) % ALIGNED) + body)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pack(library()))
