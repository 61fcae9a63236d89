"""Bytes to exact text, and back to the same bytes."""

from __future__ import annotations

import importlib.util
import random
import tomllib
import unicodedata
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner, Result

from cleanup.cli.explain import explain_command
from cleanup.errors import ConfigError, InputError
from cleanup.parse import encodings
from cleanup.parse.decode import Decoded, decode, encode, html_labels, marks
from cleanup.pipeline import Pipeline
from cleanup.rules import built_in

HERE = Path(__file__).resolve().parent
SENTENCES: dict[str, list[str]] = tomllib.loads((HERE / "cases/mojibake_sentences.toml").read_text(encoding="utf-8"))
NATIVE = {
    "de": "cp1252 iso8859_15 mac_roman cp850", "fr": "cp1252 mac_roman cp437", "es": "cp1252", "pl": "cp1250 iso8859_2 cp852",
    "cs": "cp1250 iso8859_2", "lt": "cp1257", "tr": "cp1254", "ru": "cp1251 koi8_r cp866 iso8859_5 mac_cyrillic", "uk": "koi8_u",
    "el": "cp1253 iso8859_7", "he": "cp1255", "ar": "cp1256", "th": "cp874", "zh": "gbk gb18030 hz", "zh-hant": "big5",
    "ja": "cp932 euc_jp iso2022_jp", "ko": "cp949 iso2022_kr",
}  # fmt: skip
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


def read(data: bytes, *declared: str) -> Decoded:
    """Decoded, and checked that the same bytes come back."""
    found = decode(data, declared)
    assert found.lossy or encode(found.text, found.encoding, found.runs) == data
    return found


@pytest.mark.parametrize(("lang", "name"), [(lang, name) for lang, names in NATIVE.items() for name in names.split()])
def test_legacy(lang: str, name: str) -> None:
    for text in [*SENTENCES[lang], "\n".join(SENTENCES[lang])]:
        try:
            data = text.encode(name)
        except UnicodeEncodeError:
            continue
        found = read(data)
        assert found.text == text
        assert not found.lossy


@pytest.mark.parametrize("name", UNICODE)
@pytest.mark.parametrize("lang", ["en", "ru", "hi", "zh", "ko", "th"])
def test_unicode(lang: str, name: str) -> None:
    text = "\n".join(SENTENCES[lang])
    found = read(text.encode(name))
    assert found.text == text
    assert found.confidence > 0.8


def test_byte_order_marks_of_either_end() -> None:
    for mark, name in ((b"\xfe\xff", "utf-16-be"), (b"\0\0\xfe\xff", "utf-32-be"), (b"\xef\xbb\xbf", "utf-8")):
        found = read(mark + "né\n".encode(name))
        assert found.text == "né\n"
        assert found.note == "byte order mark"


def test_names_are_those_that_python_and_others_know() -> None:
    assert read(b"plain").encoding == "ascii"
    assert read("né".encode()).encoding == "utf-8"
    assert read("Größe und Gemüse für alle Gäste".encode("cp1252")).encoding == "windows-1252"
    assert read("Съешь же ещё этих мягких булок".encode("koi8_r")).encoding == "koi8-r"
    assert read("警察は事故の現場から逃げた運転手を探している。".encode("cp932")).encoding == "shift_jis"
    assert decode(b"").text == ""


def test_declared_labels_are_believed_only_when_they_decode() -> None:
    short = "Ångström".encode("mac_roman")
    assert read(short, "x-mac-roman").text == "Ångström"
    assert read("né".encode(), "iso-8859-1").text == "né"
    russian = "Мэр сообщил, что мост откроют весной".encode("cp1251")
    for liar in ("utf-8", "iso-8859-1", "klingon", "base64", "", "utf-16"):
        assert read(russian, liar).text == "Мэр сообщил, что мост откроют весной"


def test_labels() -> None:
    assert encodings.codec("ISO-8859-1") == "cp1252"
    assert encodings.codec(" 'GB2312' ") == "gb18030"
    assert encodings.codec("rot13") is None
    assert encodings.codec("\0") is None
    head = b"""<?xml version="1.0" encoding='windows-1250'?><html><head>
        <META http-equiv="Content-Type" content="text/html; charset=ISO-8859-2"><meta charset=utf-8>"""
    assert html_labels(head) == ["windows-1250", "iso-8859-2", "utf-8"]
    assert html_labels(b"<p>no label") == []


def test_forced() -> None:
    assert decode("é".encode("mac_roman"), force="macintosh").text == "é"
    broken = decode(b"a\xffb", force="utf-8")
    assert (broken.text, broken.lossy) == ("a\ufffdb", True)
    with pytest.raises(ConfigError, match="unknown encoding 'klingon'"):
        decode(b"a", force="klingon")


@pytest.mark.parametrize(
    ("one", "other"),
    [("fr utf-8", "fr cp1252"), ("ru utf-8", "ru cp1251"), ("ru koi8_r", "ru cp1251"), ("ja cp932", "ja euc_jp"),
     ("pl utf-8", "pl iso8859_2"), ("zh gbk", "zh utf-8"), ("de cp1252", "ru koi8_r")],
)  # fmt: skip
def test_mixed_lines(one: str, other: str) -> None:
    (lang_a, name_a), (lang_b, name_b) = one.split(), other.split()
    lines = [
        (text, name)
        for pair in zip(SENTENCES[lang_a], SENTENCES[lang_b], strict=False)
        for text, name in zip(pair, (name_a, name_b), strict=True)
    ]
    data = b"\n".join(text.encode(name, "replace") for text, name in lines)
    found = read(data)
    assert found.text == "\n".join(text.encode(name, "replace").decode(name) for text, name in lines)
    assert "mixed" in found.note
    assert not found.lossy
    assert marks(found)[0].why["note"] == found.note


def test_stray_bytes_of_windows_in_utf8() -> None:
    data = "Die Größe für alle Gäste – schön; ".encode() + b"it\x92s fine, Stra\xdfe"
    found = read(data)
    assert found.text == "Die Größe für alle Gäste – schön; it’s fine, Straße"
    assert not found.lossy


def test_damage_is_flagged_with_its_place() -> None:
    whole = "Мэр сообщил, что мост откроют весной".encode()
    found = decode(whole[:31] + whole[32:])
    assert found.lossy
    assert found.text.count("\ufffd") == 1
    assert "first at byte 30" in found.note
    assert encode(found.text, found.encoding, found.runs) == whole[:31] + whole[32:]
    assert [mark.rule for mark in marks(found)] == ["decode/encoding", "decode/lossy"]
    cut = decode("schöne Grüße aus Köln".encode()[:-1] + b"\xc3")
    assert cut.lossy
    assert cut.text == "schöne Grüße aus Köl\ufffd"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG image at byte 0"),
        (b"%PDF-1.7 and so on", "a PDF file at byte 0"),
        (b"PK\x03\x04" + b"x" * 50, "a ZIP archive at byte 0"),
        (b"a.txt".ljust(257, b"\0") + b"ustar  \0" + b"long text " * 5000, "a tar archive"),
        (b"some text" + bytes(200) + b"more", "byte 0 at offset 9"),
        (bytes(range(1, 32)) * 20, "control characters"),
    ],
)
def test_binary_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match="binary data: .*" + reason) as caught:
        decode(data)
    assert caught.value.hint


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_wide_text_that_was_cut_off_loses_its_last_character(name: str) -> None:
    data = f"\ufeff{'Größe und Ehre. ' * 20}Ende".encode(name)[:-1]
    found = decode(data)
    assert (found.text.removeprefix("Größe und Ehre. " * 20), found.lossy) == ("End\ufffd", True)
    assert encode(found.text, found.encoding, found.runs) == data


def test_what_begins_like_a_wide_text_and_is_none_is_binary() -> None:
    for seed in range(20):
        with pytest.raises(InputError, match="binary data"):
            decode(b"\xff\xfe" + random.Random(seed).randbytes(4001))


@pytest.mark.parametrize("size", [300, 3000])
def test_bytes_without_any_order_are_binary(size: int) -> None:
    for seed in range(50):
        with pytest.raises(InputError, match="binary data"):
            decode(random.Random(seed).randbytes(size))


def test_a_few_zero_bytes_are_no_reason() -> None:
    assert read(b"one\0two " * 2 + b"three " * 100).text.startswith("one\0two")


def test_terminal_escapes_are_not_iso_2022() -> None:
    assert read(b"\x1b[31mred\x1b[0m and \x1b(B plain").encoding == "ascii"
    assert read("\x1b[1mfett\x1b[0m und größer".encode()).encoding == "utf-8"


def test_marks() -> None:
    sure = marks(read("Größe und Gemüse für alle Gäste".encode("cp1252")))
    assert [(mark.field, mark.value, mark.rule) for mark in sure] == [("encoding", "windows-1252", "decode/encoding")]
    assert sure[0].score > 0.9
    assert sure[0].why["alternatives"]


def test_compiled_files_are_those_that_people_read() -> None:
    spec = importlib.util.spec_from_file_location("compile_letters", HERE / "bench/compile_letters.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    letters, tables = (
        zstandard.ZstdDecompressor().decompress((built_in() / "mojibake" / f"{name}.bin").read_bytes())
        for name in ("letters", "tables")
    )
    assert letters == script.compiled(), "run tests/bench/compile_letters.py"
    version, _, made = tables.partition(b"\n")
    if version.decode() == unicodedata.unidata_version:
        assert made == script.tables().partition(b"\n")[2], "run tests/bench/compile_letters.py"


RUSSIAN, FRENCH = "\n".join(SENTENCES["ru"]), "\n".join(SENTENCES["fr"])
FILES = {
    "mixed": (RUSSIAN + "\n").encode("cp1251") + FRENCH.encode(),
    "mixed-three": (FRENCH + "\n").encode() + (RUSSIAN + "\n").encode("koi8-r", "ignore") + RUSSIAN.encode("cp1251"),
    "be-mark": b"\xfe\xff" + FRENCH.encode("utf-16-be"),
    "le-mark": b"\xff\xfe" + RUSSIAN.encode("utf-16-le"),
    "be-plain": RUSSIAN.encode("utf-16-be"),
    "utf-32": b"\x00\x00\xfe\xff" + FRENCH.encode("utf-32-be"),
    "sig": b"\xef\xbb\xbf" + FRENCH.encode(),
    "damaged": FRENCH.encode()[:101] + b"\xff\xe2\x80" + FRENCH.encode()[101:],
    "mojibake": b"\xff\xfe" + FRENCH.encode().decode("latin-1").encode("utf-16-le"),
    "ends": FRENCH.replace("\n", "\r\n").encode("mac_roman") + b"\r",
}


@pytest.fixture(scope="module")
def reverted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bytes")
    for name, data in FILES.items():
        (folder / f"{name}.txt").write_bytes(data)
    (folder / "lost.txt").write_bytes("\n".join(SENTENCES["ja"]).encode("cp932") + b"\x87\x90")
    (folder / "page.html").write_bytes(f"<html><body><article><p>{RUSSIAN * 3}</p></article></body></html>".encode("cp1251"))
    Pipeline().run(folder, folder / "out")
    return folder / "out"


def explain(run: Path, name: str) -> Result:
    return CliRunner().invoke(explain_command, [str(run), name, "--revert"], catch_exceptions=True)


@pytest.mark.parametrize("name", FILES)
def test_explain_gives_the_bytes_back(reverted: Path, name: str) -> None:
    done = explain(reverted, f"{name}.txt")
    assert (done.exit_code, done.stdout_bytes) == (0, FILES[name])


def test_bytes_that_are_lost_are_said_to_be(reverted: Path) -> None:
    done = explain(reverted, "lost.txt")
    assert isinstance(done.exception, InputError)
    assert "cannot be given back" in done.exception.message
    assert done.stdout_bytes == b""


def test_a_page_gives_its_text_back(reverted: Path) -> None:
    assert SENTENCES["ru"][0] in explain(reverted, "page.html").stdout_bytes.decode()
