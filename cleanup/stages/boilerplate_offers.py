"""What an article about offers lists: prices in lines of a few words, that its paragraphs have, too, or with a sentence below."""

from __future__ import annotations

import re
from itertools import accumulate, compress

import msgspec

from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_told import stops

NAMED = 2  # prices of a list that the article before it has, too: it is the article's own,
DESCRIBED = 3  # .. or so many over a sentence about what is offered,
DESCRIBED_WORDS = 4  # .. of so many words
PRICE_WORDS = 8  # of a line that says what something costs
_SIGN = re.compile("[$£€¥₩₹₺₽円元원]")
_NUMBER = re.compile(r"\d+")
_PRICE = re.compile(r"[$£€¥₩₹₺₽]\s?(\d+)(?![\d.,]*[^\W\d_])|(?<![\d.,])(\d+)(?:[.,]\d\d)?\s?[$£€¥₩₹₺₽円元원]")


class Offers(msgspec.Struct, frozen=True):
    """Of each line, how many prices stand behind it: such as paragraphs before it have, too, and over a sentence about what is
    offered, behind the first paragraph. And the last line with a price."""

    named: list[int]
    described: list[int]
    last: int

    def listed(self, line: int) -> bool:
        """Whether a list of offers of the article stands behind a line."""
        return self.is_sure(line) or self.described[line] >= DESCRIBED

    def is_sure(self, line: int) -> bool:
        """Whether the article before a line names some of them."""
        return self.named[line] >= NAMED


def offered(page: Page) -> Offers:
    """What a page offers."""
    priced: dict[str, int] = {}  # price -> the last line that asks it
    for line, text in enumerate(page.text if _SIGN.search(page.source) else ()):
        if page.words[line] <= PRICE_WORDS and _SIGN.search(text) and (match := _PRICE.search(text)):
            priced[match[1] or match[2]] = line
    first: dict[str, int] = {}  # .. and the first paragraph that has it
    for line in compress(range(len(page)), page.long) if len(priced) >= NAMED else ():
        for number in _NUMBER.findall(page.text[line]):
            first.setdefault(number, line)
    named, described = [0] * (len(page) + 1), [0] * (len(page) + 1)
    for amount, line in priced.items():
        for steps, start in (named, first.get(amount, line)), (described, page.edges[0] if _is_described(page, line) else line):
            if start < line:
                steps[start + 1] += 1
                steps[line] -= 1
    return Offers(list(accumulate(named)), list(accumulate(described)), max(priced.values(), default=-1))


def _is_described(page: Page, line: int) -> bool:
    """Whether a sentence with a full stop stands under a line."""
    under = line + 1
    return under < len(page) and page.sentence[under] and page.words[under] >= DESCRIBED_WORDS and stops(page.text[under])
