"""Every setting, its default and its meaning, in one typed tree that `cleanup.toml` mirrors.

An unknown key is an error that names its path.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
import tomli

from cleanup.errors import ConfigError

STAGES = ("mojibake", "boilerplate", "language", "spin")
OURS = ("cleanup", "drop")  # fields of a cleaned record

Format = Literal["auto", "text", "jsonl", "html", "warc", "csv", "parquet"]
Virtue = Literal["spin", "date", "length", "id"]
Number = Annotated[int, msgspec.Meta(ge=1, le=1 << 60)]
OrNone = Annotated[int, msgspec.Meta(ge=0)]
Few = Annotated[int, msgspec.Meta(ge=1, le=4096)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Bound = Annotated[float, msgspec.Meta(gt=0, le=1)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1e8)]  # above 1: never
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e8)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration."""


class ReadConfig(Section, frozen=True, kw_only=True):
    """How inputs become documents."""

    format: Format = "auto"  # auto: by content, then name; else text, jsonl, html, warc, csv or parquet
    text_field: str = "text"  # the field that holds a record's text; cleaned, it is written back there
    html_field: str = "html"  # a record's page: its article is the text of a record without one
    id_field: str = ""  # default: "id", then "url"
    url_field: str = "url"  # tells the host of a record
    date_field: str = "date"  # of duplicates the earliest stays
    part_bytes: Number = 64 << 20  # input bytes (as stored) of one part of a run, at most
    part_files: Number = 2000  # at most so many small files in one part


class LimitsConfig(Section, frozen=True, kw_only=True):
    """Bounds on hostile input. A limit that bites is reported by its name."""

    max_document_bytes: Number = 64 << 20  # of one document, decompressed
    max_line_bytes: Number = 256 << 20  # of one line of JSONL or CSV
    max_ratio: Number = 500  # decompressed / compressed bytes, checked after the first 16 MiB
    max_depth: Number = 500  # nesting of JSON and HTML
    stage_seconds: Seconds = 30.0  # per document and stage; 0: no limit


class ParseConfig(Section, frozen=True, kw_only=True):
    """Bytes to text, HTML to text."""

    encoding: str = ""  # force one encoding instead of detecting
    extract: bool = True  # HTML: main text only; false: all text
    ensemble: bool = False  # second opinions from readability-lxml and resiliparse (extra "ensemble")
    min_chars: OrNone = 0  # drop pages whose extracted text is shorter
    crawl_date: str = ""  # ISO 8601; relative dates ("4 hours ago") are only resolved against it


class StageConfig(Section, frozen=True, kw_only=True):
    """What every stage has: a score at or above `apply` is applied, at or above `review` held for a person, below skipped."""

    apply: Score = 0.9  # from this score on a change is made; above 1: never
    review: Score = 0.5  # from this score on it is held for a person


class MojibakeConfig(StageConfig, frozen=True, kw_only=True):
    """Repair of bytes and characters."""

    beyond_ftfy: bool = True  # also what ftfy does not know: other encodings, East Asian text, control characters
    off: tuple[str, ...] = ()  # rule ids (prefixes) that are turned off


class BoilerplateConfig(StageConfig, frozen=True, kw_only=True):
    """Rules and structure for residue around an article."""

    structure: bool = True  # also what only the shape of a page tells: bylines, lists of links, what follows a marker
    sites: bool = True  # lines that repeat over pages of one host
    sites_file: str = ""  # remembered site lines of earlier runs
    captions: Literal["drop", "keep"] = "drop"  # "keep": captions of pictures stay
    drop_title: bool = False  # take the title out of the text; it stays in the metadata
    scorer: bool = True  # let the learned line scorer decide about lines that no rule knows


class LanguageConfig(StageConfig, frozen=True, kw_only=True):
    """Language of a document and, for mixed pages, of its paragraphs."""

    max_chars: Number = 600  # that are read at most; the first 300 decide where they leave no doubt
    min_chars: OrNone = 12  # letters; the language of a shorter text is "und"
    keep: tuple[str, ...] = ()  # drop documents in other languages


class SpinConfig(StageConfig, frozen=True, kw_only=True):
    """Detection and repair of synonym-spun text."""

    repair: bool = True  # false: verdicts only
    window_words: Number = 150  # stretches of a long text that are judged by themselves
    quotations: bool = True  # repair quotations that contradict themselves inside; false: what is quoted is only held


class DedupConfig(Section, frozen=True, kw_only=True):
    """Near-duplicate coverage."""

    enabled: bool = True  # false: no near-duplicates are looked for
    mode: Literal["drop", "mark", "cluster"] = "drop"  # mark: keep all, with cluster and relation; cluster: clusters.jsonl only
    k: Few = 128  # values in a sketch
    shingle: Few = 5  # words of a surface shingle
    scheme: Literal["fss", "affine32"] = "fss"  # affine32: sketches as datasketch makes them
    seed: OrNone = 1  # of the sketches' hash functions
    jaccard: Bound = 0.7  # surface Jaccard at which two texts are near-duplicates
    containment: Bound = 0.8  # share of the shorter text that lies in passages of the other one
    excerpt: Bound = 0.5  # the same where it is one unbroken stretch: an excerpt, or a reprint with a new head or tail
    spun: Bound = 0.35  # share of the shorter text's content words, by synonym class, that follow in the same order
    min_words: OrNone = 8  # shorter documents are only compared exactly
    keep: tuple[Virtue, ...] = ("spin", "date", "length", "id")  # who stays: the least spun, the earliest, longest, smallest id
    max_removal: Share = 1.0  # stop when more than this share of a host would be dropped
    index: str = ""  # directory of a persistent index


class WriteConfig(Section, frozen=True, kw_only=True):
    """The run directory."""

    format: Literal["jsonl", "text", "parquet"] = "jsonl"  # of corpus/ and dropped/: jsonl, text or parquet
    compress: Literal["none", "zst", "gz"] = "none"  # corpus/ and dropped/: none, zst or gz


class Config(Section, frozen=True, kw_only=True):
    """The whole configuration of a pipeline or run."""

    stages: tuple[str, ...] = STAGES  # in this order; [] only deduplicates
    select: tuple[str, ...] = ()  # only rules whose id starts with one of these
    ignore: tuple[str, ...] = ()  # no rule whose id starts with one of these
    rules: tuple[str, ...] = ()  # directories layered over the built-in rules
    max_passes: Number = 8  # a text that still changes after so many is left as it was, and marked
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
    if isinstance(data.get("stages"), str):  # whose letters are not meant
        raise ConfigError(f"{source}: stages: a list of names is wanted", f'write it as ["{data["stages"]}"]')
    parse = data.get("parse")
    if isinstance(parse, dict) and isinstance(day := parse.get("crawl_date"), datetime.date):  # TOML has dates
        data = {**data, "parse": {**parse, "crawl_date": day.isoformat()}}
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {describe(error)}", _hint(str(error))) from None
    for name in config.stages:
        if name not in STAGES:
            raise ConfigError(f"{source}: stages: unknown stage {name!r}", f"known stages: {', '.join(STAGES)}")
    if len(set(config.stages)) < len(config.stages):
        raise ConfigError(f"{source}: stages: a stage is named twice", "name each stage once")
    if config.read.text_field in OURS:
        problem = f"the field {config.read.text_field!r} is written by cleanup itself"
        raise ConfigError(f"{source}: read.text_field: {problem}", "rename the field in the input")
    if config.parse.crawl_date and not _is_date(config.parse.crawl_date):
        raise ConfigError(f"{source}: parse.crawl_date: no date: {config.parse.crawl_date!r}", "write it as 2026-03-09")
    return config


def _is_date(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def describe(error: msgspec.ValidationError) -> str:
    """msgspec's message in our order and words: the path first, as TOML has it.

    >>> describe(msgspec.ValidationError("Object contains unknown field `k2` - at `$.dedup`"))
    'unknown key dedup.k2'
    """
    found = re.fullmatch(r"(.*?)(?: - at `\$\.?(.*)`)?", str(error), re.S)
    message, path = (found[1], found[2]) if found else (str(error), None)
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        return f"unknown key {path}.{unknown[1]}" if path else f"unknown key {unknown[1]}"
    return f"{path}: {message[0].lower()}{message[1:]}" if path else message


def _hint(message: str) -> str:
    where = _type(message)
    if "enum value" in message:
        return f"choose one of {', '.join(get_args(get_args(where)[0] if '[' in message else where))}"
    if "Expected `array`, got `str`" in message:
        return 'a list is wanted: ["..."]'
    found = re.search(r"unknown field `(.*?)`", message)
    if found:
        import difflib

        near = difflib.get_close_matches(found[1], [field.name for field in msgspec.structs.fields(where)], 1)
        if near:
            return f"did you mean `{near[0]}`?"
    return "`cleanup init` writes a commented cleanup.toml with every key"


def _type(message: str) -> Any:
    """The type of the key that a message of msgspec's is about."""
    where: Any = Config
    path = re.search(r"at `\$\.?(.*?)(?:\[\d+\])?`", message)
    for step in path[1].split(".") if path and path[1] else []:
        where = next((field.type for field in msgspec.structs.fields(where) if field.name == step), Config)
    return where


def load(path: str | Path) -> Config:
    """Read a TOML file. Raises ConfigError when it is missing, is not TOML or does not fit."""
    return convert(read_toml(path), str(path))


def read_toml(path: str | Path) -> dict[str, Any]:
    """A TOML file as plain data. Raises ConfigError."""
    try:
        return tomli.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}", "name an existing file with -c") from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}", "the file has to be TOML, encoded as UTF-8") from None


def override(config: Config, settings: dict[str, Any], source: str = "command line") -> Config:
    """`config` with some keys replaced, given by dotted path: {"dedup.enabled": False}. Flags win over the file by this.

    Raises ConfigError that names the source.
    """
    data = msgspec.to_builtins(config)
    for path, value in settings.items():
        *tables, key = path.split(".")
        table = data
        for name in tables:
            table = table[name]
        table[key] = value
    return convert(data, source)
