"""The language stage: what it says of texts of every length, and how."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from cleanup.config import LanguageConfig
from cleanup.document import Document, Drop, Mark, Proposal
from cleanup.errors import ConfigError
from cleanup.stages.deadline import StageTimeout
from cleanup.stages.language import ENGLISH as ENGLISH_WORDS
from cleanup.stages.language import GLANCE, SURE, WINDOW, _factory, by_language, identify, language, normal, second_opinion
from cleanup.stages.language_batch import Model, model
from tests.bench.data import Page, news

ENGLISH = "The council approved the new budget on Tuesday after a long debate about housing and public transport."
GERMAN = "Der Gemeinderat hat am Dienstag nach langer Debatte den neuen Haushalt für das kommende Jahr beschlossen."


def propose(text: str, **settings: object) -> list[Proposal]:
    """What the stage proposes for one text."""
    return list(next(iter(language(msgspec.convert(settings, LanguageConfig), [])([Document("a", text=text)]))))


def mark(text: str) -> Mark:
    """The one Mark `language`."""
    (found,) = [item for item in propose(text) if isinstance(item, Mark) and item.field == "language"]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, "en"),
        (GERMAN, "de"),
        ("Le conseil municipal a adopté mardi le nouveau budget après un long débat.", "fr"),
        ("Городской совет во вторник после долгих споров принял новый бюджет.", "ru"),
        ("市议会经过长时间的辩论，于星期二通过了新的预算。", "zh"),
        ("市議会は長い議論の末、火曜日に新しい予算を承認しました。", "ja"),
        ("시의회는 오랜 토론 끝에 화요일에 새 예산을 승인했다.", "ko"),
        ("وافق مجلس المدينة يوم الثلاثاء على الميزانية الجديدة بعد نقاش طويل.", "ar"),
        ("Bystyret vedtok tirsdag det nye budsjettet etter en lang debatt om boliger og kollektivtrafikk.", "no"),
    ],
)
def test_language_of_a_sentence(text: str, expected: str) -> None:
    assert mark(text).value == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DER GEMEINDERAT HAT AM DIENSTAG NACH LANGER DEBATTE MEHR GELD FÜR DIE STRAßE BESCHLOSSEN.", "de"),
        ("THE COUNCIL APPROVED THE NEW BUDGET FOR McDONALD ON TUESDAY AFTER A LONG DEBATE ABOUT HOUSING.", "en"),
        ("LE CONSEIL MUNICIPAL A ADOPTé MARDI LE NOUVEAU BUDGET APRèS UN LONG DéBAT SUR LE LOGEMENT.", "fr"),
        ("ГОРОДСКОЙ СОВЕТ ВО ВТОРНИК ПОСЛЕ ДОЛГИХ СПОРОВ ПРИНЯЛ НОВЫЙ БЮДЖЕТ (см. ТАБЛИЦУ).", "ru"),
    ],
)
def test_capitals_with_a_few_small_letters_among_them(text: str, expected: str) -> None:
    assert [answer.language for answer in identify([text, text * 9, text.upper()])] == [expected] * 3


@pytest.mark.parametrize("text", ["", "Ok.", "12345 67890", "!!! ??? ...", "\ud800", " \n\n "])
def test_nothing_to_go_by_is_und(text: str) -> None:
    found = mark(text)
    assert (found.value, found.rule) == ("und", "language/und")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (GERMAN, "de"),
        ("市議会は長い議論の末、火曜日に住宅と交通に関する新しい予算を承認しました。", "ja"),
        ("Городской совет во вторник после долгих споров о жилье и транспорте принял новый бюджет.", "ru"),
    ],
)
@pytest.mark.parametrize("order", ["first", "last", "between", "every second"])
def test_a_mixed_page_has_the_shares_of_its_languages(other: str, code: str, order: str) -> None:
    more = [f"{other} {other}"] * 8
    lines = {
        "first": more + [ENGLISH] * 8,
        "last": [ENGLISH] * 8 + more,
        "between": [ENGLISH] * 4 + more + [ENGLISH] * 4,
        "every second": [ENGLISH + ENGLISH, *more[:1]] * 8,
    }
    found = {item.field: item for item in propose("\n".join(lines[order])) if isinstance(item, Mark)}
    assert set(found["languages"].value) == {"en", code}
    assert found["languages"].rule == "language/paragraphs"
    assert sum(found["languages"].value.values()) == pytest.approx(1, abs=0.02)
    assert found["language"].value == next(iter(found["languages"].value))


@pytest.mark.parametrize("order", [1, -1])
def test_a_short_text_in_two_languages_has_their_shares(order: int) -> None:
    text = "\n".join([f"{ENGLISH} {ENGLISH}", f"{GERMAN} {GERMAN}"][::order])
    assert 2 * WINDOW < len(text) < 3 * WINDOW
    assert {item.field: set(item.value) for item in propose(text) if item.field == "languages"} == {"languages": {"de", "en"}}


def test_a_page_in_one_language_has_no_shares() -> None:
    assert [item.field for item in propose("\n".join([ENGLISH] * 30)) if isinstance(item, Mark)] == ["language"]


@pytest.mark.parametrize(
    "page", [page for page in news() if page.language in ("de", "da", "no", "nl", "es", "fr", "it", "is")][::4]
)
def test_no_window_of_another_language_has_english_words(page: Page) -> None:
    """What spares the model most windows of English pages: three of these words are English."""
    if identify([page.text[:600]])[0].language == "en":
        pytest.skip("an English page, whatever its publisher says")
    windows = [page.text[at : at + WINDOW] for at in range(0, len(page.text), WINDOW)]
    assert [window for window in windows if len(set(ENGLISH_WORDS).intersection(window.split())) >= 3] == []


def test_a_beginning_that_leaves_doubt_does_not_decide() -> None:
    names = "12. 4. 2026 - 3:1 - Peter Müller, Hans Meier - "
    assert identify([(names * 10)[:GLANCE] + GERMAN * 3])[0].language == "de"
    assert identify([(names * 10)[:GLANCE] + ENGLISH * 3])[0].language == "en"


def test_the_beginning_says_what_the_whole_says() -> None:
    texts = [page.text[:600] for page in news() if len(page.text) > GLANCE]
    if not texts:
        pytest.skip("no labelled pages here")
    shares, names = by_language(model().score(texts))
    for answer, share in zip(identify(texts), shares, strict=True):
        if share.max() >= SURE:
            assert answer.language == names[share.argmax()]


def test_a_quotation_does_not_make_a_page_mixed() -> None:
    text = "\n".join([ENGLISH] * 20 + [GERMAN] + [ENGLISH] * 20)
    assert [item.field for item in propose(text) if isinstance(item, Mark)] == ["language"]


def test_a_million_short_lines_take_no_time() -> None:
    assert mark("Zeile\nline of text\n" * 300_000).rule.startswith("language/")


def test_keep_drops_other_languages_only() -> None:
    assert not [item for item in propose(ENGLISH, keep=["en"]) if isinstance(item, Drop)]
    (drop,) = [item for item in propose(GERMAN, keep=["en"]) if isinstance(item, Drop)]
    assert drop.rule == "language/keep"
    assert drop.score >= 0.9
    (held,) = [item for item in propose("Ok.", keep=["en"]) if isinstance(item, Drop)]
    assert 0.5 <= held.score < 0.9


def test_an_uncertain_answer_carries_the_evidence() -> None:
    found = mark("hotel bar taxi")
    assert "py3langid" in found.why


def test_the_second_opinion_does_not_depend_on_the_order() -> None:
    texts = ["hotel bar taxi", "la casa de papel", "in die zon", "hotel bar taxi"]
    first = [second_opinion(text) for text in texts]
    assert [second_opinion(text) for text in reversed(texts)] == first[::-1]


@pytest.mark.parametrize(("code", "expected"), [("zh-tw", "zh"), ("nb", "no"), ("nn", "no"), ("en", "en"), ("pt_BR", "pt")])
def test_codes_are_iso_639_1(code: str, expected: str) -> None:
    assert normal(code) == expected


def test_our_copy_of_the_model_is_the_library_s_own() -> None:
    from cleanup.rules import built_in
    from cleanup.stages import language_model

    packed = language_model.unpack((built_in() / "language" / "model.zst").read_bytes())
    if packed is None:
        pytest.skip("another version of py3langid is installed: its own model is read until it is packed anew")
    library = language_model.library()
    array = packed.arrays
    rows, labels = array["dense"].shape
    worth = np.zeros((packed.features, labels), np.int64)
    worth[: rows - 1] = array["dense"][:-1]
    lengths = np.diff(array["begin"].astype(np.int64))
    worth[np.repeat(np.arange(rows - 1, packed.features), lengths), array["label"]] = array["value"]
    steps = array["next"][array["pieces"]].reshape(-1, 256)
    rows, features = steps & 0xFFFFFFFF, (steps >> 32).astype(np.int64)
    states = library["nextmove"].reshape(-1, 256)
    same = np.full(len(states), -1)  # the row that each of the library's has become, as they are come by
    same[library["nextmove_row"][0]] = 0
    going = [int(library["nextmove_row"][0])]
    for row in going:
        following = library["nextmove_row"][states[row]]
        new = following[same[following] < 0]
        same[following] = np.where(same[following] < 0, rows[same[row]], same[following])
        assert np.array_equal(same[following], rows[same[row]])
        found = library["out_feat"][states[row]]
        there = found >= 0
        mine = features[same[row]]
        assert ((mine == packed.features) == ~there).all()
        assert np.array_equal((worth[mine[there]] + array["least"]) * packed.unit, library["ptc"][found[there]].astype(float))
        going += dict.fromkeys(new.tolist())
    assert len(going) == len(states)
    assert (packed.labels, array["prior"].tolist()) == (library["classes"].tolist(), library["pc"].tolist())


def few_arrays() -> dict[str, np.ndarray]:
    """A model of the library's kind: two states, three features, two labels."""
    states = np.zeros((2, 256), np.uint32)
    states[:, ord("a")] = 1
    worth = np.array([[-1.5, -2], [-1, -2], [-1, -0.25]], np.float16)
    names = {"classes": np.array(["en", "de"]), "pc": np.zeros(2, np.float32), "ptc": worth}
    return {**names, "nextmove": states.ravel(), "nextmove_row": np.arange(2), "out_feat": np.array([-1, 2], np.int32)}


def test_with_another_version_of_the_library_its_own_model_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from cleanup.stages import language_model

    few = language_model.made(few_arrays())
    data = language_model.pack(few, level=1)
    packed = language_model.unpack(data)
    assert packed is not None
    assert {name: array.tolist() for name, array in packed.arrays.items()} == {
        name: array.tolist() for name, array in few.arrays.items()
    }
    monkeypatch.setattr(language_model, "version", lambda _: "0.0")
    assert language_model.unpack(data) is None
    monkeypatch.setattr(language_model, "library", few_arrays)
    monkeypatch.setattr(language_model, "built_in", lambda: Path("nowhere"))
    other = Model()
    raw = other.score(["aab", "b"]).raw
    assert raw[0].tolist() == pytest.approx([np.log1p(2) * -1, np.log1p(2) * -0.25])
    assert (raw[1] < -1e30).all()


@pytest.mark.parametrize("code", ["english", "xx", "e"])
def test_a_language_to_keep_that_there_is_not_is_refused(code: str) -> None:
    with pytest.raises(ConfigError, match=f"language.keep: unknown language '{code}'"):
        language(LanguageConfig(keep=("en", code)), [])


def test_languages_to_keep_are_named_by_the_codes_that_are_found() -> None:
    assert language(LanguageConfig(keep=("en", "zh", "no", "und", "nb", "zh-cn", "he")), [])


@pytest.mark.parametrize("ending", [KeyboardInterrupt, StageTimeout])
def test_an_interrupt_while_profiles_are_loaded_is_no_broken_profile(
    monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    from langdetect.detector_factory import DetectorFactory

    def interrupted(*_: object) -> None:
        raise ending

    _factory.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(DetectorFactory, "add_profile", interrupted)
        with pytest.raises(ending):
            second_opinion("Ein Text.")
    assert second_opinion("Das ist ein deutscher Satz, der nach einer Unterbrechung kommt.").keys() >= {"de"}
