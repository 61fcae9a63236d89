"""The whole scoreboard over the development data, every figure beside those of the peers on the same input.

    python tests/bench/scoreboard.py [html] [lines] [mojibake] [bytes] [language] [spin] [dedup]

Figures are means with the half width of their 95 % interval (bootstrap over documents) where that is written. A peer that is
not installed is left out; without the data there is nothing to print. What was fitted on the pages of this data has to be read
in the rows "reported sites".
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import data
from adapters import bodies, extracted, html_gold, pages, reported
from adapters import site as site_of
from board import OURS, Board
from characters import language, mojibake, raw
from data import Page
from peers import html_peers, installed, line_peers

from cleanup.document import Document
from cleanup.evaluate import align, measure
from cleanup.evaluate.corrupt import corrupt
from cleanup.evaluate.gold import Gold
from cleanup.evaluate.measure import Outcome
from cleanup.evaluate.metrics import Samples
from cleanup.pipeline import Pipeline, batches


# ---------------------------------------------------------------------------------------------------- HTML
def clean_page(pipeline: Pipeline) -> Callable[[Page], Document]:
    """Our whole way from a page's bytes to its text and metadata."""
    from cleanup.parse import parse

    def clean(page: Page) -> Document:
        doc = Document(page.id, kind="html", data=page.html, meta={"url": page.url} if page.url else {})
        parse(doc, pipeline.config)
        if doc.status == "kept":
            pipeline.map([doc])
        return doc

    return clean


def html() -> None:
    """Main text from HTML: AEB by its own measure, news by token F1; metadata."""
    pipeline = Pipeline()
    ours = clean_page(pipeline)
    for name in ("aeb", "news"):
        board = Board(f"HTML {name}: {len(pages(name))} pages")
        for system, extract in {OURS: None, **html_peers()}.items():
            began = time.perf_counter()
            docs = [ours(page) if extract is None else Document(page.id, _safe(extract, page)) for page in pages(name)]
            speed = len(docs) / (time.perf_counter() - began)
            for page, doc in zip(pages(name), docs, strict=True):
                _page_counts(board.of(system), page, doc)
            board.note(system, "pages/s", f"{speed:.0f}")
            if extract is None:
                board.note(system, "dropped", str(sum(doc.status != "kept" for doc in docs)))
        board.show(("all", "reported sites"))
    _metadata(ours)


def _safe(extract: Callable[[Page], str], page: Page) -> str:
    try:
        return extract(page)
    except Exception:  # a peer that fails on a page found nothing there
        return ""


def _page_counts(samples: Samples, page: Page, doc: Document) -> None:
    groups = ["reported sites"] if reported(page) else []
    f1, precision, recall = align.token_f1(doc.text, page.text)
    samples.add("html", groups, "token F1", f1, 1)
    samples.add("html", groups, "token precision", precision, 1)
    samples.add("html", groups, "token recall", recall, 1)
    samples.add("html", groups, "shingle F1", *align.shingle_scores(doc.text, page.text))


def _metadata(ours: Callable[[Page], Document]) -> None:
    board = Board("Metadata from HTML, news")
    for page, gold in zip(pages("news"), html_gold("news"), strict=True):
        groups = ["reported sites"] if reported(page) else []
        found = {OURS: ours(page).meta}
        if installed("trafilatura"):
            import trafilatura

            one = trafilatura.extract_metadata(page.html)
            authors = [name.strip() for name in (one.author or "").split(";") if name.strip()] if one else []
            found["trafilatura"] = {"title": one.title, "date": one.date, "authors": authors} if one else {}
        for system, meta in found.items():
            for field, true in gold.meta.items():
                same = measure.SAME.get(field, measure._same_text)
                board.of(system).add("meta", groups, f"{field} found", float(same(meta.get(field), true)), 1)
            titles = [measure.fold(one) for one in (meta.get("title"), page.title) if one]
            near = len(titles) == 2 and (titles[0] in titles[1] or titles[1] in titles[0])
            board.of(system).add("meta", groups, "title within or around, found", float(near), 1)
    board.show(("all", "reported sites"))


# ---------------------------------------------------------------------------------------------------- extracted text
def lines() -> None:
    """Residue in text that somebody already extracted, line by line."""
    pipeline = Pipeline(stages=["boilerplate"])
    for name, main in (("news", True), ("news", False), ("aeb", True), ("aeb", False)):
        gold = extracted(name, main=main)
        kind = "main text" if main else "full page dump"
        board = Board(f"Plain text {name}, {kind}: {len(gold)} pages, {sum(len(one.lines or ()) for one in gold)} lines")
        half = {page.id for page in pages(name) if reported(page)}
        for system, keep in line_peers().items():
            for one in gold:
                _lines_kept(board.of(system), one, keep, ["reported sites"] if one.id in half else [])
        docs = [Document(one.id, one.text or "", meta={"url": one.url} if one.url else {}) for one in gold]
        for batch in batches(docs):
            pipeline.map(batch)
        for one, doc in zip(gold, docs, strict=True):
            _ours_by_line(board.of(OURS), one, doc, ["reported sites"] if one.id in half else [])
        board.show(("all", "reported sites"), width=False)


def _lines_kept(samples: Samples, gold: Gold, keep: Callable[[list[str], str], list[bool]], groups: list[str]) -> None:
    texts = (gold.text or "").split("\n")
    gone = [not kept for kept in keep(texts, gold.language or "")]
    size = [len("".join(line.split())) for line in texts]
    lost = [count if out else 0 for count, out in zip(size, gone, strict=True)]
    measure.line_counts(groups, samples, "lines", gold.lines or [], gone, lost, size)
    kept_text = "\n".join(line for line, out in zip(texts, gone, strict=True) if not out)
    samples.add("lines", groups, "body F1", align.token_f1(kept_text, gold.body or "")[0], 1)


def _ours_by_line(samples: Samples, gold: Gold, doc: Document, groups: list[str]) -> None:
    source = gold.text or ""
    lost, scores = align.line_scores(doc, source)
    size = [len("".join(line.split())) for line in source.split("\n")]
    gone = [2 * count >= total > 0 for count, total in zip(lost, size, strict=True)]
    labels = gold.lines or []
    measure.line_counts(groups, samples, "lines", labels, gone, lost, size)
    samples.add("lines", groups, "body F1", align.token_f1(doc.text, gold.body or "")[0], 1)
    ranked = [
        (score, label == "content") for score, label in zip(scores, labels, strict=True) if label in ("content", "boilerplate")
    ]
    for loss in measure.LOSSES:
        samples.rank("lines", groups, f"recall at {loss:.1%}", loss, [score for score, _ in ranked], [good for _, good in ranked])


# ---------------------------------------------------------------------------------------------------- spin
def spin() -> None:
    """Observed pairs in the lexicon, verdicts and edits on honest bodies, and bodies spun with a table that is not ours."""
    _coverage()
    english = [(name, text) for name, language, text in bodies() if language == "en"]
    pipeline = Pipeline(stages=["language", "spin"])
    samples = Samples()
    records = list(corrupt([Document(name, text, meta={"language": "en"}) for name, text in english], "spin", 0.36, 7))
    golds = [Gold(id=name, text=text, clean=text, spin="clean") for name, text in english]
    golds += [
        Gold(id=f"{one['id']}+", text=one["text"], clean=one["clean"], spin="spun", stages=("spin",))
        for one in records
        if one["recipe"]
    ]
    docs = [Document(gold.id, gold.text or "") for gold in golds]
    for batch in batches(docs):
        pipeline.map(batch)
    for gold, doc in zip(golds, docs, strict=True):
        measure.spin(Outcome(gold, doc, gold.text or ""), samples, gold.spin or "clean")
        if gold.spin == "clean":
            samples.add("spin", [], "edits per 10k words", doc.edits, len(align.words(gold.text or "")))
    changed = sum(len(align.words(edit["after"])) for one in records for edit in one["edits"])
    share = f"{changed / sum(len(align.words(one['clean'])) for one in records):.0%} of their words"
    board = Board(
        f"Spin: {len(english)} honest English bodies, {len(golds) - len(english)} spun by the table of `corrupt`, {share}"
    )
    board.samples[OURS] = samples
    board.show(("all", ">300 words", "150-300 words", "<150 words"))
    seeds = data.seeds_dir()
    for path in sorted(seeds.glob("*.txt")) if seeds else []:
        doc = Document(path.stem, path.read_text(encoding="utf-8"))
        Pipeline().map([doc])
        rows = [row for row in doc.ledger if row.stage == "spin" and row.action == "edit"]
        print(f"seed {path.stem}: {doc.meta.get('spin')}, {len(rows)} spin edits of {doc.edits} in all")


def _coverage() -> None:
    """How many of the observed substitutions the lexicon knows, by token mass."""
    from cleanup.rules import directories
    from cleanup.spin.listing import expand

    known = {(pair["before"].lower(), pair["after"].lower()) for pair in expand(directories())}
    observed = [(spun.lower(), original.lower(), count) for spun, original, count, _ in data.substitutions()]
    mass = sum(count for *_, count in observed)
    hit = sum(count for spun, original, count in observed if (spun, original) in known)
    share = f"{hit / max(1, mass):.3f} of {mass}"
    print(f"\nSpin: observed pairs (those for development) in the expanded lexicon, by mass: {share}; {len(known)} pairs")


# ---------------------------------------------------------------------------------------------------- dedup
COPIES = (("near", 0.02), ("near", 0.05), ("near", 0.1), ("reprint", 0.2), ("excerpt", 0.4), ("spin", 0.36))


def dedup() -> None:
    """Copies of article bodies found, by how they were made, and strangers merged; beside MinHash LSH as datasketch has it."""
    from cleanup.config import Config
    from cleanup.evaluate.score import clusters

    docs = [Document(name, text, meta={"language": lang}) for name, lang, text in bodies() if len(align.words(text)) >= 120]
    texts, kinds = [doc.text for doc in docs], ["original"] * len(docs)
    owner = [texts.index(text) for text in texts]  # some bodies are there twice
    for number, (recipe, rate) in enumerate(COPIES):
        chosen = list(range(number, len(docs), len(COPIES)))
        for index, record in zip(chosen, corrupt([docs[index] for index in chosen], recipe, rate, 3), strict=True):
            if record["recipe"]:
                texts.append(record["text"])
                owner.append(owner[index])
                kinds.append(f"{recipe} {rate:g}")
    board = Board(f"Dedup: {len(docs)} bodies and {len(texts) - len(docs)} copies")
    systems: dict[str, Callable[[], list[int]]] = {OURS: lambda: clusters(texts, Config())}
    if installed("datasketch"):
        systems["datasketch LSH .7, 5 words"] = lambda: _datasketch(texts)
    for system, run in systems.items():
        began = time.perf_counter()
        found = run()
        board.note(system, "seconds", f"{time.perf_counter() - began:.1f}")
        for index, kind in enumerate(kinds):
            if kind != "original":
                board.of(system).add("d", [], f"{kind} recall", float(found[index] == found[owner[index]]), 1)
        groups: dict[int, set[int]] = {}
        for index, number in enumerate(found):
            groups.setdefault(number, set()).add(owner[index])
        board.note(system, "clusters with strangers", str(sum(len(owners) > 1 for owners in groups.values())))
    board.show(width=False)


def _datasketch(texts: Sequence[str]) -> list[int]:
    """Clusters by connected components over unverified candidates."""
    import datasketch

    lsh: Any = datasketch.MinHashLSH(threshold=0.7, num_perm=128)
    found = list(range(len(texts)))
    for number, text in enumerate(texts):
        tokens = align.words(text)
        sketch: Any = datasketch.MinHash(num_perm=128)
        sketch.update_batch([" ".join(tokens[at : at + 5]).encode() for at in range(max(1, len(tokens) - 4))])
        for other in lsh.query(sketch):
            low, high = sorted((found[other], found[number]))
            found = [low if cluster == high else cluster for cluster in found]
        lsh.insert(number, sketch)
    return found


SECTIONS: dict[str, Callable[[], None]] = {
    "html": html,
    "lines": lines,
    "mojibake": mojibake,
    "bytes": raw,
    "language": language,
    "spin": spin,
    "dedup": dedup,
}


def main(names: Sequence[str]) -> None:
    """Print the sections of those names, all by default."""
    if data.data_dir() is None:
        print("the development data is not here: nothing to score")
        return
    began = time.perf_counter()
    failed: list[str] = []
    for name in names or SECTIONS:
        start = time.perf_counter()
        try:
            SECTIONS[name]()
        except Exception:  # the other sections still have something to say
            traceback.print_exc()
            failed.append(name)
        print(f"[{name}: {time.perf_counter() - start:.0f} s]", flush=True)
    print(f"\nall in {time.perf_counter() - began:.0f} s; {len({site_of(page) for page in pages('news')})} news sites")
    if failed:
        raise SystemExit(f"sections that failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
