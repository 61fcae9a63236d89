"""The site step of a run: lines that repeat over pages of one host, learned from what dedup keeps, and removed.

Mapping leaves the keys of short lines beside each part; here they are counted, and each part is looked through once more, in
worker processes, for the few documents that have such lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from cleanup import decided
from cleanup.arrays import distinct
from cleanup.config import Config
from cleanup.decided import Proposals
from cleanup.document import Drop, Edit, Mark
from cleanup.part import LINES, Job, dedup_policy
from cleanup.write.columns import load as load_columns
from cleanup.write.directory import appearing
from cleanup.write.laid import host
from cleanup.write.record import parse_line, value


def wanted(config: Config) -> bool:
    """Whether the run looks for repeated lines at all."""
    return config.boilerplate.sites and "boilerplate" in config.stages


class Learning(NamedTuple):
    """All parts of a run, by name, as one piece of work."""

    config: Config
    work: Path
    names: Sequence[str]


def learn(job: Learning, attempt: int) -> bool:  # noqa: ARG001 (the engine's protocol)
    """Count the lines of all parts and leave the table of those that repeat in `.work/sites.npz`; whether there are any.

    What dedup takes for a duplicate is not counted: copies of one article must not make its lines repeat. Idempotent. A worker
    does it, who has what it takes already.
    """
    from cleanup.stages import boilerplate_sites as lines

    config, work, names = job
    target = work / "sites.npz"
    if target.exists():
        with np.load(target) as stored:
            return len(stored["keys"]) > 0
    docs, keys = [], []
    base = 0
    for name in names:
        with np.load(work / "map" / name / "lines.npz") as part:
            row, key, count = part["row"], part["key"], int(part["count"])
        keep = ~np.isin(row, np.array(sorted(_duplicates(config, work, name)), np.int64))
        docs.append(row[keep] + base)
        keys.append(key[keep])
        base += count
    table = lines.repeated(np.concatenate(docs), np.concatenate(keys))
    if config.boilerplate.sites_file:
        remembered = lines.load_remembered(Path(config.boilerplate.sites_file))
        table = lines.merged([table, lines.remembered_table(remembered)])
    with appearing(target) as file:
        np.savez(file, keys=table.keys, pages=table.pages)
    return len(table.keys) > 0


def _duplicates(config: Config, work: Path, name: str, *, marked: bool = True) -> set[int]:
    """The rows of a part that dedup drops, or marks as a member of a cluster."""
    policy = dedup_policy(config)

    def duplicate(proposal: Drop | Edit | Mark) -> bool:
        if isinstance(proposal, Drop):
            return policy.decide(proposal)[0] == "apply"
        return marked and isinstance(proposal, Mark) and proposal.rule != "dedup/kept"

    proposals, rows, _ = decided.load_part(work / "dedup" / decided.EVERY, int(name))
    return {*rows.tolist(), *(row for row, found in proposals.items() if any(map(duplicate, found)))}


def site_part(job: Job, attempt: int) -> None:  # noqa: ARG001 (the engine's protocol)
    """Leave the edits for one part in `.work/sites/NNNNN`, and the lines they remove in `.work/sites/NNNNN.json`. Idempotent."""
    from cleanup.stages import boilerplate_sites as lines

    target = job.work / "sites" / job.name
    if target.exists():
        return
    with np.load(job.work / "sites.npz") as stored:
        table = lines.Table(stored["keys"], stored["pages"])
    mapped = job.work / "map" / job.name
    with np.load(mapped / "lines.npz") as part:
        rows = distinct(part["row"][table.pages_of(part["key"]) > 0])
    gone = _duplicates(job.config, job.work, job.name, marked=False)
    (ends,) = load_columns(mapped, "ends")
    proposals: list[Proposals] = []
    seen: Counter[tuple[str, str]] = Counter()
    with open(mapped / LINES, "rb") as file:
        for row in rows.tolist():
            if row in gone:
                continue
            begin = int(ends[row - 1]) if row else 0
            file.seek(begin)
            record = parse_line(file.read(int(ends[row]) - begin))
            name = host(value(record["cleanup"])["meta"])
            edits, forms = lines.propose_sites(value(record[job.config.read.text_field]), name, table)
            seen.update((name, form) for form in forms)
            if edits:
                proposals.append(Proposals(row, list(edits)))
    with appearing(target.with_name(f"{job.name}.json")) as file:
        file.write(msgspec.json.encode([[*key, count] for key, count in sorted(seen.items())]))
    decided.save(target, proposals)


def remember(config: Config, work: Path, names: Sequence[str]) -> None:
    """Add what repeated to the remembered lines of earlier runs, in the file of `boilerplate.sites_file`."""
    if not config.boilerplate.sites_file:
        return
    from cleanup.stages import boilerplate_sites as lines

    path = Path(config.boilerplate.sites_file)
    known = lines.load_remembered(path)
    now: Counter[tuple[str, str]] = Counter()
    for name in names:
        for host_name, form, count in msgspec.json.decode((work / "sites" / f"{name}.json").read_bytes()):
            now[host_name, form] += count
    for (host_name, form), count in now.items():
        of_host = known.setdefault(host_name, {})
        of_host[form] = max(of_host.get(form, 0), count)
    ordered = {host_name: dict(sorted(found.items())) for host_name, found in sorted(known.items())}
    with appearing(path, lasting=True) as file:
        file.write(msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n")
