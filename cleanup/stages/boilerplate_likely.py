"""Which of the lines that say when, how many or who may be read as metadata, and which as nothing but names: a compiled loop
over the words of the lines, by which most need not be read. Sound: what it turns away says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from cleanup import kernels
from cleanup.stages.boilerplate_characters import KNOWN
from cleanup.stages.boilerplate_phrases import tree
from cleanup.stages.boilerplate_suspects import Flags, Ints, kinds, plain, signs

READABLE, PERSONAL = 8, 16  # beside what lines may say (`boilerplate_suspects`)
# The words, and numbers, of: what is read; what somebody is; "and"; signs for it; what no name has; what may stand beside names;
# what introduces an author, or a source; agencies; what stands behind an author; what introduces a date; units of time; "ago";
# reading times. As `kernels/names.c` numbers them.
SETS = (
    *("said", "role", "join", "joining-sign", "no-name", "beside", "author", "agency", "behind", "label", "unit", "ago"),
    "counted",
)
UNITS = frozenset("k m st nd rd th er de del of º ª".split())  # noqa: SIM905  # what dates and counts are written with


class Likely:
    """The look at the words of a line. Immutable once made."""

    def __init__(self, sets: Mapping[str, Iterable[str]]) -> None:
        """`sets`: of SETS, case folded."""
        forms = {chr(number) + signs(phrase) for number, name in enumerate(SETS) for phrase in sets[name]}
        self._steps, self._bits, _ = tree(sorted(forms))
        self._opening = np.zeros(KNOWN, np.uint16)  # the sets whose words begin with each character, as bits
        for form in forms:
            if len(form) > 1 and ord(form[1]) < KNOWN:
                self._opening[ord(form[1])] |= 1 << ord(form[0])

    def say(self, data: bytes, begin: Ints, end: Ints, tells: Flags) -> Flags:
        """What the lines data[begin:end], in UTF-8, may say, READABLE and PERSONAL added to it."""
        found = tells.copy()
        loop = kernels.function("names_likely", "bytes i64* i64* i64 u16* u32* i32* i64 u16* u8*")
        loop(data, begin, end, len(begin), kinds(), plain(), self._steps, self._bits, self._opening, found)
        return found
