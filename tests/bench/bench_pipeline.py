"""The whole pipeline in figures: beside its peers, stage by stage, from ten thousand to a million documents, with two workers,
and deduplication alone beside a script that only reads and writes.

    python tests/bench/bench_pipeline.py [peers] [profile] [growth] [workers] [share] [--datatrove PYTHON] [--text-dedup PYTHON]
        [--data-juicer PYTHON]

Everything is on: reading, mojibake, boilerplate, language, spin, deduplication, ledger, report; plain-text news, JSONL to JSONL.
Whole processes are compared, by their processor time, start-up included for ours; a peer's time is what its documents cost
beyond its start-up, and a few hundred of them have to do. The collection is written by `newsroom.py`, so what is true of it is
known. datatrove, text-dedup and data-juicer need environments of their own, whose interpreters are named. `share` needs orjson,
and has the mixed collection of `corpus.py`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from corpus import mixed
from newsroom import Newsroom, Truth, write

ONE = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
# Where a package is installed it is compiled; to compile ours for every run, as in a checkout that nobody writes to, takes .1 s.
BYTECODE = str(Path(tempfile.gettempdir()) / "bench-bytecode")
INSTALLED = {**ONE, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": BYTECODE}
HERE = Path(__file__).parent
WORDS = 780  # of an article: 4.2 KB
INSTALL = {
    "datatrove": "python -m venv V && V/bin/pip install 'datatrove[io,processing]==0.10.1' spacy",
    "text-dedup": "python -m venv V && V/bin/pip install text-dedup==0.4.0",
    "data-juicer": "python -m venv V && V/bin/pip install py-data-juicer==1.6.1 aiohttp ftfy scipy regex psutil",
}


class Cost:
    """Processor seconds, wall seconds and peak memory (MB, of the largest process) of a command."""

    def __init__(self, command: Sequence[str | Path], **env: str) -> None:
        began = time.monotonic()
        child = subprocess.Popen(list(map(str, command)), env={**os.environ, **env}, stdout=-3, stderr=subprocess.PIPE)
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{said.decode()[-2000:]}")
        self.cpu = used.ru_utime + used.ru_stime
        self.wall = time.monotonic() - began
        self.memory = used.ru_maxrss / 1024


def ours(source: Path, out: Path, jobs: int = 1, *more: str | Path) -> Cost:
    """The command, into a directory of its own."""
    shutil.rmtree(out, ignore_errors=True)
    return Cost([sys.executable, "-m", "cleanup", "run", source, "-o", out, "-j", str(jobs), "-q", *more], **INSTALLED)


class Bench:
    """A scratch folder with collections in it."""

    def __init__(self, scratch: Path, given: argparse.Namespace) -> None:
        self.scratch = scratch
        self.given = given
        self.room = Newsroom(1)
        self.truth: dict[str, list[Truth]] = {}

    def collection(self, count: int, words: int = WORDS) -> Path:
        """A JSONL file of so many documents, each in a folder of its own; written once."""
        path = self.scratch / f"news-{count}-{words}" / "in.jsonl"
        if not path.exists():
            path.parent.mkdir()
            self.truth[str(path)] = write(path, self.room, count, words)[1]
        return path

    # ------------------------------------------------------------------------------------------------ peers
    def peers(self) -> None:
        """Microseconds a document, and how many times as fast we are."""
        count, small, large = self.given.documents, 100, self.given.peer_documents
        source = self.collection(count)
        rates: dict[str, list[float]] = {}
        systems = self._peers(small, large)
        for _ in range(self.given.rounds):
            mine = ours(source, self.scratch / "out")
            rates.setdefault("cleanup", []).append(mine.cpu / count)
            for name, cost in systems.items():
                rates.setdefault(name, []).append((cost(large).cpu - cost(small).cpu) / (large - small))
        bare = "cleanup, deduplication only"
        if "text-dedup" in systems:
            (self.scratch / "bare.toml").write_text("stages = []\n")
            bare_costs = [ours(source, self.scratch / "bare", 1, "-c", self.scratch / "bare.toml") for _ in range(2)]
            rates[bare] = [cost.cpu / count for cost in bare_costs]
        print(f"\nplain-text news, {source.stat().st_size / count:.0f} bytes a document, JSONL to JSONL, one core")
        print(f"{'':42} {'us a document':>14} {'documents a second':>19} {'cleanup is':>12}")
        for name, values in rates.items():
            base = rates[bare if name in (bare, "text-dedup") else "cleanup"]
            each, ratio = statistics.median(values), statistics.median(values) / statistics.median(base)
            label = {"cleanup": f"cleanup, {count:,} documents, with start-up"}.get(name, name)
            times = "" if ratio == 1 else f"{ratio:9.1f} x"
            print(f"{label:42} {1e6 * each:14,.0f} {1 / each:19,.0f} {times:>12}", flush=True)
        self._found(source)

    def _peers(self, small: int, large: int) -> dict[str, Callable[[int], Cost]]:
        paths = {size: self.collection(size) for size in (small, large)}
        out = self.scratch / "peer"

        def naive(size: int) -> Cost:
            return Cost([sys.executable, HERE / "scripts/naive.py", paths[size], self.scratch / "naive.jsonl"], **ONE)

        def trove(size: int) -> Cost:
            shutil.rmtree(out, ignore_errors=True)
            return Cost([self.given.datatrove, HERE / "scripts/trove.py", paths[size], out], PYTHONPATH="", **ONE)

        def text_dedup(size: int) -> Cost:
            shutil.rmtree(out, ignore_errors=True)
            settings = ["--path", "json", "--data_files", paths[size], "--split", "train", "--column", "text", "--ngram", "5"]
            settings += ["--num_perm", "128", "--b", "16", "--r", "8", "--num_proc", "1", "--cache_dir", out / "cache"]
            command = [self.given.text_dedup, "-m", "text_dedup.minhash", *settings, "--output", out / "out"]
            return Cost(command, PYTHONPATH="", HF_HUB_OFFLINE="1", **ONE)

        def juicer(size: int) -> Cost:
            shutil.rmtree(out, ignore_errors=True)
            command = [self.given.data_juicer, HERE / "scripts/juicer.py", paths[size], out]
            return Cost(command, PYTHONPATH="", HF_HUB_OFFLINE="1", **ONE)

        found = {"ftfy + langdetect + datasketch, a script": naive}
        for name, python, system in (
            ("datatrove", self.given.datatrove, trove),
            ("text-dedup", self.given.text_dedup, text_dedup),
            ("data-juicer", self.given.data_juicer, juicer),
        ):
            if python is None:
                print(f"{name} is left out; to have it: {INSTALL[name]}, then --{name} V/bin/python")
            else:
                found[name if name == "text-dedup" else f"{name}, without language"] = system
        return found

    def _found(self, source: Path) -> None:
        """What the run found of what is known to be there."""
        truth = self.truth[str(source)]
        names = [f"n{true.number}" for true in truth]
        kept: dict[str, str] = {}
        for path in (self.scratch / "out").glob("corpus/*"):
            with open(path, "rb") as lines:
                kept |= {record["id"]: record["text"] for record in map(json.loads, lines)}
        home = {name: name for name in names}
        for line in (self.scratch / "out" / "clusters.jsonl").open():
            cluster = json.loads(line)
            home |= {member["id"]: cluster["kept"] for member in cluster["members"]}
        copies = [true for true in truth if true.kind != "original"]
        together = sum(home[f"n{true.number}"] == home[f"n{true.original}"] for true in copies)
        false = sum(truth[int(home[f"n{true.number}"][1:])].original != true.original for true in truth)
        whole = Counter(true.harm for true in truth if true.harm and f"n{true.number}" in kept)
        right = Counter(true.harm for true in truth if true.harm and kept.get(f"n{true.number}") == true.clean)
        untouched = [true for true in truth if not true.harm and f"n{true.number}" in kept]
        share = ", ".join(f"{harm} {right[harm]} of {whole[harm]}" for harm in sorted(whole))
        print(f"copies found: {together} of {len(copies)}; documents merged that have nothing in common: {false}")
        print(f"harmed documents that are kept, restored to the letter: {share}; {len(untouched)} others kept")

    # ------------------------------------------------------------------------------------------------ one run
    def profile(self) -> None:
        """Where the time of one process goes."""
        count = self.given.documents
        source = self.collection(count)
        code = (HERE / "scripts/profile_run.py", source, self.scratch / "profile")
        done = subprocess.run([sys.executable, *code], env={**os.environ, **INSTALLED}, capture_output=True, check=True)
        found: dict[str, float] = json.loads(done.stdout)
        print(
            f"\nwhere the time goes, microseconds a document of {count:,}; a whole process is {1e6 * found['whole'] / count:.0f}"
        )
        for name, seconds in found.items():
            if name != "whole":
                print(f"  {name:34} {1e6 * seconds / count:7.1f}")

    def growth(self) -> None:
        """Processor time, exponent and peak memory with ever more documents, which are short so that it ends."""
        words = self.given.words
        print(f"\ngrowth, documents of {words} words, one process")
        before: tuple[int, float] | None = None
        for size in self.given.sizes:
            source = self.collection(size, words)
            cost = ours(source, self.scratch / "out")
            line = f"  {size:9,} documents: {cost.cpu:8.1f} s, {1e6 * cost.cpu / size:6.0f} us each, peak {cost.memory:6.0f} MB"
            if before:
                line += f", exponent {math.log(cost.cpu / before[1]) / math.log(size / before[0]):.3f}"
            print(line, flush=True)
            before = (size, cost.cpu)
            shutil.rmtree(self.scratch / "out")
            shutil.rmtree(source.parent)

    def workers(self) -> None:
        """Wall time of one and of two workers, in turns."""
        count = self.given.documents
        source = self.collection(count)
        (self.scratch / "parts.toml").write_text(f"[read]\npart_bytes = {max(1 << 20, source.stat().st_size // 12)}\n")
        more = ("-c", self.scratch / "parts.toml")
        times: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(self.given.rounds):
            for jobs, walls in times.items():
                walls.append(ours(source, self.scratch / "out", jobs, *more).wall)
        ratio = statistics.median(one / two for one, two in zip(times[1], times[2], strict=True))
        walls = ", ".join(f"{jobs}: {statistics.median(found):.1f} s" for jobs, found in times.items())
        print(f"\nworkers, {count:,} documents, wall time of the whole command with {walls}; two over one: {ratio:.2f}")

    def share(self) -> None:
        """Deduplication alone, and what share of its time a script takes that reads and writes as much by `orjson`; in turns."""
        if importlib.util.find_spec("orjson") is None:
            print("\nshare is left out; to have it: python -m pip install orjson")
            return
        count, source, bare = self.given.documents, self.scratch / "share.jsonl", self.scratch / "share.toml"
        with source.open("w") as file:
            for number, text in enumerate(mixed(count, seed=9).texts):
                file.write(json.dumps({"id": f"d{number}", "text": text}) + "\n")
        bare.write_text("stages = []\n")
        floor = (sys.executable, HERE / "scripts/floor.py", source, self.scratch / "floor.jsonl")
        rounds: list[tuple[Cost, Cost, Cost]] = []
        for _ in range(self.given.rounds):
            one, two = (partial(ours, source, self.scratch / "out", jobs, "-c", bare) for jobs in (1, 2))
            rounds.append((Cost(floor, **INSTALLED), one(), two()))
        print(f"\ndeduplication only, {count:,} documents of {source.stat().st_size / count:.0f} bytes, JSONL to JSONL")
        for name, found in zip(("orjson in and out", "cleanup", "two workers"), zip(*rounds, strict=True), strict=True):
            cpu, wall = statistics.median(cost.cpu for cost in found), statistics.median(cost.wall for cost in found)
            print(f"  {name:18} {cpu:6.2f} s, {1e6 * cpu / count:5.1f} us each; {wall:6.2f} s by the clock")
        cpu = statistics.median(low.cpu / one.cpu for low, one, _ in rounds)
        wall = statistics.median(low.wall / one.wall for low, one, _ in rounds)
        ratio = statistics.median(one.wall / two.wall for _, one, two in rounds)
        print(f"  share {cpu:.3f}, by the clock {wall:.3f}; two workers over one by the clock {ratio:.2f}")


def machine() -> str:
    """What ran, on what."""
    about = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in about.split("\n") if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("corpus-cleanup", "ftfy", "langdetect", "py3langid", "datasketch", "numpy", "polars", "msgspec")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return f"{model or platform.processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python \
{platform.python_version()}\n{versions}"


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tables", nargs="*", default=["peers", "profile", "workers", "growth"])
    parser.add_argument("--documents", type=int, default=20000)
    parser.add_argument("--peer-documents", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--datatrove", metavar="PYTHON", help="an interpreter that has datatrove")
    parser.add_argument("--text-dedup", metavar="PYTHON", help="an interpreter that has text-dedup")
    parser.add_argument("--data-juicer", metavar="PYTHON", help="an interpreter that has data-juicer")
    parser.add_argument("--sizes", type=lambda text: [int(float(one)) for one in text.split(",")], default=[10**4, 10**5, 10**6])
    parser.add_argument("--words", type=int, default=150, help="of a document, for growth")
    parser.add_argument("--scratch", type=Path, help="where collections and runs go; a temporary folder by default")
    given = parser.parse_args()
    print(machine())
    scratch = Path(tempfile.mkdtemp(prefix="pipeline-", dir=given.scratch))
    try:
        bench = Bench(scratch, given)
        ours(bench.collection(100), scratch / "out")
        for table in given.tables:
            getattr(bench, table)()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"\npeak of this script itself: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
