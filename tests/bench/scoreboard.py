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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import data
from adapters import bodies, encoded, extracted, html_gold, pages, reported
from adapters import site as site_of
from board import Board
from data import Page
from peers import decoders, html_peers, installed, line_peers

from cleanup.document import Document
from cleanup.evaluate import align, measure, misread
from cleanup.evaluate.corrupt import corrupt
from cleanup.evaluate.gold import Gold
from cleanup.evaluate.measure import Outcome
from cleanup.evaluate.metrics import Samples
from cleanup.pipeline import Pipeline, batches

OURS = "cleanup"


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


# ---------------------------------------------------------------------------------------------------- mojibake
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
    """Accuracy on the beginnings of article bodies; labels are the publishers', a few of them wrong."""
    pipeline = Pipeline(stages=["language"])
    board = Board("Language of the beginnings of article bodies")
    for chars in (40, 100, 400):
        rows = [(lang, text[:chars]) for _, lang, text in bodies() if len(text) >= chars]
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
    board = Board(
        f"Spin: {len(english)} honest English bodies, {len(golds) - len(english)} spun by the table of `corrupt` (36 % of words)"
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
