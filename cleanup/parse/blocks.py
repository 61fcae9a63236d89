"""A page as the lines that a reader sees: what each says, where it stands, how much of it is links."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

_SKIP = """
    script style noscript template svg math head iframe object embed canvas select option input textarea datalist audio video
    map area dialog progress meter picture source track link meta
"""
_BLOCK = """
    address article aside blockquote body button caption center dd details dialog div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td tfoot th
    thead tr ul
"""
SKIP = frozenset(_SKIP.split())
BLOCK = frozenset(_BLOCK.split())
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
CELL_TEXT = 400  # characters; a table with longer cells is layout
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_ATTRIBUTES = "class id role data-testid data-component data-module data-type itemprop aria-label data-qa data-tb-region"
_NAMES = frozenset(_ATTRIBUTES.split())


class Box(msgspec.Struct):
    """A block-level element: its parent's number, its tag, the words of its names, whether it is hidden."""

    parent: int
    tag: str
    names: str
    hidden: bool
    depth: int


class Block(msgspec.Struct):
    """One line of a page.

    `links`: characters of it inside links; `bold`: in bold type; `box`: number of the element around it; `at`: order on the
    page; `mark`: its letters and digits, case folded.
    """

    text: str
    tag: str
    links: int
    box: int
    at: int
    bold: int = 0
    mark: str = ""

    @property
    def linked(self) -> float:
        """The share of the line that is links."""
        return self.links / max(1, len(self.text))


class Lines(msgspec.Struct):
    """All blocks of a page in reading order and the boxes they stand in; box 0 is the root."""

    blocks: list[Block]
    boxes: list[Box]


def lines(root: Any) -> Lines:
    """The visible lines below `root`. Iterative: nesting costs no stack."""
    from lxml.etree import iterwalk

    boxes: list[Box] = []
    writer = _Writer()
    stack: list[int] = []
    walk = iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if not isinstance(tag, str) or tag in SKIP:
            if event == "start":
                walk.skip_subtree()
            elif element.tail:
                writer.add(element.tail)
            continue
        block = tag in BLOCK or ("-" in tag and any(child.tag in BLOCK or "-" in str(child.tag) for child in element))
        if event == "start":
            if tag == "tr" and not writer.row and _is_data(element):
                writer.row = len(stack) + 1
            if writer.row and len(stack) >= writer.row:
                writer.cell(tag, block)
            elif tag == "br":
                writer.flush()
            elif block:
                parent = stack[-1] if stack else -1
                boxes.append(Box(parent, tag, names(element), _hidden(element), len(stack)))
                stack.append(len(boxes) - 1)
                writer.enter(stack[-1], tag)
            else:
                writer.inline(tag, 1)
            if element.text:
                writer.add(element.text)
            continue
        if writer.row and len(stack) >= writer.row and tag != "tr":
            if not block:
                writer.inline(tag, -1)
        elif block:
            if tag == "tr" and len(stack) == writer.row:
                writer.row = 0
            stack.pop()
            writer.enter(stack[-1] if stack else 0, boxes[stack[-1]].tag if stack else "")
        elif tag != "br":
            writer.inline(tag, -1)
        if element.tail and element is not root:
            writer.add(element.tail)
    writer.flush()
    return Lines(writer.blocks, boxes)


def _is_data(row: Any) -> bool:
    """Whether a table row holds data rather than a page's layout."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    if len(cells) < 2 or len(cells) != len(row):
        return False
    return all(cell.find(".//table") is None and len(cell.text_content()) < CELL_TEXT for cell in cells)


class _Writer:
    """Collects pieces of text into blocks. `row`: depth of the stack inside a row of data, whose cells make one line; else 0."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.box = 0
        self.tag = ""
        self.row = 0
        self.link = self.bold = 0
        self.pieces: list[str] = []
        self.links = self.bolds = 0

    def enter(self, box: int, tag: str) -> None:
        """Go on in another box."""
        self.flush()
        self.box, self.tag = box, tag

    def inline(self, tag: str, step: int) -> None:
        """An inline element begins (1) or ends (-1)."""
        if tag == "a":
            self.link = max(0, self.link + step)
        elif tag in ("b", "strong"):
            self.bold = max(0, self.bold + step)

    def cell(self, tag: str, block: bool) -> None:
        """An element begins inside a row of data."""
        if tag in ("td", "th"):
            self.pieces.append(" | " if self.pieces else "")
        elif block or tag == "br":
            self.pieces.append(" ")
        else:
            self.inline(tag, 1)

    def add(self, text: str) -> None:
        *ended, text = text.split("\n") if self.tag == "pre" else [text]
        for line in ended:
            self._add(line)
            self.flush()
        self._add(text)

    def _add(self, text: str) -> None:
        self.pieces.append(text)
        if (self.link or self.bold) and not text.isspace():
            size = len(" ".join(text.split()))
            self.links += size if self.link else 0
            self.bolds += size if self.bold else 0

    def flush(self) -> None:
        if self.pieces:
            text = "".join(self.pieces)
            text = text.rstrip() if self.tag == "pre" else " ".join(text.split())
            if text.strip(" |"):
                links, bolds = min(self.links, len(text)), min(self.bolds, len(text))
                self.blocks.append(Block(text, self.tag, links, self.box, len(self.blocks), bolds))
            self.pieces = []
        self.links = self.bolds = 0


def names(element: Any) -> str:
    """What an element is called by its class, id, role and the like: words between dashes, lower case."""
    texts = [value for name, value in element.items() if name in _NAMES]
    return _words(" ".join(texts)) if texts else ""


@lru_cache(maxsize=65536)
def _words(text: str) -> str:
    return f"-{'-'.join(_WORD.findall(_CAMEL.sub('-', text[:500]))).lower()}-" if text else ""


def _hidden(element: Any) -> bool:
    style = (element.get("style") or "").replace(" ", "").lower()
    unseen = "display:none" in style or "visibility:hidden" in style
    return unseen or element.get("hidden") is not None or element.get("aria-hidden") == "true"
