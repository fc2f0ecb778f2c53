"""Masks and swaps change names alone, consistently; and what is measured of them is worked out by hand."""

import re

import numpy as np
import pytest

from policyframes.errors import UsageError
from policyframes.scorer import Score
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.evaluation.actors import find_mentions, load_tables
from policyframes_training.evaluation.perturbation import (
    AUGMENTED,
    KINDS,
    PERTURBATIONS,
    augment,
    measure_sensitivity,
    perturb,
)

FRAMINGS = ("securitized", "governance", "partnership")


def swap(text, name, seed=3):
    return perturb([text], f"swap-{name}", seed=seed)[0]


def mask(text, name):
    return perturb([text], f"mask-{name}", seed=0)[0]


def passage_set(texts, targets=None, documents=None):
    n = len(texts)
    return PassageSet(
        framings=FRAMINGS,
        ids=tuple(f"p{i}" for i in range(n)),
        texts=tuple(texts),
        documents=tuple(documents or (f"d{i}" for i in range(n))),
        targets=np.array(targets if targets is not None else np.zeros((n, 3)), dtype=bool),
        doubt=np.zeros(n, dtype=np.int64),
        is_original=np.zeros(n, dtype=bool),
    )


class Counting:
    """Finds what its words say: a framing is present where its word stands in the text."""

    framings = FRAMINGS

    def __init__(self, *words):
        self.words = words

    def score(self, texts):
        rows = [{f: 0.9 if w in text else 0.1 for f, w in zip(FRAMINGS, self.words, strict=True)} for text in texts]
        return [Score(row, tuple(f for f in FRAMINGS if row[f] > 0.5), None, ()) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mexico's harvest failed.", "The country's harvest failed."),
        ("We met Mexicans in Mexico City.", "We met the citizens in the capital."),
        ("A Mexican court ruled.", "A national court ruled."),
        (
            "Mexico asked Canada, and Canada answered Mexico.",
            "The country asked the neighboring state, and the neighboring state answered the country.",
        ),
        ("the Netherlands' dikes", "the country's dikes"),
        ("RIOTS IN MEXICO", "RIOTS IN THE COUNTRY"),
        ("New Mexico and the Gulf of Mexico", "New Mexico and the Gulf of Mexico"),
        ("Latin American and Nigerian envoys", "Latin American and national envoys"),
        ("a Nigerien, a Mexicana flight", "a citizen, a Mexicana flight"),
    ],
)
def test_a_mask_puts_neutral_words_in_a_countrys_place(text, expected):
    assert mask(text, "countries") == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("home", "The United States and U.S. forces in America", "The nation and home forces in the nation"),
        ("years", "In 2017 and on May 3, 2019, the 2020 plan", "In that year and on May 3, that year, the plan"),
        ("years", "in the 1990s, for $2017 and 2,017 of 20170", "in that decade, for $2017 and 2,017 of 20170"),
        ("parties", "Republicans and a Democratic senator", "Party members and an other-party senator"),
        ("parties", "Democratic institutions matter.", "Democratic institutions matter."),
        (
            "persons",
            "President Clinton and Senator Ted Cruz; Cruz left.",
            "The President and the Senator; the official left.",
        ),
        ("persons", "the Trump Administration's plan", "the Administration's plan"),
        ("organizations", "The FBI told NATO allies.", "The agency told organization allies."),
    ],
)
def test_a_mask_of_each_kind_reads_on(name, text, expected):
    assert mask(text, name) == expected


def test_a_swap_keeps_to_one_other_country_in_every_form():
    text = "Mexico's ports, Mexican crews, Mexicans at home and Mexico City itself: Mexico waits."
    countries = load_tables().countries
    for seed in range(20):
        swapped = swap(text, "countries", seed)
        found = {m.form.entity for m in find_mentions(swapped, frozenset({"country", "home"}))}
        assert "Mexic" not in swapped
        assert len(found) == 1, swapped
        other = countries[found.pop()]
        # An adjective that is the name of the people too, as "Swiss", may stand for both.
        assert {f"{other.adjectives[0]} crews", other.capitals[0]} <= {
            s for s in (f"{other.adjectives[0]} crews", other.capitals[0]) if s in swapped
        }


def test_a_swap_never_makes_two_countries_one_nor_takes_one_that_is_named():
    text = "Mexico, Canada, Brazil, Cuba and Haiti agreed."
    for seed in range(30):
        names = re.findall(r"(?:the )?[A-Z][\w' -]*?(?=,| and | agreed)", swap(text, "countries", seed))
        found = {m.form.entity for m in find_mentions(swap(text, "countries", seed), frozenset({"country", "home"}))}
        assert len(found) == 5, names
        assert not found & {"Mexico", "Canada", "Brazil", "Cuba", "Haiti"}


def test_articles_and_possessives_follow_the_new_name():
    seen = set()
    for seed in range(200):
        swapped = swap("A Mexican and an Egyptian envoy praised Mexico's calm.", "countries", seed)
        assert not re.search(r"\b[Aa] [AEIO]", swapped), swapped
        assert not re.search(r"\b[Aa]n [^AEIOU]", swapped), swapped
        assert not re.search(r"\b[Aa]n U(?:ga|kr|ru|zb|ni)", swapped), swapped
        assert "s's" not in swapped
        assert "the the" not in swapped.lower()
        seen.add(swapped)
    assert len(seen) > 100


def test_parties_change_places_and_back():
    text = "Republicans and a Democratic senator of the Republican Party met Democrats."
    swapped = swap(text, "parties")
    assert swapped == "Democrats and a Republican senator of the Democratic Party met Republicans."
    assert swap(swapped, "parties") == text


def test_years_move_together_and_none_stays():
    for seed in range(20):
        years = [int(year) for year in re.findall(r"\d{4}", swap("From 2009 to 2017, after 2016-17.", "years", seed))]
        assert years[1] - years[0] == 8
        assert years[2] - years[1] == -1
        assert years[0] != 2009
    assert re.search(r"after (\d\d)(\d\d)-\d\d\.", swap("after 2016-17.", "years")) is not None


def test_a_range_of_years_keeps_its_length():
    first, last = re.fullmatch(r"In 20?(\d\d)-(\d\d)\.", swap("In 2016-17.", "years", 1)).groups()
    assert (int(last) - int(first)) % 100 == 1


def test_a_person_keeps_the_stand_in_when_the_surname_returns():
    for seed in range(10):
        swapped = swap("Senator Maria Alvarez spoke. Then Alvarez left, and Alvarez's aides too.", "persons", seed)
        surname = re.search(r"Senator [A-Z]\w+ ([A-Z]\w+) spoke", swapped)[1]
        assert "Alvarez" not in swapped
        assert swapped.count(surname) == 3


def test_a_president_becomes_another_president():
    presidents = set(load_tables().persons["presidents"].values())
    for seed in range(10):
        name = re.fullmatch(r"President (.+) spoke\.", swap("President Obama spoke.", "persons", seed))[1]
        assert name in presidents - {"Obama"}


def test_organizations_stay_in_their_class():
    agencies = {form for forms in load_tables().organizations["agencies"].values() for form in forms}
    for seed in range(10):
        name = re.fullmatch(r"(.+) said so\.", swap("The FBI said so.", "organizations", seed))[1]
        assert name[0].lower() + name[1:] in agencies or name in agencies


@pytest.mark.parametrize("perturbation", PERTURBATIONS)
def test_a_text_without_names_stays_as_it_is(perturbation):
    text = "Courts and auditors need the means to hold the agency to account, and the polish of turkey feathers."
    assert perturb([text], perturbation, seed=0) == (text,)


def test_each_perturbation_leaves_the_names_of_other_kinds():
    text = "In 2017 Mexico told the FBI that President Obama and Republicans praised the United States."
    names = {
        "countries": "Mexico",
        "home": "the United States",
        "organizations": "the FBI",
        "persons": "Obama",
        "parties": "Republicans",
        "years": "2017",
    }
    for name in names:
        for way in ("mask", "swap"):
            changed = perturb([text], f"{way}-{name}", seed=4)[0]
            assert {other for other, word in names.items() if word not in changed} == {name}, changed
    for way in ("mask", "swap"):
        changed = perturb([text], f"{way}-all", seed=4)[0]
        assert not any(word in changed for word in names.values()), changed


def test_what_is_drawn_hangs_on_seed_and_text_and_not_on_the_neighbours():
    texts = [f"Mexico and Canada met {n} times in 2017." for n in range(40)]
    together = perturb(texts, "swap-all", seed=5)
    assert together == tuple(perturb([text], "swap-all", seed=5)[0] for text in texts)
    assert together != perturb(texts, "swap-all", seed=6)


def test_an_unknown_perturbation_is_refused():
    with pytest.raises(UsageError, match=r"the perturbation 'swap-rivers'.*swap-countries"):
        perturb(["A text."], "swap-rivers", seed=0)


def test_flips_are_counted_among_the_touched_alone():
    texts = ["Mexico waits.", "Mexico hopes.", "Rivers rise.", "Canada waits."]
    targets = [[1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]
    measured = measure_sensitivity(
        Counting("Mexico", "waits", "zzz"),
        passage_set(texts, targets),
        seed=1,
        perturbations=["mask-countries"],
        resamples=200,
    )["mask-countries"]

    assert (measured.passages, measured.touched, measured.touched_share) == (4, 3, 0.75)
    assert measured.framings["securitized"].flips.value == pytest.approx(2 / 3)
    assert measured.framings["governance"].flips.value == 0.0
    assert measured.flips.value == pytest.approx(2 / 9)
    assert measured.any_flip.value == pytest.approx(2 / 3)
    assert measured.framings["securitized"].mean_change.value == pytest.approx(0.8 * 2 / 3)
    assert 0 <= measured.flips.low < measured.flips.value < measured.flips.high <= 1


def test_losses_are_those_of_the_touched():
    texts = ["Mexico waits.", "Mexico hopes.", "Rivers rise.", "Canada waits."]
    targets = [[1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]
    measured = measure_sensitivity(
        Counting("Mexico", "waits", "zzz"),
        passage_set(texts, targets),
        seed=1,
        perturbations=["mask-countries"],
        resamples=20,
    )["mask-countries"]

    assert measured.framings["securitized"].f1_loss == 1.0
    assert measured.framings["securitized"].average_precision_loss == pytest.approx(1 - 2 / 3)
    assert measured.framings["governance"].f1_loss == 0.0
    assert np.isnan(measured.framings["partnership"].f1_loss)
    assert measured.macro_f1_loss == pytest.approx(0.5)


def test_a_perturbation_that_touches_nothing_has_no_figures():
    measured = measure_sensitivity(
        Counting("a", "b", "c"), passage_set(["Rivers rise."]), seed=1, perturbations=["swap-parties"], resamples=20
    )["swap-parties"]
    assert measured.touched == 0
    assert np.isnan(measured.flips.value)


def test_intervals_resample_documents():
    texts = ["Mexico waits."] * 50 + ["Canada waits."] * 50
    spread = [f"d{n}" for n in range(100)]
    lumped = ["one"] * 50 + ["two"] * 50
    widths = []
    for documents in (spread, lumped):
        measured = measure_sensitivity(
            Counting("Mexico", "b", "c"),
            passage_set(texts, documents=documents),
            seed=1,
            perturbations=["mask-countries"],
            resamples=200,
        )["mask-countries"]
        widths.append(measured.any_flip.high - measured.any_flip.low)
    assert widths[1] > 3 * widths[0]


def test_copies_for_training_keep_codes_and_documents_and_change_names():
    passages = passage_set(
        ["Mexico waits.", "Rivers rise.", "Cuba met Haiti in 1999."], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    )
    copies = augment(passages, seed=2, copies=2)

    assert copies.ids == ("p0~1", "p0~2", "p2~1", "p2~2")
    assert copies.documents == ("d0", "d0", "d2", "d2")
    assert copies.targets.tolist() == [[True, False, False]] * 2 + [[False, False, True]] * 2
    assert len(set(copies.texts) | set(passages.texts)) == 7
    assert all(re.search(r"Mexico|Cuba|Haiti|1999", text) is None for text in copies.texts)
    assert augment(passages, seed=2, copies=2).texts == copies.texts
    assert augment(passages, seed=3, copies=2).texts != copies.texts


def test_copies_leave_the_issuer_as_it_is_unless_asked():
    passages = passage_set(["The United States asked Mexico."])
    assert "The United States asked" in augment(passages, seed=1).texts[0]
    assert "home" not in AUGMENTED
    assert "United States" not in augment(passages, seed=1, kinds=KINDS["all"]).texts[0]


def test_no_passage_without_a_name_is_copied():
    assert len(augment(passage_set(["Rivers rise."]), seed=1)) == 0
