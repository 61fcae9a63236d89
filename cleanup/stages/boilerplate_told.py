"""Lines that say what residue says and are the article's own: subheads, sentences about it, quotations, verse, hours of a day.

Residue stands in blocks, at the ends of a page, or alone in the article as an advertisement, a credit or a marker of other
articles. What else a rule knows between two sentences of the article is hardly ever residue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from operator import gt, lt
from typing import Any

from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_lines import runs as runs_of
from cleanup.stages.boilerplate_match import Hit

ALONE = ("advertisement", "caption", "metadata", "related", "insert")  # categories that stand alone between two sentences
STANDING = (*ALONE, "comment", "paywall", "subscribe")  # .. or behind any sentence, over the next
CREDITS = ("caption", "metadata")  # .. and on a page about residue, too
SUBHEAD_WORDS = 2  # most words of a subhead,
ASKED_WORDS = 4  # .. of a question,
LABEL_WORDS = 6  # .. on a page that has
BUTTONS = 3  # times that a button ("Share") stands on a page, and no subhead
ABOUT = 3  # .. of them or of such sentences,
SENTENCE_WORDS = 8  # .. least of a sentence about residue, and of one of the two sentences around,
NEAR_WORDS = 2  # .. of the other
KNOWN_SHARE = 0.6  # of a sentence is all that a rule knows of it
KNOWN_CHARS = 24  # of a rule that says enough, unless a colon or a dash follows
PAIRS = 4  # least pairs of a word or two and a sentence of a page that is made of them,
PAIRED = 0.6  # .. at least to this share,
PAIR_WORDS = 4  # .. where a pair may have so many over the sentence
VERSE_WORDS = 14  # most words of a line of verse,
VERSE_LINES = 4  # lines over which a sentence of it goes on
BEGINNING_WORDS = 3  # words of a line with which it begins
SIGNED_WORDS = 6  # most words of who signs a letter
HEADINGS = 2  # lines of few words over sentences that make a page one of letters, answers or notices
HOURS = 3  # times of day that a page gives, each over a sentence, or ratings
_PAIRS = {"“": "”“", "„": "“”", "«": "»", "»": "«", "”": "”", "‘": "’", "「": "」", "『": "』", '"': '"', "‚": "‘’"}
_RATING = re.compile(r"(\d{1,3})/(\d{1,3})")
_COLON = re.compile("[:：–—]")
_HOUR = re.compile(r"\W*(\d{1,2})[.:](\d\d)\W*")
ASKS = ("?", "？")
_ENDS_PART = tuple(",，、;；:：.。?？—–")
_COMMAS = tuple(",，、")


def told(page: Page, sure: Mapping[int, Hit], sounds: Sequence[str], times: Callable[[str], int]) -> set[int]:
    """Which of the lines that rules know are the article's own, unless residue stands beside. `sure`: the most telling rule of
    each; `sounds`: pieces of words that residue holds; `times`: how often a line stands on the page."""
    known = {line: hit for line, hit in sure.items() if not hit.named.layer}
    found = {line for line, hit in known.items() if _is_quoted(page.text[line], hit) or _is_spoken(page, line, hit, sure)}
    found.update(line for line, hit in known.items() if _is_verse(page, line, hit, sure) or _is_stated(page, line, hit, sure))
    found.update(line for line in known if page.text[line].endswith(ASKS) and is_asked(page, line, sure))
    found.update(line for line, hit in known.items() if hit.named.rule.action == "meta:tags" and _is_enumerated(page, line))
    found |= _hours(page, known, sure) | _labels(page, known, sure) | _headings(page, known, sure, times)
    found |= _ratings(page, known)
    runs = [run for run in runs_of(sorted(known)) if _is_between(page, run[0] - 1, run[-1] + 1, sure)]
    own = partial(_are_own, page, known=known, sounds=sounds, times=times)
    about = [run for run in runs if own(run, LABEL_WORDS, CREDITS)]
    texts = {page.text[line] for run in about for line in run if known[line].named.rule.category not in ALONE}
    texts |= {page.text[line] for line in found}
    if len(about) < 2 or len(texts) < ABOUT:  # the article is not about them
        about = [run for run in about if own(run, SUBHEAD_WORDS, ALONE)]
    return found.union(*about)


def _ratings(page: Page, lines: Iterable[int]) -> set[int]:
    """Lines that say how good something is ("4/5"), of one scale and up and down, as the numbers of pictures do not go."""
    found = [(line, match) for line in sorted(lines) if (match := _RATING.fullmatch(page.text[line]))]
    points = [int(match[1]) for _, match in found]
    falls = any(one > two for one, two in pairwise(points))
    return {line for line, _ in found} if falls and len(points) >= HOURS and len({match[2] for _, match in found}) == 1 else set()


def _hours(page: Page, known: Collection[int], sure: Container[int]) -> set[int]:
    """Lines that say at what time of the day something happened: over a sentence, or one after the other over a headline and a
    sentence, as how long a film takes does not go."""
    if not any(_HOUR.fullmatch(page.text[line]) for line in known):
        return set()
    every = [(line, match) for line, text in enumerate(page.text) if (match := _HOUR.fullmatch(text))]
    lines = [line for line, _ in every]
    if sum(_is_sentence(page, line + 1, sure) for line in lines) >= HOURS:
        return {line for line in lines if line in known and line + 1 not in sure}
    headed = sum(_is_sentence(page, line + 1, sure) or _is_sentence(page, line + 2, sure) for line in lines)
    times = [60 * int(match[1]) + int(match[2]) for _, match in every]
    return {line for line in lines if line in known} if headed >= HOURS and one_way(times) else set()


def _labels(page: Page, known: Collection[int], sure: Container[int]) -> set[int]:
    """Known lines of a few words each of which names the sentence under it, on a page that is made of such pairs."""
    short = (line for line in known if page.words[line] <= PAIR_WORDS and line + 1 not in sure)
    found = {line for line in short if 0 < line < len(page) - 1 and _is_label(page, line)}
    pairs = sum(_is_label(page, line) for line in range(1, len(page) - 1)) if found else 0
    return found if pairs >= PAIRS and 2 * pairs >= PAIRED * len(page) else set()


def _headings(page: Page, known: Mapping[int, Hit], sure: Container[int], times: Callable[[str], int]) -> set[int]:
    """Known lines of a few words, none beside another, over a sentence each and behind one, or behind the name under it: letters
    have such headings. Buttons stand in blocks, and not over one sentence after the other."""
    found = {line for line, hit in known.items() if _is_heading(page, line, hit, sure) and times(page.text[line]) < BUTTONS}
    texts = {page.text[line] for line in found}
    return found if len(texts) >= HEADINGS else set()


def _is_heading(page: Page, line: int, hit: Hit, sure: Container[int]) -> bool:
    """Whether a line of a few words stands over a sentence, and behind one or behind a short line that stands behind one."""
    if hit.named.rule.match != "exact" or page.words[line] > BEGINNING_WORDS or hit.named.rule.category in STANDING:
        return False
    if not (1 < line < len(page) - 1 and _is_sentence(page, line + 1, sure) and stops(page.text[line + 1])):
        return False
    signed = page.words[line - 1] <= SIGNED_WORDS and line - 1 not in sure and _is_sentence(page, line - 2, sure)
    return signed or _is_sentence(page, line - 1, sure)


def _is_label(page: Page, line: int) -> bool:
    """Whether a line of a few words stands over a sentence."""
    label = page.words[line] <= PAIR_WORDS and not page.sentence[line]
    return label and page.sentence[line + 1] and stops(page.text[line + 1])


def one_way(steps: Sequence[Any]) -> bool:
    """Whether each of some times is later than the one before it, or each is earlier."""
    one, other = steps[:-1], steps[1:]
    return all(map(lt, one, other)) or all(map(gt, one, other))


def _is_sentence(page: Page, line: int, sure: Container[int]) -> bool:
    return 0 <= line < len(page) and line not in sure and page.sentence[line] and page.words[line] >= NEAR_WORDS


def _is_between(page: Page, before: int, behind: int, sure: Container[int]) -> bool:
    """Whether both lines are sentences of the article, one of them more than a word or two."""
    if not (_is_sentence(page, before, sure) and _is_sentence(page, behind, sure)):
        return False
    return max(page.words[before], page.words[behind]) >= SENTENCE_WORDS


def _are_own(
    page: Page,
    run: Sequence[int],
    most: int,
    alone: Container[str],
    known: Mapping[int, Hit],
    sounds: Sequence[str],
    times: Callable[[str], int],
) -> bool:
    """Whether lines in a row are sentences about residue and subheads, no two of these in a row as buttons are, none said again
    and again. `most`: words of a subhead; `alone`: categories that are none."""
    after_head = False
    for line in run:
        text, hit = page.text[line], known[line]
        if page.words[line] <= most and hit.named.rule.category not in alone and text[0].isalpha():
            if after_head or times(text) >= BUTTONS:
                return False
            after_head = True
        elif _is_about(page, line, hit, sounds, alone):
            after_head = False
        else:
            return False
    return True


def _is_about(page: Page, line: int, hit: Hit, sounds: Sequence[str], alone: Container[str]) -> bool:
    """Whether a line is a sentence of which a rule knows a part, and the rest does not sound like residue."""
    text = page.text[line]
    if hit.named.rule.category in alone or not hit.span or not page.sentence[line] or text.endswith(("!", "！", "…", "...")):
        return False
    if page.words[line] < SENTENCE_WORDS or hit.weight >= KNOWN_SHARE * len(text):
        return False
    at = hit.span[0]
    if hit.weight >= KNOWN_CHARS and not _COLON.search(text, max(0, at - 2), at + 2):
        return False
    rest = text[at:].casefold()
    return not any(map(rest.__contains__, sounds))


def _is_spoken(page: Page, line: int, hit: Hit, sure: Container[int]) -> bool:
    """Whether a word or two stand between lines of the article with a full stop, as nothing does that can be clicked on."""
    text = page.text[line]
    if hit.named.rule.match != "exact" or page.words[line] > SUBHEAD_WORDS or not stops(text):
        return False
    return 0 < line < len(page) - 1 and line - 1 not in sure and line + 1 not in sure


def is_asked(page: Page, line: int, sure: Container[int]) -> bool:
    """Whether a few words ("Comments?") are a question with its answer in the next line."""
    if page.words[line] > ASKED_WORDS or not page.text[line].endswith(ASKS):
        return False
    return line + 1 < len(page) and page.sentence[line + 1] and line + 1 not in sure


def _is_quoted(text: str, hit: Hit) -> bool:
    """Whether a line begins with a quotation of some words, or is a title."""
    if text[0] == "《" and text[-1] == "》":
        return True  # a book or a film
    closing = _PAIRS.get(text[0])
    if not closing or hit.named.rule.category == "caption":
        return False
    end = min((at for sign in closing if (at := text.find(sign, 1)) > 0), default=0)
    return len(text[1:end].split()) > 1 or end > LABEL_WORDS


def _is_enumerated(page: Page, line: int) -> bool:
    """Whether a line behind a word for tags is a sentence, of which tags have none."""
    return page.words[line] >= SENTENCE_WORDS and stops(page.text[line])


def _is_stated(page: Page, line: int, hit: Hit, sure: Container[int]) -> bool:
    """Whether a marker of other articles and a colon have a sentence behind them, with its full stop, and no headline, and stand
    between sentences of the article."""
    text = page.text[line]
    if hit.named.rule.category not in ("related", "insert") or not hit.span or not stops(text):
        return False
    colon = _COLON.search(text, max(0, hit.span[0] - 4), hit.span[0] + 2)  # the rule may know the first letter behind it, too
    return colon is not None and len(text) - colon.end() > KNOWN_CHARS and _is_between(page, line - 1, line + 1, sure)


def stops(text: str) -> bool:
    """Whether a line ends in a full stop, as hardly a headline or a button does."""
    return text.endswith((".", "。")) and not text.endswith("..")


def _is_verse(page: Page, line: int, hit: Hit, sure: Container[int]) -> bool:
    """Whether a word or a few begin a sentence that goes on in the next lines: in lower case, or up to a comma."""
    if hit.named.rule.match != "exact" or page.words[line] > BEGINNING_WORDS or page.sentence[line]:
        return False
    if line > 1 and not page.sentence[line - 1] and not page.text[line - 1].endswith(_COMMAS):
        return False  # a paragraph that an insert parts
    for other in range(line + 1, min(line + 1 + VERSE_LINES, len(page))):
        text = page.text[other]
        if other in sure or not 1 < page.words[other] <= VERSE_WORDS:
            return False
        if text.endswith(_COMMAS):
            return True
        if not text[0].islower():
            return False
        if text.endswith(_ENDS_PART):
            return True
    return False
