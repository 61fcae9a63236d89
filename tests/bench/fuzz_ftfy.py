"""Is the mojibake stage, left with ftfy alone, bit-equal to ftfy on everything? Fuzzed with mutations of dirty and clean text.

python tests/bench/fuzz_ftfy.py [strings] [seed]
"""

from __future__ import annotations

import random
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import ftfy
from data import data_dir, mojibake

from cleanup.config import MojibakeConfig
from cleanup.document import Document, apply
from cleanup.rules import directories
from cleanup.stages import Propose, get

CASES = Path(__file__).resolve().parents[1] / "cases"
ALONE = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
    explain=False,
)
CODECS = (
    "latin-1",
    "sloppy-windows-1252",
    "sloppy-windows-1251",
    "sloppy-windows-1250",
    "sloppy-windows-1253",
    "macroman",
    "cp437",
)
SPICE = "ÂÃÐÑâ€™œ“”\x80\x93\x9d\xa0\xad ï»¿¬´°Ÿ√©Гв’–…й├─ß\ufffd\n\n ‚Ä×²ØÙ£Œœ\u200b"


def stage_of_ftfy() -> Propose:
    """The stage with every rule but ftfy's turned off."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "mojibake.toml").write_text(
            '[[rule]]\nid = "ftfy"\ndetail = { ascii-apostrophes = false }\n', encoding="utf-8"
        )
        paths = directories([folder])
        stage = get("mojibake")
        others = tuple(rule.id for rule in stage.rules(paths) if rule.id != "mojibake/ftfy")
        return stage.factory(MojibakeConfig(beyond_ftfy=False, off=others), paths)


def strings(count: int, seed: int) -> Iterator[str]:
    """Cases of ftfy's suite and sentences of ours, misread, cut, spliced and spiced."""
    rng = random.Random(seed)
    sentences = tomllib.loads((CASES / "mojibake_sentences.toml").read_text(encoding="utf-8"))
    pool = [text for texts in sentences.values() for text in texts]
    if data_dir():
        pool += [text for _, case in mojibake() for text in (case["original"], case["fixed"])]
    for _ in range(count):
        text = rng.choice(pool)
        for _ in range(rng.randrange(4)):
            text = mutated(text, rng, pool)
        yield text[:400]


def mutated(text: str, rng: random.Random, pool: list[str]) -> str:
    """`text` after one accident."""
    at, to = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
    match rng.randrange(7):
        case 0:
            return text.encode("utf-8", "surrogatepass").decode(rng.choice(CODECS), "replace")
        case 1:
            return text[:at] + text[at:to].encode("utf-8", "surrogatepass").decode(rng.choice(CODECS), "replace") + text[to:]
        case 2:
            return text[:at] + rng.choice(SPICE) + text[at:]
        case 3:
            return text[:at] + text[at + 1 :]
        case 4:
            return text[at:to] or text
        case 5:
            return text[:at] + rng.choice(pool)[: rng.randrange(60)]
        case _:
            return text[:at] + chr(rng.choice((rng.randrange(0x80, 0x250), rng.randrange(0x20, 0x2600)))) + text[at:]


def differences(texts: list[str], propose: Propose) -> Iterator[tuple[str, str, str]]:
    """(text, ftfy's, ours) where they differ."""
    docs = [Document(id=str(number), text=text) for number, text in enumerate(texts)]
    for doc, edits in zip(docs, propose(docs), strict=True):
        ours = apply(doc.text, edits)
        theirs = ftfy.fix_text(doc.text, ALONE)
        if ours != theirs:
            yield doc.text, theirs, ours


def main(count: int, seed: int) -> None:
    """Run and report."""
    propose = stage_of_ftfy()
    missed = changed = 0
    batch: list[str] = []
    for number, text in enumerate(strings(count, seed), 1):
        batch.append(text)
        if len(batch) == 500 or number == count:
            for dirty, theirs, ours in differences(batch, propose):
                missed += 1
                print(f"differs: {dirty!r}\n  ftfy {theirs!r}\n  ours {ours!r}")
            changed += sum(ftfy.fix_text(one, ALONE) != one for one in batch[:50]) * len(batch) // min(50, len(batch))
            batch = []
    print(f"{count} strings, about {changed} of them changed by ftfy, {missed} different")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
