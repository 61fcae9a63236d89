"""Names that pages give to the surroundings of an article, by what stands in them: data from `rules/extract.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from typing import Any

from cleanup import rules

FOREIGN = ("related", "comments", "newsletter", "share", "caption", "author", "stamp", "tags", "advert", "furniture")


@cache
def data() -> dict[str, Any]:
    """The whole of `rules/extract.toml`."""
    return tomllib.loads((rules.built_in() / "extract.toml").read_text(encoding="utf-8"))


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """One pattern per kind of surroundings, for the names of a `Box`."""
    return {kind: re.compile(f"-(?:{'|'.join(map(re.escape, words))})(?=-)") for kind, words in data()["names"].items()}


@lru_cache(maxsize=65536)
def kinds(names: str) -> frozenset[str]:
    """What the names of an element say stands in it.

    >>> sorted(kinds("-article-related-links-"))
    ['related']
    """
    return frozenset(kind for kind, pattern in patterns().items() if pattern.search(names))
