"""Rules are data: where they lie, what they have in common, and the test that every rule passes on its own examples."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cleanup.errors import RuleError


class Example(msgspec.Struct, frozen=True):
    """A text that a rule must hit; `after`, when given, is the whole text once the rule is applied."""

    text: str
    after: str | None = None


class Rule(msgspec.Struct, frozen=True):
    """What `rules list|show|test` know of a rule of any stage."""

    id: str
    stage: str
    summary: str
    source: str  # file:line or file
    yes: tuple[Example, ...] = ()
    no: tuple[str, ...] = ()
    detail: dict[str, Any] = {}


@cache
def built_in() -> Path:
    """The directory of the rules that come with the package (in a checkout: `rules/` at the top)."""
    here = Path(__file__).resolve().parent
    for path in (here / "_rules", here.parent / "rules"):
        if path.is_dir():
            return path
    raise RuleError("the built-in rules are missing", "reinstall corpus-cleanup")


def directories(extra: Sequence[str | Path] = ()) -> tuple[Path, ...]:
    """The built-in rules, then the user's, later ones layered on top. Raises RuleError for one that is not there."""
    for path in extra:
        if not Path(path).is_dir():
            raise RuleError(f"no rule directory {str(path)!r}", "name an existing directory with --rules")
        if not any(file.suffix in (".toml", ".tsv", ".txt") for file in Path(path).rglob("*")):
            hint = "rules lie in DIR/boilerplate/*.toml, DIR/mojibake.toml and DIR/spin/*.tsv"
            raise RuleError(f"no rule file in {str(path)!r}", hint)
    return (built_in(), *(Path(path) for path in extra))


def digest(paths: Sequence[Path]) -> str:
    """Hex digest over names, sizes and checksums of all rule files, so that a run knows which rules it was made with.

    A checksum shows every change that somebody makes, in half the time of a hash that shows a forger's, too.
    """
    total = hashlib.blake2b(digest_size=16)
    buffer = memoryview(bytearray(1 << 18))
    for root in paths:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            size = checksum = 0
            with open(path, "rb", 0) as file:
                while got := file.readinto(buffer):
                    size, checksum = size + got, zlib.crc32(buffer[:got], checksum)
            total.update(f"{path.relative_to(root).as_posix()}\0{size} {checksum}\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def selected(rule: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Whether a rule takes part: the longest matching prefix of `select` and `ignore` decides, `ignore` on a tie.

    >>> selected("boilerplate/en/comment", ["boilerplate"], ["boilerplate/en"])
    False
    """
    chosen = max((len(prefix) for prefix in select if rule.startswith(prefix)), default=-1 if select else 0)
    ignored = max((len(prefix) for prefix in ignore if rule.startswith(prefix)), default=-1)
    return chosen >= 0 and chosen > ignored
