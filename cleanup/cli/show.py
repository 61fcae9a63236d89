"""What a person sees: safe text, diffs, the status line, the summary."""

from __future__ import annotations

import difflib
import json
import re
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cleanup.part import Outcome

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
HIDDEN = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")  # what JSON leaves as it is
TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


def safe(text: str) -> str:
    """Text that cannot drive a terminal: control and bidi characters as escapes.

    >>> safe("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text).encode("utf-8", "replace").decode()


def label(text: str) -> str:
    """An id or name, safe and on one line."""
    return safe(text).replace("\n", "\\n").replace("\t", "\\t")


def safe_json(data: Any, indent: int | None = None) -> str:
    """JSON that cannot drive a terminal and that UTF-8 can hold; it means the same."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(data, ensure_ascii=False, indent=indent))


def short(text: str, limit: int = 60) -> str:
    """One line of at most `limit` characters."""
    line = safe(text.replace("\n", "⏎"))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def word_diff(before: str, after: str) -> Iterator[str]:
    """Lines of a word diff: deletions red in [-...-], insertions green in {+...+}; lines without a change are left out."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from _words("".join(old[i:j]), "".join(new[k:m])).rstrip("\n").split("\n")


def _words(before: str, after: str) -> str:
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    parts = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 20000).get_opcodes():
        if tag == "equal":
            parts.append(safe("".join(old[i:j])))
            continue
        if i < j:
            parts.append(_marked("[-", "".join(old[i:j]), "-]", "red"))
        if k < m:
            parts.append(_marked("{+", "".join(new[k:m]), "+}", "green"))
    return "".join(parts)


def _marked(begin: str, text: str, end: str, colour: str) -> str:
    return click.style(f"{begin}{safe(text)}{end}", fg=colour)


class Status:
    """One status line on a terminal: documents a second, kept, dropped, held, bytes done of total; silent elsewhere."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self.live = not quiet and sys.stderr.isatty()
        self.verbose = verbose
        self.began = time.monotonic()
        self.counts: dict[str, int] = {}

    def __call__(self, phase: str, outcome: Outcome, done: int, total: int) -> None:
        """A part is done."""
        if phase == "map":
            for name, count in outcome.counts.items():
                self.counts[name] = self.counts.get(name, 0) + count
        if self.verbose:
            click.echo(f"{phase} part {outcome.number}: {outcome.counts}", err=True)
        if self.live:
            seconds = max(1e-6, time.monotonic() - self.began)
            get = self.counts.get
            line = (
                f"{phase} {get('read', 0) / seconds:,.0f} docs/s  kept {get('kept', 0):,}  dropped {get('dropped', 0):,}"
                f"  held {get('held', 0):,}  {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
            )
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)

    def close(self) -> None:
        """Clear the line."""
        if self.live:
            click.echo("\r\x1b[K", nl=False, err=True)


def summary(info: dict[str, Any], path: str) -> str:
    """The end of a run for a person."""
    counts = info["counts"]
    lines = [
        f"{counts['read']:,} read = {counts['kept']:,} kept + {counts['dropped']:,} dropped + {counts['failed']:,} failed"
        + (f"; {counts['held']:,} decisions held for review" if counts["held"] else "")
    ]
    drops = {rule: n["documents_dropped"] for rule, n in info["rules"].items() if n["documents_dropped"]}
    edits = {
        rule: n["applied"]
        for rule, n in info["rules"].items()
        if n["applied"] and n["characters_removed"] + n["characters_added"]
    }
    if edits:
        by_stage: dict[str, int] = {}
        for rule, count in edits.items():
            by_stage[rule.split("/")[0]] = by_stage.get(rule.split("/")[0], 0) + count
        lines.append("edits: " + ", ".join(f"{count:,} {stage}" for stage, count in sorted(by_stage.items())))
    if drops:
        lines.append("dropped by " + ", ".join(f"{count:,} {rule}" for rule, count in sorted(drops.items())))
    failed = {rule: n["applied"] for rule, n in info["rules"].items() if rule.endswith("/error") or rule == "pipeline/unstable"}
    if failed:
        lines.append("left as they were: " + ", ".join(f"{count:,} by {rule}" for rule, count in sorted(failed.items())))
    lines.append(f"{path}: corpus/ dropped/ ledger/ clusters.jsonl run.json report.html")
    return "\n".join(lines)
