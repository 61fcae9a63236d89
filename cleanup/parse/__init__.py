"""Bytes to text, HTML to the article: everything a document needs before the first stage."""

from __future__ import annotations

from cleanup.config import Config
from cleanup.document import Document
from cleanup.errors import InputError

HEAD = 8192  # bytes in which a page declares its encoding


def parse(doc: Document, config: Config) -> None:
    """Decode `doc.data` into `doc.text` and extract the article of an HTML document; what is found goes to `doc.pending`.

    Never raises for a document: one that cannot be decoded gets the status "failed" and says why in `error`.
    """
    if doc.data is not None and not _decode(doc, config):
        return
    if doc.kind == "html":
        _extract(doc, config)


def _decode(doc: Document, config: Config) -> bool:
    from cleanup.parse.decode import decode, html_labels, marks

    assert doc.data is not None
    declared = list(doc.declared)
    if doc.kind == "html":
        declared += html_labels(doc.data[:HEAD])
    try:
        decoded = decode(doc.data, tuple(dict.fromkeys(declared)), config.parse.encoding)
    except InputError as error:
        doc.status, doc.error, doc.data = "failed", error.message, None
        return False
    doc.text, doc.data = decoded.text, None
    doc.pending = [*doc.pending, *marks(decoded)]
    return True


def _extract(doc: Document, config: Config) -> None:
    from cleanup.parse.extract import extract

    crawled = str(doc.meta.get("crawled") or config.parse.crawl_date or "")
    found = extract(doc.text, config, str(doc.meta.get("url") or ""), crawled)
    doc.text = found.text
    doc.pending = [*doc.pending, *found.proposals]
