"""What changed between two texts, in units that can be compared whoever made the change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from cleanup.document import Document
from cleanup.evaluate.script import Change, Script, apply, back, compose, of_ledger

_CJK = "\u3040-\u30ff\u3400-\u9fff"
_CHUNK = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")
MOST = 10_000_000  # cells of an alignment; beyond, only the ends of two texts are compared
Unit = tuple[int, int, str]  # start and end in the source, and what stands there instead


def words(text: str) -> list[str]:
    """Case-folded words; of Chinese and Japanese every character."""
    return _WORD.findall(text.casefold())


def token_f1(found: str, true: str) -> tuple[float, float, float]:
    """(F1, precision, recall) of the words of a text as a bag; two empty texts agree."""
    a, b = Counter(words(found)), Counter(words(true))
    if not a or not b:
        value = float(not a and not b)
        return value, value, value
    same = (a & b).total()
    precision, recall = same / a.total(), same / b.total()
    return (2 * precision * recall / (precision + recall) if same else 0.0), precision, recall


def shingle_scores(found: str, true: str, n: int = 4) -> tuple[float, float, float, float]:
    """(precision, 1 when there is a prediction, recall, 1 when there is gold) of the runs of `n` words, as
    article-extraction-benchmark measures a page; F1 is made of the means over pages.
    """
    a, b = _shingles(found, n), _shingles(true, n)
    same = (a & b).total()
    return same / a.total() if a else 0.0, float(bool(a)), same / b.total() if b else 0.0, float(bool(b))


def _shingles(text: str, n: int) -> Counter[tuple[str, ...]]:
    tokens = re.findall(r"\w+", text)
    return Counter(tuple(tokens[at : at + n]) for at in range(max(1, len(tokens) - n + 1))) if tokens else Counter()


def units(source: str, target: str, script: Script | None = None) -> dict[Unit, int]:
    """The changes from one text to another as small units, each with its weight, the number of source tokens in it.

    A token is a run of characters that are not spaces, or one Chinese or Japanese character; spaces do not count. Tokens that
    went are a unit each, so are tokens that were replaced one by one; n tokens that became m are one unit. Without a `script`
    that says where the changes lie, they are found by comparing.
    """
    found: dict[Unit, int] = {}
    blocks = _blocks(source.split("\n"), target.split("\n")) if script is None else _edited(source, target, script)
    for low, high, new_low, new_high in blocks:
        old, new = source[low:high], target[new_low:new_high]
        for unit, weight in _token_units(old, new):
            found[unit[0] + low, unit[1] + low, unit[2]] = weight
    return found


def _edited(source: str, target: str, script: Script) -> Iterator[tuple[int, int, int, int]]:
    """Character ranges of the changes of a script, widened to whole tokens on both sides."""
    shift = 0
    pending: tuple[int, int, int, int] | None = None
    for change in script:
        new_low, new_high = change.start + shift, change.start + shift + len(change.after)
        shift += len(change.after) - len(change.before)
        left, right = 0, 0
        while change.start - left > 0 and not source[change.start - left - 1].isspace():
            left += 1
        while change.end + right < len(source) and not source[change.end + right].isspace():
            right += 1
        block = (change.start - left, change.end + right, new_low - left, min(new_high + right, len(target)))
        if pending and block[0] <= pending[1]:
            block = (pending[0], max(block[1], pending[1]), pending[2], max(block[3], pending[3]))
        elif pending:
            yield pending
        pending = block
    if pending:
        yield pending


def _blocks(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Character ranges of the lines that differ; where as many lines stand against each other, line by line."""
    old_at, new_at = _offsets(old), _offsets(new)
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if j - i == m - k:
            for a, b in zip(range(i, j), range(k, m), strict=True):
                yield old_at[a], old_at[a + 1], new_at[b], new_at[b + 1]
        else:
            yield old_at[i], old_at[j], new_at[k], new_at[m]


def _offsets(lines: Sequence[str]) -> list[int]:
    found = [0]
    for line in lines:
        found.append(found[-1] + len(line) + 1)
    return found


def _token_units(old: str, new: str) -> Iterator[tuple[Unit, int]]:
    spans = [match.span() for match in _CHUNK.finditer(old)]
    a, b = [old[start:end] for start, end in spans], _CHUNK.findall(new)
    codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if len(a) * len(b) <= MOST else [_ends_trimmed(a, b)]
    for tag, i, j, k, m in codes:
        if tag == "equal":
            continue
        at = spans[i][0] if i < len(spans) else len(old.rstrip())
        if tag == "insert":
            yield (at, at, " ".join(b[k:m])), 1
        elif tag == "delete" or j - i == m - k:
            for number in range(i, j):
                after = b[k + number - i] if tag == "replace" else ""
                if after != a[number]:
                    yield (*spans[number], after), 1
        else:
            yield (at, spans[j - 1][1], " ".join(b[k:m])), j - i


def _ends_trimmed(a: list[str], b: list[str]) -> tuple[str, int, int, int, int]:
    """What is left of two lists without their common ends, as one replacement: for texts too long to be aligned."""
    most = min(len(a), len(b))
    low = next((at for at in range(most) if a[at] != b[at]), most)
    tail = next((at for at in range(most - low) if a[-1 - at] != b[-1 - at]), most - low)
    return "replace" if a != b else "equal", low, len(a) - tail, low, len(b) - tail


def compare(made: dict[Unit, int], wanted: dict[Unit, int]) -> tuple[int, int, int]:
    """(right, wrong, missed) weights of the units that were made, measured by those that were wanted."""
    right = sum(weight for unit, weight in made.items() if unit in wanted)
    return right, sum(made.values()) - right, sum(wanted.values()) - right


def lost_characters(script: Script, text: str) -> list[int]:
    """For every line of `text`, how many of its characters (spaces apart) a script deletes without putting anything there."""
    ends = _offsets(text.split("\n"))
    found = [0] * (len(ends) - 1)
    number = 0
    for change in script:
        for start, end in _deleted(change.before, change.after):
            low, high = change.start + start, change.start + end
            while ends[number + 1] <= low:
                number += 1
            line = number
            while line < len(found) and ends[line] < high:
                piece = text[max(low, ends[line]) : min(high, ends[line + 1])]
                found[line] += len("".join(piece.split()))
                line += 1
    return found


def _deleted(before: str, after: str) -> list[tuple[int, int]]:
    if not after.strip():
        return [(0, len(before))]
    if len(before) * len(after) > MOST:  # a character diff would take minutes; a text that grew lost nothing
        return [(len(after), len(before))] if len(after) < len(before) else []
    found = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag in ("delete", "replace") and j - i > m - k:
            found.append((i + m - k, j))
    return found


def line_scores(doc: Document, source: str) -> tuple[list[int], list[float]]:
    """For every line of `source`: characters that were deleted, and the score at which it would go, 0 when nothing proposes it.

    A line goes when proposals of at least that score, applied or held, cover half of its characters or more.
    """
    size = [len("".join(line.split())) for line in source.split("\n")]
    scored: list[tuple[float, Script]] = []
    text, total = source, Script()
    steps = dict(of_ledger(doc))
    for step in sorted({row.step for row in doc.ledger if row.action == "edit"}):
        for row in doc.ledger:
            if (
                row.step == step
                and row.action == "edit"
                and row.decision != "skip"
                and len(row.after or "") < len(row.before or "")
            ):
                low, high = back(total, row.start or 0, row.end or 0)
                scored.append((row.score, (Change(low, high, source[low:high], row.after or ""),)))
        if step in steps:
            text = apply(text, steps[step])
            total = compose(total, steps[step], source, text)
    covered, scores = [0] * len(size), [0.0] * len(size)
    for score, script in sorted(scored, key=lambda pair: -pair[0]):
        for number, count in enumerate(lost_characters(script, source)):
            covered[number] += count
            if not scores[number] and size[number] and 2 * covered[number] >= size[number]:
                scores[number] = score
    return lost_characters(total, source), scores
