"""Workers: what they answer, what their deaths and errors come to, and what they do not keep from their parent."""

from __future__ import annotations

import builtins
import multiprocessing
import operator
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from cleanup import run, versions
from cleanup.aside import Aside
from cleanup.config import Config
from cleanup.engines import local
from cleanup.errors import InputError, RunError
from cleanup.write import directory
from tests.trials import conserved

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="forks")
TEXTS = ["one", "two", "three", "four"]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are copies of this process although it has threads: what they do here needs none of their locks."""
    monkeypatch.setattr(local, "forkable", lambda: True)


def mortal(job: str, attempt: int) -> tuple[str, int]:
    if job == "three" and attempt < 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if job == "four" and not attempt:
        raise MemoryError
    return job.upper(), attempt


def faulty(job: str, attempt: int) -> None:  # noqa: ARG001 (the engine's protocol)
    if job == "lambda":
        error = ValueError("holds what cannot be sent")
        error.args = (lambda: None,)
        raise error
    raise InputError("no such thing", "look elsewhere")


def process(job: str, attempt: int) -> int:  # noqa: ARG001 (the engine's protocol)
    return os.getpid()


def test_every_job_once_and_workers_are_kept() -> None:
    with local.Engine(2, apart=True) as engine:
        assert sorted(engine.each(operator.add, [1, 2, 3, 4, 5])) == [(number, number) for number in range(1, 6)]
        assert sorted(engine.each(operator.add, [7])) == [(7, 7)]
        assert len(engine._idle) == 2


def test_this_process_has_something_to_do_while_others_are_busy() -> None:
    done: list[int] = []
    with local.Engine(2, apart=True) as engine:
        assert len(dict(engine.each(process, [1, 2, 3], lambda: done.append(os.getpid())))) == 3
        assert done == [os.getpid()]
        workers = [worker.process for worker in engine._idle]
        engine.dismiss()
        for worker in workers:
            worker.join(30)
        assert [worker.exitcode for worker in workers] == [0, 0]
        assert dict(engine.each(operator.add, [1, 2])) == {1: 1, 2: 2}  # others take their place
    with local.Engine(1) as engine:
        assert len(dict(engine.each(process, [1, 2], lambda: done.append(0)))) == 2
    assert done == [os.getpid()]  # where nobody else is there, it has enough to do


@pytest.mark.parametrize("now", [True, False])
def test_what_is_done_aside_is_done_once_and_its_error_is_told(now: bool) -> None:
    made: list[int] = []
    aside = Aside(lambda: made.append(1), now=now)
    if not now:
        assert made == []
    aside.result()
    assert made == [1]
    with pytest.raises(ZeroDivisionError):
        Aside(lambda: 1 / 0, now=now).result()


@LINUX
@pytest.mark.usefixtures("forked")
def test_deaths_cost_only_another_attempt() -> None:
    with local.Engine(2, apart=True) as engine:
        found = dict(engine.each(mortal, TEXTS))
        assert engine._idle == []  # whoever dies again has the memory to itself
    assert found == {"one": ("ONE", 0), "two": ("TWO", 0), "three": ("THREE", 3), "four": ("FOUR", 1)}


@LINUX
@pytest.mark.usefixtures("forked")
def test_a_worker_killed_while_it_waits() -> None:
    with local.Engine(1, apart=True) as engine:
        ((_, first),) = engine.each(process, ["one"])
        os.kill(first, signal.SIGKILL)
        engine._idle[0].process.join()
        ((_, second),) = engine.each(process, ["two"])
    assert second not in (first, os.getpid())


@LINUX
@pytest.mark.usefixtures("forked")
def test_too_many_deaths_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "ATTEMPTS", 2)
    with local.Engine(2, apart=True) as engine, pytest.raises(RunError, match="again and again"):
        list(engine.each(mortal, TEXTS))


@LINUX
@pytest.mark.usefixtures("forked")
def test_errors_come_back_and_say_where_they_were_raised() -> None:
    with local.Engine(2, apart=True) as engine:
        with pytest.raises(InputError, match="no such thing") as caught:
            list(engine.each(faulty, ["one", "two"]))
        assert caught.value.hint == "look elsewhere"
        assert "in faulty" in caught.value.__notes__[0]
        with pytest.raises(RuntimeError, match="lambda"):
            list(engine.each(faulty, ["lambda"]))


@LINUX
@pytest.mark.usefixtures("forked")
def test_nobody_works_on_when_nobody_waits() -> None:
    with local.Engine(2, apart=True) as engine:
        results = engine.each(process, TEXTS)
        next(results)
        workers = multiprocessing.active_children()
        assert len(workers) == 2
        results.close()  # type: ignore[attr-defined]
        assert multiprocessing.active_children() == []  # the one that was done had something to do again


@LINUX
@pytest.mark.usefixtures("forked")
def test_a_worker_does_not_hold_the_lock_of_a_run(tmp_path: Path) -> None:
    with local.Engine(1, apart=True) as engine:
        with directory.locked(tmp_path):
            list(engine.each(process, ["one"]))
        with directory.locked(tmp_path):  # the worker still lives
            pass


@LINUX
def test_only_a_process_with_one_thread_is_copied() -> None:
    code = """if True:
        import threading
        from cleanup.engines import local
        local.one_thread()
        import cleanup.run
        print(local.forkable())
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        print(local.forkable())
    """
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "False"]


DYING = """
    import os, signal, sys
    from pathlib import Path
    from cleanup import run

    os.environ.setdefault("MAIN", str(os.getpid()))
    replace = os.replace

    def dying(source, target):
        died = Path(sys.argv[2] + ".died")
        if os.getpid() != int(os.environ["MAIN"]) and "corpus" in Path(target).parts and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    os.replace = dying
    if __name__ == "__main__":
        from cleanup.config import Config, override
        run.LITTLE = 0
        run.execute(override(Config(), {"stages": ()}), [sys.argv[1]], Path(sys.argv[2]), jobs=1, apart=True)
"""


UNGUARDED = """
    import sys
    import polars  # whose threads keep workers from being forked
    import cleanup
    from cleanup.config import Config, override
    settings = {"stages": (), "read.part_files": 1}
    print(cleanup.Pipeline(config=override(Config(), settings)).run(sys.argv[1], out=sys.argv[2], jobs=2).counts["read"])
"""


@pytest.mark.parametrize("piped", [False, True])
def test_a_script_needs_no_guard(tmp_path: Path, piped: bool) -> None:
    for number in range(2):
        (tmp_path / f"{number}.jsonl").write_text(f'{{"id": "{number}", "text": "a text"}}\n' * 3)
    script = textwrap.dedent(UNGUARDED)
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "-" if piped else tmp_path / "script.py", tmp_path / "*.jsonl", tmp_path / "out"]
    done = subprocess.run(command, input=script if piped else "", capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("6\n", "")


def test_what_a_dead_worker_has_half_written_goes(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(textwrap.dedent(DYING))
    (tmp_path / "in.jsonl").write_text('{"id": "one", "text": "a sound text"}\n')
    out = tmp_path / "out"
    subprocess.run([sys.executable, tmp_path / "script.py", tmp_path / "in.jsonl", out], check=True)
    assert (tmp_path / "out.died").exists()
    assert conserved(out)
    assert list(out.rglob("*.tmp")) == []


def test_versions_are_those_that_the_metadata_name() -> None:
    for name in run.LIBRARIES:
        try:
            assert versions.version(name) == metadata.version(name)
        except metadata.PackageNotFoundError:
            assert versions.version(name) == ""
    assert versions.version("no-such-distribution") == ""


def test_floats_are_summed_alike_by_every_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 3.12 on `sum` rounds otherwise than before; `math.fsum` does not depend on the version."""
    plain, found = builtins.sum, set()

    def watched(items: Iterable[Any], /, start: Any = 0) -> Any:
        total = plain(items, start)
        if isinstance(total, float):
            frame = sys._getframe(1)
            found.add(f"{frame.f_globals['__name__']}:{frame.f_lineno}")
        return total

    samples = Path(__file__).parents[1] / "samples"
    monkeypatch.setattr(builtins, "sum", watched)
    run.execute(Config(), [str(samples), str(samples / "gold")], tmp_path / "out", jobs=1)
    assert {place for place in found if place.startswith("cleanup.")} == set()
