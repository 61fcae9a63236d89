"""The lines of a document, what they look like, and the spans that removing some of them takes out of a text.

Most bytes of a collection are long paragraphs that no rule has to read. A page is split once; where its lines stand and how
they end is worked out only for the pages, and the lines, that somebody asks about. `Lines` has the lines of several pages as
columns, for the scorer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

SHORT = 420  # characters of the longest line that rules read: about 60 words
LONG_WORDS = 22  # words from which a line that ends like a sentence counts as a paragraph of the article
LONG_CHARS = 40
LONG_WORD = 6  # characters of a word, as long lines are counted
CJK = r"\u2e80-\u2fdf\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CJK = re.compile(f"[{CJK}]+")
_TERMINAL = frozenset(".!?…。！？؟।")
CLOSERS = "\"'”’»«“)]）」』】›*"
SPACES = (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_CLOSING = CLOSERS + "".join(map(chr, SPACES))
_ENDS_SENTENCE = re.compile(rf"[{''.join(sorted(_TERMINAL))}](?:[{re.escape(CLOSERS)}\s]|\[\d+\])*$")

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Page:
    """The non-blank lines of one document. All lists have one entry a line."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = [bare for line in source.split("\n") if (bare := line.strip())]  # without the white space around it

    def __len__(self) -> int:
        return len(self.text)

    @cached_property
    def _places(self) -> tuple[list[int], list[int], list[int]]:
        start, end, gap = [], [], []
        at = blank = 0
        for line in self.source.split("\n"):
            size = len(line)
            if line and not line.isspace():
                start.append(at)
                end.append(at + size - (line[-1] == "\r"))
                gap.append(blank)
                blank = 0
            else:
                blank += 1
            at += size + 1
        return start, end, gap

    @property
    def start(self) -> list[int]:
        """Code point at which the raw line starts, indentation included."""
        return self._places[0]

    @property
    def end(self) -> list[int]:
        """Code point behind its last character, line break (and carriage return) excluded."""
        return self._places[1]

    @property
    def gap(self) -> list[int]:
        """Blank lines between this line and the one before it."""
        return self._places[2]

    @cached_property
    def words(self) -> list[int]:
        """Words of each line; for long ones about so many."""
        return [line_words(line) for line in self.text]

    @cached_property
    def sentence(self) -> list[bool]:
        """Whether a line ends as a sentence does."""
        return [is_sentence(line) for line in self.text]

    @cached_property
    def long(self) -> list[bool]:
        """Whether a line is a paragraph of running text."""
        return [is_paragraph(line) for line in self.text]


class Lines(msgspec.Struct):
    """The lines of several pages, in order. All arrays have one entry a line unless said otherwise."""

    text: pl.Series
    doc: Ints  # index of the page
    gap: Ints
    first: Ints  # [pages + 1] index of each page's first line
    chars: Ints  # length of `text`
    shape: tuple[Ints, Bools, Bools]  # words, sentence, long

    @classmethod
    def of(cls, pages: Sequence[Page]) -> Lines:
        """The lines of pages."""
        first = np.cumsum([0, *map(len, pages)])
        texts = [line for page in pages for line in page.text]
        word = np.array([one for page in pages for one in page.words], np.int64)
        gap = np.array([one for page in pages for one in page.gap], np.int64)
        sentence = np.array([one for page in pages for one in page.sentence], bool)
        long = np.array([one for page in pages for one in page.long], bool)
        chars = np.fromiter(map(len, texts), np.int64, len(texts))
        doc = np.repeat(np.arange(len(pages)), np.diff(first))
        return cls(series(texts), doc, gap, first, chars, (word, sentence, long))

    @property
    def short(self) -> Bools:
        """Lines that rules have to look at."""
        return self.chars <= SHORT

    @property
    def sizes(self) -> Ints:
        """For each line, how many lines its page has."""
        return np.diff(self.first)[self.doc]


def series(texts: Iterable[str]) -> pl.Series:
    """A column of strings. Lone surrogates, which have no UTF-8, are replaced one for one, so that offsets stay."""
    texts = list(texts)
    try:
        return pl.Series(texts, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series([text.encode("utf-8", "replace").decode() for text in texts], dtype=pl.String)


def words(line: str) -> int:
    """Number of words; in scripts without spaces two characters count as one."""
    spaces = line.count(" ") + 1
    return spaces if line.isascii() else spaces + sum(map(len, _CJK.findall(line))) // 2


def line_words(line: str) -> int:
    """`words`, for a long line about so many; what a few wide characters add to a narrow line is left out."""
    if len(line) > SHORT:
        return len(line) // LONG_WORD
    if line.isascii() or len(line.encode("utf-8", "replace")) < 2 * len(line):
        return line.count(" ") + 1
    return words(line)


def is_sentence(line: str) -> bool:
    """Whether a line ends as a sentence does, closing quotes, brackets and citation marks aside."""
    last = line[-1:]
    if last not in CLOSERS or not last:
        return last in _TERMINAL
    return line.rstrip(_CLOSING)[-1:] in _TERMINAL or ("[" in line and _ENDS_SENTENCE.search(line) is not None)


def is_paragraph(line: str) -> bool:
    """Whether a line is a paragraph of running text."""
    return len(line) >= LONG_CHARS and line_words(line) >= LONG_WORDS and is_sentence(line)


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
