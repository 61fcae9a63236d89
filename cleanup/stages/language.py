"""The language stage: py3langid for everything, langdetect asked where that is uncertain, paragraphs where a page is mixed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.config import LanguageConfig
from cleanup.document import Document, Drop, Mark, Proposal
from cleanup.errors import ConfigError
from cleanup.rules import Example, Rule
from cleanup.stages import Propose, stage
from cleanup.stages.language_batch import EVERYTHING, Scores, model, preload

WINDOW = 160  # characters of the two pieces by which a mixed text is suspected
# A window with three of the first is English, and the model need not be asked: no other language has them so close together. With
# two of the first, two of the second are enough: frequent in English, words of other languages by themselves.
_FIRST = (
    "the and of to that for with on by it as at from this are not which has been were their they would said his he she but who"
)
_SECOND = "a in is was an or be we you have had will its about more all when there what if so after new one also"
ENGLISH, OFTEN = tuple(_FIRST.split()), tuple(_SECOND.split())
BLOCK = 160  # bytes of a paragraph that is judged by itself, and letters that make a language worth a mention
MOST = 600  # characters of a paragraph that are read
LONGEST = 200_000  # characters of a mixed text that are taken apart
OPINION = 300  # characters that langdetect, which takes 5 ms for twice as many, is asked about
GLANCE = 300  # characters that are enough where they leave no doubt
CERTAIN = 0.9992  # probability that leaves none: to three digits the score is that of 1
SURE = 0.95  # probability from which py3langid is not questioned
UNDECIDED = 0.1  # probability below which nothing is said
# Codes of the two libraries that have an ISO 639-1 code, or belong to a language that has one.
NORMAL = {
    "nb": "no",
    "nn": "no",
    "zh-cn": "zh",
    "zh-tw": "zh",
    "wuu": "zh",
    "yue": "zh",
    "arz": "ar",
    "ary": "ar",
    "iw": "he",
    "hbo": "he",
    "grc": "el",
    "gug": "gn",
    "kik": "ki",
    "sdh": "ku",
    "uzs": "uz",
    "zxx": "und",
}
# Hardly a newspaper is written in these, and short texts of their large neighbours look like them.
SELDOM = {"an", "oc", "wa", "vo", "eo", "la", "lb", "fy", "fo", "sa", "bs"}
SELDOM_PRIOR = 0.3
THREE_LETTERS_PRIOR = 0.1  # languages without an ISO 639-1 code


class Answer(msgspec.Struct):
    """What is thought of one text; `why` is evidence for the ledger."""

    language: str
    probability: float
    rule: str
    why: dict[str, Any] = {}


HERE = "cleanup/stages/language.py"
RULES = [
    Rule(
        "language/py3langid",
        "language",
        "the language that py3langid's model finds, weighed with langdetect's where it is uncertain",
        HERE,
        (
            Example("The council approved the new budget on Tuesday after a long debate about housing and transport."),
            Example("Der Gemeinderat hat am Dienstag nach langer Debatte den neuen Haushalt beschlossen."),
        ),
        ("12345", ""),
    ),
    Rule(
        "language/langdetect",
        "language",
        "langdetect's answer, where py3langid is uncertain and both together favour it",
        HERE,
    ),
    Rule(
        "language/und",
        "language",
        "too short, or nothing that speaks for a language",
        HERE,
        (Example("12345"), Example("Ok.")),
        ("The council approved the new budget on Tuesday after a long debate about housing and transport.",),
    ),
    Rule(
        "language/paragraphs",
        "language",
        "several languages, each with paragraphs of its own: their shares",
        HERE,
    ),
    Rule("language/keep", "language", "not in one of the languages to keep (language.keep)", HERE),
]


def rules(paths: Sequence[Path]) -> list[Rule]:  # noqa: ARG001 (the protocol)
    """The rules of the stage."""
    return RULES


@stage("language", version=4, rules=rules)
def language(cfg: LanguageConfig, paths: Sequence[Path]) -> Propose:  # noqa: ARG001 (the protocol)
    """Build the stage: one Mark `language` a document, a Mark `languages` for mixed ones, a Drop where `keep` says so."""
    cfg = cfg or LanguageConfig()
    keep = {normal(code) for code in cfg.keep}
    preload()
    if keep:
        _known(cfg.keep)

    def propose(docs: Sequence[Document]) -> Iterable[Iterable[Proposal]]:
        texts = kernels.Texts([doc.text for doc in docs])
        answers = identify(texts, cfg.min_chars, cfg.max_chars)
        mixed = paragraphs(texts, answers)
        return [list(_proposals(answer, mixed.get(number), keep)) for number, answer in enumerate(answers)]

    return propose


def _known(codes: Sequence[str]) -> None:
    """Raises ConfigError for a language that is never found: to keep only that would be to drop everything."""
    known = {normal(label) for label in model().labels} | {"und"}
    for code in codes:
        if normal(code) not in known:
            raise ConfigError(f"language.keep: unknown language {code!r}", "name it by its ISO 639-1 code, such as en or de")


def _proposals(answer: Answer, shares: dict[str, float] | None, keep: set[str]) -> Iterable[Proposal]:
    if shares:
        yield Mark("languages", shares, "language/paragraphs")
        first = next(iter(shares))
        if first != answer.language:
            answer = Answer(first, answer.probability, answer.rule, {**answer.why, "first": answer.language})
    # Half a point is for having an answer at all, so that no threshold for other decisions leaves a document without one.
    yield Mark("language", answer.language, answer.rule, round(0.5 + answer.probability / 2, 3), answer.why)
    if keep and answer.language not in keep and not keep.intersection(shares or ()):
        # What may be of a wanted language is for a person to decide.
        score = 0.5 if answer.language == "und" else round(answer.probability, 3)
        yield Drop("language/keep", score, {"language": answer.language, "keep": sorted(keep)})


def identify(given: Sequence[str] | kernels.Texts, min_chars: int = 12, max_chars: int = EVERYTHING) -> list[Answer]:
    """The language of each text, whatever the others are. Texts with fewer letters than `min_chars` are "und".

    The beginnings of longer ones decide where they leave no doubt, as most do; the others are read up to `max_chars`.
    """
    texts = given if isinstance(given, kernels.Texts) else kernels.Texts(given)
    long = max(GLANCE, 4 * min_chars)
    scores = model().score(texts, min(GLANCE, max_chars))
    out = {
        number: Answer(name, share, "language/py3langid")
        for number, (name, share) in enumerate(likeliest(scores))
        if share >= CERTAIN and name != "und" and min(len(texts.texts[number]), max_chars) > long
    }
    doubtful = {number: texts.texts[number][:max_chars] for number in range(len(texts.texts)) if number not in out}
    capitals = {number: text.lower() for number, text in doubtful.items() if _in_capitals(text)}
    longer = [number for number, text in doubtful.items() if len(text) > GLANCE or number in capitals]
    doubtful |= capitals
    scores.replace(longer, model().score([doubtful[number] for number in longer]))
    for (number, text), (name, share) in zip(doubtful.items(), likeliest(scores.some(list(doubtful))), strict=True):
        if len(text) < 4 * min_chars and _letters(text) < min_chars:
            out[number] = Answer("und", 1.0, "language/und", {"letters": _letters(text)})
        elif not scores.features[number]:
            out[number] = Answer("und", 1.0, "language/und", {"features": 0})
        elif share >= SURE:
            out[number] = _answer(name, share, "language/py3langid", {})
        else:
            shares, names = by_language(scores.some([number]))
            out[number] = _question(text, shares[0], names)
    return [out[number] for number in range(len(texts.texts))]


def _in_capitals(text: str) -> bool:
    """Whether most letters are capitals, of which the model knows only what abbreviations look like. Of a text without any small
    letter it makes one in small letters itself, not of one with a single ß, McDonald or km/h."""
    large = sum(map(str.isupper, text))
    return large > 0 and large > sum(map(str.islower, text))


def _answer(name: str, probability: float, rule: str, why: dict[str, Any]) -> Answer:
    if name == "und" or probability < UNDECIDED:
        return Answer("und", 1.0, "language/und", {"best": name, "probability": round(probability, 3), **why})
    return Answer(name, probability, rule, why)


def _question(text: str, shares: NDArray[np.float64], names: Sequence[str]) -> Answer:
    """Weigh the answer with how often languages are written, and ask langdetect too where that can change it: it can at most
    double a weight."""
    first = int(shares.argmax())
    why: dict[str, Any] = {"py3langid": [names[first], round(float(shares[first]), 3)]}
    weights = shares * _prior(tuple(names))
    runner_up, top = np.partition(weights, -2)[-2:].tolist()
    second = ""
    if top < 2 * runner_up:
        opinion = second_opinion(text[:OPINION])
        weights *= 1.0 + np.array([opinion.get(name, 0.0) for name in names])
        second = next(iter(opinion), "")
    if second:
        why["langdetect"] = [second, round(opinion[second], 3)]
    weights /= weights.sum()
    best = int(weights.argmax())
    rule = "language/langdetect" if names[best] == second != names[first] else "language/py3langid"
    return _answer(names[best], float(weights[best]), rule, why)


@cache
def _prior(names: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([THREE_LETTERS_PRIOR if len(name) > 2 else SELDOM_PRIOR if name in SELDOM else 1.0 for name in names])


def by_language(scores: Scores) -> tuple[NDArray[np.float64], list[str]]:
    """(float64[n, languages], languages): probabilities with the model's labels normalised and added up."""
    names, order, begins = _columns(tuple(scores.labels))
    return np.add.reduceat(scores.probabilities()[:, order], begins, axis=1), names


def likeliest(scores: Scores) -> Iterator[tuple[str, float]]:
    """(language, probability) of the likeliest language of each text, as `by_language` has them."""
    names, _, _ = _columns(tuple(scores.labels))
    best, share = np.empty(len(scores.raw), np.int32), np.empty(len(scores.raw))
    choose, column = _choose(tuple(scores.labels))
    room = np.empty(len(column) + len(names))
    choose(scores.raw, len(scores.raw), len(column), np.sqrt(np.maximum(scores.size, 1)), column, len(names), room, best, share)
    return zip(map(names.__getitem__, best.tolist()), share.tolist(), strict=True)


@cache
def _choose(labels: tuple[str, ...]) -> tuple[Callable[..., None], NDArray[np.int32]]:
    names = _columns(labels)[0]
    column = np.array([names.index(normal(label)) for label in labels], np.int32)
    return kernels.function("language_best", "f64* i64 i64 f64* i32* i64 f64* i32* f64*"), column


@cache
def _columns(labels: tuple[str, ...]) -> tuple[list[str], NDArray[np.intp], NDArray[np.intp]]:
    """(languages in order, the columns of their labels one language after the other, where each begins)."""
    of_label = np.array([normal(label) for label in labels])
    names, counts = np.unique(of_label, return_counts=True)
    return names.tolist(), np.argsort(of_label, kind="stable"), np.cumsum(counts) - counts


@cache
def _factory() -> Any:
    """langdetect's profiles, loaded in a fixed order, with a seed of our own: its global state is left alone.

    One by one, since its own loop over them takes an interrupt or a time limit for a broken profile.
    """
    import langdetect.detector_factory as detector
    from langdetect.utils.lang_profile import LangProfile

    profiles = sorted(path for path in Path(detector.PROFILES_DIRECTORY).iterdir() if not path.name.startswith("."))
    factory = detector.DetectorFactory()
    for index, path in enumerate(profiles):
        factory.add_profile(LangProfile(**json.loads(path.read_bytes())), index, len(profiles))
    factory.set_seed(0)
    return factory


def second_opinion(text: str) -> dict[str, float]:
    """What langdetect thinks: language -> probability, best first; nothing when it finds no feature. Deterministic."""
    from langdetect import LangDetectException

    detector = _factory().create()
    detector.append(text)
    out: dict[str, float] = {}
    try:
        for found in detector.get_probabilities():
            name = normal(found.lang)
            out[name] = out.get(name, 0.0) + float(found.prob)
    except LangDetectException:
        return {}
    return out


def paragraphs(texts: kernels.Texts, answers: Sequence[Answer]) -> dict[int, dict[str, float]]:
    """For the texts that are clearly written in several languages: number -> language -> share of the letters, largest first.

    Two short windows of every text are looked at; only a text where one of them disagrees with the whole is taken apart.
    """
    windows = [
        (number, window)
        for number, (text, answer, clear) in enumerate(zip(texts.texts, answers, english(texts), strict=True))
        if answer.language != "en" or clear != [True, True]
        for window, clearly in zip(_windows(text), clear, strict=False)
        if answer.language != "en" or not clearly
    ]
    found = _sure([window for _, window in windows])
    suspects = {number for (number, _), name in zip(windows, found, strict=True) if name and name != answers[number].language} | {
        number for number, answer in enumerate(answers) if answer.probability < SURE and len(texts.texts[number]) >= 2 * BLOCK
    }
    out = {}
    for number in sorted(suspects):
        shares = _shares(texts.texts[number])
        if len(shares) > 1:
            out[number] = shares
    return out


def english(texts: kernels.Texts) -> list[list[bool]]:
    """Which of the two windows of each text are so clearly English that the model need not be asked."""
    characters = np.fromiter(map(len, texts.texts), np.int64, len(texts.texts))
    found, between = np.empty((2, len(characters), 2), np.uint64)
    look_up, words, bits = _words()
    look_up(texts.where, texts.size, characters, len(characters), WINDOW, words, bits, found, between)
    first = found & _bits(len(ENGLISH))
    sure, often = np.bitwise_count(first), np.bitwise_count(found ^ first)
    clear: list[list[bool]] = ((sure > 2) | ((sure == 2) & (often > 1)) | (np.bitwise_count(between & _bits(3)) > 1)).tolist()
    return clear


def _bits(count: int) -> np.uint64:
    return np.uint64((1 << count) - 1)


@cache
def _words() -> tuple[Callable[..., None], NDArray[np.uint64], NDArray[np.uint64]]:
    """The kernel that looks words up, its table, and their bits: ENGLISH, of which the first are "the", "and", "of"; OFTEN."""
    words, bits = np.zeros((2, 256), np.uint64)
    for bit, word in enumerate((*ENGLISH, *OFTEN)):
        number = int.from_bytes(word.encode(), "little")
        place = (number * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 56
        while words[place]:
            place = (place + 1) % 256
        words[place], bits[place] = number, 1 << bit
    return kernels.function("language_words", "u64* i64* i64* i64 i64 u64* u64* u64* u64*"), words, bits


def _windows(text: str) -> list[str]:
    """A piece from the middle and one from the end; of a short text, from its begin and from its end."""
    middle = 0 if len(text) < 3 * WINDOW else len(text) // 2
    return [text[middle : middle + WINDOW], text[-WINDOW:]] if len(text) >= 2 * WINDOW else []


def _sure(texts: Sequence[str]) -> list[str]:
    """The language of each text, "" where it is not certain."""
    return [name if share >= SURE else "" for name, share in likeliest(model().score(texts))]


def _shares(text: str) -> dict[str, float]:
    """The languages of the paragraphs that are certain, by share of the letters; only those with a tenth and a whole block."""
    blocks = list(_blocks(text[:LONGEST]))
    total: dict[str, int] = {}
    for block, name in zip(blocks, _sure([block[:MOST] for block in blocks]), strict=True):
        if name not in ("", "und"):
            total[name] = total.get(name, 0) + _letters(block)
    everything = sum(total.values())
    large = {name: size for name, size in total.items() if size >= max(BLOCK, everything / 10)}
    ordered = sorted(large, key=lambda name: (-large[name], name))
    return {name: round(large[name] / everything, 2) for name in ordered}


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs; short lines, such as those of a list, together."""
    lines: list[str] = []
    size = 0
    for line in text.split("\n"):
        more = len(line.encode("utf-8", "surrogatepass"))  # a letter of three bytes says as much as three of one
        if lines and (size >= BLOCK or (size >= BLOCK // 2 and more >= BLOCK // 2)):
            yield "\n".join(lines)
            lines, size = [], 0
        if line.strip():
            lines.append(line)
            size += more
    if lines:
        yield "\n".join(lines)


def normal(code: str) -> str:
    """The ISO 639-1 code of a library's label where there is one, else its ISO 639-3 code.

    >>> [normal(code) for code in ("zh-tw", "nn", "en", "vec")]
    ['zh', 'no', 'en', 'vec']
    """
    return NORMAL.get(code.lower(), code.lower().replace("_", "-").split("-")[0])


def _letters(text: str) -> int:
    """Letters of a text, with the marks that are vowels in many scripts. Where a letter stands for a syllable it counts twice,
    where it stands for a word, three times."""
    return sum(_weight(letter) for letter in text if letter.isalpha() or (letter > "\u0300" and category(letter)[0] == "M"))


def _weight(letter: str) -> int:
    if letter < "\u0900":
        return 1
    return 3 if "\u2e80" <= letter <= "\ud7ff" or letter >= "\U00020000" else 2
