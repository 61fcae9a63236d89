"""Names that pages give to the surroundings of an article, by what stands in them: data from `rules/extract.toml`."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import tomli

from cleanup import rules

FOREIGN = ("related", "comments", "newsletter", "share", "caption", "author", "stamp", "tags", "advert", "furniture")


@cache
def data() -> dict[str, Any]:
    """The whole of `rules/extract.toml`."""
    return tomli.loads((rules.built_in() / "extract.toml").read_text(encoding="utf-8"))


@cache
def vocabulary() -> tuple[dict[str, frozenset[str]], int]:
    """(words in a row, between dashes -> the kinds of surroundings they name; the most words in a row)."""
    found: dict[str, frozenset[str]] = {}
    for kind, names in data()["names"].items():
        for name in names:
            found[name] = found.get(name, frozenset()) | {kind}
    return found, max(name.count("-") + 1 for name in found)


@lru_cache(maxsize=65536)
def kinds(names: str) -> frozenset[str]:
    """What the names of an element say stands in it.

    >>> sorted(kinds("-article-related-links-"))
    ['related']
    """
    known, longest = vocabulary()
    words = names.strip("-").split("-")
    found: set[str] = set()
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + longest) + 1):
            found |= known.get("-".join(words[start:end]), frozenset())
    return frozenset(found)
