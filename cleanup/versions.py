"""Which versions of distributions are installed, for those who cannot wait for `importlib.metadata` to load (15 ms)."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache


def version(name: str) -> str:
    """The installed version of a distribution, by its name with hyphens; "" for what is not installed."""
    return _found().get(name) or _searched(name)


@cache
def _found() -> dict[str, str]:
    """Versions as the names of metadata directories have them, the first one of a name on the path."""
    found: dict[str, str] = {}
    for place in sys.path:
        with suppress(OSError):
            for entry in os.listdir(place or "."):
                if entry.endswith(".dist-info"):
                    name, _, number = entry.removesuffix(".dist-info").partition("-")
                    found.setdefault(name.lower().replace("_", "-"), number)
    return found


def _searched(name: str) -> str:
    from importlib import metadata  # few are installed in such a way that only it finds them

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
