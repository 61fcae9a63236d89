"""What the line scorer knows of a line: its form, its neighbours, its place in the page. Columns for a whole batch at once.

Everything is computed element by element and page by page, so that a line's numbers do not depend on the rest of the batch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cleanup.stages.boilerplate_lines import Bools, Ints, Lines

Column = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
KINDS = ("caption", "related", "comment", "metadata")  # kinds of verdicts whose distance counts
SIGNALS = ("caption", "subscribe", "legal")
FAR = 20  # lines; what is farther away does not count
_COUNTS = {
    "digits": r"\d",
    "capitals": r"\p{Lu}",
    "starts": r"(?:^|[\s(\"'“„«/-])\p{Lu}",
    "commas": r"[,;、，]",
    "marks": r"[|•·»›→/©®™:()\[\]_+]",
    "little": r"\b\p{L}{1,3}\b",
}
# How a word starts; pairs where words have no spaces between them.
PIECE = r"[\p{Katakana}ー]{2,}|\p{Han}{2}|\b\p{Hangul}{2}|\b\p{L}{4,6}"
_FLAGS = {
    "is bullet": r"^(?:[•·▪■–—*>+-]|\d{1,2}[.)])\s",
    "is open": r"^[\"“„«'‘(\[「（【]",
    "is year": r"(?:19|20)\d\d",
    "ends colon": r"[:：]$",
}
_NEIGHBOURS = {
    "words": (-1, 1, 2),
    "said share": (-1, 1),
    "little share": (-1, 1),
    "capital share": (-2, -1, 1),
    "sentence": (-2, -1, 1),
    "long": (-1, 1),
    "signal caption": (1,),
    "block": (-1, 1),
}


def features(lines: Lines, signals: Mapping[str, Sequence[str]], verdicts: Mapping[str, Bools]) -> dict[str, Floats]:
    """One column of numbers a feature, one entry a line.

    `signals` are pieces of words that residue of one kind often holds; `verdicts` flags, by kind, the lines that rules and
    structure take out already.
    """
    word, sentence, long = lines.shape
    columns: dict[str, Column] = {
        "chars": np.log1p(lines.chars),
        "words": np.minimum(word, 80),
        "sentence": sentence,
        "long": long,
    }
    columns |= _forms(lines, word)
    columns |= _signals(lines, signals)
    columns |= _places(lines, word, long)
    columns |= _repeats(lines)
    columns |= _overlaps(lines, long)
    gone = np.logical_or.reduce([*verdicts.values(), np.zeros(len(word), bool)])
    columns["gone share"] = np.bincount(lines.doc, gone, minlength=len(lines.first) - 1)[lines.doc] / lines.sizes
    for kind in KINDS:
        flags = verdicts.get(kind, np.zeros(len(word), bool))
        columns[f"{kind} before"], columns[f"{kind} behind"] = _distances(lines, flags)
    for name, steps in _NEIGHBOURS.items():
        for step in steps:
            columns[f"{name} {step:+d}"] = _shift(columns[name], lines.doc, step)
    for name, flags in (
        ("gone", gone),
        ("long", long),
        ("sentence", sentence),
        ("plain", ~gone & ~sentence),
        ("colon", columns["ends colon"] * ~gone > 0),
    ):
        columns[f"{name} before"], columns[f"{name} behind"] = _distances(lines, flags)
    return {name: column.astype(np.float32) for name, column in columns.items()}


def _forms(lines: Lines, word: Ints) -> dict[str, Column]:
    """The outer form of the short lines; zero for long ones."""
    short = lines.short.nonzero()[0]
    text = lines.text.gather(short)
    columns: dict[str, Column] = {}
    for name, pattern in (*_COUNTS.items(), *_FLAGS.items()):
        column = np.zeros(len(word))
        column[short] = (text.str.contains(pattern) if name in _FLAGS else text.str.count_matches(pattern)).to_numpy()
        columns[name] = column
    chars = np.maximum(lines.chars, 1)
    columns["digit share"] = columns["digits"] / chars
    columns["upper share"] = columns.pop("capitals") / chars
    columns["little share"] = columns.pop("little") / word
    columns["word size"] = lines.chars / word
    columns["capital share"] = columns.pop("starts") / word
    columns["mark share"] = columns.pop("marks") / chars
    return columns


def _signals(lines: Lines, signals: Mapping[str, Sequence[str]]) -> dict[str, Column]:
    """Whether a short line holds one of the pieces of words of each kind."""
    short = lines.short.nonzero()[0]
    low = lines.text.gather(short).str.to_lowercase()
    columns: dict[str, Column] = {}
    for name in SIGNALS:
        column = np.zeros(len(lines.doc), bool)
        if words := signals.get(name):
            column[short] = low.str.contains("|".join(map(re.escape, words))).to_numpy()
        columns[f"signal {name}"] = column
    return columns


def _places(lines: Lines, word: Ints, long: Bools) -> dict[str, Column]:
    """Where in its page a line stands. A block is a run of lines without a blank one between."""
    first, last = lines.first[lines.doc], lines.first[lines.doc + 1]
    number = np.arange(len(lines.doc))
    weight = np.where(long, word, 0)
    before, total = _running(weight, first, last)
    every, all_words = _running(word, first, last)
    gap = np.where(number == first, 9, np.minimum(lines.gap, 9))
    block = np.cumsum(gap > 0)
    since, until = _distances(lines, long)  # a run: the lines between two paragraphs
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


def _repeats(lines: Lines) -> dict[str, Column]:
    """Lines that a page says twice, or that go on in the next line as a caption does in caption and credit."""
    key = lines.text.str.slice(0, 200).hash(seed=0).to_numpy().astype(np.uint64) ^ (lines.doc.astype(np.uint64) << np.uint64(40))
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    head = lines.text.str.slice(0, 24)
    same = (lines.doc[1:] == lines.doc[:-1]) & (head[1:] == head[:-1]).to_numpy() if len(head) > 1 else np.zeros(0, bool)
    size = len(head)
    return {
        "repeat": np.minimum(counts[inverse], 9),
        "goes on": np.append(same, False)[:size],
        "went on": np.append(False, same)[:size],
    }


def _overlaps(lines: Lines, long: Bools) -> dict[str, Column]:
    """How much of what a line says other paragraphs of its page say, too: what belongs to the article shares its words."""
    found = lines.text.str.extract_all(PIECE)
    count = found.list.len().to_numpy().astype(np.int64)
    size = len(count)
    row = np.repeat(np.arange(size), count)
    piece = found.list.explode(empty_as_null=False, keep_nulls=False).str.to_lowercase()
    key = piece.hash(seed=0).to_numpy() ^ (lines.doc[row].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    _, number = np.unique(key, return_inverse=True)
    inside = long[row]
    saying = np.sort(number[inside] * np.int64(size + 1) + row[inside])
    saying = saying[np.append(True, saying[1:] != saying[:-1])[: len(saying)]] // (size + 1)  # once for each paragraph
    others = np.bincount(saying, minlength=len(number))[number] - inside
    said = np.bincount(row, others > 0, minlength=size)
    return {"said": np.minimum(said, 15), "said share": said / np.maximum(count, 1), "new": np.minimum(count - said, 15)}


def _shift(column: Column, doc: Ints, step: int) -> Column:
    """The value `step` lines further on, -1 outside the page."""
    result = np.full(len(column), -1.0)
    size = len(column) - abs(step)
    if size <= 0:
        return result
    here = slice(-step, None) if step < 0 else slice(0, size)
    there = slice(0, size) if step < 0 else slice(step, None)
    result[here] = np.where(doc[here] == doc[there], column[there], -1.0)
    return result


def _distances(lines: Lines, flags: Bools) -> tuple[Column, Column]:
    """Lines since the last and until the next flagged line of the page, the line itself excluded; FAR where there is none."""
    count = len(flags)
    if not count:
        return np.zeros(0), np.zeros(0)
    number = np.arange(count)
    last = np.append(-1, np.maximum.accumulate(np.where(flags, number, -1))[:-1])
    coming = np.minimum.accumulate(np.where(flags, number, count + FAR)[::-1])[::-1]
    following = np.append(coming[1:], count + FAR)
    since = np.where(last >= lines.first[lines.doc], number - last, FAR)
    until = np.where(following < lines.first[lines.doc + 1], following - number, FAR)
    return np.minimum(since, FAR), np.minimum(until, FAR)
