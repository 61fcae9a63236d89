"""`cleanup eval`: metrics on labelled data, and gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cleanup.cli.options import config_options, configuration

if TYPE_CHECKING:
    from cleanup.evaluate.score import Scores

STAGES = "decode extract mojibake boilerplate language spin dedup all"


@click.command("eval")
@click.argument("gold", nargs=-1, required=True, metavar="GOLD...")
@click.option("--stage", multiple=True, metavar="NAME", help=f"Measure only this: {STAGES} (the pipeline); repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of the tables.")
@click.option("--gate", metavar="FILE", help="Exit 1 when a metric falls below its floor in this file (TOML).")
@click.option("--update", is_flag=True, help="With --gate: raise the floors to what was measured.")
@click.option("--allow-regression", is_flag=True, help="With --update: lower floors too.")
@config_options
@click.pass_context
def eval_command(ctx: click.Context, /, gold: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Run the stages over labelled documents and print how good they are, by stage and language.

    GOLD is a JSONL file, or a directory of them: id, text (or path), and any of clean, edits, lines, language, encoding, spin,
    cluster, meta. What `cleanup corrupt` writes is gold, too. Intervals are bootstrapped over documents.
    """
    if (options["update"] and not options["gate"]) or (options["allow_regression"] and not options["update"]):
        raise click.UsageError("--update needs --gate FILE, --allow-regression needs --update")
    from cleanup.evaluate.gate import load
    from cleanup.evaluate.score import evaluate

    if options["gate"] and not options["update"]:
        load(options["gate"])  # what is wrong with it is told before all is measured
    scores = evaluate(list(gold), configuration(options), list(options["stage"]) or None)
    click.echo(scores.json().decode() if as_json else scores.table())
    ctx.exit(_gate(scores, options) if options["gate"] else 0)


def _gate(scores: Scores, options: dict[str, Any]) -> int:
    """0 when all floors hold, or were updated; 1 when one broke."""
    from cleanup.evaluate import gate

    if options["update"]:
        for line in gate.update(scores, options["gate"], allow_regression=options["allow_regression"]):
            click.echo(line, err=True)
        return 0
    broken = gate.check(scores, options["gate"])
    for line in broken:
        click.echo(f"gate: {line}", err=True)
    if not broken:
        click.echo(f"gate: all floors of {options['gate']} hold", err=True)
    return 1 if broken else 0
