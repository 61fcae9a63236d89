"""Rules on their own examples, and on a gold set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cleanup import stages
from cleanup.config import Config
from cleanup.document import Document, Edit, apply
from cleanup.rules import Rule, directories

CONTENT_COST = 0.0005  # share of content lines that a rule may remove on a gold set


def examples(stage: str | None = None, extra: Sequence[str] = ()) -> tuple[int, list[str]]:
    """How many rules were tested, and a line for every example that does not behave."""
    paths = directories(extra)
    tested, failures = 0, []
    for name in (stage,) if stage else tuple(stages.BUILT_IN):
        registered = stages.get(name)
        propose = registered.factory(getattr(Config(), name, None), paths)
        for rule in registered.rules(paths):
            tested += 1
            failures += _examples(rule, propose)
    return tested, failures


def _examples(rule: Rule, propose: stages.Propose) -> list[str]:
    texts = [example.text for example in rule.yes] + list(rule.no)
    meta = rule.detail.get("meta", {})
    kind = rule.detail.get("kind", "text")
    docs = [Document(str(number), text=text, meta=dict(meta), kind=kind) for number, text in enumerate(texts)]
    failures = []
    for number, (doc, proposals) in enumerate(zip(docs, [list(found) for found in propose(docs)], strict=True)):
        own = [proposal for proposal in proposals if proposal.rule == rule.id]
        if number >= len(rule.yes):
            failures += [f"{rule.source}: {rule.id}: must miss {doc.text!r}"] if own else []
            continue
        if not own:
            instead = sorted({proposal.rule for proposal in proposals if isinstance(proposal, Edit)})
            taken = f", which {' and '.join(instead)} took" if instead else ""
            failures.append(f"{rule.source}: {rule.id}: must hit {doc.text!r}{taken}")
            continue
        after = rule.yes[number].after
        got = apply(doc.text, [proposal for proposal in proposals if isinstance(proposal, Edit)])
        if after is not None and got != after:
            failures.append(f"{rule.source}: {rule.id}: {doc.text!r} becomes {got!r}, not {after!r}")
    return failures


def cost(gold: str, extra: Sequence[str] = ()) -> tuple[list[str], int]:
    """Rules against the labelled lines of a gold set: lines to print, and how many rules cost too much content.

    With rules of the user's own (`extra`), only of those is said that they never fire.
    """
    from cleanup.evaluate.gold import load

    paths = directories(extra)
    registered = stages.get("boilerplate")
    propose = registered.factory(Config().boilerplate, paths)
    hits: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    content, applied = 0, Config().boilerplate.apply
    for item in load(gold):
        labels = item.lines
        if not labels or item.text is None:
            continue
        content += sum(label == "content" for label in labels)
        starts, at = [], 0
        for line in item.text.split("\n"):
            starts.append((at, at + len(line)))
            at += len(line) + 1
        doc = Document(item.id, text=item.text)
        for proposal in next(iter(propose([doc]))):
            hits[proposal.rule] += 1
            if isinstance(proposal, Edit) and proposal.score >= applied:  # what is held costs nothing
                lost[proposal.rule] += sum(
                    label == "content" and proposal.start <= begin and end <= proposal.end and end > begin
                    for label, (begin, end) in zip(labels, starts, strict=True)
                )
    ours = {(rule.id, rule.source) for rule in registered.rules(directories(()))} if extra else set()
    asked = [rule for rule in registered.rules(paths) if (rule.id, rule.source) not in ours]
    report = [f"{rule.id}: never fires" for rule in asked if not hits[rule.id]]
    costly = [
        f"{rule}: removes {count} of {content} content lines" for rule, count in lost.items() if count > CONTENT_COST * content
    ]
    return report + [f"error: {line}" for line in sorted(costly)], len(costly)
