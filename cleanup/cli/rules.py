"""`cleanup rules`: look at the rules, test them, learn proposals for new ones."""

from __future__ import annotations

import json
from typing import Any

import click

layers = click.option(
    "--rules", "extra", multiple=True, metavar="DIR", help="Your own rules, over the built-in ones; repeatable."
)


@click.group("rules")
def rules_group() -> None:
    """List, show and test the rules; learn proposals from a run."""


@rules_group.command("list")
@click.option("--stage", metavar="NAME", help="Only rules of this stage.")
@click.option("--expand", is_flag=True, help="Spin: every concrete pair of forms.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines.")
@layers
def list_command(stage: str | None, expand: bool, as_json: bool, extra: tuple[str, ...]) -> None:
    """A line a rule: id and what it does."""
    from cleanup.rules import directories

    if expand:
        if stage not in (None, "spin"):
            raise click.UsageError(f"rules of stage {stage} have no forms to expand; --expand goes with --stage spin")
        from cleanup.spin.listing import expand as pairs

        for pair in pairs(directories(extra)):
            click.echo(json.dumps(pair, ensure_ascii=False) if as_json else f"{pair['id']}\t{pair['before']}\t{pair['after']}")
        return
    for rule in _rules(stage, extra):
        if as_json:
            import msgspec

            click.echo(json.dumps(msgspec.to_builtins(rule), ensure_ascii=False))
        else:
            click.echo(f"{rule.id}  {rule.summary}")


@rules_group.command("show", short_help="One rule whole, with its examples.")
@click.argument("id")
@layers
def show_command(id: str, extra: tuple[str, ...]) -> None:  # noqa: A002 (the argument's name)
    """One rule whole: where it stands, what it matches, its examples."""
    from cleanup.errors import RuleError

    known = _rules(id.partition("/")[0], extra)
    found = [rule for rule in known if rule.id == id or (rule.id.endswith("/") and id.startswith(rule.id))]
    if not found:
        import difflib

        near = difflib.get_close_matches(id, [rule.id for rule in known], 3)
        raise RuleError(f"no rule {id!r}", f"did you mean {' or '.join(near)}?" if near else "`cleanup rules list` shows all")
    for rule in found:
        click.echo(f"{rule.id}\n  {rule.summary}\n  in {rule.source}")
        for key, item in rule.detail.items():
            click.echo(f"  {key}: {json.dumps(item, ensure_ascii=False)}")
        for example in rule.yes:
            click.echo(f"  hits:   {example.text!r}" + (f" -> {example.after!r}" if example.after is not None else ""))
        for text in rule.no:
            click.echo(f"  misses: {text!r}")


@rules_group.command("test", short_help="Run every rule on its own examples.")
@click.argument("directory", required=False)
@click.option("--gold", metavar="FILE", help="Also find rules that cost content on this gold set, and rules that never fire.")
@click.option("--stage", metavar="NAME", help="Only rules of this stage.")
@click.pass_context
def test_command(ctx: click.Context, directory: str | None, gold: str | None, stage: str | None) -> None:
    """Run every rule on its own examples: those that must hit and those that must miss. DIRECTORY: your own rules, too."""
    from cleanup.ruletest import cost, examples

    extra = (directory,) if directory else ()
    tested, failures = examples(stage, extra)
    for failure in failures:
        click.echo(failure)
    errors = len(failures)
    if gold:
        lines, wrong = cost(gold, extra)
        errors += wrong
        for line in lines:
            click.echo(line)
    click.echo(f"{tested:,} rules tested, {errors:,} errors", err=True)
    ctx.exit(2 if errors else 0)


@rules_group.command("learn", short_help="Propose spin rules from a run, for a person to decide.")
@click.argument("run")
@click.option("-o", "--out", default="-", metavar="FILE", help="Where the proposals go (TSV).  [-]")
def learn_command(run: str, out: str) -> None:
    """Mine substitutions from spun documents of RUN and their unspun siblings; a person decides what enters the rules."""
    from cleanup.learning import proposals

    with click.open_file(out, "w", encoding="utf-8") as file:
        count = 0
        for line in proposals(run):
            file.write(line + "\n")
            count += 1
    click.echo(f"{max(0, count - 1):,} proposals", err=True)


def _rules(stage: str | None, extra: tuple[str, ...]) -> list[Any]:
    from cleanup.own import rules

    return rules(stage, extra)
