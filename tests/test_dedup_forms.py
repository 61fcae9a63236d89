"""Two fillings of one form are two documents, whoever compares them; a corrected or updated report is a near-duplicate."""

from __future__ import annotations

from itertools import combinations
from random import Random

import numpy as np
import pytest

from cleanup.config import DedupConfig
from cleanup.dedup import canonical, estimate
from cleanup.dedup.relation import Verdict
from cleanup.dedup.relation import verdicts as compared
from cleanup.dedup.sketch import Sketcher
from cleanup.dedup.stream import StreamDeduplicator

CFG = DedupConfig()
PEOPLE = "Abbott Brand Castell Drummond Erik Fontaine Guerr Hollo Ivan Jankow Kess Lind".split()  # noqa: SIM905
PLACES = "Ashford Brindisi Carlow Dunmore Elgin Farrow Gresham Holbeck Irvine Jarrow Kelso Larne Malton Newry Oakham".split()  # noqa: SIM905
FORMS = {
    "weather": "Weather forecast for {place}. The day will start cloudy with a chance of light showers in the morning, clearing "
    "towards the evening. The high will be near {n} degrees and the low around {n}. Winds will come from the west at {n} miles "
    "an hour with gusts of up to {n}. The chance of rain is {n} percent. Tomorrow will be mostly "
    "sunny with a high of {n} and a low "
    "of {n}. Pollen counts are expected to stay low, and the air quality index stands at {n}. Drivers are asked to allow for "
    "extra time during the morning commute, and to keep a safe distance on wet roads near {place}.",
    "earnings": "The maker of pumps and valves on Tuesday reported earnings that beat expectations for the third quarter. The "
    "company, led by {person}, said net income rose to ${n} million, or ${n} a share, from ${n} million, or ${n} a share, a "
    "year earlier. Analysts had expected earnings of ${n} a share on average. Revenue climbed {n} "
    "percent to ${n} million. For the "
    "current quarter the company expects revenue between ${n} million and ${n} million. Shares of the company have gained {n} "
    "percent since the beginning of the year. This story was made by the automated reporting system of the wire.",
    "lottery": "The winning numbers in the night's drawing are in. The winning numbers were {n}, {n}, {n}, {n}, {n} and the red "
    "ball was {n}. The estimated jackpot was ${n} million with a cash option of ${n} million. Nobody matched all six numbers, so "
    "the jackpot grows to ${n} million for the next drawing. Tickets cost two dollars each and may be bought at retailers all "
    "over the country until shortly before the drawing. Drawings are held three times a week and broadcast live from the studio "
    "in the state capital. Winners should sign the back of their tickets and claim prizes within the time their state allows.",
    "award": "The rotary club has named {person} of {place} High School the student of the month. The award honours young people "
    "who excel in the classroom and give their time to the community. Young {person} plays in the school band, sings in the "
    "choir at {place} Chapel and helps out at the food bank on weekends. After graduation the "
    "student hopes to study at {place} College "
    "and to become a teacher. The teachers {person} and {person} praised the positive attitude and the hard work that the "
    "student brings to every class. The award comes with a certificate and a gift card, handed over at the monthly lunch.",
    "table": "Results and standings of the second division after the games of the weekend\n\n"
    + "\n".join("{place} played {n} won {n} drawn {n} lost {n} goals {n}:{n} points {n}" for _ in range(8)),
}
REPORT = (
    "Fire crews from three districts were called to a warehouse in Dunmore shortly after 2 a.m. on Friday. {toll} people were "
    "taken to hospital with smoke inhalation, said fire chief Ingrid Halvorsen. About 120 residents "
    "of nearby Carlow Street had to "
    "leave their homes, and the railway line to Larne stayed closed until noon. The cause of the fire is not known yet; police "
    "have sealed off the site and want to begin their inquiry on {day}. The owner, a dealer in used machines, said the building "
    "had been empty for weeks. Neighbours spoke of several loud bangs before flames burst through the roof, and of a smell of "
    "burning rubber that hung over the whole quarter until the wind turned in the early hours of the morning."
)


def fill(form: str, seed: int) -> str:
    rng = Random(seed)
    for slot, draw in (
        ("{n}", lambda: str(rng.randint(2, 9999))),
        ("{person}", lambda: rng.choice(PEOPLE) + rng.choice(("son", "berg", "ski", "well", "mann"))),
        ("{place}", lambda: rng.choice(PLACES) + rng.choice(("ton", "ham", "field", "bury", "wick"))),
    ):
        while slot in form:
            form = form.replace(slot, draw(), 1)
    return form


def verdicts(texts: list[str]) -> list[Verdict]:
    a, b = np.array(list(combinations(range(len(texts)), 2))).T
    return compared(texts, a, b, CFG, canonical.built_in())


@pytest.mark.parametrize("name", FORMS)
def test_fillings_of_one_form_are_different_documents(name: str) -> None:
    texts = [fill(FORMS[name], seed) for seed in range(6)]
    assert {verdict.relation for verdict in verdicts(texts)} == {None}
    sketches = Sketcher(CFG).batch(texts)
    a, b = np.array(list(combinations(range(len(texts)), 2))).T
    assert all(one.relation is None or one.score < 0.9 for one in estimate.judge(sketches, sketches, a, b, CFG))
    stream = StreamDeduplicator(CFG)
    assert all(drop is None or drop.score < 0.9 for drop in stream.add([(str(at), text) for at, text in enumerate(texts)]))


@pytest.mark.parametrize("name", FORMS)
def test_a_filling_with_other_words_around_it_is_still_found(name: str) -> None:
    text = fill(FORMS[name], 1)
    copy = text.replace(" the ", " our ", 2) + " That is all for now, and more will follow later."
    (verdict,) = verdicts([text, copy])
    assert verdict.relation in ("near", "contained", "reprint")


def test_a_corrected_report_is_a_near_duplicate() -> None:
    (verdict,) = verdicts([REPORT.format(toll="14", day="Saturday"), REPORT.format(toll="17", day="Monday")])
    assert verdict.relation == "near"
    assert not verdict.differ
