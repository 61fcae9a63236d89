"""Runs that are disturbed on purpose: a warm process forks one for every trial, with a fault at a chosen moment.

    python -m tests.trials SCRATCH --seed 1 --faults 200

A trial is one or more disturbed runs into one directory and a last, undisturbed one; what lies there in the end has to be what
an undisturbed run into a fresh directory makes, byte for byte. The faults strike at file operations, which Python announces to
audit hooks: before the operation the process is killed, or the machine's power fails (`tests/power.py`), or the operation finds a
full disk, or writes above some size fail.
Prints a JSON line: {"trials", "faults", "operations", "broken": [what went wrong]}.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.power import Power

OPERATIONS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
PATIENCE, HUNG = 60.0, 98  # seconds that a run may take, and the exit code of one that took longer
FAULTS = ("kill", "full", "size", "moment", "power")


def digest(out: Path) -> dict[str, str]:
    """Everything of a run directory that has to be the same: file name -> hash."""
    files = [*out.glob("corpus/*"), *out.glob("dropped/*"), *out.glob("ledger/*"), out / "clusters.jsonl", out / "failed.jsonl"]
    return {str(path.relative_to(out)): hashlib.blake2b(path.read_bytes()).hexdigest() for path in sorted(files)}


def leftovers(out: Path) -> list[str]:
    """What a finished run must not leave."""
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.name.endswith(".tmp") or path.name == ".work")


def conserved(out: Path) -> bool:
    """Whether counts and lines agree."""
    counts = json.loads((out / "run.json").read_text())["counts"]
    lines = {
        "kept": sum(path.read_bytes().count(b"\n") for path in out.glob("corpus/*")),
        "dropped": sum(path.read_bytes().count(b"\n") for path in out.glob("dropped/*")),
        "failed": (out / "failed.jsonl").read_bytes().count(b"\n"),
    }
    return counts["read"] == sum(lines.values()) and all(counts[name] == count for name, count in lines.items())


def write_inputs(place: Path) -> Path:
    """A small collection of everything: records in several compressions, texts, copies, and things that cannot be read."""
    import bz2
    import gzip

    import zstandard

    rng = random.Random(1)
    words = [
        "council",
        "voted",
        "bridge",
        "river",
        "late",
        "debate",
        "cost",
        "pay",
        "night",
        "plan",
        "harbour",
        "train",
        "school",
    ]
    texts = [" ".join(rng.choice(words) for _ in range(60)) + "." for _ in range(60)]
    texts += [f"{text} It was late." for text in texts[:10]] + texts[:5]
    texts[7] += " The cafÃ© wasnâ€™t open."
    lines = [json.dumps({"id": f"r{number}", "text": text}).encode() + b"\n" for number, text in enumerate(texts)]
    lines[11] = b'{"broken\n'
    lines[12] = b'{"id": "bytes", "text": "caf\xe9"}\n'
    place.mkdir(parents=True)
    (place / "a.jsonl").write_bytes(b"".join(lines[:40]))
    (place / "b.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[40:55]), mtime=0))
    (place / "c.jsonl.zst").write_bytes(zstandard.compress(b"".join(lines[55:])))
    (place / "cut.txt.bz2").write_bytes(bz2.compress(rng.randbytes(3000))[:900])
    (place / "one.txt").write_text("It was â€œlateâ€\x9d.\n")
    (place / "empty.txt").touch()
    return place


class Trials:
    """Forks runs of one small collection."""

    def __init__(self, scratch: Path) -> None:
        from cleanup import run, stages
        from cleanup.config import Config, override

        # A stage of our own, because libraries that start threads do not survive a fork.
        stages._REGISTRY["mojibake"] = stages.Stage("mojibake", stages.BUILT_IN["mojibake"], _stage, lambda paths: [])  # noqa: ARG005
        self.scratch = scratch
        shutil.rmtree(scratch, ignore_errors=True)
        self.inputs = write_inputs(scratch / "in")
        self.config = override(Config(), {"stages": ("mojibake",), "read.part_bytes": 4000, "read.part_files": 2})
        self.broken: list[str] = []
        self.faults: Counter[str] = Counter()
        self.trials = 0
        self.run = run
        # Worker processes would have to start anew for each trial; they are disturbed elsewhere.
        run.local.Engine = Here
        self.power = Power(scratch, scratch / "out")
        self.power.on()
        self._warm()
        report = self.scratch / "operations"
        self.fork(self.scratch / "reference", lambda: _count(self.scratch / "reference", report))
        if not (self.scratch / "reference" / "run.json").exists():
            sys.exit("the undisturbed run did not come to an end")
        self.operations = int(report.read_text())
        self.reference = digest(self.scratch / "reference")

    def _warm(self) -> None:
        """Everything that costs time is loaded once, before the first fork (and without a thread)."""
        self.run.execute(self.config, [str(self.inputs)], self.scratch / "warm")

    def fork(self, out: Path, disturb: Callable[[], object] | None = None, patience: float = 0.0) -> int:
        """One run into `out` in a process of its own; its exit code, negative for a signal. Killed after `patience` seconds."""
        pid = os.fork()
        if pid == 0:
            code = 99
            try:
                if disturb is not None:
                    disturb()
                code = self._execute(out)
            finally:
                sys.stderr.flush()
                os._exit(code)
        until = time.monotonic() + (patience or PATIENCE)
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return -signal.SIGKILL if patience else HUNG
            time.sleep(0.002)

    def _execute(self, out: Path) -> int:
        from cleanup.errors import CleanupError

        try:
            self.run.execute(self.config, [str(self.inputs)], out)
        except CleanupError as error:
            (self.scratch / "said").write_text(str(error))
            return error.exit_code
        except BaseException:
            (self.scratch / "said").write_text(traceback.format_exc())
            return 99
        return 0

    def trial(self, name: str, disturbances: list[tuple[str, int]], rng: random.Random) -> None:
        """Disturbed runs, then a calm one, then the comparison. What is wrong goes into `broken`."""
        self.trials += 1
        out = self.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        self.power.on()
        for kind, at in disturbances:
            self.faults[kind] += 1
            disturb, every, seed = _fault(kind, out, at, self.power), rng.choice((0.0, 0.005, 60.0)), rng.random()

            def begin(disturb: Any = disturb, every: float = every, seed: float = seed) -> None:
                self.power.watch(every)
                disturb(random.Random(seed))

            code = self.fork(out, begin, rng.random() * 0.3 + 0.001 if kind == "moment" else 0.0)
            if code not in (0, 2, -signal.SIGKILL):
                self.broken.append(f"{name}: {kind} at {at} ended with {code}")
        code = self.fork(out)
        if code:
            self.broken.append(
                f"{name}: the calm run after {disturbances} ended with {code}: {(self.scratch / 'said').read_text()}"
            )
        elif (found := digest(out)) != self.reference:
            wrong = sorted(key for key in {*found, *self.reference} if found.get(key) != self.reference.get(key))
            self.broken.append(f"{name}: other bytes after {disturbances}: {wrong}")
            shutil.copytree(out, self.scratch / f"broken-{len(self.broken)}")
        elif not conserved(out):
            self.broken.append(f"{name}: counts do not add up after {disturbances}")
        elif left := leftovers(out):
            self.broken.append(f"{name}: left behind after {disturbances}: {left}")

    def sweep(self, kind: str, step: int) -> None:
        """The same fault at every `step`-th file operation of a run."""
        for at in range(1, self.operations + 1, step):
            self.trial(f"sweep {kind}", [(kind, at)], random.Random(at))

    def soak(self, faults: int, seed: int, until: float = float("inf")) -> None:
        """Random faults, one to four in a row, until there were so many or the time is over."""
        rng = random.Random(seed)
        goal = self.faults.total() + faults
        while self.faults.total() < goal and time.time() < until:
            kinds = [rng.choice(FAULTS) for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4)))]
            self.trial(f"soak {seed}/{self.trials}", [(kind, rng.randint(1, self.operations)) for kind in kinds], rng)

    def report(self) -> dict[str, Any]:
        """What `main` prints."""
        return {"trials": self.trials, "faults": dict(self.faults), "operations": self.operations, "broken": self.broken}


def _stage(cfg: object, paths: object) -> Any:  # noqa: ARG001
    from cleanup.document import Edit, each

    return each(
        lambda doc: [Edit(at.start(), at.end(), "night", "day", "mojibake/trial") for at in re.finditer("night", doc.text)]
    )


class Here:
    """The engine without processes of its own, whatever it is asked for."""

    workers = 1

    def __init__(self, workers: int, *, apart: bool) -> None:
        pass

    def dismiss(self) -> None:
        """Nobody is there."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def each(self, function: Callable[[Any, int], Any], jobs: Iterable[Any], meanwhile: Any = None) -> Iterator[Any]:  # noqa: ARG002
        """Every job, one after the other."""
        return ((job, function(job, 0)) for job in jobs)


def _hook(out: Path, strike: Callable[[int, str], None]) -> None:
    """Call `strike(number, event)` before every file operation that writes below `out`."""
    place = str(out)
    number = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal number
        if event not in OPERATIONS or not str(args[0] if not isinstance(args[0], bytes) else "").startswith(place):
            return
        if event == "open" and isinstance(args[2], int) and not args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        number += 1
        strike(number, event)

    sys.addaudithook(hook)


def _count(out: Path, report: Path) -> None:
    def note(number: int, event: str) -> None:  # noqa: ARG001 (the hook's protocol)
        report.write_text(str(number))

    _hook(out, note)


def _fault(kind: str, out: Path, at: int, machine: Power) -> Callable[[random.Random], object]:
    def kill(number: int, event: str) -> None:  # noqa: ARG001
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def power(rng: random.Random) -> Callable[[int, str], None]:
        def strike(number: int, event: str) -> None:  # noqa: ARG001
            if number == at:  # what follows is what it does to the files
                machine.fail(rng)
                os.kill(os.getpid(), signal.SIGKILL)

        return strike

    def full(number: int, event: str) -> None:
        # A full disk stays full; but what takes no room goes on.
        if number >= at and event in ("open", "os.mkdir"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000 + at * 60, 1000 + at * 60))

    return {
        "kill": lambda _: _hook(out, kill),
        "full": lambda _: _hook(out, full),
        "power": lambda rng: _hook(out, power(rng)),
        "size": lambda _: size(),
        "moment": lambda _: None,
    }[kind]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=0, help="so many at random")
    parser.add_argument("--sweep", default="", help="a kind of fault, at every STEP-th operation")
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    given = parser.parse_args()
    began = time.time()
    trials = Trials(given.scratch)
    for kind in filter(None, given.sweep.split(",")):
        trials.sweep(kind, given.step)
    trials.soak(given.faults, given.seed, began + given.seconds)
    sys.stdout.write(json.dumps(trials.report()) + "\n")
    sys.exit(1 if trials.broken else 0)


if __name__ == "__main__":
    main()
