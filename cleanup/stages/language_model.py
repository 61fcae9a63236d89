"""The tables of py3langid's model: from our own copy, which unpacks quickly, where it is of the installed version."""

from __future__ import annotations

import importlib.metadata
import io
import lzma
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


class Packed(msgspec.Struct):
    """The file: version of the library, and name -> (dtype, shape, bytes)."""

    version: str
    arrays: dict[str, tuple[str, tuple[int, ...], memoryview]]


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
    packed = msgspec.msgpack.decode(zstandard.decompress(data), type=Packed)
    if packed.version != importlib.metadata.version(LIBRARY):
        return None
    found = {name: np.frombuffer(raw, kind).reshape(shape) for name, (kind, shape, raw) in packed.arrays.items()}
    return {**found, TRANSPOSED: found[TRANSPOSED].T}


def pack(arrays: Tables, level: int = 19) -> bytes:
    """A copy of the installed version's arrays."""
    turned = {**arrays, TRANSPOSED: arrays[TRANSPOSED].T}
    plain = {name: (array.dtype.str, array.shape, memoryview(array.tobytes())) for name, array in turned.items()}
    settings = zstandard.ZstdCompressionParameters.from_level(level, window_log=27)
    packed = msgspec.msgpack.encode(Packed(importlib.metadata.version(LIBRARY), plain))
    return zstandard.ZstdCompressor(compression_params=settings).compress(packed)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pack(library()))
