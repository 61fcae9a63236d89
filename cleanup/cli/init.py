"""`cleanup init`: a commented configuration."""

from __future__ import annotations

import os
from typing import Any

import click


@click.command("init")
@click.argument("path", default="cleanup.toml")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def init_command(path: str, force: bool) -> None:
    """Write a commented cleanup.toml with every key, its default and its meaning; `-` prints it."""
    from pathlib import Path

    from cleanup.errors import ConfigError
    from cleanup.write.directory import appearing

    text = template()
    if path == "-":
        click.echo(text, nl=False)
        return
    if os.path.exists(path) and not force:
        raise ConfigError(f"{path} exists", "choose another name, or overwrite it with --force")
    with appearing(Path(path)) as file:
        file.write(text.encode())
    click.echo(f"wrote {path}", err=True)


def template() -> str:
    """The configuration as TOML, made from the typed tree and its source comments."""
    from cleanup.config import Config

    notes = _notes()
    lines = ["# Configuration of cleanup. Every key is here with its default; use it with -c. Flags win over this file.", ""]
    tables = []
    import msgspec

    for field in msgspec.structs.fields(Config):
        if hasattr(field.default, "__struct_fields__"):
            tables.append((field.name, field.default))
        else:
            lines.append(_line(field.name, field.default, notes.get(("Config", field.name), "")))
    for name, section in tables:
        lines += ["", f"# {(type(section).__doc__ or '').strip()}", f"[{name}]"]
        for key in section.__struct_fields__:
            where = next((kind.__name__ for kind in type(section).__mro__ if (kind.__name__, key) in notes), "")
            lines.append(_line(key, getattr(section, key), notes.get((where, key), "")))
    return "\n".join(lines) + "\n"


def _notes() -> dict[tuple[str, str], str]:
    """(class, field) -> the comment behind the field in `config.py`, the one place where a setting is described."""
    import inspect
    import re

    from cleanup import config

    notes: dict[tuple[str, str], str] = {}
    name = ""
    for line in inspect.getsource(config).splitlines():
        if found := re.match(r"class (\w+)\(", line):
            name = found[1]
        elif found := re.match(r"    (\w+): .*?= .*?(?:  # (.*))?$", line):
            notes[name, found[1]] = found[2] or ""
    return notes


def _line(key: str, default: Any, note: str) -> str:
    import json

    shown = json.dumps(list(default) if isinstance(default, tuple) else default, ensure_ascii=False)
    return f"{key} = {shown}" + (f"  # {note}" if note else "")
