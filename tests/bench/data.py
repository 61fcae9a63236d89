"""Where the development data lies: a `shared` folder beside the checkout, absent elsewhere."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec


class Page(msgspec.Struct):
    """One labelled page: the bytes as crawled and what its publisher says the article is."""

    id: str
    html: bytes
    body: list[str]  # paragraphs
    language: str
    title: str | None = None
    authors: list[str] = []
    date: str | None = None  # ISO 8601
    topics: list[str] = []
    url: str | None = None

    @property
    def text(self) -> str:
        """The article's body, a paragraph a line."""
        return "\n".join(self.body)


def data_dir() -> Path | None:
    """The development data, or None where it is absent."""
    path = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
    return path.resolve() if path.is_dir() else None


def seeds_dir() -> Path | None:
    """The four scraped articles that the project started from, or None."""
    path = Path(__file__).resolve().parents[2] / ".." / "shared" / "seeds"
    return path.resolve() if path.is_dir() else None


def news() -> Iterator[Page]:
    """The pages of `html/news`: 132 of them, 16 languages. Nothing where the data is absent."""
    root = data_dir()
    for line in (root / "html/news/gold.jsonl").read_text(encoding="utf-8").splitlines() if root else ():
        row: dict[str, Any] = json.loads(line)
        assert root is not None
        yield Page(
            Path(row["file"]).name.removesuffix(".html.gz"),
            gzip.decompress((root / "html/news" / row["file"]).read_bytes()),
            [part for part in row["body"] if part and part.strip()],
            row["lang"],
            row.get("title"),
            row.get("authors") or [],
            row.get("date"),
            row.get("topics") or [],
        )


def aeb() -> Iterator[Page]:
    """The pages of article-extraction-benchmark: 181, nearly all English. Nothing where the data is absent."""
    root = data_dir()
    truth: dict[str, Any] = json.loads((root / "html/aeb/ground-truth.json").read_text(encoding="utf-8")) if root else {}
    for name in sorted(truth):
        assert root is not None
        html = gzip.decompress((root / "html/aeb/html" / f"{name}.html.gz").read_bytes())
        body = [line for line in truth[name]["articleBody"].split("\n") if line.strip()]
        yield Page(name, html, body, "en", url=truth[name].get("url"))


def mojibake() -> Iterator[tuple[str, dict[str, str]]]:
    """(file, case) of ftfy's own suite; a case has `label`, `original`, `fixed` and `expect`."""
    root = data_dir()
    for path in sorted((root / "mojibake").glob("*.json")) if root else ():
        for case in json.loads(path.read_text(encoding="utf-8")):
            yield path.stem, case


def substitutions() -> Iterator[tuple[str, str, int, str]]:
    """(spun, original, count, contexts) as observed in spun articles."""
    root = data_dir()
    lines = (root / "spun/substitutions_dev.tsv").read_text(encoding="utf-8").splitlines()[1:] if root else []
    for line in lines:
        spun, original, count, contexts = [*line.split("\t"), "", ""][:4]
        yield spun, original, int(count), contexts
