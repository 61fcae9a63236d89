"""The long fault test: hundreds of random faults, each followed by the same command again, each result compared byte by byte.

    python tests/bench/soak.py --faults 500

Two kinds of trials: forked runs with faults at file operations (`tests/trials.py`: kills, full disks, writes that fail, kills at
any moment), and the command itself with two workers and all stages, whose processes are killed, interrupted and terminated.
Prints faults by kind, and every trial that did not end as an undisturbed run does; exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.trials import conserved, digest, leftovers, write_inputs  # noqa: E402

SIGNALS = {"kill": signal.SIGKILL, "terminate": signal.SIGTERM, "interrupt": signal.SIGINT}


def workers(pid: int) -> list[int]:
    """Worker processes of a run (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if (
                int(path.read_text().rpartition(")")[2].split()[1]) == pid
                and b"resource_tracker" not in (path.parent / "cmdline").read_bytes()
            ):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


class Command:
    """Trials of `cleanup run` as a user calls it."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.inputs = write_inputs(scratch / "in")
        (scratch / "c.toml").write_text("[read]\npart_bytes = 4000\npart_files = 2\n")
        self.faults: Counter[str] = Counter()
        self.broken: list[str] = []
        began = time.monotonic()
        self.start(scratch / "reference").wait()
        self.length = time.monotonic() - began
        self.reference = digest(scratch / "reference")

    def start(self, out: Path) -> subprocess.Popen[bytes]:
        """The command, under way."""
        arguments = ["run", str(self.inputs), "-o", str(out), "-c", str(self.scratch / "c.toml"), "-j", "2", "-q"]
        log = open(self.scratch / "said", "wb")  # noqa: SIM115 (handed to the process)
        return subprocess.Popen([sys.executable, "-m", "cleanup", *arguments], stdout=log, stderr=log, cwd=ROOT)

    def disturb(self, out: Path, rng: random.Random) -> None:
        """One run that is hit once or more at random moments."""
        running = self.start(out)
        while running.poll() is None:
            try:
                running.wait(rng.random() * self.length)
                return
            except subprocess.TimeoutExpired:
                pass
            victims = workers(running.pid) if rng.random() < 0.5 else []
            if victims:
                self.faults["worker killed"] += 1
                try:
                    os.kill(rng.choice(victims), signal.SIGKILL)
                except ProcessLookupError:
                    continue
            else:
                name = rng.choice(["kill", "kill", "terminate", "interrupt"])
                self.faults[f"run: {name}"] += 1
                running.send_signal(SIGNALS[name])
                if running.wait() not in (3, 130, -2, -9, -15):
                    self.broken.append(f"{name} gave exit code {running.returncode}")

    def trial(self, number: int, rng: random.Random) -> None:
        """Up to three disturbed runs, a calm one, the comparison."""
        out = self.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        for _ in range(rng.randint(1, 3)):
            self.disturb(out, rng)
        code = self.start(out).wait()
        said = (self.scratch / "said").read_text()
        if code != 3:  # some of the inputs cannot be read
            self.broken.append(f"command {number}: the calm run ended with {code}: {said}")
        elif digest(out) != self.reference or not conserved(out) or leftovers(out) or "Traceback" in said:
            self.broken.append(f"command {number}: another result: {said}")
            shutil.copytree(out, self.scratch / f"broken-{number}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faults", type=int, default=500, help="stop after so many")
    parser.add_argument("--seconds", type=float, default=3600.0, help="or after so long")
    parser.add_argument("--share", type=float, default=0.1, help="of the faults that strike the command with its workers")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="soak-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    until = time.time() + given.seconds
    forked = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.trials", str(scratch / "forked"), "--seed", str(given.seed)),
            *("--faults", str(int(given.faults * (1 - given.share))), "--seconds", str(given.seconds)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    command = Command(scratch / "command")
    rng, number = random.Random(given.seed), 0
    while sum(command.faults.values()) < given.faults * given.share and time.time() < until:
        command.trial(number, rng)
        number += 1
    found = json.loads(forked.communicate()[0])
    faults = Counter(found["faults"]) + command.faults
    for kind, count in sorted(faults.items()):
        print(f"{count:6} {kind}")
    broken = [*found["broken"], *command.broken]
    trials = number + found["trials"]
    print(f"{sum(faults.values()):6} faults in {trials} trials (seed {given.seed}); {len(broken)} with another result")
    for line in broken:
        print(f"  {line}")
    if broken:
        print(f"  what they left is in {scratch}")
        sys.exit(1)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
