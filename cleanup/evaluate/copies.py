"""Recipes that make a copy of an article which is not quite one: near-duplicates, excerpts, cut-off texts."""

from __future__ import annotations

import re
from random import Random

from cleanup.evaluate.misread import chosen
from cleanup.evaluate.script import Change, Script, joined

# A word, or one character of a script that does not space its words.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f"
WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+(?:['’-][^\W{_CJK}]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"”’»)]*\s*|\n+")


def near(text: str, rate: float, rng: Random) -> Script:
    """Another edition of the text: a share of its words replaced by others of it, left out, doubled or written differently."""
    words = [found.span() for found in WORD.finditer(text)]
    found: list[Change] = []
    for start, end in chosen(words, rate, rng):
        change = _reworded(text, start, end, words, rng)
        if change.before != change.after:
            found.append(change)
    return joined(found)


def _reworded(text: str, start: int, end: int, words: list[tuple[int, int]], rng: Random) -> Change:
    before = text[start:end]
    way = rng.random()
    if way < 0.6:
        low, high = rng.choice(words)
        after = text[low:high]
        if after == before:
            after = before + "s"
    elif way < 0.8:
        stop = end + 1 if text[end : end + 1] == " " else end
        return Change(start, stop, text[start:stop], "")
    elif way < 0.9:
        after = f"{before} {before}"
    else:
        after = before.swapcase() if before.swapcase() != before else before + "-" + before
    return Change(start, end, before, after)


def excerpt(text: str, rate: float, rng: Random) -> Script:
    """A passage of the text, whole sentences where there are enough of them; `rate` is the share that is left out."""
    ends = sorted({found.end() for found in _SENTENCE_END.finditer(text)} | {len(text)})
    if len(ends) < 5:
        ends = sorted({found.end() for found in re.finditer(r"\S+\s*", text)} | {len(text)})
    starts = [0, *ends[:-1]]
    wanted = max(1, round(len(text) * (1 - min(max(rate, 0.0), 1.0))))
    latest = [at for at in starts if at + wanted <= len(text)] or [0]
    start = rng.choice(latest)
    end = min((at for at in ends if at > start), key=lambda at: abs(at - start - wanted), default=len(text))
    return _cut(text, start, end)


def _cut(text: str, start: int, end: int) -> Script:
    head = [Change(0, start, text[:start], "")] if start else []
    tail = [Change(end, len(text), text[end:], "")] if end < len(text) else []
    return joined([*head, *tail])


_STUBS = ("", "…", "...", " […]", " [+{} chars]", "\nContinue reading")


def truncate(text: str, rate: float, rng: Random) -> Script:
    """The text cut off, in the middle of a word or after one, often with a mark; `rate` is the share that is cut."""
    if rate <= 0 or len(text) < 2:
        return ()
    at = max(1, min(len(text) - 1, round(len(text) * (1 - rate))))
    if rng.random() < 0.7:
        space = text.rfind(" ", 0, at)
        at = space if space > 0 else at
    return (Change(at, len(text), text[at:], rng.choice(_STUBS).format(len(text) - at)),)
