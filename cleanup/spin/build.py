"""Make the derived files of `rules/spin` again: `python -m cleanup.spin.build [RULES] [--counts DIR]`.

`markers.zst` and `classes.tsv` follow from the lexicon and are to be made again whenever it changes (a test says so);
`context.zst` is distilled from n-gram counts, which are only needed for that.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zstandard

from cleanup import rules
from cleanup.spin import canonical, context
from cleanup.spin.lexicon import Lexicon
from cleanup.spin.markers import Markers
from cleanup.spin.prior import Priors


def build(directory: Path) -> None:
    """Write `markers.zst` and `classes.tsv` for the lexicon in `directory`/spin."""
    priors = Priors.load([directory])
    (directory / "spin" / "markers.zst").write_bytes(Markers.weigh(priors).pack([directory]))
    canonical.write(priors.lexicon, directory / "spin" / "classes.tsv")


def distill(counts: Path, extra: Path | None = None) -> bytes:
    """`context.zst` from `uni|bi|tri.tsv.zst` (n-gram, tab, count) and from collocations of our own writing."""
    keys, values = [], []
    total = 0
    for name in ("uni", "bi", "tri"):
        grams: list[list[int]] = []
        found: list[int] = []
        for words, count in _read(counts / f"{name}.tsv.zst"):
            if sum(word in ("#", "#y") or word.isdigit() for word in words) <= 1:
                grams.append([context.word_key(word) for word in words])
                found.append(count)
        columns = np.array(grams, dtype=np.uint64).T
        keys.append(context.ngram_keys(list(columns)))
        values.append(np.array(found))
        if name == "uni":
            total = sum(found)
    return context.pack(np.concatenate(keys), np.concatenate(values), float(total))


def _read(path: Path) -> Iterator[tuple[list[str], int]]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as raw:
        for line in io.TextIOWrapper(raw, encoding="utf-8"):
            gram, _, count = line.rstrip("\n").rpartition("\t")
            if gram:
                yield gram.split(" "), int(count)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="?", type=Path, default=rules.built_in())
    parser.add_argument("--counts", type=Path, help="directory of n-gram counts: make context.zst, too")
    options = parser.parse_args()
    if options.counts:
        (options.rules / "spin" / "context.zst").write_bytes(distill(options.counts))
    build(options.rules)


if __name__ == "__main__":
    main()
