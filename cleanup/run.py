"""One run: plan parts, map them, deduplicate over all, finish them; resumable at any point and checked for conservation."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

import cleanup.stages as registry
from cleanup import finish, part, rules
from cleanup.aside import Aside
from cleanup.config import Config
from cleanup.disk import put_on_disk
from cleanup.document import Row
from cleanup.engines import local
from cleanup.errors import RunError, remedy
from cleanup.lasting import Lasting
from cleanup.part import Job, Outcome, map_part
from cleanup.pipeline import Answers
from cleanup.read.inputs import Source, Sources, expand, pack
from cleanup.read.parts import Part, plan
from cleanup.versions import version
from cleanup.write import directory
from cleanup.write.record import may_name, parse_row

Progress = Callable[[str, Outcome, int, int], None]  # phase, outcome of a part, bytes done, bytes in all
LITTLE = 1 << 20  # bytes of input for which no process is started
LIBRARIES = (
    "corpus-cleanup",
    "chardet",
    "datasketch",
    "ftfy",
    "langdetect",
    "numpy",
    "polars",
    "py3langid",
    "trafilatura",
)


class Run:
    """A finished run, read from its directory."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.info: dict[str, Any] = directory.read_json(self.path / "run.json")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.counts})"

    @property
    def counts(self) -> dict[str, int]:
        """{"read", "kept", "dropped", "failed", "held", ...}."""
        counts: dict[str, int] = self.info["counts"]
        return counts

    def parts(self) -> list[str]:
        """The numbers of all parts, as they stand in file names."""
        paths = sorted((self.path / "ledger").glob("part-*.jsonl"))
        return [path.name.removeprefix("part-").removesuffix(".jsonl") for path in paths]

    def ledger(self, doc: str | None = None, part: str = "*", exact: bool = True) -> Iterator[Row]:
        """All ledger rows in order, or those of one part, of one document id, or (not `exact`) of an id that holds `doc`."""
        likely = may_name(doc or "")
        settled = 0
        for path in sorted((self.path / "ledger").glob(f"part-{part}.jsonl")):
            with open(path, "rb") as file:
                for line in file:
                    if likely(line):
                        try:
                            row = parse_row(line)
                        except ValueError as error:
                            raise RunError(f"{path} is damaged: {error}", "run again into a new directory") from None
                        settled += row.decision != "skip"
                        if doc is None or row.doc == doc or (not exact and doc in row.doc):
                            yield row
        if doc is None and part == "*":
            self.check(settled)

    def check(self, settled: int) -> None:
        """Raise RunError where the ledger has another number of decisions, applied and held, than the run has counted."""
        rules = self.info.get("rules")
        counted = sum(counts["applied"] + counts["held"] for counts in (rules or {}).values())
        if rules is not None and settled != counted:
            message = f"{self.path / 'ledger'} has {settled} decisions of {counted}: it was cut short or changed"
            raise RunError(message, "run again into a new directory")

    def failures(self, limit: int | None = None) -> Iterator[dict[str, Any]]:
        """What could not be read: id, source, offset, error; at most `limit`."""
        with open(self.path / "failed.jsonl", "rb") as file:
            for number, line in enumerate(file):
                if limit is not None and number >= limit:
                    return
                yield json.loads(line)

    def clusters(self) -> Iterator[dict[str, Any]]:
        """The clusters of near-duplicates, as in `clusters.jsonl`."""
        with open(self.path / "clusters.jsonl", "rb") as file:
            for line in file:
                yield json.loads(line)


def execute(
    config: Config,
    inputs: Sequence[str],
    out: str | Path,
    *,
    jobs: int = 1,
    answers: Answers | None = None,
    progress: Progress | None = None,
    apart: bool = False,
) -> Run:
    """Clean and deduplicate `inputs` into the run directory `out`, or go on where an earlier run of the same command stopped.

    `apart`: also a single worker is a process of its own, for more than a little input, so that one command suffices when a
    document kills it.
    Raises InputError for inputs that match nothing, RunError when the directory belongs to something else, cannot be written, or
    when the counts do not add up at the end.
    """
    began = time.monotonic()
    if not str(out):  # which a path would take for the current directory
        raise RunError("no run directory is named", "name one with -o")
    out = Path(out)
    expanded = expand(inputs)  # before there is a directory: where nothing is to be done, none is left behind
    with directory.locked(out), local.calm():
        try:
            sources = Sources(_spooled(source, out) for source in expanded if not _inside(source, out))
            del expanded
            manifest = describe(config, sources, answers or {})
            if config.boilerplate.sites_file:
                _remembered(config)
            resumed = directory.claim(out, manifest)
            if not (out / "run.json").exists():
                directory.sweep(out)
                lasting = Lasting(out / ".work")
                lasting.recover()
                work = list(_planned(plan(sources, config), config, out, answers or {}))
                del sources
                # A run that was cut short may have been killed by one of its documents: workers face them, not this process.
                apart = resumed or (apart and sum(job.size for job in work) > LITTLE)
                with local.Engine(min(jobs, len(work)), apart=apart) as engine:
                    info = _worked(config, out, work, manifest, engine, lasting, progress, began)
                directory.write_json(out / "run.json", info, lasting=True)
            directory.complete(out)
            directory.discard(out)
        except OSError as error:  # inputs fail one by one, as documents; what comes here is about the run directory
            where = error.filename or out
            do = "map" if error.errno == errno.ENOMEM else "write"
            raise RunError(f"cannot {do} {where}: {error.strerror or error}", remedy(error)) from error
    return Run(out)


def _worked(
    config: Config,
    out: Path,
    work: Sequence[Job],
    manifest: dict[str, Any],
    engine: local.Engine,
    lasting: Lasting,
    progress: Progress | None,
    began: float,
) -> dict[str, Any]:
    """Everything from the map to the report; gives what `run.json` will say."""
    mapped = _phase(
        *("map", map_part, part.mapped, work, engine, progress),
        lambda job: lasting.add(f"map/{job.name}"),
        _get_ready,
    )
    corpus = _deduplicate(config, out, work, mapped, manifest, engine)
    lasting.add("dedup", out / "clusters.jsonl")
    _furniture(config, work, engine, progress, lasting)
    finished = _phase(
        *("finish", finish.finish_part, finish.finished, work, engine, progress),
        lambda job: lasting.add(f"done/{job.name}.json", *finish.written(job)),
    )
    engine.dismiss()
    directory.sweep(out)  # what workers left that died on the way
    settled = Aside(lasting.settle)
    try:
        return _concluded(out, manifest, mapped, finished, corpus, began)
    finally:
        settled.result()


def _remembered(config: Config) -> None:
    """Raises ConfigError now, not after hours, for a file of `boilerplate.sites_file` that is none."""
    from cleanup.stages.boilerplate_sites import load_remembered

    load_remembered(Path(config.boilerplate.sites_file))


def _get_ready() -> None:
    """Load what comes after the map, which takes its time."""
    import cleanup.corpus
    import cleanup.dedup.sketch
    import cleanup.report.data
    import cleanup.sites  # noqa: F401


def _furniture(config: Config, work: Sequence[Job], engine: local.Engine, progress: Progress | None, lasting: Lasting) -> None:
    """The site step: what repeats over the pages of a host, learned from what dedup keeps."""
    from cleanup import sites

    if not work or not sites.wanted(config):
        return
    everything = sites.Learning(config, work[0].work, [job.name for job in work])
    if not all(found for _, found in engine.each(sites.learn, [everything])):
        return
    _phase("sites", sites.site_part, part.mapped, work, engine, progress)
    lasting.add("sites.npz")
    lasting.add("sites")
    if config.boilerplate.sites_file:
        lasting.save()  # what is learned is learned from that file, too, which is changed now
    sites.remember(config, work[0].work, [job.name for job in work])


def _planned(parts: Iterable[Part], config: Config, out: Path, answers: Answers) -> Iterator[Job]:
    """A job a part, whose descriptions are left where the workers find them."""
    place = out / ".work" / part.PLAN
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place, "wb") as file:
        for one in parts:
            begin = file.tell()
            file.write(pack(one))
            yield Job(config, one.number, one.stored, (begin, file.tell()), str(out), answers)


def describe(config: Config, sources: Sources, answers: Answers) -> dict[str, Any]:
    """What a run is made of, with a digest for each thing that decides its result."""
    versions = {name: version(name) for name in LIBRARIES}
    stages = {name: registry.version(name) for name in config.stages}
    settings = hashlib.blake2b(
        config.digest().encode() + msgspec.json.encode((stages, versions, sorted(answers.items()))), digest_size=16
    )
    digests = {
        "configuration": settings.hexdigest(),
        "rules": rules.digest(rules.directories(config.rules)),
        "inputs": sources.digest(),
    }
    return {"config": msgspec.to_builtins(config), "versions": {**versions, "stages": stages}, "digests": digests}


def _system() -> str:
    """As `platform.platform`, which starts a process to find out less."""
    found = os.uname()
    return f"{found.sysname}-{found.release}-{found.machine}"


def _inside(source: Source, out: Path) -> bool:
    """Whether a source lies in the run directory: what a run writes below a directory that it reads is no input of it."""
    return out.name in source.path and Path(source.path).resolve().is_relative_to(out.resolve())


def _spooled(source: Source, out: Path) -> Source:
    """Standard input, copied into the run's working directory, so that a run over it can be read twice and resumed.

    The copy is named by what is in it, which makes that part of the run's inputs. Without input, or at a terminal, a run goes on
    with the copy that it has. Raises RunError for other input than that.
    """
    if source.path != "-":
        return source
    from cleanup.read.stream import standard_input

    spool = out / ".work" / "stdin"
    known = sorted(spool.parent.glob("stdin-*"))
    if not (known and sys.stdin and sys.stdin.isatty()):
        digest, size = hashlib.blake2b(digest_size=8), 0
        with directory.appearing(spool, lasting=True) as file:
            stream = standard_input()
            while block := stream.read(1 << 20):
                digest.update(block)
                size += file.write(block)
        named = spool.with_name(f"stdin-{digest.hexdigest()}")
        if (out / "run.json").exists():
            directory.discard(out)
            return Source(str(named), "stdin", size)
        if known and size and named not in known:
            spool.unlink()
            raise RunError(f"{out} belongs to a run with other inputs", "choose another directory with -o")
        if known:
            spool.unlink()
        else:
            spool.rename(named)
            put_on_disk(spool.parent)
            known = [named]
    return Source(str(known[0]), "stdin", known[0].stat().st_size)


def _phase(
    name: str,
    function: Callable[[Job, int], None],
    outcome_of: Callable[[Job], Outcome],
    work: Sequence[Job],
    engine: local.Engine,
    progress: Progress | None,
    settled: Callable[[Job], None] = lambda _: None,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Outcome]:
    total = sum(job.size for job in work) or 1
    outcomes: dict[int, Outcome] = {}
    done = 0
    for job, _ in engine.each(function, work, meanwhile):
        outcomes[job.number] = outcome_of(job)
        settled(job)
        done += job.size
        if progress is not None:
            progress(name, outcomes[job.number], done, total)
    return [outcomes[job.number] for job in work]


def _deduplicate(
    config: Config, out: Path, work: Sequence[Job], mapped: Sequence[Outcome], manifest: dict[str, Any], engine: local.Engine
) -> dict[str, Any]:
    """The corpus step: writes `.work/dedup/NNNNN` for every part, and `clusters.jsonl`; gives its report."""
    from cleanup.corpus import deduplicate

    report = out / ".work" / "dedup" / "report.json"
    if not report.exists():
        tag = hashlib.blake2b(msgspec.json.encode(manifest["digests"]), digest_size=8).hexdigest()
        found = deduplicate(config, out, work, mapped, tag, engine)
        directory.write_json(report, found)
    answer: dict[str, Any] = directory.read_json(report)
    return answer


def _concluded(
    out: Path,
    manifest: dict[str, Any],
    mapped: Sequence[Outcome],
    finished: Sequence[Outcome],
    corpus: dict[str, Any],
    began: float,
) -> dict[str, Any]:
    """Merge what is small, check that nothing was lost, and write the report; gives what `run.json` will say."""
    with directory.appearing(out / "failed.jsonl") as failed:
        for outcome in mapped:
            if outcome.counts.get("failed"):
                failed.write((out / ".work" / "map" / f"{outcome.number:05}" / "failed.jsonl").read_bytes())
    counts: Counter[str] = Counter()
    for first, last in zip(mapped, finished, strict=True):
        counts.update(
            {"read": first.counts["read"], "failed": first.counts.get("failed", 0), "held": first.counts.get("held", 0)}
        )
        counts.update(
            {"kept": last.counts.get("kept", 0), "dropped": last.counts.get("dropped", 0), "held": last.counts.get("held", 0)}
        )
    if counts["read"] != counts["kept"] + counts["dropped"] + counts["failed"]:
        raise RunError(
            f"documents were lost: {dict(counts)}", "this is a bug of cleanup; please report it with .work/ in the directory"
        )
    info = {
        "counts": {key: counts[key] for key in ("read", "kept", "dropped", "failed", "held")},
        **_totals([*mapped, *finished]),
        "dedup": corpus,
        "timings": {"wall_seconds": round(time.monotonic() - began, 3), "stages_cpu_seconds": _seconds(mapped)},
        "machine": {"python": sys.version.split()[0], "system": _system(), "cores": local.cores()},
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        **manifest,
    }
    _report(out, info)
    for name in ("failed.jsonl", "report.html"):
        put_on_disk(out / name)
    return info


def _totals(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    stages: dict[str, Counter[str]] = {}
    numbers: dict[str, list[int]] = {}
    for outcome in outcomes:
        for stage, counts in outcome.stages.items():
            stages.setdefault(stage, Counter()).update(counts)
        for rule, values in outcome.rules.items():
            numbers[rule] = [a + b for a, b in zip(numbers.get(rule, [0] * 6), values, strict=True)]
    names = ("applied", "held", "skipped", "characters_removed", "characters_added", "documents_dropped")
    return {
        "stages": {name: dict(sorted(counts.items())) for name, counts in sorted(stages.items())},
        "rules": {rule: dict(zip(names, values, strict=True)) for rule, values in sorted(numbers.items())},
    }


def _seconds(outcomes: Sequence[Outcome]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for outcome in outcomes:
        total.update(outcome.seconds)
    return {name: round(seconds, 3) for name, seconds in total.items()}


def _report(out: Path, info: dict[str, Any]) -> None:
    from cleanup.report import write_report

    write_report(out, info)


__all__ = ["Run", "describe", "execute"]
