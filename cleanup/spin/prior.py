"""How probable each reading of a spun form is before its context is looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.spin import context as model
from cleanup.spin.context import Context
from cleanup.spin.forms import Candidate
from cleanup.spin.lexicon import Lexicon
from cleanup.spin.topic import Topic, Vectors

FUNCTION_WORD = 1e-3  # of all words; so frequent a word is mostly left alone, apart from these:
ALWAYS_SPUN = frozenset(
    ("but", "more", "while", "also", "many", "because", "about", "just", "really", "actually", "think", "people")
)
SET_CHANGED = 0.005  # how often the spinner changes an original to a variant that only a synonym set names
READINGS = 9  # the most probable originals of a form that are looked at
REMEMBERED = 1 << 13  # forms whose readings are kept in columns, 3 KB each

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Form(NamedTuple):
    """The readings of a form, in columns: first the form as it stands, then its originals."""

    options: tuple[Candidate | None, ...]
    prior: Floats  # log-odds against the form as it stands
    share: Floats  # logarithm of the part of the original that goes to the form
    gain: Vectors  # its direction less that of the form
    original: Ints  # the number of the original, 0 for none
    renames: Floats  # 1.0 where a capitalised form would be no name any more
    guarded: bool  # whether there are guard words


class PriorWeights:
    """Fitted in tests/bench; see rules/spin/README.md."""

    flow = 0.55  # weight of frequency-and-share log-odds
    judged = 0.5  # weight of the prior written in the lexicon
    bias = -0.4
    seen = 0.6  # how far observation makes a form suspicious ...
    trust = 1.5  # ... and how many observations outweigh what the lexicon says of its originals
    core = 0.8
    number = 3.0  # against writing out a number
    tortured = 1.0


class Priors:
    """Readings of every form with prior log-odds against the honest reading (which has 0). Lazy: computed form by form."""

    def __init__(
        self, lexicon: Lexicon, context: Context, topic: Topic | None = None, weights: type[PriorWeights] = PriorWeights
    ) -> None:
        self.lexicon = lexicon
        self.context = context
        self.topic = topic or Topic.empty()
        self.weights = weights
        self._forms = lexicon.by_form
        self._known = self._forms.keys()
        self._longest = lexicon.longest
        self._numbers: dict[str, int] = {}
        self.readings = cache(self._readings)
        self.form = lru_cache(REMEMBERED)(self._form)
        self.frequency = cache(self._frequency)
        self.keys = cache(self._keys)

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Priors:
        """Lexicon, context model and word vectors of all rule directories (the last table of each kind wins)."""

        def last(name: str) -> Path | None:
            return next((path / "spin" / name for path in reversed(paths) if (path / "spin" / name).is_file()), None)

        counts, vectors = last("context.zst"), last("vectors.zst")
        context = Context.load(counts) if counts else Context.empty()
        return cls(Lexicon.load(paths), context, Topic.load(vectors) if vectors else None)

    def __contains__(self, form: str) -> bool:
        return form in self._known

    def reach(self, word: str) -> int:
        """The most words of a form that begins with this word."""
        return self._longest.get(word, 1)

    def _frequency(self, phrase: str) -> float:
        """About how often a word or phrase stands in the counted text."""
        words = model.words(phrase)
        if not words:
            return 1.0
        if len(words) <= 3:
            known = self.context.count(*words)
            if known or len(words) == 1:
                return max(known, 0.5)
            return 0.7
        return max(0.5, min(self.context.count(*words[at : at + 3]) for at in range(len(words) - 2)) * 0.6)

    def kept(self, form: str) -> float:
        """The probability that the spinner leaves a word of the journalist as it is."""
        strongest = self.lexicon.spun_away.get(form)
        if strongest is None:
            return 1.0
        usual = {"core": 0.13, "common": 0.85}[strongest]
        return usual if form in ALWAYS_SPUN or self.frequency(form) < FUNCTION_WORD * self.context.total else 0.9

    def _observed(self, scored: list[tuple[float, Candidate]]) -> list[tuple[float, Candidate]]:
        """Log-odds once the observed counts of a form are taken in: how often it was seen, and for which original."""
        w = self.weights
        counts = [self._seen(candidate) for _, candidate in scored]
        seen = math.fsum(counts)
        if not seen:
            return scored
        odds = [math.exp(score) for score, _ in scored]
        total = math.fsum(odds)
        boosted = math.log(total) + w.seen * min(math.log1p(seen), 3.0)
        found = []
        for part, count, (_, candidate) in zip(odds, counts, scored, strict=True):
            share = (count + w.trust * part / total) / (seen + w.trust)
            found.append((boosted + math.log(max(share, 1e-9)), candidate))
        return found

    def _seen(self, candidate: Candidate) -> float:
        """Observations of this form: those of its lemma, less for a form that is rarer."""
        if not candidate.seen:
            return 0.0
        return candidate.seen * min(1.0, self.frequency(candidate.after) / max(self.frequency(candidate.lemma), 1.0))

    def changed(self, candidate: Candidate) -> float:
        """The probability that the spinner changes the original of a pair wherever it stands."""
        if candidate.tier == "set":
            return SET_CHANGED
        return 0.8 if candidate.tier in ("name", "tortured") else 1 - self.kept(candidate.after)

    def _readings(self, form: str) -> tuple[tuple[Candidate, ...], list[float]]:
        w = self.weights
        honest = self.frequency(form) * self.kept(form)
        scored = []
        for candidate in self._forms[form]:
            flow = self.frequency(candidate.after) * self.changed(candidate) * candidate.share
            p = min(max(candidate.prior, 0.02), 0.98)
            score = w.flow * math.log(flow / honest) + w.judged * math.log(p / (1 - p)) + w.bias
            score += w.core * candidate.core
            score -= w.number * form.isdigit() + w.tortured * (candidate.tier == "tortured")
            scored.append((score, candidate))
        scored = self._observed(scored)
        scored.sort(key=lambda item: (-item[0], item[1].after))
        del scored[READINGS:]
        return tuple(candidate for _, candidate in scored), [0.0, *(score for score, _ in scored)]

    def _form(self, form: str) -> Form:
        candidates, logs = self.readings(form)
        options = (None, *candidates)
        vectors = self.topic.phrases([form, *(option.after for option in candidates)])
        known = vectors.any(axis=1) & vectors[0].any()
        return Form(
            options,
            np.array(logs),
            np.array([0.0, *(math.log(option.share) for option in candidates)]),
            np.where(known[:, None], vectors - vectors[0], 0),
            np.array([0, *(self._numbers.setdefault(option.after, len(self._numbers) + 1) for option in candidates)]),
            np.array([0.0, *(float(option.tier != "name" and " " not in form) for option in candidates)]),
            any(option.guard for option in candidates),
        )

    def _keys(self, form: str, suffix: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The keys of the words of every original of a form that stands with this suffix, in a row, and how many each has."""
        ending = suffix.replace("’", "'")
        phrases = [(option.after.replace("-", " ") + ending).split(" ") for option in self.readings(form)[0]]
        return tuple(map(model.word_key, chain.from_iterable(phrases))), tuple(map(len, phrases))
