"""Repairs of words and paragraphs: words that a line end has split, paragraphs in a Caesar cipher, pinyin put into Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cleanup import rules
from cleanup.document import Edit
from cleanup.parse.letters import letters

# Short words of English, German, French, Spanish, Italian, Dutch, Portuguese, Swedish, Danish and Polish, a letter further on.
CIPHERED = (
    "uif", "boe", "uibu", "gps", "xbt", "xjui", "ejf", "efs", "ebt", "voe", "efo", "efn", "nju", "bvg", "jtu", "wpo",
    "ojdiu", "tjdi", "mft", "eft", "rvf", "vof", "ebot", "qpvs", "mpt", "vob", "efm", "dpo", "dif", "opo", "efmmb", "qfs",
    "ifu", "wbo", "ffo", "pdi", "buu", "tpn", "efu", "oif",
)  # fmt: skip
TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
_PINYIN = re.compile(rf"\(([bpmfdtnlgkhjqxzcsryw]?h?[iuü]?[aeiouü{TONES}]{{1,3}}(?:n|ng|r)?)\)")
_BREAK = re.compile("[-\u2010\xad]\r?\n")
_SPLIT = re.compile("([^\\W\\d_]{2,})([-\u2010\xad]\r?\n)[ \t]*([^\\W\\d_]{2,})")
_JOINED_BY = frozenset(("and", "or", "und", "oder", "en", "of", "och", "eller", "og", "et", "ou"))
_WORD = 60  # characters of a word at most


def split_words(text: str) -> Iterator[Edit]:
    """Words that a hyphen and a line end have split, put together where that gives a word, and not two with a hyphen."""
    for place in _BREAK.finditer(text):
        begin = place.start()
        while begin > max(0, place.start() - _WORD) and text[begin - 1].isalpha():
            begin -= 1
        match = _SPLIT.match(text, begin, place.end() + _WORD)
        if match is None:
            continue
        left, _, right = match.groups()
        if not right.islower() or not (left.islower() or left.istitle()) or f"{left}-{right}" in text:
            continue
        if right in _JOINED_BY and left.lower() in words():  # "start-\nen stoptijden": the hyphen is meant
            continue
        joined = left.lower() + right
        elsewhere = re.search(rf"(?<!\w){re.escape(joined)}(?!\w)", text, re.I) is not None
        if elsewhere or joined in words():
            parts = {left.lower(), right} <= words()
            score = 0.97 if elsewhere or not parts else 0.92
        elif not {left.lower(), right} <= words() and _saves(left, right) >= 6:
            score = 0.7
        else:
            continue
        why = {"word": left + right, "evidence": "document" if elsewhere else "lexicon" if joined in words() else "letters"}
        start, end = match.start(2), match.start(3)
        yield Edit(start, end, text[start:end], "", "mojibake/hyphen-newline", score, why)


def _saves(left: str, right: str) -> float:
    model = letters()
    return model.fit(f"{left} {right}").bits - model.fit(left + right).bits


@cache
def words() -> frozenset[str]:
    """The commonest words of languages that hyphenate."""
    path = rules.built_in() / "mojibake" / "words.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.partition("\t")[2].split(" "))


_CIPHERED_WORD = re.compile(" (?:" + "|".join(CIPHERED) + ") ")


def ciphered(text: str) -> Iterator[Edit]:
    """Paragraphs in which every character is the one after the right one, as paywalls do it: there is no "a" in them then."""
    at = 0
    for line in text.split("\n"):
        if len(line) >= 20 and "a" not in line and _CIPHERED_WORD.search(line):
            plain = "".join(char if char.isspace() else chr(ord(char) - 1) for char in line)
            model = letters()
            now, then = model.fit(line[:400]), model.fit(plain[:400])
            gain = now.bits - then.bits
            if gain >= 40 and then.rate < 4.6 and now.rate > then.rate + 1.2:
                why = {"bits": round(gain, 1), "language": then.language}
                yield Edit(at, at + len(line), line, plain, "mojibake/rot1", 0.97, why)
        at += len(line) + 1


def pinyin(text: str) -> Iterator[Edit]:
    """Pronunciation in brackets behind Chinese characters, put there to spoil copies: single syllables, again and again."""
    found = [
        match
        for match in _PINYIN.finditer(text)
        if not set(match[1]).isdisjoint(TONES) and "\u4e00" <= text[match.start() - 1 : match.start()] <= "\u9fff"
    ]
    score = 0.95 if len(found) > 2 else 0.6
    for match in found:
        yield Edit(match.start(), match.end(), match[0], "", "mojibake/pinyin", score, {"times": len(found)})
