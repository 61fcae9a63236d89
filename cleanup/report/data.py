"""What the report shows, as plain data: computed from `run.json` where that has it, else from a bounded sample."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from math import fsum
from pathlib import Path
from typing import Any

import msgspec

from cleanup.config import Config
from cleanup.document import Document, Row, revert
from cleanup.errors import CleanupError
from cleanup.report.diff import segments, shortened, side_by_side
from cleanup.report.sample import Cluster, Sample, Stored, take
from cleanup.write.record import value

DOCUMENTS = 40  # shown with their changes
CONTEXT = 160  # characters left and right of a change
SEGMENTS = 400  # of one document
EXAMPLES = 5  # of a rule
CLUSTERS = 60
MEMBERS = 40  # of a cluster that are listed
PAIRS = 16  # clusters with two texts side by side
HELD = 200
SOURCES = 40
BINS = 50
EXCERPT = 240  # characters of an example


def collect(out: Path, info: Mapping[str, Any]) -> dict[str, Any]:
    """Everything on the page. `info` is what `run.json` holds or will hold; a missing key leaves its section empty."""
    config = msgspec.convert(info["config"], Config) if info.get("config") else Config()
    sample = take(out, config.read)
    return {
        "header": _header(out, info, config),
        "funnel": _funnel(info, config),
        "rules": _rules(info, sample),
        "thresholds": _thresholds(sample, config),
        "documents": _documents(sample),
        "clusters": _clusters(sample),
        "dedup": _plain(info.get("dedup", {})),
        "sources": _sources(sample),
        "weeks": _weeks(sample),
        "languages": _share(doc.language or "und" for doc in sample.documents),
        "review": _review(out, info, sample),
        "failures": [
            {key: _clip(str(found.get(key, "")), EXCERPT) for key in ("id", "source", "error")} for found in sample.failures[:50]
        ],
        "sample": {
            "whole": sample.whole,
            "rows": len(sample.rows),
            "documents": len(sample.documents),
            "of": info.get("counts", {}).get("kept", 0) + info.get("counts", {}).get("dropped", 0),
        },
    }


def _header(out: Path, info: Mapping[str, Any], config: Config) -> dict[str, Any]:
    counts = info.get("counts", {})
    seconds = info.get("timings", {}).get("wall_seconds") or 0
    default = msgspec.to_builtins(Config())
    changed = dict(_changed(msgspec.to_builtins(config), default))
    return {
        "name": out.resolve().name,
        "counts": counts,
        "seconds": seconds,
        "rate": round(counts.get("read", 0) / seconds, 1) if seconds else None,
        "stages": info.get("timings", {}).get("stages_cpu_seconds", {}),
        "memory_mb": info.get("peak_memory_mb"),
        "machine": info.get("machine", {}),
        "versions": _plain(info.get("versions", {})),
        "digests": info.get("digests", {}),
        "settings": changed,
        "warnings": [str(warning) for warning in info.get("warnings", [])],
    }


def _changed(now: Mapping[str, Any], default: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    for key, item in now.items():
        if isinstance(item, Mapping):
            yield from _changed(item, default.get(key, {}), f"{path}{key}.")
        elif item != default.get(key):
            yield f"{path}{key}", item


def _funnel(info: Mapping[str, Any], config: Config) -> list[dict[str, Any]]:
    """Documents after each step; what remains after the last is what was kept."""
    counts = info.get("counts", {})
    stages = info.get("stages", {})
    rules = info.get("rules", {})
    left = counts.get("read", 0)
    steps = [{"step": "read", "left": left, "lost": 0, "removed": 0, "added": 0, "why": {}}]
    failed = counts.get("failed", 0)
    left -= failed
    steps.append({"step": "could be read", "left": left, "lost": failed, "removed": 0, "added": 0, "why": {}})
    to_drop = counts.get("dropped", 0)
    order = [*dict.fromkeys(["parse", *config.stages, *sorted(set(stages) - {"dedup"}), "dedup"])]
    for name in (name for name in order if name in stages):
        own = {rule: found for rule, found in rules.items() if rule.startswith(f"{name}/")}
        lost = min(to_drop, stages[name].get("drop_apply", 0))
        to_drop -= lost
        left -= lost
        steps.append(
            {
                "step": name,
                "left": left,
                "lost": lost,
                "edits": stages[name].get("edit_apply", 0),
                "removed": sum(found["characters_removed"] for found in own.values()),
                "added": sum(found["characters_added"] for found in own.values()),
            }
        )
    steps.append({"step": "kept", "left": counts.get("kept", left), "lost": left - counts.get("kept", left)})
    return steps


def _rules(info: Mapping[str, Any], sample: Sample) -> list[dict[str, Any]]:
    rows: dict[str, list[Row]] = {}
    for row in sample.rows:
        rows.setdefault(row.rule, []).append(row)
    found = []
    for rule, numbers in info.get("rules", {}).items():
        mine = rows.get(rule, [])
        actions = sorted({row.action for row in mine})
        found.append(
            {
                "rule": rule,
                **numbers,
                "action": actions[0] if actions else "",
                "answered": sum(row.by == "review" for row in mine),
                "score": round(fsum(row.score for row in mine) / len(mine), 3) if mine else None,
                "examples": [_example(row) for row in _spread(mine, EXAMPLES)],
            }
        )
    return sorted(found, key=lambda item: (-item["applied"] - item["held"], item["rule"]))


def _spread(rows: Sequence[Row], count: int) -> list[Row]:
    """Some rows, of different changes where there are such, evenly over the sample."""
    distinct = list({(row.before, row.after): row for row in rows}.values())
    return [distinct[index * len(distinct) // count] for index in range(count)] if len(distinct) > count else distinct


def _example(row: Row) -> dict[str, Any]:
    return {
        "doc": row.doc,
        "rule": row.rule,
        "before": _clip(row.before or "", EXCERPT),
        "after": _clip(row.after or "", EXCERPT),
        "score": round(row.score, 3),
        "decision": row.decision,
        "by": row.by,
        "why": _clip(json.dumps(row.why, ensure_ascii=False, default=str), EXCERPT) if row.why else "",
    }


def _thresholds(sample: Sample, config: Config) -> list[dict[str, Any]]:
    """Histograms of scores, a bin 0.02 wide, with the stage's two lines; `settings` names the keys of the configuration."""
    bins: dict[tuple[str, str], list[int]] = {}
    for row in sample.rows:
        if row.action == "mark" or row.by == "overlap":
            continue
        own = bins.setdefault((row.stage, row.action), [0] * BINS)
        own[min(BINS - 1, int(row.score * BINS + 1e-9))] += 1
    found: list[dict[str, Any]] = []
    for (stage, action), counts in sorted(bins.items()):
        section = getattr(config, stage, None)
        found.append(
            {
                "stage": stage,
                "action": action,
                "bins": counts,
                "apply": getattr(section, "apply", 0.9),
                "review": getattr(section, "review", 0.5),
                "setting": f"{stage}.apply" if hasattr(section, "apply") else "",
            }
        )
    return found


def _documents(sample: Sample) -> list[dict[str, Any]]:
    """Documents with their changes: of every verdict and stage some, those with most changes first."""
    groups: dict[tuple[Any, ...], list[Stored]] = {}
    for doc in sample.documents:
        edits = [row for row in doc.rows if row.action == "edit" and row.decision != "skip"]
        if edits:
            key = (doc.spin.get("verdict", ""), tuple(sorted({row.stage for row in edits})))
            groups.setdefault(key, []).append(doc)
    queues = [sorted(group, key=lambda doc: (-len(doc.rows), doc.id)) for _, group in sorted(groups.items())]
    chosen: list[Stored] = []
    for turn in range(DOCUMENTS):
        chosen += [queue[turn] for queue in queues if turn < len(queue)]
    found: list[dict[str, Any]] = []
    for doc in chosen[: 2 * DOCUMENTS]:
        if len(found) < DOCUMENTS and (shown := _document(doc)) is not None:
            found.append(shown)
    return sorted(found, key=lambda doc: (-sum(isinstance(part, list) for part in doc["parts"]), doc["id"]))


def _document(doc: Stored) -> dict[str, Any] | None:
    document = Document(doc.id, text=doc.text, ledger=doc.rows)
    if document.edits != doc.edits:
        return None  # the sample does not hold all of its rows
    try:
        original = revert(document)
    except ValueError:
        return None
    line = segments(original, doc.rows)
    if "".join(segment.after for segment in line) != doc.text:
        return None
    parts: list[Any] = []
    for item in shortened(line, CONTEXT):
        if isinstance(item, int):
            parts.append(item)
        elif not item.rows:
            parts.append(item.after)
        else:
            why = [[row.rule, round(row.score, 3), row.decision, _why(row)] for row in item.rows]
            parts.append([_clip(item.before, 2000), _clip(item.after, 2000), why])
    drop = doc.drop or {}
    return {
        "id": doc.id,
        "source": doc.source,
        "kept": doc.kept,
        "drop": drop.get("rule", ""),
        "language": doc.language,
        "spin": _plain(doc.spin),
        "title": _clip(str(doc.meta.get("title") or ""), 120),
        "parts": parts[:SEGMENTS],
        "more": max(0, len(parts) - SEGMENTS),
    }


def _why(row: Row) -> str:
    held = f"would become {_clip(row.after or '', 80)!r}" if row.decision == "review" else ""
    evidence = _clip(json.dumps(row.why, ensure_ascii=False, default=str), EXCERPT) if row.why else ""
    return " ".join(part for part in (held, evidence) if part)


def _clusters(sample: Sample) -> list[dict[str, Any]]:
    """The largest clusters; of some, the document that stays and one that goes, side by side."""
    by_id = {doc.id: doc for doc in sample.documents}
    largest = sorted(sample.clusters, key=lambda item: (-len(item.members), str(item.cluster)))
    # Every kind of relation is to be seen, not only the commonest.
    kinds: dict[str, list[Cluster]] = {}
    for one in largest:
        kinds.setdefault(one.kinds, []).append(one)
    mixed = [group[turn] for turn in range(CLUSTERS) for group in kinds.values() if turn < len(group)]
    found = []
    pairs = 0
    for item in (value(msgspec.Raw(one.line)) for one in mixed[:CLUSTERS]):
        members = [member for member in item["members"] if member.get("id") != item.get("kept")]
        shown = {
            "cluster": item.get("cluster"),
            "kept": item.get("kept"),
            "reason": item.get("keep_reason"),
            "size": len(members) + 1,
            "members": [_plain(member) for member in members[:MEMBERS]],
            "similarities": _histogram([float(member.get("jaccard") or 0) for member in members]),
        }
        kept = by_id.get(str(item.get("kept")))
        other = next((by_id[str(member["id"])] for member in members if str(member.get("id")) in by_id), None)
        if kept and other and pairs < PAIRS:
            pairs += 1
            shown["pair"] = {"left": kept.id, "right": other.id, "rows": _pair(kept.text, other.text)}
        found.append(shown)
    return found


def _pair(left: str, right: str) -> list[tuple[str, str, str]]:
    found = []
    for kind, a, b in side_by_side(left[:12000], right[:12000], _senses()):
        if kind == "same" and len(a) > 3 * CONTEXT:
            gap = f" […{len(a) - 2 * CONTEXT:,} characters…] "
            a, b = (text[:CONTEXT] + gap + text[-CONTEXT:] for text in (a, b))
        found.append((kind, a, b))
    return found


@cache
def _senses() -> Mapping[str, str]:
    """The spin lexicon's classes of words; none where its rules do not load, which other commands say."""
    from cleanup.spin.canonical import classes

    try:
        return classes()
    except CleanupError:
        return {}


def _histogram(values: Sequence[float]) -> list[int]:
    bins = [0] * 20
    for item in values:
        bins[min(19, int(item * 20 + 1e-9))] += 1
    return bins


def _sources(sample: Sample) -> list[dict[str, Any]]:
    """Per host (else site, else folder): documents, drops, duplicates given and received, residue, spun share, languages."""
    groups: dict[str, list[Stored]] = {}
    for doc in sample.documents:
        groups.setdefault(doc.host, []).append(doc)
    host_of = {doc.id: doc.host for doc in sample.documents}
    given: dict[str, int] = {}
    for doc in sample.documents:
        kept = ((doc.drop or {}).get("why") or {}).get("duplicate_of")
        if isinstance(kept, str) and kept in host_of:
            given[host_of[kept]] = given.get(host_of[kept], 0) + 1
    found = []
    for host, docs in groups.items():
        removed = sum(len(row.before or "") for doc in docs for row in doc.rows if _is_residue(row))
        characters = sum(len(doc.text) for doc in docs) + removed
        found.append(
            {
                "source": _clip(host, 80),
                "documents": len(docs),
                "dropped": sum(not doc.kept for doc in docs),
                "duplicates": sum(bool(((doc.drop or {}).get("why") or {}).get("duplicate_of")) for doc in docs),
                "copied": given.get(host, 0),
                "residue": round(removed / characters, 4) if characters else 0,
                "spun": sum(doc.spin.get("verdict") == "spun" for doc in docs),
                "languages": ", ".join(name for name, _ in _share(doc.language or "und" for doc in docs)[:3]),
            }
        )
    return sorted(found, key=lambda item: (-item["documents"], item["source"]))[:SOURCES]


def _is_residue(row: Row) -> bool:
    return row.stage == "boilerplate" and row.action == "edit" and row.decision == "apply"


def _weeks(sample: Sample) -> dict[str, Any]:
    """Spun share by source and week: spinning is a property of a publisher."""
    cells: dict[str, dict[str, list[int]]] = {}
    for doc in sample.documents:
        try:
            year, week, _ = date.fromisoformat(str(doc.meta.get("date"))[:10]).isocalendar()
        except ValueError:
            continue
        if doc.spin:
            cell = cells.setdefault(_clip(doc.host, 80), {}).setdefault(f"{year}-W{week:02}", [0, 0])
            cell[0] += doc.spin.get("verdict") == "spun"
            cell[1] += 1
    spun = {host: sum(cell[0] for cell in row.values()) for host, row in cells.items()}
    hosts = sorted((host for host in cells if spun[host]), key=lambda host: (-spun[host], host))[:15]
    weeks = sorted({week for host in hosts for week in cells[host]})[-26:]
    return {"weeks": weeks, "rows": [[host, [cells[host].get(week) for week in weeks]] for host in hosts]}


def _share(names: Iterable[str]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:30]


def _review(out: Path, info: Mapping[str, Any], sample: Sample) -> dict[str, Any]:
    held = [row for row in sample.rows if row.decision == "review"]
    answered = [row for row in sample.rows if row.by == "review"]
    try:
        answers = msgspec.json.decode((out / "answers.json").read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        answers = {}
    held.sort(key=lambda row: (row.key in answers, abs(row.score - 0.5), row.key))
    return {
        "held": info.get("counts", {}).get("held", len(held)),
        "answered": len(answers),
        "overridden": len(answered),
        "rows": [{**_example(row), "key": row.key, "answer": answers.get(row.key, "")} for row in held[:HELD]],
    }


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _plain(data: Any) -> Any:
    """Small data as it is; long strings clipped, deep things as text."""
    if isinstance(data, Mapping):
        return {str(key): _plain(item) for key, item in list(data.items())[:50]}
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data[:50]]
    return _clip(data, 200) if isinstance(data, str) else data
