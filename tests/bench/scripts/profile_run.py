"""One run in this process, with a clock at its joints. IN OUT; prints seconds by name as JSON."""

import json
import sys
import time

BEGAN = time.process_time()

from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from cleanup import finish, part, pipeline, run  # noqa: E402
from cleanup.config import Config  # noqa: E402
from cleanup.read.block import Block  # noqa: E402
from cleanup.stages import boilerplate_sites  # noqa: E402

spent: dict[str, float] = {}
stack: list[float] = []


def clocked(place: Any, name: str, label: str) -> None:
    """Replace a function by itself with a clock: only what it does itself counts, not what is clocked inside."""
    function: Callable[..., Any] = getattr(place, name)

    def timed(*args: Any, **more: Any) -> Any:
        began = time.process_time()
        stack.append(0.0)
        try:
            return function(*args, **more)
        finally:
            took = time.process_time() - began
            spent[label] = spent.get(label, 0.0) + took - stack.pop()
            if stack:
                stack[-1] += took

    setattr(place, name, timed)


def source(function: Callable[..., Any]) -> Callable[..., Any]:
    """A generator whose steps are clocked."""

    def timed(*args: Any, **more: Any) -> Any:
        documents = iter(function(*args, **more))
        while True:
            began = time.process_time()
            doc = next(documents, None)
            took = time.process_time() - began
            spent["read"] = spent.get("read", 0.0) + took
            if stack:
                stack[-1] += took
            if doc is None:
                return
            yield doc

    return timed


part.read_part = source(part.read_part)
for place, name, label in (
    (part, "Sketcher", "load rules and models"),
    (Block, "documents", "read"),
    (pipeline.Pipeline, "map", "settle, passes"),
    (part, "of_documents", "lay lines out"),
    (part, "of_block", "lay lines out"),
    (part, "render_rows", "write the ledger's lines"),
    (part.Columns, "add", "columns"),
    (part.Sketches, "add", "sketch"),
    (boilerplate_sites.SiteLines, "add", "lines of sites"),
    (run, "map_part", "rest of the map"),
    (run, "_deduplicate", "find and verify near-duplicates"),
    (run, "_furniture", "site step"),
    (finish, "finish_part", "finish: route, settle, write"),
    (run, "_report", "report"),
):
    clocked(place, name, label)
loaded: Any = pipeline.Pipeline.steps
clocked(loader := type("Loader", (), {"load": loaded.fget}), "load", "load rules and models")
pipeline.Pipeline.steps = property(loader.load)  # type: ignore[attr-defined,method-assign,assignment]
done = run.execute(Config(), [sys.argv[1]], Path(sys.argv[2]), jobs=1)
whole = time.process_time() - BEGAN
stages = done.info["timings"]["stages_cpu_seconds"]
spent["settle, passes"] -= sum(stages.values())
order = ["load rules and models", "read", *stages, "settle, passes"]
found = {**spent, **stages}
rows = {name: found[name] for name in [*order, *(name for name in spent if name not in order)]}
sys.stdout.write(json.dumps({**rows, "start-up and the rest": whole - sum(rows.values()), "whole": whole}))
