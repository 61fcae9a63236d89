"""`rules learn`: what a run's spun documents and their unspun siblings teach about the spinner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cleanup.document import Document, revert
from cleanup.errors import CleanupError
from cleanup.rules import directories
from cleanup.run import Run
from cleanup.spin.learn import learn
from cleanup.stored import find

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
    for cluster in run.clusters():
        if cluster.get("index"):
            continue
        kept = _stored(run, cluster["kept"])
        if kept is None or _verdict(kept) == "spun":
            continue
        for member in cluster["members"]:
            doc = _stored(run, member["id"])
            if doc is not None and doc.id != kept.id and (_verdict(doc) == "spun" or member["relation"] == "spun"):
                yield _before_spin(doc), kept.text


def _before_spin(doc: Document) -> str:
    """The text before any edit: what the spinner wrote."""
    return revert(doc)


def _verdict(doc: Document) -> str:
    return str((doc.meta.get("spin") or {}).get("verdict", ""))


def _stored(run: Run, id_: str) -> Document | None:
    try:
        return find(run, id_)
    except CleanupError:
        return None  # an id that several documents share cannot be a witness
