"""What a page says about its article, as Marks: publisher's data first, then what stands on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from cleanup.document import Mark
from cleanup.parse import authors, dates, titles
from cleanup.parse.blocks import Lines, names
from cleanup.parse.structured import Claims, key, plain, text_of, types

_MACHINE = re.compile(r"^[0-9a-f]{8}-?[0-9a-f-]{4,}[0-9a-f]{4,}$|^[A-Za-z_]\w*:\S", re.ASCII)
_LABELLED = re.compile(r"^[\w ]{3,24}: (?=\S)")
_TAG_NAMES = ("news_keywords", "parsely-tags", "sailthru.tags", "mrf:tags", "og:article:tag", "dcterms.subject")
_TAG_BOXES = ("div", "ul", "ol", "section", "p", "nav", "aside", "footer", "span", "dl")
_MAY_BE_TAGS = re.compile(r"tag|topic|keyword|thema|themen|schlag|etiquet|label", re.IGNORECASE)
_CALLED_TAGS = re.compile(
    r"-(?:tags?|taglist|tag-list|topics?|topic-list|keywords?|schlagworte|schlagwörter|themen|hashtags|etiquetas)-"
)
_HOST = re.compile(r"www\.\S+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,3}")
_LIST = re.compile(r"[,;|、，](?!\s*&\s)")
_CJK_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?:\s[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+){2,}")
MAX_LINKED = 15  # tags of a page in links
LINKED_CHARS = 50
MAX_TAGS = 40
MAX_TAG = 80  # characters
MAX_EXCERPT = 1000
MAX_URL = 2000


class Facts(msgspec.Struct):
    """All that was found; `wordings`: the other headlines that the page has for the same article."""

    title: str
    site: str
    url: str
    excerpt: str
    wordings: list[str]
    marks: list[Mark]


def facts(claims: Claims, root: Any, seen: Lines, url: str, crawled: str) -> Facts:
    """Read everything; `url` is the address the page came from, `crawled` an ISO date for "4 hours ago"."""
    address = _url(claims, url)
    site = titles.site(claims, address)
    title, place = titles.title(claims, root, site, address)
    excerpt = _excerpt(claims)
    marks: list[Mark] = []

    def mark(field: str, value: Any, where: str, **why: Any) -> None:
        if value:
            marks.append(Mark(field, value, f"extract/{field.replace('_', '-')}", 1.0, {"from": where, **why}))

    mark("title", title, place)
    writers = authors.found(claims, root, seen, site)
    mark("authors", writers.names, writers.place)
    mark("source", writers.agencies[0] if writers.agencies else "", writers.place)
    date = dates.published(claims, root, seen, address, crawled)
    if date:
        mark("date", date.value, date.place, **({"wording": date.wording} if date.wording != date.value else {}))
    section, category = _sections(claims)
    mark("section", section, "page")
    mark("category", category, "page")
    mark("tags", _tags(claims, root, site), "page")
    mark("excerpt", excerpt, "page")
    mark("site", site, "page")
    mark("url", address if address != url else "", "page")
    mark("language_hint", _language(claims, root), "page")
    wordings = [title, *titles.headings(root), *titles.claimed(claims, root, site, address)]
    return Facts(title, site, address, excerpt, list(dict.fromkeys(filter(None, wordings))), marks)


def _url(claims: Claims, url: str) -> str:
    """The canonical address: absolute, of the page rather than of the home page; else the one the page came from."""
    entity = claims.article.get("mainEntityOfPage") if claims.article else None
    named = claims.article.get("url") if claims.article else None
    candidates: list[Any] = [*claims.links.get("canonical", ()), claims.first("og:url"), named]
    candidates += [entity.get("@id") if isinstance(entity, dict) else entity]
    for candidate in candidates:
        if not isinstance(candidate, str) or not candidate.strip() or len(candidate) > MAX_URL:
            continue
        try:
            address = urljoin(url, candidate.strip())
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc and (parts.path.strip("/") or parts.query or not url):
            return address
    return url


def _excerpt(claims: Claims) -> str:
    said = [text_of(claims.article.get("description"))] if claims.article else []
    said += [claims.first("og:description"), claims.first("description", "twitter:description", "dc.description")]
    return next((text[:MAX_EXCERPT] for text in said if len(text) > 20), "")


def _sections(claims: Claims) -> tuple[str, str]:
    """(section, category): the publisher's sections, then the trail of breadcrumbs; the narrower one is the category."""
    said = list(_strings(claims.article.get("articleSection"))) if claims.article else []
    said += [name for field in ("article:section", "parsely-section", "section") for name in claims.meta.get(field, ())[:2]]
    trail = _breadcrumbs(claims)
    if said and key(said[0]) in map(key, trail[1:]):
        said = trail  # which says what is the wider one
    distinct = list({key(name): name for name in reversed([*said, *trail]) if 1 < len(name) <= MAX_TAG}.values())[::-1]
    return (distinct[0] if distinct else ""), (distinct[1] if len(distinct) > 1 else "")


def _breadcrumbs(claims: Claims) -> list[str]:
    node = next((node for node in claims.nodes if "breadcrumblist" in types(node)), None)
    items = node.get("itemListElement") if node else None
    names = []
    for item in items if isinstance(items, list) else []:
        inner = item.get("item") if isinstance(item, dict) else None
        names.append(text_of(item.get("name")) if isinstance(item, dict) and item.get("name") else text_of(inner))
    return [name for name in names[1:-1] if name]  # the first is the site, the last the article itself


def _tags(claims: Claims, root: Any, site: str) -> list[str]:
    """Keywords of the article: JSON-LD, `article:tag`, news keywords, links that are tags, old `keywords`, a box of links."""
    sources: list[Iterable[str]] = []
    if claims.article:
        sources.append(_strings(claims.article.get("keywords")))
    sources.append(claims.meta.get("article:tag", ()))
    sources += [claims.meta.get(name, ()) for name in _TAG_NAMES]
    sources.append(plain(element.text_content()) for element in root.iter("a") if "tag" in (element.get("rel") or "").split())
    sources += [claims.meta.get("keywords", ()), _linked_tags(root)]
    for source in sources:
        tags = [tag for tag in _split(source) if key(tag) != key(site) and not _HOST.fullmatch(tag)]
        if tags:
            return tags[:MAX_TAGS]
    return []


def _linked_tags(root: Any) -> list[str]:
    """The links of the first box behind the headline that is called one of tags and holds little else."""
    behind = False
    for element in root.iter("h1", *_TAG_BOXES):
        if element.tag == "h1":
            behind = True
            continue
        said = (element.get("class") or "") + (element.get("data-testid") or "") + (element.get("data-component") or "")
        if not behind or not _MAY_BE_TAGS.search(said) or not _CALLED_TAGS.search(names(element)):
            continue
        links = [plain(link.text_content()) for link in element.iter("a")]
        texts = [text for text in links if text]
        whole = len(plain(element.text_content()))
        if texts and len(texts) <= MAX_LINKED and max(map(len, texts)) <= LINKED_CHARS and sum(map(len, texts)) > 0.5 * whole:
            return texts
    return []


def _split(texts: Iterable[str]) -> Iterable[str]:
    """Tags, each once; where there is but one text it is a list of them, as in `<meta name="keywords">`."""
    given = list(texts)
    parts = _LIST.split(given[0]) if len(given) == 1 else given
    if len(parts) == 1 and _CJK_WORDS.fullmatch(parts[0]):
        parts = parts[0].split()
    distinct = {key(part): part for part in reversed(_readable([part.strip().strip("#").strip() for part in parts])) if key(part)}
    return (tag for tag in reversed(distinct.values()) if len(tag) <= MAX_TAG)


def _readable(tags: list[str]) -> list[str]:
    """Tags without what only a publishing system reads: identifiers, `key:value`; where several are labelled, without labels.

    >>> _readable(["26157981-b4f7-4929-adc1-e860c6f03636", "isFree:true", "Topic: Travel", "Place: Jasper"])
    ['Travel', 'Jasper']
    """
    tags = [tag for tag in tags if not _MACHINE.search(tag)]
    if sum(bool(_LABELLED.match(tag)) for tag in tags) > 1:
        tags = [_LABELLED.sub("", tag) for tag in tags]
    return tags


def _strings(value: Any) -> Iterable[str]:
    for item in value if isinstance(value, list) else [value]:
        text = text_of(item)
        if text:
            yield text


def _language(claims: Claims, root: Any) -> str:
    """The language that the page claims, as a hint: lower case, without region."""
    said = root.get("lang") or root.get("xml:lang") or claims.first("content-language", "og:locale", "language")
    match = re.match(r"[a-zA-Z]{2,3}(?=[-_]|$)", said.strip()) if said else None
    return match[0].lower() if match else ""
