"""A document before and after, as segments that know which rules made them; and two documents side by side."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from cleanup.document import Row

WORD = re.compile(r"\w+|[^\w\s]")
KINDS = {"equal": "same", "replace": "other", "delete": "left", "insert": "right"}
PAIR_WORDS = 1500  # words of a text that are laid beside another one


class Segment(msgspec.Struct):
    """A stretch of a document: what it was, what it is, and the ledger rows that say why (none: untouched, or only held)."""

    before: str
    after: str
    rows: list[Row] = []


def segments(original: str, rows: Sequence[Row]) -> list[Segment]:
    """The document's life in one line of segments. Joined, `before` is `original` and `after` its text now.

    Rows that are held for review have a segment of their own, which they do not change. An edit of a later step that crosses
    the bounds of an earlier one is joined with it.
    """
    steps: dict[int, list[Row]] = {}
    for row in rows:
        if row.action == "edit" and row.decision != "skip":
            steps.setdefault(row.step, []).append(row)
    line = [Segment(original, original)] if original else []
    for step in sorted(steps):
        line = _step(line, sorted(steps[step], key=lambda row: (row.start or 0, row.end or 0, row.decision)))
    return line


def _step(line: list[Segment], rows: Sequence[Row]) -> list[Segment]:
    out: list[Segment] = []
    rest = list(reversed(line))
    at = 0  # where, in the text as this step got it, `rest` begins
    for row in rows:
        assert row.start is not None
        assert row.end is not None
        if row.start < at and out:
            joined = out.pop()  # an edit of an earlier step reaches from the last row into this one
        else:
            at = _pass(rest, out, row.start, at)
            joined = Segment("", "")
        inside = row.start > at
        while rest and (at < row.end or inside):
            piece, inside = rest.pop(), False
            if not piece.rows and at + len(piece.after) > row.end:
                cut = row.end - at
                rest.append(Segment(piece.before[cut:], piece.after[cut:]))
                piece = Segment(piece.before[:cut], piece.after[:cut])
            at += len(piece.after)
            joined = Segment(joined.before + piece.before, joined.after + piece.after, [*joined.rows, *piece.rows])
        joined.rows = [*joined.rows, row]
        if row.decision == "apply":
            # Counted from the end, where nothing of this step has changed anything yet.
            begin = len(joined.after) - (at - row.start)
            end = len(joined.after) - (at - row.end)
            joined.after = joined.after[:begin] + (row.after or "") + joined.after[end:]
        out.append(joined)
    return [*out, *reversed(rest)]


def _pass(rest: list[Segment], out: list[Segment], until: int, at: int) -> int:
    """Move whole pieces that end by `until` from `rest` to `out`, cutting an untouched one there; gives the new position."""
    while rest and at < until:
        piece = rest[-1]
        if at + len(piece.after) <= until:
            out.append(rest.pop())
            at += len(piece.after)
        elif piece.rows:
            break
        else:
            cut = until - at
            out.append(Segment(piece.before[:cut], piece.after[:cut]))
            rest[-1] = Segment(piece.before[cut:], piece.after[cut:])
            at = until
    return at


def shortened(line: Sequence[Segment], context: int) -> list[Segment | int]:
    """The segments with the middle of long untouched stretches replaced by the number of characters left out."""
    out: list[Segment | int] = []
    for number, segment in enumerate(line):
        size = len(segment.after)
        if segment.rows or size <= 3 * context:
            out.append(segment)
            continue
        head = segment.after[: context * (number > 0)]
        tail = segment.after[size - context * (number < len(line) - 1) :] if number < len(line) - 1 else ""
        if len(line) == 1:
            head = segment.after[: 3 * context]
        out += [Segment(head, head), size - len(head) - len(tail), Segment(tail, tail)]
    return [item for item in out if item and (isinstance(item, int) or item.rows or item.after)]


def side_by_side(left: str, right: str, senses: Mapping[str, str] | None = None) -> list[tuple[str, str, str]]:
    """Two texts aligned by words: ("same" | "sense" | "other" | "left" | "right", text on the left, text on the right).

    "sense": different words of one class of `senses` (word -> class, "" for a stop word), as a spinner exchanges them.
    """
    a, b = _words(left), _words(right)
    keys_a, keys_b = [word.strip().casefold() for word in a], [word.strip().casefold() for word in b]
    out: list[tuple[str, str, str]] = []
    for tag, i, j, k, m in _opcodes(keys_a, keys_b):
        if tag == "replace" and senses:
            out += _senses(a[i:j], b[k:m], senses)
        else:
            out.append((KINDS[tag], "".join(a[i:j]), "".join(b[k:m])))
    return out


def _opcodes(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Those of `difflib`, which takes long for what both begin and end with."""
    size = min(len(a), len(b))
    head = next((at for at in range(size) if a[at] != b[at]), size)
    tail = next((at for at in range(size - head) if a[-1 - at] != b[-1 - at]), size - head)
    inner = a[head : len(a) - tail], b[head : len(b) - tail]
    if head:
        yield "equal", 0, head, 0, head
    for tag, i, j, k, m in difflib.SequenceMatcher(None, *inner, autojunk=False).get_opcodes():
        yield tag, head + i, head + j, head + k, head + m
    if tail:
        yield "equal", len(a) - tail, len(a), len(b) - tail, len(b)


def _senses(a: Sequence[str], b: Sequence[str], senses: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """A replaced stretch, aligned by the classes of its words."""
    keys_a, keys_b = ([senses.get(key := word.strip().casefold(), f"={key}") for word in words] for words in (a, b))
    for tag, i, j, k, m in difflib.SequenceMatcher(None, keys_a, keys_b, autojunk=False).get_opcodes():
        yield "sense" if tag == "equal" else KINDS[tag], "".join(a[i:j]), "".join(b[k:m])


def _words(text: str) -> list[str]:
    """The words with the space behind them."""
    ends = [found.end() for found in WORD.finditer(text)][:PAIR_WORDS]
    begins = [0, *(found.start() for found in WORD.finditer(text))][1 : PAIR_WORDS + 1]
    cuts = [0, *begins[1:], ends[-1] if ends else 0]
    return [text[i:j] for i, j in pairwise(cuts) if i < j]
