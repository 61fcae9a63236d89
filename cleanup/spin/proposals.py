"""The edits of a spun region: readings become Edits, and the small words around them are mended."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from msgspec import structs

from cleanup.document import Edit
from cleanup.spin import mend
from cleanup.spin.forms import Candidate
from cleanup.spin.gate import Region
from cleanup.spin.passage import Token
from cleanup.spin.quantity import amount
from cleanup.spin.repair import Reading, Unit

# From model probability to the share of right edits, as measured (tests/bench/bench_spin.py): the model is too sure of itself,
# but less so of several words and of function words.
FLAT, BASE, SURER = 0.82, 0.1, 0.4
# From there to score, so that a score is about the share of right edits from there up ...
CALIBRATION = ((0.0, 0.0), (0.525, 0.8), (0.58, 0.9), (0.87, 0.95), (1.0, 0.99))
# ... which in a text with few sure edits it is only as long as the mean over all surer ones is so high: that and so much.
SLACK = 0.01
HELD = 0.8  # the most that a tortured phrase, a changed amount or an edit inside a quotation can score: held for review
MENDED = 0.95
# A quotation is no longer the speaker's wording when the words inside it contradict their neighbours inside it: this many
# distinct forms in any case, or fewer that are at least such a share of its words. A spinner either keeps quotations or does
# not: so many forms in all of them together, and such a share of their words, show that this one did not.
CONTRADICTIONS = 3
DENSE = (2, 0.08)
TOGETHER = (4, 0.03)
SURE = 0.9  # model probability
CLEAR = 1.0  # association that the occurrence itself gains


def proposals(
    text: str,
    tokens: Sequence[Token],
    region: Region,
    least: float,
    open_quotations: frozenset[int],
    made: Sequence[float] = (),
) -> list[Edit]:
    """Edits of one region, not overlapping, in order, with scores of at least `least`.

    What is quoted is only held for review, apart from quotations that are known to be spun, by number. `made`: the probabilities
    of edits that have been made in it before.
    """
    part, spun = tokens[region.first : region.last], open_quotations
    drafts: list[tuple[Unit, Edit]] = []
    for unit, reading in zip(region.units, region.readings, strict=True):
        edit = _edit(text, part, unit, reading, spun) if reading is not None else None
        if edit is not None:
            drafts.append((unit, edit))
    edits: dict[int, Edit] = {}  # by the number of the first token; `last` the other way round
    last: dict[int, Edit] = {}
    for (unit, _), edit in zip(drafts, _bounded([edit for _, edit in drafts], made), strict=True):
        if edit.score >= least:
            edits[unit.first] = last[unit.last - 1] = edit
    found = [*edits.values(), *_articles(text, part, edits, last), *_doubled(text, part, edits, last)]
    if part:
        found += _braces(text, part)
    return _apart(found)


def chances(edits: Iterable[Edit]) -> list[float]:
    """The probabilities of those edits that have one."""
    return [float(str(edit.why["p"])) for edit in edits if "p" in edit.why]


def _bounded(edits: list[Edit], made: Sequence[float]) -> list[Edit]:
    """The edits with scores that are no higher than the mean probability of all that are at least as sure."""
    count, total = len(made), math.fsum(made)
    bound = {}
    for chance, several in groupby(sorted(chances(edits), reverse=True)):
        many = len(list(several))
        count, total = count + many, total + many * chance
        bound[chance] = round(total / count + SLACK, 3)
    return [structs.replace(edit, score=min(edit.score, bound[chances([edit])[0]])) for edit in edits]


def spun_quotations(tokens: Sequence[Token], region: Region) -> frozenset[int]:
    """Numbers of the quotations that are spun by evidence of their own, or of all quotations together."""
    part = tokens[region.first : region.last]
    found: dict[int, set[str]] = {}
    for unit, reading in zip(region.units, region.readings, strict=True):
        quotation = part[unit.first].quoted if unit.form else 0
        if quotation and reading and reading.candidate and reading.probability > SURE and reading.own > CLEAR:
            found.setdefault(quotation, set()).add(reading.form)
    size = Counter(token.quoted for token in part if token.quoted)
    forms = {form for several in found.values() for form in several}
    least, share = TOGETHER
    if len(forms) >= max(least, share * size.total()):
        return frozenset(size)
    least, share = DENSE
    return frozenset(at for at, forms in found.items() if len(forms) >= min(CONTRADICTIONS, max(least, share * size[at])))


def score(chance: float) -> float:
    """The share of edits of at least this probability of being right that are right, in a usual text."""
    for (low, left), (high, right) in pairwise(CALIBRATION):
        if chance <= high:
            return left + (right - left) * (chance - low) / (high - low)
    return CALIBRATION[-1][1]


def _chance(probability: float, surer: bool) -> float:
    """The probability that a reading to which the model gives this probability is right."""
    odds = math.log(max(probability, 1e-9) / max(1 - probability, 1e-9))
    return 1 / (1 + math.exp(-(FLAT * odds + BASE + SURER * surer)))


def _edit(text: str, part: Sequence[Token], unit: Unit, reading: Reading, spun: frozenset[int]) -> Edit | None:
    candidate = reading.candidate
    if candidate is None:
        return None
    head, tail = part[unit.first], part[unit.last - 1]
    chance = round(_chance(reading.probability, unit.last - unit.first > 1 or candidate.tier == "function"), 3)
    value = score(chance)
    quotations = {token.quoted for token in part[unit.first : unit.last]} - {0}
    if not quotations <= spun or candidate.tier == "tortured" or _other_amount(candidate, reading):
        value = min(value, HELD)
    end = tail.end
    if candidate.before.endswith("."):  # "sq." and the like: the stop belongs to the word
        if text[end : end + 1] != ".":
            return None
        end += 1
    before = text[head.start : end]
    after = mend.match_case(before, candidate.after, head.heading)
    why: dict[str, object] = {"p": chance, "context": round(reading.evidence, 2)}
    if reading.occurrences > 1:
        why["occurrences"] = reading.occurrences
    if reading.runner_up != candidate.after:
        why["next"] = reading.runner_up
    return Edit(head.start, end, before, after, candidate.rule, round(value, 3), why) if before != after else None


def _other_amount(candidate: Candidate, reading: Reading) -> bool:
    """Whether an edit would state another figure; that a figure was none at all ("half" for "part") has to be very likely."""
    before, after = amount(candidate.before), amount(candidate.after)
    return before != after and (after != 1 or reading.probability < SURE)


def _articles(text: str, part: Sequence[Token], edits: dict[int, Edit], last: dict[int, Edit]) -> Iterator[Edit]:
    """a or an before a new word. The edit has the score of its word, so that both are applied or neither."""
    for number, edit in edits.items():
        if not number or number - 1 in last or part[number].joint != " ":
            continue
        token = part[number - 1]
        wanted = mend.article(edit.after.split(" ")[0]) if token.word in ("a", "an") and not token.locked else None
        if wanted and wanted != token.word:
            before = text[token.start : token.end]
            yield Edit(token.start, token.end, before, mend.match_case(before, wanted, False), "spin/mend/article", edit.score)


def _doubled(text: str, part: Sequence[Token], edits: dict[int, Edit], last: dict[int, Edit]) -> Iterator[Edit]:
    """A preposition or article that stands twice once the edits are made, or that the spinner left standing twice."""
    for number in range(1, len(part)):
        one, two = part[number - 1], part[number]
        if two.joint != " " or two.fresh or one.locked or two.locked or one.quoted:
            continue
        left, right = last.get(number - 1), edits.get(number)
        if (left and right) or (left is None and right is None and one.word != two.word):
            continue
        first = left.after.rpartition(" ")[2].lower() if left else one.word
        second = right.after.partition(" ")[0].lower() if right else two.word
        if first != second or first not in mend.DOUBLED:
            continue
        start, end = (one.end, two.end) if left else (one.start, two.start)
        cause = left or right
        yield Edit(start, end, text[start:end], "", "spin/mend/doubled", cause.score if cause else MENDED)


def _braces(text: str, part: Sequence[Token]) -> Iterator[Edit]:
    """The two braces around a word or two."""
    start = max(part[0].start - 1, 0)
    locked = {token.start for token in part if token.locked}
    for match in mend.BRACES.finditer(text, start, part[-1].end + 1):
        if match.start(1) not in locked:
            yield Edit(match.start(), match.start(1), "{", "", "spin/mend/braces", MENDED)
            yield Edit(match.end(1), match.end(), "}", "", "spin/mend/braces", MENDED)


def _apart(edits: list[Edit]) -> list[Edit]:
    """In order; of two that overlap the one with the higher score, then the first."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if kept and edit.start < kept[-1].end:
            if edit.score <= kept[-1].score:
                continue
            kept.pop()
        kept.append(edit)
    return kept
