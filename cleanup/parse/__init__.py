"""Bytes to text, HTML to the article: everything a document needs before the first stage."""

from __future__ import annotations

from cleanup.config import Config
from cleanup.document import Document, Mark
from cleanup.errors import CleanupError, InputError

HEAD = 8192  # bytes in which a page declares its encoding


def parse(doc: Document, config: Config) -> None:
    """Decode `doc.data` into `doc.text` and extract the article of an HTML document; what is found goes to `doc.pending`.

    Never raises for a document: one that cannot be decoded gets the status "failed" and says why in `error`. Raises
    ConfigError for an encoding that does not exist, MissingExtra for an option whose libraries are missing.
    """
    if doc.data is not None and not _decode(doc, config):
        return
    if doc.kind == "html":
        _extract(doc, config)


def _decode(doc: Document, config: Config) -> bool:
    from cleanup.parse.decode import decode, html_labels, marks

    data, doc.data = doc.data or b"", None
    labels = [*doc.declared, *(html_labels(data[:HEAD]) if doc.kind == "html" else ())]
    try:
        decoded = decode(data, tuple(dict.fromkeys(labels)), config.parse.encoding)
    except InputError as error:
        doc.status, doc.error = "failed", error.message
        return False
    doc.text = decoded.text
    doc.pending = [*doc.pending, *marks(decoded, page=doc.kind == "html")]
    return True


def _extract(doc: Document, config: Config) -> None:
    from cleanup.parse.extract import extract
    from cleanup.parse.tree import flat_text

    fetched = str(doc.meta.get("crawled") or config.parse.crawl_date)
    try:
        found = extract(doc.text, config, str(doc.meta.get("url") or ""), fetched)
    except CleanupError:
        raise
    except Exception as error:  # one page that breaks the parser must not cost the run: its visible text is kept, and this said
        reason = f"{type(error).__name__}: {error}"[:300]
        doc.text = flat_text(doc.text)
        doc.pending = [*doc.pending, Mark("extract_doubt", reason, "extract/doubt", 1.0, {"error": reason})]
        return
    doc.text = found.text
    doc.pending = [*doc.pending, *found.proposals]
