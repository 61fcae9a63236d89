"""A seeded generator of English-like news collections of any size, with what is true of every document.

Words follow each other as often as the project's own counts of word pairs (`rules/spin/context.zst`) say, around names and
numbers, in sentences and paragraphs with the punctuation of newspapers. So a text looks to every stage as clean news does,
which texts of invented words do not. What is added: copies (exact, near, excerpt), misread encodings, residue of pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np

from cleanup.config import Config
from cleanup.evaluate import misread, residue
from cleanup.evaluate.script import apply
from cleanup.rules import directories
from cleanup.spin.context import Context, ngram_keys, word_key

VOCABULARY, COMMON = 9000, 20.0  # words, and the count of a pair from which it is believed
END = 0  # the sentence boundary, as a word
SYLLABLES = "an bar cor del e fin gar hol i jen kel lor mar nor o per quin ros sal tor u ven wel yar zel".split()  # noqa: SIM905
CHUNK = 4096  # articles that are written side by side
MISREAD, RESIDUE = 0.02, 0.1  # shares of documents


class Truth(NamedTuple):
    """What was done to a document: the number of the one it copies (else its own), how, and what its clean text was."""

    number: int
    original: int
    kind: str  # original, exact, near, excerpt
    harm: str  # "", mojibake, residue
    clean: str = ""


class Newsroom:
    """Writes articles. Everything follows from the seed. Making one takes some ten seconds."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.words, self.cumulated, self.first, self.successor = _chain()
        names = ["".join(self.rng.choice(SYLLABLES, 2 + int(self.rng.integers(2)))).capitalize() for _ in range(6000)]
        self.names = np.array(names, dtype=object)

    def articles(self, count: int, length: int) -> Iterator[str]:
        """`count` articles of about `length` words, log-normal around it."""
        for begin in range(0, count, CHUNK):
            size = min(CHUNK, count - begin)
            lengths = np.clip(self.rng.lognormal(np.log(length * 0.94), 0.35, size), 30, 6 * length).astype(int)
            walk = self._walk(size, int(lengths.max()))
            for number in range(size):
                yield self._prose(walk[: lengths[number], number])

    def _walk(self, size: int, steps: int) -> np.ndarray:
        """int32[steps, size]: words of articles side by side."""
        at = np.zeros(size, np.int64)
        out = np.empty((steps, size), np.int32)
        for step in range(steps):
            low, high = self.cumulated[self.first[at]], self.cumulated[self.first[at + 1]]
            edge = np.searchsorted(self.cumulated, low + self.rng.random(size) * (high - low), "right") - 1
            at = self.successor[np.minimum(edge, self.first[at + 1] - 1)].astype(np.int64)
            out[step] = at
        return out

    def _prose(self, walk: np.ndarray) -> str:
        rng = self.rng
        words = self.words[walk].tolist()
        turn = rng.random(len(words))
        people = self.names[rng.integers(0, len(self.names), 12)].tolist()
        for at in np.flatnonzero(turn < 0.05).tolist():
            if walk[at]:
                words[at] = people[at % 12] if turn[at] > 0.015 else str(int(turn[at] * 3e5))
        sentences, begin = [], 0
        for end in [*np.flatnonzero(walk == END).tolist(), len(words)]:
            if end - begin > 2:
                sentences.append(self._sentence(words[begin:end], float(turn[begin]), people))
            begin = end + 1
        size = 2 + int(turn[0] * 3)
        return "\n\n".join(" ".join(sentences[at : at + size]) for at in range(0, len(sentences), size))

    def _sentence(self, words: list[str], turn: float, people: list[str]) -> str:
        if len(words) > 14:
            words[len(words) // 2] += ","
        text = " ".join(words)
        text = text[0].upper() + text[1:].replace(" i ", " I ").replace("'", "’")
        if turn > 0.93:
            return f"“{text},” said {people[0]} {people[1]}."
        return text + (" – or so it seems." if turn > 0.92 else ".")


def _chain() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(words, cumulated counts of pairs, first pair of each word, second word of each pair)."""
    (root,) = [path / "spin" for path in directories(Config().rules)]
    known = {".", "i"}
    for path in [*sorted(root.glob("*.tsv")), root / "stopwords.txt"]:
        for word in re.findall(r"[a-z]{2,}(?:'[a-z]+)?|\ba\b", path.read_text(encoding="utf-8")):
            known |= {word, f"{word}s", f"{word}ed", f"{word}ing"}
    context = Context.load(root / "context.zst")
    listed = sorted(known)
    keys = np.array([word_key(word) for word in listed], dtype=np.uint64)
    counts = context.counts(ngram_keys([keys]))
    best = np.argsort(-counts, kind="stable")[:VOCABULARY]
    best = best[np.argsort(np.array([listed[number] != "." for number in best]), kind="stable")]  # the boundary first
    keys = keys[best]
    firsts, pairs, weights = [0], [], []
    for one in keys:
        found = context.counts(ngram_keys([np.full(len(keys), one, np.uint64), keys]))
        found[found < COMMON] = 0.0
        next_ = np.flatnonzero(found)
        if not len(next_):
            next_, found = np.array([END]), np.ones(len(keys))
        pairs.append(next_.astype(np.int32))
        weights.append(found[next_])
        firsts.append(firsts[-1] + len(next_))
    words = np.array([listed[number] for number in best], dtype=object)
    cumulated = np.concatenate([[0.0], np.cumsum(np.concatenate(weights))])
    return words, cumulated, np.array(firsts), np.concatenate(pairs)


def documents(room: Newsroom, count: int, length: int, copies: float = 0.3, seed: int = 1) -> Iterator[tuple[str, Truth]]:
    """A collection: `copies` of the documents repeat one of the latest thousands, some are harmed."""
    draw = Random(seed)
    recent: list[tuple[int, str]] = []
    fresh = room.articles(count, length)
    for number in range(count):
        kind, original = "original", number
        if recent and draw.random() < copies:
            original, clean = recent[draw.randrange(len(recent))]
            kind, clean = _copy(clean, draw, room)
        else:
            clean = next(fresh)
            recent.append((number, clean))
            del recent[:-4000]
        text, harm = _harmed(clean, draw)
        yield text, Truth(number, original, kind, harm, clean if harm else "")


def _copy(text: str, draw: Random, room: Newsroom) -> tuple[str, str]:
    turn = draw.random()
    if turn < 0.2:
        return "exact", text
    if turn < 0.8:
        rate, words = draw.choice((0.005, 0.01, 0.02, 0.03)), text.split(" ")
        for at in range(len(words)):
            if draw.random() < rate:
                words[at] = str(room.words[1 + draw.randrange(len(room.words) - 1)])
        return "near", " ".join(words)
    parts = text.split("\n\n")
    size = max(1, round(len(parts) * draw.uniform(0.6, 0.95)))
    begin = draw.randrange(len(parts) - size + 1)
    return "excerpt", "\n\n".join(parts[begin : begin + size])


def _harmed(text: str, draw: Random) -> tuple[str, str]:
    turn = draw.random()
    if turn < MISREAD:
        return apply(text, misread.mojibake(text, 1.0, draw, "windows-1252")), "mojibake"
    if turn < MISREAD + RESIDUE:
        return apply(text, residue.boilerplate(text, 0.3, draw, "en", "")), "residue"
    return text, ""


def write(path: Path, room: Newsroom, count: int, length: int, seed: int = 1) -> tuple[int, list[Truth]]:
    """A JSONL file of records with id, URL, date and text: (its bytes, the truth)."""
    truth, size = [], 0
    with open(path, "wb") as file:
        for text, true in documents(room, count, length, seed=seed):
            number = true.number
            record: dict[str, Any] = {"id": f"n{number}", "url": f"https://www.paper{number % 97}.example/{number}", "text": text}
            record["date"] = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
            size += file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            truth.append(true)
    return size, truth
