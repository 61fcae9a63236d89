"""Stages: pure functions from a batch of documents to proposals, registered by name.

A stage is a factory `stage(cfg, rules) -> Propose`: it loads models and rules once per worker and returns a closure that
yields, for every document of a batch and in its order, that document's Edits, Drops and Marks. It never changes a document.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cleanup.document import Document, Proposal
from cleanup.errors import ConfigError
from cleanup.rules import Rule

Propose = Callable[[Sequence[Document]], Iterable[Iterable[Proposal]]]
Factory = Callable[[Any, Sequence[Path]], Propose]
Rules = Callable[[Sequence[Path]], list[Rule]]


class Stage(msgspec.Struct, frozen=True):
    """A registered stage. `version` rises whenever its answers change; it is part of a run's digest."""

    name: str
    version: int
    factory: Factory
    rules: Rules


BUILT_IN = {"mojibake": 2, "boilerplate": 2, "language": 4, "spin": 2}  # their versions, so that nobody loads them to ask
_REGISTRY: dict[str, Stage] = {}


def stage(name: str, version: int, rules: Rules = lambda _: []) -> Callable[[Factory], Factory]:
    """Register a factory under the name it has in `cleanup.toml`, which is also the first part of its rule ids."""

    if BUILT_IN.get(name, version) != version:
        raise ValueError(f"the version of {name} is written in {__name__}, too")

    def register(factory: Factory) -> Factory:
        _REGISTRY[name] = Stage(name, version, factory, rules)
        return factory

    return register


def get(name: str) -> Stage:
    """The stage of that name, imported on first use. Raises ConfigError for an unknown name."""
    if name not in _REGISTRY and name in BUILT_IN:
        importlib.import_module(f"{__name__}.{name}")
    if name not in _REGISTRY:
        raise ConfigError(f"unknown stage {name!r}", f"known stages: {', '.join(sorted({*BUILT_IN, *_REGISTRY}))}")
    return _REGISTRY[name]


def version(name: str) -> int:
    """The version of a stage, which need not be loaded. Raises ConfigError for an unknown name."""
    return BUILT_IN[name] if name in BUILT_IN else get(name).version
