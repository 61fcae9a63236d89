"""Compiled loops, for what takes NumPy many passes over the same bytes or a Python object each time.

The functions stand in the C files beside this one, are small and pure, and hold no state: they get arrays and write into
arrays. They are called by `ctypes`, which needs neither the headers of Python nor a build for every version of it. The library
is part of an installed distribution. In a checkout that nobody installed it is compiled on first use (a second), beside the
sources or, where these can't be written to, in the user's cache.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cleanup.errors import CleanupError
from cleanup.kernels import build

Function = Callable[..., Any]
INSTALL = "install the package (`pip install .` in the checkout brings a compiler where there is none)"
_KINDS = {
    "bytes": ctypes.c_char_p,
    "i32": ctypes.c_int32,
    "i64": ctypes.c_int64,
    "u32": ctypes.c_uint32,
    "u64": ctypes.c_uint64,
    "f64": ctypes.c_double,
}
_ITEMS = {f"{kind}{8 * size}": np.dtype(f"{kind}{size}") for kind in "iuf" for size in (1, 2, 4, 8) if (kind, size) != ("f", 1)}


@cache
def function(name: str, arguments: str, result: str | None = None) -> Function:
    """The compiled function of a name, looked up once; it is called with the interpreter's lock released.

    `arguments`: the kind of each, separated by blanks: `i32 i64 u32 u64 f64`, `bytes`, or `u8* i32* f32* ...` for an array of
    such items. A call with an array of another type, or one that is not contiguous, raises ctypes.ArgumentError. Nothing looks
    at sizes: the caller makes sure that arrays have the room that the function's comment asks for.
    """
    found: Any = _library()[name]
    kinds = arguments.split()
    found.argtypes = [ctypes.c_void_p if kind.endswith("*") else _KINDS[kind] for kind in kinds]
    found.restype = _KINDS[result] if result else None
    arrays = [(at, _ITEMS[kind[:-1]]) for at, kind in enumerate(kinds) if kind.endswith("*")]

    def call(*given: Any) -> Any:
        # Here, for what is raised in a conversion that ctypes calls, an interrupt say, becomes an error of ctypes.
        passed = list(given)
        for at, items in arrays:
            passed[at] = _begin(given[at], items)
        return found(*passed)

    return call


class Texts:
    """The UTF-8 of strings for a kernel: addresses, uint64[n], and sizes in bytes, int64[n]; they hold as long as this does.

    Python makes the UTF-8 of a string once and leaves it with the string: whoever encodes it later only copies it. Halves of
    surrogate pairs are encoded like other characters.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self._held: list[bytes] = []
        self.size = np.empty(len(texts), np.int64)
        begin = self.size.ctypes.data
        places = range(begin, begin + 8 * len(texts), 8)
        try:
            where = list(map(_utf8, texts, places))
        except UnicodeEncodeError:
            where = [self._address(text, place) for text, place in zip(texts, places, strict=True)]
        self.where = np.array(where, np.uint64)

    def _address(self, text: str, place: int) -> int:
        try:
            return _utf8(text, place)
        except UnicodeEncodeError:
            data = text.encode("utf-8", "surrogatepass")
            self._held.append(data)
            ctypes.c_ssize_t.from_address(place).value = len(data)
            return address(data)


def address(data: bytes) -> int:
    """Where bytes are, as long as somebody holds them."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


_utf8: Callable[[str, int], int] = ctypes.pythonapi.PyUnicode_AsUTF8AndSize
_utf8.argtypes, _utf8.restype = [ctypes.py_object, ctypes.c_void_p], ctypes.c_void_p  # type: ignore[attr-defined]
_first: Callable[[Any], Any] = ctypes.c_char.from_buffer


def _begin(array: Any, items: np.dtype[Any]) -> Any:
    """Where an array of such items begins, for ctypes. As `numpy.ctypeslib.ndpointer`, in a third of the time."""
    if not isinstance(array, np.ndarray) or array.dtype != items or not array.flags.c_contiguous:
        raise ctypes.ArgumentError(f"an array of {items} is wanted, without gaps")
    if array.size and array.flags.writeable:
        return ctypes.byref(_first(array))
    return array.ctypes.data


@cache
def _library() -> ctypes.CDLL:
    found = path()
    try:
        return ctypes.CDLL(str(found))
    except OSError as error:  # made for another system, say
        raise CleanupError(f"the compiled part of cleanup can't be loaded: {error}", f"remove {found}, or {INSTALL}") from error


def path() -> Path:
    """The library's file; made where it is missing. Raises CleanupError where that is impossible."""
    plain, places, wide = build.name(), [build.HERE, *_cached()], build.is_wide()
    names = [build.widened(plain)] * wide + [plain]  # the best one first
    if found := next((folder / name for name in names for folder in places if (folder / name).exists()), None):
        return found
    problem: Exception = OSError()
    for name in names:
        for folder in places:
            try:
                return build.build(folder, wide=name != plain)
            except build.NoCompilerError as error:
                problem = error
                break
            except OSError as error:
                problem = error
    places_named = " or ".join(map(str, places))
    hint = f"{INSTALL}, or install a C compiler and let {places_named} be written to"
    raise CleanupError(f"the compiled part of cleanup is missing and can't be made: {problem}", hint) from problem


def _cached() -> list[Path]:
    """The user's cache, where there is one: not every user has a home."""
    try:
        return [Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cleanup"]
    except RuntimeError:
        return []
