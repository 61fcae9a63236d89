"""What Hypothesis draws: texts that look like scraped news and texts that look like nothing."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = [
    "itâ€™s broken",
    "naÃ¯ve",
    "&amp;",
    "&amp;amp;",
    "café",
    "\n",
    "\n\n",
    " ",
    "\r\n",
    "\u200b",
    "\xad",
    "The council voted on Tuesday night.",
    "Leave a Reply",
    "Your email address will not be published. Required fields are marked *",
    "RELATED ARTICLES",
    "Share this article:",
    "Tags: one, two",
    "Posted by Ann | 4 hours ago | Views: 5",
    "Read more: Something else",
    "knowledge",
    "fashions",
    "machine studying",
    "slightly than",
    "in the present day's",
    "[1][2]",
    "ÐŸÑ€Ð¸Ð²ÐµÑ‚",
    "こんにちは",
    "مرحبا",
    "😍",
    "— “quoted” ’s",
    "\ud83d",
    "\x00",
    "x" * 40,
]

texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=25).map(" ".join) | st.text(max_size=200)
