"""What `import cleanup` gives, beside what the README shows."""

from __future__ import annotations

import importlib.metadata
import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
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


def test_a_notebook_is_shown_what_there_is(samples: Path, tmp_path: Path) -> None:
    shown = "import cleanup; print(sorted(set(cleanup.__all__) - set(dir(cleanup))))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"
    pipe = cleanup.Pipeline(stages=["mojibake"])
    assert repr(pipe) == "Pipeline(stages=['mojibake'])"
    assert re.fullmatch(r"Run\('.*out', {'read': 1, .*}\)", repr(pipe.run(samples / "page.html", out=tmp_path / "out")))


@pytest.mark.parametrize("config", ["cleanup.toml", {}, {"stages": []}])
def test_a_configuration_is_no_path_and_no_dict(config: Any) -> None:
    with pytest.raises(TypeError, match=r"not (str|dict): Pipeline\.load"):
        cleanup.Pipeline(config=config)


def test_nothing_to_read_is_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastwarc", None)  # the library for archives
    (tmp_path / "empty").mkdir()
    assert cleanup.Pipeline().run(tmp_path / "empty", out=tmp_path / "out").counts["read"] == 0


def test_inputs_may_be_paths(samples: Path) -> None:
    assert [doc.id for doc in cleanup.read(samples / "mojibake.txt")] == ["mojibake.txt"]


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_names_of_inputs_may_be_bytes_and_are_no_numbers(kind: Any, samples: Path, tmp_path: Path) -> None:
    name = kind(str(samples / "mojibake.txt"))
    assert [doc.id for doc in cleanup.read(name)] == ["mojibake.txt"]
    pipe = cleanup.Pipeline(stages=[])
    assert [pipe.run(given, out=tmp_path / f"out{n}").counts["kept"] for n, given in enumerate((name, [name]))] == [1, 1]
    for give in (lambda: list(cleanup.read(5)), lambda: pipe.run([5], out=tmp_path / "no")):  # type: ignore[list-item, arg-type]
        with pytest.raises(TypeError, match="not int"):
            give()


def test_one_name_for_a_list_of_stages_is_not_read_by_its_letters() -> None:
    for call in (lambda: cleanup.Pipeline(stages="mojibake"), lambda: cleanup.clean("x", stages="mojibake")):
        with pytest.raises(cleanup.CleanupError, match=r'Pipeline: stages: .*\n.*\["mojibake"\]'):
            call()


@pytest.mark.parametrize(
    ("doc", "says"),
    [
        ({"id": "a", "text": "x"}, "not dict"),
        ("x", "not str"),
        (cleanup.Document(id=1, text="x"), "the id of a document is a str, not int: 1"),  # type: ignore[arg-type]
        (cleanup.Document(id="a", text=None), "the text of a document is a str, not NoneType: 'a'"),  # type: ignore[arg-type]
        (cleanup.Document(id="a", text="x", meta=None), "the meta of a document is a dict, not NoneType"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_document_is_refused(doc: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        list(cleanup.Pipeline(stages=[]).stream([doc]))


def test_what_ends_a_stream_early_costs_no_document_that_came_before() -> None:
    def docs() -> Iterator[cleanup.Document]:
        yield cleanup.Document(id="a", text="cafÃ©")
        yield cleanup.Document(id="b", text="plain")
        raise OSError("the queue is gone")

    given = cleanup.Pipeline(stages=["mojibake"]).stream(docs())
    assert [next(given).text, next(given).text] == ["café", "plain"]
    with pytest.raises(OSError, match="the queue is gone"):
        next(given)


def test_documents_that_come_slowly_do_not_wait_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**9))
    monkeypatch.setattr("cleanup.pipeline.time.monotonic", lambda: float(next(clock)))
    came: list[str] = []

    def docs() -> Iterator[cleanup.Document]:
        while True:
            came.append(str(len(came)))
            yield cleanup.Document(id=came[-1], text="a text")

    given = cleanup.Pipeline(stages=[]).stream(docs())
    assert (next(given).id, next(given).id, came) == ("0", "1", ["0", "1"])


def test_a_pipeline_in_use_goes_to_another_process() -> None:
    pipe = cleanup.Pipeline(stages=["mojibake"])
    before = [doc.text for doc in pipe.stream([cleanup.Document(id="a", text="cafÃ©")])]
    other = pickle.loads(pickle.dumps(pipe))
    assert [doc.text for doc in other.stream([cleanup.Document(id="a", text="cafÃ©")])] == before == ["café"]


def test_a_clock_that_is_set_back_takes_no_time_away(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**9, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    run = cleanup.Pipeline(stages=[]).run(samples / "mojibake.txt", out=tmp_path / "out")
    assert run.info["timings"]["wall_seconds"] >= 0
