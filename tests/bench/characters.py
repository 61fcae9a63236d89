"""Sections of the scoreboard about characters: mojibake, bytes, language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

import data
from adapters import bodies, encoded, pages
from board import OURS, Board
from peers import decoders

from cleanup.document import Document
from cleanup.evaluate import measure, misread
from cleanup.pipeline import Pipeline, batches


def mojibake() -> None:
    """ftfy's suite, false changes on clean bodies, and every misreading pair on sentences of the bodies; beside ftfy."""
    import ftfy

    plain = ftfy.TextFixerConfig(uncurl_quotes=False, fix_character_width=False, fix_latin_ligatures=False)
    pipeline = Pipeline(stages=["mojibake"])

    def mended(texts: Sequence[str]) -> list[str]:
        docs = [Document(str(number), text) for number, text in enumerate(texts)]
        for batch in batches(docs):
            pipeline.map(batch)
        return [doc.text for doc in docs]

    systems: dict[str, Callable[[Sequence[str]], list[str]]] = {
        OURS: mended,
        "ftfy": lambda texts: [ftfy.fix_text(text, plain) for text in texts],
    }
    board = Board("Mojibake")
    cases = list(data.mojibake())
    invisible = str.maketrans("", "", "\xad\u200b\u2060\ufeff")  # real dirt, of which the bodies have some
    visible = (text.translate(invisible) for _, _, text in bodies())
    bodies_lines = list(dict.fromkeys(line for text in visible for line in text.split("\n") if line.strip()))
    matrix = list(_misread_lines(bodies_lines))
    for system, mend in systems.items():
        for (file, case), found in zip(cases, mend([case["original"] for _, case in cases]), strict=True):
            right = _cosmetic(found) in {_cosmetic(case["fixed"]), _cosmetic(case.get("fixed-encoding", case["fixed"]))}
            board.of(system).add("m", [], "suite exact", float(right), 1)
            if file == "negative":
                board.of(system).add("m", [], "negatives exact", float(right), 1)
        for line, found in zip(bodies_lines, mend(bodies_lines), strict=True):
            board.of(system).add("m", [], "false changes, paragraphs", float(found != line), 1)
        for (kind, _, clean), found in zip(matrix, mend([dirty for _, dirty, _ in matrix]), strict=True):
            board.of(system).add("m", [], "matrix exact", float(found == clean), 1)
            board.of(system).add("m", [], f"{kind} exact", float(found == clean), 1)
    board.note(OURS, "cases", f"{len(cases)} + {len(bodies_lines)} + {len(matrix)}")
    board.show(width=False)


def _cosmetic(text: str) -> str:
    """Without what only typography differs in: both sides may keep or straighten it."""
    from ftfy import fixes

    return fixes.fix_latin_ligatures(fixes.fix_character_width(fixes.uncurl_quotes(text))).strip()


def _misread_lines(texts: Sequence[str], count: int = 200) -> Iterator[tuple[str, str, str]]:
    """(kind, dirty, clean) of short lines outside ASCII, spread over the pages."""
    draw = Random(1)
    offers = [line for line in texts if not line.isascii() and 20 <= len(line) <= 160]
    for line in draw.sample(offers, min(count, len(offers))):
        for wrong in (*misread.SINGLE, *misread.MULTI):
            dirty = misread.misread(line, "utf-8", wrong)
            if dirty and dirty != line:
                yield ("western" if wrong in WESTERN else "other"), dirty, line


WESTERN = (
    "iso-8859-1",
    "windows-1252",
    "windows-1250",
    "windows-1254",
    "windows-1257",
    "windows-1253",
    "macintosh",
    "cp437",
    "iso-8859-2",
)


# ---------------------------------------------------------------------------------------------------- bytes
def raw() -> None:
    """Exact text from bytes, by what the bytes are and how many there are."""
    from cleanup.config import Config
    from cleanup.parse import parse

    def ours(piece: bytes) -> str | None:
        doc = Document("x", data=piece)
        parse(doc, Config())
        return doc.text if doc.status == "kept" else None

    board = Board("Bytes to exact text, from article bodies")
    for system, decode in {OURS: ours, **decoders()}.items():
        for _, encoding, size, piece, text in encoded():
            kind = "utf-8" if encoding == "utf-8" else "utf-16 without BOM" if encoding == "utf-16le" else "legacy"
            right = float(decode(piece) == text)
            board.of(system).add("bytes", [], "exact", right, 1)
            board.of(system).add("bytes", [], f"{kind} exact", right, 1)
            board.of(system).add("bytes", [], f"{size} exact", right, 1)
    board.show(width=False)


# ---------------------------------------------------------------------------------------------------- language
def language() -> None:
    """Accuracy on the beginnings of the news bodies; labels are the publishers', a few of them wrong."""
    pipeline = Pipeline(stages=["language"])
    board = Board("Language of the beginnings of the news bodies")
    for chars in (40, 100, 400):
        rows = [(page.language, page.text[:chars]) for page in pages("news") if len(page.text) >= chars]
        docs = [Document(str(number), text) for number, (_, text) in enumerate(rows)]
        for batch in batches(docs):
            pipeline.map(batch)
        answers = {OURS: [str(doc.meta.get("language")) for doc in docs], **_language_peers([text for _, text in rows])}
        for system, found in answers.items():
            for (lang, _), answer in zip(rows, found, strict=True):
                board.of(system).add("l", [], f"{chars} characters accuracy", float(measure.same_language(answer, lang)), 1)
    board.show()


def _language_peers(texts: Sequence[str]) -> dict[str, list[str]]:
    import langdetect
    import py3langid

    langdetect.DetectorFactory.seed = 0

    def detect(text: str) -> str:
        try:
            return str(langdetect.detect(text))
        except langdetect.LangDetectException:
            return "und"

    return {"py3langid": [str(py3langid.classify(text)[0]) for text in texts], "langdetect": [detect(text) for text in texts]}
