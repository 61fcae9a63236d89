"""Gold: documents with what is true of them, a JSON object a line.

id        a name; unique within the file
text      the source text; or `path`, a file beside the gold (HTML or bytes); or `data`, bytes in base64
clean     the text as it should be once everything in `stages` has run; equal to `text` for a document to leave alone
edits     [{"start", "end", "before", "after"}], offsets in code points of `text`; with `clean`, they have to agree
lines     a label for every line (or every line that is not blank): content, boilerplate, title or byline
stages    what `clean`, `edits` and `lines` are about; default: every stage
body      HTML: the article's text, a paragraph a line
decoded   bytes: the exact text
language  ISO 639-1; `encoding` as in the WHATWG standard; `spin` clean, suspect or spun
cluster   documents of one cluster tell the same text; `relation` of this one to the cluster's first: exact, near, contained,
          spun or reprint
meta      title, authors, date, section, tags ...: what should be found
url, kind (text or html), note; `recipe` and `declared` as `cleanup corrupt` writes them
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from cleanup.document import Document
from cleanup.errors import CleanupError
from cleanup.evaluate.script import Change, apply

Label = Literal["content", "boilerplate", "title", "byline", "blank"]
STAGES = ("decode", "extract", "mojibake", "boilerplate", "language", "spin", "dedup")
CORRECTED_BY = {
    "mojibake": "mojibake",
    "encoding": "mojibake",
    "entities": "mojibake",
    "boilerplate": "boilerplate",
    "spin": "spin",
}
RELATIONS = {"near": "near", "reprint": "reprint", "excerpt": "contained", "truncate": "contained", "spin": "spun"}
Relation = Literal["exact", "near", "contained", "spun", "reprint"]


class Gold(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One labelled document; see the module."""

    id: str
    text: str | None = None
    path: str | None = None
    data: bytes | None = None
    kind: Literal["text", "html", ""] = ""
    url: str | None = None
    clean: str | None = None
    edits: list[Change] | None = None
    lines: list[Label] | None = None
    stages: tuple[str, ...] | None = None
    body: str | None = None
    decoded: str | None = None
    language: str | None = None
    encoding: str | None = None
    declared: str | None = None
    spin: Literal["clean", "suspect", "spun"] | None = None
    cluster: str | None = None
    relation: Relation | None = None
    dropped: bool | None = None
    meta: dict[str, Any] = {}
    recipe: str | None = None
    note: str | None = None
    source: str = ""  # file:line, set on loading

    @property
    def untouched(self) -> bool:
        """Whether this is a text that no stage may change."""
        return self.clean is not None and self.clean == self.text

    def about(self, stage: str) -> bool:
        """Whether `clean`, `edits` and `lines` are what this stage alone should reach."""
        return self.untouched or self.stages == (stage,)

    def document(self) -> Document:
        """The document to clean; bytes still undecoded."""
        meta = {"url": self.url} if self.url else {}
        kind: Literal["text", "html"] = "html" if self.kind == "html" else "text"
        declared = (self.declared,) if self.declared and self.text is None else ()
        return Document(self.id, self.text or "", self.source, kind=kind, data=self.data, declared=declared, meta=meta)


def load(names: str | Path | Sequence[str | Path]) -> list[Gold]:
    """All gold documents of JSONL files, or of the `*.jsonl` of directories. Raises CleanupError with file, line and reason."""
    paths = [names] if isinstance(names, str | Path) else list(names)
    found = [gold for path in files(paths) for gold in _read(path)]
    if not found:
        raise CleanupError(f"{', '.join(map(str, paths))}: no labelled documents", "a gold file has a JSON object a line")
    return found


def files(paths: Iterable[str | Path]) -> Iterator[Path]:
    """The JSONL files behind names; directories give theirs, sorted. Raises CleanupError for a name that is not there."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(path.glob("*.jsonl"))
        elif path.is_file():
            yield path
        else:
            raise CleanupError(f"{path}: no such file or directory", "GOLD is a JSONL file or a directory of them")


def digest(golds: Sequence[Gold]) -> str:
    """Hex digest of everything that the labels and the inputs say, whatever the files are called."""
    total = hashlib.blake2b(digest_size=16)
    encoder = msgspec.json.Encoder(order="sorted")
    for gold in sorted(golds, key=lambda gold: gold.id):
        total.update(_bytes(encoder, msgspec.structs.replace(gold, source="", note=None)))
    return total.hexdigest()


def _bytes(encoder: msgspec.json.Encoder, gold: Gold) -> bytes:
    try:
        return encoder.encode(gold)
    except UnicodeEncodeError:  # lone surrogates
        return repr(msgspec.to_builtins(gold)).encode("utf-8", "backslashreplace")


def _read(path: Path) -> Iterator[Gold]:
    seen: dict[str, int] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise CleanupError(f"{path}: {error.strerror or error}", "check the path and its permissions") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        gold = _decode(line, where)
        reason = _complete(gold, path.parent) or _misfit(gold)
        if not reason and gold.id in seen:
            reason = f"id {gold.id!r} is also that of line {seen[gold.id]}"
        if reason:
            raise CleanupError(f"{where}: {reason}", "mend this line of the gold; `cleanup eval --help` names the fields")
        seen[gold.id] = number
        yield gold


def _decode(line: bytes, where: str) -> Gold:
    import json

    try:
        try:
            gold = msgspec.json.decode(line, type=Gold)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            gold = msgspec.convert(json.loads(line), Gold)  # lone surrogates, which only Python's own parser accepts
    except (msgspec.MsgspecError, ValueError) as error:
        raise CleanupError(f"{where}: {error}", "mend this line of the gold; `cleanup eval --help` names the fields") from None
    gold.source = where
    return gold


def _complete(gold: Gold, root: Path) -> str:
    """Read `path`, derive what follows from other fields; the reason when that fails, else ""."""
    if sum(value is not None for value in (gold.text, gold.path, gold.data)) != 1:
        return "give exactly one of `text`, `path` and `data`"
    if gold.path is not None:
        try:
            gold.data = (root / gold.path).read_bytes()
        except OSError as error:
            return f"path {gold.path!r}: {error.strerror or error}"
        if not gold.kind and gold.path.endswith((".html", ".htm")):
            gold.kind = "html"
    if gold.kind == "html" and gold.text is not None:
        gold.data, gold.text = gold.text.encode("utf-8", "surrogatepass"), None
    if gold.stages is None and gold.recipe:
        names = {step.partition(":")[0] for step in gold.recipe.split(",")}
        gold.stages = tuple(sorted({CORRECTED_BY.get(name, "dedup") for name in names}))
        if len(names) == 1 and gold.relation is None:
            gold.relation = RELATIONS.get(*names)  # type: ignore[assignment]
        if names == {"spin"} and gold.spin is None:
            gold.spin = "spun"
    return ""


def _misfit(gold: Gold) -> str:
    """Why the labels do not fit the text, "" when they do."""
    unknown = [name for name in gold.stages or () if name not in STAGES]
    if unknown:
        return f"unknown stage {unknown[0]!r} (known: {', '.join(STAGES)})"
    if gold.text is None:
        return "`edits` and `lines` need a `text`" if gold.edits is not None or gold.lines is not None else ""
    return _bad_edits(gold, gold.text) or _bad_lines(gold, gold.text)


def _bad_edits(gold: Gold, text: str) -> str:
    if gold.edits is None:
        return ""
    gold.edits.sort(key=lambda edit: (edit.start, edit.end))
    at = 0
    for edit in gold.edits:
        if not 0 <= edit.start <= edit.end <= len(text):
            return f"an edit from {edit.start} to {edit.end} lies outside the text of {len(text)} characters"
        if text[edit.start : edit.end] != edit.before:
            return (
                f"an edit replaces {edit.before[:60]!r} at {edit.start}, where the text has {text[edit.start : edit.end][:60]!r}"
            )
        if edit.start < at:
            return f"the edit at {edit.start} overlaps the one before it"
        at = edit.end
    made = apply(text, gold.edits)
    if gold.clean is not None and made != gold.clean:
        at = next((at for at, pair in enumerate(zip(made, gold.clean, strict=False)) if pair[0] != pair[1]), len(made))
        return f"the edits do not make `clean` of `text`: the two differ at character {at}"
    gold.clean = made
    return ""


def _bad_lines(gold: Gold, text: str) -> str:
    if gold.lines is None:
        return ""
    lines = text.split("\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if len(gold.lines) == len(filled):
        labels: list[Label] = ["blank"] * len(lines)
        for number, label in zip(filled, gold.lines, strict=True):
            labels[number] = label
        gold.lines = labels
    if len(gold.lines) != len(lines):
        return f"{len(gold.lines)} labels for {len(lines)} lines, {len(filled)} of them not blank"
    return ""
