"""The mojibake stage beside ftfy in the same run: misreading matrix, ftfy's suite, false changes, speed.

POLARS_MAX_THREADS=1 python tests/bench/bench_mojibake.py [matrix] [suite] [false] [speed] [-v]
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import ftfy
from data import aeb, data_dir, mojibake, news

from cleanup.config import MojibakeConfig
from cleanup.document import Document
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.stages import Propose, get

CASES = Path(__file__).resolve().parents[1] / "cases"
# What the stage leaves alone, ftfy leaves alone too: quotes, widths, ligatures.
PLAIN = ftfy.TextFixerConfig(uncurl_quotes=False, fix_character_width=False, fix_latin_ligatures=False, explain=False)
INVISIBLE = ("mojibake/soft-hyphen", "mojibake/zero-width", "mojibake/bidi", "mojibake/control")

SINGLE = (
    "latin-1", "cp1252", "cp1254", "cp1250", "cp1251", "cp1253", "cp1257", "iso8859-2", "macroman", "cp437", "cp850", "cp852",
    "koi8-r", "cp866",
)  # fmt: skip
MULTI = ("gbk", "gb18030", "cp932", "cp949", "big5", "euc_jp")
TWICE = ("cp1252", "cp1251", "koi8-r", "cp850")
LEGACY = {
    "cp1252": ("macroman", "cp1250", "cp1251", "cp437", "cp850"), "macroman": ("cp1252",), "cp850": ("cp1252",),
    "cp437": ("cp1252",), "cp1250": ("cp1252", "iso8859-2"), "iso8859-2": ("cp1252",), "cp852": ("cp1252", "cp1250"),
    "cp1254": ("cp1252",), "cp1257": ("cp1252",), "cp1251": ("cp1252", "koi8-r", "cp866"),
    "koi8-r": ("cp1251", "cp1252", "cp866"),
    "cp866": ("cp1251", "cp1252"), "cp1253": ("cp1252", "cp1251"), "cp1255": ("cp1252",), "cp1256": ("cp1252",),
    "cp874": ("cp1252",), "cp932": ("cp1252", "gbk"), "euc_jp": ("cp1252", "gbk"), "gbk": ("cp1252", "big5", "cp932"),
    "big5": ("cp1252", "gbk"), "cp949": ("cp1252", "gbk"),
}  # fmt: skip
NATIVE = {
    **dict.fromkeys(("en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "is"), ("cp1252", "macroman", "cp850")),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr"), ("cp1250", "iso8859-2", "cp852")),
    **dict.fromkeys(("lt", "lv", "et"), ("cp1257",)),
    **dict.fromkeys(("ru", "uk", "bg"), ("cp1251", "koi8-r", "cp866")),
    "tr": ("cp1254",),
    "sr": ("cp1251",),
    "el": ("cp1253",),
    "he": ("cp1255",),
    "ar": ("cp1256",),
    "fa": ("cp1256",),
    "th": ("cp874",),
    "zh": ("gbk",),
    "zh-hant": ("big5",),
    "ja": ("cp932", "euc_jp"),
    "ko": ("cp949",),
}


def misread(data: bytes, encoding: str) -> str | None:
    """Bytes in the wrong encoding as browsers do it: what a single-byte encoding lacks passes through as C1 controls."""
    if encoding in MULTI:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            return None
    return "".join(_single(encoding)[byte] for byte in data)


_TABLES: dict[str, list[str]] = {}


def _single(encoding: str) -> list[str]:
    if encoding not in _TABLES:
        _TABLES[encoding] = [bytes([b]).decode(encoding, "replace").replace("\ufffd", chr(b)) for b in range(256)]
    return _TABLES[encoding]


def sentences() -> dict[str, list[str]]:
    """Our own sentences by language."""
    return tomllib.loads((CASES / "mojibake_sentences.toml").read_text(encoding="utf-8"))


def matrix() -> Iterator[tuple[str, str, str, str]]:
    """(language, misreading, dirty, clean)."""
    for lang, texts in sentences().items():
        for text in (text for text in texts if not text.isascii()):
            for wrong in (*SINGLE, *MULTI):
                dirty = misread(text.encode(), wrong)
                if dirty is not None:
                    yield lang, f"utf-8 as {wrong}", dirty, text
            for wrong in TWICE:
                yield lang, f"utf-8 as {wrong} twice", _twice(text, wrong), text
            for true in NATIVE.get(lang, ()):
                try:
                    data = text.encode(true)
                except UnicodeEncodeError:
                    continue
                for wrong in LEGACY[true]:
                    dirty = misread(data, wrong)
                    if dirty is not None and dirty != text:
                        yield lang, f"{true} as {wrong}", dirty, text


def _twice(text: str, wrong: str) -> str:
    once = misread(text.encode(), wrong) or ""
    return misread(once.encode(), wrong) or ""


def cleaned(texts: list[str]) -> list[Document]:
    """The texts after the stage, to its fixed point."""
    docs = [Document(id=str(number), text=text) for number, text in enumerate(texts)]
    Pipeline(stages=["mojibake"]).map(docs)
    return docs


def bench_matrix(verbose: bool) -> None:
    """Exact restoration by language and by misreading."""
    cases = list(matrix())
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    langs: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (lang, kind, dirty, clean), doc in zip(cases, cleaned([case[2] for case in cases]), strict=True):
        theirs = ftfy.fix_text(dirty, PLAIN)
        for row in (rows[kind], langs[lang], rows["~all"], rows["~utf-8" if kind.startswith("utf-8") else "~legacy"]):
            row[0] += 1
            row[1] += theirs == clean
            row[2] += doc.text == clean
            row[3] += doc.text not in (clean, dirty)
        if verbose and doc.text != clean:
            held = [(row.rule, row.after, row.score) for row in doc.ledger if row.decision == "review"]
            print(f"{lang} {kind}\n  clean {clean}\n  dirty {dirty!r}\n  ours  {doc.text!r}\n  held  {held}")
    for table in (langs, rows):
        print(f"{'':28}{'n':>6}{'ftfy':>8}{'ours':>8}{'wrong':>8}")
        for name, (n, theirs, ours, wrong) in sorted(table.items()):
            print(f"{name:28}{n:6}{theirs / n:8.3f}{ours / n:8.3f}{wrong / n:8.3f}")


def bench_suite(verbose: bool) -> None:
    """ftfy's own cases; right is `fixed` or `fixed-encoding`, for the stage leaves quotes, widths and ligatures alone."""
    cases = list(mojibake())
    counts: Counter[tuple[str, str]] = Counter()
    for (name, case), doc in zip(cases, cleaned([case["original"] for _, case in cases]), strict=True):
        right = (case["fixed"], case.get("fixed-encoding", case["fixed"]))
        for file in (name, "~all"):
            counts[file, "n"] += 1
            counts[file, "ftfy"] += ftfy.fix_text(case["original"]) == case["fixed"]
            counts[file, "ours"] += doc.text in right
        if verbose and doc.text not in right:
            print(f"{name}: {case['original']!r}\n  right {case['fixed']!r}\n  ours  {doc.text!r}")
    for name in sorted({file for file, _ in counts}):
        print(f"{name:28}{counts[name, 'n']:6}{counts[name, 'ftfy']:8}{counts[name, 'ours']:8}")


def traps() -> list[tuple[str, str]]:
    """(name, text) that must not change."""
    found: dict[str, list[str]] = tomllib.loads((CASES / "mojibake_traps.toml").read_text(encoding="utf-8"))["traps"]
    return [(name, text) for name, texts in found.items() for text in texts]


def bench_false(verbose: bool) -> None:
    """Changes of clean text: gold bodies and traps. Invisible characters that bodies do have are told apart."""
    sets = {"gold bodies": [page.text for page in (*news(), *aeb())], "traps": [text for _, text in traps()]}
    sets["sentences"] = [text for texts in sentences().values() for text in texts]
    print(f"{'':28}{'n':>6}{'ftfy':>8}{'ours':>8}{'held':>8}{'invisible':>10}")
    for name, texts in sets.items():
        docs = cleaned(texts)
        rules = [{row.rule for row in doc.ledger if row.decision == "apply"} for doc in docs]
        changed = sum(bool(found - set(INVISIBLE)) for found in rules)
        held = sum(any(row.decision == "review" for row in doc.ledger) for doc in docs)
        unseen = sum(bool(found & set(INVISIBLE)) for found in rules)
        theirs = sum(ftfy.fix_encoding(text) != text for text in texts)
        print(f"{name:28}{len(texts):6}{theirs:8}{changed:8}{held:8}{unseen:10}")
        if verbose:
            for doc, text in zip(docs, texts, strict=True):
                if doc.text != text:
                    print({row.rule for row in doc.ledger}, repr(text[:100]))


def articles(texts: list[str], size: int = 4800) -> list[str]:
    """Texts cut at paragraphs into pieces of about one article."""
    out = [""]
    for line in (line for text in texts for line in text.split("\n")):
        if len(out[-1]) + len(line) > size:
            out.append("")
        out[-1] += line + "\n"
    return [text for text in out if len(text) > size / 2]


def composed(languages: tuple[str, ...], texts: Iterable[str] = (), count: int = 40, size: int = 4800) -> list[str]:
    """Articles of lines of those texts, or of our own sentences, in random order: for languages that there is little news in."""
    rng = random.Random(1)
    lines = [line for text in texts for line in text.split("\n") if line]
    lines = lines or [" ".join(rng.sample(sentences()[lang], 3)) for lang in languages for _ in range(12)]
    out = []
    for _ in range(count):
        parts = [rng.choice(lines)]
        while sum(map(len, parts)) < size / (2 if parts[0] > "\u2e80" else 1):
            parts.append(rng.choice(lines))
        out.append("\n".join(parts))
    return out


def dirtied(texts: list[str]) -> list[str]:
    """One text in twenty misread as a whole."""
    return [
        misread(text.encode(), ("cp1252", "latin-1")[n // 20 % 2]) or text if n % 20 == 0 else text
        for n, text in enumerate(texts)
    ]


def bench_speed() -> None:
    """CPU time of the stage's proposals and of ftfy.fix_text, one thread, quickest of several interleaved runs."""
    propose = get("mojibake").factory(MojibakeConfig(), directories())
    english = articles([page.text for page in aeb()] + [page.text for page in news() if page.language == "en"])
    english = [text for text in english if sum(char > "\x7f" for char in text) < len(text) / 20]
    if not data_dir():
        english = articles(["\n".join(sentences()["en"] * 20)] * 40)
    sets = {"en, clean": english, "en, clean, ASCII": [text.encode("ascii", "ignore").decode() for text in english]}
    sets["en, 5 % dirty"] = dirtied(english)
    german = articles([page.text for page in news() if page.language == "de"] or ["\n".join(sentences()["de"] * 60)])
    romance = articles([page.text for page in news() if page.language in ("es", "fr", "it")] or composed(("es", "fr", "it")))
    eastern = composed(("zh", "ja", "ko"), [page.text for page in news() if page.language in ("zh", "ja", "ko")])
    cyrillic = composed(("ru", "uk", "bg"))
    sets |= {
        "de, clean": german, "de, 5 % dirty": dirtied(german),
        "es fr it, clean": romance,
        "ru uk bg, clean": cyrillic, "ru uk bg, 5 % dirty": dirtied(cyrillic),
        "zh ja ko, clean": eastern, "zh ja ko, 5 % dirty": dirtied(eastern),
        "el, clean": composed(("el",)), "ar fa he, clean": composed(("ar", "fa", "he")), "hi th, clean": composed(("hi", "th")),
        "en, all dirty": [misread(text.encode(), "cp1252") or "" for text in english[:60]],
    }  # fmt: skip
    print(f"{'':24}{'docs':>6}{'KB/doc':>8}{'ours us':>9}{'new us':>9}{'ftfy us':>9}{'ratio':>7}{'new':>7}")
    for name, texts in sets.items():
        spent_ = [seconds / len(texts) * 1e6 for seconds in _seconds(texts, propose)]
        size = sum(len(text.encode()) for text in texts) / len(texts) / 1000
        numbers = "".join(f"{one:9.1f}" for one in spent_)
        print(f"{name:24}{len(texts):6}{size:8.1f}{numbers}{spent_[2] / spent_[0]:7.1f}{spent_[2] / spent_[1]:7.1f}")


def _seconds(texts: list[str], propose: Propose) -> tuple[float, float, float]:
    """(ours, ours for strings that are seen for the first time, so that Python has no UTF-8 of them yet, ftfy's)."""
    packed = json.dumps(texts)
    docs = [Document(id=str(number), text=text) for number, text in enumerate(texts)]

    def run(docs: list[Document]) -> None:
        for start in range(0, len(docs), 256):
            for found in propose(docs[start : start + 256]):
                list(found)

    ours = first = theirs = 9e9
    for _ in range(3):
        theirs = min(theirs, spent(lambda: [ftfy.fix_text(text, PLAIN) for text in texts]))
        for _ in range(6):
            ours = min(ours, spent(lambda: run(docs)))
            new = [Document(id="", text=text) for text in json.loads(packed)]
            first = min(first, spent(lambda new=new: run(new)))
    return ours, first, theirs


def spent(function: Callable[[], object]) -> float:
    """Seconds of CPU time."""
    start = time.process_time()
    function()
    return time.process_time() - start


if __name__ == "__main__":
    wanted = [name for name in sys.argv[1:] if name != "-v"] or ["matrix", "suite", "false", "speed"]
    verbose = "-v" in sys.argv
    if "matrix" in wanted:
        bench_matrix(verbose)
    if "suite" in wanted:
        bench_suite(verbose)
    if "false" in wanted:
        bench_false(verbose)
    if "speed" in wanted:
        bench_speed()
