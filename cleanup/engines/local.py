"""Where a map runs: in this process, or in worker processes that read and write for themselves.

Only small descriptions of work cross a process boundary, never text. A worker that dies costs nothing but time: its job is tried
again, alone, in a new one that is told the number of the attempt.

Workers are forked, so that what this process has imported need not be imported again, but only where it has a single thread:
a lock that another thread holds would be held for ever in the copy. Elsewhere they are spawned.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cleanup.engines import SELDOM
from cleanup.errors import RunError
from cleanup.stages.deadline import WATCHDOG

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Job = TypeVar("Job")
Result = TypeVar("Result")
Work = Callable[[Job, int], Result]
ATTEMPTS = 60  # a job that needs more deaths than this to find its faulty documents ends the run
LARGE = 1 << 25  # bytes of an array from which on it goes back to the system at once
KEPT = 1 << 27  # and that are kept of others
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_thread() -> None:
    """Libraries that are imported from now on start no threads, unless the user's environment says how many: work is divided
    among processes."""
    for name in THREADS:
        os.environ.setdefault(name, "1")


def keep_memory() -> None:
    """Keep what this process frees for the next array, up to a limit, where the C library can be told so: a page that comes anew
    from the system is wiped first, and arrays come and go with every block of documents."""
    with suppress(AttributeError, OSError, TypeError):
        tell = ctypes.CDLL(None).mallopt
        tell(ctypes.c_int(-3), ctypes.c_int(LARGE))  # M_MMAP_THRESHOLD
        tell(ctypes.c_int(-1), ctypes.c_int(KEPT))  # M_TRIM_THRESHOLD


@contextmanager
def calm() -> Iterator[None]:
    """Look for cyclic garbage seldom: rules and batches are hundreds of thousands of objects, and hardly one is in a cycle."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _nothing() -> None:
    """For whoever has nothing to do meanwhile."""


class Engine:
    """The workers of one run: made when they are first needed, kept from one phase to the next.

    With one worker, or one job, everything happens in this process, unless `apart` asks for processes of their own: where this
    process has to outlive whatever a document does to the one that reads it.
    """

    def __init__(self, workers: int, *, apart: bool = False) -> None:
        self.workers = max(1, workers)
        self.apart = apart
        self._idle: list[_Worker] = []

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._rest()

    def _rest(self) -> None:
        self.dismiss()
        for worker in self._idle:
            worker.end()
        self._idle = []

    def dismiss(self) -> None:
        """Let all go who have nothing to do, and nobody is to follow: while they end, this process goes on."""
        for worker in self._idle:
            worker.dismiss()

    def each(
        self, function: Work[Job, Result], jobs: Sequence[Job], meanwhile: Callable[[], object] = _nothing
    ) -> Iterator[tuple[Job, Result]]:
        """`function(job, attempt)` for every job, as they finish. `function` has to be importable and idempotent.

        `meanwhile`: what this process can do while others are busy; it may be done never, or again.
        Raises RunError when a job kills its worker again and again.
        """
        if not self.apart and (self.workers <= 1 or len(jobs) <= 1):
            for job in jobs:
                try:
                    result = function(job, 0)
                except MemoryError:
                    result = _alone(function, job)
                yield job, result
            return
        todo = list(reversed(jobs))
        while todo:
            died = yield from self._together(function, todo, meanwhile)
            if died:
                self._rest()  # what memory they hold may be what was lacking
            for job in died:
                yield job, _alone(function, job)

    def _together(
        self, function: Work[Job, Result], todo: list[Job], meanwhile: Callable[[], object]
    ) -> Generator[tuple[Job, Result], None, list[Job]]:
        """Run until done or a worker dies: then what is under way still ends. Gives back what died.

        What came of a job is handed on when its worker has something to do again.
        """
        from multiprocessing.connection import wait  # little input does without

        running: dict[Any, tuple[_Worker, Job]] = {}  # by the end of the pipe that is this process's
        died: list[Job] = []
        done: list[tuple[Job, Result]] = []
        try:
            while running or done or (todo and not died):
                while todo and not died and len(running) < self.workers:
                    worker = self._begin(function, todo[-1])
                    running[worker.pipe] = worker, todo.pop()
                meanwhile()
                meanwhile = _nothing
                yield from done
                done.clear()
                for pipe in wait(list(running)) if running else ():
                    worker, job = running.pop(pipe)
                    try:
                        result = worker.result()
                    except (_DiedError, MemoryError):
                        worker.kill()
                        died.append(job)
                        continue
                    except BaseException:
                        worker.kill()
                        raise
                    self._idle.append(worker)
                    done.append((job, result))
        finally:
            for worker, _ in running.values():
                worker.kill()
        return died

    def _begin(self, function: Work[Job, Result], job: Job) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            try:
                worker.begin(function, job, 0)
            except _DiedError:  # with nothing to do: killed by somebody
                worker.kill()
            else:
                return worker
        worker = _Worker()
        worker.begin(function, job, 0)
        return worker


def _alone(function: Work[Job, Result], job: Job) -> Result:
    """A job at which a worker died, in a process of its own, as often as that dies."""
    for attempt in range(1, ATTEMPTS + 1):
        worker = _Worker()
        try:
            worker.begin(function, job, attempt)
            result: Result = worker.result()
            return result
        except (_DiedError, MemoryError):
            continue
        finally:
            worker.kill()
    raise RunError("a worker process died again and again", "is there enough memory? try fewer workers with -j")


class _DiedError(Exception):
    """The worker is no more."""


class _Worker:
    """A process that does what it is told, one thing at a time."""

    def __init__(self) -> None:
        import multiprocessing

        context: Any = multiprocessing.get_context("fork" if forkable() else "spawn")
        self.pipe, orders = context.Pipe()
        self.process = context.Process(target=_serve, args=(orders,), daemon=True)
        with _unguarded_main_left_out():
            self.process.start()
        orders.close()

    def begin(self, function: Work[Job, Result], job: Job, attempt: int) -> None:
        """Tell it what to do. Raises _DiedError."""
        try:
            self.pipe.send((function, job, attempt))
        except OSError as error:
            raise _DiedError from error

    def result(self) -> Any:
        """What it came to, or the error it ended with. Raises _DiedError."""
        try:
            answer, error, where = self.pipe.recv()
        except (EOFError, OSError) as error:
            raise _DiedError from error
        if error is not None:
            error.add_note(where)
            raise error
        return answer

    def dismiss(self) -> None:
        """Let it go; it has nothing to do."""
        with suppress(OSError):
            self.pipe.send(None)

    def end(self) -> None:
        """Wait until it is gone."""
        self.process.join()
        self.pipe.close()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


@contextmanager
def _unguarded_main_left_out() -> Iterator[None]:
    """A worker that is spawned imports the caller's main module, but not a script that would run again by that, nor one that came
    through a pipe: nothing of it is needed."""
    main = sys.modules["__main__"].__dict__
    if _guarded(main.get("__file__")):
        yield
        return
    hidden: dict[str, Any] = {name: main.pop(name) for name in ("__spec__", "__file__") if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(hidden)


def _guarded(path: str | None) -> bool:
    try:
        return path is not None and b"__name__" in Path(path).read_bytes()
    except OSError:
        return False


def forkable() -> bool:
    """Whether this process can be copied: it has one thread, and a system whose libraries bear it."""
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1


def _serve(orders: Connection) -> None:
    """The life of a worker: the interrupt key is its parent's matter, it has one thread, and it does not outlive its parent."""
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.default_int_handler:  # its parent's, which it was copied with
            signal.signal(number, signal.SIG_DFL)
    one_thread()
    keep_memory()
    gc.set_threshold(*SELDOM)
    WATCHDOG.arm()
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()
    try:
        while (order := orders.recv()) is not None:
            _answer(orders, *order)
    except (EOFError, BrokenPipeError):  # the parent is gone
        os._exit(1)


def _answer(orders: Connection, function: Work[Job, Result], job: Job, attempt: int) -> None:
    answer: tuple[Any, BaseException | None, str]
    try:
        answer = function(job, attempt), None, ""
    except BaseException as error:
        answer = None, error, "".join(traceback.format_exception(error))
    try:
        orders.send(answer)
    except BrokenPipeError:
        raise
    except Exception as error:  # that cannot be pickled
        orders.send((None, RuntimeError(f"{answer[1] or error!r}"), answer[2]))


def _die_with(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)
