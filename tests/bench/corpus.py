"""A seeded generator of news-like corpora of which everything is known: what copies what, how, and how much.

Words are made of syllables and used as words of a language are: a few very often, most of them rarely, each with its usual
successors, around the topic and the names of the article. So unrelated articles share about as many word pairs as real ones.
Copies: exact, near (words changed at a rate), excerpt (a part, alone or in new text), reprint (a new head and tail), spun (a
table of arbitrary synonyms, one choice a word and article). Traps: articles under one boilerplate, articles of one event.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

FUNCTION = (  # noqa: SIM905
    "the of and to in a is that for on was with as at by it from be are this have has had were an or not but which their they "
    "its he she his her who will would can could more about after before over under between into out up down new one two "
    "also than then there when where while if so no all some any each other such only own most been being do does did"
).split()
ONSETS = "b br c ch cl d dr f fl fr g gr h j k l m n p pl pr qu r s sh sl sp st str t th tr v w".split()  # noqa: SIM905
VOWELS = "a e i o u ai ea ee ia io oa ou".split()  # noqa: SIM905
CODAS = ["", "", "", "n", "r", "s", "l", "t", "ck", "nd", "nt", "rd", "st", "m"]


class Copy(NamedTuple):
    """One document of a corpus: the number of its original (its own when it is one), and what was done to it."""

    original: int
    kind: str  # original, exact, near, excerpt, reprint, spun, event, boilerplate
    rate: float = 0.0  # words changed; for excerpts the share of the original that is left
    new: float = 0.0  # share of the document that is new text around it


class Corpus(NamedTuple):
    """Texts and the truth about them."""

    texts: list[str]
    truth: list[Copy]


class Writer:
    """Writes articles and copies of them. Everything follows from the seed."""

    def __init__(self, seed: int = 1, words: int = 30000) -> None:
        self.rng = np.random.default_rng(seed)
        rare = self._vocabulary(words)
        self.words = np.array([*FUNCTION, *rare], dtype=object)
        weight = np.concatenate((20.0 / (np.arange(len(FUNCTION)) + 3), 25.0 / (np.arange(len(rare)) + 40) ** 1.05))
        self.share = weight / weight.sum()
        self.cumulated = np.cumsum(self.share)
        self.follow = self._draw((len(self.words), 24))  # the usual successors of every word
        self.names = [word.capitalize() for word in self._vocabulary(4000)]
        self.table = {word: self._synonym() for word in self.words.tolist()}

    def _vocabulary(self, count: int) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < count:
            size = int(self.rng.choice(4, p=(0.0, 0.45, 0.42, 0.13)))  # syllables
            word = "".join(
                str(self.rng.choice(ONSETS)) + str(self.rng.choice(VOWELS)) + str(self.rng.choice(CODAS)) for _ in range(size)
            )
            if word not in FUNCTION:
                found[word] = None
        return list(found)

    def _draw(self, shape: int | tuple[int, ...]) -> np.ndarray:
        return np.minimum(np.searchsorted(self.cumulated, self.rng.random(shape)), len(self.words) - 1)

    def _synonym(self) -> str:
        """One or two other words."""
        one = self.words[int(self._draw(1)[0])]
        return f"{one} {self.words[int(self._draw(1)[0])]}" if self.rng.random() < 0.15 else str(one)

    def article(self, length: int | None = None, topic: np.ndarray | None = None, names: list[str] | None = None) -> str:
        """An article of about `length` words (default: as news are, around 700)."""
        rng = self.rng
        length = length or int(np.clip(rng.lognormal(np.log(650), 0.45), 90, 2500))
        topic = self._draw(60) if topic is None else topic
        names = names or [self.names[i] for i in rng.integers(0, len(self.names), 12)]
        walk = self._draw(length)
        usual, about, named, figure = (rng.random(length) for _ in range(4))
        step = rng.integers(0, self.follow.shape[1], length)
        chosen: list[str] = []
        at = int(walk[0])
        for i in range(length):
            at = int(self.follow[at, step[i]]) if usual[i] < 0.55 else int(walk[i])
            if about[i] < 0.12:
                at = int(topic[i % len(topic)])
            word = str(self.words[at])
            if named[i] < 0.04:
                word = names[int(named[i] * 1e6) % len(names)]
            elif figure[i] < 0.015:
                word = str(int(figure[i] * 1e7) % 5000)
            chosen.append(word)
        return self.prose(chosen)

    def prose(self, words: list[str]) -> str:
        """Words as sentences and paragraphs."""
        out, at, sentence = [], 0, 0
        while at < len(words):
            size = int(self.rng.integers(8, 26))
            part = words[at : at + size]
            text = " ".join(part)
            out.append(text[:1].upper() + text[1:] + ("”. " if self.rng.random() < 0.05 else ". "))
            sentence += 1
            if sentence % 4 == 0:
                out.append("\n\n")
            at += size
        return "".join(out).strip()

    # ------------------------------------------------------------------------------------------------ copies
    def near(self, text: str, rate: float) -> str:
        """A copy with this share of its words changed, dropped or doubled, one by one."""
        parts = re.split(r"(\s+)", text)
        hit = self.rng.random(len(parts)) < rate
        for i in range(0, len(parts), 2):
            if hit[i]:
                turn = self.rng.random()
                parts[i] = "" if turn < 0.15 else f"{parts[i]} {self._synonym()}" if turn < 0.3 else self._synonym()
        return "".join(parts)

    def excerpt(self, text: str, share: float, new: float = 0.0) -> str:
        """A part of a text, in one piece, with so much new text around it that it makes the share `new` of the whole."""
        words = text.split(" ")
        size = max(1, round(share * len(words)))
        begin = int(self.rng.integers(0, len(words) - size + 1))
        part = " ".join(words[begin : begin + size])
        more = round(size * new / (1 - new)) if new else 0
        if not more:
            return part
        before = int(self.rng.integers(0, more + 1))
        pieces = [self.article(before) if before else "", part, self.article(more - before) if more > before else ""]
        return "\n\n".join(piece for piece in pieces if piece)

    def reprint(self, text: str, new: float) -> str:
        """The same body under a new head and before a new tail, which make the share `new`; the old ends give way."""
        words = text.split(" ")
        cut = round(len(words) * new / 2)
        body = " ".join(words[cut : len(words) - cut])
        return "\n\n".join((self.article(max(cut, 5)), body, self.article(max(cut, 5))))

    def spun(self, text: str, rate: float = 0.36, table: dict[str, str] | None = None) -> str:
        """A copy in which this share of the words is replaced by another table: one choice a word form, names and figures
        stay."""
        table = table or self.table
        words = re.findall(r"[a-z]+", text)
        count = dict(zip(*np.unique(np.array(words), return_counts=True), strict=True))
        forms = [form for form in count if len(form) > 1]
        self.rng.shuffle(forms)
        chosen, done = set(), 0
        total = len(re.findall(r"\w+", text))
        for form in forms:
            if done >= rate * total:
                break
            chosen.add(str(form))
            done += int(count[form])
        return re.sub(r"[a-z]+", lambda found: table.get(found[0], found[0]) if found[0] in chosen else found[0], text)


def mixed(count: int, seed: int = 1, share: float = 0.3, words: int = 30000) -> Corpus:
    """A corpus of which `share` are copies, of every kind and rate in turn, shuffled."""
    writer = Writer(seed, words)
    originals = max(1, round(count * (1 - share)))
    texts = [writer.article() for _ in range(originals)]
    truth = [Copy(number, "original") for number in range(originals)]
    rates = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
    for number in range(count - originals):
        base = int(writer.rng.integers(originals))
        copy, text = _variant(writer, texts[base], base, number, rates)
        truth.append(copy)
        texts.append(text)
    return shuffled(Corpus(texts, truth), seed)


def _variant(writer: Writer, text: str, base: int, number: int, rates: tuple[float, ...]) -> tuple[Copy, str]:
    turn = number % 10
    if turn == 0:
        return Copy(base, "exact"), text
    if turn <= 5:
        rate = rates[number // 10 % len(rates)]
        return Copy(base, "near", rate), writer.near(text, rate)
    if turn == 6:
        share = float(writer.rng.uniform(0.5, 0.95))
        return Copy(base, "excerpt", share), writer.excerpt(text, share)
    if turn == 7:
        new = float(writer.rng.uniform(0.05, 0.4))
        return Copy(base, "reprint", 0.0, new), writer.reprint(text, new)
    if turn == 8:
        share, new = float(writer.rng.uniform(0.3, 1.0)), float(writer.rng.uniform(0.0, 0.45))
        return Copy(base, "excerpt", share, new), writer.excerpt(text, share, new)
    return Copy(base, "spun", 0.36), writer.spun(text)


def shuffled(corpus: Corpus, seed: int = 1) -> Corpus:
    """The same corpus in another order."""
    place = np.random.default_rng(seed).permutation(len(corpus.texts))
    new = np.empty(len(place), np.int64)
    new[place] = np.arange(len(place))
    truth = [corpus.truth[old]._replace(original=int(new[corpus.truth[old].original])) for old in place.tolist()]
    return Corpus([corpus.texts[old] for old in place.tolist()], truth)


def boilerplated(count: int, size: int, seed: int = 1, length: int = 200, words: int = 30000) -> Corpus:
    """Unrelated articles of about `length` words under one head and before one foot of `size` words together."""
    writer = Writer(seed, words)
    head, foot = writer.article(max(1, size // 4)), writer.article(max(1, size - size // 4))
    texts = ["\n\n".join((head, writer.article(length), foot)) for _ in range(count)]
    return Corpus(texts, [Copy(number, "boilerplate") for number in range(count)])


def events(count: int, reports: int, seed: int = 1, words: int = 30000) -> Corpus:
    """Several independent reports of every event: the same topic, names and figures, no common text."""
    writer = Writer(seed, words)
    texts = []
    for _ in range(count):
        topic = writer._draw(60)
        names = [writer.names[i] for i in writer.rng.integers(0, len(writer.names), 12)]
        texts += [writer.article(None, topic, names) for _ in range(reports)]
    return Corpus(texts, [Copy(number, "event") for number in range(len(texts))])


__all__ = ["Copy", "Corpus", "Writer", "boilerplated", "events", "mixed", "shuffled"]
