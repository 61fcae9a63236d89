"""What pages set side by side and extractors put into one word: names, roles, labels and times are parted again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cleanup.stages.boilerplate_suspects import EDGES

_GLUED = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")  # "Ann LeeReporter"
GLUE = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ]")
_SCOTTISH = re.compile(r"\b(?:Ma?c|De|Di|La|Le|Du|Van|Von|O)$")  # "McDonald" is one word
_YEAR = re.compile(r"(?:19|20)\d\d")
_SEAM = re.compile(r"[a-zà-ÿа-я\d)][A-ZÀ-ÞА-Я]")
_DIGIT = re.compile(r"\d")
_HANDLE = re.compile(r"(?<=\w)\s?@\w+|(?<=[^\W\d_]{2})\d{1,2}(?=\W*$)")  # "Ann Lee@annlee", "Ann Lee1,"
_ITEM = re.compile(r"^\s*(?:[•·▪■*]|\d{1,2}\.)\s+")
_ADDRESS = re.compile(r"(?<!\S)[\[(]?[\w.+-]+@[\w-]+(?:\.[\w-]+)+[\])]?")
_SOURCED = re.compile(r"(?<=\w)\s+(?=[^\W\d_]{2,8}\s?[:：]\s?[^\s\d])")  # "12:30 来源：新华网"
_LABELLED = re.compile(r"\s+(?=[\u4e00-\u9fff]{2,5}[:：][^\s\d])")  # "来源：新华网 作者：张三"
_TIMED = re.compile(r"\d:\d\d|\d{5}")
_TIMES = re.compile(
    r"(?<=[./\s](?:19|20)\d\d)(?=\d{1,2}[.:]\s?\w)"  # "28 20232:23 PM", "30.01.202430. Januar"
    r"|(?<=\d:\d\d)(?=[^\W\d_]{2})"  # "10:15CEST"
    r"|(?<=[^\W\d_]{4})(?=\d{1,2}:\d\d)"  # "Updated20:49"
)

CJK_NAME = re.compile(r"[\u4e00-\u9fff々]{2,4}|[\u4e00-\u9fff々]{1,3}\s[\u4e00-\u9fff々]{1,3}|[\uac00-\ud7a3]{2,4}")
HANGUL_NAME = 3  # syllables of nearly all Korean names


def unglued(text: str) -> str:
    """Words that a page set without a space between, parted where a capital follows a small letter."""
    if not GLUE.search(text):
        return text
    return _GLUED.sub(lambda match: "" if _SCOTTISH.search(text[: match.start()]) else " ", text)


def once(text: str) -> str:
    """A text that says the same twice, once.

    >>> once("Ann Lee Ann Lee"), once("vor 3 Stundenvor 3 Stunden")
    ('Ann Lee', 'vor 3 Stunden')
    """
    size = len(text)
    half = text[: size // 2].rstrip()
    return half if size > 5 and half == text[(size + 1) // 2 :].lstrip() else text


def item(line: str) -> str:
    """A line that is a name without the bullet before it and what is glued behind it: "• Ann Lee1,", "Ann Lee@annlee"."""
    if bullet := _ITEM.match(line):
        line = line[bullet.end() :]
    return once(_HANDLE.sub("", line) if "@" in line or _DIGIT.search(line) else line)


def without_address(line: str) -> str:
    """A line without mail addresses."""
    return _ADDRESS.sub("", line).strip() if "@" in line else line


def hangul_names(text: str) -> list[str]:
    """The names before a role in Korean: all of a list of names, else the last word, since place and paper stand before it.

    >>> hangul_names("이상현·김혜진"), hangul_names("서울, 뉴스 김철수")
    (['이상현', '김혜진'], ['김철수'])
    """
    parts = [part.strip(EDGES) for part in re.split(r"[,·ㆍ/]", text) if part.strip(EDGES)]
    if parts and all(len(part) == HANGUL_NAME and CJK_NAME.fullmatch(part) for part in parts):
        return parts
    last = text.strip(EDGES).split()[-1:]
    return [name for name in last if CJK_NAME.fullmatch(name)]


class Seams:
    """Parts of lines that say when, by the words that begin such a part."""

    def __init__(self, labels: Sequence[str], counts: Sequence[str]) -> None:
        known = "|".join(re.escape(label[0].upper() + label[1:]) for label in labels if len(label) > 3)
        counted = "|".join(re.escape(count[0].upper() + count[1:]) for count in counts if len(count) > 4)
        known = rf"(?:{known or '(?!)'})(?![^\W\d_])|(?:{counted or '(?!)'})\W{{0,3}}\d"
        self._label = re.compile(rf"(?<=[^\W_A-ZÀ-Þ])(?={known})")
        self._counting = {count.split()[0] for count in counts if len(count) > 4}
        self._ascii_counting = {one for one in self._counting if one.isascii()}
        named = "|".join(re.escape(count) for count in counts if len(count) > 4) or "(?!)"
        self._count = re.compile(rf"(?<=\w)\s+(?=(?:{named})\W{{0,3}}\d|\d{{1,3}}\s(?:{named}))", re.IGNORECASE)

    def part(self, line: str) -> str:
        """A line with its glued times and labels parted.

        >>> Seams(["published"], []).part("Ann LeePublished Apr 28 20232:23 PM")
        'Ann Lee | Published Apr 28 2023 2:23 PM'
        >>> Seams([], ["reading time"]).part("03.05.2024 10:15 hReading time: 2 min")
        '03.05.2024 10:15 h | Reading time: 2 min'
        >>> Seams([], ["reading time", "min read"]).part("03.05.2024 10:15 Reading time: 2 min")
        '03.05.2024 10:15 | Reading time: 2 min'
        """
        if not _DIGIT.search(line):
            return line
        line = _TIMES.sub(" ", line) if _TIMED.search(line) else line
        counting = self._ascii_counting if line.isascii() else self._counting
        if _YEAR.search(line) and any(map(line.casefold().__contains__, counting)):
            line = self._count.sub(" | ", line, count=1)
        if _YEAR.search(line):
            line = _LABELLED.sub(" | ", _SOURCED.sub(" | ", line, count=1))
        return once(self._label.sub(" | ", line) if _SEAM.search(line) else line)
