"""The rules of the mojibake stage: what `mojibake.toml` of every rule directory says about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomli

from cleanup.errors import RuleError
from cleanup.rules import Example, Rule


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rule]]` table. A later rule directory may switch a rule off or add examples; it cannot invent a mechanism."""

    id: str
    summary: str = ""
    enabled: bool = True
    yes: tuple[Example, ...] = ()
    no: tuple[str, ...] = ()
    detail: dict[str, Any] = {}
    source: str = ""

    def public(self) -> Rule:
        """The rule as `rules list|show|test` see it."""
        yes = self.yes if self.enabled else ()  # one that is switched off hits nothing
        return Rule(self.id, "mojibake", self.summary, self.source, yes, self.no, self.detail)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rule: list[Entry]


def load(paths: Sequence[Path]) -> dict[str, Entry]:
    """The rules by id, in the order in which they run. Raises RuleError."""
    out: dict[str, Entry] = {}
    for number, root in enumerate(paths):
        path = root / "mojibake.toml"
        if not path.is_file():
            continue
        try:
            entries = msgspec.convert(tomli.loads(path.read_text(encoding="utf-8-sig")), _File).rule
        except (tomli.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            raise RuleError(f"{path}: {error}", "see the built-in mojibake.toml for the form of a rule") from None
        for entry in entries:
            name = f"mojibake/{entry.id}"
            old = out.get(name)
            if old is None and number:
                raise RuleError(f"{path}: unknown rule {entry.id!r}", f"known rules: {', '.join(out)}")
            out[name] = msgspec.structs.replace(
                entry,
                id=name,
                source=str(path),
                summary=entry.summary or (old.summary if old else ""),
                yes=(*(old.yes if old else ()), *entry.yes),
                no=(*(old.no if old else ()), *entry.no),
                detail={**(old.detail if old else {}), **entry.detail},
            )
    return out
