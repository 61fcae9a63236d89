"""`report.html`: the data of a run inside of one template."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cleanup.write.directory import appearing

LIMIT = 8 << 20  # bytes of embedded data; what goes over it is left out, section by section, and said so


def write_report(out: Path, info: Mapping[str, Any]) -> None:
    """Write `report.html` into the run directory. `info` is what `run.json` holds. Raises RunError when it cannot be written."""
    from cleanup.report.data import collect

    page = render(collect(out, info))
    with appearing(out / "report.html") as file:
        file.write(page)


def render(data: dict[str, Any]) -> bytes:
    """The whole page. All text of documents is inert: JSON without `<`, put in place as text by the one script that may run."""
    template = (Path(__file__).parent / "report.html").read_text(encoding="utf-8")
    script = template.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    before, after = template.replace("{script-hash}", f"'sha256-{digest}'").split("{data}")
    return before.encode() + embed(data) + after.encode()


def embed(data: dict[str, Any]) -> bytes:
    """Data as JSON that can stand in a `<script>`: nothing in it ends the element or opens a comment."""
    left_out: list[str] = []
    while True:
        text = json.dumps({**data, "left_out": left_out}, ensure_ascii=False, separators=(",", ":"))
        coded = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        # A lone surrogate, which UTF-8 cannot hold, becomes an escape that JSON can.
        raw = coded.encode("utf-8", "backslashreplace")
        lists = {key: len(json.dumps(item)) for key, item in data.items() if isinstance(item, list) and item}
        if len(raw) <= LIMIT or not lists:
            return raw
        largest = max(lists, key=lambda key: (lists[key], key))
        data = {**data, largest: data[largest][: len(data[largest]) // 2]}
        if largest not in left_out:
            left_out.append(largest)
