"""The configuration: a value that cannot be meant is refused where it stands, not where it first hurts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec
import pytest

from cleanup import config
from cleanup.cli.init import template
from cleanup.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_passes = 0", "max_passes: expected `int` >= 1"),
        ("stages = ['spin', 'spin']", "stages: a stage is named twice"),
        ("stages = ['read']", "stages: unknown stage 'read'"),
        ("[dedup]\njaccard = 5", "dedup.jaccard: expected `float` <= 1.0"),
        ("[dedup]\njaccard = 0", "dedup.jaccard: expected `float` > 0.0"),
        ("[dedup]\nk = 0", "dedup.k: expected `int` >= 1"),
        ("[dedup]\nshingle = 0", "dedup.shingle: expected `int` >= 1"),
        ("[dedup]\nmax_removal = -1", "dedup.max_removal: expected `float` >= 0.0"),
        ("[mojibake]\napply = nan", "mojibake.apply: expected `float` >= 0.0"),
        ("[spin]\nreview = inf", "spin.review: expected `float` <= 100000000.0"),
        ("[read]\npart_bytes = 0", "read.part_bytes: expected `int` >= 1"),
        ("[limits]\nstage_seconds = -1", "limits.stage_seconds: expected `float` >= 0.0"),
        ("[limits]\nstage_seconds = inf", "limits.stage_seconds: expected `float` <= 100000000.0"),
        (
            "[limits]\nmax_document_bytes = 9223372036854775807",
            "limits.max_document_bytes: expected `int` <= 1152921504606846976",
        ),
        ("[read]\ntext_field = 'drop'", "read.text_field: the field 'drop' is written by cleanup itself"),
        ("[parse]\ncrawl_date = 'yesterday'", "parse.crawl_date: no date: 'yesterday'"),
        ("[dedup]\nkk = 0", "unknown key dedup.kk"),
        ("[dedupe]\nk = 0", "unknown key dedupe"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert caught.value.message.startswith(f"{path}: {message}")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[write]\nformat = 'json'", "choose one of jsonl, text, parquet"),
        ("[dedup]\nkeep = ['date', 'url']", "choose one of spin, date, length, id"),
        ("select = 'spin'", 'a list is wanted: ["..."]'),
        ("[dedup]\njacard = 0.5", "did you mean `jaccard`?"),
    ],
)
def test_the_hint_says_what_can_be_meant(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert caught.value.hint == hint


def test_an_editor_s_mark_and_a_date_of_toml_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(b"\xef\xbb\xbf[parse]\r\ncrawl_date = 2026-03-09\r\n")
    assert config.load(path).parse.crawl_date == "2026-03-09"


def test_the_written_file_explains_every_key_and_means_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(template())
    assert config.load(path) == config.Config()
    for section in (config.ReadConfig, config.BoilerplateConfig, config.DedupConfig, config.WriteConfig):
        for field in msgspec.structs.fields(section):
            for choice in get_args(field.type) if get_origin(field.type) is Literal else ():
                assert re.search(rf"(?m)^{field.name} = .*\b{choice}\b", template()), (field.name, choice)
    bare = [line for line in template().splitlines() if re.match(r"\w+ = [^#]*$", line)]
    assert bare == []
    assert sum(" = " in line for line in template().splitlines() if not line.startswith("#")) == sum(
        len(msgspec.structs.fields(type(section))) if isinstance(section, msgspec.Struct) else 1
        for section in (getattr(config.Config(), name) for name in config.Config.__struct_fields__)
    )
