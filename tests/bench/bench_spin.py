"""Spin: coverage, repair, detection, canonical form and speed, each with the data it was measured on.

    python tests/bench/bench_spin.py [coverage] [repair] [detection] [canonical] [clean] [speed]

Seed 002 was restored by hand (`spin_seed.tsv`: places and words). The pages of `spin_pages.tsv` were spun by hand, from knowledge
of the spinner and not of the lexicon: weights were fitted on those called `fit`, never on those called `kept`. The articles of
`tests/cases/spin_pairs.toml` and of `spin_articles.txt` are our own, written and spun without looking at the lexicon; what was
missed in those called `read` was looked at once afterwards, in those called `fresh` never.
Texts for detection are clean pages, spun with the observed pairs (about 15 % of the words change) and with the table of
`cleanup corrupt` (up to 36 %); neither is a real spun page, of which more than a third changes.
"""

from __future__ import annotations

import random
import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from data import aeb, news, seeds_dir, substitutions

from cleanup.document import Edit, apply
from cleanup.evaluate import spinner
from cleanup.evaluate.script import Change
from cleanup.evaluate.script import apply as play
from cleanup.rules import directories
from cleanup.spin import canonical, inflect, mend
from cleanup.spin.lexicon import Lexicon
from cleanup.spin.restore import Restorer

HERE = Path(__file__).parent
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
LEVELS = (0.7, 0.8, 0.85, 0.9, 0.93, 0.95)


def folded(text: str) -> list[str]:
    """Words in lower case with straight apostrophes."""
    return [word.lower().replace("’", "'") for word in WORD.findall(text)]


def clean_texts() -> list[str]:
    """English bodies of the labelled pages, without the few that are tables or another language."""
    bodies = [page.text for page in [*news(), *aeb()] if page.language == "en"]
    return [body for body in bodies if len(re.findall(r"\b(?:the|of|and|to|in)\b", body)) > 25]


def traps() -> list[str]:
    """Honest prose full of spinners' words, of our own writing."""
    return [path.read_text(encoding="utf-8") for path in sorted((HERE.parent / "cases" / "spin_traps").glob("*.txt"))]


# ---------------------------------------------------------------------------------------------------- coverage
def coverage() -> None:
    """Observed pairs that the hand-written lexicon has, a random third of them, and all pairs in the whole lexicon."""
    lexicon = Lexicon.load(directories())
    observed = [(spun.replace("’", "'"), old.replace("’", "'"), count) for spun, old, count, _ in substitutions()]
    held = random.Random(7).sample(observed, len(observed) // 3)
    own: set[tuple[str, str]] = set()
    for row in lexicon.rows:
        for variant in row.variants:
            if not variant.only:
                sides = (inflect.paradigm(side, row.pos, lexicon.exceptions) for side in (row.original, variant.text))
                own.update(inflect.pairs(*sides))
    every = {(candidate.before, candidate.after) for candidate in lexicon.candidates()}
    for name, table, sample in (("hand-written, a third", own, held), ("whole lexicon, all", every, observed)):
        mass = sum(count for *_, count in sample)
        exact = sum(count for spun, old, count in sample if (spun, old) in table) / max(mass, 1)
        parts = sum(count for spun, old, count in sample if _parts(spun.split(" "), old.split(" "), table)) / max(mass, 1)
        print(f"coverage  {name}: exact {exact:.3f}, as a chain of known pairs {parts:.3f}, of {mass} tokens")
    print(f"coverage  {len(lexicon.rows)} rows, {sum(len(row.variants) for row in lexicon.rows)} lemma pairs, {len(every)} pairs")


def _parts(spun: list[str], old: list[str], table: set[tuple[str, str]]) -> bool:
    if not spun or not old:
        return not spun and not old
    if spun[0] == old[0] and _parts(spun[1:], old[1:], table):
        return True
    return any(
        (" ".join(spun[:i]), " ".join(old[:j])) in table and _parts(spun[i:], old[j:], table)
        for i in range(1, min(6, len(spun)) + 1)
        for j in range(1, min(6, len(old)) + 1)
    )


# ---------------------------------------------------------------------------------------------------- repair
Gold = dict[int, tuple[int, list[str]]]  # number of the first spun word -> how many words, the words it was


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Words to replace, insert or delete to turn one text into the other."""
    row = list(range(len(b) + 1))
    for number, word in enumerate(a, 1):
        last, row[0] = row[0], number
        for at, other in enumerate(b, 1):
            last, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, last + (word != other))
    return row[-1]


def against(spun: str, original: str, edits: Sequence[Edit]) -> tuple[float, float, int, int]:
    """As `measured`, for a short text with its original: an edit is right when it brings the text nearer to it."""
    old = folded(original)
    far = distance(folded(spun), old)
    left = distance(folded(apply(spun, edits)), old)
    right = sum(distance(folded(apply(spun, [edit])), old) < far for edit in edits)
    return float(far), float(far - left), right, len(edits)


def seed() -> tuple[str, Gold] | None:
    """Seed 002 and what its spun words were."""
    folder = seeds_dir()
    if folder is None:
        return None
    gold: Gold = {}
    for line in (HERE / "spin_seed.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            at, count, _, old = line.split("\t")
            gold[int(at)] = (int(count), old.split())
    return next(folder.glob("002*.txt")).read_text(encoding="utf-8"), gold


def measured(text: str, gold: Gold, edits: Iterable[Edit]) -> tuple[float, float, int, int]:
    """(spun words, of them restored, right edits, edits)."""
    spans = [match.span() for match in WORD.finditer(text)]
    words = folded(text)
    after: dict[int, list[str]] = {}  # word -> what stands in its place now
    changed: list[tuple[int, int, list[str]]] = []
    begin = spans[min(gold)][0]  # what stands before is the page's own
    for edit in edits:
        if edit.start < begin:
            continue
        at = [i for i, (start, end) in enumerate(spans) if start < edit.end and edit.start < end]
        if not at:
            continue
        new = folded(text[spans[at[0]][0] : edit.start] + edit.after + text[edit.end : spans[at[-1]][1]])
        first, last = at[0], at[-1] + 1
        while new and first < last and new[0] == words[first]:
            new, first = new[1:], first + 1
        while new and first < last and new[-1] == words[last - 1]:
            new, last = new[:-1], last - 1
        if first < last:
            # Word for word where the numbers agree: an edit may restore several spun words that stand side by side.
            parts = [[word] for word in new] if len(new) == last - first else [new] + [[]] * (last - first - 1)
            after |= dict(zip(range(first, last), parts, strict=True))
            changed.append((first, last, new))
    total = restored = 0.0
    for at, (count, old) in gold.items():
        was = words[at : at + count]
        now = [word for i in range(at, at + count) for word in after.get(i, [words[i]])]
        total += max(count, 1)
        # Of a span of several words it counts by how much nearer it came.
        restored += max(count, 1) * max(0.0, 1 - distance(now, old) / max(distance(was, old), 1))
    right = sum(_right(first, last, new, words, gold) for first, last, new in changed)
    return total, restored, right, len(changed)


def _right(first: int, last: int, new: list[str], words: list[str], gold: Gold) -> bool:
    near = [old for at, (count, old) in sorted(gold.items()) if at < last and first < at + max(count, 1)]
    known = {word for old in near for word in old} | set(words[first:last])
    return bool(near) and all(word in known for word in new)


def repair() -> None:
    """Words restored and precision at several thresholds."""
    restorer = Restorer(directories(), review=0.0)
    cases: list[tuple[str, str, Callable[[list[Edit]], tuple[float, float, int, int]]]] = []
    if (seeded := seed()) is not None:
        cases.append(("seed 002", seeded[0], partial(measured, *seeded)))
    for wanted in ("fit", "kept"):
        cases += [(f"{wanted}: {name[:8]}", text, partial(measured, text, gold)) for name, text, gold in pages(wanted)]
    for wanted in ("read", "fresh"):
        cases += [(f"{wanted}: {name}", text, partial(measured, text, gold)) for name, text, gold in articles(wanted)]
    own = own_pairs()
    cases += [(f"own: {pair['name']}", pair["spun"], partial(against, pair["spun"], pair["original"])) for pair in own]
    sums: dict[str, dict[float, list[float]]] = {}
    for name, text, measure in cases:
        (finding,) = restorer.findings([text])
        rows = []
        for level in LEVELS:
            total, restored, right, edits = found = measure([edit for edit in finding.edits if edit.score >= level])
            known = sums.setdefault(name.partition(":")[0], {}).setdefault(level, [0.0] * 4)
            known[:] = [a + b for a, b in zip(known, found, strict=True)]
            rows.append(f"{level:g}: {restored / total:.2f} at {right / max(edits, 1):.2f}")
        print(f"repair    {name:14} {finding.verdict}, {total:.0f} words off; restored at precision, by score  {'  '.join(rows)}")
    for name, levels in sums.items():
        rows = [f"{level:g}: {r / t:.3f} at {right / max(n, 1):.3f}" for level, (t, r, right, n) in levels.items()]
        print(f"repair    all of {name}: {'  '.join(rows)}")


def pages(wanted: str) -> Iterator[tuple[str, str, Gold]]:
    """Pages of the development data, spun with the pairs of `spin_pages.tsv`: (name, text, what its spun words were)."""
    texts = {page.id: page.text.replace("’", "'") for page in [*news(), *aeb()]}
    for line in (HERE / "spin_pages.tsv").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition("\t")
        page, _, cell = rest.partition("\t")
        text = next((text for key, text in texts.items() if name == wanted and key.startswith(page)), None)
        if text is None:
            continue
        pairs = [pair.split(">") for pair in cell.split("|")]
        script = spinner.spin(text, 1.0, random.Random(0), {tuple(spinner.WORD.findall(old)): [new] for old, new in pairs})
        spun, spans = _played(text, sorted(script, key=lambda change: change.start))
        yield page, spun, _gold(spun, spans)


def articles(wanted: str) -> Iterator[tuple[str, str, Gold]]:
    """The articles of `spin_articles.txt`: (name, text, what its spun words were)."""
    for part in re.split(r"^# ", (HERE / "spin_articles.txt").read_text(encoding="utf-8"), flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        kind, _, name = title.partition(" ")
        if kind != wanted:
            continue
        text, at, spans = "", 0, []
        for match in re.finditer(r"\[([^\]>]*)>([^\]]*)\]", body):
            text += body[at : match.start()]
            spans.append((len(text), len(text) + len(match[1]), match[2]))
            text, at = text + match[1], match.end()
        text += body[at:]
        yield name, text, _gold(text, spans)


def _gold(text: str, spans: Iterable[tuple[int, int, str]]) -> Gold:
    places = [match.span() for match in WORD.finditer(text)]
    gold: Gold = {}
    for start, end, old in spans:
        at = [number for number, (low, high) in enumerate(places) if low < end and start < high]
        gold[at[0]] = (len(at), folded(old))
    return gold


def _played(text: str, script: Sequence[Change]) -> tuple[str, list[tuple[int, int, str]]]:
    """The spun text, a and an mended, and (start, end, words before) of all that was changed in it."""
    spans: list[tuple[int, int, str]] = []
    spun, at = "", 0
    for change in script:
        spun += text[at : change.start]
        spans.append((len(spun), len(spun) + len(change.after), text[change.start : change.end]))
        spun, at = spun + change.after, change.end
    spun += text[at:]
    for match in reversed(list(re.finditer(r"\b([Aa]n?) (?=(\w+))", spun))):
        wanted = mend.article(match[2])
        start, end = match.span(1)
        if wanted in (None, match[1].lower()) or any(low <= start < high for low, high, _ in spans):
            continue
        new = match[1][0] + "n" * (wanted == "an")
        spun = spun[:start] + new + spun[end:]
        shift = len(new) - (end - start)
        spans = [(low + shift * (low > start), high + shift * (low > start), old) for low, high, old in spans]
        spans.append((start, start + len(new), match[1]))
    return spun, spans


def own_pairs() -> list[dict[str, str]]:
    """Articles of our own writing, spun and not."""
    pairs: list[dict[str, str]] = tomllib.loads((HERE.parent / "cases/spin_pairs.toml").read_text(encoding="utf-8"))["pair"]
    return pairs


# ---------------------------------------------------------------------------------------------------- detection
def window(text: str, words: int, chance: random.Random) -> str | None:
    """A random stretch of so many words."""
    found = list(re.finditer(r"\S+", text))
    if len(found) < words:
        return None
    at = chance.randrange(len(found) - words + 1)
    return text[found[at].start() : found[at + words - 1].end()]


def windows(texts: Sequence[str], words: int, times: int) -> Iterator[str]:
    """Stretches of all texts that are long enough."""
    chance = random.Random(words)
    for text in texts:
        for _ in range(times):
            if (found := window(text, words, chance)) is not None:
                yield found


def observed_table() -> spinner.Table:
    """The observed pairs as a spinner's table."""
    table: spinner.Table = {}
    for spun, old, *_ in substitutions():
        table.setdefault(tuple(spinner.WORD.findall(old.lower())), []).append(spun)
    return {words: variants for words, variants in table.items() if words}


def detection() -> None:
    """Spun documents found and false ones, by length."""
    restorer = Restorer(directories())
    clean, honest = clean_texts(), traps()
    spun = {
        "observed pairs": [play(text, spinner.spin(text, 1.0, random.Random(1), observed_table())) for text in clean],
        "corrupt's table": [play(text, spinner.spin(text, 0.36, random.Random(2), spinner.load())) for text in clean],
    }
    if (found := seed()) is not None:
        spun["seed 002"] = [found[0]] * 20
    spun["own"] = [pair["spun"] for pair in own_pairs()] * 5
    for words in (100, 150, 300):
        groups = [("clean pages", clean, 4), ("traps", honest, 4), *((name, texts, 1) for name, texts in spun.items())]
        for name, texts, times in groups:
            sample = list(windows(texts, words, times))
            verdicts = [finding.verdict for finding in restorer.findings(sample)]
            share, suspect = verdicts.count("spun") / max(len(verdicts), 1), verdicts.count("suspect")
            print(f"detection {words} words, {name:16} {len(sample):4} texts: spun {share:.3f}, suspect {suspect}")


# ---------------------------------------------------------------------------------------------------- canonical form
def canonical_form() -> None:
    """Jaccard of canonical words and pairs: spun text and its original, against strangers."""
    classes = canonical.classes()

    def shape(text: str, size: int) -> set[tuple[str, ...]]:
        words = [word for word in (classes.get(word, word) for word in folded(text.replace("'s", "").replace("’s", ""))) if word]
        return set(zip(*[words[at:] for at in range(size)], strict=False))

    def jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
        return len(a & b) / max(len(a | b), 1)

    texts = clean_texts()
    chance = random.Random(3)
    pairs = [(pair["spun"], pair["original"]) for pair in own_pairs()]
    if (found := seed()) is not None:
        text, gold = found
        edits = []
        spans = [match.span() for match in WORD.finditer(text)]
        for at, (count, old) in gold.items():
            if count:
                start, end = spans[at][0], spans[at + count - 1][1]
                edits.append(Edit(start, end, text[start:end], " ".join(old), "gold"))
        pairs.insert(0, (text, apply(text, edits)))
    for size in (1, 2):
        shapes = [shape(text, size) for text in texts]
        strangers = sorted(jaccard(*chance.sample(shapes, 2)) for _ in range(20_000))
        worst = [value for value in strangers if value < 0.8][-1]
        own = " ".join(f"{jaccard(shape(a, size), shape(b, size)):.2f}" for a, b in pairs)
        print(f"canonical {size} word(s): spun against original {own}; strangers 99.9 % {strangers[-21]:.3f}, worst {worst:.3f}")


# ---------------------------------------------------------------------------------------------------- clean and speed
def clean() -> None:
    """Verdicts and edits on clean pages and traps."""
    restorer = Restorer(directories())
    for name, texts in (("pages", [page.text for page in [*news(), *aeb()] if page.language == "en"]), ("traps", traps())):
        found = restorer.findings(texts)
        verdicts = {verdict: sum(finding.verdict == verdict for finding in found) for verdict in ("clean", "suspect", "spun")}
        looked, edits = sum(bool(finding.why) for finding in found), sum(len(finding.edits) for finding in found)
        print(f"clean     {name}: {verdicts}, edits {edits}, context looked at in {looked}")


def speed() -> None:
    """MB/s of the common pass and of the whole stage on clean news; seconds a spun document."""
    restorer = Restorer(directories())
    texts = clean_texts() * 8
    size = sum(map(len, texts)) / 1e6
    for name, run in (("marker pass", restorer.markers.masses), ("findings", restorer.findings)):
        best = 1e9
        for _ in range(3):
            began = time.perf_counter()
            for at in range(0, len(texts), 256):
                run(texts[at : at + 256])
            best = min(best, time.perf_counter() - began)
        print(f"speed     {name}: {size / best:.0f} MB/s on clean news")
    spun = own_pairs()[0]["spun"] * 5
    restorer.findings([spun])
    began = time.perf_counter()
    restorer.findings([spun])
    print(f"speed     a spun text of {len(spun.split())} words: {time.perf_counter() - began:.3f} s")


ALL = {
    "coverage": coverage,
    "repair": repair,
    "detection": detection,
    "canonical": canonical_form,
    "clean": clean,
    "speed": speed,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or ALL:
        ALL[chosen]()
