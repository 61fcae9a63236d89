"""What only the whole page can tell: where the article begins and ends, what repeats, what belongs to a picture.

Every function looks at a `State` and adds verdicts for lines to it. None of them touches a long paragraph of the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cleanup.stages.boilerplate_lines import Page, is_long, is_sentence, words
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_rules import Hit, normal

HEAD_LINES = 15  # a title stands within so many lines
TAIL_SHARE = 0.5  # of the running text has to stand before a marker that cuts the rest
USER_TEXT = frozenset({"comment"})  # behind these markers even long paragraphs are not the article's
_BREADCRUMB = re.compile(r"\s*[>»›/→|]\s*")
_LIST_ITEM = re.compile(r"\s*(?:[•·▪■–—*-]|\d{1,2}[.)])\s")


class Verdict(msgspec.Struct, frozen=True):
    """Why a line should go, how sure that is, and what it says about the article (field, value, the page's wording)."""

    rule: str
    score: float
    why: dict[str, Any] = {}
    fields: tuple[tuple[str, Any, str], ...] = ()


class State:
    """One page, the rules that matched its lines, and the verdicts so far."""

    def __init__(self, page: Page, hits: dict[int, list[Hit]]) -> None:
        self.page = page
        self.hits = hits
        self.long = [is_long(text) for text in page.text]
        numbers = [number for number, flag in enumerate(self.long) if flag]
        self.head_end = numbers[0] if numbers else min(len(page), HEAD_LINES)
        self.tail_start = numbers[-1] + 1 if numbers else 0
        self.verdicts: dict[int, Verdict] = {}
        self._forms: list[str] | None = None

    @property
    def forms(self) -> list[str]:
        """Normal form of every line."""
        if self._forms is None:
            self._forms = [normal(text) for text in self.page.text]
        return self._forms

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


def by_rules(state: State, html: bool) -> None:
    """Verdicts of the line rules; behind an HTML extractor only of those that need no context."""
    for line, hits in state.hits.items():
        for hit in hits:
            rule = hit.named.rule
            if not state.in_zone(line, rule.zone) or (html and rule.confidence != "high") or rule.action == "strip":
                continue
            why: dict[str, Any] = {"category": rule.category}
            fields: tuple[tuple[str, Any, str], ...] = ()
            action, _, field = rule.action.partition(":")
            if action == "meta" and hit.span:
                wording = state.page.text[line][slice(*hit.span)].strip()
                fields = ((field, wording, state.page.text[line]),)
            elif action == "truncated":
                fields = (("truncated", True, state.page.text[line]),)
            state.add(line, Verdict(hit.named.id, hit.named.score, why, fields))
            if action == "drop-next" and not html:
                _attached(state, line, hit.named.id)


def _attached(state: State, line: int, rule: str) -> None:
    """The headlines set right under a marker ("Read also")."""
    page = state.page
    for number in range(line + 1, min(line + 12, len(page))):
        if page.gap[number] or state.long[number] or words(page.text[number]) > 30:
            return
        state.add(number, Verdict("boilerplate/structure/under-marker", 0.93, {"marker": page.text[line][:80], "by": rule}))


def tail(state: State) -> None:
    """Cut the rest of the page at a comment or related marker that follows most of the running text."""
    page = state.page
    weights = [len(text) if flag else 0 for text, flag in zip(page.text, state.long, strict=True)]
    total = sum(weights)
    for line in sorted(state.verdicts):
        category = state.verdicts[line].why.get("category")
        if category not in ("comment", "related") or total == 0:
            continue
        before = sum(weights[:line])
        user_text = category in USER_TEXT
        if before < TAIL_SHARE * total or (before < total and not user_text):
            continue
        name = "comments-tail" if user_text else "related-tail"
        for number in range(line + 1, len(page)):
            prose = is_sentence(page.text[number]) and words(page.text[number]) > 12
            if prose and not user_text and number not in state.verdicts:
                break
            state.add(number, Verdict(f"boilerplate/structure/{name}", 0.93, {"marker": page.text[line][:80]}))
        return


def head(state: State, vocabulary: Vocabulary, crawled: str) -> None:
    """Lines of metadata before the first paragraph and behind the last one: byline, date, views."""
    page = state.page
    near = [*range(min(state.head_end, HEAD_LINES)), *range(max(state.tail_start, state.head_end, len(page) - 30), len(page))]
    for line in near:
        text = page.text[line]
        reading = vocabulary.read(text, crawled) if line or len(page) == 1 or "|" in text else None
        if reading is None:
            continue
        sure = len(reading.kinds) > 1 or not reading.kinds <= {"time"}
        fields = tuple((value.field, value.value, value.wording) for value in reading.values)
        why = {"category": "metadata", "kinds": sorted(reading.kinds)}
        if sure:
            state.add(line, Verdict("boilerplate/structure/metadata-line", 0.95, why, fields))


def breadcrumb(state: State) -> tuple[int, str, str] | None:
    """A breadcrumb glued to the title ("HomeRoboticsWhy ..."), proved by the title's own line near it.

    Gives (line, what is glued before the title, section), or a verdict for the whole line is added when the title follows.
    """
    page = state.page
    for line in range(min(state.head_end, 6)):
        for other in range(line + 1, min(line + 4, len(page))):
            glued, title = _letters(page.text[line]), _letters(page.text[other])
            if len(title) < 20 or len(glued) <= len(title) or not glued.endswith(title) or len(glued) > len(title) + 60:
                continue
            crumbs = _crumbs(page.text[line], page.text[other])
            why = {"category": "navigation", "title": page.text[other][:120]}
            fields = (("section", crumbs[-1], page.text[line]),) if crumbs else ()
            state.add(line, Verdict("boilerplate/structure/breadcrumb", 0.95, why, fields))
            return None
    return None


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _crumbs(line: str, title: str) -> list[str]:
    """The path before the title, cut where a small letter meets a capital ("HomeRobotics")."""
    letters = [at for at, char in enumerate(line) if char.isalnum()]
    prefix = line[: letters[-len(_letters(title))]].strip(" >»›/→|\"'“‘«")
    parts = [part for part in _BREADCRUMB.split(re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])", " > ", prefix)) if part]
    return [part for part in parts if normal(part) not in ("home", "start", "startseite", "accueil", "inicio", "news")]


def repeats(state: State) -> None:
    """A title said twice, a caption said twice: adjacent repeats only, since a repeated question or list entry is content."""
    page = state.page
    forms = state.forms
    for line in range(1, len(page)):
        if state.long[line] or not forms[line]:
            continue
        if forms[line] == forms[line - 1] and not _LIST_ITEM.match(page.text[line]):
            state.add(line, Verdict("boilerplate/structure/repeat", 0.93, {"line": line - 1}))


def orphans(state: State) -> None:
    """Scraps of one to four words (a site's name) between the last paragraph and the first marker behind it."""
    page = state.page
    marker = next((line for line in range(state.tail_start, len(page)) if _is_marker(state, line)), 0)
    for line in range(marker - 1, state.tail_start - 1, -1):
        if not state.tail_start or is_sentence(page.text[line]) or words(page.text[line]) > 4 or page.gap[line] == 0:
            return
        state.add(line, Verdict("boilerplate/structure/orphan", 0.93, {"marker": page.text[marker][:80]}))


def _is_marker(state: State, line: int) -> bool:
    verdict = state.verdicts.get(line)
    return bool(verdict and verdict.why.get("category") in ("comment", "related", "share", "subscribe"))


def lines_with(state: State, kinds: Iterable[str]) -> Sequence[int]:
    """Lines whose verdict has one of the categories."""
    wanted = set(kinds)
    return [line for line, verdict in state.verdicts.items() if verdict.why.get("category") in wanted]
