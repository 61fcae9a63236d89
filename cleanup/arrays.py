"""What NumPy does not have, or only in functions that load a part of it which takes 20 ms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
TIE = 1e-3  # of the last place: nearer than that to its middle it has to be looked at where a number goes
Number = TypeVar("Number", bound=np.generic)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The values, each once, in order."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def among(values: NDArray[Any], ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values are among these, which are in order."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    place = np.searchsorted(ordered, values)
    np.minimum(place, len(ordered) - 1, out=place)
    return np.asarray(ordered[place] == values)


def ranges(starts: Ints, sizes: Ints) -> Ints:
    """The positions start, start + 1, ... of every range, one range after the other."""
    ends = np.cumsum(sizes)
    return np.asarray(np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - sizes), sizes))


def rounded(numbers: NDArray[np.float64], places: int) -> list[float]:
    """What `round` makes of numbers between -1000 and 1000."""
    found: list[float] = (_scaled(numbers, places) / 10**places).tolist()
    return found


def scaled(numbers: NDArray[np.float64], places: int) -> Ints:
    """The same times 10**places; -1 for what is no number."""
    return np.asarray(np.nan_to_num(_scaled(numbers, places), nan=-1).astype(np.int64))


def _scaled(numbers: NDArray[np.float64], places: int) -> NDArray[np.float64]:
    exact = numbers * 10**places
    whole = np.rint(exact)
    for at in np.flatnonzero(np.abs(exact - whole) > 0.5 - TIE).tolist():  # it depends on digits that are lost here
        whole[at] = round(round(float(numbers[at]), places) * 10**places)
    return np.asarray(whole)


def packed(strings: Sequence[str]) -> tuple[NDArray[np.uint8], Ints]:
    """The UTF-8 of strings side by side, and where each ends."""
    data = "".join(strings).encode("utf-8", "surrogatepass")
    sizes: Iterable[int] = map(len, strings)
    if not data.isascii():
        sizes = (len(one.encode("utf-8", "surrogatepass")) for one in strings)
    return np.frombuffer(data, np.uint8), np.cumsum(np.fromiter(sizes, np.int64, len(strings)))
