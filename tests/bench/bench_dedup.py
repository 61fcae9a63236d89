"""Near-duplicate coverage in figures: speed and error of signatures beside the peers, what is found, growth, bytes, a whole run.

    python tests/bench/bench_dedup.py [signatures] [error] [found] [growth] [run] [--documents N]

Every ratio compares two systems in the same process on the same texts, in turns; peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from corpus import Copy, Corpus, Writer, boilerplated, events, mixed

from cleanup.config import DedupConfig
from cleanup.dedup import candidates, sketch
from cleanup.dedup.corpus import Columns, Result, deduplicate
from cleanup.dedup.sketch import Sketcher, Sketches
from cleanup.dedup.texts import Strings

WORDS = re.compile(r"\w+")
K = 128


def shingles(text: str, width: int = 5) -> list[str]:
    words = WORDS.findall(text.lower())
    return [" ".join(words[i : i + width]) for i in range(max(1, len(words) - width + 1))]


def peers() -> dict[str, tuple[Callable[[Sequence[str]], object], int]]:
    """What each peer's users call, and on how many of the texts it is timed."""
    import datasketch

    permutations = datasketch.MinHash(K).permutations

    def minhash(texts: Sequence[str], **settings: object) -> list[object]:
        made = []
        for text in texts:
            one = datasketch.MinHash(K, permutations=permutations, scheme="affine32", **settings)
            one.update_batch([shingle.encode() for shingle in shingles(text)])
            made.append(one)
        return made

    found: dict[str, tuple[Callable[[Sequence[str]], object], int]] = {"datasketch 2.0 default": (minhash, 150)}
    try:
        import xxhash

        found["datasketch with xxh32"] = (lambda texts: minhash(texts, hashfunc=xxhash.xxh32_intdigest), 150)
    except ImportError:
        pass
    try:
        import rensa

        found["rensa from tokens"] = (
            lambda texts: rensa.RMinHash.digest_matrix_from_token_sets([shingles(text) for text in texts], K, 42),
            300,
        )
    except ImportError:
        pass
    try:
        from text_dedup.minhash import embed_func
        from text_dedup.utils import sha1_hash

        prime, highest = np.uint64((1 << 61) - 1), np.uint64((1 << 32) - 1)
        rng = np.random.RandomState(42)
        table = tuple(rng.randint(low, prime, size=K, dtype=np.uint64) for low in (1, 0))
        ranges = [(i * 8, i * 8 + 8) for i in range(16)]
        settings = {"num_perm": K, "ngram_size": 5, "min_length": 5, "hashranges": ranges, "permutations": table}
        settings |= {
            "hash_func": lambda data: sha1_hash(data, d=32),
            "dtype": np.uint64,
            "max_hash": highest,
            "modulo_prime": prime,
        }
        found["text-dedup"] = (lambda texts: [embed_func(text, i, **settings) for i, text in enumerate(texts)], 100)
    except ImportError:
        pass
    return found


def signatures(count: int) -> None:
    """Text to signature, k = 128, 5-word shingles, one core."""
    texts = _texts(min(count, 600))
    systems = {**peers(), "classic affine32 here": (lambda some: sketch.sketch(some, scheme="affine32"), 300)}
    systems |= {"cleanup": (sketch.sketch, 600), "cleanup, both families": (Sketcher(DedupConfig()).batch, 600)}
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(7):
        for name, (make, size) in systems.items():
            fresh = [
                f"{text[:1]}{text[1:]}" for text in texts[:size]
            ]  # Python keeps the UTF-8 of a string that had to be made once
            begin = time.process_time()
            make(fresh)
            times[name].append((time.process_time() - begin) / min(size, len(texts)))
    print(f"\nsignatures ({sum(map(len, texts)) / len(texts):.0f} characters a text)")
    for name, mine in times.items():
        ratio = statistics.median(a / b for a, b in zip(mine, times["cleanup"], strict=True))
        print(f"  {name:26} {1e6 * statistics.median(mine):8.1f} us a text   cleanup is {ratio:5.1f} times as fast")


def _texts(count: int) -> list[str]:
    writer = Writer(1)
    return [writer.article() for _ in range(count)]


def error() -> None:
    """Root mean square error of the Jaccard estimate, relative to classic MinHash (datasketch's affine32) at equal k."""
    print("\nerror of the estimate relative to classic MinHash")
    for length in (8, 20, 60, 120, 300, 800):
        writer = Writer(length, words=8000)
        ones = [writer.article(length + 4) for _ in range(1200)]
        twos = [writer.near(text, (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)[i % 6]) for i, text in enumerate(ones)]
        sets = [[set(shingles(text)) for text in side] for side in (ones, twos)]
        true = np.array([len(a & b) / len(a | b) for a, b in zip(*sets, strict=True)])
        errors = {"fss": 0.0, "affine32": 0.0}
        for scheme in errors:
            for seed in range(3):
                # Another word at the front of every shingle's words is another family of hash functions.
                salted = [[re.sub(r"\b(?=\w)", f"{'abc'[seed]}q", text) for text in side] for side in (ones, twos)]
                same = sketch.sketch(salted[0], scheme=scheme) == sketch.sketch(salted[1], scheme=scheme)
                errors[scheme] += float(np.mean((same.mean(axis=1) - true) ** 2))
        print(f"  {length:4} shingles: {(errors['fss'] / errors['affine32']) ** 0.5:.3f}")


def run(texts: Sequence[str], cfg: DedupConfig) -> tuple[Result, float, float]:
    """The corpus step in memory: result, seconds of sketching, seconds after it."""
    began = time.process_time()
    sketches = Sketcher(cfg).batch(texts)
    middle = time.process_time()
    columns = Columns(
        np.zeros(len(texts), np.float32),
        np.zeros(len(texts), np.int64),
        np.array([len(text) for text in texts], np.int64),
        np.zeros(len(texts), np.int32),
        np.array([""], object),
    )
    ids = [f"d{number:08}" for number in range(len(texts))]
    result = deduplicate(
        sketches, columns, lambda some: Strings([texts[i] for i in some]), lambda some: [ids[i] for i in some], cfg
    )
    return result, middle - began, time.process_time() - middle


def found(count: int) -> None:
    """What is found of every kind of copy, and what is merged that should not be."""
    corpus = mixed(count, seed=7)
    result, sketching, rest = run(corpus.texts, DedupConfig())
    print(f"\nfound, of {count} documents ({1e6 * sketching / count:.0f} + {1e6 * rest / count:.0f} us a document)")
    home = list(range(count))
    for number, kept in result.over.items():
        home[number] = int(kept[1:])
    tally: dict[str, Counter[str]] = defaultdict(Counter)
    for number, copy in enumerate(corpus.truth):
        if copy.kind != "original":
            one, other = (set(shingles(corpus.texts[i])) for i in (number, copy.original))
            together = home[number] == home[copy.original]
            name = _kind(copy, len(one & other) / len(one | other))
            tally[name]["found" if together else "missed"] += 1
    for name in sorted(tally):
        hits, all_ = tally[name]["found"], sum(tally[name].values())
        print(f"  {name:28} {hits:5} of {all_:5} = {hits / all_:.4f}")
    false = sum(corpus.truth[kept].original != corpus.truth[number].original for number, kept in enumerate(home))
    print(f"  false merges: {false} in {count * (count - 1) // 2:,} pairs")
    for size in (100, 300):
        merged = len(run(boilerplated(300, size, seed=size).texts, DedupConfig())[0].over)
        print(f"  300 articles of 200 words under one boilerplate of {size} words: {merged} merged")
    print(f"  200 reports of 40 events: {len(run(events(40, 5, seed=3).texts, DedupConfig())[0].over)} merged")


def _kind(copy: Copy, jaccard: float) -> str:
    if copy.kind == "near":
        return next((f"near, true J >= {mark}" for mark in (0.8, 0.7, 0.5) if jaccard >= mark), "near, true J < 0.5")
    if copy.kind == "excerpt":
        return "excerpt in new text" if copy.new else "excerpt"
    return copy.kind


def growth(sizes: Sequence[int]) -> None:
    """Candidates from sketches alone: seconds, exponent of growth, bytes a document in memory beside the mapped sketches."""
    print("\ngrowth (30 % near-duplicates, sketches on disk)")
    before: tuple[int, float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            sketch.save([_synthetic(size)], Path(name) / "sketches")
            table = sketch.load([Path(name) / "sketches"])
            peak, stop = [0], threading.Event()
            rest = _anonymous()
            watch = threading.Thread(target=_watch, args=(peak, stop))
            watch.start()
            began = time.process_time()
            met = candidates.find(table, np.ones(size, bool), DedupConfig())
            took = time.process_time() - began
            stop.set()
            watch.join()
        line = f"  {size:10,} documents: {took:7.2f} s, {1e6 * took / size:5.2f} us and {(peak[0] - rest) / size:5.1f} bytes each"
        if before:
            line += f", exponent {np.log(took / before[1]) / np.log(size / before[0]):.3f}"
        print(f"{line}, {len(met.a):,} pairs", flush=True)
        before = (size, took)


def _synthetic(size: int, seed: int = 0) -> Sketches:
    rng = np.random.default_rng(seed)
    originals = int(size * 0.7)
    fields = [
        rng.integers(0, 1 << 16, (size, K), dtype=np.uint16),
        rng.integers(0, 1 << 32, (size, sketch.ANCHORS), dtype=np.uint32),
        rng.integers(0, 1 << 30, (size, sketch.CANON), dtype=np.uint32),
    ]
    for begin in range(originals, size, 1 << 16):
        rows = slice(begin, min(size, begin + (1 << 16)))
        base = rng.integers(0, originals, rows.stop - rows.start)
        similar = rng.choice([1, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5], rows.stop - rows.start)[:, None]
        for field in fields:
            same = rng.random((rows.stop - rows.start, field.shape[1]), dtype=np.float32) < similar
            field[rows] = np.where(same, field[base], field[rows])
    fields[2].sort(axis=1)
    exact = rng.integers(0, 1 << 63, size, dtype=np.uint64)
    return Sketches(exact, np.full(size, 700, np.uint32), *fields)


def _anonymous() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.findall(r"RssAnon:\s+(\d+)", status)[0])


def _watch(peak: list[int], stop: threading.Event) -> None:
    while not stop.wait(0.01):
        peak[0] = max(peak[0], _anonymous())


def _children() -> float:
    """Processor seconds of all child processes that have ended: less at the mercy of neighbours than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


SCRIPT = """
import re, sys, json
from datasketch import MinHash, MinHashLSH
words, lsh, permutations = re.compile(r"\\w+"), MinHashLSH(num_perm=128, params=(16, 8)), MinHash(128).permutations
with open(sys.argv[1], "rb") as lines, open(sys.argv[2], "wb") as out:
    for number, line in enumerate(lines):
        found = words.findall(json.loads(line)["text"].lower())
        one = MinHash(128, permutations=permutations, scheme="affine32")
        one.update_batch([" ".join(found[i : i + 5]).encode() for i in range(max(1, len(found) - 4))])
        if not lsh.query(one):
            out.write(line)
            lsh.insert(number, one, check_duplication=False)
"""


PEERS = {  # label: (option, what to install, in an environment of its own, script beside this one)
    "text-dedup": ("text_dedup", "text-dedup==0.4.0", "text_dedup_run.py"),
    "datatrove": ("datatrove", "'datatrove[processing,io]==0.10.1' spacy", "datatrove_dedup.py"),
}


def whole_run(count: int, pythons: dict[str, str]) -> None:
    """JSONL to JSONL, deduplication only, one process, beside the script that datasketch's users write, and beside text-dedup
    and datatrove with two processes. What each removes is compared with the truth."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        corpus = mixed(count, seed=9)
        lines = [json.dumps({"id": f"d{number}", "text": text}) + "\n" for number, text in enumerate(corpus.texts)]
        (root / "in.jsonl").write_text("".join(lines))
        (root / "halves").mkdir()
        for half in (0, 1):
            (root / "halves" / f"{half}.jsonl").write_text("".join(lines[half * count // 2 : (half + 1) * count // 2]))
        (root / "cleanup.toml").write_text("stages = []\n")
        (root / "script.py").write_text(SCRIPT)
        mine = [sys.executable, "-m", "cleanup", "run", str(root / "in.jsonl"), "-c", str(root / "cleanup.toml"), "-j", "1", "-q"]
        commands = {
            "datasketch script": [sys.executable, str(root / "script.py"), str(root / "in.jsonl"), str(root / "out.jsonl")],
            "cleanup, verified": [*mine, "-o", str(root / "out")],
        }
        for label, (option, install, script) in PEERS.items():
            if not pythons.get(option):
                print(
                    f"  {label}: python -m venv V && V/bin/pip install {install}, then --{option.replace('_', '-')} V/bin/python"
                )
                continue
            (root / label).mkdir()
            given = root / ("halves" if label == "datatrove" else "in.jsonl")
            commands[f"{label}, 2 processes"] = [
                *(pythons[option], str(Path(__file__).parent / "scripts" / script), str(given), str(root / label))
            ]
        print(f"\ndeduplication only, {count} documents, JSONL to JSONL, whole processes")
        seconds = {label: _timed(command, root / "out") for label, command in commands.items()}
        for label, (clock, cpu) in seconds.items():
            kept = _kept(root, label)
            times = [one / two for one, two in zip((clock, cpu), seconds["cleanup, verified"], strict=True)]
            print(f"  {label:26} {clock:7.2f} s by the clock, {times[0]:.1f} times ours; processors {cpu:.2f} s, {times[1]:.1f}")
            print(f"    {_score(corpus, kept)}")


def _timed(command: Sequence[str], out: Path) -> tuple[float, float]:
    """Seconds by the clock and of processors, all processes together: of what is done in a few seconds the median of five runs,
    each without what the last one wrote to `out`."""
    taken: list[tuple[float, float]] = []
    while not taken or (taken[0][0] < 5 and len(taken) < 5):
        if taken:
            shutil.rmtree(out, ignore_errors=True)
        used, began = _children(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append((time.perf_counter() - began, _children() - used))
    return statistics.median(clock for clock, _ in taken), statistics.median(cpu for _, cpu in taken)


def _kept(root: Path, label: str) -> set[int]:
    """The numbers of the documents that a system kept."""
    if label == "datasketch script" or label.startswith("cleanup"):
        paths = [root / "out.jsonl"] if label.startswith("data") else sorted((root / "out" / "corpus").glob("*.jsonl"))
        ids = [json.loads(line)["id"] for path in paths for line in path.open()]
    else:
        ids = json.loads((root / label.partition(",")[0] / "kept.json").read_text())
    return {int(id_[1:]) for id_ in ids}


def _score(corpus: Corpus, kept: set[int]) -> str:
    """Of every kind of copies the share that went, and stories of which nothing was left."""
    tally: dict[str, Counter[bool]] = defaultdict(Counter)
    stories = {copy.original for copy in corpus.truth}
    for number, copy in enumerate(corpus.truth):
        stories -= {copy.original} if number in kept else set()
        if copy.kind != "original":
            kind = "excerpt in new text" if copy.new and copy.kind == "excerpt" else copy.kind
            tally[kind][not {number, copy.original} <= kept] += 1
    shares = ", ".join(f"{kind} {hits[True] / hits.total():.3f}" for kind, hits in sorted(tally.items()))
    return f"found: {shares}; stories lost: {len(stories)}"


def main() -> None:
    """Print the tables that are asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", default=["signatures", "error", "found", "growth", "run"])
    parser.add_argument("--documents", type=int, default=20000)
    parser.add_argument("--sizes", type=lambda text: [int(float(one)) for one in text.split(",")], default=[100_000, 1_000_000])
    for option, _, _ in PEERS.values():
        parser.add_argument(f"--{option.replace('_', '-')}", metavar="PYTHON", help="the python of its environment")
    chosen = parser.parse_args()
    for table in chosen.tables:
        if table == "signatures":
            signatures(chosen.documents)
        elif table == "error":
            error()
        elif table == "found":
            found(chosen.documents)
        elif table == "growth":
            growth(chosen.sizes)
        elif table == "run":
            whole_run(chosen.documents, vars(chosen))


if __name__ == "__main__":
    main()
