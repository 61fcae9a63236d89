"""Work that is done beside other work of the same process: waiting for the disk, and long loops of compiled code."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Aside(Generic[Result]):
    """A call that goes on by itself until its result is asked for; without `now` it is only made then."""

    def __init__(self, function: Callable[[], Result], *, now: bool = True) -> None:
        self._function = function
        self._error: BaseException | None = None
        self._thread = Thread(target=self._call) if now else None
        if self._thread:
            self._thread.start()

    def _call(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error

    def result(self) -> Result:
        """What came of it. Raises what it raised."""
        if self._thread:
            self._thread.join()
        else:
            self._call()
        if self._error is not None:
            raise self._error
        return self._result
