"""`rules learn`: what a run's spun documents and their unspun siblings teach about the spinner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cleanup.document import Document, revert
from cleanup.rules import directories
from cleanup.run import Run
from cleanup.spin.learn import learn
from cleanup.stored import find_all

HEADER = ("spun", "original", "count", "documents", "status", "contexts")


def proposals(path: str | Path) -> Iterator[str]:
    """TSV lines, the header first: substitutions seen in the run's clusters, for a person to accept into `rules/spin/`."""
    run = Run(path)
    rules = directories(tuple(run.info["config"]["rules"]))
    yield "\t".join(HEADER)
    for entry in learn(pairs(run), rules):
        contexts = "; ".join(entry.contexts)
        yield "\t".join((entry.spun, entry.original, str(entry.count), str(entry.documents), entry.status, contexts))


def pairs(run: Run) -> Iterator[tuple[str, str]]:
    """(spun text as it came, text of the unspun sibling that stayed) for every spun member of a cluster."""
    clusters = [cluster for cluster in run.clusters() if not cluster.get("index")]
    ids = {id_ for cluster in clusters for id_ in (cluster["kept"], *(member["id"] for member in cluster["members"]))}
    docs = find_all(run, ids)
    for cluster in clusters:
        kept = docs.get(cluster["kept"])
        if kept is None or _spun(kept):
            continue
        for member in cluster["members"]:
            doc = docs.get(member["id"])
            if doc is not None and doc.id != kept.id and (_spun(doc) or member["relation"] == "spun"):
                yield revert(doc), kept.text


def _spun(doc: Document) -> bool:
    return (doc.meta.get("spin") or {}).get("verdict") == "spun"
