"""`cleanup review`: answer the held decisions of a run, in the terminal or in a browser."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cleanup.review.queue import Held
    from cleanup.review.session import Session
    from cleanup.run import Run

KEYS = "(y)es / (n)o / (Y)es, (N)o to all alike / (u)nsure / (p)revious / (f)inished"


@click.command("review")
@click.argument("run", metavar="RUN")
@click.option("--export", metavar="FILE", help="Write the answers given so far, for `cleanup run --answers FILE`; - is stdout.")
@click.option("--import", "import_", metavar="FILE", help="Take over answers from a file.")
@click.option("--tasks", metavar="FILE", help="Write the held decisions as Label Studio tasks; - is stdout.")
@click.option("--web", is_flag=True, help="Answer in a browser, on this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of --web.  [default: a free one]")
@click.option("--rule", metavar="RULE", help="Only decisions of rules whose id starts so.")
def review_command(
    run: str, export: str | None, import_: str | None, tasks: str | None, web: bool, port: int, rule: str | None
) -> None:
    """Answer the held decisions of the run directory RUN, the most uncertain first. The answers are kept in RUN/answers.json;
    `cleanup run ... --answers RUN/answers.json` applies them."""
    from cleanup.review import answers
    from cleanup.review.queue import SHOWN, held, with_context
    from cleanup.review.session import Session
    from cleanup.run import Run

    opened = Run(run)
    path = Path(run)
    if import_ is not None:
        _import(opened, Path(import_))
    if export is not None:
        _write(export, json.dumps(dict(sorted(answers.of_run(path).items())), indent=1))
    if import_ is not None or (export is not None and tasks is None):
        return
    items = [item for item in held(opened) if item.rule.startswith(rule or "")]
    session = Session(path, items)
    with_context(opened, session.open[:SHOWN] if tasks is None else items)
    if tasks is not None:
        from cleanup.review.tasks import render

        _write(tasks, render(items, session.answers))
    elif web:
        from cleanup.review.web import serve

        serve(session, port, lambda url: click.echo(f"{url}\nCtrl-C ends it; every answer is kept at once", err=True))
        _close(session, run)
    elif not items:
        click.echo("no decision is held", err=True)
    elif sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("answers are read from a terminal; elsewhere use --web, or --export and --import")
    else:
        walk(session, click.getchar)
        _close(session, run)


def _import(run: Run, source: Path) -> None:
    from cleanup.review import answers
    from cleanup.review.tasks import load

    given = load(source)
    asked = {row.key for row in run.ledger() if row.decision == "review" or row.by == "review"}
    answers.save(run.path / answers.FILE, {**answers.of_run(run.path), **given})
    strange = len(given.keys() - asked)
    more = f"; {strange:,} of them to questions that this run does not ask" if strange else ""
    click.echo(f"{len(given):,} answers taken over{more}", err=True)


def _write(target: str, text: str) -> None:
    from cleanup.write.directory import appearing

    if target == "-":
        click.echo(text)
        return
    with appearing(Path(target), lasting=True) as file:
        file.write(text.encode("utf-8", "backslashreplace") + b"\n")


def _close(session: Session, run: str) -> None:
    left = len(session.keys) - session.answered
    click.echo(
        f"{session.answered:,} answered, {left:,} open; apply them: cleanup run ... --answers {run}/answers.json", err=True
    )


def walk(session: Session, key: Callable[[], str]) -> None:
    """Ask one decision after the other; `key` gives the next key that was pressed."""
    while (item := session.item) is not None:
        _show(session, item)
        while True:
            try:
                pressed = key()
            except (EOFError, KeyboardInterrupt):
                return
            if pressed in ("f", "\x04", ""):
                return
            if pressed == "p":
                if session.back():
                    break
                click.echo("this is the first one", err=True)
            elif pressed in ("y", "n", "Y", "N", "u"):
                decision: dict[str, object] = {"y": "apply", "n": "skip"}
                chosen = decision.get(pressed.lower())
                count = session.answer(chosen, alike=pressed.isupper())  # type: ignore[arg-type]
                click.echo(
                    {"apply": "  applied", "skip": "  left as it is"}.get(str(chosen), "  left open")
                    + (f", {count} times" if count > 1 else ""),
                    err=True,
                )
                break
            else:
                click.echo(KEYS, err=True)
    click.echo("nothing is left to answer", err=True)


def _show(session: Session, item: Held) -> None:
    from cleanup.cli.show import safe, short

    alike = f", {item.same} alike" if item.same > 1 else ""
    click.echo(err=True)
    click.echo(
        click.style(f"{session.answered + 1} of {len(session.keys)}  {safe(item.rule)}  {item.score:.2f}{alike}", bold=True),
        err=True,
    )
    click.echo(click.style(safe(item.doc), dim=True), err=True)
    if item.action == "edit":
        old = click.style(f"[-{safe(item.before)}-]", fg="red")
        new = click.style(f"{{+{safe(item.after)}+}}", fg="green") if item.after else ""
        click.echo(f"{_side(item.left, '…', '')}{old}{new}{_side(item.right, '', '…')}", err=True)
    else:
        what = "drop this document" if item.action == "drop" else f"set {item.why.get('field')} to {short(item.after)}"
        click.echo(f"{what}?\n{_side(item.right, '', '…')}", err=True)
    evidence = {name: value for name, value in item.why.items() if name != "field"}
    if evidence:
        click.echo(click.style(short(json.dumps(evidence, ensure_ascii=False), 400), dim=True), err=True)
    click.echo(KEYS, err=True)


def _side(text: str, before: str, after: str) -> str:
    from cleanup.cli.show import safe

    return f"{before}{safe(text)}{after}" if text else ""
