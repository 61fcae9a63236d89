"""Language: accuracy by length and speed, beside py3langid and langdetect alone, in the same run.

    python tests/bench/bench_language.py [--catalogues SITE_PACKAGES/django]

News: the bodies of the labelled pages, cut to different lengths. Catalogues: the messages of Django's translations (the folder
of an installed or unpacked Django), short and joined to longer texts, in languages that both libraries know and in all.
"""

from __future__ import annotations

import argparse
import gettext
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from data import aeb, news
from py3langid.langid import _get_identifier

from cleanup.config import LanguageConfig
from cleanup.document import Document
from cleanup.stages.language import identify, language, normal, second_opinion
from cleanup.stages.language_batch import model

Labelled = list[tuple[str, str]]
LENGTHS = (20, 40, 80, 160, 400)


def ours(texts: Sequence[str]) -> list[str]:
    """The stage's answers."""
    return [answer.language for answer in identify(texts)]


def py3langid(texts: Sequence[str]) -> list[str]:
    """py3langid alone, one by one."""
    return [normal(_get_identifier().classify(text)[0]) for text in texts]


def langdetect(texts: Sequence[str]) -> list[str]:
    """langdetect alone, seeded."""
    return [next(iter(second_opinion(text)), "und") for text in texts]


def pages() -> Labelled:
    """The labelled pages; where both libraries say of the whole text that the publisher's label is wrong, it is."""
    found = [(normal(page.language), page.text) for page in [*news(), *list(aeb())[::6]] if page.text]
    answers = zip(py3langid([text for _, text in found]), langdetect([text[:3000] for _, text in found]), strict=True)
    return [(a if a == b else wanted, text) for (wanted, text), (a, b) in zip(found, answers, strict=True)]


def from_news(labelled: Labelled, length: int, draw: random.Random) -> Labelled:
    """Paragraphs' beginnings; languages with few pages are drawn more often."""
    rows: Labelled = []
    for wanted, text in labelled:
        parts = [part for part in text.split("\n") if len(part) > length]
        for _ in range(1 if wanted in ("en", "de") else 6) if parts else ():
            rows.append((wanted, draw.choice(parts)[:length]))
    return rows


def catalogues(root: Path) -> Iterator[tuple[str, list[str]]]:
    """(language, messages) of every translation."""
    for path in sorted(root.glob("conf/locale/*/LC_MESSAGES/django.mo")):
        wanted = normal(path.parts[-3])
        with open(path, "rb") as file:
            found = gettext.GNUTranslations(file)._catalog.values()  # type: ignore[attr-defined]
        messages = [message.replace("%", "").strip() for message in found if isinstance(message, str)]
        if wanted != "en" and len(messages) >= 50:
            yield wanted, messages


def from_catalogues(root: Path, draw: random.Random) -> dict[str, Labelled]:
    """Short messages, and long texts joined from them."""
    both = {normal(name) for name in _langdetect_names()}
    known = {normal(label) for label in model().labels}
    sets: dict[str, Labelled] = {"messages": [], "messages, all languages": [], "joined": [], "joined, all languages": []}
    for wanted, messages in catalogues(root):
        if wanted not in known:
            continue
        short = [text for text in messages if 15 < len(text) <= 120 and "\n" not in text]
        rows = [(wanted, text) for text in draw.sample(short, min(25, len(short)))]
        long = [(wanted, " ".join(draw.sample(messages, len(messages)))[:1500]) for _ in range(4)]
        sets["messages, all languages"] += rows
        sets["joined, all languages"] += long
        if wanted in both:
            sets["messages"] += rows
            sets["joined"] += long
    return sets


def _langdetect_names() -> list[str]:
    from langdetect.detector_factory import PROFILES_DIRECTORY

    return [path.name for path in Path(PROFILES_DIRECTORY).iterdir()]


def accuracy(rows: Labelled, answer: Callable[[Sequence[str]], list[str]]) -> float:
    """Share of right answers."""
    return sum(given == wanted for given, (wanted, _) in zip(answer([text for _, text in rows]), rows, strict=True)) / len(rows)


def best_of(count: int, work: Callable[[], object]) -> float:
    """The least processor time of `count` runs, seconds."""
    times = []
    for _ in range(count):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def speed() -> None:
    """Documents a second on one core, English news."""
    texts = [page.text for page in [*aeb(), *(page for page in news() if page.language == "en")] if len(page.text) > 600]
    texts = [text for text in texts if ours([text[:600]]) == ["en"]]
    docs = [Document(str(number), text=text) for number, text in enumerate((texts * 20)[:2048])]
    propose = language(LanguageConfig(), [])

    def stage() -> None:
        for at in range(0, len(docs), 256):
            for _ in propose(docs[at : at + 256]):
                pass

    heads = [doc.text[:600] for doc in docs]
    few = heads[:300]
    length = sum(map(len, texts)) / len(texts)
    print(f"\nspeed: {len(docs)} English articles of {length:.0f} characters, documents a second, one core")
    print(f"  stage (with the search for other languages)  {len(docs) / best_of(7, stage):10,.0f}")
    print(f"  model over the batch, first 600 characters   {len(docs) / best_of(7, lambda: model().score(heads)):10,.0f}")
    print(f"  py3langid one by one, first 600 characters   {len(few) / best_of(5, lambda: py3langid(few)):10,.0f}")
    whole = [doc.text for doc in docs[:300]]
    print(f"  py3langid one by one, whole articles         {len(whole) / best_of(2, lambda: py3langid(whole)):10,.0f}")
    print(f"  langdetect, first 600 characters             {40 / best_of(1, lambda: langdetect(few[:40])):10,.0f}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogues", type=Path)
    root = parser.parse_args().catalogues
    draw = random.Random(0)
    labelled = pages()
    sets = {f"news, {length} characters": from_news(labelled, length, draw) for length in LENGTHS}
    if root is not None:
        sets |= from_catalogues(root, draw)
    print(f"{'accuracy':28} {'texts':>6} {'cleanup':>9} {'py3langid':>10} {'langdetect':>11}")
    for name, rows in sets.items():
        if rows:
            found = [accuracy(rows, answer) for answer in (ours, py3langid, langdetect)]
            print(f"{name:28} {len(rows):6} {found[0]:9.3f} {found[1]:10.3f} {found[2]:11.3f}")
    speed()


if __name__ == "__main__":
    main()
