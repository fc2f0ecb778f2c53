"""Which forms a word takes, and which words of their own it must not take."""

from __future__ import annotations

import pytest

from policyframes.aspects.inflection import list_abbreviation_forms, list_forms


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("duty", "duty duties duty's duties's"),
        ("deport", "deport deports deported deporting"),
        ("smuggle", "smuggle smuggles smuggled smuggling smuggle's"),
        ("traffic", "traffics trafficked trafficking"),
        ("patrol", "patrols patrolled patrolling"),
        ("drug", "drugs drugged drugging"),
        ("permit", "permitted permitting"),
        ("seek", "seeks sought seeking"),
        ("steal", "steals stole stolen stealing"),
        ("crisis", "crises"),
        ("policeman", "policemen"),
        ("child", "children child's children's"),
        ("embargo", "embargoes embargos"),
        ("flee", "flees fled fleeing"),
        ("agree", "agreed agreeing"),
        ("tax", "taxes taxed taxing"),
        ("organization", "organisation organisations organizations"),
        ("defence", "defense defenses"),
        ("neighbor", "neighbours neighbors"),
        ("9", "9 9s 9's"),
    ],
)
def test_a_word_takes_its_forms(word, forms):
    assert set(forms.split()) <= list_forms(word)


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("import", "important importance imp"),
        ("alien", "alienate alienation"),
        ("trade", "trader trad tradition"),
        ("duty", "dut dutiful"),
        ("scar", "scared scaring"),
        ("star", "stared"),
        ("plan", "planed planing plane"),
        ("leave", "left"),
        ("see", "saw"),
        ("german", "germen"),
        ("customs", "custom"),
        ("arms", "arm army"),
        ("fish", "fisher fishs"),
    ],
)
def test_a_word_does_not_become_another(word, others):
    assert list_forms(word).isdisjoint(others.split())


def test_an_abbreviation_takes_a_small_s_and_a_possessive():
    assert list_abbreviation_forms("DTO") == {"DTO", "DTOs", "DTO's", "DTO'S"}
