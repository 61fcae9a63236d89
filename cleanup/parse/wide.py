"""UTF-16 and UTF-32 that do not say so: without a byte order mark."""

from __future__ import annotations

import unicodedata
from collections import Counter

from cleanup.parse.letters import is_odd, letters, script

_HEAD = 3000  # bytes that are looked at
_NAMES = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))


def wide(data: bytes) -> tuple[str, str, float] | None:
    """(encoding, text, confidence) when the data reads well in a wide encoding, and better than in the others."""
    if len(data) < 4:
        return None
    found: list[tuple[float, str]] = []
    for name, width in _NAMES:
        if len(data) % width == 0:
            head = _decoded(data[:_HEAD], name) or _decoded(data[: _HEAD - 2], name)
            if head is not None and _is_text(head):
                fit = letters().fit(head[:400])
                found.append((fit.bits / max(1, len(head[:400])), name))
    for rate, name in sorted(found):
        text = _decoded(data, name)
        if text is not None:
            return name, text, 0.98 if rate < 9 else 0.9
    return None


def _decoded(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _is_text(head: str) -> bool:
    """Whether characters are what texts are made of, in one script or two, and not just the halves of something else."""
    counts = Counter(head)
    size = len(head)
    if counts["\0"] or sum(
        n for char, n in counts.items() if unicodedata.category(char) in _STRANGE and char not in "\n\r\t\ufeff"
    ):
        return False
    odd = sum(n for char, n in counts.items() if is_odd(char) and not char.isascii())
    if 10 * odd > size:
        return False
    scripts: Counter[str] = Counter()
    for char, n in counts.items():
        if char.isalpha():
            scripts[script(char)] += n
    total = sum(scripts.values())
    main = sum(n for _, n in scripts.most_common(2))
    if 10 * main < 9 * total or 3 * total < size:
        return False
    # Two Latin letters make one ideograph, so ideographs have to be such as people use.
    east = scripts["CJK"] + scripts["HANGUL"]
    return 2 * east < total or letters().fit(head[:400]).rate <= 11.0


_STRANGE = frozenset(("Cc", "Cn", "Co", "Cs"))
