"""How probable each reading of a spun form is before its context is looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cleanup.spin import context as model
from cleanup.spin.context import Context
from cleanup.spin.lexicon import Candidate, Lexicon

FUNCTION_WORD = 1e-3  # of all words; so frequent a word is mostly left alone, apart from these:
ALWAYS_SPUN = frozenset("but more while also many because about just really actually think people".split())
READINGS = 9  # the most probable originals of a form that are looked at


class PriorWeights:
    """Fitted in tests/bench; see rules/spin/README.md."""

    flow = 0.6  # weight of frequency-and-share log-odds
    judged = 0.6  # weight of the prior written in the lexicon
    bias = -0.4
    seen = 0.8
    core = 0.4


class Priors:
    """Readings of every form with prior log-odds against the honest reading (which has 0). Lazy: computed form by form."""

    def __init__(self, lexicon: Lexicon, context: Context, weights: type[PriorWeights] = PriorWeights) -> None:
        self.lexicon = lexicon
        self.context = context
        self.weights = weights
        self._forms = lexicon.by_form
        self._longest = lexicon.longest
        self.readings = cache(self._readings)
        self.frequency = cache(self._frequency)

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Priors:
        """Lexicon and context model of all rule directories (the last context table wins)."""
        tables = [path / "spin" / "context.zst" for path in paths]
        found = [table for table in tables if table.is_file()]
        return cls(Lexicon.load(paths), Context.load(found[-1]) if found else Context.empty())

    def __contains__(self, form: str) -> bool:
        return form in self._forms

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
        usual = {"core": 0.2, "common": 0.5}[strongest]
        return usual if form in ALWAYS_SPUN or self.frequency(form) < FUNCTION_WORD * self.context.total else 0.9

    def _readings(self, form: str) -> tuple[tuple[Candidate, ...], list[float]]:
        w = self.weights
        honest = self.frequency(form) * self.kept(form)
        scored = []
        for candidate in self._forms[form]:
            flow = self.frequency(candidate.after) * (1 - self.kept(candidate.after)) * candidate.share
            p = min(max(candidate.prior, 0.02), 0.98)
            score = w.flow * math.log(flow / honest) + w.judged * math.log(p / (1 - p)) + w.bias
            score += w.seen * min(math.log1p(candidate.seen), 2.5) + w.core * candidate.core
            scored.append((score, candidate))
        scored.sort(key=lambda item: (-item[0], item[1].after))
        del scored[READINGS:]
        return tuple(candidate for _, candidate in scored), [0.0, *(score for score, _ in scored)]
