"""Whether a text is only the beginning of an article: what a paywall says behind a few paragraphs, or an end in the middle.

Many a page says "subscribe to continue reading" under an article that it has in full: only a short one is a stub.
"""

from __future__ import annotations

from collections.abc import Mapping

from cleanup.document import Mark
from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_structure import Verdict

PARAGRAPHS = 6  # of the longest stub
WORDS = 350  # .. and its words
PROSE = 60  # characters of a line that counts as a paragraph when its end is missing
_ENDS = ("...", "…", "[…]", "[...]", "(…)", "(...)")


def truncated(page: Page, verdicts: Mapping[int, Verdict], apply: float, said: Mark | None) -> Mark | None:
    """The Mark for a stub: `said`, what a rule found, when the text is short, or one of our own for an end in an ellipsis."""
    last = page.line(-1) if len(page) else ""
    if said is None and not verdicts and not last.endswith(_ENDS):
        return None
    stays = [line for line in range(len(page)) if line not in verdicts or verdicts[line].score < apply]
    if said is None and not (stays and page.text[stays[-1]].endswith(_ENDS)):
        return None
    prose = [line for line in stays if len(page.text[line]) >= PROSE or page.long[line]]
    if len(prose) > PARAGRAPHS or sum(page.words[line] for line in prose) > WORDS:
        return None
    if said is None and not any(page.long[line] for line in prose):
        return None
    return said or Mark("truncated", True, "boilerplate/structure/ellipsis", 0.9, {"wording": page.text[stays[-1]][-80:]})
