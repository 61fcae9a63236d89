"""How names of persons are written in letters that have capitals."""

from __future__ import annotations

import re

from cleanup.stages.boilerplate_suspects import PARTICLES

CHARS = 48
PROPER = range(2, 6)  # parts of a name that begin with a capital
_WORD = re.compile(r"(?:[dlDLO]['’])?[^\W\d_][^\W\d_'’.\-]*(?:[-'’.][^\W\d_]*)*")
_POSSESSED = re.compile(r"[^\W\d_]{3}['’]")  # a case ending or a possession
_BUREAU = re.compile(r"[A-ZÄÖÜ]{3}-\w*[a-zäöü]")  # "ARD-Studio Rom"


def is_person(name: str) -> bool:
    """Whether words, single spaces between, may be a person's name.

    >>> is_person("Juan M. Pérez de la Cruz"), is_person("Anne d'Exemple"), is_person("The river's bank")
    (True, True, False)
    """
    parts = name.split()
    if sum(map(_is_proper, parts)) not in PROPER or len(name) > CHARS or _POSSESSED.search(name) or _BUREAU.search(name):
        return False
    return parts[0][0].isupper() and all(_WORD.fullmatch(part) and (_is_proper(part) or part in PARTICLES) for part in parts)


def titled(name: str) -> str:
    """A name in capitals as it is written elsewhere: "ANN LEE"."""
    return name.title() if name.isupper() and len(name.split()) > 1 else name


def _is_proper(part: str) -> bool:
    """Whether a part of a name begins with a capital: "Angelo", "d'Angelo"."""
    return part[0].isupper() or (part[0] in "dl" and part[1:2] in ("'", "’") and part[2:3].isupper())
