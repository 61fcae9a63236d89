"""Program listings in a text: their lines look like residue, a lone bracket most of all, and are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cleanup.stages.boilerplate_structure import State

PAIRS = {"{": "}", "[": "]", "(": ")"}
OPENING = tuple(f"{bracket}\n" for bracket in PAIRS)


def listings(state: State, apply: float) -> None:
    """Take back the verdicts on the lines of a listing, unless all of them go: `apply` is the score from which one does."""
    if not any(opening in state.page.source for opening in OPENING):
        return
    for lines in blocks(state.page.text):
        if not all(line in state.verdicts and state.verdicts[line].score >= apply for line in lines):
            for line in lines:
                state.verdicts.pop(line, None)


def blocks(lines: Sequence[str]) -> Iterator[range]:
    """Lines from one that ends with an opening bracket to the one that begins with the bracket that closes it, the outermost.

    Round and square brackets that stand alone are what is left of markup; only within others do they tell of a listing.

    >>> list(blocks(["A text.", "if (ready) {", "start();", "}", "More text."]))
    [range(1, 4)]
    """
    open_: list[tuple[int, str]] = []  # lines, and what closes them
    waiting = Counter[str]()  # what would close some of them
    found: list[range] = []
    for number, line in enumerate(lines):
        start = number
        while waiting[line[0]] and start == number:
            begun, closing = open_.pop()
            waiting[closing] -= 1
            start = begun if closing == line[0] else number
        while found and start <= found[-1].start:
            found.pop()
        if start < number:
            found.append(range(start, number + 1))
        if line[-1] in PAIRS and (line[-1] == "{" or len(line) > 1):
            open_.append((number, PAIRS[line[-1]]))
            waiting[PAIRS[line[-1]]] += 1
    yield from _joined(found)


def _joined(found: Sequence[range]) -> Iterator[range]:
    """Blocks that share a line, such as `} else {`, as one."""
    start = stop = -1
    for one in found:
        if one.start < stop:
            stop = one.stop
            continue
        if stop > 0:
            yield range(start, stop)
        start, stop = one.start, one.stop
    if stop > 0:
        yield range(start, stop)
