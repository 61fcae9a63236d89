"""py3langid's model in the form in which it is read here: a quarter of the size, number for number the same.

Of the automaton's table, rows of 256 next states, most pieces are alike: each stands there once. Of what a feature is worth to
142 labels most is the label's least: what is above it is kept, as whole numbers of the half-precision floats' last digit, in
rows for features that are worth something to many labels, as lists for the others. It is made once and packed
(`rules/language/model.zst`); with a version of the library that has another model, it is made of that one at the start.
"""

from __future__ import annotations

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
from cleanup.versions import version

Arrays = dict[str, NDArray[Any]]
LIBRARY = "py3langid"
ALIGNED = 64  # bytes; the arrays are used where they lie
PIECE = 16  # next states; the kernel knows it too
MANY = 24  # labels to which a feature is worth something, from which on it has a row
ROOM = (1 << 16) // 8  # values of which the kernel adds up eight in 16 bits are below


class Tables(msgspec.Struct):
    """What `language_scores` in `kernels/language.c` asks for: the `unit` of its whole numbers, the number of `features`, and the
    `largest` magnitude of what one of them is worth.

    `arrays`: `pieces` and `next` are the automaton; `dense`, `begin`, `label`, `value` what features are worth beyond `least`;
    `prior` what labels begin with.
    """

    version: str
    labels: list[str]
    unit: float
    features: int
    largest: float
    arrays: Arrays


class Header(msgspec.Struct):
    """What the file begins with, behind its length: all but the arrays, and name -> (dtype, shape, place) of those."""

    tables: dict[str, Any]
    arrays: dict[str, tuple[str, tuple[int, ...], int]]


def tables() -> Tables:
    """The tables of the installed version's model."""
    path = built_in() / "language" / "model.zst"
    return (unpack(path.read_bytes()) if path.exists() else None) or made(library())


def library() -> Arrays:
    """The arrays from the file that comes with py3langid: `nextmove`, `nextmove_row`, `out_feat`, `ptc`, `pc` and `classes`."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE

    with np.load(io.BytesIO(lzma.decompress((MODEL_DIR / MODEL_FILE).read_bytes()))) as archive:
        return dict(archive.items())


def made(arrays: Arrays) -> Tables:
    """The tables, made of the library's arrays."""
    worth, unit = _whole(arrays["ptc"])
    least = worth.min(axis=0)
    above = worth - least
    some = np.count_nonzero(above, axis=1)
    order = np.argsort(-some, kind="stable")  # features with a row come first, and those of many texts are close together
    rows = int((some >= MANY).sum())
    rest = above[order[rows:]]
    feature, label = np.nonzero(rest)
    number = np.append(np.argsort(order), len(order))  # the new number of each feature, and of none
    out = {
        **_automaton(arrays["nextmove"], arrays["nextmove_row"], number[arrays["out_feat"]]),
        "dense": np.append(above[order[:rows]], np.zeros_like(above[:1]), axis=0).astype(np.uint16),
        "begin": np.searchsorted(feature, np.arange(len(rest) + 1)).astype(np.uint32),
        "label": label.astype(np.uint8),
        "value": rest[feature, label].astype(np.uint16),
        "least": least.astype(np.int32),
        "prior": arrays["pc"].astype(np.float64),
    }
    magnitude = float(np.abs(arrays["ptc"]).max(initial=0))
    return Tables(version(LIBRARY), arrays["classes"].tolist(), unit, len(worth), magnitude, out)


def _whole(worth: NDArray[Any]) -> tuple[NDArray[np.int32], float]:
    """(whole numbers, their unit): exactly what is given, where there is room for all that lies between."""
    spread = float(worth.max()) - float(worth.min())
    for digits in range(24):
        scaled = np.ldexp(worth.astype(np.float32), digits)
        whole = np.rint(scaled)
        if (whole == scaled).all() or math.ldexp(spread, digits + 1) >= ROOM:
            break
    return whole.astype(np.int32), math.ldexp(1.0, -digits)


def _automaton(states: NDArray[Any], row: NDArray[Any], feature: NDArray[np.intp]) -> Arrays:
    """The pieces, each once, and which of them makes up which part of a row; a step is a row, and above its 32 bits a feature.

    `states`: the next ones, row by row; `row` and `feature`: of each state. It begins in state 0, whose row comes first.
    """
    order = np.arange(row.max() + 1)
    order[[0, row[0]]] = row[0], 0
    following = states.reshape(len(order), -1)[order]
    steps = (order[row].astype(np.uint64) + (feature.astype(np.uint64) << np.uint64(32)))[following].reshape(-1, PIECE)
    power = np.random.default_rng(1).integers(1, 1 << 62, PIECE, np.uint64) | np.uint64(1)
    _, first, which = np.unique((steps * power).sum(axis=1, dtype=np.uint64), return_index=True, return_inverse=True)
    assert (steps[first][which] == steps).all()
    assert len(first) <= 1 << 16
    return {"next": steps[first], "pieces": which.astype(np.uint16)}


def unpack(data: bytes) -> Tables | None:
    """The tables of a packed copy, None when it is one of another version of the library."""
    plain = zstandard.decompress(data)
    end = 4 + int.from_bytes(plain[:4], "little")
    header = msgspec.msgpack.decode(plain[4:end], type=Header)
    if header.tables["version"] != version(LIBRARY):
        return None
    begin = end + -end % ALIGNED
    found = {
        name: np.frombuffer(plain, kind, math.prod(shape), begin + place).reshape(shape)
        for name, (kind, shape, place) in header.arrays.items()
    }
    return Tables(**header.tables, arrays=found)


def pack(given: Tables, level: int = 19) -> bytes:
    """The tables as a file."""
    plain = {name: value for name, value in msgspec.structs.asdict(given).items() if name != "arrays"}
    header, body = Header(plain, {}), b""
    for name, array in given.arrays.items():
        header.arrays[name] = (array.dtype.str, array.shape, len(body))
        body += array.tobytes()
        body += bytes(-len(body) % ALIGNED)
    first = msgspec.msgpack.encode(header)
    first = len(first).to_bytes(4, "little") + first
    settings = zstandard.ZstdCompressionParameters.from_level(level, window_log=27)
    return zstandard.ZstdCompressor(compression_params=settings).compress(first + bytes(-len(first) % ALIGNED) + body)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pack(made(library())))
