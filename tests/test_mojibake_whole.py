"""What the lines of a document say together of how it was misread: no half repairs, and no repair of an unknown language."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cleanup.document import Document, revert
from cleanup.pipeline import Pipeline

HERE = Path(__file__).resolve().parent
SENTENCES: dict[str, list[str]] = tomllib.loads((HERE / "cases/mojibake_sentences.toml").read_text(encoding="utf-8"))


def cleaned(text: str) -> Document:
    doc = Document(id="doc", text=text)
    Pipeline(stages=["mojibake"]).map([doc])
    return doc


# Some lines have little to go by, and some have C1 controls, which cp1252 would read as signs: the document is read in one way.
MISREAD = [
    ("cs", "cp1250", "latin-1"),
    ("sk", "cp1250", "iso8859-15"),
    ("pl", "cp1250", "iso8859-2"),
    ("hr", "cp1250", "cp1252"),
    ("hu", "cp852", "latin-1"),
    ("fr", "cp850", "latin-1"),
    ("es", "mac_roman", "latin-1"),
    ("de", "cp850", "iso8859-15"),
    ("da", "mac_roman", "iso8859-15"),
    ("ru", "cp866", "iso8859-15"),
    ("ru", "mac_cyrillic", "cp866"),
    ("uk", "iso8859-5", "iso8859-15"),
    ("fa", "cp1256", "latin-1"),
    ("ja", "euc_jp", "latin-1"),
    ("ja", "cp932", "iso8859-15"),
    ("ko", "cp949", "latin-1"),
]


@pytest.mark.parametrize(("language", "written", "read"), MISREAD)
def test_a_document_is_repaired_as_a_whole(language: str, written: str, read: str) -> None:
    lines = [line for line in SENTENCES[language] if encodable(line, written)]
    clean = "\n".join(lines)
    doc = cleaned(clean.encode(written).decode(read))
    assert doc.text == clean
    assert revert(doc) == clean.encode(written).decode(read)


def encodable(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


# One word says little: what cp1252 makes of it is a sign within it, so it is read otherwise, or left to a person.
@pytest.mark.parametrize(
    ("clean", "written"),
    [
        ("Das Passwort ändern, aber nicht den Namen", "cp850"),
        ("Il a fallu forcer la porte d'à côté, rien de plus", "cp850"),
        ("La forma más corta", "mac_roman"),
        ("Den viktigaste frågan är kvar", "mac_roman"),
        ("De klus is beëindigd", "cp850"),
        ("La força de la gent", "cp850"),
    ],
)
@pytest.mark.parametrize("read", ["latin-1", "iso8859-15"])
def test_controls_are_not_taken_for_signs_within_words(clean: str, written: str, read: str) -> None:
    dirty = clean.encode(written).decode(read)
    doc = cleaned(dirty)
    assert doc.text in (clean, dirty)
    assert any(row.rule.startswith("mojibake/") and row.action == "edit" for row in doc.ledger)


@pytest.mark.parametrize("dirty", ["He said it\x92s over \x96 and \x93fine\x94, for \x80100\x85", "le c\x9cur de l\x92\x9cuvre"])
def test_controls_are_signs_where_signs_belong(dirty: str) -> None:
    assert cleaned(dirty).text == dirty.encode("latin-1").decode("cp1252")


def test_bytes_that_are_utf8_by_chance_stay() -> None:
    dirty = "SERIAL 헤더 필드가 없습니다".encode("cp949").decode("latin-1")
    assert "尡" not in cleaned(dirty).text


def test_words_of_an_unknown_language_that_others_speak_against() -> None:
    names = ["Brezîlya", "Cîbûtî", "Çîn", "Hindistan û Pakistan", "Îran", "Kûba", "Lîbya", "Qîrgîzistan", "Sûrî", "Yewnanistan"]
    clean = "\n".join(names)
    doc = cleaned(clean)
    assert doc.text == clean


@pytest.mark.parametrize("clean", ["Formáid íomhá", "seswantšho sa letlakala", "Repùblica", "Waý ýazuwy"])
def test_no_letter_becomes_a_space_or_a_sign(clean: str) -> None:
    assert cleaned(clean).text == clean


@pytest.mark.parametrize(
    "clean",
    [
        'Why does your café menu say "cafÃ©"?',
        "In UTF-8 the letter é has two bytes, which Windows-1252 shows as Ã©, and a curly apostrophe becomes â€™.",
        "Mojibake heißt auf Deutsch Zeichensalat: aus »Köln« wird »KÃ¶ln«, aus »Spaß« »SpaÃŸ«.",
    ],
)
def test_what_is_shown_of_misread_text_is_left_to_a_person(clean: str) -> None:
    doc = cleaned(clean)
    assert doc.text == clean
    assert {row.decision for row in doc.ledger if row.action == "edit"} == {"review"}


def test_what_was_misread_is_repaired_though_it_tells_of_encodings() -> None:
    assert cleaned("In UTF-8 heiÃŸt das ZeichensÃ¤tze prÃ¼fen.").text == "In UTF-8 heißt das Zeichensätze prüfen."
