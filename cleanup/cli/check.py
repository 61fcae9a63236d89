"""`cleanup check`: what cleaning would change, as lint lines or a diff."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cleanup.cli.options import config_options, configuration, quiet_option, read_options

if TYPE_CHECKING:
    from cleanup.config import Config
    from cleanup.document import Document


@click.command("check")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@config_options
@read_options
@click.option("--diff", is_flag=True, help="A unified diff instead of lint lines.")
@click.option("--json", "as_json", is_flag=True, help="Ledger rows as JSON lines.")
@quiet_option
@click.pass_context
def check_command(ctx: click.Context, /, inputs: tuple[str, ...], diff: bool, as_json: bool, **options: Any) -> None:
    """Show every change that cleaning would make to INPUT..., and write nothing. Exit code 1 when there is one."""
    from cleanup.cli.show import label, safe, safe_json

    if diff and as_json:
        raise click.UsageError("--diff and --json are two ways to show the same: choose one")
    config = configuration(options)
    changes = held = failed = documents = 0
    for doc, original in _documents(inputs, config):
        documents += 1
        if doc.status == "failed":
            failed += 1
            click.echo(f"cleanup: {label(doc.source)}: {safe(doc.error or '')}", err=True)
            continue
        rows = [row for row in doc.ledger if row.action != "mark" and row.decision != "skip"]
        changes += sum(row.decision == "apply" for row in rows)
        held += sum(row.decision == "review" for row in rows)
        if diff:
            name = label(doc.id)
            click.echo("".join(_diff(original, doc.text, name)), nl=False)
        elif as_json:
            import msgspec

            for row in rows:
                click.echo(safe_json(msgspec.to_builtins(row)))
        else:
            for line in _lint(doc, original, rows):
                click.echo(line)
    if not options["quiet"]:
        click.echo(f"{documents:,} documents: {changes:,} changes, {held:,} held for review, {failed:,} failed", err=True)
    ctx.exit(1 if changes else 3 if failed else 0)


def _documents(inputs: tuple[str, ...], config: Config) -> Iterator[tuple[Document, str]]:
    """Cleaned documents with the text before any edit."""
    from cleanup.document import revert
    from cleanup.part import cleaned
    from cleanup.pipeline import Pipeline
    from cleanup.read.inputs import expand
    from cleanup.read.parts import Segment, read_segment

    pipeline = Pipeline(config=config)
    docs = (doc for source in expand(inputs) for doc in read_segment(Segment(source), config))
    for batch in cleaned(docs, pipeline):
        for doc in batch:
            yield doc, revert(doc) if doc.status != "failed" else ""


def _lint(doc: Document, original: str, rows: list[Any]) -> Iterator[str]:
    """`source:line:column: rule score "before" -> "after"`; places are those of the step."""
    from cleanup.cli.show import label, short

    starts = [0, *(at + 1 for at, char in enumerate(original) if char == "\n")]
    for row in rows:
        place = 1, 1
        if row.start is not None:
            line = bisect_right(starts, min(row.start, len(original)))
            place = line, row.start - starts[line - 1] + 1
        note = " (held)" if row.decision == "review" else ""
        what = "drop the document" if row.action == "drop" else f'"{short(row.before)}" -> "{short(row.after)}"'
        if row.action == "edit" and not row.after:
            what = f'remove "{short(row.before)}"'
        yield f"{label(doc.id)}:{place[0]}:{place[1]}: {row.rule} {row.score:.2f}{note} {what}"


def _diff(before: str, after: str, name: str) -> Iterator[str]:
    from cleanup.cli.show import safe

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        body = safe(line.rstrip("\n"))
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        yield click.style(body, fg=colour) + "\n"
