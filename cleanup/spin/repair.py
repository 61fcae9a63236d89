"""What each spun form of one document stands for, solved once per form from all its occurrences together.

Every form has a few readings: itself (honest), or one of the originals of the lexicon. A reading's log-odds are its prior plus
the association of all its occurrences with their neighbours on both sides; a neighbour that is itself uncertain counts with
all its readings, each by its probability. A few rounds settle this (mean field), so repaired words become context.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.arrays import ranges
from cleanup.spin.context import Context, word_key
from cleanup.spin.forms import Candidate
from cleanup.spin.lexicon import SMALL, capitalised
from cleanup.spin.passage import Token
from cleanup.spin.prior import Priors
from cleanup.spin.tokens import Keys
from cleanup.spin.topic import Surroundings, Topic

BOUNDARY = word_key(".")
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
    """The longest known form that begins with a token."""
    token = passage[at]
    form = token.word
    name = capitalised(form) if token.title or form in SMALL else ""
    best = None
    end, most = at + 1, min(at + priors.reach(form), len(passage))
    while True:
        whole = end == len(passage) or passage[end].joint != "-" or passage[end].fresh
        if whole and form not in skip:
            if name and name in priors:
                best = Unit(at, end, name, token.suffix)
            elif form in priors:
                best = Unit(at, end, form, token.suffix)
        if end >= most or token.suffix:
            return best
        token = passage[end]
        if token.word == "not" and best is not None and best.form == "can":
            best = None  # "cannot", written as two words: alone the first would say something else
        if token.joint not in (" ", "-") or token.fresh or token.locked:
            return best
        form += token.joint + token.word
        name = capitalised(form) if name and (token.title or token.word in SMALL) else ""
        end += 1


def read(solved: Solution, priors: Priors) -> tuple[list[Unit], list[Reading | None]]:
    """The units of a passage and what they are read as. A phrase that turns out to be honest is cut again into its words."""
    cut, found = solved.lattice.cut, solved.by_unit()
    honest = frozenset(
        unit.form
        for unit, reading in zip(cut, found, strict=True)
        if reading is not None and unit.last - unit.first > 1 and reading.candidate is None
    )
    if honest:
        passage = solved.lattice.passage
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


def _tops(values: Floats, starts: Ints, sizes: Ints) -> Ints:
    """Where each group has its highest value, the first of them; groups lie one behind the other."""
    highest = np.repeat(np.maximum.reduceat(values, starts), sizes)
    at = np.flatnonzero(values == highest)
    return at.take(np.unique(np.repeat(np.arange(len(starts)), sizes).take(at), return_index=True)[1])


class Lattice:
    """All readings of all units in flat arrays. `slot[i]` is the document-wide reading that local option i is an instance of."""

    def __init__(self, passage: Sequence[Token], cut: list[Unit], priors: Priors) -> None:
        self.passage = passage
        self.cut = cut
        self._scale: Floats | None = None
        numbers: dict[str, int] = {}
        form = np.array([numbers.setdefault(unit.form, len(numbers)) if unit.form else -1 for unit in cut], dtype=np.int64)
        self.forms = list(numbers)
        rows = [priors.form(name) for name in self.forms]
        self.options = [row.options for row in rows]
        count = np.array([len(options) for options in self.options], dtype=np.int64)
        self.end = np.cumsum(count) + 1  # slot 0 is "nothing to decide"
        self.start = self.end - count
        self.decided = np.flatnonzero(form >= 0)  # units
        self.form = form[self.decided]
        self.counts = np.bincount(self.form, minlength=len(rows))
        # By unit, and by local option.
        many, begin = np.ones(len(cut), dtype=np.int64), np.zeros(len(cut), dtype=np.int64)
        many[self.decided], begin[self.decided] = count[self.form], self.start[self.form]
        self.first = np.concatenate([[0], np.cumsum(many)])
        self.size = int(self.first[-1])
        self.slot = ranges(begin, many)
        self.flat, self.offset = _words(passage, cut, priors)
        self.head = self.flat[self.offset[:-1]]
        self.tail = self.flat[self.offset[1:] - 1]
        self.left, self.right = self._neighbours()
        # By slot.
        columns = np.concatenate([np.zeros((3, 1)), *(np.stack([row.prior, row.share, row.renames]) for row in rows)], axis=1)
        self.prior, self.share, renames = columns
        self.changed = np.ones(len(self.prior))  # 1 for an original, 0 for the honest reading
        self.changed[0] = self.changed[self.start] = 0
        self.original = np.unique(np.concatenate([[0], *(row.original for row in rows)]), return_inverse=True)[1]
        self.about, self.near = np.zeros(len(self.prior)), np.zeros(self.size)
        self.named, self.guarded = np.zeros(len(self.prior)), np.zeros(len(self.prior))
        if rows:
            self.named[1:] = np.repeat(self._titled() / self.counts, count) * renames[1:]
            self._guard([number for number, row in enumerate(rows) if row.guarded])
            self._compare(np.concatenate([row.gain for row in rows]).astype(np.float64), priors.topic)

    def _titled(self) -> Ints:
        """How often each form is capitalised inside a sentence."""
        tokens = [self.passage[self.cut[unit].first] for unit in self.decided.tolist()]
        titled = [token.title and not token.fresh and not token.heading for token in tokens]
        return np.bincount(self.form[np.array(titled, dtype=bool)], minlength=len(self.forms))

    def _guard(self, forms: Sequence[int]) -> None:
        """Mark the originals of some forms near which a guard word stands."""
        if not forms:
            return
        words = [token.word for token in self.passage]
        near: dict[int, set[str]] = {number: set() for number in forms}
        for unit, number in zip(self.decided.tolist(), self.form.tolist(), strict=True):
            if number in near:
                first, last = self.cut[unit][:2]
                near[number].update(words[max(0, first - GUARD_REACH) : last + GUARD_REACH])
        for number, around in near.items():
            for slot, option in enumerate(self.options[number], int(self.start[number])):
                self.guarded[slot] = option is not None and not option.guard.isdisjoint(around)

    def _compare(self, gain: Floats, topic: Topic) -> None:
        """Find out how well the originals fit what the text is about: `about` by slot, `near` by option."""
        around = Surroundings(topic, [token.word for token in self.passage])
        spans = np.array([self.cut[at][:2] for at in self.decided.tolist()], dtype=np.int64)
        sizes = self.end - self.start
        self.about[1:] = around.to_text(gain, np.repeat(np.arange(len(sizes)), sizes), spans, self.form)
        options = ranges(self.first[self.decided], sizes[self.form])
        phrase = ranges(self.start[self.form] - 1, sizes[self.form])
        self.near[options] = around.nearby(gain, phrase, spans, sizes[self.form])

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
        sizes = self.end - self.start
        part = np.exp(logits[1:] - np.repeat(np.maximum.reduceat(logits, self.start), sizes))
        chance[1:] = part / np.repeat(np.add.reduceat(part, self.start - 1), sizes)
        return chance

    def vote(self, local: Floats, power: float) -> Floats:
        """Evidence of all occurrences of a form together, relative to the form as it stands."""
        total = _sums(self.slot, local, len(self.prior))
        sizes = self.end - self.start
        counts = self.counts.astype(np.float64) ** (1 - power)
        total[1:] = (total[1:] - np.repeat(total[self.start], sizes)) / np.repeat(counts, sizes)
        return total

    def triples(self, context: Context, chance: Floats) -> Floats:
        """Association of every option with two words on its left, on both sides, and on its right, neighbours at their best."""
        best = _tops(chance, self.first[:-1], np.diff(self.first))
        # The text as it is read so far, and where each unit stands in it; two words that are none before and behind.
        count = np.diff(self.offset)
        text = np.concatenate([_NONE, self.flat[ranges(self.offset[best], count[best])], _NONE])
        place = np.cumsum(np.concatenate([[2], count[best]]))
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
        return self._readings(self.logits[1:], np.arange(len(lattice.forms)), lattice.start - 1, np.zeros_like(self.logits))

    def by_unit(self) -> list[Reading | None]:
        """What every unit is read as: the vote of its form, corrected by how its own neighbours differ from the average."""
        lattice = self.lattice
        found: list[Reading | None] = [None] * len(lattice.cut)
        if lattice.forms:
            sizes = lattice.end - lattice.start
            counts = np.concatenate([[1], np.repeat(lattice.counts, sizes)])
            mean = _sums(lattice.slot, self.own, len(lattice.prior)) / counts
            total = self.logits[lattice.slot] + (self.own - mean[lattice.slot])
            many = sizes[lattice.form]
            options = ranges(lattice.first[lattice.decided], many)
            readings = self._readings(total[options], lattice.form, np.cumsum(many) - many, self.local[options])
            for unit, reading in zip(lattice.decided.tolist(), readings, strict=True):
                found[unit] = reading
        return found

    def _readings(self, logits: Floats, form: Ints, starts: Ints, own: Floats) -> list[Reading]:
        """The decisions for groups of log-odds one behind the other, each about the form with that number."""
        lattice = self.lattice
        if not len(form):
            return []
        sizes = (lattice.end - lattice.start)[form]
        top = _tops(logits, starts, sizes)
        chance = np.exp(logits - np.repeat(logits[top], sizes))
        best = 1 / np.add.reduceat(chance, starts)
        chance[top] = -1
        second = _tops(chance, starts, sizes) - starts
        gained = own[top] - own[starts]
        evidence = self.evidence[lattice.start[form] + top - starts]
        columns = (form, top - starts, best, evidence, second, lattice.counts[form], gained)
        found = []
        for number, choice, probability, gain, other, count, alone in zip(*(column.tolist() for column in columns), strict=True):
            name, options = lattice.forms[number], lattice.options[number]
            runner_up = options[other]
            found.append(Reading(name, options[choice], probability, gain, runner_up.after if runner_up else name, count, alone))
        return found


def _words(passage: Sequence[Token], cut: Sequence[Unit], priors: Priors) -> tuple[Keys, Ints]:
    """The keys of the words of all options of all units, and where each option begins among them."""
    keys: list[int] = []
    sizes: list[int] = [0]
    for unit in cut:
        if unit.first == unit.last:
            keys.append(BOUNDARY)
            sizes.append(1)
            continue
        keys += [token.key for token in passage[unit.first : unit.last]]
        sizes.append(unit.last - unit.first)
        if unit.form:
            more, lengths = priors.keys(unit.form, unit.suffix)
            keys += more
            sizes += lengths
    return np.array(keys, dtype=np.uint64), np.cumsum(sizes)
