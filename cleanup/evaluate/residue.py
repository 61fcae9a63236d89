"""Recipes that add lines: what scrapers drag along (boilerplate), and the head and tail of a reprint."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import tomli

from cleanup.errors import CleanupError
from cleanup.evaluate.script import Change, Script, joined

POOL = Path(__file__).parent / "data" / "residue.toml"
ZONES = ("head", "middle", "tail")


@cache
def pool() -> dict[str, Any]:
    """The lines by language, as `data/residue.toml` has them."""
    return tomli.loads(POOL.read_text(encoding="utf-8"))


def languages() -> list[str]:
    """The languages that there are residue lines in."""
    return [name for name, table in pool().items() if isinstance(table, dict)]


_SCRIPTS = {"ja": re.compile(r"[\u3040-\u30ff]"), "ko": re.compile(r"[\uac00-\ud7af]"), "zh": re.compile(r"[\u4e00-\u9fff]")}
_SAMPLE = 2000  # characters


def language_of(text: str) -> str:
    """ISO 639-1 code of the language to write residue in: by script, else as py3langid has it; "en" for an empty text."""
    sample = text[:_SAMPLE].encode("utf-8", "ignore").decode()
    if not sample.strip():
        return "en"
    for name, script in _SCRIPTS.items():
        if len(script.findall(sample)) > 0.1 * len(sample):
            return name
    import py3langid

    found = str(py3langid.classify(sample)[0])
    return "no" if found in ("nb", "nn") else found


def _filled(template: str, language: str, rng: Random) -> str:
    here, every = pool()[language], pool()
    choices = {"name": every["names"], "host": every["hosts"], "city": every["cities"], "date": here["dates"]}
    choices |= {"topic": here["topics"], "headline": here["headlines"]}
    numbers = {"n": (2, 40), "m": (50, 9000)}

    def value(found: re.Match[str]) -> str:
        if found[1] in numbers:
            return str(rng.randint(*numbers[found[1]]))
        return str(rng.choice(choices[found[1]]))

    return re.sub(r"\{(\w+)\}", value, template)


def boilerplate(text: str, rate: float, rng: Random, language: str, variant: str = "") -> Script:
    """Residue blocks after the title, between paragraphs and at the end; `rate` is their number per line of the text.

    `variant` is a language.
    """
    if variant and variant not in languages():
        raise CleanupError(f"recipe boilerplate has no lines in {variant!r}", f"known: {', '.join(languages())}")
    language = variant or language
    language = language if language in languages() else "en"
    breaks = [found.end() for found in re.finditer(r"\n+", text.rstrip("\n"))]
    count = max(1, round(rate * (len(breaks) + 1))) if rate > 0 else 0
    gap = "\n\n" if "\n\n" in text else "\n"
    found: dict[int, list[str]] = {}
    for _ in range(count):
        zone = rng.choices(ZONES, (0.3, 0.3, 0.4))[0]
        zone = zone if breaks and (zone != "middle" or len(breaks) > 1) else "tail"
        at = breaks[0] if zone == "head" else len(text) if zone == "tail" else rng.choice(breaks[1:])
        found.setdefault(at, []).append(_filled(rng.choice(pool()[language][zone]), language, rng))
    return joined(Change(at, at, "", _block(text, at, blocks, gap)) for at, blocks in found.items())


def _block(text: str, at: int, blocks: list[str], gap: str) -> str:
    blocks = list(dict.fromkeys(blocks))
    if at < len(text):
        return "".join(block + gap for block in blocks)
    before = "" if not text or text.endswith(gap) else gap if not text.endswith("\n") else gap[1:]
    return before + gap.join(blocks)


def reprint(text: str, rate: float, rng: Random, language: str, variant: str = "") -> Script:
    """A wire story as another paper prints it: a headline and opening of its own, a tail of its own, the body untouched.

    `rate` is about how long the additions are, as a share of the text; at least one sentence at each end.
    """
    if variant and variant not in languages():
        raise CleanupError(f"recipe reprint has no lines in {variant!r}", f"known: {', '.join(languages())}")
    language = variant or language
    language = language if language in languages() else "en"
    if rate <= 0:
        return ()
    gap = "\n\n" if "\n\n" in text else "\n"
    head, tail = _sentences("lead", language, rate * len(text) / 2, rng), _sentences("close", language, rate * len(text) / 2, rng)
    headline = _filled("{headline}", language, rng)
    title = text.split("\n", 1)[0]
    replace = len(title) if "\n" in text and len(title) <= 150 else 0
    opening = gap.join([headline, *head]) + ("" if replace else gap)
    start = Change(0, replace, text[:replace], opening)
    return joined([start, Change(len(text), len(text), "", _block(text, len(text), tail, gap))])


def _sentences(kind: str, language: str, chars: float, rng: Random) -> list[str]:
    offers = rng.sample(pool()[language][kind], len(pool()[language][kind]))
    found: list[str] = []
    for offer in offers:
        if found and sum(map(len, found)) >= chars:
            break
        found.append(_filled(offer, language, rng))
    return found
