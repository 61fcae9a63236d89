"""Sketches: what the corpus step knows of a document, a fixed number of bytes however long it is.

Two shingle families. The surface (windows of words as they stand) is kept as a MinHash signature, and as its 16 smallest
shingle hashes, which meet even where a short excerpt shares little with the signature of a long text. The spin-canonical
family (pairs of neighbouring content words, each replaced by the class of its synonyms) is kept as its 32 smallest hashes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import mmap
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.dedup import canonical
from cleanup.dedup.shingle import AHEAD, NORMALISER, U32, U64
from cleanup.dedup.shingle import table as fold_table
from cleanup.dedup.signature import permutations
from cleanup.dedup.texts import Strings, Texts
from cleanup.errors import CleanupError, remedy

if TYPE_CHECKING:
    from cleanup.config import DedupConfig

ANCHORS = 16  # smallest surface hashes kept; the kernel says the same of these three
CANON = 32  # smallest canonical hashes kept
FEW = 16  # in a text with fewer empty slots than one in so many these borrow at once
PIECE = 512  # texts at a time
LITTLE = 1 << 18  # documents whose sketches are read into memory where they lie in several files
VERSION = 2  # of the fields and their meaning
_NOTHING = np.zeros(1, np.uint32)


class Sketches(NamedTuple):
    """Sketches of n documents, 460 bytes each at k = 128 in the `fss` scheme.

    `exact` is equal for texts with the same words in the same order (of short texts: for the same text), `tokens` their
    number of words, `surface` the signature [n, k] (of the `fss` scheme the low 16 bits), `anchors` [n, 16], `canon` [n, 32].
    """

    exact: U64
    tokens: U32
    surface: NDArray[np.unsignedinteger]
    anchors: U32
    canon: U32

    def __len__(self) -> int:
        return len(self.exact)

    def take(self, numbers: Any) -> Sketches:
        """The sketches of some documents: a slice, numbers or a mask."""
        return Sketches(*(field[numbers] for field in self))

    def rest(self) -> None:
        """Let go of what was read of a mapped file; it is read again where somebody looks at it."""
        for field in self:
            if isinstance(field, np.memmap) and (mapped := getattr(field, "_mmap", None)) is not None:
                mapped.madvise(mmap.MADV_DONTNEED)


class Sketcher:
    """Makes sketches by the settings of a configuration: one a worker."""

    def __init__(
        self,
        cfg: DedupConfig,
        paths: Sequence[str | Path] = (),  # noqa: ARG002 (rule directories, as every factory gets them)
        classes: canonical.Classes | None = None,
    ) -> None:
        self.cfg = cfg
        self.classes = classes or canonical.built_in()

    @property
    def header(self) -> dict[str, Any]:
        """Everything that has to be equal for two sketches to be comparable."""
        return {
            "version": VERSION,
            "normaliser": NORMALISER,
            "scheme": self.cfg.scheme,
            "seed": self.cfg.seed,
            "k": self.cfg.k,
            "shingle": self.cfg.shingle,
            "min_words": self.cfg.min_words,
            "classes": self.classes.digest,
        }

    def batch(self, texts: Sequence[str]) -> Sketches:
        """Sketches of a batch of texts; they do not depend on what else is in the batch."""
        pieces = [self.of(Strings(texts[at : at + PIECE])) for at in range(0, len(texts), PIECE)]
        return concatenate(pieces) if pieces else empty(self.cfg)

    def of(self, texts: Texts) -> Sketches:
        """The same, of texts wherever they stand."""
        cfg = self.cfg
        found = _sketches(texts, cfg.k, cfg.shingle, cfg.scheme, cfg.seed, self.classes)
        few = np.flatnonzero(found.tokens < cfg.min_words)
        for number, text in zip(few.tolist(), texts.some(few).strings(), strict=True):
            data = text.encode("utf-8", "surrogatepass")
            found.exact[number] = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
        surface = found.surface.astype(np.uint16) if cfg.scheme == "fss" else found.surface
        return Sketches(found.exact, found.tokens, surface, found.anchors, found.canon)


def _sketches(texts: Texts, k: int, width: int, scheme: str, seed: int, classes: canonical.Classes | None = None) -> Sketches:
    """Sketches with whole signatures; without classes nothing else is in them.

    `fss` is Fast Similarity Sketching (Dahlgaard, Knudsen and Thorup, FOCS 2017). Every shingle falls into one of k slots, which
    keeps its smallest value. A few empty slots borrow the values of others (optimal densification: Shrivastava, ICML 2017). Only
    texts with many empty slots go on: each round throws their shingles anew and fills what is still empty. Values of round 0 are
    below 2^31, all others above. `affine32` is bit-equal to `datasketch.MinHash(k, seed)` fed the same hashes.

    In the canonical family stop words are dropped, content words stand for their classes, and neighbours are joined. Pairs with
    a word that no spinner is known to change have the smaller values, so that a sketch of the smallest ones is made of what a
    spun copy keeps, and of what few other texts have.
    """
    if k < 1 or width < 1:
        raise ValueError("a signature has at least one value, a shingle at least one word")
    count, rest = len(texts.size), len(texts.size) if classes else 0
    longest, slots = int(texts.size.max(initial=0)), 1 << (k * FEW).bit_length()
    room = np.empty((27 * (longest + AHEAD + 1) + 4 * (k * (FEW + 1) + slots)) // 8 + 1, np.uint64)
    a, b = permutations(k, seed) if scheme == "affine32" else (_NOTHING, _NOTHING)
    table, bits = (classes.table, classes.bits) if classes else (_NOTHING, 0)
    made = Sketches(
        np.empty(rest, np.uint64),
        np.empty(rest, np.uint32),
        np.empty((count, k), np.uint32),
        np.empty((rest, ANCHORS), np.uint32),
        np.empty((rest, CANON), np.uint32),
    )
    _kernel()(
        *(texts.where, texts.size, count, longest, int(texts.escaped), fold_table(), width, k, scheme == "affine32", a, b),
        *(table, bits, made.surface, made.exact, made.tokens, made.anchors, made.canon, room, slots),
    )
    return made


@cache
def _kernel() -> kernels.Function:
    texts, scheme, classes, fields = "u64* i64* i64 i64 i32 u8*", "i64 i64 i32 u32* u32*", "u32* i32", "u32* u64* u32* u32* u32*"
    return kernels.function("sketches", f"{texts} {scheme} {classes} {fields} u64* i64")


def empty(cfg: DedupConfig) -> Sketches:
    """Sketches of no document."""
    kind = np.uint16 if cfg.scheme == "fss" else np.uint32
    return Sketches(
        np.zeros(0, np.uint64),
        np.zeros(0, np.uint32),
        np.zeros((0, cfg.k), kind),
        np.zeros((0, ANCHORS), np.uint32),
        np.zeros((0, CANON), np.uint32),
    )


def concatenate(parts: Sequence[Sketches]) -> Sketches:
    """One table of several, in memory."""
    return parts[0] if len(parts) == 1 else Sketches(*(np.concatenate(fields) for fields in zip(*parts, strict=True)))


_MAGIC = b"cleanup sketches 1\n"
_ALIGN = 64


def save(parts: Sequence[Sketches], path: str | Path, *, lasting: bool = True) -> None:
    """Write several tables as one file that `load` can map, a field after the other. Appears by rename, and is `lasting`
    where it has to outlive the machine's power."""
    total = sum(len(part) for part in parts)
    fields = [
        {"name": name, "dtype": field.dtype.str, "shape": [total, *field.shape[1:]]} for name, field in parts[0]._asdict().items()
    ]
    header = _MAGIC + json.dumps(fields).encode() + b"\n"
    target = Path(path)
    temporary = target.with_name(target.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(header)
        for index in range(len(fields)):
            file.write(bytes(-file.tell() % _ALIGN))
            for part in parts:
                file.write(np.ascontiguousarray(part[index]).data)  # `tofile` does not notice that the disk is full
                part.rest()
        file.flush()
        if lasting:
            os.fsync(file.fileno())
    temporary.replace(target)


def load(paths: Sequence[str | Path]) -> Sketches:
    """Map files written by `save`, as one table; nothing is read before it is used. Raises CleanupError for a damaged one."""
    tables = [_load(Path(path)) for path in paths]
    if len(tables) == 1 or sum(map(len, tables)) <= LITTLE:
        return concatenate(tables)
    # Several are written into one file, which is gone as soon as nobody maps it: 460 bytes a document stay out of memory.
    together = Path(paths[0]).with_name(f"together-{os.getpid()}")
    try:
        save(tables, together, lasting=False)
        return _load(together)
    except OSError as error:
        raise CleanupError(f"{together}: {error.strerror or error}", remedy(error)) from error
    finally:
        together.unlink(missing_ok=True)


def _load(path: Path) -> Sketches:
    damaged = CleanupError(f"{path} is not a whole file of sketches", "delete it and run the same command again")
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise damaged
            fields = json.loads(file.readline())
            at, size = file.tell(), path.stat().st_size
        found: list[Any] = []
        for field in fields:
            at += -at % _ALIGN
            dtype, shape = np.dtype(field["dtype"]), tuple(field["shape"])
            if shape[0]:
                found.append(np.memmap(path, dtype, "r", at, shape))
            else:
                found.append(np.zeros(shape, dtype))
            at += dtype.itemsize * int(np.prod(shape))
        if at != size:
            raise damaged
        return Sketches(*found)
    except (OSError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            raise  # it may be whole: there is no room to map it
        raise damaged from None


def sketch(texts: Sequence[str], k: int = 128, width: int = 5, scheme: str = "fss", seed: int = 1) -> U32:
    """Signatures of plain strings: uint32[n, k]. The share of equal values in two rows estimates the Jaccard similarity of
    the sets of `width`-word shingles. A text without any word is all 0xFFFFFFFF."""
    found = [_sketches(Strings(texts[at : at + PIECE]), k, width, scheme, seed).surface for at in range(0, len(texts), PIECE)]
    return np.concatenate([np.zeros((0, k), np.uint32), *found])
