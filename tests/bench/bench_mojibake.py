"""The misreading matrix, ftfy's suite, false changes and speed of the mojibake stage, each beside ftfy in the same run.

    python tests/bench/bench_mojibake.py [matrix] [suite] [false] [speed]
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import ftfy

from cleanup.document import Document
from cleanup.pipeline import Pipeline

CASES = Path(__file__).resolve().parents[1] / "cases"
PLAIN = ftfy.TextFixerConfig(uncurl_quotes=False, fix_character_width=False, fix_latin_ligatures=False, explain=False)

UTF8_AS = (
    "latin-1", "cp1252", "cp1254", "cp1250", "cp1251", "cp1253", "cp1257", "iso8859-2", "macroman", "cp437", "cp850", "cp852",
    "koi8-r", "cp866", "gbk", "gb18030", "cp932", "cp949", "big5",
)  # fmt: skip
MULTI = frozenset(("gbk", "gb18030", "cp932", "cp949", "big5", "euc_jp"))
LEGACY = {
    "cp1252": ("macroman", "cp1250", "cp1251", "cp437", "cp850"), "macroman": ("cp1252",), "cp850": ("cp1252",), "cp437": ("cp1252",),
    "cp1250": ("cp1252", "iso8859-2"), "iso8859-2": ("cp1252",), "cp852": ("cp1252", "cp1250"), "cp1254": ("cp1252",),
    "cp1257": ("cp1252",), "cp1251": ("cp1252", "koi8-r", "cp866"), "koi8-r": ("cp1251", "cp1252", "cp866"),
    "cp866": ("cp1251", "cp1252"), "cp1253": ("cp1252", "cp1251"), "cp1255": ("cp1252",), "cp1256": ("cp1252",), "cp874": ("cp1252",),
    "cp932": ("cp1252", "gbk"), "euc_jp": ("cp1252", "gbk"), "gbk": ("cp1252", "big5", "cp932"), "big5": ("cp1252", "gbk"),
    "cp949": ("cp1252", "gbk"),
}  # fmt: skip
NATIVE = {
    **dict.fromkeys(("en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "is"), ("cp1252", "macroman", "cp850")),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr"), ("cp1250", "iso8859-2", "cp852")), "tr": ("cp1254",),
    **dict.fromkeys(("lt", "lv", "et"), ("cp1257",)), **dict.fromkeys(("ru", "uk", "bg"), ("cp1251", "koi8-r", "cp866")), "sr": ("cp1251",),
    "el": ("cp1253",), "he": ("cp1255",), "ar": ("cp1256",), "fa": ("cp1256",), "th": ("cp874",), "zh": ("gbk",), "zh-hant": ("big5",),
    "ja": ("cp932", "euc_jp"), "ko": ("cp949",),
}  # fmt: skip


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


def matrix() -> Iterator[tuple[str, str, str, str]]:
    """(language, misreading, dirty, clean)."""
    sentences = tomllib.loads((CASES / "mojibake_sentences.toml").read_text(encoding="utf-8"))
    for lang, texts in sentences.items():
        for text in texts:
            if text.isascii():
                continue
            for wrong in UTF8_AS:
                dirty = misread(text.encode(), wrong)
                if dirty is not None:
                    yield lang, f"utf-8 as {wrong}", dirty, text
            twice = misread(misread(text.encode(), "cp1252").encode(), "cp1252")
            yield lang, "utf-8 as cp1252 twice", twice, text
            for true in NATIVE.get(lang, ()):
                try:
                    data = text.encode(true)
                except UnicodeEncodeError:
                    continue
                for wrong in LEGACY[true]:
                    dirty = misread(data, wrong)
                    if dirty is not None and dirty != text:
                        yield lang, f"{true} as {wrong}", dirty, text


def bench_matrix(verbose: str = "") -> None:
    cases = list(matrix())
    pipe = Pipeline(stages=["mojibake"])
    docs = [Document(id=str(i), text=dirty) for i, (_, _, dirty, _) in enumerate(cases)]
    pipe.map(docs)
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    langs: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (lang, kind, dirty, clean), doc in zip(cases, docs, strict=True):
        theirs = ftfy.fix_text(dirty, PLAIN)
        for row in (rows[kind], langs[lang], rows["~all"], rows["~utf-8" if kind.startswith("utf-8") else "~legacy"]):
            row[0] += 1
            row[1] += theirs == clean
            row[2] += doc.text == clean
            row[3] += doc.text not in (clean, dirty)
        if verbose and verbose in f"{lang} {kind}" and doc.text != clean:
            held = [(r.rule, r.after, r.score) for r in doc.ledger if r.decision == "review"]
            print(f"{lang} {kind}\n  clean {clean}\n  dirty {dirty!r}\n  ours  {doc.text!r}\n  {held}")
    for table in (langs, rows):
        print(f"{'':28}{'n':>6}{'ftfy':>8}{'ours':>8}{'wrong':>8}")
        for name, (n, theirs, ours, wrong) in sorted(table.items()):
            print(f"{name:28}{n:6}{theirs / n:8.3f}{ours / n:8.3f}{wrong / n:8.3f}")


if __name__ == "__main__":
    names = sys.argv[1:] or ["matrix"]
    if "matrix" in names:
        bench_matrix(names[-1] if names[-1] != "matrix" else "")
