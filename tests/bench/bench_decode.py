"""Decoding beside chardet and charset-normalizer: languages x their encodings x line, paragraph, document; exact text.

python tests/bench/bench_decode.py [speed]
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from cleanup.parse import encodings
from cleanup.parse.decode import decode, encode

CASES = Path(__file__).resolve().parents[1] / "cases"
WESTERN = ("cp1252", "iso8859_15", "mac_roman", "cp850", "cp437")
CENTRAL = ("cp1250", "iso8859_2", "cp852")
BALTIC = ("cp1257", "iso8859_13")
CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")
NATIVE = {
    **dict.fromkeys(("en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "is"), WESTERN),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr"), CENTRAL),
    **dict.fromkeys(("lt", "lv", "et"), BALTIC),
    **dict.fromkeys(("ru", "bg"), CYRILLIC),
    "uk": ("cp1251", "koi8_u", "mac_cyrillic"),
    "sr": ("cp1251", "iso8859_5"),
    "tr": ("cp1254", "iso8859_9"),
    "el": ("cp1253", "iso8859_7"),
    "he": ("cp1255", "iso8859_8"),
    "ar": ("cp1256", "iso8859_6"),
    "fa": ("cp1256",),
    "th": ("cp874",),
    "vi": ("cp1258",),
    "zh": ("gbk", "gb18030", "hz"),
    "zh-hant": ("big5",),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "ko": ("cp949", "iso2022_kr"),
}
UNICODE = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "utf-32-le")


def cases() -> Iterator[tuple[str, str, str, bytes, str]]:
    """(language, encoding, size, bytes, text)."""
    sentences = tomllib.loads((CASES / "mojibake_sentences.toml").read_text(encoding="utf-8"))
    for lang, texts in sentences.items():
        sizes = [("line", text) for text in texts]
        sizes += [("paragraph", " ".join(texts[at : at + 2])) for at in range(len(texts) - 1)]
        sizes.append(("document", "\n".join(texts * 2)))
        for size, text in sizes:
            for name in (*UNICODE, *NATIVE.get(lang, ())):
                try:
                    data = text.encode(name)
                except UnicodeEncodeError:
                    continue
                if not data.isascii() or "utf-16" in name or "utf-32" in name or b"\x1b" in data or b"~{" in data:
                    yield lang, name, size, data, text


def by_chardet(data: bytes) -> str | None:
    import chardet

    name = chardet.detect(data)["encoding"]
    return _read(data, str(name)) if name else None


def by_charset_normalizer(data: bytes) -> str | None:
    import charset_normalizer

    best = charset_normalizer.from_bytes(data).best()
    return str(best) if best else None


def by_us(data: bytes) -> str | None:
    return decode(data).text


def _read(data: bytes, name: str) -> str | None:
    codec = encodings.codec(name) or name
    try:
        text = data.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None
    return text.removeprefix("\ufeff")


def main(verbose: bool) -> None:
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    back = 0
    for lang, name, size, data, text in cases():
        results = [by_us(data), by_chardet(data), by_charset_normalizer(data)]
        kind = (
            "utf-8"
            if name.startswith("utf-8")
            else "utf-16/32"
            if name.startswith("utf")
            else "multi-byte"
            if name in MULTI
            else "single-byte"
        )
        for row in (
            rows[f"{kind} {size}"],
            rows[f"  {name}"],
            rows["~all"],
            rows["~legacy"] if not name.startswith("utf") else rows["~unicode"],
        ):
            row[0] += 1
            for index, result in enumerate(results):
                row[index + 1] += result == text
        found = decode(data)
        back += encode(found.text, found.encoding, found.runs) == data
        if verbose and results[0] != text:
            print(
                lang,
                name,
                size,
                found.encoding,
                found.confidence,
                found.alternatives,
                repr(text[:70]),
                repr(found.text[:70]),
                results[1] == text,
            )
    print(f"{'':28}{'n':>6}{'ours':>9}{'chardet':>9}{'ch.norm.':>9}")
    for name, (n, ours, theirs, others) in sorted(rows.items()):
        print(f"{name:28}{n:6}{ours / n:9.3f}{theirs / n:9.3f}{others / n:9.3f}")
    print(f"the same bytes back: {back} of {rows['~all'][0]}")


MULTI = ("gbk", "gb18030", "hz", "big5", "cp932", "euc_jp", "iso2022_jp", "cp949", "iso2022_kr")


def speed() -> None:
    sentences = tomllib.loads((CASES / "mojibake_sentences.toml").read_text(encoding="utf-8"))
    for lang, name in (("en", "utf-8"), ("de", "utf-8"), ("ru", "cp1251"), ("de", "cp1252"), ("ja", "cp932"), ("zh", "gbk")):
        data = "\n".join(sentences[lang] * 12).encode(name, "replace")
        for who, function in (("ours", by_us), ("chardet", by_chardet), ("charset-normalizer", by_charset_normalizer)):
            function(data)
            best = 9e9
            for _ in range(5):
                start = time.perf_counter()
                function(data)
                best = min(best, time.perf_counter() - start)
            print(f"{lang} {name:8} {len(data):6} bytes  {who:20}{best * 1e6:10.1f} us")


if __name__ == "__main__":
    speed() if "speed" in sys.argv else main("-v" in sys.argv)
