"""Where a map runs: in this process, or in worker processes that read and write for themselves.

Only small descriptions of work cross a process boundary, never text. A worker that dies costs nothing but time: the pool is
made anew, and a job that killed its worker is tried again, alone, with the number of its attempt.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any, TypeVar

from cleanup.errors import RunError
from cleanup.stages.deadline import WATCHDOG

Job = TypeVar("Job")
Result = TypeVar("Result")
ATTEMPTS = 60  # a job that needs more deaths than this to find its faulty documents ends the run
SELDOM = (50_000, 20, 100)  # as of gc.set_threshold
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def calm() -> Iterator[None]:
    """Look for cyclic garbage seldom: rules and batches are hundreds of thousands of objects, and hardly one is in a cycle."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Engine:
    """The workers of one run: made when they are first needed, kept from one phase to the next.

    With one worker, or one job, everything happens in this process, unless `apart` asks for processes of their own: where this
    process has to outlive whatever a document does to the one that reads it.
    """

    def __init__(self, workers: int, *, apart: bool = False) -> None:
        self.workers = max(1, workers)
        self.apart = apart
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def each(self, function: Callable[[Job, int], Result], jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        """`function(job, attempt)` for every job, as they finish. `function` has to be importable and idempotent.

        Raises RunError when a job kills its worker again and again.
        """
        if not self.apart and (self.workers <= 1 or len(jobs) <= 1):
            for job in jobs:
                try:
                    result = function(job, 0)
                except MemoryError:
                    result = _alone(function, job, 1)
                yield job, result
            return
        pending: list[tuple[Job, int]] = [(job, 0) for job in jobs]
        while pending:
            pending, alone = yield from self._together(function, pending)
            for job, attempt in alone:
                yield job, _alone(function, job, attempt)

    def _together(self, function: Callable[[Job, int], Result], work: list[tuple[Job, int]]) -> Any:
        """Run until done or a worker dies; gives back what never began and what was under way at the death."""
        todo = list(reversed(work))
        running: dict[Future[Any], tuple[Job, int]] = {}
        self._pool = self._pool or _executor(self.workers)
        try:
            while todo or running:
                while todo and len(running) < self.workers:
                    job, attempt = todo.pop()
                    running[self._pool.submit(function, job, attempt)] = (job, attempt)
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    yield running.pop(future)[0], result
        except (BrokenProcessPool, MemoryError):
            self._end()
            return list(reversed(todo)), [(job, attempt + 1) for job, attempt in running.values()]
        except BaseException:
            self._end()
            raise
        return [], []

    def _end(self) -> None:
        if self._pool is not None:
            _end(self._pool)
        self._pool = None


def _alone(function: Callable[[Job, int], Result], job: Job, attempt: int) -> Result:
    """One job in a process of its own, as often as it dies."""
    while attempt <= ATTEMPTS:
        with _executor(1) as pool:
            try:
                return pool.submit(function, job, attempt).result()
            except (BrokenProcessPool, MemoryError):
                attempt += 1
            except BaseException:
                _end(pool)
                raise
    raise RunError(
        "a worker process died again and again",
        "is there enough memory? try fewer workers with -j; a script that calls run() needs `if __name__ == '__main__':`",
    )


def _executor(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    """A worker begins: the interrupt key is its parent's matter, it has one thread, and it does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in THREADS:
        os.environ.setdefault(name, "1")
    gc.set_threshold(*SELDOM)
    WATCHDOG.arm()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _end(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)
