"""What only the whole page can tell: where the article begins, what stands under a marker, what a line is by those beside it.

Every function looks at a `State` and adds verdicts for lines to it. None of them touches a long paragraph of the article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence
from functools import cached_property
from itertools import takewhile
from operator import itemgetter
from typing import Any

import msgspec

from cleanup.stages.boilerplate_characters import BULLETS, CJK
from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_match import Hit
from cleanup.stages.boilerplate_offers import Offers, offered
from cleanup.stages.boilerplate_rules import Named, normal
from cleanup.stages.boilerplate_told import BUTTONS, STANDING, is_asked, stops, told

CAPTION_WORDS = 60
PROSE_LINE = 8  # words of a line that may quote a shorter one
TOLD_WORDS = 4  # .. and so many where only one word stands between two sentences
MARKERS = ("related", "insert")  # what has headlines under it, not text
FEW_WORDS = 3  # of a subhead that residue may say, too
PROSE_WORDS = 9  # from this on a sentence under a marker is prose, not a headline
SUBHEADS = 2  # others of a page
HEADLINE_WORDS = 4  # least of a headline; sections of a site have fewer
KNOWN = {"prefix": 24, "wildcard": 16}  # characters of a rule that make a line residue, whatever else it says,
SOME = 16  # so many where the rule itself sounds like residue,
MOST = 0.6  # or this share of the line
TAIL_SHARE = 0.5  # of the running text has to stand before a marker that cuts the rest
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
    if (first := _opening(state, gone)) and first.named.rule.category != skip and not html:
        sure.insert(0, (0, first))
        gone[0] = first
    own = told(state.page, gone, signals, lambda text: state.times[text])
    for line, hit in sure:
        if line in own or _may_be_subhead(state, line, hit.named, gone) or _is_among_subheads(state, line, hit.named, gone):
            weak.append((line, hit))
        elif hit.named.rule.category not in MARKERS and (
            _may_be_subhead(state, line, hit.named, gone, FEW_WORDS) or _is_single(state, line, hit.named, gone)
        ):
            lone.append((line, hit))
        else:
            _by_rule(state, line, hit, html)
    for line, hit in lone if state.verdicts else ():
        _by_rule(state, line, hit, html)
    weak.sort(key=itemgetter(0))
    for line, hit in reversed(weak):  # before the article a list of sections may have what is known at its end
        if hit.named.rule.zone == "head" and line + 1 in state.verdicts and line not in own:
            _by_rule(state, line, hit, html)
    for line, hit in weak:
        if line - 1 in state.verdicts or (line + 1 in state.verdicts and not _closes(state, line, hit)):
            _by_rule(state, line, hit, html)
    state.own |= {line for line in own - state.verdicts.keys() if is_asked(state.page, line, gone)}


def _opening(state: State, gone: Container[int]) -> Hit | None:
    """What makes the first line of a page a button that is no headline: so are two of the three behind it."""
    if 0 in gone or 0 not in state.hits:
        return None
    others = (line in gone or _leads_on(state.hits.get(line, ())) for line in range(1, 1 + FEW_WORDS))
    if sum(others) < FEW_WORDS - 1:
        return None
    rules = ((hit, hit.named) for hit in state.hits.get(0, ()))
    return next((hit for hit, one in rules if one.rule.match == "exact" and one.rule.action == "drop" and not one.layer), None)


def _leads_on(hits: Sequence[Hit]) -> bool:
    """Whether a line leads to another page, as the sections of a site do."""
    return any(hit.named.rule.category == "navigation" for hit in hits)


def kickers(state: State) -> None:
    """What is known to be a section of a site, or a kind of article, where it stands right over a byline or date."""
    for line, hits in state.hits.items():
        under = state.verdicts.get(line + 1)
        if not 0 < line < state.head_end or line in state.verdicts or not under or under.why.get("category") != "metadata":
            continue
        for hit in hits:
            if hit.named.rule.zone == "head" and hit.named.rule.category == "navigation" and under.score >= 0.9:
                _by_rule(state, line, hit, False)


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


def _is_among_subheads(state: State, line: int, named: Named, gone: Container[int]) -> bool:
    """Whether a few words that may lead to other articles stand between two sentences, as other few words of the page do."""
    if named.rule.category != "related" or not _may_be_subhead(state, line, named, gone, FEW_WORDS):
        return False
    few = (other for other in range(1, len(state.page) - 1) if state.page.words[other] <= FEW_WORDS and other not in gone)
    return sum(not state.page.sentence[one] and between_paragraphs(state, one, gone, TOLD_WORDS) for one in few) >= SUBHEADS


def _is_single(state: State, line: int, named: Named, gone: Container[int]) -> bool:
    """Whether a few words stand within a page with nothing beside them that a rule knows: in a list of titles some read like
    buttons."""
    if named.layer or named.rule.match != "exact" or named.rule.category in STANDING:
        return False
    inside = 1 < line < len(state.page) - 2 and state.page.words[line] <= FEW_WORDS
    return inside and line - 1 not in gone and line + 1 not in gone and state.page.text[line][0].isalpha()


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
    if offers_own(state, line):
        return
    for number in range(line + 1, min(line + 12, len(page))):
        if page.gap[number] or state.long[number] or page.words[number] > 30 or _is_told(state, number):
            return
        if not _is_headline(state, line, number):
            state.add(number, Verdict("boilerplate/structure/under-marker", 0.93, {"marker": page.text[line][:80], "by": rule}))


def _is_headline(state: State, marker: int, line: int) -> bool:
    """Whether a line before the article is the first of so many words behind sections of the site, as its own headline is."""
    page = state.page
    if not marker + 2 < line < state.head_end or page.words[line] < HEADLINE_WORDS or page.text[line][0] in BULLETS:
        return False
    return max(page.words[marker + 1 : line]) < HEADLINE_WORDS


def offers_own(state: State, line: int) -> bool:
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


def pieces(text: str) -> set[str]:
    """The longer words of a text, and pairs of signs where words have no spaces between them."""
    low = text.casefold()
    if low.isascii() or not CJK_RUN.search(low):
        return set(_WORD.findall(low))
    return {word for word in _WORD.findall(low) if not CJK_RUN.search(word)} | {
        run[at : at + 2] for run in CJK_RUN.findall(low) for at in range(len(run) - 1)
    }
