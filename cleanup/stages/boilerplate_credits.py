"""Captions of pictures, by what stands behind their last full stop: nothing but names of a photographer and of an agency, in
whatever form a site writes them. Only on pages on which rules found residue, and before the end of the article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set
from itertools import pairwise

from cleanup.stages.boilerplate_characters import BULLETS
from cleanup.stages.boilerplate_rules import fold
from cleanup.stages.boilerplate_structure import CAPTION_WORDS, State, Verdict

RULE = "boilerplate/structure/credit"
TOLD_WORDS = 4  # of what a picture shows, at least;
TOLD_SMALL = 0.35  # so much of it in small letters, as in a sentence
AGENCY_CHARS = 5  # of one in brackets: "(PA)" stands behind what is called so, too
DISPATCH_WORDS = 8  # of a paragraph
CREDIT_CHARS = 70
CREDIT_WORDS = 9
SETS_OF_NAMES = 4  # "Ann Lee/The Example/AP/Pool"
GLUED_WORDS = 4  # of an agency that stands before a description and, glued to it, behind it
SAME_CREDITS = 2  # a person for a paper is a credit where the page has as many
PREFIXED = 3  # inserts that begin alike
PREFIX_WORDS = 6
TITLE_WORDS = 4  # behind such a beginning
_CUT = (" (", " [", "（")
_CLOSED = (")", "]", "）")
_STOP = re.compile(r"(?:[^\W\d_]{3}|[\uac00-\ud7a3]|\d{4}|[\"”»’)\]])[.!?…。]+[\"”»’)\]]{0,2}(\s{0,2})(?=[^\s.])")
_BRACKETED = re.compile(r"[(\[（]([^()\[\]（）]{2,60})[)\]）]$")
_SENT = re.compile(r"[.!?…。][\"”»’)]{0,2}\s?(?:[(\[（]\s?©?|/)\s?([^()\[\]（）/]{2,24}?)[)\]）]?$")
_BETWEEN = re.compile(r"\s*[/|,©–—]\s*|\s+-\s+|\s+[xX]\s+")
_JOINED = frozenset(
    "for the of and via de da do du di del von van der den la le el y e i und et & für pour para per voor för dla by".split()  # noqa: SIM905
)
_BEHIND = frozenset(
    "file pool handout stringer via images wire photo photos foto fotos archive archiv archives image".split()  # noqa: SIM905
)
_OPEN = "\"'“„«‚‘「『(["
_FOR = re.compile(r"\s(?:for|für|pour|para|per|voor|för|dla)\s")  # "Ann Lee for The Example"
_SIGNS = "|»›"
_CUTS = re.compile(rf"\s?[{_SIGNS}]\s?")


def credits(state: State, agencies: Set[str]) -> None:  # noqa: A001
    """Captions that end in a credit, or where it was cut off. `agencies`: names of those who sell pictures, folded."""
    page = state.page
    found: dict[int, str] = {}
    names: dict[int, str] = {}
    for line in range(1, state.tail_start):
        if page.sentence[line] or page.words[line] > CAPTION_WORDS or line in state.verdicts:
            continue
        text = page.text[line]
        if text.endswith(_CLOSED) and (bracketed := _BRACKETED.search(text)):
            if len(bracketed[1]) >= AGENCY_CHARS and _is_sold(bracketed[1], agencies):
                found[line] = bracketed[1]
            continue
        if page.words[line] < TOLD_WORDS or text[0] in BULLETS or text[0] in _OPEN:
            continue
        if text.endswith(_CUT):
            found[line] = text[-1]
        elif said := _glued(text):
            found[line] = said
        elif behind := _behind(text, agencies):
            credit, sure = behind
            if sure or _is_sold(credit, agencies):
                found[line] = credit
            elif _FOR.search(credit):
                names[line] = credit
    times = Counter(_last(credit) for credit in names.values())
    found |= {line: credit for line, credit in names.items() if times[_last(credit)] >= SAME_CREDITS}
    if 2 * len(found) > sum(state.long):
        return  # letters, lists of quotations: names stand behind everything
    if found and _is_dispatch(state, last := max(found)):
        del found[last]
    for line, credit in found.items():
        state.add(line, Verdict(RULE, 0.93, {"category": "caption", "credit": credit[:80]}))


def dispatches(state: State, agencies: Set[str]) -> None:
    """What rules take for captions and are none: the last paragraph of an article, with the agency that sent it in brackets
    behind its full stop, and the paragraphs of a digest that end so. `agencies`: of news, case folded."""
    page = state.page
    sent = [line for line in state.hits if _is_caption(state, line) and _sender(page.text[line]).casefold() in agencies]
    if not sent:
        return
    prose = sum(words >= DISPATCH_WORDS for words in page.words)
    for line in sent if 2 * len(sent) > prose else [max(sent)] if _is_dispatch(state, max(sent)) else ():
        del state.verdicts[line]


def _is_caption(state: State, line: int) -> bool:
    verdict = state.verdicts.get(line)
    return verdict is not None and state.page.words[line] >= DISPATCH_WORDS and verdict.why.get("category") == "caption"


def _sender(text: str) -> str:
    """Who stands in brackets, or behind a slash, at the end of a line, behind a full stop; else nothing."""
    found = _SENT.search(text)
    return found[1].strip() if found else ""


def _is_dispatch(state: State, line: int) -> bool:
    """Whether a line is the last paragraph of an article, with the agency behind it that sent all of it."""
    page = state.page
    if not page.sentence[line - 1] or line - 1 in state.verdicts:
        return False
    return not any(page.sentence[other] and other not in state.verdicts for other in range(line + 1, state.tail_start))


def _glued(text: str) -> str:
    """The agency that a line begins with, and ends with without a space before: "EPA The gate at noonEPA"; else nothing."""
    words = text.split(" ", GLUED_WORDS + 1)
    if not text[0].isupper() or text.find(words[0], len(words[0])) < 0:
        return ""  # as nearly always
    for count in range(1, min(GLUED_WORDS, len(words) - 1) + 1):
        name = " ".join(words[:count])
        before = text[-len(name) - 1 : -len(name)]
        if (
            len(text) > 2 * len(name) + 12
            and text.endswith(name)
            and name[0].isupper()
            and not (before.isspace() or before in "-'’/(")
        ):
            return name
    return ""


def _behind(text: str, agencies: Set[str]) -> tuple[str, bool] | None:
    """What stands behind the last full stop of a description, if it is nothing but names, and whether their form alone says that
    they are a credit: a person and an agency."""
    for stop in _STOP.finditer(text, max(0, len(text) - CREDIT_CHARS)):
        credit, told = text[stop.end() :].strip(" ()[]"), text[: stop.start() + 1]
        words = told.split()
        if sum(word[0].isupper() for word in words) > (1 - TOLD_SMALL) * len(words):
            continue
        if fold(credit) in agencies:
            return credit, True
        parts = [part.strip("()[] ") for part in _BETWEEN.split(credit)]
        if len(words) < TOLD_WORDS or len(parts) > SETS_OF_NAMES or len(credit.split()) > CREDIT_WORDS:
            continue
        if all(map(_are_names, parts)):
            paired = len(parts) > 1 and any(sign in credit for sign in "/|©") and len(parts[0].split()) > 1
            return credit, paired
    return None


def _are_names(part: str) -> bool:
    """Whether all words of a part are those of names."""
    words = part.split()
    if not words or not words[0][0].isupper():
        return False
    return all(word[0].isupper() or word in _JOINED or word.casefold() in _BEHIND for word in words)


def _is_sold(credit: str, agencies: Set[str]) -> bool:
    """Whether one of the names is that of an agency."""
    return any(fold(part.strip("()[] .")) in agencies for part in _BETWEEN.split(credit))


def _last(credit: str) -> str:
    """The last words of a credit, by which two are alike: "Ann Lee for The Example", "Bo Ek for The Example"."""
    return " ".join(credit.split()[-3:])


def prefixed(state: State) -> None:
    """Links to other articles between paragraphs, which begin alike on one page, before a bar: "Read here | A title"."""
    page = state.page
    if all(page.source.count(sign) < PREFIXED for sign in _SIGNS):
        return
    found: dict[str, list[int]] = {}
    for line, text in enumerate(page.text):
        cut = None if page.sentence[line] or page.long[line] or not line else _CUTS.search(text)
        if cut and 0 < len(text[: cut.start()].split()) <= PREFIX_WORDS and len(text[cut.end() :].split()) >= TITLE_WORDS:
            found.setdefault(text[: cut.end()], []).append(line)
    for start, lines in found.items():
        if len({page.text[line] for line in lines}) < PREFIXED or any(two == one + 1 for one, two in pairwise(lines)):
            continue  # next to each other they are a list
        for line in lines:
            state.add(line, Verdict("boilerplate/structure/prefixed", 0.93, {"category": "insert", "prefix": start[:80]}))


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
