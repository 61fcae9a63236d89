"""What only the whole page can tell: where the article begins and ends, what repeats, what belongs to a picture.

Every function looks at a `State` and adds verdicts for lines to it. None of them touches a long paragraph of the article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence
from functools import cached_property
from itertools import accumulate, compress, takewhile
from math import fsum
from operator import itemgetter
from typing import Any

import msgspec

from cleanup.stages.boilerplate_characters import CJK
from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_lists import is_entry
from cleanup.stages.boilerplate_match import Hit
from cleanup.stages.boilerplate_offers import Offers, offered
from cleanup.stages.boilerplate_rules import Named, normal
from cleanup.stages.boilerplate_told import BUTTONS, is_asked, stops, told

PROSE_LINE = 8  # words of a line that may quote a shorter one
RUN = 3  # sentences behind a related marker that are looked at together:
SAME = 0.35  # with this share of their words in the article before, and in a row, they belong to it,
OTHER = 0.25  # with less than this, and so many lines behind the marker, they tell other stories
MANY = 30
FEW_PIECES = 6
TOLD_WORDS = 4  # .. and so many where only one word stands between two sentences
MARKERS = ("related", "insert")  # what has headlines under it, not text
FEW_WORDS = 3  # of a subhead that residue may say, too
PROSE_WORDS = 9  # from this on a sentence under a marker is prose, not a headline
PARAGRAPH_WORDS = 40  # of a sentence or more: no teaser of another article has so many,
PARAGRAPH_NEAR = 6  # and before the next paragraph of this one stand no more headlines
CAPTION_WORDS = 60
KNOWN = {"prefix": 24, "wildcard": 16}  # characters of a rule that make a line residue, whatever else it says,
SOME = 16  # so many where the rule itself sounds like residue,
MOST = 0.6  # or this share of the line
TAIL_SHARE = 0.5  # of the running text has to stand before a marker that cuts the rest,
TRIES = 40  # of such markers are looked at,
THREAD = 5  # or so many paragraphs before a number of comments, which may be longer than the article
TAILS = {"comment": "comments", "related": "related", "paywall": "paywall"}  # markers behind which nothing of it may follow
CJK_RUN = re.compile(rf"[{CJK}\uac00-\ud7a3]+")
_WORD = re.compile(r"[^\W\d_]{4,}")


class Said(msgspec.Struct, frozen=True, gc=False):
    """A metadata field as a line says it: its value, the rule that found it and how sure that is."""

    field: str
    value: Any
    rule: str
    score: float


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Why a line should go, how sure that is, and what it says about the article."""

    rule: str
    score: float
    why: dict[str, Any] = {}
    fields: tuple[Said, ...] = ()


class State:
    """One page, the rules that matched its lines, and the verdicts so far."""

    def __init__(self, page: Page, hits: dict[int, list[Hit]]) -> None:
        self.page = page
        self.hits = hits
        self.long = page.long
        self.head_end, self.body_start, self.tail_start = page.edges
        self.verdicts: dict[int, Verdict] = {}
        self.own: set[int] = set()  # lines that belong to the article whatever they look like
        self._forms: dict[int, str] = {}
        self._pieces: dict[int, set[str]] = {}

    @cached_property
    def spaced(self) -> bool:
        """Whether blank lines set its paragraphs apart."""
        return sum(gap > 0 for gap in self.page.gap) >= 0.3 * len(self.page)

    @cached_property
    def times(self) -> Counter[str]:
        """How often each line stands on the page."""
        return Counter(self.page.text)

    @cached_property
    def offers(self) -> Offers:
        """What the page offers."""
        return offered(self.page)

    @cached_property
    def prose(self) -> str:
        """The longer lines of a page, case folded."""
        return "\n".join(
            text for text, count in zip(self.page.text, self.page.words, strict=True) if count >= PROSE_LINE
        ).casefold()

    def form(self, line: int) -> str:
        """Normal form of a line."""
        if line not in self._forms:
            self._forms[line] = normal(self.page.text[line])
        return self._forms[line]

    def pieces(self, line: int) -> set[str]:
        """Pieces of the words of a line."""
        if line not in self._pieces:
            self._pieces[line] = pieces(self.page.text[line])
        return self._pieces[line]

    def add(self, line: int, verdict: Verdict) -> None:
        """Keep the surer of two verdicts on a line, and what both say about the article."""
        known = self.verdicts.get(line)
        if known is None:
            self.verdicts[line] = verdict
            return
        first, other = (known, verdict) if known.score >= verdict.score else (verdict, known)
        self.verdicts[line] = msgspec.structs.replace(first, fields=(*first.fields, *other.fields))

    def in_zone(self, line: int, zone: str) -> bool:
        """Whether a line lies where a rule is valid."""
        if zone == "not-first":
            return line > 0
        return zone == "any" or (line < self.head_end if zone == "head" else line >= self.tail_start)


def by_rules(state: State, html: bool, signals: Sequence[str], skip: str = "") -> None:
    """Verdicts of the line rules; behind an HTML extractor only of those that need no context. `skip`: a category to keep.

    A line that only begins like residue counts where one of `signals`, pieces of words that residue holds, or residue right
    beside it says so, too; a word alone between two sentences may be a subhead, and so may a few words on a page that has no
    other residue; some rules always ask for residue beside, and so do all where the line may be the article's own (`told`).
    """
    sure: list[tuple[int, Hit]] = []
    weak: list[tuple[int, Hit]] = []
    lone: list[tuple[int, Hit]] = []
    for line, hits in state.hits.items():
        for hit in hits:
            rule = hit.named.rule
            if rule.category == skip or rule.action == "strip" or not state.in_zone(line, rule.zone):
                continue
            if html and rule.confidence != "high":
                continue
            (weak if rule.beside or _begins_alike(state, line, hit, signals) else sure).append((line, hit))
    gone = dict(reversed(sure))  # the most telling rule of each line
    own = told(state.page, gone, signals, lambda text: state.times[text])
    for line, hit in sure:
        if line in own or _may_be_subhead(state, line, hit.named, gone):
            weak.append((line, hit))
        elif hit.named.rule.category not in MARKERS and _may_be_subhead(state, line, hit.named, gone, FEW_WORDS):
            lone.append((line, hit))
        else:
            _by_rule(state, line, hit, html)
    for line, hit in lone if state.verdicts else ():
        _by_rule(state, line, hit, html)
    for line, hit in sorted(weak, key=itemgetter(0)):
        if line - 1 in state.verdicts or (line + 1 in state.verdicts and not _closes(state, line, hit)):
            _by_rule(state, line, hit, html)
    state.own |= {line for line in own - state.verdicts.keys() if is_asked(state.page, line, gone)}


def _closes(state: State, line: int, hit: Hit) -> bool:
    """Whether a line of which a rule knows the first words may be the last sentence of an article, behind another one."""
    return hit.named.rule.match in KNOWN and stops(state.page.text[line]) and state.page.sentence[line - 1]


def _begins_alike(state: State, line: int, hit: Hit, signals: Sequence[str]) -> bool:
    """Whether a rule of ours knows only the first words of a line, and nothing else in it sounds like residue."""
    enough = KNOWN.get(hit.named.rule.match)
    if hit.named.layer or enough is None or not hit.span:
        return False
    text = state.page.text[line]
    known = hit.weight * (2 if CJK_RUN.match(text) else 1)
    if known >= enough or hit.weight >= MOST * len(text):
        return False
    heard = text[0 if known >= SOME else hit.span[0] :].casefold()
    return not any(map(heard.__contains__, signals))


def _may_be_subhead(state: State, line: int, named: Named, gone: Container[int], most: int = 1) -> bool:
    """Whether a line is a word ("Background"), or a few, between two sentences: advertisements and credits aside, a subhead.
    What a user's rule says of it goes before that."""
    rule = named.rule
    if named.layer or rule.match != "exact" or rule.category in ("advertisement", "caption") or state.page.words[line] > most:
        return False
    return between_paragraphs(state, line, gone, TOLD_WORDS) and state.times[state.page.text[line]] < BUTTONS


def between_paragraphs(state: State, line: int, gone: Container[int], least: int = PROSE_WORDS) -> bool:
    """Whether the lines next to a line are sentences of the article: what stands there in a few words is a subhead."""
    sentence, words = state.page.sentence, state.page.words
    if not 0 < line < len(words) - 1 or not (sentence[line - 1] and sentence[line + 1]):
        return False
    return min(words[line - 1], words[line + 1]) >= least and line - 1 not in gone and line + 1 not in gone


def _by_rule(state: State, line: int, hit: Hit, html: bool) -> None:
    """What a rule says of a line and of those behind it."""
    rule = hit.named.rule
    why: dict[str, Any] = {"category": rule.category}
    fields: tuple[Said, ...] = ()
    action, _, field = rule.action.partition(":")
    if action == "meta" and hit.span:
        wording = state.page.text[line][slice(*hit.span)].strip()
        fields = (Said(field, wording, hit.named.id, hit.named.score),)
    elif action == "truncated":
        fields = (Said("truncated", True, hit.named.id, hit.named.score),)
    state.add(line, Verdict(hit.named.id, hit.named.score, why, fields))
    if action == "drop-next" and not html:
        _attached(state, line, hit.named.id)
    elif action == "drop-rest":
        _rest(state, line, hit.named.id)


def _rest(state: State, line: int, rule: str) -> None:
    """Everything behind a line that ends the article, if most of the running text stands before it."""
    weights = [len(text) if flag else 0 for text, flag in zip(state.page.text, state.long, strict=True)]
    if sum(weights[:line]) >= TAIL_SHARE * sum(weights):
        for number in range(line + 1, len(state.page)):
            state.add(number, Verdict("boilerplate/structure/rest", 0.93, {"marker": state.page.text[line][:80], "by": rule}))


def _attached(state: State, line: int, rule: str) -> None:
    """The headlines set right under a marker ("Read also")."""
    page = state.page
    if _offers(state, line):
        return
    for number in range(line + 1, min(line + 12, len(page))):
        if page.gap[number] or state.long[number] or page.words[number] > 30 or _is_told(state, number):
            return
        state.add(number, Verdict("boilerplate/structure/under-marker", 0.93, {"marker": page.text[line][:80], "by": rule}))


def _offers(state: State, line: int) -> bool:
    """Whether a list of prices stands behind a marker ("Don't miss") of which the article before it names some, or
    which it describes: then what is offered there is the article's own."""
    offers = state.offers
    if not offers.listed(line):
        return False
    if offers.is_sure(line):
        behind = range(line + 1, min(offers.last + 2, len(state.page)))
        state.own.update(takewhile(lambda other: other not in state.own, behind))
    return True


def _is_told(state: State, line: int) -> bool:
    """Whether a line under a marker is a sentence of the article: a long one, one that ends in a full stop, as hardly a headline
    does, or one of two in a row."""
    page = state.page
    if not page.sentence[line] or line in state.verdicts:
        return False
    return page.words[line] >= PROSE_WORDS or stops(page.text[line]) or (line + 1 < len(page) and page.sentence[line + 1])


def tail(state: State) -> None:
    """Cut the rest of the page at a marker of comments, of related articles or of a paywall behind most of the running text."""
    page = state.page
    marked = [line for line, verdict in state.verdicts.items() if verdict.why.get("category") in TAILS]
    if not marked:
        return
    weights = [len(text) if flag else 0 for text, flag in zip(page.text, state.long, strict=True)]
    behind, paragraphs = list(accumulate(weights, initial=0)), list(accumulate(state.long, initial=0))
    total = behind[-1]
    tries = TRIES
    for line in sorted(marked):
        category = str(state.verdicts[line].why["category"])
        before = behind[line]
        strong = before >= TAIL_SHARE * total > 0
        strong |= category == "comment" and "#" in state.form(line).split() and paragraphs[line] >= THREAD
        tries -= strong
        if strong and tries >= 0 and _is_end(state, line, category, before, total):
            rest = Verdict(f"boilerplate/structure/{TAILS[category]}-tail", 0.93, {"marker": page.text[line][:80]})
            for number in range(line + 1, len(page)):
                state.add(number, rest)
            return


def _is_end(state: State, line: int, category: str, before: int, total: int) -> bool:
    """Whether the article ends at a marker, where most of the running text stands before it."""
    if category == "comment":
        return not _goes_on(state, line)
    if category == "paywall":  # a site that lets some read on has the same story behind it
        shares = _alike(state, line, _said(state, line + 1))[1]
        return fsum(shares) <= OTHER * len(shares)
    return not _has_paragraph(state, line) and _ends(state, line, before, total)


def _alike(state: State, line: int, said: Sequence[int]) -> tuple[list[Sequence[int]], list[float]]:
    """Runs of the lines of prose behind a line, and how much of the article before it each of them says, too."""
    if not said:
        return [], []
    article: set[str] = set().union(*map(state.pieces, compress(range(line), state.long)))
    runs = [said[at : at + RUN] for at in range(max(1, len(said) - RUN + 1))]
    return runs, [_share(state, run, article) for run in runs]


def _ends(state: State, line: int, before: int, total: int) -> bool:
    """Whether the article ends at a related marker: by what follows, and by how much the article says of the same."""
    if _offers(state, line):
        return False
    said = _said(state, line + 1)
    runs, shares = _alike(state, line, said)
    if any(len(run) == RUN and run[-1] - run[0] == RUN - 1 and share >= SAME for run, share in zip(runs, shares, strict=True)):
        return False  # no list of headlines has sentences in a row, about the same
    if len(said) > 1 and len(state.page) - line > MANY and max(shares) < OTHER:
        return True
    if _goes_on(state, line) and (len(said) < RUN or shares[0] >= OTHER):
        return False
    # one sentence alone: the article may go on behind an insert
    return (before == total and len(said) != 1) or (before >= 0.6 * total and _teasers(state, line + 1))


def _has_paragraph(state: State, line: int) -> bool:
    """Whether a paragraph stands a few lines behind a related marker: the article goes on there."""
    page = state.page
    behind = (other for other in range(line + 1, min(line + 1 + PARAGRAPH_NEAR, len(page))) if other not in state.verdicts)
    return any(page.sentence[one] and page.words[one] >= PARAGRAPH_WORDS and not is_entry(page.text[one]) for one in behind)


def _goes_on(state: State, line: int) -> bool:
    """Whether the article goes on behind a marker in its middle: prose right before it, and two paragraphs in a row behind it
    with no name, time or headline first."""
    page = state.page
    before = next((other for other in range(line - 1, -1, -1) if not _is_passed(state, other)), None)
    if before is None or before in state.verdicts or not page.sentence[before]:
        return False
    unknown = (other for other in range(line + 1, len(page)) if other not in state.verdicts)
    one, two = next(unknown, 0), next(unknown, 0)
    return two == one + 1 > 1 and all(page.sentence[other] and page.words[other] >= PROSE_WORDS for other in (one, two))


def _is_passed(state: State, line: int) -> bool:
    """Whether a line is of a kind that stands between paragraphs, too: buttons, not headlines and names."""
    verdict = state.verdicts.get(line)
    return bool(verdict and verdict.why.get("category") in ("share", "comment", "insert", "advertisement", "subscribe"))


def _share(state: State, run: Sequence[int], article: set[str]) -> float:
    """How much of what some lines say the article says, too; 1 where that cannot be told."""
    found = list(map(state.pieces, run))
    if sum(map(len, found)) < FEW_PIECES:
        return 1
    return fsum(len(one & article) / (len(one) + 1) for one in found) / len(found)


def _said(state: State, start: int) -> list[int]:
    """Lines of prose that no rule knows, however short."""
    page = state.page
    rest = range(start, len(page))
    return [line for line in rest if page.sentence[line] and page.words[line] >= PROSE_WORDS and line not in state.verdicts]


def _teasers(state: State, start: int) -> bool:
    """Whether the rest of the page is teasers: headlines, times and short summaries, never paragraphs in a row."""
    page = state.page
    rest = range(start, len(page))
    short = sum(not page.sentence[line] or line in state.verdicts for line in rest)
    prose = [page.words[line] for line in rest if state.long[line]]
    said = _said(state, start)
    runs = [said[at : at + RUN] for at in range(len(said) - RUN + 1)]
    told = any(run[-1] - run[0] < RUN and sum(state.long[line] for line in run) > 1 for run in runs)
    lone = len(said) == 1 and said[0] - start <= 2  # a headline or two, then one paragraph: the article goes on
    return len(rest) >= 6 and short >= 0.6 * len(rest) and max(prose, default=0) <= 60 and not told and not lone


def pieces(text: str) -> set[str]:
    """The longer words of a text, and pairs of signs where words have no spaces between them."""
    low = text.casefold()
    if low.isascii() or not CJK_RUN.search(low):
        return set(_WORD.findall(low))
    return {word for word in _WORD.findall(low) if not CJK_RUN.search(word)} | {
        run[at : at + 2] for run in CJK_RUN.findall(low) for at in range(len(run) - 1)
    }


def captions(state: State) -> None:
    """What is set right above a picture credit is the caption, or the description of the picture."""
    page = state.page
    for line, hits in state.hits.items():
        if line not in state.verdicts or not any(hit.named.rule.category == "caption" for hit in hits):
            continue
        alone = page.words[line] <= 8
        for other in range(line - 1, max(line - 3, 0), -1):
            attached = state.spaced and page.gap[other + 1] == 0
            same = state.form(other) == state.form(other - 1)
            if other in state.verdicts and not same:
                break
            if (line < state.head_end or other <= state.head_end) and not same:
                break  # a title, a summary or the first paragraph may stand above a picture, too
            if line - other > 1 and page.long[other] and not same:
                break  # the description of a picture is no paragraph
            if not (attached or (alone and same)) or not 4 <= page.words[other] <= CAPTION_WORDS:
                break
            why = {"category": "caption", "credit": page.text[line][:80]}
            state.add(other, Verdict("boilerplate/structure/above-credit", 0.93, why))
