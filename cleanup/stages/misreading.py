"""Misreadings that ftfy does not attempt: which other reading of a line's bytes is likelier to be what somebody wrote.

A reading is proposed when it saves so many bits (see `cleanup.parse.letters`) that chance is out of the question, and when
what it makes of the changed words looks like words of a language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import msgspec

from cleanup.parse import letters as language
from cleanup.stages import codepages, readings
from cleanup.stages.mojibake_draft import differences

LAYERS = 3
_WORDY = 10  # letters of a line that can be told from a name, or a word of a language that is not known
FOLLOWED = 5.0  # bits that are enough where other lines of the document were misread in the same way
LONG = 200  # characters of a word beyond which only its beginning is looked at first
_WIDE, _PLAIN = 24, 16  # words of a line that are looked at first: those that can change, and those that show the language
_RARE = frozenset(
    ("cp874", "mac-latin2", "cp1258", "iso8859-5", "iso8859-7", "mac-cyrillic", "koi8-u", "iso8859-15", "cp852", "euc_jp")
)
_GROUPS = {
    "cyrillic": ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic"), "greek": ("cp1253", "iso8859-7"),
    "central": ("cp1250", "iso8859-2", "cp852", "mac-latin2"), "western": ("cp1252", "cp437", "cp850", "mac-roman"),
    "turkish": ("cp1254",), "baltic": ("cp1257",), "hebrew": ("cp1255",), "arabic": ("cp1256",), "thai": ("cp874",),
    "east-asian": readings.TRUE_MULTI,
}  # fmt: skip
_GROUP = {name: group for group, names in _GROUPS.items() for name in names}
# What browsers and programs take for one another.
_LOOK_ALIKE = (("cp1252", "latin-1", "iso8859-15", "cp1254"), ("cp1250", "iso8859-2"), ("cp437", "cp850", "cp852"))
# Names of rules, where they differ from the codec's.
_NAMES = {
    "mac-roman": "macroman", "koi8-u": "koi8-r", "latin-1": "cp1252", "iso8859-15": "cp1252", "iso8859-2": "iso-8859-2",
    "iso8859-5": "iso-8859-5", "iso8859-7": "cp1253", "gb18030": "gbk", "cp932": "shift-jis", "euc_jp": "euc-jp",
}  # fmt: skip
UTF8_RULES = {name: _NAMES.get(name, name) for name in (*readings.UTF8_IN_SINGLE, *readings.UTF8_IN_MULTI)}


class Reading(msgspec.Struct, frozen=True):
    """Another reading of a line: its text, how it comes about, and what speaks for it."""

    text: str
    hypothesis: readings.Hypothesis
    gain: float  # bits saved, less what the hypothesis itself costs
    score: float
    language: str

    @property
    def rule(self) -> str:
        """The rule's id."""
        wrong, true = self.hypothesis.wrong, self.hypothesis.true
        return "mojibake/" + (UTF8_RULES[wrong] if true == "utf-8" else f"legacy-{_GROUP[true]}")

    @property
    def why(self) -> dict[str, object]:
        """The evidence."""
        written, read = self.hypothesis.true, self.hypothesis.wrong
        return {"written": written, "read": read, "bits": round(self.gain, 1), "language": self.language}


def repair(line: str) -> Reading | None:
    """What `line` was before it was misread, once or several times; None when no other reading saves enough bits."""
    first: Reading | None = None
    text, gain = line, 0.0
    for _ in range(LAYERS):
        found = _best(text)
        if found is None or (first and found.gain < 25):
            break
        first = first or found
        gain += found.gain
        text = found.text
        if found.score >= 0.9:
            break
    if first is None or text == first.text:
        return first
    fit = language.letters().fit(text)
    return Reading(text, first.hypothesis, gain, _score(line, text, first.hypothesis.true, gain), fit.language)


def _best(line: str) -> Reading | None:
    """The likeliest other reading of `line`, one misreading away."""
    if readings.spaced().search(line):
        found = _ranked(line, "", readings.readings(line))
    else:
        # Only words that are not ASCII can change; a sample of them tells which hypotheses are worth trying on the line.
        wide, plain, cut = _sample(line)
        found = _ranked(wide, plain, readings.readings(wide, cut))[:3]
        if wide != line:
            tried = [(text, one) for _, _, one in found if (text := readings.reread(line, one)) is not None and text != line]
            found = _ranked(line, "", tried)
    for gain, text, hypothesis in found[:1]:
        score = _score(line, text, hypothesis.true, gain)
        if hypothesis.true != "utf-8" and len(found) > 1 and gain - found[1][0] < 2:
            score = min(score, 0.6)
        return Reading(text, hypothesis, gain, score, language.letters().fit(text).language)
    return None


def _ranked(
    line: str, beside: str, candidates: Iterable[tuple[str, readings.Hypothesis]]
) -> list[tuple[float, str, readings.Hypothesis]]:
    """(bits saved, text, hypothesis) of the candidates for `line` that save any, best first; `beside` stands beside it."""
    model = language.letters()
    context = model.tally(beside)
    base = model.fit(line, context).bits
    seen = {line}
    out: list[tuple[float, str, readings.Hypothesis]] = []
    for text, hypothesis in candidates:
        if text not in seen:
            seen.add(text)
            gain = base - model.fit(text, context).bits
            if gain > 8:
                gain -= _price(line, hypothesis.wrong, hypothesis.true) + _oddities(text, hypothesis.true)
            if gain > 8:
                out.append((gain, text, hypothesis))
    return sorted(out, key=lambda one: -one[0])


def _sample(line: str) -> tuple[str, str, bool]:
    """The words that are not ASCII, or some of them; some that are; True when a word is cut off."""
    words = line.split(" ")
    wide = [word for word in words if not word.isascii()]
    if len(wide) > _WIDE:
        wide = wide[:: len(wide) // _WIDE][:_WIDE]
    cut = max(map(len, wide)) > LONG
    if cut:
        wide = [max(wide, key=len)[:LONG]]
    return " ".join(wide), " ".join([word for word in words if word.isascii() and len(word) > 1][:_PLAIN]), cut


def by_chance(line: str, fixed: str) -> bool:
    """Whether bytes of a word are UTF-8 by chance: a letter of another script has come among foreign Latin ones that stayed."""
    words, after = line.split(" "), fixed.split(" ")
    return len(words) == len(after) and any(map(_patchy, words, after))


def _patchy(before: str, after: str) -> bool:
    if before == after or before.isascii():
        return False
    letters = {char for char in after if char > "\x7f" and char.isalpha()}
    stayed = {language.script(char) for char in letters.intersection(before)}
    new = {language.script(char) for char in letters.difference(before)} if "LATIN" in stayed else set()
    return bool(new) and "LATIN" not in new


_ENCODINGS = re.compile(
    r"mojibake|文字化け|乱码|亂碼|Zeichensalat|кракозябр|маймуниц|\bkrzaczk|\bUTF-?(?:8|16)\b|\bUnicode\b|\b(?:Windows|cp|CP)-?125\d\b"
    r"|\bISO[- ]?8859|\bLatin-?1\b|\b(?:character|text) (?:set|encoding)s?\b|\b(?:mis|en|de)cod(?:ed|ing)s?\b|\bencodage"
)
_CORE = re.compile(r"^\W+|\W+$")


def shown(line: str, fixed: str) -> bool:
    """Whether a line shows what misread text looks like: it has the right words, too, or it tells of encodings and has others
    that are not ASCII and right."""
    words, after = line.split(" "), fixed.split(" ")
    if len(words) != len(after):
        return False
    kept = [_CORE.sub("", word) for word, new in zip(words, after, strict=True) if word == new and not word.isascii()]
    right = [word for word in kept if any(char.isalpha() and char > "\x7f" for char in word)]
    made = [_CORE.sub("", new) for word, new in zip(words, after, strict=True) if word != new]
    return bool(right) and (_ENCODINGS.search(line) is not None or set(made) <= set(right))


_LATIN_READ = ("latin-1", "iso8859-2", "iso8859-15")
_LATIN_WRITTEN = ("mac-roman", "cp850", "cp852", "cp437", "cp1250")


def contested(line: str, fixed: str) -> Reading | None:
    """What a line with C1 controls reads like in an encoding other than cp1252, from which `fixed` takes what they mean; None
    where that is no likelier. That it was misread is certain, so the model alone decides how."""
    if len(line) != len(fixed) or not all(a == b or "\x80" <= a <= "\x9f" for a, b in zip(line, fixed, strict=True)):
        return None
    model = language.letters()
    never_closed = max(0, fixed.count("„") - fixed.count("“") - fixed.count("”"))
    base = model.fit(fixed).bits + _oddities(fixed, "cp1252") + 6.0 * never_closed
    found: dict[str, tuple[float, readings.Hypothesis]] = {}
    for wrong in _LATIN_READ:
        for true in _LATIN_WRITTEN:
            text = line.translate(codepages.translation(wrong, true))
            if text not in found and text != fixed and _C1.search(text) is None:
                gain = base - model.fit(text).bits - _oddities(text, true)
                found[text] = gain, readings.Hypothesis(wrong, true)
    best = sorted(found, key=lambda text: -found[text][0])[:2]
    if not best or found[best[0]][0] <= 4:
        return None
    gain, hypothesis = found[best[0]]
    sure = gain >= 12 and (len(best) == 1 or gain - found[best[1]][0] >= 8)
    return Reading(best[0], hypothesis, gain, 0.94 if sure else 0.6, model.fit(best[0]).language)


def _price(line: str, wrong: str, true: str) -> float:
    """Bits that a hypothesis costs: how unusual the pair is, and whether it leaves some of its own characters behind."""
    price = 6.0 + 8.0 * (wrong in _RARE) + 8.0 * (true in _RARE) + (0.0 if true == "utf-8" else 6.0)
    if true == "utf-8" and wrong in codepages.SINGLE:
        table = codepages.encoding_map(wrong)
        if any(char in table for char in codepages.utf8_pattern(wrong).sub("", line)):
            price += 15.0
    return price


_GLUED = re.compile("(?<=[^\\W\\d_])[¡¢£¤¥¦§¬±×÷¿†‡‰‹›‚„ˆ˜]|(?<=[^\\W\\d_])[\xa0€«“”‘][^\\W\\d_]")
_KANA = re.compile("[\u3041-\u30fa]")


def _oddities(text: str, true: str) -> float:
    """Bits for what letters do not tell: capitals and signs inside of words, kana from an encoding that only lends them."""
    if true == "utf-8":
        return 0.0
    inside = sum(a.islower() and b.isupper() and (a > "\x7f" or b > "\x7f") for a, b in pairwise(text))
    borrowed = true in ("gb18030", "big5", "cp949") and _KANA.search(text) is not None
    return 6.0 * (inside + len(_GLUED.findall(text))) + 20.0 * borrowed


def _score(line: str, text: str, true: str, gain: float) -> float:
    """From bits to a score: 0.9 and more is safe to apply, less is held for a person."""
    changed = list(differences(line, text))
    before = " ".join(line[start:end] for start, end, _ in changed)
    after = " ".join(new for _, _, new in changed)
    if _inversions(after) > _inversions(before) or _MONOTONE.search(after):
        return 0.3
    fit = language.letters().fit(after)
    foreign = sum(char > "\x7f" and char.isalpha() for char in after)
    east = 2 * sum(char > "\u2e80" for char in after) > fit.letters
    if foreign and fit.rate > (10.5 if east else 5.2):
        return 0.6 if fit.rate < (12 if east else 6.5) and gain >= 10 else 0.3
    if not foreign and not all(
        _TYPOGRAPHIC.match(char) or char >= "\U0001f000" for char in set(after) - set(before) if char > "\x7f"
    ):
        return 0.3
    if not foreign and not (_well_placed(after) and (true == "utf-8" or (gain >= 20 and _count(after) > 1))):
        return 0.6 if gain >= 10 else 0.3
    if true != "utf-8" and not _trustworthy(
        text, after, foreign, gain, sure=_C1.search(before) is not None and _C1.search(text) is None
    ):
        return 0.6 if gain >= 10 else 0.3
    if gain >= 20:
        return 0.97 if gain >= 40 else 0.94
    if gain >= 13 and true == "utf-8" and _IMPOSSIBLE.search(before) and not _IMPOSSIBLE.search(text):
        return 0.92  # what no text has was there, and is gone
    return 0.6 if gain >= 10 else 0.3


def _trustworthy(text: str, after: str, foreign: int, gain: float, sure: bool) -> bool:
    """What one legacy encoding read as another has to show beyond good words: a whole line that is a language."""
    whole = language.letters().fit(text)
    ideographs = 2 * sum(char > "\u2e80" for char in text) > whole.letters
    if whole.rate > (10.0 if ideographs else 4.7) or (whole.letters < _WORDY and not ideographs and not sure):
        return False
    scripts = [language.script(char) for char in after if char.isalpha()]
    main = max(set(scripts), key=scripts.count, default="LATIN")
    if main != "LATIN" and 2 * sum(language.script(char) == main for char in text if char.isalpha()) < whole.letters:
        return False
    # A line with C1 controls has been misread: the question is only how.
    return gain >= (10 if sure else 28 if foreign == 1 else 24 if foreign else 20)


_MONOTONE = re.compile(r"([^\W\d_])\1{4}")  # what rules and frames become
# Controls, box drawing, and ideographs inside of a Latin word: nobody writes them so.
_IMPOSSIBLE = re.compile("[\x80-\x9f\u2500-\u259f\ufffd]|[a-z]{2}[\u3400-\ud7a3]+(?![^ .,;:!?])|[a-z][\u3400-\ud7a3]+[a-z]")
_C1 = re.compile("[\x80-\x9f]")
_TYPOGRAPHIC = re.compile("[\u2010-\u2026\u20ac\u2122\u00ab\u00bb\u00a0\u00a3\u00bf\u00a1]")
_MISPLACED = re.compile(
    r"[^\W\d_][“„«‹¿¡€][^\W\d_]|[”»][^\W\d_]|[^\W\d_]…[^\W\d_]|‘(?!\w)|’(?!(?:s|t|re|ve|ll|d|m|n)\b)(?<!\b\w’)(?<!\w\wl’)(?<!qu’)[^\W\d_]"
)


def _count(text: str) -> int:
    return len(_TYPOGRAPHIC.findall(text))


def _well_placed(text: str) -> bool:
    """Whether quotes, dashes and apostrophes stand where they belong."""
    return _MISPLACED.search(text) is None


def _inversions(text: str) -> int:
    """Capitals after small letters."""
    return sum(a.islower() and b.isupper() for a, b in pairwise(text))


def follow(line: str, hypothesis: readings.Hypothesis, least: float = FOLLOWED) -> Reading | None:
    """What `line` reads like if it was misread just as other lines of its document; None when that saves too little."""
    text = readings.reread(line, hypothesis)
    if text is None or text == line or _inversions(text) > _inversions(line):
        return None
    model = language.letters()
    fit = model.fit(text)
    gain = model.fit(line).bits - fit.bits
    return Reading(text, hypothesis, gain, 0.92, fit.language) if gain >= least else None


def gain(line: str, hypothesis: readings.Hypothesis) -> float:
    """Bits that a hypothesis saves on a line; less than none where the line is likelier as it is."""
    text = readings.reread(line, hypothesis)
    if text is None or text == line:
        return 0.0
    model = language.letters()
    return model.fit(line).bits - model.fit(text).bits - _oddities(text, hypothesis.true)


def alike(hypothesis: readings.Hypothesis) -> list[readings.Hypothesis]:
    """A hypothesis and those beside it: encodings of the same kind, written or read."""
    wrong = next((names for names in _LOOK_ALIKE if hypothesis.wrong in names), (hypothesis.wrong,))
    group = _GROUPS[_GROUP[hypothesis.true]]
    if hypothesis.wrong in codepages.MULTI or hypothesis.true in codepages.MULTI:
        return [hypothesis]
    return list(dict.fromkeys([hypothesis, *(readings.Hypothesis(one, true) for one in wrong for true in group)]))


def tongue(text: str) -> str:
    """The language that a text fits best."""
    return language.letters().fit(text).language


def likelier(one: str, other: str) -> bool:
    """Whether `one` is clearly likelier to be what somebody wrote."""
    mine, theirs = set(one), set(other)
    if all(map(_usual, mine - theirs)) and not all(map(_usual, theirs - mine)):
        return True
    model = language.letters()
    return model.fit(one).bits + 10 < model.fit(other).bits


@cache
def _usual(char: str) -> bool:
    """Typographic signs and Latin letters, as in most texts."""
    return language.symbols(char) <= 8 if not char.isalpha() else char < "\u0180"


LEGACY = frozenset(f"mojibake/legacy-{name}" for name in _GROUPS)
RULES = frozenset(f"mojibake/{name}" for name in UTF8_RULES.values()) | LEGACY
