"""What can go wrong in a way the user can mend."""

from __future__ import annotations

import errno
from typing import Any

# What ends a program. Everything else that a library raises is about one document, even what is no Exception: the panics of
# libraries written in Rust, a time limit.
ENDINGS = (KeyboardInterrupt, SystemExit, GeneratorExit)


class CleanupError(Exception):
    """Wrong usage, configuration or rule. `hint` names the flag or file to change."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # As it comes back from a worker process, whatever the arguments it was made of.
        return _again, (type(self), self.message, self.hint)


def remedy(error: OSError) -> str:
    """The hint for what could not be written."""
    if error.errno == errno.ENOMEM:  # files are mapped: a limit of address space counts them, too
        return "give the process more memory or address space (ulimit -v), or cut large compressed inputs into several files"
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return "free some space, then repeat the command" if full else "name a place that can be written, then repeat the command"


def _again(kind: type[CleanupError], message: str, hint: str) -> CleanupError:
    error = kind.__new__(kind)
    CleanupError.__init__(error, message, hint)
    return error


class ConfigError(CleanupError):
    """The configuration does not fit; the message names the path of the key."""


class RuleError(CleanupError):
    """A rule file or a rule does not load; the message names file and rule."""


class InputError(CleanupError):
    """An input that does not exist or cannot be read at all."""

    exit_code = 3


class RunError(CleanupError):
    """The run directory cannot be used, or the counts of a run do not add up."""


class MissingExtra(CleanupError):  # noqa: N818 (named for what is missing)
    """An optional library is needed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional library", f"pip install 'corpus-cleanup[{extra}]'")
