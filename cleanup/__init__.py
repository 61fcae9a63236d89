"""cleanup: turn scraped news into a corpus people can trust.

>>> import cleanup
>>> cleanup.clean("itâ€™s broken")
"it's broken"
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import cleanup.read  # noqa: F401 (first, so that the function `read` below is what the name means)

if TYPE_CHECKING:
    from cleanup.config import Config
    from cleanup.document import Document, revert
    from cleanup.errors import CleanupError
    from cleanup.pipeline import Pipeline
    from cleanup.run import Run

__all__ = ["CleanupError", "Config", "Document", "Pipeline", "Run", "clean", "explain", "read", "revert"]

# Imported on first use, so that `cleanup --help` answers at once.
_WHERE = {
    "CleanupError": "cleanup.errors",
    "Config": "cleanup.config",
    "Document": "cleanup.document",
    "Pipeline": "cleanup.pipeline",
    "Run": "cleanup.run",
    "revert": "cleanup.document",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    if name == "__version__":
        version: str = import_module("cleanup.versions").version("corpus-cleanup")
        return version
    raise AttributeError(f"module 'cleanup' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})


def clean(text: str, stages: Sequence[str] | None = None, config: Config | None = None) -> str:
    """One text, cleaned by all per-document stages, or only by `stages` in this order.

    A text that a stage would drop comes back as it is. Raises TypeError for what is no text: `explain` takes bytes.
    """
    from cleanup.document import Document

    if not isinstance(text, str):
        raise TypeError(f"a text is a str, not {type(text).__name__}; cleanup.explain takes bytes, too")
    doc = Document("text", text=text)
    _pipeline(stages, config).map([doc])
    return doc.text if doc.status == "kept" else text


def explain(source: str | bytes, stages: Sequence[str] | None = None, config: Config | None = None) -> Document:
    """A text, an HTML page, or the bytes of either, as a cleaned Document that knows every change and its reason."""
    from cleanup.document import Document
    from cleanup.parse import parse
    from cleanup.read.sniff import sniff

    if not isinstance(source, str | bytes):
        raise TypeError(f"a source is a str or bytes, not {type(source).__name__}")
    pipeline = _pipeline(stages, config)
    head = source[:65536]
    kind = sniff(head.encode("utf-8", "replace") if isinstance(head, str) else head)
    doc = Document("text", kind="html" if kind == "html" else "text")
    if isinstance(source, bytes):
        doc.data = source
    else:
        doc.text = source
    parse(doc, pipeline.config)
    pipeline.map([doc])
    return doc


def read(*inputs: str | os.PathLike[str], config: Config | None = None) -> Iterator[Document]:
    """The documents of files, directories, globs and URLs, decoded and extracted but not cleaned, lazily and in order.

    An input that cannot be read comes as a document with status "failed" and its `error`.
    """
    from cleanup.config import Config
    from cleanup.parse import parse
    from cleanup.read.inputs import expand
    from cleanup.read.parts import Segment, read_segment

    config = config or Config()
    for source in expand([os.fsdecode(name) for name in inputs]):
        for doc in read_segment(Segment(source), config):
            if doc.status == "kept":
                parse(doc, config)
            yield doc


_cache: dict[Any, Pipeline] = {}


def _pipeline(stages: Sequence[str] | None, config: Config | None) -> Pipeline:
    from cleanup.pipeline import Pipeline

    stages = stages if stages is None or isinstance(stages, str) else tuple(stages)
    if config is not None:
        return Pipeline(stages, config)
    if stages not in _cache:
        _cache[stages] = Pipeline(stages)
    return _cache[stages]
