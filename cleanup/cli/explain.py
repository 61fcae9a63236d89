"""`cleanup explain`: why a document is as it is now, and the way back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cleanup.document import Document, Row
    from cleanup.run import Run


@click.command("explain")
@click.argument("run", metavar="RUN")
@click.argument("id", required=False, metavar="[ID]")
@click.option("--revert", "revert_", is_flag=True, help="Print what was read, byte for byte: the text before any edit.")
@click.option("--json", "as_json", is_flag=True, help="Ledger rows as JSON lines.")
@click.option("--rule", metavar="RULE", help="Only rows of rules whose id starts so.")
@click.option(
    "--nth", type=click.IntRange(1), metavar="N", help="Of several documents with this id only the Nth, as they are shown."
)
def explain_command(run: str, id: str | None, revert_: bool, as_json: bool, rule: str | None, nth: int | None) -> None:  # noqa: A002 (the argument's name)
    """Show every decision about the document ID of the run directory RUN with its rule, score and evidence, and a word diff;
    without ID, a line for every document that was changed or dropped, or that could not be read."""
    from cleanup.run import Run

    if revert_ and as_json:
        raise click.UsageError("--revert prints a text, and --json rows: choose one")
    opened = Run(run)
    if id is None:
        if revert_:
            raise click.UsageError("--revert needs the ID of a document")
        _overview(opened, as_json, rule)
        return
    from cleanup.stored import find

    if opened.info["config"]["write"]["format"] == "text" and not revert_:
        _rows_alone(opened, id, rule, as_json)
        return
    docs = find(opened, id)
    if nth and nth > len(docs):
        raise click.UsageError(f"there are only {len(docs)} documents {id!r}")
    if revert_ and len(docs) > 1 and not nth:
        raise click.UsageError(f"{len(docs)} documents have the id {id!r}: choose one with --nth")
    for doc in docs[nth - 1 : nth] if nth else docs:
        _explain(doc, opened, rule, revert_, as_json)


def _explain(doc: Document, opened: Run, rule: str | None, revert_: bool, as_json: bool) -> None:
    if revert_:
        from cleanup.document import revert

        sys.stdout.buffer.write(_original(doc, revert(doc)))
    elif as_json:
        _rows(doc.ledger, rule, as_json)
    else:
        _show(doc, rule, opened)


def _rows_alone(opened: Run, id_: str, rule: str | None, as_json: bool) -> None:
    """What the ledger says of a document whose text cannot be read back, as of a run that writes plain texts."""
    from cleanup.cli.show import label
    from cleanup.errors import CleanupError

    rows = list(opened.ledger(id_))
    if not rows:
        raise CleanupError(f"no decision about {id_!r} in {opened.path}", f"`cleanup explain {opened.path}` lists what changed")
    if not as_json:
        click.echo(click.style(label(id_), bold=True))
    _rows(rows, rule, as_json)
    click.echo("cleanup: plain texts do not say which document they are: a run --to jsonl or parquet shows them, too", err=True)


def _original(doc: Document, text: str) -> bytes:
    """The bytes that the text was read from; UTF-8 for the text of a page or record. Raises InputError when they are lost."""
    from cleanup.parse.decode import original

    for row in doc.ledger:
        if row.rule == "decode/encoding" and row.after:
            return original(text, row.after, row.why)
    return text.encode("utf-8", "surrogatepass")


def _overview(run: Run, as_json: bool, rule: str | None) -> None:
    from cleanup.cli.show import label, safe_json

    settled = 0
    for part in run.parts():
        found: dict[str, dict[str, Any]] = {}  # the rows of the corpus step stand behind those of all documents
        for row in run.ledger(part=part):
            settled += row.decision != "skip"
            if rule and not row.rule.startswith(rule):
                continue
            counts = found.setdefault(row.doc, {"edits": 0, "held": 0, "drop": ""})
            counts["edits"] += row.action == "edit" and row.decision == "apply"
            counts["held"] += row.decision == "review"
            if row.action == "drop" and row.decision == "apply":
                counts["drop"] = row.rule
        for id_, counts in found.items():
            if not any(counts.values()):
                continue
            if as_json:
                click.echo(safe_json({"id": id_, **counts}))
            else:
                drop = f"  dropped by {counts['drop']}" if counts["drop"] else ""
                click.echo(f"{label(id_)}  {counts['edits']} edits  {counts['held']} held{drop}")
    run.check(settled)
    for failure in () if rule else run.failures():
        if as_json:
            click.echo(safe_json({"id": failure["id"], "failed": failure["error"]}))
        else:
            click.echo(f"{label(failure['id'])}  could not be read: {label(failure['error'])}")


def _show(doc: Document, rule: str | None, run: Any) -> None:
    from cleanup.cli.show import label, word_diff
    from cleanup.document import revert

    click.echo(click.style(f"{label(doc.id)}  {doc.status}", bold=True) + f"  {label(doc.source)}")
    _rows(doc.ledger, rule, as_json=False)
    before = revert(doc)
    if before != doc.text:
        click.echo()
        for line in word_diff(before, doc.text):
            click.echo(line)
    _aligned(doc, run)


def _rows(rows: Iterable[Row], rule: str | None, as_json: bool) -> None:
    """Rows of the ledger, for a person or as JSON."""
    import msgspec

    from cleanup.cli.show import safe_json, short
    from cleanup.own import OWN

    for row in rows:
        if rule and not row.rule.startswith(rule):
            continue
        if as_json:
            click.echo(safe_json(msgspec.to_builtins(row)))
            continue
        drop = f"drop the document: {OWN[row.rule]}" if row.rule in OWN else "drop the document"
        what = {"mark": f"{row.why.get('field')} = {short(row.after or '')}", "drop": drop}.get(row.action, "")
        if row.action == "edit":
            what = f"{row.start}-{row.end} [-{short(row.before or '')}-] " + (
                f"{{+{short(row.after or '')}+}}" if row.after else ""
            )
        evidence = {key: item for key, item in row.why.items() if key != "field"}
        click.echo(f"  {row.step:>2} {row.rule}  {row.score:.2f} {row.decision} by {row.by}  {what}")
        if evidence:
            click.echo(click.style(f"       {short(json.dumps(evidence, ensure_ascii=False), 400)}", dim=True))


def _aligned(doc: Document, run: Any) -> None:
    """A duplicate beside the document that stays: words only here red, words only there green."""
    from cleanup.cli.show import label, word_diff
    from cleanup.errors import CleanupError
    from cleanup.stored import find

    kept = next((row.why.get("duplicate_of") for row in doc.ledger if row.why.get("duplicate_of")), None)
    if not isinstance(kept, str):
        return
    try:
        words = set(doc.text.split())
        other = max(find(run, kept), key=lambda one: (one.status == "kept", len(words & set(one.text.split()))))
    except CleanupError:
        return
    click.echo(click.style(f"\nagainst {label(kept)}, which stays (- only here, + only there):", bold=True))
    lines = list(word_diff(doc.text, other.text))
    click.echo("\n".join(lines) if lines else "the texts are the same")
