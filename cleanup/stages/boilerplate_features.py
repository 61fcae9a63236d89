"""What a line scorer knows of a line: its form, its neighbours, its place in the page. Columns for a whole batch at once.

Everything is computed element by element, so that a line's numbers do not depend on what else is in the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from cleanup.stages.boilerplate_lines import CJK, LONG_WORDS, SENTENCE, Bools, Ints, Lines

Floats = npt.NDArray[np.float32]
KINDS = ("caption", "related", "comment", "subscribe", "share", "metadata", "navigation", "legal", "advertisement", "insert")
SIGNALS = ("caption", "subscribe", "share", "related", "comment", "legal", "navigation", "time")
_COUNTS = {
    "digits": r"\d",
    "capitals": r"\p{Lu}",
    "starts": r"(?:^|[\s(\"'“„«/-])\p{Lu}",
    "commas": r"[,;、，]",
    "marks": r"[|•·»›→/©®™:()\[\]_+]",
    "stops": r"[.!?。！？][\"'”’»«“)]*\s|[。！？]",
    "quotes": r"[\"“”„«»「」]",
}
_FLAGS = {
    "lower": r"^\p{Ll}",
    "digit": r"^\d",
    "bullet": r"^(?:[•·▪■–—*>+-]|\d{1,2}[.)])\s",
    "open": r"^[\"“„«'‘(\[「（【]",
    "colon": r"[:：]$",
    "ellipsis": r"(?:…|\.\.\.)$",
    "question": r"[?？]$",
    "comma": r"[,;、，]$",
    "url": r"https?://|www\.|\S@\S+\.\w",
    "year": r"(?:19|20)\d\d",
    "name": r"^\p{Lu}[\p{L}.'’-]+(?:\s\p{Lu}[\p{L}.'’-]+){1,3}$",
    "name role": r"^\p{Lu}[\p{L}.'’-]+(?:\s\p{Lu}[\p{L}.'’-]+){1,3}\s?[,|–-]\s?\p{L}.{2,60}$",
    "clock": r"\d{1,2}[:.h]\d\d",
    "slash": r"\S\s?/\s?\S+$",
    "credit": r"[(（/|©–—-][^()（）/|©]{2,40}[)）]?$",
}


def features(lines: Lines, signals: Mapping[str, Sequence[str]], verdicts: Mapping[str, Bools]) -> dict[str, Floats]:
    """One column of numbers a feature, one entry a line. `verdicts` flags the lines that rules or structure take out, by kind."""
    count = len(lines.doc)
    columns: dict[str, npt.NDArray[np.generic]] = {}
    word = line_words(lines)
    sentence = lines.text.str.contains(SENTENCE).to_numpy()
    long = (word >= LONG_WORDS) & (lines.chars >= 40) & sentence
    columns |= {"chars": np.log1p(lines.chars), "words": np.minimum(word, 80), "sentence": sentence, "long": long}
    short = lines.short.nonzero()[0]
    columns |= _forms(lines, short, count, word)
    low = lines.text.gather(short).str.to_lowercase()
    for name in SIGNALS:
        flags = np.zeros(count, bool)
        if signals.get(name):
            flags[short] = low.str.contains_any(list(signals[name])).to_numpy()
        columns[f"signal {name}"] = flags
    columns |= _places(lines, word, long)
    columns |= _repeats(lines)
    gone = np.zeros(count, bool)
    for flags in verdicts.values():
        gone |= flags
    columns["gone"] = gone
    for name in KINDS:
        flags = verdicts.get(name, np.zeros(count, bool))
        columns[f"{name} before"], columns[f"{name} behind"] = _distances(lines, flags)
    for name in ("words", "sentence", "long", "gone", "signal caption", "gap", "repeat", "capital share", "block", "is open"):
        for step in (-2, -1, 1, 2):
            columns[f"{name} {step:+d}"] = _shift(columns[name], lines.doc, step)
    for name, flags in (("gone", gone), ("long", long), ("sentence", sentence), ("plain", ~gone & ~sentence)):
        columns[f"since {name}"], columns[f"until {name}"] = _distances(lines, flags)
    columns["gone share"] = _share(lines, gone)
    columns["gone after"], columns["gone ahead"] = _sides(lines, gone)
    return {name: column.astype(np.float32) for name, column in columns.items()}


def line_words(lines: Lines) -> Ints:
    """Words of each line; in scripts without spaces two characters count as one."""
    spaces = lines.text.str.count_matches(" ", literal=True).to_numpy().astype(np.int64)
    wide = lines.text.str.len_bytes().to_numpy() >= 2 * lines.chars
    if wide.any():
        at = wide.nonzero()[0]
        spaces[at] += lines.text.gather(at).str.count_matches(f"[{CJK}]").to_numpy().astype(np.int64) // 2
    return spaces + 1


def _forms(lines: Lines, short: Ints, count: int, word: Ints) -> dict[str, npt.NDArray[np.generic]]:
    """The outer form of the short lines; zero for long ones."""
    text = lines.text.gather(short)
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for name, pattern in _COUNTS.items():
        column = np.zeros(count)
        column[short] = text.str.count_matches(pattern).to_numpy()
        columns[name] = column
    for name, pattern in _FLAGS.items():
        flags = np.zeros(count, bool)
        flags[short] = text.str.contains(pattern).to_numpy()
        columns[f"is {name}"] = flags
    chars = np.maximum(lines.chars, 1)
    columns["digit share"] = columns["digits"] / chars
    columns["upper share"] = columns.pop("capitals") / chars
    columns["capital share"] = columns.pop("starts") / np.maximum(word, 1)
    columns["mark share"] = columns["marks"] / chars
    return columns


def _places(lines: Lines, word: Ints, long: Bools) -> dict[str, npt.NDArray[np.generic]]:
    """Where in its page a line stands."""
    first, last = lines.first[lines.doc], lines.first[lines.doc + 1]
    number = np.arange(len(lines.doc))
    weight = np.where(long, word, 0)
    before = np.cumsum(weight) - weight
    start, total = _base(before, weight, first, last)
    every = np.cumsum(word) - word
    every_start, every_total = _base(every, word, first, last)
    after_gap = np.append(lines.gap[1:], 9)
    after_gap[last[number] - 1 == number] = 9
    gap = np.minimum(np.where(number == first, 9, lines.gap), 9)
    block = np.cumsum((gap > 0) | (number == first))
    sizes = np.bincount(block)[block] if len(block) else block
    return {
        "gap": gap,
        "gap after": np.minimum(after_gap, 9),
        "block": np.minimum(sizes, 30),
        "from start": np.minimum(number - first, 60),
        "from end": np.minimum(last - 1 - number, 60),
        "lines": np.minimum(last - first, 300),
        "long before": (before - start) / np.maximum(total, 1),
        "is head": (before - start) == 0,
        "is tail": (before - start + weight) == total,
        "long share": total / np.maximum(every_total, 1),
        "words before": (every - every_start) / np.maximum(every_total, 1),
        "long words": np.log1p(total),
        "indent": np.minimum(lines.indent, 20),
    }


def _base(before: Ints, weight: Ints, first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """For each line: the running sum at its page's first line, and the page's total."""
    if not len(before):
        return before, before
    start = before[first]
    return start, before[last - 1] + weight[last - 1] - start


def _repeats(lines: Lines) -> dict[str, npt.NDArray[np.generic]]:
    """Lines that a page says twice, or that go on in the next line as a caption does in caption and credit."""
    frame = pl.DataFrame({"doc": lines.doc, "form": lines.text.str.slice(0, 200).str.to_lowercase()})
    twice = frame.select(pl.len().over("doc", "form").alias("n"))["n"].to_numpy()
    head = lines.text.str.slice(0, 24)
    same = (lines.doc[1:] == lines.doc[:-1]) & (head[1:] == head[:-1]).to_numpy() if len(head) > 1 else np.zeros(0, bool)
    before, after = np.append(False, same), np.append(same, False)
    return {"repeat": np.minimum(twice, 9), "goes on": after[: len(head)], "went on": before[: len(head)]}


def _shift(column: npt.NDArray[np.generic], doc: Ints, step: int) -> npt.NDArray[np.generic]:
    """The value `step` lines further on, -1 outside the page."""
    result = np.full(len(column), -1.0)
    size = len(column) - abs(step)
    if size <= 0:
        return result
    here = slice(-step, None) if step < 0 else slice(0, size)
    there = slice(0, size) if step < 0 else slice(step, None)
    inside = doc[here] == doc[there]
    result[here] = np.where(inside, column[there], -1.0)
    return result


def _distances(lines: Lines, flags: Bools) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    """Lines since the last and until the next flagged line of the page, the line itself excluded; 20 where there is none."""
    number = np.arange(len(flags))
    seen = np.maximum.accumulate(np.where(flags, number, -1)) if len(flags) else number
    last = np.append(-1, seen[:-1])[: len(flags)]
    coming = np.minimum.accumulate(np.where(flags, number, len(flags) + 99)[::-1])[::-1] if len(flags) else number
    following = np.append(coming[1:], len(flags) + 99)[: len(flags)]
    since = np.where(last >= lines.first[lines.doc], number - last, 20)
    until = np.where(following < lines.first[lines.doc + 1], following - number, 20)
    return np.minimum(since, 20), np.minimum(until, 20)


def _share(lines: Lines, flags: Bools) -> npt.NDArray[np.generic]:
    """Share of the page's lines that are flagged."""
    total = np.bincount(lines.doc, flags, minlength=len(lines.first) - 1)
    size = np.maximum(np.diff(lines.first), 1)
    return (total / size)[lines.doc]


def _sides(lines: Lines, flags: Bools) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    """Share of flagged lines among the four before and the four behind, the line itself excluded."""
    before = np.zeros(len(flags))
    behind = np.zeros(len(flags))
    for step in (1, 2, 3, 4):
        before += np.maximum(_shift(flags, lines.doc, -step).astype(float), 0)
        behind += np.maximum(_shift(flags, lines.doc, step).astype(float), 0)
    return before, behind
