"""A limit of wall time on work that may hang at some document."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TICK = 0.5  # seconds between two looks at the clock once the limit is near
LEAST = 0.01  # seconds of the shortest limit: alarms without a pause would hit whatever begins and ends one
GRACE = 5.0  # seconds beyond twice the limit after which a worker that no longer listens is ended


class StageTimeout(BaseException):
    """Work took longer than `limits.stage_seconds`.

    No Exception, so that a library which guards itself against any error does not go on hanging.
    """


class _Watchdog:
    """Ends a worker process whose main thread is stuck where no signal reaches it; armed by the engine, never elsewhere."""

    file: int | None = None

    def arm(self) -> None:
        """This process may be ended: somebody else notices and tries again."""
        self.file = os.open(os.devnull, os.O_WRONLY)

    def watch(self, seconds: float) -> None:
        """End the process after twice `seconds` and a little more, unless this is called again before."""
        if self.file is not None:
            faulthandler.dump_traceback_later(2 * seconds + GRACE, exit=True, file=self.file)

    def rest(self) -> None:
        """All is well."""
        if self.file is not None:
            faulthandler.cancel_dump_traceback_later()


WATCHDOG = _Watchdog()


@contextmanager
def deadline(seconds: float) -> Iterator[Callable[[], None]]:
    """Raise StageTimeout in this block after `seconds`, counted from its begin or from the last call of the function it gives.

    Off the main thread, and where there are no alarms, there is no limit. A limit of less than `LEAST` is one of that.
    """
    if seconds <= 0 or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield lambda: None
        return
    limit = max(LEAST, seconds)
    began = watched = time.monotonic()
    over = False

    def again() -> None:
        nonlocal began, watched
        began = time.monotonic()
        if began - watched > 1.0:  # to set the watchdog costs a thread
            WATCHDOG.watch(seconds)
            watched = began

    def expire(*_: object) -> None:
        if not over and time.monotonic() - began >= limit:
            raise StageTimeout(f"longer than limits.stage_seconds = {seconds:g}")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, limit, min(TICK, limit))
    WATCHDOG.watch(seconds)
    try:
        yield again
    finally:
        over = True  # first of all: an alarm between here and the next line must not keep the timer running
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        WATCHDOG.rest()
