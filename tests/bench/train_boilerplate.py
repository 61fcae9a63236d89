"""Make the weights of the boilerplate line scorer (development only: needs catboost and the labelled pages).

    python tests/bench/train_boilerplate.py --check    # cross-validated by site: the figures to look at
    python tests/bench/train_boilerplate.py            # write rules/boilerplate/scorer.json
    python tests/bench/train_boilerplate.py --keep dump title   # the same, but for these trees: so the ones that ship were made

Fitting pages: html/news and article-extraction-benchmark, which `data.py` looks for in a folder `shared/data` beside the
checkout (its layout is what that module reads: pages as gzipped HTML, gold bodies as JSON). Nothing else went into the weights
that ship. `--pages DIR` adds other HTML pages, which our own extraction labels. The weights have seen every page, so what
`bench_boilerplate.py` says of them is too good: the honest figures are those of `--check`, where each page is judged by weights
that were fitted without its site.

Each page is used as main text, as dump of the whole page, and as main text with its blank lines taken away or doubled, so that
the weights do not depend on one extractor's habits. The rules were written with the fitting pages in view and find more in them
than in pages of other sites, so each page is used a second time with half of the rules taken away at random (`SPARED`): the
weights must not lean on neighbours that a rule has found. `--check` reports both with all rules and with few.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from data import Page
from residue import Gold, Sample, f1, samples, tokens

from cleanup import rules
from cleanup.config import BoilerplateConfig, Config
from cleanup.document import Document, Mark
from cleanup.parse import parse
from cleanup.stages.boilerplate import Cleaner
from cleanup.stages.boilerplate_features import features
from cleanup.stages.boilerplate_lines import SHORT, Lines
from cleanup.stages.boilerplate_lists import UNITS
from cleanup.stages.boilerplate_rules import Book, load
from cleanup.stages.boilerplate_scorer import FILE, Scorer, Trees, Weights, may_be_title, verdict_flags
from cleanup.stages.boilerplate_structure import State

SURE = 0.9
APPLY = [  # one word or an entry of a list, up to three words, up to eight, more
    [0.89, 0.95, 0.88, 0.73],  # before the article
    [0.74, 0.95, 0.73, 0.62],  # within
    [0.99, 0.92, 0.86, 0.78],  # behind
]
APPLY_DUMP = (0.44, 0.65, 0.8)  # in a dump: what is no long sentence; a long sentence around the article, within it
REVIEW = 0.5
UNSURE = 0.3  # weight of lists within the article that the gold body leaves out
TAKEN = 0.3  # of residue that rules find: nobody asks the scorer about it, but pages of other sites have its like
MORE = 0.4  # weight of pages that we labelled ourselves
FORMS: dict[str, tuple[str, float, Callable[[str], str]]] = {
    "main": ("main", 1.0, lambda text: text),
    "dump": ("all", 0.3, lambda text: text),
    "flat": ("main", 0.3, lambda text: re.sub(r"\n\s*\n+", "\n", text)),
    "wide": ("main", 0.3, lambda text: re.sub(r"\n+", "\n\n", text)),
}
NEVER = 1e30  # no number is greater
TITLE = {"iterations": 200, "depth": 5, "learning_rate": 0.06, "l2_leaf_reg": 3}
STRICTER = (0.06, 0.03, 0.0, -0.05, -0.1)  # added to every threshold, for the curve of recall against loss
SPARED = 0.5  # share of the rules taken away where a page is used again,
AGAIN = ("main", "main", "dump", "flat", "wide")  # in these forms
FEW = 0.55  # share of the rules taken away for a check: what is left finds on fitting pages what all find on other sites
CATBOOST = {
    "iterations": 160,
    "depth": 5,
    "learning_rate": 0.12,
    "l2_leaf_reg": 40,
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
    titular: Any


def spare(book: Book, share: float, seed: int) -> Book:
    """A book without some of its rules, the same ones whatever other rules there are."""
    kept = [rule for rule in book.rules if random.Random(f"{seed} {rule.id}").random() >= share]
    return msgspec.structs.replace(book, rules=kept)


def tables_of(chosen: Sequence[Sample]) -> list[Table]:
    """Everything that the weights are fitted to."""
    book = load(rules.directories())
    again = [table(chosen, form, spare(book, SPARED, seed)) for seed, form in enumerate(AGAIN, 1)]
    return [table(chosen, form, book) for form in FORMS] + again


def table(chosen: Sequence[Sample], form: str, book: Book) -> Table:
    """All lines of some pages in one form, with weights for fitting (0: not used)."""
    kind, weight, change = FORMS[form]
    cleaner = Cleaner(BoilerplateConfig(scorer=False), book, None)
    docs = [Document(id=str(number), text=change(sample.texts[kind])) for number, sample in enumerate(chosen)]
    pages, states = cleaner.judge(docs)
    lines = Lines.of(pages)
    verdicts = verdict_flags(lines, [state or State(page, {}) for page, state in zip(pages, states, strict=True)], SURE)
    columns = features(lines, cleaner.signals, verdicts)
    text = [line for page in pages for line in page.text]
    golds = [Gold(sample.page) for sample in chosen]
    labels = np.array([golds[page].label(line) for page, line in zip(lines.doc, text, strict=True)])
    gone = np.logical_or.reduce(list(verdicts.values()))
    size = np.array([len(tokens(line)) for line in text])
    share = np.where(labels == "T", 5.0, np.where(labels == "C", 2.0, 1.0))
    share = np.where((labels == "C") & (size <= 3), 0.0 if kind == "all" else 0.3, share)  # contained by chance
    share = weight * share / np.sqrt(lines.sizes / 30)
    inside = (columns["is head"] == 0) & (columns["is tail"] == 0)
    share = np.where((labels == "B") & inside & (columns["is bullet"] > 0), UNSURE * share, share)
    share *= np.array([MORE if sample.set == "more" else 1.0 for sample in chosen])[lines.doc]
    share[gone] *= np.where(labels[gone] == "B", TAKEN, 0)
    share[lines.chars > SHORT] = 0
    return Table(list(columns), np.stack(list(columns.values()), 1), labels, lines.doc, text, gone, share, may_be_title(lines))


def fit(tables: Sequence[Table], pages: set[int], seed: int = 0, *, dump: bool = False) -> Any:
    """A model from the lines of some pages. `dump`: for dumps of whole pages, in which rules find enough of every kind: so
    nothing is learnt from what they find, and a headline is more seldom taken for it."""
    from catboost import CatBoostClassifier

    numbers, labels, weights = [], [], []
    for one in tables:
        use = np.isin(one.page, list(pages)) & (one.weight > 0) & ~(one.gone & dump)
        numbers.append(one.numbers[use])
        labels.append(np.isin(one.labels[use], ["B", "Y"]))
        weights.append(one.weight[use])
    model = CatBoostClassifier(random_seed=seed, **CATBOOST)
    return model.fit(np.concatenate(numbers), np.concatenate(labels).astype(int), sample_weight=np.concatenate(weights))


def fit_title(tables: Sequence[Table], pages: set[int]) -> Any:
    """A model that tells the headline from lines that are not the article's."""
    from catboost import CatBoostClassifier

    numbers, labels, weights = [], [], []
    for one in tables:
        use = np.isin(one.page, list(pages)) & one.titular & (one.labels != "C")
        title, page = one.labels[use] == "T", one.page[use]
        numbers.append(one.numbers[use])
        labels.append(title)
        for_page = [np.maximum(np.bincount(page, flags, minlength=int(page.max()) + 1), 1) for flags in (title, ~title)]
        weights.append(1 / np.where(title, for_page[0][page], for_page[1][page]))
    model = CatBoostClassifier(random_seed=0, **CATBOOST | TITLE)
    return model.fit(np.concatenate(numbers), np.concatenate(labels).astype(int), sample_weight=np.concatenate(weights))


def check(chosen: Sequence[Sample], tables: Sequence[Table], seeds: int, folds: int = 5) -> None:
    """Print what the whole stage does, cross-validated by site, at several thresholds, with all rules and with few."""
    fold = [int(hashlib.md5(sample.site.encode()).hexdigest(), 16) % folds for sample in chosen]
    scorers = []
    for number in range(folds):
        train = {page for page, of in enumerate(fold) if of != number}
        scorers.append(weights(tables, train, seeds))
    book = load(rules.directories())
    for name, rule_set in (("all rules", book), ("few rules", spare(book, FEW, 11))):
        for kind in ("main", "all"):
            for more in STRICTER:
                cells = {of: Cell() for of in ("news 0", "news 1", "aeb")}
                for number, scorer in enumerate(scorers):
                    apply = [[min(least + more, 0.99) for least in sizes] for sizes in scorer.apply]
                    dump = tuple(least + more for least in scorer.apply_dump)
                    changed = msgspec.structs.replace(scorer, apply=apply, apply_dump=dump)
                    cleaner = Cleaner(BoilerplateConfig(), rule_set, Scorer(changed))
                    judge(cleaner, [sample for page, sample in enumerate(chosen) if fold[page] == number], kind, cells)
                print(
                    f"{name} {kind:4} {more:+.2f}", "  |  ".join(f"{of} {cell.show()}" for of, cell in cells.items()), flush=True
                )


class Cell(msgspec.Struct):
    """Counts of one set of pages."""

    residue: int = 0
    removed: int = 0
    content: int = 0
    lost: int = 0
    titles: int = 0
    marks: list[float] = []

    def show(self) -> str:
        """One cell of the table."""
        recall, lost = self.removed / max(1, self.residue), 100 * self.lost / max(1, self.content)
        return f"recall {recall:.3f} lost {lost:.2f} % titles lost {self.titles} F1 {np.mean(self.marks):.4f}"


def judge(cleaner: Cleaner, chosen: Sequence[Sample], kind: str, cells: dict[str, Cell]) -> None:
    """Count what goes of some pages."""
    pages, states = cleaner.judge([Document(id=str(number), text=sample.texts[kind]) for number, sample in enumerate(chosen)])
    for number, sample in enumerate(chosen):
        of = f"news {sample.half}" if sample.set == "news" else sample.set
        if of not in cells:
            continue
        gold, cell, state = Gold(sample.page), cells[of], states[number]
        text = pages[number].text
        sure = {line for line, verdict in state.verdicts.items() if verdict.score >= SURE} if state else set()
        labels = [gold.label(line) for line in text]
        cell.residue += labels.count("B")
        cell.content += labels.count("C")
        cell.removed += sum(labels[line] == "B" for line in sure)
        cell.lost += sum(labels[line] == "C" for line in sure)
        titles = {line for line, label in enumerate(labels) if label == "T"}
        cell.titles += bool(titles) and titles <= sure
        stays = [token for line, one in enumerate(text) if line not in sure for token in tokens(one)]
        cell.marks.append(f1(stays, [token for paragraph in sample.page.body for token in tokens(paragraph)]))


def more_pages(folder: Path) -> list[Sample]:
    """Other pages (HTML files) for fitting, labelled by what our HTML extraction takes for their body."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    found = []
    for path in sorted(folder.rglob("*.html")):
        data = path.read_bytes()
        doc = Document(path.name, data=data, kind="html")
        try:
            parse(doc, Config())
            html = bytes_to_str(data, detect_encoding(data))
            texts = {"main": extract_plain_text(html, main_content=True), "all": extract_plain_text(html, main_content=False)}
        except Exception as error:
            print(path.name, error)
            continue
        if len(doc.text) < 800 or len(texts["main"]) < 500:
            continue
        meta = {mark.field: mark.value for mark in doc.pending if isinstance(mark, Mark)}
        title = str(meta.get("title", ""))
        body = [line for line in doc.text.removeprefix(title).split("\n") if line.strip()]
        page = Page(path.name, b"", body, "", title, list(meta.get("authors", [])))
        found.append(Sample(page, "more", ".".join(path.name.split(".")[:2]), texts))
    return found


def weights(tables: Sequence[Table], pages: set[int], seeds: int) -> Weights:
    """Everything fitted to some pages."""
    residue, dump = (
        trees([fit(tables, pages, seed, dump=of_dump) for seed in range(seeds)], tables[0].names) for of_dump in (False, True)
    )
    title = trees([fit_title(tables, pages)], tables[0].names)
    return Weights(residue, dump, title, APPLY, APPLY_DUMP, REVIEW)


def trees(models: Sequence[Any], names: list[str]) -> Trees:
    """One or more models, their average, as plain numbers."""
    import json
    import tempfile

    found = Trees(names, 0, [], [], [])
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            model.save_model(f"{folder}/model.json", format="json")
            data = json.loads(Path(f"{folder}/model.json").read_text())
        scale, bias = data["scale_and_bias"]
        depth = model.get_params()["depth"]
        found.bias += round(bias[0] * UNITS / len(models))
        for tree in data["oblivious_trees"]:
            splits, leaves = tree["splits"], tree["leaf_values"]
            missing = depth - len(splits)  # a tree may end early: then the last answers are always no
            found.split_feature.append([split["float_feature_index"] for split in splits] + [0] * missing)
            found.split_border.append([round(split["border"], 5) for split in splits] + [NEVER] * missing)
            found.leaves.append([round(leaf * scale * UNITS / len(models)) for leaf in leaves])
            found.leaves[-1] += [0] * (2**depth - len(leaves))
    return found


def main() -> None:
    """Check or write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--pages", type=Path, help="a folder of other HTML pages for fitting")
    parser.add_argument("--seeds", type=int, default=8, help="models to average")
    parser.add_argument("--keep", choices=("dump", "title"), nargs="*", default=[], help="trees of the old file that stay")
    parser.add_argument("-o", "--out", type=Path, default=rules.built_in() / "boilerplate" / FILE)
    options = parser.parse_args()
    chosen = samples() + (more_pages(options.pages) if options.pages else [])
    tables = tables_of(chosen)
    print(len(chosen), "pages,", sum(len(one.page) for one in tables), "lines,", len(tables[0].names), "features")
    if options.check:
        check(chosen, tables, options.seeds)
        return
    made = weights(tables, set(range(len(chosen))), options.seeds)
    old = msgspec.json.decode(options.out.read_bytes(), type=Weights) if options.keep else made
    made = msgspec.structs.replace(made, **{name: getattr(old, name) for name in options.keep})
    options.out.write_bytes(msgspec.json.encode(made) + b"\n")
    print(options.out, options.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
