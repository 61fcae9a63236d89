"""Repairs of single characters: entities, surrogates, controls, soft hyphens, zero-width and bidi characters, split words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set

from cleanup.stages.mojibake_draft import Change, Draft

ENTITY = re.compile(r"&#?[0-9A-Za-z]{1,24};")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--")
_MARKUP = re.compile(r"(?<!\w)(?:X?HTML5?|SGML|XML|[Aa]mpersands?|(?:character|HTML|XML) entit(?:y|ies)|esperluettes?)(?!\w)")
SURROGATE = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
CONTROL = re.compile("\x1b\\[[\\d;]*[A-Za-z]|[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufff9-\ufffc\ufeff]")
# Everything that the repairs below can begin with, entities apart.
SPECIAL = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffc\ud800-\udfff]"
)
SOFT_HYPHEN = re.compile("\xad")
ZERO_WIDTH = re.compile("[\u200b-\u200d\u2060]+")
BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Scripts that need the joiners (Arabic to Nko, Indic to Mongolian, and the Arabic forms) or break words with U+200B.
JOINING = re.compile(
    "[\u0600-\u07ff\u0840-\u08ff\u0900-\u109f\u1780-\u18af\u1a00-\u1cff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff]"
)
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf]")
_EMOJI = re.compile("[\u200d\u2190-\u2bff\u3030-\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


def entities(text: str) -> Iterator[Change]:
    """HTML entities; not in a line that holds HTML tags or tells of HTML, where they are meant."""
    if "&" not in text or _TAG.search(text) or _MARKUP.search(text):
        return
    from ftfy.fixes import unescape_html

    for match in ENTITY.finditer(text):
        after = unescape_html(match[0])
        if after != match[0] and not _is_surrogate(after):
            yield match.start(), match.end(), after


def _is_surrogate(text: str) -> bool:
    return SURROGATE.search(text) is not None


def surrogates(text: str) -> Iterator[Change]:
    """Pairs of UTF-16 surrogates become their character, lone ones U+FFFD."""
    for match in SURROGATE.finditer(text):
        pair = match[0]
        yield match.start(), match.end(), pair.encode("utf-16", "surrogatepass").decode("utf-16") if len(pair) == 2 else "\ufffd"


def controls(text: str) -> Iterator[Change]:
    """Terminal escapes and characters that have no business in text."""
    return ((match.start(), match.end(), "") for match in CONTROL.finditer(text))


def soft_hyphens(text: str) -> Iterator[Change]:
    """Hints where a word may break, which split words for every search; behind a foreign capital it may be half of a letter."""
    for match in SOFT_HYPHEN.finditer(text):
        left = text[match.start() - 1 : match.start()]
        if left.isascii() or not left.isupper():
            yield match.start(), match.end(), ""


def zero_width(text: str) -> Iterator[Change]:
    """Zero-width characters, except where a script or an emoji needs them."""
    for match in ZERO_WIDTH.finditer(text):
        left, right = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        run = set(match[0])
        if run <= {"\u200c", "\u200d"} and (JOINING.match(left) or JOINING.match(right)):
            continue
        if match[0] == "\u200d" and _EMOJI.match(left) and _EMOJI.match(right):
            continue
        if run <= {"\u200b", "\u2060"} and (_SPACELESS.match(left) or _SPACELESS.match(right)):
            continue
        yield match.start(), match.end(), ""


def bidi(text: str) -> Iterator[Change]:
    """Direction controls in a line that has nothing that runs from right to left."""
    if _RTL.search(text):
        return
    for match in BIDI.finditer(text):
        yield match.start(), match.end(), ""


FIXES: dict[str, Callable[[str], Iterator[Change]]] = {
    "mojibake/surrogates": surrogates,
    "mojibake/entities": entities,
    "mojibake/control": controls,
    "mojibake/soft-hyphen": soft_hyphens,
    "mojibake/zero-width": zero_width,
    "mojibake/bidi": bidi,
}


def fix(draft: Draft, rules: Sequence[str], active: Set[str]) -> None:
    """Apply those of `FIXES` that are named and active to the line."""
    if not (SPECIAL.search(draft.text) or ENTITY.search(draft.text)):
        return
    for rule in rules:
        if rule in active:
            changes = list(FIXES[rule](draft.text))
            if changes:
                draft.replace_all(changes, rule)
