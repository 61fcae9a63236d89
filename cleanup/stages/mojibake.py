"""The mojibake stage: ftfy, the misreadings that ftfy does not attempt, and repairs of single characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path

import msgspec

from cleanup.config import MojibakeConfig
from cleanup.document import Document, Edit, Proposal, Spans, apply
from cleanup.rules import Rule
from cleanup.stages import Propose, ftfy_prefilter, misreading, readings, stage
from cleanup.stages import mojibake_characters as characters
from cleanup.stages import mojibake_prefilter as prefilter
from cleanup.stages import mojibake_whole as whole
from cleanup.stages import mojibake_words as words
from cleanup.stages.mojibake_draft import Draft, changed_words, differences
from cleanup.stages.mojibake_rules import load

ROUNDS = 12  # repairs that uncover one another, such as an entity inside of mojibake
SEGMENT = 1_000_000  # characters of a line that are repaired in one piece, as ftfy does it
_BEFORE = ("mojibake/surrogates", "mojibake/entities")  # what has to be done before bytes are looked at
_FINDERS = {
    "mojibake/hyphen-newline": (prefilter.SPLIT, words.split_words),
    "mojibake/rot1": (prefilter.CIPHER, words.ciphered),
    "mojibake/pinyin": (prefilter.PINYIN, words.pinyin),
}
_AFTER = ("mojibake/control", "mojibake/soft-hyphen", "mojibake/zero-width", "mojibake/bidi")


def rules(paths: Sequence[Path]) -> list[Rule]:
    """Every rule of the stage with its examples."""
    return [rule.public() for rule in load(paths).values()]


@stage("mojibake", version=2, rules=rules)
def mojibake(cfg: MojibakeConfig, paths: Sequence[Path]) -> Propose:
    """Build the stage: repairs of bytes and characters, as small edits."""
    cfg = cfg or MojibakeConfig()
    known = load(paths)
    active = {rule.id for rule in known.values() if rule.enabled and not rule.id.startswith(cfg.off or ("\0",))}
    if not cfg.beyond_ftfy:
        active -= misreading.RULES

    straight = bool(known["mojibake/ftfy"].detail.get("ascii-apostrophes"))

    def propose(docs: Sequence[Document]) -> Iterable[Iterable[Proposal]]:
        texts = [doc.text for doc in docs]
        out: list[list[Edit]] = [[] for _ in docs]
        wanted = prefilter.find(texts)
        for rule, (reason, find) in _FINDERS.items():
            for index in wanted.texts[reason] if rule in active else ():
                out[index] += find(texts[index])
        repairs = [(index, Repair(texts[index], found, out[index])) for index, found in enumerate(wanted.lines) if found]
        _settle([draft for _, repair in repairs for draft in repair.drafts], active)
        for index, repair in repairs:
            made = list(repair.edits())
            out[index] += _straight(texts[index], made) if straight else made
        return out

    return propose


_CONTRACTION = re.compile("(?<=[A-Za-z])’(?=(?:s|t|re|ve|ll|d|m)(?![A-Za-z]))")


def _straight(text: str, edits: list[Edit]) -> list[Edit]:
    """Apostrophes of English contractions as ASCII has them, where nothing else in the repaired text would be outside ASCII."""
    made = [edit for edit in edits if edit.rule == "mojibake/ftfy"]
    rest = apply(text, (msgspec.structs.replace(edit, after="") for edit in made))
    if not rest.isascii() or not all(_CONTRACTION.sub("'", edit.after).isascii() for edit in made):
        return edits
    return [
        msgspec.structs.replace(edit, after=_CONTRACTION.sub("'", edit.after)) if edit.rule == "mojibake/ftfy" else edit
        for edit in edits
    ]


class Repair:
    """The wanted lines of a text under repair, except where something else has been proposed."""

    def __init__(self, text: str, wanted: dict[int, int], taken: Sequence[Edit]) -> None:
        self.parts = text.split("\n")
        self.taken = taken
        self.drafts: list[Draft] = []
        others, at = Spans(taken), 0
        for number, line in enumerate(self.parts):
            if number in wanted and not others.meet(at, at + len(line)):
                ending = "\n" if number + 1 < len(self.parts) else ""
                for start in range(0, max(1, len(line)), SEGMENT):
                    last = start + SEGMENT >= len(line)
                    draft = Draft(line[start : start + SEGMENT], at + start, ending if last else "", wanted[number])
                    self.drafts.append(draft)
            at += len(line) + 1

    def edits(self) -> Iterator[Edit]:
        """What the repairs of the lines have come to."""
        made = whole.agreed(self.parts, self.drafts, self.taken)
        yield from made
        spans = Spans(made)
        yield from (edit for draft in self.drafts for edit in draft.held if not spans.meet(edit.start, edit.end))


def _settle(drafts: Sequence[Draft], active: Set[str]) -> None:
    """Repair lines until nothing changes. What a changed line needs, the prefilter says of all of them at once."""
    for _ in range(ROUNDS):
        changed = _changed(drafts, active)
        if not changed:
            return
        for draft, found in zip(changed, prefilter.find([draft.text for draft in changed]).lines, strict=True):
            draft.reasons = found.get(0, 0)
        drafts = [draft for draft in changed if draft.reasons]


def _changed(drafts: Sequence[Draft], active: Set[str]) -> list[Draft]:
    """One repair of each line: of characters that hide bytes, of bytes, or else of characters that should not be there."""
    before = [draft.text for draft in drafts]
    special = [(draft, draft.text) for draft in drafts if draft.reasons & prefilter.CHARACTERS]
    for draft, _ in special:
        characters.fix(draft, _BEFORE, active)
    same = [draft for draft, text in zip(drafts, before, strict=True) if draft.text == text]
    unread = [draft for draft in same if draft.reasons & (prefilter.ODD | prefilter.BAD) and draft.text != draft.settled]
    for draft, fixed in zip(unread, _by_ftfy(unread, active), strict=True):
        _encoding(draft, fixed, active)
    for draft, text in special:
        # Only what is left when all bytes are read is residue: a soft hyphen may be half of a letter.
        if draft.text == text and draft.open:
            characters.fix(draft, _AFTER, active)
    return [draft for draft, text in zip(drafts, before, strict=True) if draft.text != text]


def _by_ftfy(drafts: Sequence[Draft], active: Set[str]) -> list[str]:
    """The lines as `ftfy.fix_encoding` repairs them."""
    fixed = [draft.text for draft in drafts]
    bad = [index for index, draft in enumerate(drafts) if draft.reasons & prefilter.BAD and "mojibake/ftfy" in active]
    while bad:
        before = [fixed[index] for index in bad]
        for index in bad:
            fixed[index] = ftfy_prefilter.step(fixed[index])
        bad = [index for index, text in zip(bad, before, strict=True) if fixed[index] != text]
        still = prefilter.bad([fixed[index] for index in bad])
        bad = [bad[place] for place in still]
    return fixed


def _encoding(draft: Draft, fixed: str, active: Set[str]) -> None:
    """Take ftfy's repair of a line, or another reading of its bytes where that is likelier."""
    whole = draft.text
    if whole.isascii():
        return
    beyond = not active.isdisjoint(misreading.RULES)
    ending = draft.ending if whole.endswith(draft.ending) and fixed.endswith(draft.ending) else ""
    line, theirs = whole.removesuffix(ending), fixed.removesuffix(ending)
    if fixed != whole:
        if beyond and misreading.shown(line, theirs):
            _hold(draft, line, theirs, "mojibake/ftfy", 0.6, {"shown": True})
            return
        words, after = line.split(" "), theirs.split(" ")
        if len(words) == len(after):
            after = [old if old != new and _capitals(old, line) else new for old, new in zip(words, after, strict=True)]
            theirs = " ".join(after)
            fixed = theirs + ending
            if fixed == whole:
                draft.settled = whole
                return
        if not beyond or _convincing(line, theirs, words, after):
            changes = changed_words(words, after) if len(words) == len(after) else differences(line, theirs)
            draft.replace_all(list(changes), "mojibake/ftfy")
            draft.settled = fixed
            return
    reading = misreading.repair(line) if beyond else None
    contested = None
    if beyond and fixed != whole and (reading is None or reading.score < 0.9):
        contested = misreading.contested(line, theirs)
    reading = contested or reading
    if (
        reading is not None
        and reading.rule in active
        and (contested or fixed == whole or misreading.likelier(reading.text, theirs))
    ):
        if reading.score >= 0.9:
            draft.rewrite(reading.text + ending, reading.rule, reading.score, reading.why)
            draft.hypothesis, draft.gain = reading.hypothesis, reading.gain
            return
        if reading.score >= 0.5:
            _hold(draft, line, reading.text, reading.rule, reading.score, reading.why)
            return
    if beyond and misreading.by_chance(line, theirs):
        _hold(draft, line, theirs, "mojibake/ftfy", 0.6, {})
        return
    draft.rewrite(fixed, "mojibake/ftfy")


def _hold(draft: Draft, line: str, text: str, rule: str, score: float, why: dict[str, object]) -> None:
    """Leave a line to a person, and build nothing upon it: soft hyphens and controls may be bytes that only a person can read."""
    draft.open = False
    if draft.text == draft.original:
        draft.held = [
            Edit(draft.offset + start, draft.offset + end, line[start:end], new, rule, score, why)
            for start, end, new in differences(line, text)
        ]


_CAPITALS = re.compile("(?<![^\\W\\d_])[A-ZÀ-ÖØ-Þ]{2,}Ã([»®])\\W*$")


def _capitals(word: str, line: str) -> bool:
    """Whether a word ends in a Portuguese letter before a sign: «IRMÃ», AMANHÃ®. Read as bytes it would end in a small letter."""
    found = _CAPITALS.search(word)
    return found is not None and (found[1] == "®" or "«" in line)


def _convincing(line: str, fixed: str, words: Sequence[str], after: Sequence[str]) -> bool:
    """Whether ftfy's repair leaves no doubt: it is the only way to read the line as UTF-8, and what it gives is fine."""
    if readings.spaced().search(line) or len(words) != len(after) or misreading.by_chance(line, fixed):
        return False
    wide = [index for index, plain in enumerate(map(str.isascii, words)) if not plain]
    mine = tuple([after[index] for index in wide])
    others = readings.whole([words[index] for index in wide])
    if mine not in others:
        return not prefilter.has_c1(line) and prefilter.is_fine(fixed)
    return all(misreading.likelier(" ".join(mine), " ".join(other)) for other in others if other != mine)
