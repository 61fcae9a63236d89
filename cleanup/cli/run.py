"""`cleanup run`: a collection into a run directory."""

from __future__ import annotations

from typing import Any

import click

from cleanup.cli.options import config_options, configuration, read_options, talk_options


@click.command("run")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--out", required=True, metavar="DIR", help="The run directory; the same command resumes.")
@click.option("-j", "--jobs", type=click.IntRange(0), default=0, metavar="N", help="Worker processes.  [one a processor]")
@config_options
@read_options
@click.option("-t", "--to", "to", type=click.Choice(["jsonl", "text", "parquet"]), help="Format of corpus and dropped.  [jsonl]")
@click.option("--compress", type=click.Choice(["none", "zst", "gz"]), help="Compress corpus and dropped.")
@click.option("--no-dedup", is_flag=True, help="Do not look for near-duplicates.")
@click.option("--mode", type=click.Choice(["drop", "mark", "cluster"]), help="What happens to near-duplicates.  [drop]")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Jaccard similarity of near-duplicates.  [0.7]")
@click.option(
    "--max-removal",
    type=click.FloatRange(0, 1),
    help="Stop when dedup would drop more than this share, and three or more, of a host's documents.",
)
@click.option("--index", metavar="DIR", help="Deduplicate new against this index, and add to it.")
@click.option("--sites", metavar="FILE", help="Remembered boilerplate lines per host; read and updated.")
@click.option("--answers", metavar="FILE", help="Answers to held decisions, from `cleanup review --export`.")
@click.option("--explain", "plan_only", is_flag=True, help="Print how near-duplicates will be found (bands, S-curve) and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json to standard output.")
@talk_options
@click.pass_context
def run_command(ctx: click.Context, /, inputs: tuple[str, ...], out: str, jobs: int, **options: Any) -> None:
    """Clean and deduplicate INPUT... (files, directories, globs, URLs, or - for standard input) into a directory."""
    from pathlib import Path

    config = configuration(options)
    if options["plan_only"]:
        from cleanup.dedup.bands import explain

        click.echo(explain(config.dedup))
        return
    from cleanup.cli.show import Status, label, safe, safe_json, summary
    from cleanup.engines.local import cores, keep_memory, one_thread

    one_thread()
    keep_memory()
    from cleanup.review.answers import load
    from cleanup.run import execute

    answers = load(Path(options["answers"])) if options["answers"] else None
    status = Status(quiet=options["quiet"], verbose=options["verbose"])
    try:
        run = execute(config, inputs, out, jobs=jobs or cores(), answers=answers, progress=status, apart=True)
    finally:
        status.close()
    if not options["quiet"]:
        click.echo(summary(run.info, out), err=True)
    failures = list(run.failures(5))
    for failure in failures:
        click.echo(f"cleanup: {label(failure['source'])}: {safe(failure['error'])}", err=True)
    if run.counts["failed"] > len(failures):
        click.echo(f"cleanup: {run.counts['failed'] - len(failures):,} more in {out}/failed.jsonl", err=True)
    for warning in run.info.get("warnings", []):
        click.echo(f"cleanup: warning: {safe(warning)}", err=True)
    if options["as_json"]:
        click.echo(safe_json(run.info, indent=2))
    ctx.exit(3 if run.counts["failed"] else 0)
