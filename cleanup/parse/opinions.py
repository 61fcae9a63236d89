"""What extractors take for the text of a page, and what to do when they disagree."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from math import fsum
from typing import Any

from cleanup.errors import MissingExtra
from cleanup.parse import hints
from cleanup.parse.blocks import Block, Lines, lines
from cleanup.parse.structured import Known
from cleanup.parse.tree import flat_text, parse_tree

LINKS = 0.15  # share of the text that is links
LISTS = 0.4  # share of the text in list items
SHORT = 0.4  # share of the text in lines that are no prose
LINE = 80  # characters; shorter lines are no prose
LITTLE = 600  # characters
OTHER = 300  # characters of prose in another article that are no teaser
OUTSIDE, APART = -1, -2  # of a box that stands in no article, or in none that counts
ALIKE = (0.3, 1.3)  # a stricter opinion is believed when it has this much of the text
COVERED = 0.9  # share of the text that the publisher's own copy has, before it is asked where the article ends
TAIL = 0.15  # of the text: a longer rest is not cut on the publisher's word
COPY = 400  # characters of a publisher's own copy that is worth asking
LONGER = 2.0  # times as long as what was found: then the page shows less than the publisher's copy has

_APART = frozenset({"comments", "related"})  # what people say, and teasers
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def default(root: Any, **mode: Any) -> str:
    """Trafilatura's text of a page, a paragraph a line; "" when it finds nothing or fails. `root` stays as it is."""
    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = bare_extraction(root, include_comments=False, with_metadata=False, **mode)
    except Exception:  # a library's own business with hostile markup; the caller goes on without this opinion
        return ""
    return str(getattr(found, "text", "") or "")


def strict(root: Any) -> str:
    """The same, in its precision mode."""
    return default(root, favor_precision=True)


def agreed(root: Any, markup: str) -> tuple[str, str]:
    """(the text that four extractors agree on most, readability's text). Raises MissingExtra without the extra `ensemble`."""
    try:
        from readability import Document as Readability
        from resiliparse.extract.html2text import extract_plain_text
    except ImportError:
        raise MissingExtra("parse.ensemble", "ensemble") from None
    logging.getLogger("readability").setLevel(logging.CRITICAL)
    try:
        summary = Readability(markup).summary()
        readable = "\n".join(block.text for block in lines(parse_tree(summary, 500).root).blocks)
    except Exception:  # as above
        readable = ""
    plain = extract_plain_text(markup, main_content=True) or ""
    texts = [default(root), strict(root), readable, plain]
    bags = [Counter(_WORD.findall(text.casefold())) for text in texts]
    best = max(range(len(texts)), key=lambda at: (fsum(_alike(bags[at], bag) for bag in bags), -at))
    return texts[best], readable


def _alike(a: Counter[str], b: Counter[str]) -> float:
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


def doubts(chosen: Sequence[Block], seen: Lines) -> list[str]:
    """Why a choice of lines may be wrong: links, lists or short lines dominate, or it is little of what the page says."""
    size = max(1, sum(len(block.text) for block in chosen))
    prose = sum(len(block.text) for block in seen.blocks if len(block.text) >= LINE and block.linked < LINKS)
    shares = {
        "links": sum(block.links for block in chosen) / size > LINKS,
        "lists": sum(len(block.text) for block in chosen if block.tag == "li") / size > LISTS,
        "short lines": sum(len(block.text) for block in chosen if len(block.text) < LINE) / size > SHORT,
        "little text": size < LITTLE and size < prose / 2,
    }
    return [reason for reason, found in shares.items() if found]


def tells_others(chosen: Sequence[Block], seen: Lines) -> bool:
    """Whether another element that the page calls an article has prose, of which nothing was chosen."""
    if sum(box.tag == "article" for box in seen.boxes) < 2:
        return False
    around: list[int] = []  # of every box: the outermost article it stands in; OUTSIDE, or within comments, none
    for number, box in enumerate(seen.boxes):
        outer = around[box.parent] if box.parent >= 0 else OUTSIDE
        if outer == OUTSIDE and box.tag == "article":
            outer = number
        around.append(APART if box.hidden or box.tag == "aside" or _APART & hints.kinds(box.names) else outer)
    own = {around[block.box] for block in chosen}
    told: Counter[int] = Counter()
    for block in seen.blocks:
        if len(block.text) >= LINE and block.linked < LINKS:
            told[around[block.box]] += len(block.text)
    return bool(own) and any(size >= OTHER for box, size in told.items() if box >= 0 and box not in own)


def preferred(chosen: list[Block], other: list[Block]) -> list[Block]:
    """Of a doubtful choice and a stricter one the stricter, unless it has hardly anything or something else altogether."""
    size, strict_size = (sum(len(block.text) for block in blocks) for blocks in (chosen, other))
    return other if ALIKE[0] * size <= strict_size <= ALIKE[1] * size else chosen


def without_tail(chosen: list[Block], text: str) -> list[Block]:
    """Lines up to the last one that another opinion has too, when that has nearly all the others."""
    known = Known(text, 15)
    shared = [known.has(block.mark) for block in chosen]
    size = sum(len(block.text) for block in chosen)
    covered = sum(len(block.text) for block, both in zip(chosen, shared, strict=True) if both)
    if True not in shared or covered < COVERED * size:
        return chosen
    end = len(shared) - shared[::-1].index(True)
    return chosen[:end] if sum(len(block.text) for block in chosen[end:]) <= TAIL * size else chosen


def paragraphs(copy: str) -> str:
    """A publisher's own copy of the text (JSON-LD `articleBody`), a paragraph a line; it may hold markup."""
    text = flat_text(copy) if re.search(r"</?(?:p|br|div|h\d|ul|li|a|b|i|strong|em|span)\b[^>]*>", copy) else copy
    return "\n".join(line for part in text.splitlines() if (line := " ".join(part.split())))
