"""The rules that the program itself is: what no rule file says, for `rules list|show` and for whoever names one to `--select`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from cleanup import stages
from cleanup.errors import ConfigError
from cleanup.rules import Rule, directories

# id -> what it does; one that ends in "/" stands for all that begin so
OWN = {
    "decode/encoding": "the encoding that a text's bytes are in, and how sure that is",
    "decode/lossy": "bytes that stand for nothing in that encoding",
    "extract/doubt": "why an extracted text may be too much or too little",
    "extract/cut-off": "a page that ends in the middle of its markup",
    "extract/empty": "a page without a text",
    "extract/too-short": "a page whose text is shorter than parse.min_chars",
    "extract/error-page": "a page that says that there is no such page",
    "extract/cookie-wall": "a page that asks for consent and holds nothing else",
    "extract/video-stub": "a page that holds a video and hardly a text",
    "extract/index-page": "a page that lists other pages",
    "extract/title": "the title, as a page's metadata or headline has it",
    "extract/authors": "the authors, as a page's metadata or byline has them",
    "extract/date": "when a page was published, as its metadata has it",
    "extract/section": "the section of the site",
    "extract/tags": "the tags of a page",
    "extract/category": "the category of a page",
    "extract/excerpt": "what a page says of itself in a sentence",
    "extract/site": "the name of the site",
    "extract/url": "a page's canonical address",
    "extract/source": "the agency or paper that a page names as its source",
    "extract/views": "how often a page says that it was read",
    "extract/truncated": "a page that says that its article goes on elsewhere",
    "extract/language-hint": "the language that a page claims",
    "boilerplate/structure/title": "the line that is the title: it stays and becomes metadata",
    "boilerplate/structure/drop-title": "the title's line, where boilerplate.drop_title is set",
    "boilerplate/structure/metadata-line": "byline, date, section, views: the line becomes metadata",
    "boilerplate/structure/date-in-line": "a date in a line that stays",
    "boilerplate/structure/name-line": "a line that is a name beside the byline or the date",
    "boilerplate/structure/signature": "a name that signs the article at its end",
    "boilerplate/structure/biography": "what is told about the author behind the article",
    "boilerplate/structure/breadcrumb": "the way to the page, by itself or glued to the title",
    "boilerplate/structure/caption-twice": "a caption that stands in the text twice",
    "boilerplate/structure/repeat": "a line right behind one that says the same",
    "boilerplate/structure/recurring": "a line of many words, or a number, that stands again and again beside paragraphs",
    "boilerplate/structure/ellipsis": "a text that ends where the rest is behind a paywall",
    "boilerplate/structure/above-credit": "the caption above a picture's credit",
    "boilerplate/structure/credit": "a caption: behind its last full stop stand names of a photographer or an agency",
    "boilerplate/structure/prefixed": "a link to another article, one of several that begin alike",
    "boilerplate/structure/masthead": "the name of a site over its sections, at the top of a page",
    "boilerplate/structure/orphan": "a short line between lines that go",
    "boilerplate/structure/rest": "all that follows a line behind which nothing of the article comes",
    "boilerplate/structure/under-marker": "the list under a heading such as that of related articles",
    "boilerplate/structure/comments-tail": "all that follows a comment marker behind most of the article",
    "boilerplate/structure/replies": "a line that counts answers and names the article, and all that readers say behind it",
    "boilerplate/structure/related-tail": "all that follows a marker of related articles behind most of the article",
    "boilerplate/structure/paywall-tail": "all that follows a paywall behind most of the article and tells another story",
    "boilerplate/scorer": "a line that the learned scorer takes for residue",
    "boilerplate/sites/": "a line that repeats over the pages of a host",
    "dedup/exact": "a document with the same text as one that stays",
    "dedup/near": "a document that says nearly the same as one that stays",
    "dedup/contained": "an excerpt of a document that stays",
    "dedup/reprint": "the body of a document that stays under another head or tail",
    "dedup/spun": "a spun copy of a document that stays",
    "dedup/kept": "the document that stays of a cluster (mode \"mark\")",
    "pipeline/unstable": "a text that changes with every pass and is left as it was",
}  # fmt: skip
STAGES = ("decode", "extract", *stages.BUILT_IN, "dedup", "pipeline")


def rules(stage: str | None, extra: Sequence[str] = ()) -> list[Rule]:
    """All rules of one stage, or of all. Raises ConfigError for an unknown stage."""
    if stage and stage not in STAGES:
        raise ConfigError(f"no rules of a stage {stage!r}", f"there are {', '.join(STAGES)}")
    paths = directories(extra)
    found = []
    for name in (stage,) if stage else STAGES:
        mine = [Rule(id_, name, what, "cleanup") for id_, what in OWN.items() if id_.startswith(f"{name}/")]
        found += [*(stages.get(name).rules(paths) if name in stages.BUILT_IN else ()), *mine]
    return found


def check(prefixes: Sequence[str], extra: Sequence[str] = ()) -> None:
    """Raises ConfigError for what is to select or ignore rules and is the beginning of none."""
    for prefix in prefixes:
        if any(name.startswith(prefix.removesuffix("/")) for name in STAGES):
            continue
        stage = prefix.partition("/")[0]
        ids = [rule.id for rule in rules(stage, extra)] if stage in STAGES else []
        if any(id_.startswith(prefix) or (id_.endswith("/") and prefix.startswith(id_)) for id_ in ids):
            continue
        if prefix == f"{stage}/error" and ids:
            continue
        begins = {id_[: len(prefix) + 1]: id_ for id_ in [*STAGES, *reversed(ids)]}
        near = difflib.get_close_matches(prefix, begins, 1)
        hint = f"did you mean {begins[near[0]]}?" if near else "`cleanup rules list` shows them all"
        raise ConfigError(f"no rule begins with {prefix!r}", hint)
