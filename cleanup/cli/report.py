"""`cleanup report`: the run's page, made anew."""

from __future__ import annotations

import click


@click.command("report")
@click.argument("run", metavar="RUN")
def report_command(run: str) -> None:
    """Rebuild report.html of the run directory RUN from its files."""
    from pathlib import Path

    from cleanup.report import write_report
    from cleanup.run import Run

    opened = Run(run)
    write_report(Path(run), opened.info)
    click.echo(f"wrote {run}/report.html", err=True)
