"""The lines of a document, what they look like, and the spans that removing some of them takes out of a text.

Most bytes of a collection are long paragraphs that no rule has to read. A page is split once; where its lines stand and how
they end is worked out only for the pages, and the lines, that somebody asks about. `Lines` has the lines of several pages as
columns, for the scorer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cleanup import kernels
from cleanup.arrays import ranges
from cleanup.stages.boilerplate_characters import CJK, CLOSERS, SPACES, TERMINAL, classes

if TYPE_CHECKING:
    import polars as pl

SHORT = 420  # characters of the longest line that rules read: about 60 words
LONG_WORDS = 22  # words from which a line that ends like a sentence counts as a paragraph of the article
LONG_CHARS = 40
LONG_WORD = 6  # characters of a word, as long lines are counted
HEAD_LINES = 25  # metadata stands within so many lines of the first paragraph
BODY_STARTS = 3  # metadata may stand behind a summary or two that look like paragraphs
COLUMNS = 9
_CJK = re.compile(f"[{CJK}]+")
_TERMINAL = frozenset(TERMINAL)
_CLOSING = CLOSERS + "".join(map(chr, SPACES))
_ENDS_SENTENCE = re.compile(rf"[{''.join(sorted(_TERMINAL))}](?:[{re.escape(CLOSERS)}\s]|\[\d+\])*$")
_LIMITS = np.array([SHORT, LONG_WORD, LONG_CHARS, LONG_WORDS], np.int64)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Lines:
    """The non-blank lines of some texts, in order. All arrays have one entry a line unless said otherwise."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.data = b"\xff".join([*(text.encode("utf-8", "surrogatepass") for text in texts), b""])  # UTF-8, 0xFF behind each
        room = kernels.function("lines_room", "bytes i64", "i64")(self.data, len(self.data))
        columns = np.empty((COLUMNS, room), np.int64)
        self.first: Ints = np.empty(len(texts) + 1, np.int64)  # [texts + 1] number of each text's first line
        split = kernels.function("lines_split", "bytes i64 u16* i64* i64 i64* i64*", "i64")
        count = split(self.data, len(self.data), classes(), _LIMITS, room, columns, self.first)
        self._set(columns[:, :count])

    def _set(self, columns: Ints) -> None:
        self.begin: Ints  # bytes in `data`, white space around the line left out
        self.end: Ints
        self.start: Ints  # code points at which the raw line begins,
        self.stop: Ints  # and ends, line break and carriage return left out,
        self.bare: Ints  # and at which what is left without white space begins
        self.chars: Ints  # of which it has so many
        self.gap: Ints  # blank lines between the line and the one before it
        self.words: Ints  # for long lines about so many
        self.begin, self.end, self.start, self.stop, self.bare, self.chars, self.gap, self.words, self._shape = columns
        self._ends = self.begin.data, self.end.data  # which give a number in half the time
        self.sentence: Bools = (self._shape & 1).astype(bool)  # whether a line ends as a sentence does
        self.long: Bools = (self._shape & 2).astype(bool)  # whether it is a paragraph of running text
        self.addressed: Bools = (self._shape & 4).astype(bool)  # whether it is short and holds an @

    @classmethod
    def of(cls, pages: Sequence[Page]) -> Lines:
        """The lines of some pages of one batch."""
        every = pages[0].lines
        numbers = np.array([page.number for page in pages])
        starts, sizes = every.first[numbers], np.diff(every.first)[numbers]
        found = cls.__new__(cls)
        found.data, found.first = every.data, np.append(0, np.cumsum(sizes))
        rows = ranges(starts, sizes)
        at = every.begin, every.end, every.start, every.stop, every.bare, every.chars, every.gap, every.words, every._shape
        found._set(np.stack([column[rows] for column in at]))
        return found

    @cached_property
    def lists(self) -> tuple[list[int], list[int], list[bool], list[bool], list[list[int]]]:
        """`first`, `words`, `sentence`, `long` and `edges` as lists."""
        edges = self.edges.T.tolist()
        return self.first.tolist(), self.words.tolist(), self.sentence.tolist(), self.long.tolist(), edges

    @cached_property
    def edges(self) -> Ints:
        """[3, texts] Of each text: its first paragraph, where its body has begun, and the line behind its last paragraph."""
        rows, first, size = np.flatnonzero(self.long), self.first[:-1], np.diff(self.first)
        one, behind = np.searchsorted(rows, first), np.searchsorted(rows, self.first[1:])
        rows, some = np.append(rows, 0), behind > one
        head = np.where(some, rows[one] - first, np.minimum(size, HEAD_LINES))
        body = np.where(some, rows[np.minimum(one + BODY_STARTS, behind) - 1] - first, head)
        tail = np.where(some, rows[behind - 1] - first + 1, np.where(size > 6, size * 2 // 3, 0))
        return np.stack([head, body, tail])

    def __len__(self) -> int:
        return len(self.begin)

    def text(self, row: int) -> str:
        """A line without the white space around it."""
        begin, end = self._ends
        return self.data[begin[row] : end[row]].decode("utf-8", "surrogatepass")

    def texts(self, rows: Ints) -> list[str]:
        """Some lines without the white space around them."""
        ends = zip(self.begin[rows].tolist(), self.end[rows].tolist(), strict=True)
        return [self.data[begin:end].decode("utf-8", "surrogatepass") for begin, end in ends]

    @cached_property
    def doc(self) -> Ints:
        """The number of its text."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @property
    def short(self) -> Bools:
        """Lines that rules have to look at."""
        return self.chars <= SHORT

    @property
    def sizes(self) -> Ints:
        """For each line, how many lines its text has."""
        return np.diff(self.first)[self.doc]

    def places(self, rows: Ints) -> tuple[list[int], list[int]]:
        """The texts of some lines, and their numbers there."""
        doc = np.searchsorted(self.first, rows, "right") - 1
        return doc.tolist(), (rows - self.first[doc]).tolist()


class Page:
    """The non-blank lines of one document. All lists have one entry a line."""

    def __init__(self, source: str, lines: Lines | None = None, number: int = 0) -> None:
        """`lines`: of texts of which this is the one with that number."""
        self.source = source
        self.lines = Lines([source]) if lines is None else lines
        self.number = number
        first, words, sentence, long, edges = self.lines.lists
        self._rows = rows = slice(first[number], first[number + 1])
        self.words = words[rows]  # of each line; for long ones about so many
        self.sentence = sentence[rows]  # whether a line ends as a sentence does
        self.long = long[rows]  # whether a line is a paragraph of running text
        self.edges = edges[number]  # of the page, as of `Lines`

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def text(self) -> list[str]:
        """The lines without the white space around them."""
        return [text for line in self.source.split("\n") if (text := line.strip())]

    def line(self, number: int) -> str:
        """One line, counted from the end where the number is negative: cheaper than all where few are asked for."""
        if "text" in self.__dict__:
            return self.text[number]
        return self.lines.text((self._rows.start if number >= 0 else self._rows.stop) + number)

    @cached_property
    def start(self) -> list[int]:
        """Code point at which the raw line starts, indentation included."""
        return list(self.lines.start[self._rows].tolist())

    @cached_property
    def end(self) -> list[int]:
        """Code point behind its last character, line break (and carriage return) excluded."""
        return list(self.lines.stop[self._rows].tolist())

    @cached_property
    def gap(self) -> list[int]:
        """Blank lines between this line and the one before it."""
        return list(self.lines.gap[self._rows].tolist())


class Pages(Sequence[Page]):
    """The pages of a batch, each made when it is first asked for: of most nobody asks more than `Lines` says."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.lines, self._texts = Lines(texts), texts
        self._made: dict[int, Page] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, number: Any) -> Any:
        """One page, by its number from 0 up."""
        page = self._made.get(number)
        if page is None:
            page = self._made[number] = Page(self._texts[number], self.lines, number)
        return page


def series(texts: Iterable[str]) -> pl.Series:
    """A column of strings. Lone surrogates, which have no UTF-8, are replaced one for one, so that offsets stay."""
    import polars as pl  # which takes its time to load

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
    if line.isascii() or len(line.encode("utf-8", "surrogatepass")) < 2 * len(line):
        return line.count(" ") + 1
    return words(line)


def is_sentence(line: str) -> bool:
    """Whether a line ends as a sentence does, closing quotes, brackets and citation marks aside."""
    last = line[-1:]
    if last not in CLOSERS or not last:
        return last in _TERMINAL
    return line.rstrip(_CLOSING)[-1:] in _TERMINAL or ("[" in line and _ENDS_SENTENCE.search(line) is not None)


def cuts(page: Page, removed: Sequence[int]) -> list[tuple[int, int]]:
    """The span that goes with each removed line (ascending line numbers), so that neither heaps of blank lines nor glued
    paragraphs remain: of the blank lines around a removed run those before it stay, if there are any, else those behind it."""
    spans: list[tuple[int, int]] = []
    for run in runs(removed):
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


def runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Ascending numbers, those in a row together."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run
