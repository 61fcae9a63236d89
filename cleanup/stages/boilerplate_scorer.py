"""A learned line scorer: boosted symmetric trees over the numbers of `boilerplate_features`, weights in a data file.

It speaks on pages on which a rule or the structure pass found residue already, and where much stands around the article, if it
is sure of several lines there, so that a page without residue stays as it is; and it leaves alone the headline and short lines
that the article itself says. `tests/bench/train_boilerplate.py`
makes the weights; leaves are whole numbers, so that a sum does not depend on its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from cleanup import kernels
from cleanup.arrays import rounded
from cleanup.errors import RuleError
from cleanup.stages.boilerplate_features import KINDS, Floats, Signals, features
from cleanup.stages.boilerplate_lines import Bools, Ints, Lines
from cleanup.stages.boilerplate_lists import UNITS, Odds, are_entries, level, level_alike, smooth
from cleanup.stages.boilerplate_spared import RULE, SAID_WORDS, ascii_words, is_said
from cleanup.stages.boilerplate_structure import State, Verdict

FILE = "scorer.json"
LIKELY = 0.5  # probability of a line that is more likely residue than not
KNOWN = 2.0  # log-odds of a line where rules say so; as much against where a line is too long for residue
DUMP_AROUND = 60  # lines of residue before and behind the article: a dump of a whole page,
DUMP_SURE = 0.05  # where so many lines are residue by rules alone
HEADLINE_WORDS = 40
HEADLINE_CHARS = 300
TITLES = 4  # of the lines that look most like a title stay,
TITLE_GAP = 2.5  # log-odds by which the others may fall short of the first,
DUMP_GAP = 3.5  # and in a dump
TITLES_TRIED = 12
FEW_WORDS = 2  # next to a likely title of a dump stays what has more words than these before its article,
TITLE_SAID = 0.3  # so much of which the article says, too,
STANDFIRST_LINES = 8  # and so near before the article such a line needs as much as a long sentence,
TITLE_DOUBT = 0.95  # and which is not surely residue
GUESSED = frozenset(f"boilerplate/structure/{name}" for name in ("under-marker", "related-tail", "repeat"))
CLUSTER_LINES = 12  # between two paragraphs of one article
HOLES = 9  # places of an article from which lines go; a page with more is a list, and they are held for review
DOUBT = 0.01
SIZES = (1, SAID_WORDS, 8)  # words up to which a line is of the first, second, third size; an entry of a list is of the first
PLACES = ("before", "within", "behind")
ALONE_EDGES = 5  # lines around the article, no sentences, by which a page is crowded,
ALONE_PARAGRAPHS = 3  # if it has so many paragraphs: where no rule found anything there,
ALONE_LINES = 3  # so many lines go, or none,
ALONE_SURE = 0.9  # each as likely as this
MANY = 16  # lines of a page that may go
DEPTH, ROWS = 8, 64  # questions of a tree at most; lines that are asked at once, as in `kernels/features.c`


class Trees(msgspec.Struct, forbid_unknown_fields=True):
    """Boosted trees. Each asks `depth` questions (value of feature > border); the answers number its leaf."""

    features: list[str]
    bias: int
    split_feature: list[list[int]]  # [trees, depth]
    split_border: list[list[float]]
    leaves: list[list[int]]  # [trees, 2 ** depth]


class Weights(msgspec.Struct, forbid_unknown_fields=True):
    """The data file."""

    residue: Trees
    dump: Trees  # the same in a dump of a whole page
    title: Trees  # of lines that are not the article's: whether one is its headline
    apply: list[list[float]]  # probability from which a line goes: before, within and behind the article, by its size
    apply_dump: tuple[
        float, float, float
    ]  # the same in a dump: of what is no long sentence, of one around the article, within it
    review: float


# A line that may be residue: its number; place and size, which say how sure one has to be that it is; whether one is; how likely
# it is; that as a score of the policy, and the same where the page is a list.
Asked = tuple[int, int, int, bool, float, float, float]


class Forest:
    """Trees as arrays. Immutable once made."""

    def __init__(self, trees: Trees) -> None:
        self.features = trees.features
        self._bias = trees.bias
        splits = zip(trees.split_feature, trees.split_border, strict=True)
        asked = [list(zip(features, borders, strict=True)) for features, borders in splits]
        questions = {one: number for number, one in enumerate(sorted({one for tree in asked for one in tree}))}
        self._feature = np.array([feature for feature, _ in questions], np.int64)
        self._border = np.array([border for _, border in questions], np.float32)
        self._asks = np.array([[questions[one] for one in tree] for tree in asked], np.int64)  # [trees, depth]
        self._leaves = np.array(trees.leaves, np.int64)
        if self._asks.ndim != 2 or self._asks.shape[1] > DEPTH or self._leaves.shape != (len(asked), 1 << self._asks.shape[1]):
            raise RuleError(f"{FILE}: trees of other than one depth up to {DEPTH}", "make the weights anew, or remove the file")

    def odds(self, columns: Mapping[str, Floats], rows: Ints) -> Odds:
        """What the trees say of some lines, as log-odds."""
        if unknown := [name for name in self.features if name not in columns]:
            raise RuleError(f"{FILE}: unknown feature {unknown[0]!r}", "make the weights anew, or remove the file")
        table = np.empty((len(self.features), len(rows)), np.float32)
        for name, numbers in zip(self.features, table, strict=True):
            columns[name].take(rows, out=numbers, mode="clip")  # as `columns[name][rows]`, in a third of the time
        total = np.empty(len(rows), np.int64)
        answers = np.zeros((len(self._border), ROWS), np.uint8)
        sums = kernels.function("features_trees", "f32* i64 i64* f32* i64 i64* i64 i64 i64* u8* i64*")
        asked = self._asks, self._asks.shape[1], len(self._asks)
        sums(table, len(rows), self._feature, self._border, len(self._border), *asked, self._leaves, answers, total)
        return (total + self._bias) / UNITS


class Scorer:
    """The weights, and what is done with them. Immutable once made."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._residue, self._dump = Forest(weights.residue), Forest(weights.dump)
        self._title = Forest(weights.title)

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Scorer | None:
        """From the last layer that has the file. Raises RuleError when it does not fit."""
        for root in reversed(paths):
            path = (root / "boilerplate" if (root / "boilerplate").is_dir() else root) / FILE
            if path.is_file():
                try:
                    return cls(msgspec.json.decode(path.read_bytes(), type=Weights))
                except msgspec.DecodeError as error:
                    raise RuleError(f"{path}: {error}", "make the weights anew, or remove the file") from None
        return None

    def judge(self, states: Sequence[State], signals: Signals, sure: float, keep: str = "") -> None:
        """Add verdicts to pages: those on which rules found residue, and crowded ones.

        `sure` is the score from which a verdict counts; `keep` a category of rules whose lines are to stay.
        """
        if not states:
            return
        lines = Lines.of([state.page for state in states])
        gone = verdict_flags(lines, states, sure)
        columns = features(lines, signals, gone)
        taken = np.logical_or.reduce(list(gone.values()))
        open_rows = (~taken & lines.short).nonzero()[0]
        entries = (columns["is bullet"] > 0) & ~taken
        odds = np.where(taken, KNOWN, -KNOWN)
        odds[open_rows] = self._residue.odds(columns, open_rows)
        score = _score(odds, entries, taken, lines)
        pages = [slice(*one) for one in pairwise(lines.first.tolist())]
        articles = [_article(state, score[one], taken[one]) for state, one in zip(states, pages, strict=True)]
        dumps = [_is_dump(taken[one], score[one], article) for one, article in zip(pages, articles, strict=True)]
        if any(dumps):
            rows = open_rows[np.array(dumps)[lines.doc[open_rows]]]
            odds[rows] = self._dump.odds(columns, rows)
            score = _score(odds, entries, taken, lines)
            of_all = zip(states, pages, dumps, articles, strict=True)
            articles = [_article(state, score[one], taken[one]) if dump else article for state, one, dump, article in of_all]
        title = np.full(len(lines.doc), -np.inf)
        ends = [one.stop if dump else one.start + article[0] for one, dump, article in zip(pages, dumps, articles, strict=True)]
        title_rows = (may_be_title(lines) & (np.arange(len(lines.doc)) < np.array(ends)[lines.doc])).nonzero()[0]
        title[title_rows] = self._title.odds(columns, title_rows) if len(title_rows) else 0
        for state, one in zip(states, pages, strict=True) if keep else ():
            score[one][[line for line, hits in state.hits.items() if any(hit.named.rule.category == keep for hit in hits)]] = 0
        said = (lines.words > FEW_WORDS) & (columns["said share"] >= TITLE_SAID)
        asked = self._asked(lines, score, said, articles, dumps)
        like = (title > -np.inf) & said & (score < TITLE_DOUBT)
        for state, dump, article, one, mine in zip(states, dumps, articles, pages, asked, strict=True):
            titles = _titles(state, title[one], dump, score[one] >= self.weights.apply_dump[0])
            titles |= _beside(state, titles, like[one][: article[0]]) if dump else set()
            self._page(state, [line for line in mine if line[0] not in titles], article, sure, dump)

    def _asked(
        self, lines: Lines, score: Odds, said: Bools, articles: Sequence[Sequence[int]], dumps: Sequence[bool]
    ) -> Iterator[list[Asked]]:
        """The lines of each page that may be residue, as sure as somebody has to be asked. `said`: which lines the article says
        in part, as its standfirst does."""
        apply, of_dump = np.array(self.weights.apply), np.array(self.weights.apply_dump)
        dump, edges = np.array(dumps)[lines.doc], np.array([(one[0], one[-1]) for one in articles])[lines.doc]
        review = np.minimum(self.weights.review, np.where(dump, of_dump.min(), apply.min()))
        rows = np.flatnonzero(score >= review)
        dump, edges, review, p = dump[rows], edges[rows], review[rows], score[rows]
        number = rows - lines.first[lines.doc[rows]]
        place = (number >= edges[:, 0]).astype(np.int64) + (number > edges[:, 1])
        size = np.where(are_entries(lines, rows), 0, np.searchsorted(SIZES, lines.words[rows]))
        told = lines.sentence[rows] & (size == len(SIZES))
        told |= said[rows] & (place == 0) & (edges[:, 0] - number <= STANDFIRST_LINES)
        least = np.where(dump, of_dump[np.where(told, 1 + (place == 1), 0)], apply[place, size])
        doubted = _confidence(np.minimum(p, least - DOUBT), least, review)
        sure = (p >= least).tolist()
        columns = number.tolist(), place.tolist(), size.tolist(), sure, rounded(p, 3), _confidence(p, least, review), doubted
        found = list(zip(*columns, strict=True))
        for begin, end in pairwise(np.searchsorted(rows, lines.first).tolist()):
            yield found[begin:end]

    def _page(self, state: State, asked: Sequence[Asked], article: Sequence[int], sure: float, dump: bool) -> None:
        if not asked:
            return
        words = state.page.words
        gone = {line for line, verdict in state.verdicts.items() if verdict.score >= sure}
        likely = [line for line, _, _, sure_of, chance, *_ in asked if sure_of and (gone or chance >= ALONE_SURE)]
        going = _leaving(state, likely, gone, dump)
        if not gone and len(going) < ALONE_LINES:
            return
        holes = set() if dump else _holes(len(state.page), going, gone)
        paragraphs = set(article)
        for line, place, size, sure_of, chance, confidence, doubted in asked:
            # nobody need be asked about the article's own paragraphs, and about a few words
            silent = sure_of or line in paragraphs or not (dump or words[line] > SAID_WORDS)
            if line not in going and (silent or not gone):
                continue
            if line in holes and words[line] <= SAID_WORDS:
                continue
            why = {"p": chance, "place": PLACES[place], "size": size}
            state.add(line, Verdict(RULE, doubted if line in holes else confidence, why))


def are_crowded(lines: Lines) -> Bools:
    """The pages, of these lines, of which the scorer speaks although no rule found anything: many lines that are no sentences
    stand before and behind their paragraphs."""
    rows, start, stop = np.flatnonzero(lines.long), lines.first[:-1], lines.first[1:]
    one, behind = np.searchsorted(rows, start), np.searchsorted(rows, stop)
    found: Bools = behind - one >= ALONE_PARAGRAPHS
    first, last = rows[one[found]], rows[behind[found] - 1]
    plain = np.append(0, np.cumsum(~lines.sentence))
    around = plain[first] - plain[start[found]] + plain[stop[found]] - plain[last + 1]
    found[found] = around >= ALONE_EDGES
    return found


def _score(odds: Odds, entries: Bools, taken: Bools, lines: Lines) -> Odds:
    """How likely each line is residue that no rule has taken; 0 for others."""
    odds = level(smooth(odds, lines.doc), entries, lines.doc)
    odds = level_alike(odds, ~taken & lines.short & ~lines.long & ~entries, lines)
    return np.where(~taken & lines.short, _probability(odds), 0.0)


def _probability(odds: Odds) -> Odds:
    found: Odds = 1 / (1 + np.exp(-odds))
    return found


def _article(state: State, score: Odds, taken: Bools) -> list[int]:
    """The paragraphs of the article: of the runs of paragraphs that are close to each other the one with most words."""
    page = state.page
    prose = [line for line, flag in enumerate(state.long) if flag and not taken[line]]
    likely = [line for line in prose if score[line] < LIKELY] or prose
    return max(_clusters(likely), key=lambda lines: sum(page.words[line] for line in lines), default=[min(len(page), 10)])


def _is_dump(taken: Bools, score: Odds, article: Sequence[int]) -> bool:
    """Whether a page is the dump of a whole page: much that is surely or likely residue stands around its article."""
    likely = taken | (score >= LIKELY)
    around = int(likely[: article[0]].sum() + likely[article[-1] + 1 :].sum())
    return around >= DUMP_AROUND and int(taken.sum()) >= DUMP_SURE * len(taken)


def _holes(size: int, going: set[int], gone: set[int]) -> set[int]:
    """The lines that go from between others that stay, where these are so many places that the page must be a list."""
    every = going | gone
    stays = [line for line in range(size) if line not in every]
    holes = [set(range(start + 1, end)) for start, end in pairwise(stays) if end - start > 1]
    holes = [hole for hole in holes if hole & going]
    return set().union(*holes) if len(holes) > HOLES else set()


def _leaving(state: State, likely: Sequence[int], gone: set[int], dump: bool) -> set[int]:
    """Those of some lines (ascending) that are not the article's whatever their form is; looked at from the last one up, since
    what introduces a line that goes ("Image:") goes with it."""
    spoken = frozenset(ascii_words(state.prose)) if len(likely) > MANY else None
    every = set(gone)
    for line in reversed(likely):
        if not is_said(state, line, every, dump, spoken):
            every.add(line)
    return every - gone


def verdict_flags(lines: Lines, states: Sequence[State], sure: float) -> dict[str, Bools]:
    """The lines that go already, by kind."""
    flags = {kind: np.zeros(len(lines.doc), bool) for kind in (*KINDS, "other")}
    for first, state in zip(lines.first[:-1].tolist(), states, strict=True):
        for line, verdict in state.verdicts.items():
            if verdict.score >= sure:
                kind = str(verdict.why.get("category"))
                flags[kind if kind in flags else "other"][first + line] = True
    return flags


def may_be_title(lines: Lines) -> Bools:
    """The lines of such a size that one may be a headline."""
    found: Bools = (lines.words <= HEADLINE_WORDS) & (lines.chars <= HEADLINE_CHARS) & ~lines.long
    return found


def _titles(state: State, title: Odds, dump: bool, going: Bools) -> set[int]:
    """The likeliest titles by the trees; the structure of the page alone takes none of them out; rules for lines do, but not the
    likeliest one as an insert ("Column: ..."): it is a headline, and of this article.

    `going`: the lines that would go from a dump. There it is those that are counted: what stays anyway is no choice.
    """
    found: dict[str, int] = {}
    spent = 0
    most = title.max(initial=-np.inf)
    least = most - (DUMP_GAP if dump else TITLE_GAP)
    for line in np.argsort(-title, kind="stable")[:TITLES_TRIED].tolist():
        verdict = state.verdicts.get(line)
        if spent == TITLES or title[line] == -np.inf or title[line] < least:
            break
        first = title[line] == most > 0
        free = verdict is None or verdict.rule in GUESSED or (first and verdict.why.get("category") == "insert")
        if free and found.setdefault(state.page.text[line], line) == line:
            spent += not dump or verdict is not None or bool(going[line])
            state.verdicts.pop(line, None)
    return set(found.values())


def _beside(state: State, titles: set[int], like: Bools) -> set[int]:
    """Lines next to likely titles: kicker, headline and standfirst stand together, and the trees may take one for the other.
    `like`: which of the lines before the article may be a headline."""
    near = {other for line in titles for other in (line - 1, line + 1) if 0 <= other < len(like) and like[other]}
    return near - titles - state.verdicts.keys()


def _clusters(lines: Sequence[int]) -> list[list[int]]:
    """Runs of line numbers that are close to each other."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line - runs[-1][-1] <= CLUSTER_LINES:
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _confidence(p: Odds, apply: Odds, review: Odds) -> list[float]:
    """Probabilities as scores of the policy: 0.9 where one is just enough to apply, 0.5 where it is enough to ask."""
    enough = 0.9 + 0.09 * (p - apply) / np.maximum(1 - apply, 1e-9)
    return rounded(np.where(p >= apply, enough, 0.5 + 0.399 * (p - review) / np.maximum(apply - review, 0.01)), 3)
