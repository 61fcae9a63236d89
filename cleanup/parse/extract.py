"""HTML to the article: its text, metadata and what kind of page it is.

One parse, one call of trafilatura; its lines are found again on the page (`blocks`, `article`), so that surroundings that
the page itself calls something else can be left out and what was overlooked between them put back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from cleanup.config import Config
from cleanup.document import Drop, Mark, Proposal
from cleanup.parse import article, metadata, opinions, pagekind
from cleanup.parse.blocks import Block, Lines, lines
from cleanup.parse.structured import Claims, claims
from cleanup.parse.tree import Page, flat_text, parse_tree

_BULLET = re.compile(r"^[•·▪‣●∙*–—-]\s+")
DOCUMENT = ("<html", "<body", "<!doctype", "<head")  # how a whole page begins


class Extracted(msgspec.Struct):
    """The text, its title on the first line, and what is proposed for the document."""

    text: str
    proposals: list[Proposal]


class _View(msgspec.Struct):
    """A page while it is read."""

    page: Page
    markup: str
    said: Claims
    seen: Lines
    facts: metadata.Facts


class _Body(msgspec.Struct):
    """The text without its title, what speaks for dropping the page and what is doubtful about the text."""

    text: str
    drop: Drop | None = None
    doubts: list[str] = []


def extract(markup: str, config: Config, url: str = "", crawled: str = "") -> Extracted:
    """The article of a page. Never raises on what the page holds; what is doubtful is said in a Mark `extract_doubt`.

    `url` is the address that the page came from, `crawled` the ISO 8601 time at which it was fetched. Raises MissingExtra
    when `parse.ensemble` is on and its libraries are missing.
    """
    page = parse_tree(markup, config.limits.max_depth)
    said = claims(page.root)
    seen = lines(page.root)
    facts = metadata.facts(said, page.root, seen, url, crawled)
    view = _View(page, markup, said, seen, facts)
    body = _everything(view) if page.trouble or not config.parse.extract else _article(view, config)
    proposals: list[Proposal] = [*facts.marks]
    if _is_cut_off(markup):
        proposals.append(Mark("truncated", True, "extract/cut-off", 1.0, {"characters": len(markup)}))
        if not body.text and facts.title:
            body = _Body(facts.excerpt, None, [*body.doubts, "cut off before the text"])
    elif not body.text and not body.drop:
        body.drop = Drop("extract/empty", 1.0, {"characters": len(markup)})
    elif len(body.text) < config.parse.min_chars and not body.drop:
        body.drop = Drop("extract/too-short", 1.0, {"characters": len(body.text), "wanted": config.parse.min_chars})
    if body.doubts:
        proposals.append(Mark("extract_doubt", ", ".join(body.doubts), "extract/doubt", 1.0, {"reasons": body.doubts}))
    if body.drop:
        proposals.append(body.drop)
    return Extracted(_titled(facts.title, body.text), proposals)


def _titled(title: str, body: str) -> str:
    """The text with its title on the first line."""
    if not title or not body:
        return title or body
    return body if body.startswith(f"{title}\n") or body == title else f"{title}\n{body}"


def _article(view: _View, config: Config) -> _Body:
    """The main text: an extractor's lines, put right by what the page calls its boxes; in doubt, further opinions."""
    root, seen, facts = view.page.root, view.seen, view.facts
    captions = config.boilerplate.captions == "keep"
    found, readable = opinions.agreed(root, view.markup) if config.parse.ensemble else (opinions.default(root), "")
    given = article.Given(seen, found, facts.wordings, facts.excerpt, captions)
    chosen = article.choose(given)
    doubts = opinions.doubts(chosen, seen)
    if doubts:
        chosen = opinions.preferred(chosen, article.choose(replace(given, found=opinions.strict(root))))
    copy = opinions.paragraphs(str(view.said.article.get("articleBody") or "")) if view.said.article else ""
    for opinion in (copy, readable):
        if len(opinion) >= opinions.COPY:
            chosen = opinions.without_tail(chosen, opinion)
    drop = pagekind.judge(pagekind.View(seen, chosen, facts.wordings, view.said, facts.url))
    text = render(chosen)
    if len(copy) >= opinions.COPY and len(copy) > opinions.LONGER * len(text):
        return _Body(copy, None, ["the publisher's copy is much longer"])
    if not text and not drop:
        text = render(article.unnamed(given))
        doubts = ["no extractor found anything"] if text else []
    elif opinions.tells_others(chosen, seen):
        doubts = [*doubts, "other articles on the page"]
    return _Body(text, drop, doubts)


def render(blocks: Sequence[Block]) -> str:
    """Chosen lines as text, a paragraph a line, list items with a dash."""
    return "\n".join(f"- {_BULLET.sub('', block.text)}" if block.tag == "li" else block.text for block in blocks)


def _everything(view: _View) -> _Body:
    """All visible text."""
    trouble = view.page.trouble
    text = flat_text(view.markup) if trouble in ("nesting", "markup") else render(view.seen.blocks)
    return _Body(text, None, [trouble] if trouble else [])


def _is_cut_off(markup: str) -> bool:
    """Whether a page ends in the middle: it begins like a whole one, and ends neither with its closing tags nor with a tag."""
    head, tail = markup[:2000].lower(), markup[-500:].lower().rstrip()
    return any(sign in head for sign in DOCUMENT) and "</html" not in tail and "</body" not in tail and not tail.endswith(">")
