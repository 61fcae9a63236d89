"""`cleanup index`: the near-duplicate index that remembers documents over runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from cleanup.cli.options import config_options, configuration, read_options

if TYPE_CHECKING:
    from cleanup.config import Config
    from cleanup.dedup.index import Index
    from cleanup.dedup.sketch import Sketches
    from cleanup.document import Document


FAILED = "cleanup.failed"  # where it is kept whether an input could not be read


@click.group("index")
def index_group() -> None:
    """Remember documents over runs, and find what covers them: info, add, query, forget, compact."""


def _sketched(inputs: Sequence[str], config: Config) -> Iterator[tuple[list[Document], Sketches]]:
    """Batches of cleaned documents and their sketches; what cannot be read is said, and in the end makes the exit code 3."""
    from cleanup.cli.show import label, safe
    from cleanup.dedup.sketch import Sketcher
    from cleanup.part import cleaned
    from cleanup.pipeline import Pipeline
    from cleanup.read.inputs import expand
    from cleanup.read.parts import Segment, read_segment
    from cleanup.rules import directories

    sketcher = Sketcher(config.dedup, directories(config.rules))
    docs = (doc for source in expand(inputs) for doc in read_segment(Segment(source), config))
    failed = False
    for batch in cleaned(docs, Pipeline(config=config)):
        for doc in batch:
            if doc.status == "failed":
                failed = True
                click.echo(f"cleanup: {label(doc.source)}: {safe(doc.error or '')}", err=True)
        kept = [doc for doc in batch if doc.status == "kept"]
        if kept:
            yield kept, sketcher.batch([doc.text for doc in kept])
    click.get_current_context().meta[FAILED] = failed


def _any(directory: str, config: Config | None = None) -> Index:
    """An index by whatever settings it was made: nothing is compared with it."""
    from cleanup.config import Config
    from cleanup.dedup.index import Index

    return Index.open(directory, (config or Config()).dedup, comparing=False)


def _say(data: Any) -> None:
    from cleanup.cli.show import safe_json

    click.echo(safe_json(data))


@index_group.command("info", short_help="What it is, and how much it holds.")
@click.argument("directory", metavar="DIR")
def info_command(directory: str) -> None:
    """What the index in DIR is, how it was made and how much it holds, as JSON."""
    from cleanup.cli.show import safe_json

    click.echo(safe_json(_any(directory).info(), indent=2))


@index_group.command("add", short_help="Clean documents and remember them.")
@click.argument("directory", metavar="DIR")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@config_options
@read_options
def add_command(directory: str, inputs: tuple[str, ...], **options: Any) -> None:
    """Clean the documents of IN... and remember them in DIR, which is made when it is not there.

    A document that is remembered already, with the same id and the same words, is counted as known and not remembered twice.
    """
    from cleanup.dedup.index import Index
    from cleanup.dedup.sketch import concatenate
    from cleanup.write.columns import remembered

    config = configuration(options)
    index = Index.open(directory, config.dedup, create=True)
    sketches: list[Sketches] = []
    rows: list[Any] = []
    for docs, table in _sketched(inputs, config):
        sketches.append(table)
        rows += map(remembered, docs)
    added = index.add(concatenate(sketches), rows) if sketches else 0
    _say({"added": added, "known": len(rows) - added, "documents": len(index)})
    _leave()


@index_group.command("query", short_help="Which remembered documents cover these.")
@click.argument("directory", metavar="DIR")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@config_options
@read_options
def query_command(directory: str, inputs: tuple[str, ...], **options: Any) -> None:
    """Print a JSON object for every remembered document that covers one of IN...: id, match, relation, jaccard, containment."""
    from cleanup.dedup.index import Index
    from cleanup.dedup.receipts import figures

    config = configuration(options)
    index = Index.open(directory, config.dedup)
    for docs, table in _sketched(inputs, config):
        for doc, matches in zip(docs, index.matches(table), strict=True):
            for match in matches:
                found = figures(match.verdict)
                _say({"id": doc.id, "match": match.id, **{name: found[name] for name in ("relation", "jaccard", "containment")}})
    _leave()


def _leave() -> None:
    context = click.get_current_context()
    context.exit(3 if context.meta.get(FAILED) else 0)


@index_group.command("forget", short_help="Remove documents by id, URL or pattern.")
@click.argument("directory", metavar="DIR")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--url", "urls", multiple=True, metavar="U", help="Forget the document of this URL; repeatable.")
@click.option("--match", default="", metavar="REGEX", help="Forget documents whose id or URL this matches.")
@click.option("-c", "--config", metavar="FILE", help="Configuration (TOML): dedup.keep says who takes a forgotten one's place.")
def forget_command(directory: str, ids: tuple[str, ...], urls: tuple[str, ...], match: str, **options: Any) -> None:
    """Remove documents from DIR by ID, URL or pattern, and print the proof that nothing is left of them."""
    if not (ids or urls or match):
        raise click.UsageError("nothing to forget: name an ID, --url or --match")
    _say(_any(directory, configuration(options)).forget(ids, urls, match))


@index_group.command("compact")
@click.argument("directory", metavar="DIR")
def compact_command(directory: str) -> None:
    """Write all segments of DIR as one."""
    _say(_any(directory).compact())
