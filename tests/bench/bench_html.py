"""HTML extraction beside its peers on the same pages in the same run: body, metadata, speed.

    python tests/bench/bench_html.py [--half]

The body is scored without the title, which we put on the first line. `--half`: the sites on which figures are reported only.
Shingle F1 is article-extraction-benchmark's own measure, token F1 a bag of words (of Chinese and Japanese: characters).
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from adapters import decoded, pages, reported
from data import Page
from peers import html_peers, installed

from cleanup.config import Config, override
from cleanup.document import Document, Drop, Mark
from cleanup.evaluate.align import shingle_scores, token_f1
from cleanup.parse import parse
from cleanup.parse.structured import key

Fields = dict[str, Any]  # body, title, authors, date; dropped
System = Callable[[Page], Fields]


def ours(config: Config) -> System:
    """Our parse, its title line taken off the body."""

    def read(page: Page) -> Fields:
        doc = Document(page.id, data=page.html, kind="html")
        parse(doc, config)
        found: Fields = {mark.field: mark.value for mark in doc.pending if isinstance(mark, Mark)}
        title = str(found.get("title", ""))
        found["body"] = doc.text[len(title) :] if title and doc.text.startswith(title) else doc.text
        found["dropped"] = any(isinstance(proposal, Drop) for proposal in doc.pending)
        return found

    return read


def trafilatura_fields(page: Page) -> Fields:
    """The peer with its metadata, as one call gives them."""
    import trafilatura

    found = trafilatura.bare_extraction(page.html, include_comments=False, with_metadata=True)
    if found is None:
        return {}
    names = [name.strip() for name in (found.author or "").split(";") if name.strip()]
    return {"body": found.text or "", "title": found.title or "", "authors": names, "date": found.date or ""}


def newspaper_fields(page: Page) -> Fields:
    """newspaper4k with its metadata."""
    import newspaper

    article = newspaper.Article("http://localhost/", fetch_images=False, follow_meta_refresh=False)
    article.download(input_html=decoded(page))
    article.parse()
    day = article.publish_date.date().isoformat() if article.publish_date else ""
    return {"body": article.text, "title": article.title or "", "authors": list(article.authors), "date": day}


def systems() -> dict[str, System]:
    """Everything that is installed, by the name of its row."""
    found: dict[str, System] = {"cleanup": ours(Config())}
    if installed("readability", "resiliparse"):
        found["cleanup, ensemble"] = ours(override(Config(), {"parse.ensemble": True}))
    for name, extract in html_peers().items():
        found[name] = trafilatura_fields if name == "trafilatura" else (lambda page, extract=extract: {"body": extract(page)})
    if installed("newspaper"):
        found["newspaper4k"] = newspaper_fields
    return found


def _read(system: System, chosen: Sequence[Page]) -> tuple[list[Fields], float]:
    """(what a system found on every page, pages a second); a page on which it fails holds nothing."""
    found: list[Fields] = []
    began = time.process_time()
    for page in chosen:
        try:
            found.append(system(page))
        except Exception:
            found.append({})
    return found, len(chosen) / max(1e-9, time.process_time() - began)


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(list(values) or [0.0])


def _body(found: Sequence[Fields], chosen: Sequence[Page]) -> list[float]:
    """Token F1, precision and recall, then shingle F1."""
    tokens = [token_f1(one.get("body", ""), page.text) for one, page in zip(found, chosen, strict=True)]
    shingles = [shingle_scores(one.get("body", ""), page.text) for one, page in zip(found, chosen, strict=True)]
    precision = sum(row[0] for row in shingles) / max(1, sum(row[1] for row in shingles))
    recall = sum(row[2] for row in shingles) / max(1, sum(row[3] for row in shingles))
    shingle = 2 * precision * recall / max(1e-9, precision + recall)
    return [*(_mean(column) for column in zip(*tokens, strict=True)), shingle]


def _meta(found: Sequence[Fields], chosen: Sequence[Page]) -> list[float]:
    """Titles equal, titles equal or one within the other, dates, any author, all authors."""
    rows = list(zip(found, chosen, strict=True))
    titles = [(key(one.get("title", "")), key(page.title)) for one, page in rows if page.title]
    days = [(str(one.get("date", ""))[:10], page.date[:10]) for one, page in rows if page.date]
    names = [
        ({key(name) for name in one.get("authors", ())}, {key(name) for name in page.authors})
        for one, page in rows
        if page.authors
    ]
    near = (bool(a) and (a in b or b in a) for a, b in titles)
    return [
        _mean(a == b for a, b in titles),
        _mean(near),
        _mean(a == b for a, b in days),
        _mean(bool(a & b) for a, b in names),
        _mean(a == b for a, b in names),
    ]


def main() -> None:
    """Print one table a set of pages."""
    half = "--half" in sys.argv[1:]
    for name, meta in (("news", True), ("aeb", False)):
        chosen = [page for page in pages(name) if reported(page) or not half]
        columns = ["token F1", "precision", "recall", "shingle F1", "speed"]
        columns += ["title =", "title ~", "date", "author", "authors ="] if meta else []
        print(f"\n{name}: {len(chosen)} pages" + (" (reported half of the sites)" if half else ""))
        print(f"{'':24}" + "".join(f"{column:>11}" for column in columns))
        for system, read in systems().items():
            found, speed = _read(read, chosen)
            cells = [f"{value:.4f}" for value in _body(found, chosen)] + [f"{speed:.0f}/s"]
            cells += (
                [f"{value:.3f}" if any("title" in one for one in found) else "" for value in _meta(found, chosen)] if meta else []
            )
            lost = sum(bool(one.get("dropped")) for one in found)
            print(f"{system:24}" + "".join(f"{cell:>11}" for cell in cells) + (f"   {lost} dropped" if lost else ""))


if __name__ == "__main__":
    main()
