"""Every setting, its default and its meaning, in one typed tree that `cleanup.toml` mirrors.

An unknown key is an error that names its path.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Literal

import msgspec
import tomli

from cleanup.errors import ConfigError

STAGES = ("mojibake", "boilerplate", "language", "spin")

Format = Literal["auto", "text", "jsonl", "html", "warc", "csv", "parquet"]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration."""


class ReadConfig(Section, frozen=True, kw_only=True):
    """How inputs become documents."""

    format: Format = "auto"
    text_field: str = "text"
    html_field: str = "html"
    id_field: str = ""  # default: "id", then "url"
    url_field: str = "url"
    date_field: str = "date"
    part_bytes: int = 64 << 20  # input bytes (as stored) of one part of a run, at most
    part_files: int = 2000  # at most so many small files in one part


class LimitsConfig(Section, frozen=True, kw_only=True):
    """Bounds on hostile input. A limit that bites is reported by its name."""

    max_document_bytes: int = 64 << 20
    max_line_bytes: int = 256 << 20
    max_ratio: int = 500  # decompressed / compressed bytes, checked after the first 16 MiB
    max_depth: int = 500  # nesting of JSON and HTML
    stage_seconds: float = 30.0  # per document and stage; 0: no limit


class ParseConfig(Section, frozen=True, kw_only=True):
    """Bytes to text, HTML to text."""

    encoding: str = ""  # force one encoding instead of detecting
    extract: bool = True  # HTML: main text only; false: all text
    ensemble: bool = False  # second opinions from readability-lxml and resiliparse (extra "ensemble")
    min_chars: int = 0
    crawl_date: str = ""  # ISO 8601; relative dates ("4 hours ago") are only resolved against it


class StageConfig(Section, frozen=True, kw_only=True):
    """What every stage has: a score at or above `apply` is applied, at or above `review` held for a person, below skipped."""

    apply: float = 0.9
    review: float = 0.5


class MojibakeConfig(StageConfig, frozen=True, kw_only=True):
    """Repair of bytes and characters."""

    beyond_ftfy: bool = True
    off: tuple[str, ...] = ()  # rule ids (prefixes) that are turned off


class BoilerplateConfig(StageConfig, frozen=True, kw_only=True):
    """Rules and structure for residue around an article."""

    structure: bool = True
    sites: bool = True  # lines that repeat over pages of one host
    sites_file: str = ""  # remembered site lines of earlier runs
    captions: Literal["drop", "keep"] = "drop"
    drop_title: bool = False
    scorer: bool = True


class LanguageConfig(StageConfig, frozen=True, kw_only=True):
    """Language of a document and, for mixed pages, of its paragraphs."""

    max_chars: int = 600  # that are read at most; the first 300 decide where they leave no doubt
    min_chars: int = 12
    keep: tuple[str, ...] = ()  # drop documents in other languages


class SpinConfig(StageConfig, frozen=True, kw_only=True):
    """Detection and repair of synonym-spun text."""

    repair: bool = True  # false: verdicts only
    window_words: int = 150  # stretches of a long text that are judged by themselves
    quotations: bool = True  # repair quotations that contradict themselves inside; false: what is quoted is only held


class DedupConfig(Section, frozen=True, kw_only=True):
    """Near-duplicate coverage."""

    enabled: bool = True
    mode: Literal["drop", "mark", "cluster"] = "drop"
    k: int = 128  # values in a sketch
    shingle: int = 5  # words of a surface shingle
    scheme: Literal["fss", "affine32"] = "fss"
    seed: int = 1
    jaccard: float = 0.7  # surface Jaccard at which two texts are near-duplicates
    containment: float = 0.8  # share of the shorter text that lies in passages of the other one
    excerpt: float = 0.5  # the same where it is one unbroken stretch: an excerpt, or a reprint with a new head or tail
    spun: float = 0.35  # share of the shorter text's content words, by synonym class, that follow in the same order
    min_words: int = 8  # shorter documents are only compared exactly
    keep: tuple[Literal["spin", "date", "length", "id"], ...] = ("spin", "date", "length", "id")
    max_removal: float = 1.0  # stop when more than this share of a host would be dropped
    index: str = ""  # directory of a persistent index


class WriteConfig(Section, frozen=True, kw_only=True):
    """The run directory."""

    format: Literal["jsonl", "text", "parquet"] = "jsonl"
    compress: Literal["none", "zst", "gz"] = "none"


class Config(Section, frozen=True, kw_only=True):
    """The whole configuration of a pipeline or run."""

    stages: tuple[str, ...] = STAGES
    select: tuple[str, ...] = ()  # only rules whose id starts with one of these
    ignore: tuple[str, ...] = ()  # no rule whose id starts with one of these
    rules: tuple[str, ...] = ()  # directories layered over the built-in rules
    max_passes: int = 8
    read: ReadConfig = ReadConfig()
    limits: LimitsConfig = LimitsConfig()
    parse: ParseConfig = ParseConfig()
    mojibake: MojibakeConfig = MojibakeConfig()
    boilerplate: BoilerplateConfig = BoilerplateConfig()
    language: LanguageConfig = LanguageConfig()
    spin: SpinConfig = SpinConfig()
    dedup: DedupConfig = DedupConfig()
    write: WriteConfig = WriteConfig()

    def digest(self) -> str:
        """Hex digest of everything that can change the result."""
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=16).hexdigest()


def convert(data: dict[str, Any], source: str) -> Config:
    """A Config from plain data. Raises ConfigError that names the source and the path of the offending key."""
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {describe(error)}", _hint(str(error))) from None
    for name in config.stages:
        if name not in STAGES and not hasattr(config, name):
            raise ConfigError(f"{source}: unknown stage {name!r} - at `$.stages`", f"known stages: {', '.join(STAGES)}")
    return config


def describe(error: msgspec.ValidationError) -> str:
    """msgspec's message in our order: the path first."""
    found = re.fullmatch(r"(.*) - at `(.*)`", str(error))
    return f"{found[2]}: {found[1][0].lower()}{found[1][1:]}" if found else str(error)


def _hint(message: str) -> str:
    found = re.search(r"unknown field `(.*?)`", message)
    if not found:
        return "`cleanup init` writes a commented cleanup.toml with every key"
    import difflib

    where: Any = Config
    path = re.search(r"at `\$\.?(.*?)`", message)
    for step in path[1].split(".") if path and path[1] else []:
        where = next((field.type for field in msgspec.structs.fields(where) if field.name == step), Config)
    near = difflib.get_close_matches(found[1], [field.name for field in msgspec.structs.fields(where)], 1)
    return f"did you mean `{near[0]}`?" if near else "`cleanup init` writes a commented cleanup.toml with every key"


def load(path: str | Path) -> Config:
    """Read a TOML file. Raises ConfigError when it is missing, is not TOML or does not fit."""
    return convert(read_toml(path), str(path))


def read_toml(path: str | Path) -> dict[str, Any]:
    """A TOML file as plain data. Raises ConfigError."""
    try:
        return tomli.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}", "name an existing file with -c") from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", "the file has to be TOML, encoded as UTF-8") from None


def override(config: Config, settings: dict[str, Any]) -> Config:
    """`config` with some keys replaced, given by dotted path: {"dedup.enabled": False}. Flags win over the file by this."""
    data = msgspec.to_builtins(config)
    for path, value in settings.items():
        *tables, key = path.split(".")
        table = data
        for name in tables:
            table = table[name]
        table[key] = value
    return convert(data, "command line")
