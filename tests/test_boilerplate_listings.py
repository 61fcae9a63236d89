"""Program listings within a text keep the lines that look like residue."""

from __future__ import annotations

import pytest

import cleanup
from cleanup.stages.boilerplate_listings import blocks

PROSE = (
    "The council met on Tuesday and voted for the new plan after a long debate in the old hall.\n\n"
    "The mayor said that the work would begin in spring, and that the road would stay open all summer."
)


@pytest.mark.parametrize(
    "listing",
    [
        'def share(a, b):\n    return {\n        "a": a,\n    }',
        "function f() {\n  return [\n    1,\n  ];\n}",
        ".share {\n  color: red;\n}\n\n.follow {\n  margin: 0;\n}",
        "if (ready) {\n  share();\n} else {\n  follow();\n}",
        '{\n  "comments": [\n    12\n  ]\n}',
        "call(\n    first,\n)",
    ],
)
@pytest.mark.parametrize("frame", ["{}", "{prose}\n\n{}", "{}\n\n{prose}", "{prose}\n\n{}\n\nIt prints a number."])
def test_a_listing_stays(listing: str, frame: str) -> None:
    text = frame.format(listing, prose=PROSE)
    assert cleanup.clean(text) == text


def test_brackets_without_their_other_half_are_residue() -> None:
    assert cleanup.clean(f"{PROSE}\n}}\n[\n|\n]") == PROSE


def test_what_goes_with_all_its_lines_goes() -> None:
    assert cleanup.clean(f"{PROSE}\n\nComments\n\nShare this article {{\nundefined\n}}") == PROSE


def test_a_chain_is_one_block_and_what_is_open_none() -> None:
    assert list(blocks(["if (a) {", "b", "} else {", "c", "}", "d", "e {", "f"])) == [range(5)]
    assert list(blocks(["a {", "b (", "}", ")", "}"])) == [range(3)]
