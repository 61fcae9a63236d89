"""The lines of a batch of documents, as columns, and the spans that removing some of them takes out of a text.

Most bytes of a collection are long paragraphs that no rule has to read: splitting and measuring is done for the whole batch
in one vectorised pass, and Python sees only the lines that a rule or the scorer asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

SHORT = 420  # characters of the longest line that rules read: about 60 words
LONG_WORDS = 22  # words from which a line that ends like a sentence counts as a paragraph of the article
LONG_CHARS = 40
CJK = r"\u2e80-\u2fdf\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CJK = re.compile(f"[{CJK}]")
_TERMINAL = ".!?…。！？؟।"
_CLOSERS = "\"'”’»«“)]）」』】›*"
SENTENCE = rf"[{_TERMINAL}](?:[{re.escape(_CLOSERS)}\s]|\[\d+\])*$"
_ENDS_SENTENCE = re.compile(SENTENCE)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Lines(msgspec.Struct):
    """The non-blank lines of a batch, in order. All arrays have one entry a line unless said otherwise."""

    text: pl.Series  # without the white space around it
    doc: Ints  # index of the document
    start: Ints  # code point at which the raw line starts, indentation included
    end: Ints  # code point behind its last character, line break (and carriage return) excluded
    gap: Ints  # blank lines between this line and the one before it
    first: Ints  # [documents + 1] index of each document's first line
    chars: Ints  # length of `text`
    _shape: tuple[Ints, Bools, Bools] | None = None

    @property
    def shape(self) -> tuple[Ints, Bools, Bools]:
        """Words of each line, whether it ends as a sentence does, whether it is a paragraph of running text."""
        if self._shape is None:
            word = line_words(self)
            sentence = self.text.str.contains(SENTENCE).to_numpy()
            self._shape = word, sentence, (word >= LONG_WORDS) & (self.chars >= LONG_CHARS) & sentence
        return self._shape

    @property
    def short(self) -> Bools:
        """Lines that rules have to look at."""
        return self.chars <= SHORT

    @property
    def sizes(self) -> Ints:
        """For each line, how many lines its document has."""
        return np.diff(self.first)[self.doc]

    def of(self, documents: Ints) -> Lines:
        """The lines of some documents (ascending indices), numbered anew."""
        counts = np.diff(self.first)[documents]
        first = np.concatenate([[0], np.cumsum(counts)])
        at = np.arange(first[-1]) + np.repeat(self.first[documents] - first[:-1], counts)
        doc = np.repeat(np.arange(len(documents)), counts)
        word, sentence, long = self.shape
        columns = (self.start[at], self.end[at], self.gap[at], first, self.chars[at], (word[at], sentence[at], long[at]))
        return Lines(self.text.gather(at), doc, *columns)


def scan(texts: Sequence[str]) -> Lines:
    """Split a batch of texts into lines; one pass over the bytes, no Python work per line."""
    lists = series(texts).str.split("\n")
    counts = lists.list.len().to_numpy().astype(np.int64)
    raw = lists.explode()
    length = raw.str.len_chars().to_numpy().astype(np.int64)
    doc = np.repeat(np.arange(len(texts)), counts)
    offset = np.cumsum(length + 1) - (length + 1)
    begin = np.concatenate([[0], np.cumsum(counts)])
    heads = begin[:-1]
    start = offset - np.repeat(offset[heads] if len(heads) else heads, counts)
    text = raw.str.strip_chars()
    chars = text.str.len_chars().to_numpy().astype(np.int64)
    full = np.flatnonzero(chars > 0)
    carriage = raw.str.ends_with("\r").to_numpy() if any("\r" in one for one in texts) else np.zeros(len(doc), bool)
    before = np.concatenate([[-1], full[:-1]])
    fresh = np.concatenate([[True], doc[full][1:] != doc[full][:-1]]) if len(full) else np.zeros(0, bool)
    gap = full - np.where(fresh, begin[doc[full]] - 1, before[: len(full)]) - 1
    end = start + length - carriage
    first = np.searchsorted(full, begin)
    return Lines(text.gather(full), doc[full], start[full], end[full], gap, first, chars[full])


def series(texts: Iterable[str]) -> pl.Series:
    """A column of strings. Lone surrogates, which have no UTF-8, are replaced one for one, so that offsets stay."""
    texts = list(texts)
    try:
        return pl.Series(texts, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series([text.encode("utf-8", "replace").decode() for text in texts], dtype=pl.String)


class Page(msgspec.Struct):
    """The non-blank lines of one document as Python lists, for the few documents that need a closer look."""

    source: str
    text: list[str]
    start: list[int]
    end: list[int]
    gap: list[int]
    words: list[int]
    sentence: list[bool]
    long: list[bool]
    base: int = 0  # index of its first line in the batch

    def __len__(self) -> int:
        return len(self.text)

    @classmethod
    def of(cls, lines: Lines, index: int, source: str) -> Page:
        """The page of document `index` of a batch."""
        cut = slice(int(lines.first[index]), int(lines.first[index + 1]))
        start, end, gap = (column[cut].tolist() for column in (lines.start, lines.end, lines.gap))
        word, sentence, long = (column[cut].tolist() for column in lines.shape)
        return cls(source, lines.text[cut].to_list(), start, end, gap, word, sentence, long, cut.start)


def words(line: str) -> int:
    """Number of words; in scripts without spaces two characters count as one."""
    if line.isascii():
        return line.count(" ") + 1
    return line.count(" ") + 1 + len(_CJK.findall(line)) // 2


def line_words(lines: Lines) -> Ints:
    """`words` of every line, in one pass; for long ones about so many."""
    found = lines.chars // 6
    short = lines.short.nonzero()[0]
    text = lines.text.gather(short)
    spaces = text.str.count_matches(" ", literal=True).to_numpy().astype(np.int64)
    wide = (text.str.len_bytes().to_numpy() >= 2 * lines.chars[short]).nonzero()[0]
    if len(wide):
        spaces[wide] += text.gather(wide).str.count_matches(f"[{CJK}]").to_numpy().astype(np.int64) // 2
    found[short] = spaces + 1
    return found


def is_sentence(line: str) -> bool:
    """Whether a line ends as a sentence does, closing quotes, brackets and citation marks aside."""
    return bool(_ENDS_SENTENCE.search(line[-12:]))


def is_long(line: str) -> bool:
    """Whether a line is a paragraph of running text."""
    return len(line) >= LONG_CHARS and words(line) >= LONG_WORDS and is_sentence(line)


def cuts(page: Page, removed: Sequence[int]) -> list[tuple[int, int]]:
    """The span that goes with each removed line (ascending line numbers), so that neither heaps of blank lines nor glued
    paragraphs remain: of the blank lines around a removed run those before it stay, if there are any, else those behind it."""
    spans: list[tuple[int, int]] = []
    for run in _runs(removed):
        first, last = run[0], run[-1]
        previous, following = first - 1, last + 1
        backward = previous >= 0 and (following >= len(page) or (page.gap[first] == 0 and page.gap[following] > 0))
        if backward:
            edges = [page.end[previous], *(page.end[line] for line in run)]
        else:
            stop = page.start[following] if following < len(page) else len(page.source)
            edges = [page.start[line] for line in run] + [stop]
            edges[0] = 0 if previous < 0 else edges[0]
        spans += pairwise(edges)
    return spans


def _runs(numbers: Sequence[int]) -> Iterable[list[int]]:
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run
