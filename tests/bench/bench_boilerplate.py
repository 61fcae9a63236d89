"""Boilerplate in already extracted text: recall at the content lost, titles, metadata, word F1, beside peers, and speed.

python tests/bench/bench_boilerplate.py                     # one half of the news sites
python tests/bench/bench_boilerplate.py --half 0            # the other half
python tests/bench/bench_boilerplate.py --half 0 --errors   # content lines lost
python tests/bench/bench_boilerplate.py --only-speed        # megabytes a second, texts new and known

The scorer's weights are fitted to both halves. What they do on pages of sites they have not seen: train_boilerplate.py --check.
"""

from __future__ import annotations

import argparse
import gc
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence

from data import seeds_dir
from newsroom import Newsroom, documents
from residue import Gold, Sample, f1, samples, tokens

from cleanup.document import Document, Edit
from cleanup.engines import SELDOM
from cleanup.pipeline import Pipeline, settle
from cleanup.stages.boilerplate import Cleaner
from cleanup.stages.boilerplate_dates import Calendar

Judge = Callable[[str, str], tuple[list[bool], dict[str, object]]]  # (text, language) -> (kept by non-blank line, meta)


def by_stage(pipeline: Pipeline) -> Judge:
    """Our stage, pass by pass to its fixed point, keeping account of the original lines."""
    name, propose, policy = pipeline.steps[0]

    def judge(text: str, _language: str) -> tuple[list[bool], dict[str, object]]:
        where = list(range(len(_spans(text))))
        kept = [True] * len(where)
        doc = Document(id="x", text=text)
        pipeline.map([doc])
        assert "unstable" not in doc.meta, doc.id
        for number in range(8):
            proposals = [one for one in next(iter(propose([Document(id="x", text=text)]))) if isinstance(one, Edit)]
            edits = [one for one in proposals if one.score >= policy.apply]
            gone = [any(edit.start <= start and edit.end >= end for edit in edits) for start, end in _spans(text)]
            for index, out in zip(where, gone, strict=True):
                kept[index] = not out
            where = [index for index, out in zip(where, gone, strict=True) if not out]
            settled = Document(id="x", text=text)
            if not settle(settled, number, name, proposals, policy, {}):
                break
            text = settled.text
        assert text == doc.text
        return kept, doc.meta

    return judge


def _spans(text: str) -> list[tuple[int, int]]:
    """The non-blank lines, white space around them excluded."""
    return [match.span() for match in re.finditer(r"\S(?:[^\n]*\S)?", text)]


def score(judge: Judge, chosen: Sequence[Sample], kind: str, errors: bool = False) -> dict[str, float]:
    """All figures of one method on one kind of text."""
    count: Counter[str] = Counter()
    total = before = 0.0
    for sample in chosen:
        text = sample.texts[kind]
        gold = Gold(sample.page)
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        labels = [gold.label(line) for line in lines]
        kept, meta = judge(text, sample.page.language)
        assert len(kept) == len(lines), (len(kept), len(lines))
        for line, label, keep in zip(lines, labels, kept, strict=True):
            count[label] += 1
            count[label + "-"] += not keep
            if label == "C":
                count["chars"] += len(line)
                count["chars-"] += 0 if keep else len(line)
                if errors and not keep:
                    print(f"   LOST {sample.site} {sample.page.language}: {line[:140]}")
        titles = [keep for label, keep in zip(labels, kept, strict=True) if label == "T"]
        count["pages with title"] += bool(titles)
        count["titles lost"] += bool(titles) and not any(titles)
        if errors and titles and not any(titles):
            print(f"   TITLE LOST {sample.site}: {sample.page.title}")
        _metadata(sample, lines, meta, count)
        body = [token for paragraph in sample.page.body for token in tokens(paragraph)]
        before += f1([token for line in lines for token in tokens(line)], body)
        total += f1([token for line, keep in zip(lines, kept, strict=True) if keep for token in tokens(line)], body)
    return {
        "P": count["B-"] / max(1, count["B-"] + count["C-"]),
        "R": count["B-"] / max(1, count["B"]),
        "lines lost %": 100 * count["C-"] / max(1, count["C"]),
        "chars lost %": 100 * count["chars-"] / max(1, count["chars"]),
        "titles lost %": 100 * count["titles lost"] / max(1, count["pages with title"]),
        "byline removed": count["Y-"] / max(1, count["Y"]),
        "authors found": count["authors found"] / max(1, count["authors"]),
        "authors wrong": count["authors wrong"],
        "byline and date": count["both found"] / max(1, count["both"]),
        "date found": count["date found"] / max(1, count["date"]),
        "date wrong": count["date wrong"],
        "F1 before": before / len(chosen),
        "F1": total / len(chosen),
    }


CALENDAR: list[Calendar] = []


def _metadata(sample: Sample, lines: list[str], meta: dict[str, object], count: Counter[str]) -> None:
    """Authors and date: found, of those that stand in a short line of the text at all."""
    short = [line for line in lines if len(line) <= 160]
    named = [name for name in sample.page.authors if any(" ".join(tokens(name)) in " ".join(tokens(line)) for line in short)]
    authors = meta.get("authors", [])
    assert isinstance(authors, list)
    have = {" ".join(tokens(name)) for name in authors}
    hit = any(" ".join(tokens(name)) in have for name in named)
    count["authors"] += bool(named)
    count["authors found"] += hit
    count["authors wrong"] += bool(have and sample.page.authors) and have.isdisjoint(
        " ".join(tokens(name)) for name in sample.page.authors
    )
    day = (sample.page.date or "")[:10]
    if day and CALENDAR:
        stands = any((found := CALENDAR[0].find(line)) and found.iso == day for line in short)
        count["date"] += stands
        count["both"] += bool(stands and named)
        count["both found"] += stands and hit and meta.get("date") == day
        count["date found"] += stands and meta.get("date") == day
        count["date wrong"] += "date" in meta and meta["date"] != day


def peers() -> dict[str, Judge]:
    """C4's line rules, RefinedWeb's line rules and jusText, on plain lines."""

    def c4(line: str) -> bool:
        return line.rstrip().endswith((".", "!", "?", '"', "”")) and len(line.split()) >= 5 and "javascript" not in line.lower()

    def refined(line: str) -> bool:
        upper = sum(char.isupper() for char in line) / max(1, len(line))
        digits = sum(char.isdigit() for char in line) / max(1, len(line))
        counter = re.fullmatch(r"\W*[\d.,]+[kKmM]?\s*(likes?|shares?|comments?|retweets?|reposts?|views?)\W*", line, re.I)
        short = len(line.split()) <= 10 and re.match(r"(?i)\W*(sign-?in|read more|items in cart)\b", line)
        return not (upper > 0.5 or digits > 0.9 or counter or short or len(line.split()) == 1)

    def lines_of(text: str) -> list[str]:
        return [line.strip() for line in text.split("\n") if line.strip()]

    found: dict[str, Judge] = {
        "C4 lines": lambda text, _: ([c4(line) for line in lines_of(text)], {}),
        "RefinedWeb lines": lambda text, _: ([refined(line) for line in lines_of(text)], {}),
    }
    try:
        import justext
    except ImportError:
        return found
    languages = {
        "de": "German",
        "en": "English",
        "fr": "French",
        "es": "Spanish",
        "ru": "Russian",
        "nl": "Dutch",
        "no": "Norwegian_Bokmal",
    }
    stops = {code: justext.get_stoplist(name) for code, name in languages.items()}

    def just(text: str, language: str) -> tuple[list[bool], dict[str, object]]:
        lines = lines_of(text)
        html = (
            "<html><body>"
            + "".join(f"<p>{line.replace('&', '&amp;').replace('<', '&lt;')}</p>" for line in lines)
            + "</body></html>"
        )
        paragraphs = justext.justext(html.encode(), stops.get(language, stops["en"]), encoding="utf-8")
        good = [not paragraph.is_boilerplate for paragraph in paragraphs]
        return (good if len(good) == len(lines) else [True] * len(lines)), {}

    return {**found, "jusText": just}


def speed(pipeline: Pipeline, rounds: int = 7) -> None:
    """Megabytes (UTF-8) a second of the propose step alone, on one core: of texts that are seen for the first time, as every text
    of a collection is, and of texts whose lines are remembered. Garbage is collected as seldom as in a run."""
    propose = pipeline.steps[0][1]
    chosen = samples()
    seeds = seeds_dir()
    kinds = {
        "gold bodies (clean)": [sample.page.text for sample in chosen],
        "gold bodies, title first": [
            f"{sample.page.title or 'A title'}\n\n" + "\n\n".join(sample.page.body) for sample in chosen
        ],
        "main text": [sample.texts["main"] for sample in chosen],
        "full dump": [sample.texts["all"] for sample in chosen],
        "generated news": [text for text, _ in documents(Newsroom(), 1000, 650)],
        "seeds": [path.read_text() for path in sorted(seeds.glob("*.txt"))] * 60 if seeds else [],
    }
    gc.set_threshold(*SELDOM)
    for name, texts in kinds.items():
        docs = [Document(id=str(number), text=text) for number, text in enumerate(texts)]
        size = sum(len(text.encode()) for text in texts) / 1e6
        seconds: dict[bool, list[float]] = {False: [], True: []}
        for number in range(2 * rounds + 1):  # in the first one patterns are compiled
            warm = number % 2 == 0
            if not warm:
                _forget(getattr(propose, "__self__"))  # noqa: B009
            start = time.perf_counter()
            for at in range(0, len(docs), 256):
                for proposals in propose(docs[at : at + 256]):
                    list(proposals)
            seconds[warm].append(time.perf_counter() - start)
        cold, median, known = min(seconds[False]), sorted(seconds[False])[rounds // 2], min(seconds[True])
        print(
            f"{name:26} {size:6.2f} MB {size / cold:7.1f} MB/s {1e6 * cold / len(docs):7.0f} us/document"
            f" (median {size / median:.1f}); lines remembered {size / known:.1f}"
        )


def _forget(cleaner: Cleaner) -> None:
    """Empty the memories of lines."""
    cleaner.matcher._known.clear()
    for memory in ("read", "persons", "_find"):
        getattr(cleaner.vocabulary, memory).cache_clear()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", type=int, default=1)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--only-speed", action="store_true")
    options = parser.parse_args()
    from cleanup import rules
    from cleanup.config import Config, override
    from cleanup.stages.boilerplate_rules import load

    CALENDAR.append(Calendar.of(load(rules.directories()).words))
    variants = {
        "ours: rules only": {"boilerplate.structure": False, "boilerplate.scorer": False},
        "ours: rules + structure": {"boilerplate.scorer": False},
        "ours": {},
    }
    for name in () if options.only_speed else ("news", "aeb"):
        chosen = [sample for sample in samples() if sample.set == name and sample.half == options.half]
        for kind in ("main", "all"):
            print(f"\n{name} {kind}, half {options.half}: {len(chosen)} pages of {len({sample.site for sample in chosen})} sites")
            methods = {} if options.no_peers else peers()
            for label, settings in variants.items():
                methods[label] = by_stage(Pipeline(config=override(Config(), {"stages": ("boilerplate",), **settings})))
            for label, judge in methods.items():
                row = score(judge, chosen, kind, errors=options.errors and label == "ours")
                print(f"{label:24}", "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    if not options.no_speed:
        print()
        speed(Pipeline(stages=["boilerplate"]))


if __name__ == "__main__":
    main()
