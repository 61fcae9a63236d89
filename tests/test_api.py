"""What `import cleanup` gives, beside what the README shows."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import pytest

import cleanup


@pytest.mark.parametrize("source", [b"bytes", None, 5, ["a"]])
def test_what_is_no_text_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="not " + type(source).__name__):
        cleanup.clean(source)


@pytest.mark.parametrize("source", [None, 5, ["a"]])
def test_what_is_no_source_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="not " + type(source).__name__):
        cleanup.explain(source)


def test_the_version_is_that_of_the_distribution() -> None:
    assert cleanup.__version__ == importlib.metadata.version("corpus-cleanup")


def test_names_are_there_or_not() -> None:
    assert all(getattr(cleanup, name) for name in cleanup.__all__)
    with pytest.raises(AttributeError, match="nosuch"):
        cleanup.nosuch  # noqa: B018
