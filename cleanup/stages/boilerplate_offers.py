"""What an article about offers lists: prices in lines of a few words, some of which its paragraphs have, too."""

from __future__ import annotations

import re
from itertools import accumulate, compress

from cleanup.stages.boilerplate_lines import Page

OFFERS = 2  # least prices of a list that the article before it has, too
PRICE_WORDS = 8  # of a line that says what something costs
_SIGN = re.compile("[$£€¥₩₹₺₽円元원]")
_NUMBER = re.compile(r"\d+")
_PRICE = re.compile(r"[$£€¥₩₹₺₽]\s?(\d+)(?![\d.,]*[^\W\d_])|(?<![\d.,])(\d+)(?:[.,]\d\d)?\s?[$£€¥₩₹₺₽円元원]")


def offered(page: Page) -> tuple[list[int], int]:
    """For each line, how many prices stand behind it that paragraphs before it have, too; and the last line with a price."""
    priced: dict[str, int] = {}  # price -> the last line that asks it
    for line, text in enumerate(page.text if _SIGN.search(page.source) else ()):
        if page.words[line] <= PRICE_WORDS and _SIGN.search(text) and (match := _PRICE.search(text)):
            priced[match[1] or match[2]] = line
    named: dict[str, int] = {}  # .. and the first paragraph that has it
    for line in compress(range(len(page)), page.long) if len(priced) >= OFFERS else ():
        for number in _NUMBER.findall(page.text[line]):
            named.setdefault(number, line)
    steps = [0] * (len(page) + 1)
    for amount, line in priced.items():
        if named.get(amount, line) < line:
            steps[named[amount] + 1] += 1
            steps[line] -= 1
    return list(accumulate(steps)), max(priced.values(), default=-1)
