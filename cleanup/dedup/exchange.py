"""To and from datasketch: signatures of the `affine32` scheme as its MinHash, LeanMinHash bytes and MinHashLSH.

Signatures made here with `scheme="affine32"` are those that `datasketch.MinHash` makes of the same 32-bit hashes, so an index
that was filled by either can be queried by the other, provided the shingles were hashed alike (`signature.hashes32`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cleanup.dedup.shingle import U32
from cleanup.errors import CleanupError

if TYPE_CHECKING:
    from datasketch import LeanMinHash, MinHashLSH

SCHEME = "affine32"


def to_lean(signatures: U32, seed: int = 1) -> list[LeanMinHash]:
    """A `datasketch.LeanMinHash` for every signature."""
    from datasketch import LeanMinHash

    return [LeanMinHash(seed=seed, hashvalues=np.array(row, np.uint32), scheme=SCHEME) for row in signatures]


def from_minhashes(minhashes: Iterable[Any]) -> U32:
    """The signatures of `datasketch.MinHash` or `LeanMinHash` objects: uint32[n, k]. Raises CleanupError for other schemes."""
    rows = []
    for one in minhashes:
        if one.scheme != SCHEME:
            raise CleanupError(
                f"a MinHash has the scheme {one.scheme!r}", f"only {SCHEME!r}, datasketch 2's default, can be read"
            )
        rows.append(np.asarray(one.hashvalues, np.uint32))
    return np.stack(rows) if rows else np.zeros((0, 0), np.uint32)


def to_bytes(signatures: U32, seed: int = 1, byteorder: str = "@") -> list[bytes]:
    """Every signature as the bytes of a serialised `datasketch.LeanMinHash`."""
    found = []
    for lean in to_lean(signatures, seed):
        buffer = bytearray(lean.bytesize(byteorder))
        lean.serialize(buffer, byteorder)
        found.append(bytes(buffer))
    return found


def from_bytes(buffers: Iterable[bytes], byteorder: str = "@") -> U32:
    """The signatures in serialised `datasketch.LeanMinHash` objects."""
    from datasketch import LeanMinHash

    return from_minhashes(LeanMinHash.deserialize(buffer, byteorder) for buffer in buffers)


def to_lsh(signatures: U32, keys: Sequence[Hashable], seed: int = 1, **settings: Any) -> MinHashLSH:
    """A `datasketch.MinHashLSH` of the signatures under these keys; `settings` as it takes them (threshold, params, ...)."""
    from datasketch import MinHashLSH

    lsh = MinHashLSH(num_perm=signatures.shape[1], **settings)
    for key, lean in zip(keys, to_lean(signatures, seed), strict=True):
        lsh.insert(key, lean)
    return lsh


def from_lsh(lsh: MinHashLSH) -> tuple[list[Hashable], U32]:
    """Keys and signatures of a `datasketch.MinHashLSH`: the values of all its bands, the others are not in it.

    Raises CleanupError for an index that hashes its bands, or one of another scheme.
    """
    if lsh.hashfunc is not None:
        raise CleanupError("this MinHashLSH has a hashfunc: it does not hold its values", "make it without `hashfunc`")
    keys = list(lsh.keys)
    rows = [np.frombuffer(b"".join(lsh.keys[key]), ">u4").astype(np.uint32) for key in keys]
    if any(len(row) != lsh.b * lsh.r for row in rows):
        raise CleanupError("this MinHashLSH holds values of another size", f"only the scheme {SCHEME!r} can be read")
    return keys, np.stack(rows) if rows else np.zeros((0, lsh.b * lsh.r), np.uint32)
