"""Run stages over gold and measure them, each alone and all together."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from cleanup import config as configuration
from cleanup.config import Config
from cleanup.errors import CleanupError
from cleanup.evaluate import align, measure
from cleanup.evaluate.gold import Gold, digest, load
from cleanup.evaluate.measure import Calibrated, Outcome
from cleanup.evaluate.metrics import Bin, Metric, Samples, calibration, clustering
from cleanup.pipeline import BATCH, Pipeline

NEEDS = {"spin": ("language",)}  # stages that a stage relies on
PARSING = ("decode", "extract")


class Scores(msgspec.Struct):
    """All figures of an evaluation."""

    gold: str  # digest
    documents: int
    metrics: list[Metric]
    calibration: list[Bin]
    stages: list[str]  # what was measured

    def table(self) -> str:
        """The figures as text, a table a stage, a row a language or slice."""
        from cleanup.evaluate.table import render

        return render(self)

    def json(self) -> bytes:
        """The figures as one JSON object."""
        return msgspec.json.encode(self)

    def get(self, stage: str, name: str, group: str = "all") -> Metric | None:
        """One figure, None when there is none."""
        return next((m for m in self.metrics if (m.stage, m.name, m.group) == (stage, name, group)), None)


def evaluate(
    gold: str | Path | Sequence[str | Path] | Sequence[Gold], config: Config | None = None, stages: Sequence[str] | None = None
) -> Scores:
    """Measure on labelled documents (files, directories, or Gold). Raises CleanupError for gold that does not fit its text.

    `stages` are the ones to measure, each run alone: decode, extract, mojibake, boilerplate, language, spin, dedup; by default
    all that the gold knows something about, and the whole pipeline ("all") on every document with a clean text.
    """
    golds = _loaded(gold)
    config = config or Config()
    names = _stages(config, stages)
    samples, seen = Samples(), Calibrated()
    parsed = _parse(golds, config, samples, [name for name in PARSING if name in names])
    for name in names:
        if name == "dedup":
            _dedup(golds, config, samples)
        elif name not in (*PARSING, "all"):
            _stage(name, parsed, config, samples, seen)
    if "all" in names:
        _whole(parsed, config, samples, seen)
    bins = [b for name in seen.scores for b in calibration(name, seen.scores[name], seen.right[name])]
    measured = samples.metrics()
    return Scores(digest(golds), len(golds), measured, bins, names)


def _loaded(gold: str | Path | Sequence[str | Path] | Sequence[Gold]) -> list[Gold]:
    if isinstance(gold, str | Path):
        return load(gold)
    given = [item for item in gold if isinstance(item, Gold)]
    return given or load([item for item in gold if not isinstance(item, Gold)])


def _stages(config: Config, stages: Sequence[str] | None) -> list[str]:
    known = [*PARSING, *config.stages, "dedup", "all"]
    for name in stages or ():
        if name not in known:
            raise CleanupError(f"unknown stage {name!r}", f"--stage knows {', '.join(known)}")
    return list(stages or known)


def _parse(golds: Iterable[Gold], config: Config, samples: Samples, names: Sequence[str]) -> list[Outcome]:
    """Every gold document decoded and extracted; what fails there is counted and left out."""
    found = []
    for gold in golds:
        doc = gold.document()
        if doc.data is not None:
            from cleanup.parse import parse

            parse(doc, config)
        out = Outcome(gold, doc, doc.text)
        if gold.text is None and "decode" in names:
            samples.add("decode", out.groups, "failed", float(doc.status == "failed"), 1)
        if doc.status == "failed":
            continue
        if gold.decoded is not None and "decode" in names and gold.kind != "html":
            samples.add(
                "decode", [*out.groups, *([gold.encoding] if gold.encoding else [])], "exact", doc.text == gold.decoded, 1
            )
        if gold.kind == "html" and "extract" in names:
            settled = _mapped([out], Pipeline(stages=[], config=config))[0]
            if gold.dropped:
                samples.add("extract", out.groups, "drops found", settled.doc.status == "dropped", 1)
            elif gold.body is not None:
                samples.add("extract", out.groups, "articles dropped", settled.doc.status == "dropped", 1)
                measure.body(settled, "extract", samples)
            measure.meta(settled, "extract", samples)
        found.append(out)
    return found


def _mapped(outs: Sequence[Outcome], pipeline: Pipeline) -> list[Outcome]:
    """Fresh copies of documents, cleaned."""
    found = []
    for start in range(0, len(outs), BATCH):
        piece = outs[start : start + BATCH]
        docs = [msgspec.structs.replace(out.doc) for out in piece]
        pipeline.map(docs)
        found += [Outcome(out.gold, doc, out.source) for out, doc in zip(piece, docs, strict=True)]
    return found


def _stage(name: str, outs: Sequence[Outcome], config: Config, samples: Samples, seen: Calibrated) -> None:
    """One stage alone (with what it relies on), over the documents that say something about it."""
    mine = [out for out in outs if _concerns(out.gold, name)]
    if not mine:
        return
    pipeline = Pipeline(stages=[*NEEDS.get(name, ()), name], config=config)
    for out in _mapped(mine, pipeline):
        gold = out.gold
        if name != "language" and gold.clean is not None and gold.about(name) and gold.text is not None:
            measure.edits(out, name, samples, seen)
        if name == "boilerplate" and gold.lines is not None:
            measure.lines(out, samples, seen)
        if name == "boilerplate" and gold.text is not None and gold.meta:
            measure.meta(out, name, samples)
        if name == "boilerplate" and gold.text is not None and gold.body is not None:
            measure.body(out, name, samples, out.source)
        if name == "language" and gold.language is not None:
            measure.language(out, samples)
        if name == "spin" and (gold.spin is not None or gold.untouched):
            measure.spin(out, samples, gold.spin or "clean")


def _concerns(gold: Gold, name: str) -> bool:
    if name == "language":  # a text that was misread has no language yet
        return gold.language is not None and "mojibake" not in (gold.stages or ())
    if gold.text is None:
        return False
    if name == "boilerplate" and (gold.lines is not None or gold.meta or gold.body is not None):
        return True
    if name == "spin" and gold.spin is not None:
        return True
    return gold.clean is not None and gold.about(name)


def _whole(outs: Sequence[Outcome], config: Config, samples: Samples, seen: Calibrated) -> None:
    """The whole pipeline, on every document of which the clean text or the body is known."""
    per_document = {"dedup"}
    mine = [
        out
        for out in outs
        if (out.gold.kind == "html" and out.gold.body is not None)
        or (out.gold.clean is not None and out.gold.text is not None and not per_document & set(out.gold.stages or ()))
    ]
    for out in _mapped(mine, Pipeline(config=config)):
        if out.gold.body is not None:
            measure.body(out, "all", samples, out.source)
            measure.meta(out, "all", samples)
        if out.gold.clean is not None and out.gold.text is not None:
            measure.edits(out, "all", samples, seen)


def _dedup(golds: Sequence[Gold], config: Config, samples: Samples) -> None:
    """A run without stages over the documents with a cluster, and over copies that `corrupt` made beside their originals."""
    texts: list[tuple[str, str]] = []  # text, true cluster
    relation: dict[int, tuple[str, int]] = {}  # number -> relation, number of the original
    first: dict[str, int] = {}
    for gold in golds:
        if gold.text is None:
            continue
        if gold.cluster is not None:
            if gold.relation is not None and gold.cluster in first:
                relation[len(texts)] = (gold.relation, first[gold.cluster])
            first.setdefault(gold.cluster, len(texts))
            texts.append((gold.text, gold.cluster))
        elif gold.recipe and gold.relation is not None and gold.clean is not None:
            relation[len(texts) + 1] = (gold.relation, len(texts))
            texts += [(gold.clean, f"\0{gold.source}"), (gold.text, f"\0{gold.source}")]
    if not texts:
        return
    found = clusters([text for text, _ in texts], config)
    for number, (common, mine, theirs, precision, recall) in enumerate(clustering(found, [cluster for _, cluster in texts])):
        samples.add("dedup", [], "pair F1", common, mine, theirs)
        samples.add("dedup", [], "pair precision", common, mine)
        samples.add("dedup", [], "pair recall", common, theirs)
        samples.add("dedup", [], "B-cubed F1", precision, recall, 1)
        samples.add("dedup", [], "ARI", common, mine, theirs, 1)
        samples.add("dedup", [], "false merges", float(mine > common), 1)
        if number in relation:
            kind, original = relation[number]
            samples.add("dedup", [kind], "copy recall", float(found[number] == found[original]), 1)


def clusters(texts: Sequence[str], config: Config) -> list[int]:
    """A cluster number for every text, as a run that does nothing but deduplicate finds them."""
    from cleanup.run import execute
    from cleanup.write.record import encode

    only = configuration.override(config, {"stages": (), "dedup.enabled": True, "dedup.mode": "cluster", "dedup.index": ""})
    found = list(range(len(texts)))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "texts.jsonl"
        path.write_bytes(b"".join(encode({"id": str(number), only.read.text_field: text}) for number, text in enumerate(texts)))
        run = execute(only, [str(path)], Path(name) / "out")
        for cluster in run.clusters():
            members = [int(member["id"]) for member in cluster["members"]]
            members += [int(cluster["kept"])] if isinstance(cluster.get("kept"), str | int) else []
            for member in members:
                found[member] = min(members)
    return found


__all__ = ["Scores", "align", "clusters", "evaluate"]
