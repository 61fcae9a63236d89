"""Encodings that news comes in: labels, byte order marks, candidates for a guess, and what is not text at all."""

from __future__ import annotations

import codecs
from functools import cache

# Labels that do not mean what they say: WHATWG's reading (encoding.spec.whatwg.org, "names and labels"), as Python's codecs.
_READING = {
    "cp1252": "ascii us-ascii iso-8859-1 iso8859-1 iso_8859-1 latin-1 latin1 l1 x-cp1252 ansi_x3.4-1968",
    "cp1254": "iso-8859-9 iso8859-9 latin5 l5 x-cp1254",
    "cp874": "iso-8859-11 iso8859-11 tis-620 dos-874 windows-874",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j ms932",
    "cp949": "euc-kr euckr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean windows-949 iso-ir-149",
    "gb18030": "gb2312 gbk x-gbk chinese gb_2312 gb_2312-80 cp936 iso-ir-58",
    "big5hkscs": "big5 big5-hkscs x-x-big5 cn-big5 csbig5",
    "euc_jp": "euc-jp x-euc-jp",
    "mac_roman": "macintosh mac x-mac-roman csmacintosh",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "koi8_r": "koi8-r koi koi8 cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "cp866": "ibm866 866 csibm866",
    "iso8859_8": "iso-8859-8-i iso-8859-8-e logical visual",
    "utf-8": "utf8 unicode-1-1-utf-8 x-unicode20utf8 unicode11utf8",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2 iso-10646-ucs-2 csunicode",
    "utf-16-be": "utf-16be unicodefffe",
}
_LABELS = {label: name for name, labels in _READING.items() for label in labels.split()}

# (mark, codec that takes it off and puts it back, codec without it)
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "", "utf-16-be"),
)

MAGIC = {
    b"%PDF-": "a PDF file",
    b"\x89PNG\r\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF87a": "a GIF image",
    b"GIF89a": "a GIF image",
    b"II*\x00": "a TIFF image",
    b"MM\x00*": "a TIFF image",
    b"PK\x03\x04": "a ZIP archive",
    b"PK\x05\x06": "a ZIP archive",
    b"\x1f\x8b\x08": "gzip data",
    b"BZh9": "bzip2 data",
    b"\xfd7zXZ\x00": "xz data",
    b"\x28\xb5\x2f\xfd": "zstd data",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x7fELF": "an ELF program",
    b"\xd0\xcf\x11\xe0\xa1\xb1": "an OLE document",
    b"SQLite format 3\x00": "an SQLite database",
    b"PAR1": "a Parquet file",
    b"wOFF": "a font",
    b"wOF2": "a font",
    b"ID3\x03": "MP3 audio",
    b"ID3\x04": "MP3 audio",
    b"OggS\x00": "Ogg audio",
    b"\x1aE\xdf\xa3": "Matroska video",
}
MAGICS = tuple(MAGIC)

# Candidates for a guess, with the bits that it takes to believe in one of them: how rare it is in news.
PRICES = {
    name: price
    for price, names in {
        0: "cp1252 cp1251 gb18030 cp932 cp949",
        1: "cp1250 cp1253 cp1254 cp1255 cp1256 big5hkscs",
        2: "cp1257 iso8859_2 koi8_r euc_jp",
        3: "iso8859_7 iso8859_8 iso8859_9 iso8859_15",
        4: "koi8_u cp874",
        5: "cp1258",
        6: "iso8859_5 iso8859_6 iso8859_13 mac_roman cp850 cp866",
        7: "cp437",
        8: "iso8859_4 cp852 mac_cyrillic iso8859_16",
        9: "mac_latin2 cp737 cp857 cp862 latin_1",
        10: "iso8859_3 iso8859_10 iso8859_14 mac_turkish mac_greek cp855 cp775 cp865 cp1125",
        11: "mac_iceland",
    }.items()
    for name in names.split()
}
MULTIBYTE = frozenset(("gb18030", "cp932", "cp949", "big5hkscs", "euc_jp"))

# What the codec is called where others read it; tried only where it gives the same text.
_PUBLIC = {
    "cp932": ("shift_jis",), "cp949": ("euc-kr",), "gb18030": ("gbk",), "big5hkscs": ("big5",),
    "euc_jp": ("euc-jp",), "mac_roman": ("macintosh",), "latin_1": ("iso-8859-1",), "koi8_r": ("koi8-r",), "koi8_u": ("koi8-u",),
    "mac_cyrillic": ("mac-cyrillic",), "mac_latin2": ("mac-latin2",),
}  # fmt: skip


@cache
def codec(label: str) -> str | None:
    """Python's codec for a label as web pages use it; None for one that nobody knows or that is not a text encoding.

    >>> codec("ISO-8859-1"), codec(" Shift_JIS "), codec("klingon")
    ('cp1252', 'cp932', None)
    """
    name = label.strip().strip("\"'").lower()
    try:
        info = codecs.lookup(_LABELS.get(name, name))
        "".encode(info.name)
    except (LookupError, ValueError):
        return None
    return info.name.replace("-", "_") if info.name.startswith(("iso", "mac", "koi8")) else info.name


def public(name: str, text: str, data: bytes) -> str:
    """The usual name of a codec that decoded `data` to `text`: one that gives the same text and the same bytes back."""
    for label in (*_PUBLIC.get(name, ()), name.replace("cp125", "windows-125"), name.replace("iso8859_", "iso-8859-")):
        try:
            if label != name and data.decode(label) == text and text.encode(label) == data:
                return str(label)
        except (UnicodeError, LookupError):
            continue
    return name
