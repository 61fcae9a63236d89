"""Every word to its synonym class, so that a spun text and its original look alike to dedup. Never shown to a reader.

Classes are small and without chains: two words share one only when most members of either side are variants of each other in
the lexicon. Stop words, which a spinner changes most, map to "" and drop out. `rules/spin/classes.tsv` holds the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from cleanup import rules
from cleanup.errors import RuleError
from cleanup.spin import inflect
from cleanup.spin.lexicon import Lexicon

CAP = 10  # lemmas in a class
LINKED = 0.25  # share of the pairs between two classes that the lexicon has, for them to become one

STOP = """a about above across actually additionally after again against ago all almost alongside already also although always am amid
among amongst an and another any anybody anyone anything apart are aren't around as aside at away back be because become becomes been
before beforehand behind being below beneath beside besides between beyond both but by can can't cannot certain certainly come could
couldn't currently despite did didn't do does doesn't doing don't done down due during each earlier either else enough especially even
every everybody everyone everything except few fewer final finally first for former from further furthermore gave generally get gets
getting give given gives go goes going gonna got gotten had hadn't has hasn't have haven't having he he's hence her here here's hers
herself him himself his how however if in inside instead into is isn't it it'll it's its itself just keep kept largely last lately later
latter least less let let's like likely ll lot lots made mainly make makes making many may maybe me meanwhile might mine more moreover most
mostly much must my myself near nearly need needs neither never nevertheless new next no nobody none nonetheless nor normally not nothing
notably now number of off often on once one one's ones only onto or other others otherwise ought our ours ourselves out outside over own
particularly past per perhaps place plenty possibly previous previously primarily probably proper put quite rather re really recently
regarding regardless right s same say says see seem seems several shall she she's should shouldn't simply since slightly so solely some
somebody someone something sometimes somewhat soon still substantially such t take taken takes taking than that that's the their theirs
them themselves then there there's therefore these they they'll they're they've thing things this those though through throughout thus till
to together too took toward towards truly typically under underneath unless until up upon us use used uses using usually ve very via
virtually want wants was wasn't way ways we we'll we're we've well went were weren't what what's whatever when whenever where whereas
wherein whether which while whilst who who's whoever whole whom whose why will with within without won't would wouldn't yet you you'll
you're you've your yours yourself mr mrs ms dr several various numerous lots couple two three four five six seven eight nine ten zero
good great nice big large massive huge giant extra additional every day time times year years yr yrs month months 12 week weeks
today immediately presently nowadays folks people individuals person persons""".split()


@cache
def classes() -> dict[str, str]:
    """Folded word form -> class name, "" for a stop word; a word that is not there is its own class. About 20 ms."""
    path = rules.built_in() / "spin" / "classes.tsv"
    found: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror}", "reinstall corpus-cleanup") from None
    for line in lines:
        if line and not line.startswith("#"):
            name, _, members = line.partition("\t")
            found.update(dict.fromkeys(members.split(" "), "" if name == "-" else name))
    return found


def write(lexicon: Lexicon, path: Path) -> None:
    """Compute the classes of a lexicon and write `classes.tsv`."""
    lines = ["# class (- for stop words)\tfolded forms; made by cleanup.spin.canonical.write from the lexicon, do not edit"]
    lines.append("-\t" + " ".join(sorted(set(STOP))))
    taken = set(STOP)
    for group in sorted(grouped(lexicon), key=min):
        forms = sorted({form for word in group for form in _all_forms(word, lexicon.exceptions)} - taken)
        taken.update(forms)
        if len(forms) > 1:
            lines.append(f"{min(group)}\t{' '.join(forms)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def grouped(lexicon: Lexicon) -> list[set[str]]:
    """Lemmas in classes of at most CAP, by agglomeration along the strongest links; a word alone is a class."""
    links = _links(lexicon)
    home = {word: {word} for pair in links for word in pair}
    for (one, two), _ in sorted(links.items(), key=lambda item: (-item[1], item[0])):
        a, b = home[one], home[two]
        if a is b or len(a) + len(b) > CAP:
            continue
        crossing = sum((x, y) in links or (y, x) in links for x in a for y in b)
        if crossing >= LINKED * len(a) * len(b):
            a |= b
            for word in b:
                home[word] = a
    return list({id(group): group for group in home.values()}.values())


def _links(lexicon: Lexicon) -> Mapping[tuple[str, str], float]:
    """Pairs of single words that are original and variant, with the strength of the tie; function words have none."""
    stop = set(STOP)
    links: dict[tuple[str, str], float] = defaultdict(float)
    for row in lexicon.rows:
        if row.pos == "p" or not row.original.isalpha() or row.original in stop:
            continue
        for variant in row.variants:
            if variant.text.isalpha() and variant.text not in stop:
                pair = (min(row.original, variant.text), max(row.original, variant.text))
                links[pair] += variant.share * (2.0 if variant.core or variant.seen else 1.0) + 0.2 * min(variant.seen, 10)
    return links


def _all_forms(word: str, exceptions: inflect.Exceptions) -> Iterable[str]:
    for pos in ("n", "v", "a"):
        for slot in inflect.SLOTS[pos]:
            for form in inflect.forms(word, pos, slot, exceptions):
                if form.isalpha():
                    yield form
