"""The report: one inert, offline page, the same for the same run, quick for a large one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cleanup.config import Config
from cleanup.document import Document, Drop, Edit, Mark
from cleanup.pipeline import Policy, settle
from cleanup.report import write_report
from cleanup.report.data import collect
from cleanup.report.page import embed
from cleanup.write.record import encode, render, render_rows

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> \u2028 \ud800 \x1b[31m \u202eabc"


def edit(doc: Document, word: str, after: str, rule: str, score: float = 1.0) -> Edit:
    """Replace the first `word`."""
    at = doc.text.index(word)
    return Edit(at, at + len(word), word, after, rule, score, {"evidence": HOSTILE})


def document(number: int) -> Document:
    """A document with an applied and a held edit and a few marks."""
    doc = Document(
        f"doc-{number}", text=f"Posted by x\nThe quik fox {number} jumps over the lazy dog.\n{HOSTILE}", source="in/a.jsonl"
    )
    doc.meta = {"url": f"https://www.site{number % 3}.example/{number}", "date": "2024-05-06", "title": HOSTILE}
    settle(doc, 1, "boilerplate", [edit(doc, "Posted by x\n", "", "boilerplate/en/byline")], Policy(), {})
    settle(doc, 2, "language", [Mark("language", "en", "language/py3langid")], Policy(), {})
    spin = [edit(doc, "quik", "quick", "spin/noun-quik-quick"), edit(doc, "lazy", "idle", "spin/adj-lazy-idle", 0.6)]
    settle(doc, 3, "spin", [*spin, Mark("spin", {"verdict": "spun", "score": 9.0}, "spin/gate")], Policy(), {})
    return doc


def run_directory(path: Path, count: int) -> dict[str, Any]:
    """A finished run of `count` documents of which every tenth repeats the one before; gives the content of run.json."""
    for name in ("corpus", "dropped", "ledger"):
        (path / name).mkdir(parents=True)
    docs = [document(number) for number in range(count)]
    clusters = []
    for number in range(9, count, 10):
        why = {"duplicate_of": f"doc-{number - 1}", "relation": "near", "jaccard": 0.9}
        settle(docs[number], 9, "dedup", [Drop("dedup/near", 1.0, why)], Policy(), {})
        member = {"id": f"doc-{number}", "relation": "near", "jaccard": 0.9, "containment": 0.95}
        clusters.append({"cluster": number, "kept": f"doc-{number - 1}", "keep_reason": "longest", "members": [member]})
    kept = [doc for doc in docs if doc.status == "kept"]
    dropped = [doc for doc in docs if doc.status == "dropped"]
    (path / "corpus/part-00000.jsonl").write_bytes(b"".join(render(doc, "text") for doc in kept))
    (path / "dropped/part-00000.jsonl").write_bytes(b"".join(render(doc, "text") for doc in dropped))
    (path / "ledger/part-00000.jsonl").write_bytes(b"".join(render_rows(doc.ledger) for doc in docs))
    (path / "clusters.jsonl").write_bytes(b"".join(map(encode, clusters)))
    failure = {"id": "x", "source": HOSTILE, "offset": 0, "error": HOSTILE}
    (path / "failed.jsonl").write_bytes(encode(failure))
    names = ("applied", "held", "skipped", "characters_removed", "characters_added")
    info = {
        "counts": {"read": count + 1, "kept": len(kept), "dropped": len(dropped), "failed": 1, "held": count},
        "stages": {
            "boilerplate": {"edit_apply": count},
            "dedup": {"drop_apply": len(dropped)},
            "spin": {"edit_apply": count, "edit_review": count},
        },
        "rules": {
            "boilerplate/en/byline": dict(zip(names, (count, 0, 0, 12 * count, 0), strict=True)),
            "spin/noun-quik-quick": dict(zip(names, (count, 0, 0, 4 * count, 5 * count), strict=True)),
            "dedup/near": dict(zip(names, (len(dropped), 0, 0, 0, 0), strict=True)),
        },
        "dedup": {"clusters": len(clusters)},
        "timings": {"wall_seconds": 1.5, "stages_cpu_seconds": {"spin": 0.5}},
        "machine": {"python": "3.11"},
        "peak_memory_mb": 100,
        "config": msgspec.to_builtins(Config()),
        "versions": {"cleanup": "0"},
        "digests": {"rules": "ab"},
    }
    (path / "run.json").write_bytes(encode(info))
    return info


def embedded(page: bytes) -> dict[str, Any]:
    """The data of a page, read as a browser reads it: up to the first end of the script element."""
    raw = page.split(b'<script type="application/json" id="data">')[1].split(b"</script>")[0]
    found: dict[str, Any] = json.loads(raw.decode())
    return found


@pytest.fixture
def page(tmp_path: Path) -> bytes:
    """The page of a run of 30 documents."""
    info = run_directory(tmp_path / "run", 30)
    write_report(tmp_path / "run", info)
    return (tmp_path / "run/report.html").read_bytes()


def test_everything_is_on_the_page(page: bytes) -> None:
    data = embedded(page)
    assert data["header"]["counts"]["read"] == 31
    assert {item["rule"] for item in data["rules"]} == {"boilerplate/en/byline", "spin/noun-quik-quick", "dedup/near"}
    assert all(item["examples"] for item in data["rules"])
    assert {item["stage"] for item in data["thresholds"]} == {"boilerplate", "spin", "dedup"}
    assert [sum(item["bins"]) for item in data["thresholds"] if item["stage"] == "spin"] == [60]
    assert len(data["documents"]) == 30
    assert len(data["clusters"]) == 3
    assert any("pair" in item for item in data["clusters"])
    assert sum(item["documents"] for item in data["sources"]) == 30
    assert data["review"]["held"] == 30
    assert len(data["review"]["rows"]) == 30
    assert data["languages"] == [["en", 30]]
    assert data["weeks"]["weeks"] == ["2024-W19"]
    assert all(data["sample"]["whole"].values())


def test_the_funnel_adds_up(page: bytes) -> None:
    steps = embedded(page)["funnel"]
    left = steps[0]["left"]
    for step in steps:
        left -= step["lost"]
        assert step["left"] == left
    assert left == embedded(page)["header"]["counts"]["kept"]


def test_hostile_text_is_inert(page: bytes) -> None:
    text = page.decode()
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert not re.search(r"innerHTML\s*=|insertAdjacentHTML|document\.write|eval\(", text)
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    assert any(HOSTILE.split(" ")[0] in str(item["title"]) for item in embedded(page)["documents"])


def test_the_policy_names_the_script(page: bytes) -> None:
    import base64
    import hashlib

    script = page.rpartition(b"<script>")[2].partition(b"</script>")[0]
    assert base64.b64encode(hashlib.sha256(script).digest()) in page


def test_documents_show_what_was_and_what_is(page: bytes) -> None:
    parts = next(item["parts"] for item in embedded(page)["documents"] if item["id"] == "doc-3")
    changes = [(part[0], part[1]) for part in parts if isinstance(part, list)]
    assert changes == [("Posted by x\n", ""), ("quik", "quick"), ("lazy", "lazy")]


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    info = run_directory(tmp_path / "run", 30)
    write_report(tmp_path / "run", info)
    first = (tmp_path / "run/report.html").read_bytes()
    write_report(tmp_path / "run", json.loads(json.dumps(info)))
    assert (tmp_path / "run/report.html").read_bytes() == first


def test_an_empty_or_partial_run_has_a_page_too(tmp_path: Path) -> None:
    write_report(tmp_path, {"counts": {"read": 0, "kept": 0, "dropped": 0, "failed": 0}, "rules": {}, "stages": {}})
    assert embedded((tmp_path / "report.html").read_bytes())["documents"] == []


@pytest.mark.parametrize("suffix", ["zst", "gz"])
def test_compressed_parts_are_read(tmp_path: Path, suffix: str) -> None:
    import gzip

    import zstandard

    info = run_directory(tmp_path / "run", 30)
    for name in ("corpus", "dropped"):
        path = tmp_path / "run" / name / "part-00000.jsonl"
        data = path.read_bytes()
        path.with_name(f"{path.name}.{suffix}").write_bytes(zstandard.compress(data) if suffix == "zst" else gzip.compress(data))
        path.unlink()
    assert len(collect(tmp_path / "run", info)["documents"]) == 30


def test_a_large_run_is_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleanup.report.sample.LEDGER_BYTES", 100_000)
    monkeypatch.setattr("cleanup.report.sample.DOCUMENT_BYTES", 50_000)
    info = run_directory(tmp_path / "run", 1000)
    data = collect(tmp_path / "run", info)
    assert data["sample"]["whole"]["ledger"] is False
    assert 0 < data["sample"]["documents"] < 900
    assert data["documents"]
    assert sum(sum(item["bins"]) for item in data["thresholds"]) < 3000


def test_too_much_data_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleanup.report.page.LIMIT", 10_000)
    raw = embed({"documents": ["x" * 100] * 1000, "rules": [1, 2, 3]})
    assert len(raw) <= 10_000
    assert json.loads(raw)["left_out"] == ["documents"]


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_the_script_is_valid(page: bytes, tmp_path: Path) -> None:
    (tmp_path / "script.js").write_bytes(page.rpartition(b"<script>")[2].partition(b"</script>")[0])
    subprocess.run(["node", "--check", str(tmp_path / "script.js")], check=True)


# A page of nothing but what the script touches, printed as [name, attributes, text] for every node.
DOM = """
class Node {
  constructor(name, text = "") {
    Object.assign(this, {name, text, attributes: {}, children: [], style: {}, dataset: {}, value: ""});
  }
  setAttribute(key, value) { this.attributes[key] = String(value); }
  addEventListener() {}
  append(...nodes) { this.children.push(...nodes.map((node) => node instanceof Node ? node : new Node("#", node))); }
  prepend(...nodes) { this.append(...nodes); }
  replaceChildren(...nodes) { this.children = []; this.append(...nodes); }
  get textContent() { return this.text + this.children.map((one) => one.textContent).join(""); }
  set textContent(text) { this.children = []; this.text = text; }
  get childElementCount() { return this.children.length; }
  querySelectorAll() { return []; }
}
const roots = {main: new Node("main"), nav: new Node("nav"), keys: new Node("dialog"), data: new Node("script")};
roots.data.text = require("fs").readFileSync(0, "utf8");
const location = {};
const document = {getElementById: (id) => roots[id], querySelector: (name) => roots[name], addEventListener() {},
  createElement: (name) => new Node(name), createElementNS: (_, name) => new Node(name)};
"""
PRINTED = """
const all = (node) => [[node.name, node.attributes, node.textContent], ...node.children.flatMap(all)];
console.log(JSON.stringify(all(roots.main)));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed")
def test_the_page_can_be_read_aloud(page: bytes, tmp_path: Path) -> None:
    script = page.rpartition(b"<script>")[2].partition(b"</script>")[0].replace(b'"use strict";', b"").decode()
    (tmp_path / "page.js").write_text(DOM + script + PRINTED)
    raw = page.partition(b'id="data">')[2].partition(b"</script>")[0]
    done = subprocess.run(["node", str(tmp_path / "page.js")], input=raw, capture_output=True, check=True)
    nodes = json.loads(done.stdout)
    assert [name for name, _, _ in nodes].count("h1") == 1
    assert all(text for name, _, text in nodes if name in ("button", "h2", "th", "summary", "label"))
    assert all("scope" in attributes for name, attributes, _ in nodes if name == "th")
    assert all("aria-expanded" in attributes for name, attributes, _ in nodes if name == "tr" and "tabindex" in attributes)
    sliders = [attributes for _, attributes, _ in nodes if attributes.get("role") == "slider"]
    assert sliders
    assert all({"aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-label"} <= attributes.keys() for attributes in sliders)
