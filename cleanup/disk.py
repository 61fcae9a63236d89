"""What outlives a failure of power."""

from __future__ import annotations

import os
from pathlib import Path


def put_on_disk(path: Path) -> None:
    """Wait until the content of a file is on disk, or the names in a directory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def send_to_disk(path: Path) -> None:
    """Have the system write a file to disk beside whatever comes next: to wait for it later takes a tenth of the time."""
    if not hasattr(os, "posix_fadvise"):
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)
