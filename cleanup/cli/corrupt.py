"""`cleanup corrupt`: clean text made dirty, with its exact inverse as gold."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cleanup.cli.options import configuration, read_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleanup.config import Config
    from cleanup.document import Document

RECIPES = "mojibake encoding entities boilerplate spin near reprint excerpt truncate"


@click.command("corrupt")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--recipe", required=True, metavar="NAMES", help=f"Applied from left to right, separated by commas: {RECIPES}.")
@click.option("--rate", type=click.FloatRange(0, 1), help="Share of a document that is made dirty; default: by recipe.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same records.")
@click.option("--spin-table", metavar="FILE", help="What recipe spin replaces: TSV of spun, original.  [a table of its own]")
@read_options
@click.pass_context
def corrupt_command(ctx: click.Context, /, inputs: tuple[str, ...], recipe: str, **options: Any) -> None:
    """Make labelled dirty data from clean text: a JSON record for every document of INPUT..., whose edits turn its dirty `text`
    into `clean`.

    A recipe may name a variant after a colon: mojibake:koi8-r, mojibake:windows-1252x2 (twice), entities:double, boilerplate:de,
    "encoding:windows-1251>iso-8859-1".
    """
    from cleanup.evaluate.corrupt import corrupt
    from cleanup.write.record import encode

    config = configuration({name: options[name] for name in ("from_", "text_field", "id_field", "encoding")})
    failed: list[Document] = []
    docs = _documents(inputs, config, failed)
    out = sys.stdout.buffer
    for record in corrupt(docs, recipe, options["rate"], options["seed"], options["spin_table"]):
        out.write(encode(record))
    out.flush()
    for doc in failed:
        click.echo(f"cleanup: {doc.source}: {doc.error}", err=True)
    ctx.exit(3 if failed else 0)


def _documents(inputs: tuple[str, ...], config: Config, failed: list[Document]) -> Iterator[Document]:
    """Documents as text; what cannot be read goes into `failed`."""
    from cleanup.parse import parse
    from cleanup.read.inputs import expand
    from cleanup.read.parts import Segment, read_segment

    for source in expand(inputs):
        for doc in read_segment(Segment(source), config):
            if doc.status == "kept":
                parse(doc, config)
            if doc.status == "failed":
                failed.append(doc)
            else:
                yield doc
