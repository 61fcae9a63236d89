"""Options that several commands share, and the configuration they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from cleanup.config import Config

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ["auto", "text", "jsonl", "html", "warc", "csv", "parquet"]

# option name -> key of the configuration; a flag that was not given leaves the key alone
KEYS = {
    "from_": "read.format",
    "text_field": "read.text_field",
    "id_field": "read.id_field",
    "encoding": "parse.encoding",
    "stages": "stages",
    "select": "select",
    "ignore": "ignore",
    "rules": "rules",
    "sites": "boilerplate.sites_file",
    "index": "dedup.index",
    "mode": "dedup.mode",
    "threshold": "dedup.jaccard",
    "max_removal": "dedup.max_removal",
    "to": "write.format",
    "compress": "write.compress",
}


def _chain(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    def add(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return add


config_options = _chain(
    click.option("-c", "--config", metavar="FILE", help="Configuration (TOML); flags win over it."),
    click.option("--stages", metavar="NAMES", help="Only these stages, in this order, separated by commas; '' for none."),
    click.option("--select", multiple=True, metavar="RULE", help="Only rules whose id starts so; repeatable."),
    click.option("--ignore", multiple=True, metavar="RULE", help="No rules whose id starts so; repeatable."),
    click.option("--rules", multiple=True, metavar="DIR", help="Your own rules, over the built-in ones; repeatable."),
)
read_options = _chain(
    click.option("-f", "--from", "from_", type=click.Choice(FORMATS), help="Input format; default: by content, then name."),
    click.option("--text-field", metavar="NAME", help="The field that holds a record's text.  [text]"),
    click.option("--id-field", metavar="NAME", help="The field that holds a record's id.  [id, then url]"),
    click.option("--encoding", metavar="NAME", help="Decode everything so instead of detecting the encoding."),
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Errors only.")
talk_options = _chain(
    quiet_option, click.option("-v", "--verbose", is_flag=True, help="Say more: what is dropped and why, every part of a run.")
)
filter_options = _chain(
    config_options,
    read_options,
    click.option(
        "-t",
        "--to",
        "to",
        type=click.Choice(["text", "jsonl", "csv"]),
        help="Output format; default: text, or JSONL for records.",
    ),
    click.option("--no-dedup", is_flag=True, help="Keep near-duplicates within the stream."),
    click.option("--index", metavar="DIR", help="Leave out what this index knows, and add the records to it."),
    talk_options,
)


def configuration(options: dict[str, Any], **more: Any) -> Config:
    """The Config that file and flags make together. Raises ConfigError."""
    from cleanup import config

    made = config.load(options["config"]) if options.get("config") else config.Config()
    settings = {KEYS[name]: value for name, value in options.items() if name in KEYS and value not in (None, ())}
    if isinstance(settings.get("stages"), str):
        settings["stages"] = tuple(name.strip() for name in settings["stages"].split(",") if name.strip())
    if options.get("no_dedup"):
        settings["dedup.enabled"] = False
    made = config.override(made, {**settings, **more})
    if made.parse.encoding:
        from cleanup.parse.decode import decode

        decode(b"", force=made.parse.encoding)  # who names one that is unknown is told so whatever there is to decode
    if made.select or made.ignore or made.mojibake.off:
        from cleanup.own import check

        check((*made.select, *made.ignore, *made.mojibake.off), made.rules)
    return made
