"""Who wrote it and when: the lines of metadata around an article, and those of a page that may be such lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

import msgspec
import numpy as np

from cleanup.stages.boilerplate_authors import BIOGRAPHY_LINES, Writers, closed, may_sign
from cleanup.stages.boilerplate_days import own_days
from cleanup.stages.boilerplate_glue import without_address
from cleanup.stages.boilerplate_likely import PERSONAL, READABLE
from cleanup.stages.boilerplate_lines import HEAD_LINES, Bools, Ints, Lines, Page, is_sentence, line_words
from cleanup.stages.boilerplate_metadata import Reading, Value, Vocabulary
from cleanup.stages.boilerplate_structure import Said, State, Verdict
from cleanup.stages.boilerplate_suspects import DATED, NAMED, WHO

TAIL_LINES = 30
METADATA_CHARS = 200
METADATA_WORDS = 14  # of a line that ends as a sentence does
NAME_CHARS = 80
SPOKEN_WORDS = 6  # a longer sentence is no metadata but right before or behind the article
BYLINE_LINES = 10  # a byline stands within so many lines of running text
DATED_CHARS = 80
NEARER = 0.0005  # less sure of a date with each line between the article and it,
REACH = 50  # up to so many lines
SURE = 0.9  # of a byline with which goes what stands around it,
SURE_BESIDE = 0.93  # and of that
TITLES = 3  # lines behind a byline that say what the author is
LABEL_WORDS = 3  # of a line that introduces the next one has fewer


class Suspects(msgspec.Struct, frozen=True):
    """What the lines of a page may say about the article, wherever they stand."""

    readings: dict[int, Reading]
    named: dict[int, str]  # lines that may be nothing but names
    told: list[int]  # lines that say when or who, whatever else they say
    tells: Mapping[int, int]  # what the lines that are worth reading may say
    crawled: str = ""


class Tells(msgspec.Struct, frozen=True):
    """What the lines of a page may say that are worth reading, wherever they stand: before any is read."""

    tells: dict[int, int] = {}
    told: list[int] = []  # lines before the article that say when or who
    read: list[int] = []  # lines that may be metadata, or nothing but names, if they stand where such lines stand
    says: bool = False  # whether any line, wherever it stands, may be metadata: the lines around the article are read only then


NOTHING = Tells()


def worth_reading(lines: Lines) -> Bools:
    """Which lines may be metadata by their size: sound."""
    return (~is_prose(lines) | lines.addressed) & (lines.chars <= METADATA_CHARS)  # a line is read without addresses


def is_prose(lines: Lines) -> Bools:
    """Which lines say too much in one sentence to be metadata."""
    return lines.sentence & (lines.words > METADATA_WORDS)


def tell(lines: Lines, pages: int, vocabulary: Vocabulary) -> list[Tells]:
    """What the lines of each page may say; lines that say nothing are left out."""
    rows = np.flatnonzero(worth_reading(lines))
    tells = vocabulary.suspicion.tells(lines.data, lines.begin[rows], lines.end[rows])
    other = np.zeros(len(rows), bool)  # without an address in it
    for at in np.flatnonzero(lines.addressed[rows]).tolist():
        line = lines.text(rows[at])
        if (text := without_address(line)) != line:
            other[at], tells[at] = True, vocabulary.suspicion.tell(text)
    saying = np.flatnonzero(tells)
    rows, tells, other = rows[saying], tells[saying], other[saying]
    page = np.searchsorted(lines.first, rows, "right") - 1
    number = rows - lines.first[page]
    edge = (number < HEAD_LINES) | (rows >= lines.first[page + 1] - TAIL_LINES)
    told = ((tells & np.where(edge, DATED | WHO, DATED)) > 0) & ~is_prose(lines)[rows]
    short = (number > 0) & ~lines.sentence[rows] & (lines.chars[rows] <= NAME_CHARS)
    named = short & (told | (edge & (tells & NAMED > 0)))
    near, late, before = _beside_article(lines, page, number)
    spoken = ~lines.sentence[rows] | (lines.words[rows] <= SPOKEN_WORDS)
    apart = near & ~edge
    wanted = ((near | late) & (short | told)) | (told & spoken) | (named & (np.bincount(page[apart], minlength=pages) > 0)[page])
    asked = wanted & ~other
    tells[~asked] |= READABLE | PERSONAL
    tells[asked] = vocabulary.likely.say(lines.data, lines.begin[rows[asked]], lines.end[rows[asked]], tells[asked])
    read = (told & (tells & READABLE > 0)) | (named & (tells & PERSONAL > 0)) | other
    asked = read & (near | late | ((told | other) & (spoken | (other & before))))
    says = np.bincount(page[told | read], minlength=pages) > 0
    told &= before
    keep = asked | told | apart
    found = [NOTHING] * pages
    for at, line, said, more, when in zip(*(one[keep].tolist() for one in (page, number, tells, asked, told)), strict=True):
        if found[at] is NOTHING:
            found[at] = Tells({}, [], [], bool(says[at]))
        one = found[at]
        one.tells[line] = said
        if more:
            one.read.append(line)
        elif when:
            one.told.append(line)
    return found


def _beside_article(lines: Lines, page: Ints, number: Ints) -> tuple[Bools, Bools, Bools]:
    """Which lines, by their pages and numbers there, stand around the article, as `_head` and `_tail` say; at the end of the
    page; and before the article."""
    head, body, tail = lines.edges[:, page]
    near = ((number >= head - HEAD_LINES) & (number < body)) | ((number >= np.maximum(tail, body)) & (number < tail + TAIL_LINES))
    late = lines.first[page] + number >= lines.first[page + 1] - BIOGRAPHY_LINES
    return near, late, number < head


def suspects(page: Page, vocabulary: Vocabulary, crawled: str, tells: Tells) -> Suspects:
    """Short lines that are metadata, or nothing but names, if they stand where such lines stand: of those that tell anything."""
    found = Suspects({}, {}, tells.told, tells.tells, crawled)
    if not tells.read:
        return found
    tail = len(page) - TAIL_LINES
    for line in tells.read:
        _suspect(found, line, page, vocabulary, line < HEAD_LINES or line >= tail)
    return found


def _suspect(found: Suspects, line: int, page: Page, vocabulary: Vocabulary, edge: bool) -> None:
    """What one short line may say; who, and names, only at an edge of the page or of the article."""
    said = found.tells[line]
    tells = said & (DATED | WHO if edge else DATED)
    if not tells and not (edge and said & NAMED):
        return
    text = page.line(line)
    ends, words = page.sentence[line], page.words[line]
    if "@" in text:
        text = without_address(text)
        ends, words = is_sentence(text), line_words(text)
    if ends and words > METADATA_WORDS:
        return
    if tells:
        found.told.append(line)
    if line == 0 < len(page) - 1 and "|" not in text and "•" not in text:
        return  # the title, whatever it says, unless it is glued to metadata
    if tells and said & READABLE and (reading := vocabulary.read(text, found.crawled)) and reading.kinds != {"time"}:
        found.readings[line] = reading
    if line and said & PERSONAL and not ends and len(text) <= NAME_CHARS:
        found.named[line] = text


def _at_the_article(state: State, vocabulary: Vocabulary, found: Suspects) -> None:
    """Names are looked for around the article, too, where it does not begin and end with the page."""
    page, head, tail = state.page, _head(state), _tail(state)
    for line in found.tells:
        if HEAD_LINES <= line < len(page) - TAIL_LINES and (line in head or line in tail):
            _suspect(found, line, page, vocabulary, True)
    found.told[:] = sorted(set(found.told))


def _head(state: State) -> range:
    return range(max(0, state.head_end - HEAD_LINES), state.body_start)


def _tail(state: State) -> range:
    return range(max(state.tail_start, state.body_start), min(len(state.page), state.tail_start + TAIL_LINES))


def metadata(state: State, vocabulary: Vocabulary, found: Suspects) -> None:
    """Lines of metadata around the article: byline, date, views; within it only those that cannot be anything else."""
    page = state.page
    head, tail = _head(state), _tail(state)
    _at_the_article(state, vocabulary, found)
    last = closed(state) if found.readings else 0
    days = own_days(state, vocabulary, found.readings) if found.readings else set()
    state.own |= days
    for line, reading in found.readings.items():
        if line in days:
            continue
        text = page.line(line)
        near = line in head or line in tail
        if state.long[line] or (not near and line_words(text) > SPOKEN_WORDS and is_sentence(text)):
            continue
        near = near or ("author" in reading and any(state.long[line + 1 : line + 1 + BYLINE_LINES]))
        if not (near or reading.sure):
            continue
        name = "boilerplate/structure/metadata-line"
        score = 0.95 if line in head else 0.92
        values = reading.values if near and line < last else ()
        fields = tuple(Said(one.field, one.value, name, score - _doubt(one, abs(state.head_end - line))) for one in values)
        why = {"category": "metadata", "kinds": sorted(reading.kinds)}
        state.add(line, Verdict(name, 0.95, why, fields))
    _dates(state, vocabulary, [line for line in found.told if line < min({state.head_end, *days})])
    asked = {line: name for line, name in found.named.items() if line in head or may_sign(state, line, len(name), tail.start)}
    persons = {line: names for line, name in asked.items() if (names := vocabulary.persons(name))[0]}
    persons = _labelled(state, vocabulary, found, head) | persons
    if persons or any(verdict.fields for verdict in state.verdicts.values()):
        Writers(state, vocabulary, head, tail).find(persons)
        _around(state, vocabulary)


def _labelled(state: State, vocabulary: Vocabulary, found: Suspects, head: range) -> dict[int, tuple[list[str], bool]]:
    """Names that only the word in the line before makes names, as in Chinese and Korean."""
    page = state.page
    near = [line for line, said in found.tells.items() if said & WHO and line in head and line + 1 in head]
    labels = [line for line in near if page.words[line] < LABEL_WORDS and vocabulary.introduces(page.line(line))]
    read = {line + 1: vocabulary.byline(f"{page.line(line)}: {page.line(line + 1)}") for line in labels}
    return {line: (names, False) for line, names in read.items() if names}


def _around(state: State, vocabulary: Vocabulary) -> None:
    """What stands around a byline or a date goes with it: "By" or "Published" in the line before; what the author is, and an
    address, in those behind."""
    page = state.page
    told = [(line, one.why.get("kinds", ())) for line, one in state.verdicts.items() if one.score >= SURE]
    for line, kinds in told:
        beside: list[int] = []
        if "author" in kinds:
            beside = list(
                takewhile(lambda at: _is_attached(state, vocabulary, at), range(line + 1, min(line + 1 + TITLES, len(page))))
            )
        label = page.line(line - 1) if line else ""
        if ("author" in kinds and vocabulary.introduces(label)) or ("date" in kinds and vocabulary.labels_date(label)):
            beside.append(line - 1)
        for other in beside:
            if other not in state.verdicts:
                why = {"category": "metadata", "kinds": [kind for kind in kinds if kind in ("author", "date")], "beside": [line]}
                state.add(other, Verdict("boilerplate/structure/name-line", SURE_BESIDE, why))


def _is_attached(state: State, vocabulary: Vocabulary, line: int) -> bool:
    """Whether a line behind a byline says what the author is, or where to write to, or goes anyway."""
    text = state.page.line(line)
    return line in state.verdicts or vocabulary.is_role(text) or not without_address(text)


def _doubt(value: Value, away: int) -> float:
    """How much less sure a date is: of a change, or so many lines away from the article, as the day of the visit is."""
    return NEARER * min(away, REACH) + 0.02 * value.late if value.field == "date" else 0.0


def _dates(state: State, vocabulary: Vocabulary, head: Sequence[int]) -> None:
    """A date in a short line before the article that says something else, too: the line stays, the date is noted."""
    page = state.page
    for line in head:
        known = state.verdicts.get(line)
        text = page.line(line)
        if len(text) > DATED_CHARS or page.sentence[line] or (known and known.why.get("category") != "metadata"):
            continue
        found = vocabulary.calendar.find(text)
        if found and found.iso:
            said = Said("date", found.iso, "boilerplate/structure/date-in-line", 0.6)
            state.add(line, Verdict(said.rule, 0.0, {}, (said,)))
            return
