"""HTML to the article: its text, metadata and what kind of page it is.

One parse, one call of trafilatura; its lines are found again on the page (`blocks`, `article`), so that surroundings that
the page itself calls something else can be left out and what was overlooked between them put back.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from cleanup.config import Config
from cleanup.document import Drop, Mark, Proposal
from cleanup.parse import article, metadata, pagekind
from cleanup.parse.blocks import Block, lines
from cleanup.parse.structured import Claims, claims, key, text_of
from cleanup.parse.tree import Page, flat_text, parse_tree

EMPTY = 1  # characters of text below which there is nothing


class Extracted(msgspec.Struct):
    """The text, its title on the first line, and what is proposed for the document."""

    text: str
    proposals: list[Proposal]
    body: str = ""


def extract(markup: str, config: Config, url: str = "", crawled: str = "") -> Extracted:
    """The article of a page. Never raises on what the page holds; what is doubtful is said in a Mark `extract_doubt`."""
    page = parse_tree(markup, config.limits.max_depth)
    said = claims(page.root)
    facts = metadata.facts(said, page.root, url, crawled)
    doubts: list[str] = []
    if page.trouble or not config.parse.extract:
        body, drop = _everything(page, markup), None
        doubts += [page.trouble] if page.trouble else []
    else:
        body, drop, doubts = _article(page, said, facts)
    proposals: list[Proposal] = [*facts.marks]
    if len(body) < EMPTY and not drop:
        body, drop = _cut_off(markup, facts, doubts)
    if doubts:
        proposals.append(Mark("extract_doubt", ", ".join(doubts), "extract/doubt", 1.0, {"reasons": doubts}))
    if drop:
        proposals.append(drop)
    text = f"{facts.title}\n{body}" if facts.title and body != facts.title else body
    return Extracted(text, proposals, body)


def _article(page: Page, said: Claims, facts: metadata.Facts) -> tuple[str, Drop | None, list[str]]:
    seen = lines(page.root)
    found = opinion(page.root)
    opinion_of_publisher = key(text_of(said.article.get("articleBody"))) if said.article else ""
    chosen = article.choose(article.Page(seen, found, facts.wordings, facts.excerpt, opinion_of_publisher))
    drop = pagekind.judge(pagekind.View(seen, chosen, facts.wordings, said, facts.url))
    return render(chosen), drop, []


def opinion(root: Any, **mode: Any) -> str:
    """What trafilatura takes for the text of the page, a paragraph a line; "" when it finds nothing or fails."""
    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = bare_extraction(root, include_comments=False, with_metadata=False, **mode)
    except Exception:  # a library's own business with hostile markup; the caller goes on without this opinion
        return ""
    return (found.text or "") if found else ""


def render(blocks: list[Block]) -> str:
    """Chosen lines as text, a paragraph a line, list items with a dash."""
    return "\n".join(f"- {block.text}" if block.tag == "li" else block.text for block in blocks)


def _everything(page: Page, markup: str) -> str:
    if page.trouble in ("nesting", "markup"):
        return flat_text(markup)
    return render(lines(page.root).blocks)


def _cut_off(markup: str, facts: metadata.Facts, doubts: list[str]) -> tuple[str, Drop | None]:
    """A page without text: when it is the beginning of a longer one, what its head says; else nothing, and a Drop."""
    if "</html" not in markup[-2000:].lower() and facts.title:
        doubts.append("cut off before the text")
        return facts.excerpt or facts.title, None
    return "", Drop("extract/empty", 1.0, {"characters": len(markup)})
