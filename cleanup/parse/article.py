"""Which lines of a page are the article: those an extractor found, less foreign surroundings, plus what it left out."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from cleanup.parse import hints
from cleanup.parse.blocks import HEADINGS, Block, Box, Lines
from cleanup.parse.structured import Known, key

LONG = 80  # characters of a line that is surely prose
HOME = 0.9  # share of the found prose that the article's own box holds
SURROUND = 0.3  # a box with more of the prose than this is the article, whatever it is called
LEAD = (40, 700)  # characters of a standfirst; fewer in scripts without spaces
REST = 0.3  # of the found prose: more of its like behind it belongs to it
OWN = 0.1  # share of the found prose that the titled one of several articles has at least
MANY = 300  # articles on one page, beyond which they are comments or teasers
LEFT = 0.6  # of the found text: when less than this were left, the names of the boxes mislead
BIO = 700  # characters; a longer text beside an author's name is not about the author
NEAR = 30  # lines between a standfirst and the text it introduces
_FOREIGN_TAGS = frozenset({"aside", "nav", "footer", "figcaption", "form"})
_PERSONAL = frozenset({"author", "stamp", "tags"})  # boxes in which a long text is the article's all the same
_FOREIGN = _FOREIGN_TAGS | set(hints.FOREIGN)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_PICTURE = re.compile(r"-(?:images?|img|photos?|picture|media|art|figure|video|gallery|thumb(?:nail)?|foto|bild|credit)(?=-)")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORDS = re.compile(r"\w+")


class Given(msgspec.Struct):
    """What is known of a page before lines are chosen: its lines, what an extractor found, its headlines, its description."""

    lines: Lines
    found: str
    titles: Sequence[str] = ()
    description: str = ""
    captions: bool = False  # whether captions between the article's lines are wanted too


class Scene(msgspec.Struct):
    """A page's lines weighed: which an extractor found, which box is the article's own, what every box's surroundings are."""

    blocks: list[Block]
    boxes: list[Box]
    anchored: list[bool]
    weight: list[int]
    home: int
    inside: list[bool]  # of a box: within the article's own
    kinds: list[frozenset[str]]


def choose(given: Given) -> list[Block]:
    """The article's lines in order, its title left out."""
    scene = weigh(given)
    chosen = _without_surroundings(scene)
    _one_of_many(chosen, scene, given.titles[0] if given.titles else "")
    _fill(chosen, scene)
    _drop_link_lists(chosen, scene)
    _drop_titles(chosen, scene, given.titles)
    _add_lead(chosen, scene, given)
    _drop_orphans(chosen, scene)
    _drop_repeats(chosen, scene)
    if given.captions:
        _add_captions(chosen, scene)
    return [block for block, keep in zip(scene.blocks, chosen, strict=True) if keep]


def unnamed(given: Given) -> list[Block]:
    """Where no extractor found anything: all lines but links, headlines and what stands in foreign surroundings."""
    scene = weigh(Given(given.lines, ""))
    chosen = [block.linked < 0.5 and bool(block.mark) and not _foreign(block, scene) for block in scene.blocks]
    _drop_titles(chosen, scene, given.titles)
    return [block for block, keep in zip(scene.blocks, chosen, strict=True) if keep]


def weigh(given: Given) -> Scene:
    """Find the extractor's lines on the page, then the box that holds them."""
    blocks, boxes = given.lines.blocks, given.lines.boxes
    for block in blocks:
        block.mark = key(block.text)
    anchored = _anchor(blocks, given.found)
    weight, lines = [0] * len(boxes), [0] * len(boxes)
    for block, hit in zip(blocks, anchored, strict=True):
        if hit and block.linked < 0.5:
            weight[block.box] += len(block.text) * (4 if len(block.text) >= LONG else 1)
            lines[block.box] += 1
    for number in range(len(weight) - 1, 0, -1):
        weight[boxes[number].parent] += weight[number]
        lines[boxes[number].parent] += lines[number]
    total = max(1, weight[0]) if weight else 1
    several = min(2, lines[0]) if lines else 0  # one long paragraph among short ones is not the article's box
    home = max((at for at, prose in enumerate(weight) if prose >= HOME * total and lines[at] >= several), default=0)
    kinds: list[frozenset[str]] = []
    inside: list[bool] = []
    for number, box in enumerate(boxes):
        around = kinds[box.parent] if box.parent >= 0 else frozenset()
        own = set(hints.kinds(box.names)) | ({box.tag} & _FOREIGN_TAGS) | ({"hidden"} if box.hidden else set())
        whole = box.tag in ("html", "body") or weight[number] > SURROUND * total
        kinds.append(frozenset() if whole else around | own)
        inside.append(number == home or (box.parent >= 0 and inside[box.parent]))
    return Scene(blocks, boxes, anchored, weight, home, inside, kinds)


def _anchor(blocks: Sequence[Block], found: str) -> list[bool]:
    """Which lines the extractor found; where it has a line once that the page has twice, the one that stands among the others."""
    known = Known(found)
    hit = [known.has(block.mark) for block in blocks]
    places: dict[str, list[int]] = {}
    for at, block in enumerate(blocks):
        if hit[at]:
            places.setdefault(block.mark, []).append(at)
    sole = [ats[0] for mark, ats in places.items() if len(ats) == 1 and len(mark) > 20]
    sole.sort()
    for mark, ats in places.items():
        if len(ats) > max(1, known.counts[mark]):
            for at in sorted(ats, key=lambda at: (_distance(sole, at), at))[max(1, known.counts[mark]) :]:
                hit[at] = False
    return hit


def _distance(sole: Sequence[int], at: int) -> int:
    place = bisect.bisect(sole, at)
    return min((abs(at - other) for other in sole[max(0, place - 1) : place + 1]), default=0)


def _one_of_many(chosen: list[bool], scene: Scene, title: str) -> None:
    """On a page that holds several whole articles, each in its own element, only the one under the page's headline is meant."""
    articles = {number for number, box in enumerate(scene.boxes) if box.tag == "article" and scene.weight[number]}
    if not 1 < len(articles) <= MANY:
        return
    mark = key(title)
    around: list[tuple[int, ...]] = []  # of every box: the articles it stands in, outermost first
    for number, box in enumerate(scene.boxes):
        outer = around[box.parent] if box.parent >= 0 else ()
        around.append((*outer, number) if number in articles else outer)
    titled = {around[block.box] for block in scene.blocks if mark and block.mark == mark and block.tag in HEADINGS}
    if len(titled) != 1:
        return
    (own,) = titled
    if not own or scene.weight[own[-1]] < OWN * scene.weight[0]:
        return
    for at, block in enumerate(scene.blocks):
        chosen[at] = chosen[at] and around[block.box][: len(own)] in (own, own[: len(around[block.box])])


def _without_surroundings(scene: Scene) -> list[bool]:
    """The found lines less those of the surroundings; all of them where too little would be left to be sure of that."""
    chosen = [hit and _own(block, scene) for block, hit in zip(scene.blocks, scene.anchored, strict=True)]
    left = sum(len(block.text) for block, keep in zip(scene.blocks, chosen, strict=True) if keep)
    found = sum(len(block.text) for block, hit in zip(scene.blocks, scene.anchored, strict=True) if hit)
    return chosen if left >= LEFT * found else list(scene.anchored)


def _own(block: Block, scene: Scene) -> bool:
    """Whether a found line is the article's rather than of its surroundings."""
    foreign = _foreign(block, scene)
    if foreign - _PERSONAL or (foreign and len(block.text) < BIO):
        return False
    return scene.inside[block.box] or len(block.text) >= LONG


def _foreign(block: Block, scene: Scene) -> frozenset[str]:
    """What speaks for a line being none of the article's: the tags and names of the boxes around it."""
    return scene.kinds[block.box] & _FOREIGN


def _fill(chosen: list[bool], scene: Scene) -> None:
    """Prose that the extractor left out although it stands between found lines, or in boxes called like theirs."""
    looks = Counter(_look(scene, at) for at, keep in enumerate(chosen) if keep and len(scene.blocks[at].text) >= LONG)
    usual = {look for look, count in looks.items() if count >= 2}
    kept = [at for at, keep in enumerate(chosen) if keep]
    missed = [at for at in range(kept[0], len(chosen)) if not chosen[at] and _like(scene, at, usual)] if kept else []
    # behind the last found line a little prose is a plea or a notice, much of it the half that the extractor missed
    behind = sum(len(scene.blocks[at].text) for at in missed if at > kept[-1])
    whole = behind > REST * sum(len(scene.blocks[at].text) for at in kept)
    for at in missed:
        chosen[at] = at < kept[-1] or whole
    heads = {_look(scene, at) for at in kept if scene.blocks[at].tag in HEADINGS}
    for at in range(kept[0], kept[-1]) if heads else ():
        if not chosen[at] and chosen[at + 1] and len(scene.blocks[at + 1].text) >= LONG and scene.blocks[at].tag in HEADINGS:
            chosen[at] = _like(scene, at, heads)


def _like(scene: Scene, at: int, usual: set[tuple[str, str, str]]) -> bool:
    """Whether a line that was not found looks as found prose does; outside of the article's box its boxes need names for that."""
    block = scene.blocks[at]
    if scene.anchored[at] or scene.kinds[block.box] or block.linked > 0.4:
        return False
    look = _look(scene, at)
    return look in usual and (scene.inside[block.box] or bool(look[1] or look[2]))


def _look(scene: Scene, at: int) -> tuple[str, str, str]:
    """What a line looks like: its tag, the names of its box and of the one around it."""
    block = scene.blocks[at]
    box = scene.boxes[block.box]
    return block.tag, box.names, scene.boxes[box.parent].names if box.parent >= 0 else ""


def _drop_link_lists(chosen: list[bool], scene: Scene) -> None:
    """Lists whose items are mostly links, and single lines that are one."""
    lists: dict[int, list[int]] = {}
    for at, block in enumerate(scene.blocks):
        if chosen[at] and block.tag == "li":
            lists.setdefault(scene.boxes[block.box].parent, []).append(at)
    for items in lists.values():
        links = sum(scene.blocks[at].links for at in items)
        size = sum(len(scene.blocks[at].text) for at in items)
        if links > 0.5 * size and all(scene.blocks[at].linked > 0.3 for at in items):
            for at in items:
                chosen[at] = False
    for at, block in enumerate(scene.blocks):
        if chosen[at] and block.tag not in ("li", *HEADINGS) and block.linked >= 0.75 and 20 < len(block.text) < 300:
            chosen[at] = _ADDRESS.fullmatch(block.text) is not None


def _drop_titles(chosen: list[bool], scene: Scene, titles: Sequence[str]) -> None:
    """The headline, its repetitions and, above the text, other wordings of it."""
    marks = {key(title) for title in titles} - {""}
    words = [bag for title in titles if len(bag := _bag(title)) > 2]
    prose = (at for at, block in enumerate(scene.blocks) if chosen[at] and block.tag not in HEADINGS and len(block.text) >= LONG)
    first = next(prose, len(chosen))
    for at, block in enumerate(scene.blocks):
        if not chosen[at]:
            continue
        if block.mark in marks or (block.tag == "h1" and at <= first):
            chosen[at] = False
        elif at <= first and block.tag in HEADINGS:
            own = _bag(block.text)
            chosen[at] = not any(len(own & bag) >= 0.6 * min(len(own), len(bag)) for bag in words)


def _bag(text: str) -> set[str]:
    return set(_WORDS.findall(text.casefold()))


def _add_lead(chosen: list[bool], scene: Scene, given: Given) -> None:
    """The standfirst, when the page shows one above the text: it says what the page's description says, or is called one."""
    first = next((at for at, keep in enumerate(chosen) if keep and len(scene.blocks[at].text) >= LONG), None)
    if first is None:
        return
    description = key(given.description)
    known = Known("\n".join(block.text for block, keep in zip(scene.blocks, chosen, strict=True) if keep))
    titles = {key(title) for title in given.titles}
    best: tuple[int, int] | None = None
    for at in range(first):
        block = scene.blocks[at]
        if chosen[at] or not _may_lead(block, scene) or block.mark in titles or known.has(block.mark):
            continue
        same = len(description) > 20 and (block.mark.startswith(description[:60]) or description.startswith(block.mark[:60]))
        called = first - at <= NEAR and _called_lead(block, scene)
        rank = 2 if same else 1 if called else 0
        if rank and (best is None or (rank, at) > best):
            best = (rank, at)
    if best:
        chosen[best[1]] = True


def _may_lead(block: Block, scene: Scene) -> bool:
    size = len(block.text) + 2 * len(_UNSPACED.findall(block.text))
    return LEAD[0] <= size <= LEAD[1] and block.linked <= 0.3 and block.tag != "h1" and not _foreign(block, scene)


def _called_lead(block: Block, scene: Scene) -> bool:
    """Whether the box of a line, or the one around it, is called a standfirst, and neither a picture."""
    box = scene.boxes[block.box]
    near = [box.names, scene.boxes[box.parent].names if box.parent >= 0 else ""]
    return any("lead" in hints.kinds(names) for names in near) and not any(_PICTURE.search(names) for names in near)


def _drop_orphans(chosen: list[bool], scene: Scene) -> None:
    """Headings whose own lines were all left out: what follows is gone, and the next kept line is a heading again or none."""
    kept = [at for at, keep in enumerate(chosen) if keep]
    for at, after in pairwise([*kept, len(chosen)]):
        block = scene.blocks[at]
        if block.tag not in HEADINGS or len(block.text) > LONG or after <= at + 1:
            continue
        if after < len(chosen) and (scene.blocks[after].tag not in HEADINGS or scene.blocks[after].tag > block.tag):
            continue
        chosen[at] = not scene.anchored[at + 1]


def _drop_repeats(chosen: list[bool], scene: Scene) -> None:
    """A line that says once more what the line before it said: a copy for another screen."""
    last = ""
    for at, block in enumerate(scene.blocks):
        if chosen[at]:
            chosen[at] = not (len(block.mark) > 20 and block.mark == last)
            last = block.mark


def _add_captions(chosen: list[bool], scene: Scene) -> None:
    """What stands under the article's pictures, where somebody wants it."""
    kept = [at for at, keep in enumerate(chosen) if keep]
    for at in range(kept[0], kept[-1]) if kept else ():
        foreign = _foreign(scene.blocks[at], scene)
        if foreign and foreign <= {"caption", "figcaption"} and scene.inside[scene.blocks[at].box]:
            chosen[at] = True
