"""HTML to the article: its text, metadata and what kind of page it is.

One parse, one call of trafilatura; its lines are found again on the page (`blocks`, `article`), so that surroundings that
the page itself calls something else can be left out and what was overlooked between them put back.
"""

from __future__ import annotations

import msgspec

from cleanup.config import Config
from cleanup.document import Drop, Mark, Proposal
from cleanup.parse import article, metadata, opinions, pagekind
from cleanup.parse.blocks import Block, Lines, lines
from cleanup.parse.structured import Claims, claims
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
    seen = lines(page.root)
    facts = metadata.facts(said, page.root, seen, url, crawled)
    doubts: list[str] = []
    if page.trouble or not config.parse.extract:
        body, drop = _everything(page, seen, markup), None
        doubts += [page.trouble] if page.trouble else []
    else:
        body, drop, doubts = _article(page, seen, markup, said, facts, config.parse.ensemble)
    proposals: list[Proposal] = [*facts.marks]
    if len(body) < EMPTY and not drop:
        body, drop = _cut_off(markup, facts, doubts)
    elif len(body) < config.parse.min_chars and not drop:
        drop = Drop("extract/too-short", 1.0, {"characters": len(body), "wanted": config.parse.min_chars})
    if doubts:
        proposals.append(Mark("extract_doubt", ", ".join(doubts), "extract/doubt", 1.0, {"reasons": doubts}))
    if drop:
        proposals.append(drop)
    text = f"{facts.title}\n{body}" if facts.title and body != facts.title else body
    return Extracted(text, proposals, body)


def _article(
    page: Page, seen: Lines, markup: str, said: Claims, facts: metadata.Facts, ensemble: bool
) -> tuple[str, Drop | None, list[str]]:
    """(text, what speaks for dropping the page, what is doubtful about the text)."""
    found, readable = opinions.agreed(page.root, markup) if ensemble else (opinions.default(page.root), "")
    given = article.Given(seen, found, facts.wordings, facts.excerpt)
    chosen = article.choose(given)
    doubts = opinions.doubts(chosen)
    if doubts:
        chosen = opinions.preferred(chosen, article.choose(article.Given(seen, opinions.strict(page.root), *given.known)))
    copy = opinions.paragraphs(str(said.article.get("articleBody") or "")) if said.article else ""
    for opinion in (copy, readable):
        if len(opinion) >= opinions.COPY:
            chosen = opinions.without_tail(chosen, opinion)
    drop = pagekind.judge(pagekind.View(seen, chosen, facts.wordings, said, facts.url))
    text = render(chosen) or found.strip()
    if len(copy) >= opinions.COPY and len(copy) > opinions.LONGER * len(text):
        return copy, None, ["the publisher's copy is much longer"]
    return text, drop, doubts


def render(blocks: list[Block]) -> str:
    """Chosen lines as text, a paragraph a line, list items with a dash."""
    return "\n".join(f"- {block.text}" if block.tag == "li" else block.text for block in blocks)


def _everything(page: Page, seen: Lines, markup: str) -> str:
    if page.trouble in ("nesting", "markup"):
        return flat_text(markup)
    return render(seen.blocks)


def _cut_off(markup: str, facts: metadata.Facts, doubts: list[str]) -> tuple[str, Drop | None]:
    """A page without text: when it is the beginning of a longer one, what its head says; else nothing, and a Drop."""
    if "</html" not in markup[-2000:].lower() and facts.title:
        doubts.append("cut off before the text")
        return facts.excerpt or facts.title, None
    return "", Drop("extract/empty", 1.0, {"characters": len(markup)})
