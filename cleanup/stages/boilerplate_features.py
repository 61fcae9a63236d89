"""What the line scorer knows of a line: its form, its neighbours, its place in the page. Columns for a whole batch at once.

Everything is computed element by element and page by page, so that a line's numbers do not depend on the rest of the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cleanup import kernels
from cleanup.stages.boilerplate_characters import classes, folded
from cleanup.stages.boilerplate_lines import SHORT, Bools, Ints, Lines
from cleanup.stages.boilerplate_phrases import Beginnings, Pieces
from cleanup.stages.boilerplate_rules import normal

Column = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
KINDS = ("caption", "related", "comment", "metadata")  # kinds of verdicts whose distance counts
SOUNDS = ("caption", "subscribe", "legal")  # kinds of residue that pieces of words give away
ADDRESSING = ("subscribe", "legal", "service", "teaser", "author")  # those in which a site speaks, not the article
ANYWHERE = ("caption", *ADDRESSING, "quote", "path")  # pieces of words
OWN = ("reader", "saying")  # words
FIRST = ("somebody", "going-on")  # words that a line begins with
SIGNALS = (*ANYWHERE, *OWN, *FIRST)
FAR = 20  # lines; what is farther away does not count
_FORMS = (
    *("digits", "capitals", "starts", "commas", "marks", "little", "is bullet", "is open", "is year", "ends colon"),
    *("repeat", "goes on", "said", "said early", "said later", "pieces", "ends year"),
)
_NEIGHBOURS = {
    "words": (-1, 1, 2),
    "said share": (-1, 1),
    "little share": (-1, 1),
    "capital share": (-2, -1, 1),
    "sentence": (-2, -1, 1),
    "long": (-1, 1),
    "signal caption": (1,),
    "block": (-1, 1),
    "sounds": (-2, -1, 1, 2),
}


def features(lines: Lines, signals: Signals, verdicts: Mapping[str, Bools]) -> dict[str, Floats]:
    """One column of numbers a feature, one entry a line.

    `verdicts` flags, by kind, the lines that rules and structure take out already.
    """
    word, sentence, long = lines.words, lines.sentence, lines.long
    columns: dict[str, Column] = {
        "chars": np.log1p(lines.chars),
        "words": np.minimum(word, 80),
        "sentence": sentence,
        "long": long,
    }
    columns |= _forms(lines)
    columns |= signals.find(lines)
    columns["sounds"] = np.sum([columns[f"signal {name}"] for name in ADDRESSING], axis=0)
    gone = np.logical_or.reduce([*verdicts.values(), np.zeros(len(word), bool)])
    columns["gone share"] = np.bincount(lines.doc, gone, minlength=len(lines.first) - 1)[lines.doc] / lines.sizes
    flags = {kind: verdicts.get(kind, np.zeros(len(word), bool)) for kind in KINDS}
    flags |= {"gone": gone, "long": long, "sentence": sentence}
    flags |= {"plain": ~gone & ~sentence, "colon": columns["ends colon"] * ~gone > 0}
    columns |= _distances(lines, flags)
    columns |= _places(lines, word, long, columns["long before"], columns["long behind"])
    found = {name: column.astype(np.float32) for name, column in columns.items()}
    return found | _neighbours(lines, found)


class Signals:
    """Words that residue, or the article, often holds. Immutable once made."""

    def __init__(self, signals: Mapping[str, Sequence[str]]) -> None:
        """`signals`: the words of each kind."""
        self.sounds = sorted({piece for name in SOUNDS for piece in signals.get(name, ())})
        inside = {name: signals.get(name, ()) for name in ANYWHERE}
        inside |= {name: [f" {word} " for word in signals.get(name, ())] for name in OWN}
        first = {name: [f"{normal(word)} " for word in signals.get(name, ())] for name in (*OWN, *FIRST)}
        self._inside, self._first = _numbered(inside), _numbered(first)
        self._pieces, self._beginnings = Pieces(self._inside[0]), Beginnings(self._first[0])

    def find(self, lines: Lines) -> dict[str, Column]:
        """Whether a short line holds one of the words of each kind."""
        columns: dict[str, Column] = {f"signal {name}": np.zeros(len(lines), bool) for name in SIGNALS}
        for (_, kinds), found in ((self._inside, self._pieces.find(lines)), (self._first, self._beginnings.find(lines))):
            row, word, _ = found.T
            for name, known in kinds.items():
                columns[f"signal {name}"][row[known[word]]] = True
        return columns


def _numbered(kinds: Mapping[str, Sequence[str]]) -> tuple[list[str], dict[str, Bools]]:
    """The words of all kinds, each once, and flags of those of each kind."""
    sets = {name: frozenset(words) for name, words in kinds.items()}
    every = sorted(frozenset().union(*sets.values()))
    return every, {name: np.array([word in words for word in every], bool) for name, words in sets.items()}


def _forms(lines: Lines) -> dict[str, Column]:
    """The outer form of the short lines, zero for long ones; and, of all, what a page says twice, or goes on with in the next
    line as a caption does in caption and credit, and how much of a line other paragraphs of its page say, too: what belongs to
    the article shares its words."""
    counts = np.zeros((len(_FORMS), len(lines)), np.int32)
    at = lines.data, lines.begin, lines.end
    sizes = np.diff(lines.first)
    kernels.function("features_forms", "bytes i64* i64* i64* i64 i64 u16* i32*")(
        *at, lines.chars, len(lines), SHORT, classes(), counts
    )
    some = np.flatnonzero(sizes)
    size = int(np.max(lines.end[lines.first[some + 1] - 1] - lines.begin[lines.first[some]], initial=0))  # of a page, in bytes
    room = np.empty(max(8 * sizes.max(initial=0), 2 * size) + 8, np.uint64)
    keys = np.empty(size // 4 + 1, np.uint64)
    pages = lines.first, len(sizes)
    kernels.function("features_repeats", "bytes i64* i64* i64 i64* i64 u64* i32*")(*at, len(lines), *pages, room, counts)
    kernels.function("features_pieces", "bytes i64* i64* i64 i64* i64 u8* u16* u32* u64* u64* i32*")(
        *at, len(lines), *pages, lines.long.view(np.uint8), classes(), folded(), room, keys, counts
    )
    columns: dict[str, Column] = dict(zip(_FORMS, counts, strict=True))
    chars = np.maximum(lines.chars, 1)
    columns["digit share"] = columns["digits"] / chars
    columns["upper share"] = columns.pop("capitals") / chars
    columns["little share"] = columns.pop("little") / lines.words
    columns["word size"] = lines.chars / lines.words
    columns["capital share"] = columns.pop("starts") / lines.words
    columns["mark share"] = columns.pop("marks") / chars
    columns["repeat"] = np.minimum(columns["repeat"], 9)
    columns["went on"] = columns["goes on"]
    columns["goes on"] = np.append(columns["goes on"][1:], 0)[: len(lines)]
    said, pieces = columns["said"], columns.pop("pieces")
    columns["said share"] = said / np.maximum(pieces, 1)
    columns["early share"] = columns.pop("said early") / np.maximum(pieces, 1)
    columns["later share"] = columns.pop("said later") / np.maximum(pieces, 1)
    columns["new"] = np.minimum(pieces - said, 15)
    columns["said"] = np.minimum(said, 15)
    return columns


def _places(lines: Lines, word: Ints, long: Bools, since: Column, until: Column) -> dict[str, Column]:
    """Where in its page a line stands. A block is a run of lines without a blank one between. `since`, `until`: lines from the
    last paragraph, and to the next one: the lines between two are a run."""
    first, last = lines.first[lines.doc], lines.first[lines.doc + 1]
    number = np.arange(len(lines.doc))
    weight = np.where(long, word, 0)
    before, total = _running(weight, first, last)
    every, all_words = _running(word, first, last)
    gap = np.where(number == first, 9, np.minimum(lines.gap, 9))
    block = np.cumsum(gap > 0)
    run_before = np.minimum(since - 1, number - first) * ~long
    run_behind = np.minimum(until - 1, last - 1 - number) * ~long
    return {
        "run before": run_before,
        "run behind": run_behind,
        "run": run_before + run_behind,
        "gap": gap,
        "block": np.minimum(np.bincount(block)[block] if len(block) else block, 30),
        "from start": np.minimum(number - first, 60),
        "from end": np.minimum(last - 1 - number, 60),
        "lines": np.minimum(last - first, 300),
        "prose before": before / np.maximum(total, 1),
        "is head": before == 0,
        "is tail": before + weight == total,
        "long share": total / np.maximum(all_words, 1),
        "words before": every / np.maximum(all_words, 1),
        "long words": np.log1p(total),
    }


def _running(weight: Ints, first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """For each line: the sum over the lines before it in its page, and over the whole page."""
    if not len(weight):
        return weight, weight
    before = np.cumsum(weight) - weight
    start = before[first]
    return before - start, before[last - 1] + weight[last - 1] - start


def _neighbours(lines: Lines, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """The values some lines further on, -1 outside the page."""
    wanted = [(name, step) for name, steps in _NEIGHBOURS.items() for step in steps]
    given = np.stack([columns[name] for name, _ in wanted])
    found = np.empty_like(given)
    shift = kernels.function("neighbours_shift", "f32* i64* i64 i64 i64* i64 f32*")
    shift(given, np.array([step for _, step in wanted]), *given.shape, lines.first, len(lines.first) - 1, found)
    return {f"{name} {step:+d}": column for (name, step), column in zip(wanted, found, strict=True)}


def _distances(lines: Lines, flags: Mapping[str, Bools]) -> dict[str, Column]:
    """Lines since the last and until the next flagged line of the page, the line itself excluded; FAR where there is none."""
    given = np.stack(list(flags.values())).view(np.uint8)
    since, until = np.empty(given.shape, np.int32), np.empty(given.shape, np.int32)
    count = kernels.function("neighbours_distances", "u8* i64 i64 i64* i64 i64 i32* i32*")
    count(given, *given.shape, lines.first, len(lines.first) - 1, FAR, since, until)
    found: dict[str, Column] = {f"{name} before": column for name, column in zip(flags, since, strict=True)}
    return found | {f"{name} behind": column for name, column in zip(flags, until, strict=True)}
