"""Pages that are no article: an index, an error, a cookie wall, a video with a line of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from cleanup.document import Drop
from cleanup.parse import hints
from cleanup.parse.blocks import Block, Lines
from cleanup.parse.structured import ARTICLE, Claims

SHORT = 1800  # characters; an error page or a cookie wall says no more
STUB = 350  # characters of text beside a video
PROSE = 120  # characters of a line that an index does not have many of
TEASERS = 8  # headings or list items that are links, on an index
MANY_TEASERS = 20  # so many, and no prose at all: an index, whatever it says of itself
TEASER = (25, 200)  # characters of a linked headline
SURE, DOUBTFUL = 0.95, 0.6  # the second is held for review
SORRY = 700  # characters of a page that says in its text alone that it is gone,
BRIEF = 250  # of one that says that it is an article
SENTENCES = 2  # in which it says so: the first ones
_GONE = ("gone-what", "gone-how")
_SENTENCE = re.compile(r"[\n。！？]+|[.!?](?=\s)")
_QUOTED = re.compile(r"“[^”\n]*”|„[^“\n]*“|«[^»\n]*»|\"[^\"\n]*\"")
_SITE = re.compile(r"\s+[|»–—-]\s+")
_WORDS = re.compile(r"\w+")
_INDEX_TYPES = frozenset({"collectionpage", "searchresultspage", "itemlist", "profilepage"})


class View(msgspec.Struct):
    """What a page is judged by: its lines, those chosen as its article, its titles, what it says of itself and its address."""

    lines: Lines
    chosen: Sequence[Block]
    titles: Sequence[str]
    claims: Claims
    url: str = ""


def judge(view: View) -> Drop | None:
    """A Drop for a page that is no article, with the evidence; None for an article and for whatever may be one."""
    size = sum(len(block.text) for block in view.chosen)
    return _error(view, size) or _gone(view, size) or _cookies(view, size) or _video(view, size) or _index(view)


def _error(view: View, size: int) -> Drop | None:
    prose = sum(len(block.text) for block in view.chosen if len(block.text) >= PROSE)
    title = _titled(view, "error-page")
    if not title or size > SHORT or prose > SHORT // 3 or _is_article(view) or _tells(title, view):
        return None
    return Drop("extract/error-page", SURE, {"title": title, "characters": size})


def _tells(title: str, view: View) -> bool:
    """Whether a title that begins like an error's is a headline ("500 jobs to go"), and the text speaks of something else."""
    words, share = _vocabulary("error-page"), hints.data()["pages"]["error-page"]["share"]
    begin = _titles("error-page").match(title.casefold().strip())
    rest = _SITE.split(title.casefold().strip()[begin.end() if begin else 0 :], maxsplit=1)[0]
    if sum(word not in words for word in _WORDS.findall(rest)) < 2:
        return False
    said = _WORDS.findall(" ".join(block.text for block in view.chosen).casefold())
    return bool(sum(word in words for word in said) * share < len(said))


def _gone(view: View, size: int) -> Drop | None:
    """A page without a title of that kind whose short text says, in a sentence of its own, that the page or article is gone."""
    if size > SORRY or (_is_article(view) and size > BRIEF):
        return None
    text = _QUOTED.sub(" ", "\n".join(block.text for block in view.chosen)).casefold()
    for sentence in _SENTENCE.split(text)[:SENTENCES]:
        what, how = (next((one for one in hints.data()["pages"]["error-page"][key] if one in sentence), "") for key in _GONE)
        if what and how:
            return Drop("extract/error-page", SURE, {"text": sentence.strip()[:200], "characters": size})
    return None


def _cookies(view: View, size: int) -> Drop | None:
    """A page whose text is about consent only: the wall instead of the article."""
    data = hints.data()["pages"]["cookie-wall"]
    text = " ".join(block.text for block in view.chosen) or " ".join(block.text for block in view.lines.blocks)[: 4 * SHORT]
    words = _WORDS.findall(text.casefold())
    hits = [word for word in words if word in _vocabulary("cookie-wall")]
    dense = len(set(hits)) >= data["least"] and len(hits) * data["share"] >= len(words)
    title = _titled(view, "cookie-wall")
    told = _WORDS.findall(_QUOTED.sub(" ", text).casefold())
    asks = sum(word in _vocabulary("cookie-wall", "address") for word in told) * data["asks"] >= len(told)
    if not dense or size > 2 * SHORT or (_is_article(view) and not title) or not asks:
        return None
    why = {"title": title, "words": sorted(set(hits))[:8]}
    return Drop("extract/cookie-wall", SURE if title or size < SHORT else DOUBTFUL, why)


def _video(view: View, size: int) -> Drop | None:
    kinds = view.claims.types()
    video = view.claims.first("og:type").lower().startswith("video") or "videoobject" in kinds
    if not video or size > STUB or ARTICLE & kinds or any(len(block.text) >= PROSE for block in view.chosen):
        return None
    return Drop("extract/video-stub", SURE if size < STUB // 2 else DOUBTFUL, {"characters": size})


def _index(view: View) -> Drop | None:
    """Many linked headlines, little prose, and nothing that says article."""
    if _is_article(view):
        return None
    teasers = linked = total = 0
    for block in view.lines.blocks:
        total += len(block.text)
        linked += block.links
        teasers += block.linked > 0.8 and TEASER[0] <= len(block.text) <= TEASER[1]
    prose = sum(len(block.text) for block in view.chosen if len(block.text) >= PROSE and block.linked < 0.5)
    declared = bool(_INDEX_TYPES & view.claims.types()) or view.claims.first("og:type").lower() == "website" or _is_root(view.url)
    if teasers < TEASERS or prose > 0.25 * total:
        return None
    share = linked / max(1, total)
    why: dict[str, Any] = {"linked_headlines": teasers, "linked_share": round(share, 2), "prose": prose}
    if prose < PROSE * 3 and share > 0.4:
        bare = not prose and teasers >= MANY_TEASERS
        return Drop("extract/index-page", SURE if declared or bare else DOUBTFUL, why)
    if declared and share > 0.4 and prose < 0.12 * total:
        return Drop("extract/index-page", DOUBTFUL, why)
    return None


def _is_article(view: View) -> bool:
    """Whether the page says that it is an article."""
    claims = view.claims
    declared = claims.first("og:type").lower() == "article" or claims.first("article:published_time")
    return claims.article is not None or bool(declared)


def _is_root(url: str) -> bool:
    return bool(re.fullmatch(r"https?://[^/]+/?(?:[?#].*)?", url))


def _titled(view: View, kind: str) -> str:
    pattern = _titles(kind)
    return next((title for title in view.titles if pattern.match(title.casefold().strip())), "")


@cache
def _titles(kind: str) -> re.Pattern[str]:
    return re.compile("|".join(hints.data()["pages"][kind]["title"]))


@cache
def _vocabulary(kind: str, name: str = "text") -> frozenset[str]:
    return frozenset(hints.data()["pages"][kind][name])
