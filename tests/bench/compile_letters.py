"""Compile `rules/mojibake/letters.tsv`, which people read, into `letters.bin` and `tables.bin`, which are quick to load, and what
ftfy's pattern says of neighbours into `neighbours.bin`.

python tests/bench/compile_letters.py

The file is a zstd frame: a line of JSON (languages; for every script its n-grams and the languages written in it), the n-grams
of every script joined by spaces, and for every n-gram its cost in every language, a byte each, with what a language has not
seen filled in from the shorter n-gram. `tables.bin`: the version of Unicode on a line, then the prefilter's tables. Tests
compare all with what they are made of.
"""

from __future__ import annotations

import json
import unicodedata

import numpy as np
import zstandard
from numpy.typing import NDArray

from cleanup import rules
from cleanup.parse.letters import ANY, IDEOGRAPHIC, UNSEEN, script
from cleanup.stages.ftfy_prefilter import pack

FOLDER = rules.built_in() / "mojibake"
STEP = 6  # half bits more for every letter of context that has to be left out
Own = dict[str, list[tuple[int, list[str]]]]  # by language: a cost and what costs so much


def compiled() -> bytes:
    """The content of `letters.bin` before it is compressed."""
    found = read()
    grams = sorted({gram for levels in found.values() for _, parts in levels for gram in parts}, key=order)
    rows = {gram: row for row, gram in enumerate(grams)}
    table = np.full((len(rows), len(found)), 255, np.uint8)
    own: dict[str, list[int]] = {}
    for index, levels in enumerate(found.values()):
        for level, parts in levels:
            table[[rows[gram] for gram in parts], index] = level
        common = [gram for cost, parts in levels if cost < 26 for gram in parts if len(gram) == 1 and gram != "_"]
        for written in {script(gram) for gram in common}:
            own.setdefault(written, []).append(index)
    back_off(rows, table, np.array([name in IDEOGRAPHIC for name in found]))
    blocks: dict[str, list[str]] = {}
    for gram in grams:
        blocks.setdefault(written_in(gram), []).append(gram)
    texts = {name: " ".join(block).encode() for name, block in blocks.items()}
    head = {
        "languages": list(found),
        "own": dict(sorted(own.items())),
        "scripts": {name: [len(blocks[name]), len(text)] for name, text in texts.items()},
    }
    return json.dumps(head).encode() + b"\n" + b"".join(texts.values()) + table.tobytes()


def read() -> Own:
    """`letters.tsv` by language."""
    found: Own = {}
    for line in (FOLDER / "letters.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            language, cost, grams = line.split("\t")
            found.setdefault(language, []).append((int(cost), grams.split(" ")))
    return found


def written_in(gram: str) -> str:
    """The script of an n-gram; "" for one that may stand in a word of any script."""
    return next((name for name in map(script, gram.replace("_", "")) if name not in ANY), "")


def order(gram: str) -> tuple[str, str, str]:
    """Scripts together, and in them what ends alike."""
    return written_in(gram), gram[-1], gram


def back_off(rows: dict[str, int], table: NDArray[np.uint8], ideographic: NDArray[np.bool_]) -> None:
    """Fill in what a language has not seen from the shorter n-gram, shortest first."""
    step = np.where(ideographic, 2, STEP).astype(np.uint8)
    for length in (1, 2, 3):
        grams = [gram for gram in rows if len(gram) == length]
        own = np.array([rows[gram] for gram in grams], dtype=np.int64)
        if length == 1:
            guess = np.full((len(own), table.shape[1]), UNSEEN, np.uint8)
        else:
            tails = np.array([rows.get(gram[1:], rows.get(gram[-1], -1)) for gram in grams], dtype=np.int64)
            known = np.where(tails[:, None] >= 0, table[tails], UNSEEN).astype(np.uint8)
            guess = np.minimum(known, UNSEEN) + step
        block = table[own]
        table[own] = np.minimum(np.where(block == 255, guess, block), UNSEEN)


def tables() -> bytes:
    """The content of `tables.bin` before it is compressed; made of `letters.bin`, and of what Python knows of characters."""
    from cleanup.stages.mojibake_tables import build

    packed, known = build()
    return unicodedata.unidata_version.encode() + b"\n" + packed.astype("<u4").tobytes() + np.packbits(known).tobytes()


if __name__ == "__main__":
    for name, make in (("letters", compiled), ("tables", tables), ("neighbours", pack)):
        (FOLDER / f"{name}.bin").write_bytes(zstandard.ZstdCompressor(level=19).compress(make()))
