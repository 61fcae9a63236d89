"""Distil `rules/mojibake/letters.tsv` and `words.tsv` from word frequency lists; run once, the results are kept.

    pip install wordfreq simplemma
    python tests/bench/make_letters.py > rules/mojibake/letters.tsv
    python tests/bench/make_letters.py words > rules/mojibake/words.tsv

Sources: wordfreq 3.1 (42 languages; its words are case folded: ß comes back by simplemma 2.0's German dictionary) and, for
languages that it lacks, the n-gram counts of langdetect 1.0.9's profiles. Costs are -log2 of the probability of a letter
after the two before it, in half bits, "_" being the edge of a word; for Chinese, Japanese and Korean, of a character after
the one before it.
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import langdetect
from wordfreq import available_languages, get_frequency_list

IDEOGRAPHIC = {"zh", "zh-hant", "ja", "ko"}
PROFILES = {
    "et": "et",
    "th": "th",
    "sq": "sq",
    "af": "af",
    "cy": "cy",
    "gu": "gu",
    "kn": "kn",
    "ml": "ml",
    "mr": "mr",
    "ne": "ne",
    "pa": "pa",
    "te": "te",
}
WORDS = 60_000
TRIGRAMS, BIGRAMS, PAIRS = 7000, 1500, 10_000  # kept of each language; PAIRS: of characters of an ideographic one
SERBIAN = dict(zip("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш", strict=True))


def main() -> None:
    out = sys.stdout
    out.write("# Character n-gram costs in half bits, from wordfreq 3.1 (CC BY-SA 4.0 lists; these are counts of them) and\n")
    out.write(
        "# langdetect 1.0.9 (Apache-2.0 profiles). language, cost, grams joined by spaces. Made by tests/bench/make_letters.py\n"
    )
    for lang in sorted({*available_languages("best"), *PROFILES, "sr", "zh-hant"}):
        grams = profile(lang) if lang in PROFILES else words(lang)
        write(out, lang, costs(*grams, lang in IDEOGRAPHIC), lang)


SPLIT = (
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "sh", "sl", "lt",
    "lv", "tr", "el", "ru", "uk", "bg", "ca", "is", "id",
)  # fmt: skip


def common(count: dict[str, int]) -> None:
    """The commonest words, for words that a line end has split."""
    out = sys.stdout
    out.write(
        "# The commonest words of languages that hyphenate, from wordfreq 3.1 (CC BY-SA 4.0 lists). Made by make_letters.py\n"
    )
    for lang in SPLIT:
        found: list[str] = []
        for bucket in get_frequency_list(lang, "best"):
            for word in bucket:
                if word.isalpha() and len(word) > 1 and not foreign(word, lang):
                    forms = variants(word, lang, {})
                    found.append(max(forms, key=lambda form: form[1])[0])
        out.write(f"{lang}\t{' '.join(sorted(found[: count.get(lang, 4000)]))}\n")


def words(lang: str) -> tuple[Counter, Counter, Counter]:
    """Weighted counts of n-grams of the word list."""
    one, two, three = Counter(), Counter(), Counter()
    table = traditional() if lang == "zh-hant" else {}
    source = {"sr": "sh", "zh-hant": "zh"}.get(lang, lang)
    seen = 0
    for cb, bucket in enumerate(get_frequency_list(source, "best")):
        if not bucket:
            continue
        weight = (10 ** (-cb / 100)) ** (0.5 if lang in IDEOGRAPHIC else 0.6)
        for word in bucket:
            word = unicodedata.normalize("NFC", word)
            if not all(unicodedata.category(c)[0] in "LM" or c in "\u200c\u200d" for c in word) or foreign(word, lang):
                continue
            if lang == "hu" and not set(word).isdisjoint("õûôâî"):
                continue  # what the web makes of ő and ű
            if lang == "sr":
                word = serbian(word)
                if not all("Ѐ" <= c <= "ӿ" for c in word):
                    continue
            for variant, share in variants(word, lang, table):
                count(variant if lang in IDEOGRAPHIC else f"_{variant}_", weight * share, one, two, three)
            seen += 1
        if seen > WORDS:
            break
    return one, two, three


@cache
def sharp_s() -> tuple[dict[str, list[str]], set[str]]:
    """German words with ß by what case folding makes of them, and the words with ss, from simplemma's dictionary."""
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    sharp: dict[str, list[str]] = defaultdict(list)
    double: set[str] = set()
    for word in DefaultDictionaryFactory().get_dictionary("de"):
        if "ß" in word:
            sharp[word.casefold()].append(word.lower())
        elif "ss" in word:
            double.add(word.lower())
    return sharp, double


def variants(word: str, lang: str, table: dict[int, str]) -> list[tuple[str, float]]:
    """Other spellings that old encodings force on a language, or that case folding and simplification have hidden."""
    if lang == "el" and word.endswith("σ"):
        word = word[:-1] + "ς"
    out = [(word, 1.0)]
    if table:
        # Some simplified characters are traditional ones as well: both are counted.
        sure = word.translate({code: char for code, char in table.items() if not common_big5(chr(code))})
        out = [(sure, 0.5), (word.translate(table), 0.5)] if sure != word.translate(table) else [(sure, 1.0)]
    if lang == "ro":
        out.append((word.translate({0x219: "ş", 0x21B: "ţ"}), 1.0))
    if lang == "de" and "ss" in word:
        sharp, double = sharp_s()
        out = [(word, 0.9 if word in double else 0.1 if word in sharp else 1.0)]
        out += [(other, 1.0 - out[0][1]) for other in dict.fromkeys(sharp.get(word, ()))]
    if lang == "el":
        bare = "".join(c for c in unicodedata.normalize("NFD", word) if c != "\u0301")
        out.append((unicodedata.normalize("NFC", bare), 0.1))
    if lang == "ru" and "ё" in word:
        out.append((word.replace("ё", "е"), 1.0))
    if lang == "fa":
        out.append((word.translate({0x6CC: "\u064a", 0x6A9: "\u0643"}), 0.3))
    return [pair for index, pair in enumerate(out) if index == 0 or pair[0] != word]


def serbian(word: str) -> str:
    for latin, cyrillic in (("dž", "џ"), ("lj", "љ"), ("nj", "њ")):
        word = word.replace(latin, cyrillic)
    return "".join(SERBIAN.get(c, c) for c in word)


def foreign(word: str, lang: str) -> bool:
    own = SCRIPTS.get(lang, ("LATIN",))
    return not all(
        unicodedata.name(c, "").split(" ")[0].split("-")[0] in own
        for c in word
        if c not in "\u200c\u200d" and unicodedata.category(c)[0] in "LSN"
    )


SCRIPTS = {
    **dict.fromkeys(("ru", "uk", "bg", "mk"), ("CYRILLIC",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("ARABIC",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("DEVANAGARI",)),
    **dict.fromkeys(("zh", "zh-hant"), ("CJK",)),
    "el": ("GREEK",), "he": ("HEBREW",), "bn": ("BENGALI",), "ta": ("TAMIL",), "th": ("THAI",), "gu": ("GUJARATI",),
    "kn": ("KANNADA",), "ml": ("MALAYALAM",), "pa": ("GURMUKHI",), "te": ("TELUGU",), "ko": ("HANGUL", "CJK"),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
}  # fmt: skip


def traditional() -> dict[int, str]:
    """Simplified to traditional characters: the most frequent form in jieba's word list that Big5 has."""
    import gzip

    import msgpack
    import wordfreq

    data = Path(wordfreq.__file__).parent / "data"
    mapping = msgpack.unpackb(
        gzip.decompress((data / "_chinese_mapping.msgpack.gz").read_bytes()), strict_map_key=False, raw=False
    )
    freq: Counter = Counter()
    for line in (data / "jieba_zh_orig.txt").read_text(encoding="utf-8").splitlines():
        word, number, *_ = line.split(" ")
        for char in word:
            freq[char] += int(number)
    best: dict[int, str] = {}
    for code, simple in mapping.items():
        char = chr(code)
        if len(simple) == 1 and char != simple and common_big5(char):
            if simple in best and (freq[char]) <= freq[best[simple]]:
                continue
            best[simple] = char
    return {ord(simple): char for simple, char in best.items()}


def common_big5(char: str) -> bool:
    try:
        raw = char.encode("big5")
    except UnicodeEncodeError:
        return False
    return len(raw) == 2 and b"\xa4\x40" <= raw <= b"\xc6\x7e"


def count(word: str, weight: float, one: Counter, two: Counter, three: Counter) -> None:
    for i, c in enumerate(word):
        one[c] += weight
        if i:
            two[word[i - 1 : i + 1]] += weight
        if i > 1:
            three[word[i - 2 : i + 1]] += weight


def profile(lang: str) -> tuple[Counter, Counter, Counter]:
    """n-gram counts of langdetect's profile, case folded."""
    path = Path(langdetect.__file__).parent / "profiles" / PROFILES[lang]
    one, two, three = Counter(), Counter(), Counter()
    for gram, number in json.loads(path.read_text(encoding="utf-8"))["freq"].items():
        gram = gram.lower().replace(" ", "_")
        if gram == "_":
            continue
        if foreign(gram.replace("_", ""), lang):
            continue
        (one, two, three)[len(gram) - 1][gram] += number
    one["_"] = sum(n for g, n in two.items() if g[0] == "_")
    return one, two, three


def costs(one: Counter, two: Counter, three: Counter, ideographic: bool) -> dict[str, float]:
    """Interpolated conditional costs in bits."""
    total = sum(one.values())
    first = {c: n / total for c, n in one.items() if n}
    follow: dict[str, float] = defaultdict(float)
    for gram, n in two.items():
        follow[gram[0]] += n
    # Lists of words know nothing of what follows what across words: where words are not told apart, weigh that in.
    k = total * 2e-5
    share = 0.5 if ideographic else 0.0
    second = {
        g: share * first.get(g[1], 1e-7) + (1 - share) * (n + k * first.get(g[1], 1e-7)) / (follow[g[0]] + k)
        for g, n in two.items()
    }
    out = {c: -math.log2(p) for c, p in first.items()}
    limit = sorted(two.values(), reverse=True)[: PAIRS if ideographic else BIGRAMS][-1]
    out.update({g: -math.log2(p) for g, p in second.items() if two[g] >= limit and g != "__"})
    if not ideographic:
        pairs: dict[str, float] = defaultdict(float)
        for gram, n in three.items():
            pairs[gram[:2]] += n
        limit = sorted(three.values(), reverse=True)[:TRIGRAMS][-1]
        for g, n in three.items():
            if n >= limit:
                out[g] = -math.log2((n + k * second.get(g[1:], 1e-4)) / (pairs[g[:2]] + k))
    return out


def write(out, lang: str, table: dict[str, float], _: str) -> None:
    levels: dict[int, list[str]] = defaultdict(list)
    for gram, bits in table.items():
        levels[min(60, round(bits * 2))].append(gram)
    for level in sorted(levels):
        out.write(f"{lang}\t{level}\t{' '.join(sorted(levels[level]))}\n")


if __name__ == "__main__":
    common({"en": 12_000, "de": 8000}) if "words" in sys.argv else main()
