"""Clean text made dirty, with its exact inverse as gold: `cleanup corrupt`.

Recipes run from left to right, each on what the one before it made; their edits are composed into one list that turns the
dirty text back into the clean one. Everything random depends on seed, document id and recipe alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from cleanup.document import Document
from cleanup.errors import CleanupError
from cleanup.evaluate import copies, misread, residue, spinner
from cleanup.evaluate.script import Script, apply, compose, invert


class Request(msgspec.Struct):
    """What a recipe is given beside the text. `rate` is a share in [0, 1]; what of, the recipe's docstring says."""

    rate: float
    rng: Random
    variant: str
    doc: Document
    table: spinner.Table

    @property
    def language(self) -> str:
        """The document's language: as its metadata or record has it, else guessed."""
        return _language(self.doc) or residue.language_of(self.doc.text)


Recipe = Callable[[str, Request], tuple[Script, dict[str, str]]]


def _plain(function: Callable[..., Script], *, variant: bool = False) -> Recipe:
    def recipe(text: str, request: Request) -> tuple[Script, dict[str, str]]:
        more = (request.variant,) if variant else ()
        return function(text, request.rate, request.rng, *more), {}

    return recipe


def _spoken(function: Callable[..., Script]) -> Recipe:
    return lambda text, request: (function(text, request.rate, request.rng, request.language, request.variant), {})


def _encoding(text: str, request: Request) -> tuple[Script, dict[str, str]]:
    return misread.encoding(text, request.rate, request.rng, request.language, request.variant)


# name -> (recipe, rate when none is given, what the variant after a colon may be)
RECIPES: dict[str, tuple[Recipe, float, str]] = {
    "mojibake": (_plain(misread.mojibake, variant=True), 1.0, "wrong encoding, as in windows-1252 or koi8-rx2"),
    "encoding": (_encoding, 1.0, "true>declared"),
    "entities": (_plain(misread.entities, variant=True), 1.0, "named, decimal, hex or double"),
    "boilerplate": (_spoken(residue.boilerplate), 0.3, "language"),
    "spin": (lambda text, request: (spinner.spin(text, request.rate, request.rng, request.table), {}), 0.36, ""),
    "near": (_plain(copies.near), 0.05, ""),
    "reprint": (_spoken(residue.reprint), 0.2, "language"),
    "excerpt": (_plain(copies.excerpt), 0.4, ""),
    "truncate": (_plain(copies.truncate), 0.3, ""),
}


class Step(msgspec.Struct, frozen=True):
    """One recipe of a chain."""

    name: str
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.variant}" if self.variant else self.name


def parse(recipes: str | Sequence[str]) -> list[Step]:
    """`mojibake,boilerplate:de` as steps. Raises CleanupError for a name or variant that does not exist."""
    parts = recipes.split(",") if isinstance(recipes, str) else list(recipes)
    steps = []
    for part in parts:
        name, _, variant = part.strip().partition(":")
        if name not in RECIPES:
            raise CleanupError(f"unknown recipe {name!r}", f"known recipes: {', '.join(RECIPES)}")
        if variant and not RECIPES[name][2]:
            raise CleanupError(f"recipe {name!r} has no variants", f"write --recipe {name}")
        steps.append(Step(name, variant))
    return steps


def corrupt(
    docs: Iterable[Document],
    recipes: str | Sequence[str],
    rate: float | None = None,
    seed: int = 0,
    spin_table: str | Path | None = None,
) -> Iterator[dict[str, Any]]:
    """A record for every document, in their order: {"id", "text", "clean", "edits", "recipe"}, edits turning `text` into `clean`.

    `rate` is the share of a document that is made dirty, by default what each recipe thinks usual: of its lines (mojibake,
    encoding), of its characters that have an entity (entities), blocks per line (boilerplate), words (spin, near), length of
    the additions (reprint), of what is cut away (excerpt, truncate). `recipe` names what could be done to this text, "" for
    nothing: ASCII has no mojibake. `language` is added where it is known, `encoding` and `declared` by the recipe encoding.
    Raises CleanupError for an unknown recipe or a broken table.
    """
    steps = parse(recipes)
    if rate is not None and not 0 <= rate <= 1:
        raise CleanupError(f"--rate {rate} is not a share", "give a number from 0 to 1")
    table = spinner.load(spin_table or spinner.TABLE) if any(step.name == "spin" for step in steps) else {}
    return (_record(doc, steps, rate, seed, table) for doc in docs)


def _record(doc: Document, steps: list[Step], rate: float | None, seed: int, table: spinner.Table) -> dict[str, Any]:
    text, total = doc.text, Script()
    done: list[str] = []
    fields: dict[str, str] = {}
    for number, step in enumerate(steps):
        recipe, usual, _ = RECIPES[step.name]
        rng = Random(f"{seed}\0{doc.id}\0{number}\0{step}")
        script, more = recipe(text, Request(usual if rate is None else rate, rng, step.variant, doc, table))
        dirty = apply(text, script)
        if dirty != text:
            total = compose(total, script, doc.text, dirty)
            text = dirty
            done.append(str(step))
            fields |= more
    record: dict[str, Any] = {"id": doc.id, "text": text, "clean": doc.text}
    record["edits"] = [msgspec.structs.asdict(change) for change in invert(total)]
    record["recipe"] = ",".join(done)
    language = _language(doc)
    return {**record, **({"language": language} if language else {}), **fields}


def _language(doc: Document) -> str:
    from cleanup.read.records import plain

    record = doc.record or {}
    for value in (doc.meta.get("language"), plain(record.get("language")), plain(record.get("lang"))):
        if isinstance(value, str) and value:
            return value
    return ""
