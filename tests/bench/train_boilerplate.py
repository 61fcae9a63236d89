"""Make the weights of the boilerplate line scorer (development only: needs catboost and the labelled pages).

    python tests/bench/train_boilerplate.py --check    # cross-validated by site on the fitting pages: the figures to look at
    python tests/bench/train_boilerplate.py            # write rules/boilerplate/scorer.json from the fitting pages

Fitting pages: one half of the sites of html/news and all of article-extraction-benchmark. The other half of the news sites is
for reporting only (bench_boilerplate.py). Each page is used as main text, as dump of the whole page, and as main text with
its blank lines taken away or doubled, so that the weights do not depend on one extractor's habits.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from residue import Gold, Sample, f1, samples, tokens

from cleanup import rules
from cleanup.config import BoilerplateConfig
from cleanup.document import Document
from cleanup.stages.boilerplate import Cleaner
from cleanup.stages.boilerplate_features import features
from cleanup.stages.boilerplate_lines import SHORT, Page
from cleanup.stages.boilerplate_rules import load
from cleanup.stages.boilerplate_scorer import FILE, SCALE, Weights, verdict_flags
from cleanup.stages.boilerplate_structure import State

SURE = 0.9
APPLY, APPLY_DUMP, REVIEW = 0.86, 0.6, 0.75
FORMS: dict[str, tuple[str, float, Callable[[str], str]]] = {
    "main": ("main", 1.0, lambda text: text),
    "dump": ("all", 0.3, lambda text: text),
    "flat": ("main", 0.3, lambda text: re.sub(r"\n\s*\n+", "\n", text)),
    "wide": ("main", 0.3, lambda text: re.sub(r"\n+", "\n\n", text)),
}
CATBOOST = {
    "iterations": 140,
    "depth": 6,
    "learning_rate": 0.08,
    "l2_leaf_reg": 6,
    "border_count": 48,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.7,
    "rsm": 0.5,
    "verbose": 0,
    "thread_count": 2,
    "allow_writing_files": False,
}


class Table(msgspec.Struct):
    """Lines of many pages: numbers [lines, features], labels, page of each line."""

    names: list[str]
    numbers: Any
    labels: Any
    page: Any
    text: list[str]
    gone: Any
    weight: Any


def table(chosen: Sequence[Sample], form: str) -> Table:
    """All lines of some pages in one form, with weights for fitting (0: not used)."""
    kind, weight, change = FORMS[form]
    cleaner = Cleaner(BoilerplateConfig(scorer=False), load(rules.directories()), None)
    docs = [Document(id=str(number), text=change(sample.texts[kind])) for number, sample in enumerate(chosen)]
    lines, states = cleaner.judge(docs)
    empty = [Page.of(lines, index, doc.text) for index, doc in enumerate(docs)]
    verdicts = verdict_flags(lines, [states.get(index) or State(page, {}) for index, page in enumerate(empty)], SURE)
    columns = features(lines, cleaner.signals, verdicts)
    text = lines.text.to_list()
    golds = [Gold(sample.page) for sample in chosen]
    labels = np.array([golds[page].label(line) for page, line in zip(lines.doc, text, strict=True)])
    gone = np.logical_or.reduce(list(verdicts.values()))
    size = np.array([len(tokens(line)) for line in text])
    share = np.where(labels == "T", 5.0, np.where(labels == "C", 2.0, 1.0))
    share = np.where((labels == "C") & (size <= 3), 0.0 if kind == "all" else 0.3, share)  # contained by chance
    share = weight * share / np.sqrt(lines.sizes / 30)
    share[gone | (lines.chars > SHORT)] = 0
    return Table(list(columns), np.stack(list(columns.values()), 1), labels, lines.doc, text, gone, share)


def fit(tables: Sequence[Table], pages: set[int], seed: int = 0) -> Any:
    """A model from the lines of some pages."""
    from catboost import CatBoostClassifier

    numbers, labels, weights = [], [], []
    for one in tables:
        use = np.isin(one.page, list(pages)) & (one.weight > 0)
        numbers.append(one.numbers[use])
        labels.append(np.isin(one.labels[use], ["B", "Y"]))
        weights.append(one.weight[use])
    model = CatBoostClassifier(random_seed=seed, **CATBOOST)
    return model.fit(np.concatenate(numbers), np.concatenate(labels).astype(int), sample_weight=np.concatenate(weights))


def check(chosen: Sequence[Sample], tables: dict[str, Table], folds: int = 5) -> None:
    """Print what cross-validation by site gives on the news pages among the fitting pages."""
    fold = [int(hashlib.md5(sample.site.encode()).hexdigest(), 16) % folds for sample in chosen]
    found = {form: np.zeros(len(tables[form].page)) for form in ("main", "dump")}
    for number in range(folds):
        model = fit(list(tables.values()), {page for page, of in enumerate(fold) if of != number})
        for form, score in found.items():
            here = np.isin(tables[form].page, [page for page, of in enumerate(fold) if of == number])
            score[here] = model.predict_proba(tables[form].numbers[here])[:, 1]
    news = [page for page, sample in enumerate(chosen) if sample.set == "news"]
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95):
        cells = [_cell(chosen, tables[form], score, threshold, news) for form, score in found.items()]
        print(f"{threshold:.2f}  main {cells[0]}  |  dump {cells[1]}")


def _cell(chosen: Sequence[Sample], one: Table, score: Any, threshold: float, news: list[int]) -> str:
    short = np.array([len(line) <= SHORT for line in one.text])
    out = one.gone | ((score >= threshold) & short)
    use = np.isin(one.page, news)
    size = np.array([len(tokens(line)) for line in one.text])
    residue, content = use & (one.labels == "B"), use & (one.labels == "C")
    lost, longer = 100 * out[content].mean(), 100 * (out & content & (size > 3)).sum() / content.sum()
    marks = []
    for page in news:
        at = (one.page == page).nonzero()[0]
        body = [token for paragraph in chosen[page].page.body for token in tokens(paragraph)]
        marks.append(f1([token for line in at if not out[line] for token in tokens(one.text[line])], body))
    return f"recall {out[residue].mean():.3f} lost {lost:.2f} % (more than 3 words {longer:.2f} %) F1 {np.mean(marks):.4f}"


def export(model: Any, names: list[str], path: Path) -> Weights:
    """The model as plain numbers."""
    import json
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.json", format="json")
        data = json.loads(Path(f"{folder}/model.json").read_text())
    scale, bias = data["scale_and_bias"]
    trees = data["oblivious_trees"]
    weights = Weights(
        features=names,
        bias=round(bias[0] * SCALE),
        split_feature=[[split["float_feature_index"] for split in tree["splits"]] for tree in trees],
        split_border=[[round(split["border"], 5) for split in tree["splits"]] for tree in trees],
        leaves=[[round(leaf * scale * SCALE) for leaf in tree["leaf_values"]] for tree in trees],
        apply=APPLY,
        apply_dump=APPLY_DUMP,
        review=REVIEW,
    )
    path.write_bytes(msgspec.json.encode(weights) + b"\n")
    return weights


def main() -> None:
    """Check or write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("-o", "--out", type=Path, default=rules.built_in() / "boilerplate" / FILE)
    options = parser.parse_args()
    chosen = [sample for sample in samples() if sample.set == "aeb" or sample.half == 0]
    tables = {form: table(chosen, form) for form in FORMS}
    print(
        len(chosen),
        "pages,",
        {form: len(one.page) for form, one in tables.items()},
        "lines,",
        len(tables["main"].names),
        "features",
    )
    if options.check:
        check(chosen, tables)
        return
    model = fit(list(tables.values()), set(range(len(chosen))))
    names = tables["main"].names
    export(model, names, options.out)
    print(options.out, options.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
