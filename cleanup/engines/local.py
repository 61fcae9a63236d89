"""Where a map runs: in this process, or in worker processes that read and write for themselves.

Only small descriptions of work and small results cross a process boundary, never text. A worker that dies costs nothing but time:
the pool is made anew, and a job that killed its worker is tried again, alone, with the number of its attempt.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from cleanup.errors import RunError

Job = TypeVar("Job")
Result = TypeVar("Result")
ATTEMPTS = 12  # a job that needs more deaths than this to find its faulty documents ends the run


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(function: Callable[[Job, int], Result], jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Result]]:
    """`function(job, attempt)` for every job, as they finish. `function` has to be importable and idempotent.

    With one worker or one job everything happens here. Raises RunError when a job kills its worker again and again.
    """
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield job, function(job, 0)
        return
    pending: list[tuple[Job, int]] = [(job, 0) for job in jobs]
    while pending:
        pending, alone = yield from _pool(function, pending, min(workers, len(pending)))
        for job, attempt in alone:
            yield job, _alone(function, job, attempt)


def _pool(function: Callable[[Job, int], Result], work: list[tuple[Job, int]], workers: int) -> Any:
    """Run until done or a worker dies; gives back what never began and what was under way at the death."""
    todo = list(reversed(work))
    running: dict[Future[Any], tuple[Job, int]] = {}
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        try:
            while todo or running:
                while todo and len(running) < workers:
                    job, attempt = todo.pop()
                    running[pool.submit(function, job, attempt)] = (job, attempt)
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    yield running.pop(future)[0], result
        except BrokenProcessPool:
            return list(reversed(todo)), [(job, attempt + 1) for job, attempt in running.values()]
        except BaseException:
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [], []


def _alone(function: Callable[[Job, int], Result], job: Job, attempt: int) -> Result:
    """One job in a process of its own, as often as it dies."""
    while attempt <= ATTEMPTS:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            try:
                return pool.submit(function, job, attempt).result()
            except BrokenProcessPool:
                attempt += 1
    raise RunError("a worker process died again and again", "is there enough memory? try fewer workers with -j")
