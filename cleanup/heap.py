"""Memory that NumPy gives back is kept by the process: the next array gets it at once instead of page by page."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM, _MMAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h
KEPT = 256 << 20  # bytes of free memory at the top of the heap that stay
MAPPED = 32 << 20  # bytes from which on a block is mapped by itself, and given back when it is freed: the most glibc takes


@cache
def keep() -> None:
    """Tell glibc not to give every larger block back to the kernel; elsewhere nothing happens.

    By default an array above some hundred kilobytes is mapped anew for every operation, and its pages are filled one by one.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return  # another C library
    mallopt(_TRIM, KEPT)
    mallopt(_MMAP, MAPPED)
