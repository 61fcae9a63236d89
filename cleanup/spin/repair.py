"""What each spun form of one document stands for, solved once per form from all its occurrences together.

Every form has a few readings: itself (honest), or one of the originals of the lexicon. A reading's log-odds are its prior plus
the association of all its occurrences with their neighbours on both sides; a neighbour that is itself uncertain counts with
all its readings, each by its probability. A few rounds settle this (mean field), so repaired words become context.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.arrays import ranges
from cleanup.spin.context import Context, word_key
from cleanup.spin.lexicon import SMALL, Candidate, capitalised
from cleanup.spin.passage import Token
from cleanup.spin.prior import Priors
from cleanup.spin.topic import Surroundings, Topic

BOUNDARY = "."
_NONE = np.zeros(2, dtype=np.uint64)  # the keys of no words
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Weights(NamedTuple):
    """How the kinds of evidence are mixed; fitted in tests/bench, see rules/spin/README.md."""

    pair: float = 0.54
    triple: float = 0.4
    votes: float = 0.5  # evidence of n occurrences counts n ** votes times their mean
    share: float = 0.45  # more for an original of which much goes to the form
    about: float = 1.2  # for an original that fits what the text is about ...
    near: float = 0.4  # ... and the words near by
    shift: float = -0.5  # for every original, against the form as it stands
    rival: float = 0.6  # against an original that another form of the text stands for
    name: float = 1.7  # against changing what is capitalised inside a sentence
    guard: float = 5.0  # against an original near whose guard words the form is honest
    own: float = 0.8  # how far an occurrence may differ from the others of its form, by its own neighbours
    rounds: int = 3


WEIGHTS = Weights()
GLANCE = Weights(rounds=1)  # neighbours at their prior, pairs only
HOPELESS = 0.002  # a reading below this probability is not looked at in triples
GUARD_REACH = 12  # tokens on either side in which a guard word makes a form honest


class Unit(NamedTuple):
    """A span of tokens `first:last` that is read as a whole, or a sentence boundary (first == last)."""

    first: int
    last: int
    form: str  # "" when there is nothing to decide
    suffix: str


class Reading(NamedTuple):
    """The decision for one unit: the chosen candidate (None: honest), its probability, and what it rests on."""

    form: str
    candidate: Candidate | None
    probability: float
    evidence: float  # association gained over the form as it stands
    runner_up: str
    occurrences: int
    own: float = 0.0  # association that this occurrence alone gains; only of readings by unit


def units(passage: Sequence[Token], priors: Priors, skip: frozenset[str] = frozenset()) -> list[Unit]:
    """Cut a passage into units, longest form first. `skip`: forms that are not to be matched."""
    found: list[Unit] = []
    at = 0
    while at < len(passage):
        token = passage[at]
        if token.fresh:
            found.append(Unit(at, at, "", ""))
        unit = Unit(at, at + 1, "", token.suffix)
        if not token.locked and (token.joint != "-" or not at):
            unit = _longest(passage, at, priors, skip) or unit
        found.append(unit)
        at = unit.last
    found.append(Unit(len(passage), len(passage), "", ""))
    return found


def _longest(passage: Sequence[Token], at: int, priors: Priors, skip: frozenset[str]) -> Unit | None:
    form = passage[at].word
    best = None
    named = True
    for last in range(at + 1, min(at + priors.reach(form), len(passage)) + 1):
        token = passage[last - 1]
        if last > at + 1:
            before = passage[last - 2]
            if token.joint not in (" ", "-") or token.fresh or token.locked or before.suffix:
                break
            form += token.joint + token.word
        named = named and (token.title or token.word in SMALL)
        after = passage[last] if last < len(passage) else None
        if form in skip or (after is not None and after.joint == "-" and not after.fresh):
            continue
        if named and (name := capitalised(form)) in priors:
            best = Unit(at, last, name, token.suffix)
        elif form in priors:
            best = Unit(at, last, form, token.suffix)
    return best


def read(lattice: Lattice, priors: Priors) -> tuple[list[Unit], list[Reading | None]]:
    """The units of a passage and what they are read as. A phrase that turns out to be honest is cut again into its words."""
    passage, cut = lattice.passage, lattice.cut
    found = solve(lattice, priors.context).by_unit()
    honest = frozenset(
        unit.form
        for unit, reading in zip(cut, found, strict=True)
        if reading is not None and unit.last - unit.first > 1 and reading.candidate is None
    )
    if honest:
        cut = units(passage, priors, honest)
        found = solve(Lattice(passage, cut, priors), priors.context).by_unit()
    return cut, found


def solve(lattice: Lattice, context: Context, weights: Weights = WEIGHTS) -> Solution:
    """The mean-field readings of a lattice."""
    if not lattice.forms:
        return Solution(lattice, lattice.prior, lattice.prior, np.zeros(lattice.size), np.zeros(lattice.size))
    scale = lattice.scale(context)
    fixed = lattice.prior + weights.shift * lattice.changed
    fixed -= weights.name * lattice.named + weights.guard * lattice.guarded
    fixed += weights.share * lattice.share + weights.about * lattice.about
    chance = lattice.softmax(fixed)
    evidence, local, logits = np.zeros_like(fixed), np.zeros(lattice.size), fixed
    for turn in range(weights.rounds):
        p = chance[lattice.slot]
        near = _log(_sums(lattice.left, p[lattice.right] * scale, lattice.size))
        near += _log(_sums(lattice.right, p[lattice.left] * scale, lattice.size))
        local = weights.pair * near + weights.near * lattice.near
        if turn:
            local += weights.triple * lattice.triples(context, p)
        evidence = lattice.vote(local, weights.votes)
        logits = fixed + evidence - weights.rival * lattice.rivals(chance)
        chance = lattice.softmax(logits)
    return Solution(lattice, logits, evidence, weights.own * local, local)


def _log(values: Floats) -> Floats:
    found = np.zeros(len(values))
    np.log(values, out=found, where=values > 0)
    return found


def _sums(slots: Ints, values: Floats, size: int) -> Floats:
    """Sum of `values` by slot."""
    total: Floats = np.bincount(slots, values, size).astype(np.float64)
    return total


class Lattice:
    """All readings of all units in flat arrays. `slot[i]` is the document-wide reading that local option i is an instance of."""

    def __init__(self, passage: Sequence[Token], cut: list[Unit], priors: Priors) -> None:
        self.passage = passage
        self.cut = cut
        self._scale: Floats | None = None
        self.forms: list[str] = []
        self.start: list[int] = []  # form -> its first slot; slot 0 is "nothing to decide"
        self.options: list[tuple[Candidate | None, ...]] = []
        seen: dict[str, int] = {}
        prior = [0.0]
        slot: list[int] = []
        words: list[tuple[int, ...]] = []
        first: list[int] = []
        counts: list[int] = []
        for unit in cut:
            first.append(len(slot))
            raw = _raw(passage, unit)
            if not unit.form:
                slot.append(0)
                words.append(raw)
                continue
            if unit.form not in seen:
                seen[unit.form] = len(self.forms)
                self.forms.append(unit.form)
                self.start.append(len(prior))
                candidates, logs = priors.readings(unit.form)
                self.options.append((None, *candidates))
                prior += logs
                counts.append(0)
            number = seen[unit.form]
            counts[number] += 1
            slot += range(self.start[number], self.start[number] + len(self.options[number]))
            words.append(raw)
            words += priors.keys(unit.form, unit.suffix)
        self.size = len(slot)
        self.prior = np.array(prior)
        self.slot = np.array(slot, dtype=np.int64)
        self.counts = counts
        self.first = np.array([*first, len(slot)], dtype=np.int64)
        self.flat = np.array([key for option in words for key in option], dtype=np.uint64)
        self.offset = np.cumsum([0, *map(len, words)])
        self.head = self.flat[self.offset[:-1]]
        self.tail = self.flat[self.offset[1:] - 1]
        self.left, self.right = self._neighbours()
        self.end = np.array([*self.start[1:], len(prior)] if self.start else [], dtype=np.int64)
        self.changed = np.ones(len(prior))  # by slot: 1 for an original, 0 for the honest reading
        self.changed[[0, *self.start]] = 0
        self.share = np.array([0.0, *(math.log(option.share) if option else 0.0 for form in self.options for option in form)])
        self.about, self.near = np.zeros(len(prior)), np.zeros(self.size)
        self.named, self.guarded, self.original = self._document(passage, cut)
        if self.forms:
            self._compare(priors.topic)

    def _document(self, passage: Sequence[Token], cut: Sequence[Unit]) -> tuple[Floats, Floats, Ints]:
        """By slot: is the form a name, is a guard word near; the number of the original."""
        words = [token.word for token in passage]
        titled = dict.fromkeys(self.forms, 0)
        near = {
            form: set[str]()
            for form, some in zip(self.forms, self.options, strict=True)
            if any(one and one.guard for one in some)
        }
        for unit in cut:
            if unit.form:
                token = passage[unit.first]
                titled[unit.form] += token.title and not token.fresh and not token.heading
                if unit.form in near:
                    near[unit.form].update(words[max(0, unit.first - GUARD_REACH) : unit.last + GUARD_REACH])
        named, guarded = np.zeros((2, len(self.prior)))
        original = np.zeros(len(self.prior), dtype=np.int64)
        numbers: dict[str, int] = {}
        for number, form in enumerate(self.forms):
            for slot, option in enumerate(self.options[number], self.start[number]):
                if option is None:
                    continue
                after = option.after
                named[slot] = titled[form] / self.counts[number] if option.tier != "name" and " " not in form else 0
                guarded[slot] = form in near and bool(option.guard & near[form])
                original[slot] = numbers.setdefault(after, len(numbers) + 1)
        return named, guarded, original

    def _compare(self, topic: Topic) -> None:
        """Find out how well the originals fit what the text is about: `about` by slot, `near` by option."""
        around = Surroundings(topic, [token.word for token in self.passage])
        vectors = topic.phrases(
            [
                option.after if option else form
                for form, options in zip(self.forms, self.options, strict=True)
                for option in options
            ]
        )
        numbers = {form: number for number, form in enumerate(self.forms)}
        decided = [at for at, unit in enumerate(self.cut) if unit.form]
        spans = np.array([self.cut[at][:2] for at in decided], dtype=np.int64).reshape(-1, 2)
        form = np.array([numbers[self.cut[at].form] for at in decided], dtype=np.int64)
        starts, sizes = np.array(self.start, dtype=np.int64), self.end - np.array(self.start, dtype=np.int64)
        gain = around.gain(vectors, starts - 1, sizes)
        self.about[1:] = around.to_text(gain, np.repeat(np.arange(len(starts)), sizes), spans, form)
        options = ranges(self.first[decided], sizes[form])
        self.near[options] = around.nearby(gain, ranges(starts[form] - 1, sizes[form]), spans, sizes[form])

    def rivals(self, chance: Floats) -> Floats:
        """By slot: the chance that another form of the text stands for the same original (at most 1)."""
        total = _sums(self.original, chance, int(self.original.max()) + 1)
        found = np.minimum(total[self.original] - chance, 1.0)
        found[self.original == 0] = 0
        return found

    def _neighbours(self) -> tuple[Ints, Ints]:
        """All pairs of an option and one of the unit behind it."""
        sizes = np.diff(self.first)
        ahead = np.repeat(sizes[1:], sizes[:-1])
        left = np.repeat(np.arange(len(ahead)), ahead)
        return left, ranges(np.repeat(self.first[1:-1], sizes[:-1]), ahead)

    def scale(self, context: Context) -> Floats:
        """By neighbouring options: how much more often they stand together than by chance."""
        if self._scale is None:
            pairs = context.assoc2(self.tail[self.left], self.head[self.right])
            self._scale = np.exp(np.clip(pairs, -6, 8))
        return self._scale

    def softmax(self, logits: Floats) -> Floats:
        """Probabilities of the readings, form by form."""
        chance = np.ones_like(logits)
        starts = np.array(self.start)
        sizes = self.end - starts
        part = np.exp(logits[1:] - np.repeat(np.maximum.reduceat(logits, starts), sizes))
        chance[1:] = part / np.repeat(np.add.reduceat(part, starts - 1), sizes)
        return chance

    def vote(self, local: Floats, power: float) -> Floats:
        """Evidence of all occurrences of a form together, relative to the form as it stands."""
        total = _sums(self.slot, local, len(self.prior))
        sizes = self.end - np.array(self.start)
        counts = np.array(self.counts, dtype=np.float64) ** (1 - power)
        total[1:] = (total[1:] - np.repeat(total[self.start], sizes)) / np.repeat(counts, sizes)
        return total

    def triples(self, context: Context, chance: Floats) -> Floats:
        """Association of every option with two words on its left, on both sides, and on its right, neighbours at their best."""
        bounds = self.first.tolist()
        weight = chance.tolist()
        best = np.array([max(range(a, b), key=weight.__getitem__) for a, b in itertools.pairwise(bounds)], dtype=np.int64)
        # The text as it is read so far, and where each unit stands in it; two words that are none before and behind.
        count = np.diff(self.offset)
        text = np.concatenate([_NONE, self.flat[ranges(self.offset[best], count[best])], _NONE])
        place = np.cumsum([2, *count[best].tolist()])
        unit = np.repeat(np.arange(len(best)), np.diff(self.first))
        live = np.flatnonzero(
            (np.diff(self.first)[unit] > 1) & ((chance >= HOPELESS) | (self.first[unit] == np.arange(self.size)))
        )
        unit, inner = unit[live], count[live]
        chain = np.empty((len(live), int(inner.max(initial=0)) + 4), dtype=np.uint64)
        rows = np.arange(len(live))
        chain[:, 0], chain[:, 1] = text[place[unit] - 2], text[place[unit] - 1]
        own = ranges(np.zeros_like(inner), inner)
        chain[np.repeat(rows, inner), 2 + own] = self.flat[ranges(self.offset[live], inner)]
        chain[rows, 2 + inner], chain[rows, 3 + inner] = text[place[unit + 1]], text[place[unit + 1] + 1]
        # Windows of three words that hold one of the neighbours; those inside the option say nothing about them.
        owner, at = np.repeat(rows, inner + 2), ranges(np.zeros_like(inner), inner + 2)
        outer = (at < 2) | (at >= inner[owner])
        owner, at = owner[outer], at[outer]
        one, two, three = chain[owner, at], chain[owner, at + 1], chain[owner, at + 2]
        full = (one != _NONE[0]) & (two != _NONE[0]) & (three != _NONE[0])
        return _sums(live[owner[full]], context.assoc3(one[full], two[full], three[full]), self.size)


class Solution(NamedTuple):
    """Log-odds and evidence by slot, and what the neighbours of each occurrence say by option."""

    lattice: Lattice
    logits: Floats
    evidence: Floats
    own: Floats
    local: Floats

    def by_form(self) -> list[Reading]:
        """What every form is read as, all its occurrences together."""
        lattice = self.lattice
        ends = lattice.end.tolist()
        return [
            self._reading(number, self.logits[start:end])
            for number, (start, end) in enumerate(zip(lattice.start, ends, strict=True))
        ]

    def by_unit(self) -> list[Reading | None]:
        """What every unit is read as: the vote of its form, corrected by how its own neighbours differ from the average."""
        lattice = self.lattice
        mean = _sums(lattice.slot, self.own, len(lattice.prior))
        forms = {form: number for number, form in enumerate(lattice.forms)}
        found: list[Reading | None] = []
        for first, unit in zip(lattice.first.tolist(), lattice.cut, strict=False):
            if not unit.form:
                found.append(None)
                continue
            number = forms[unit.form]
            start, end = lattice.start[number], int(lattice.end[number])
            local = self.own[first : first + end - start] - mean[start:end] / lattice.counts[number]
            reading = self._reading(number, self.logits[start:end] + local)
            top = lattice.options[number].index(reading.candidate)
            found.append(reading._replace(own=float(self.local[first + top] - self.local[first])))
        return found

    def _reading(self, number: int, logits: Floats) -> Reading:
        lattice = self.lattice
        options, form = lattice.options[number], lattice.forms[number]
        chance = np.exp(logits - logits.max())
        top = int(chance.argmax())
        best = float(chance[top] / chance.sum())
        chance[top] = -1
        other = options[int(chance.argmax())]
        evidence = float(self.evidence[lattice.start[number] + top])
        return Reading(form, options[top], best, evidence, other.after if other else form, lattice.counts[number])


def _raw(passage: Sequence[Token], unit: Unit) -> tuple[int, ...]:
    if unit.first == unit.last:
        return (word_key(BOUNDARY),)
    return tuple(word_key(token.word + token.suffix.replace("’", "'")) for token in passage[unit.first : unit.last])
