"""A stream that is one document: plain text or an HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from cleanup.config import LimitsConfig
from cleanup.document import Document, failure
from cleanup.read.stream import Buffered


def read_whole(
    stream: Buffered, source: str, label: str, kind: Literal["text", "html"], limits: LimitsConfig
) -> Iterator[Document]:
    """The whole stream as one undecoded document; failed when it is larger than `limits.max_document_bytes`."""
    data = stream.read(limits.max_document_bytes + 1)
    if len(data) > limits.max_document_bytes:
        yield failure(source, 0, f"larger than limits.max_document_bytes = {limits.max_document_bytes}", label)
    else:
        yield Document(label, source=source, kind=kind, data=data)
