"""What a user may add, in a file and on the command line, and what is refused."""

from __future__ import annotations

import pytest

from policyframes.aspects import AspectFinder, read_aspects
from policyframes.errors import TaxonomyError, UsageError
from policyframes.taxonomy import load_taxonomy


def by_id(aspects):
    return {aspect.id: aspect for aspect in aspects}


def write(tmp_path, text):
    path = tmp_path / "my-aspects.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_additions_the_aspects_are_those_of_the_taxonomy():
    assert read_aspects() == load_taxonomy().aspects


def test_a_new_aspect_comes_behind_with_a_label_from_its_id():
    aspects = read_aspects(additions=["fresh-water=water, river,-water down"])

    assert [aspect.id for aspect in aspects[:-1]] == [aspect.id for aspect in load_taxonomy().aspects]
    assert aspects[-1].label == "Fresh water"
    assert aspects[-1].terms == ("water", "river")
    assert aspects[-1].excluded == ("water down",)
    assert AspectFinder(aspects).find("Rivers are watered down.") == ("fresh-water",)
    assert AspectFinder(aspects).find("It watered down the text.") == ()


def test_terms_are_added_to_an_aspect_of_the_taxonomy_once():
    aspect = by_id(read_aspects(additions=["drugs=khat,drug", "drugs=khat,-drug czar"]))["drugs"]

    assert aspect.terms == (*by_id(load_taxonomy().aspects)["drugs"].terms, "khat")
    assert aspect.excluded[-1] == "drug czar"


def test_excluding_a_term_of_the_taxonomy_drops_it():
    finder = AspectFinder(read_aspects(additions=["trade=-quota"]))

    assert "trade" not in finder.find("The quotas were met.")


def test_a_file_adds_aspects_and_terms(tmp_path):
    path = write(
        tmp_path,
        "aspects:\n"
        "  - {id: water, label: Fresh water, definition: Rivers and lakes., terms: [river], excluded: [river boat]}\n"
        "  - {id: drugs, terms: [khat]}\n"
        "  - {id: trade, excluded: [quota]}\n",
    )
    aspects = by_id(read_aspects(path, ["water=lake"]))

    assert aspects["water"].label == "Fresh water"
    assert aspects["water"].terms == ("river", "lake")
    assert aspects["drugs"].terms[-1] == "khat"
    assert aspects["trade"].excluded[-1] == "quota"


@pytest.mark.parametrize(
    ("addition", "found"),
    [
        ("water", "no terms behind '='"),
        ("water=", "no terms behind '='"),
        ("water= , ", "no terms behind '='"),
        ("Water=river", "the id 'Water'"),
        ("=river", "the id ''"),
        ("water=river,...", "the term '...' that does not begin with a word"),
        ("water=river,-", "the term '' that does not begin with a word"),
        ("water=* river", "that does not begin with a word"),
        ("water=-river", "the new aspect 'water' without a term"),
    ],
)
def test_an_addition_of_another_form_is_refused(addition, found):
    with pytest.raises(UsageError, match=r"aspect '.*" + found.replace("*", r"\*").replace(".", r"\.")):
        read_aspects(additions=[addition])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aspects: [", "it cannot be read"),
        ("[]", "no mapping"),
        ("framings: []\naspects: []\n", "the keys framings, aspects"),
        ("aspects: []", "'aspects' holds no list"),
        ("aspects: [3]", r"aspects\[1\] has other keys"),
        ("aspects: [{terms: [a]}]", r"aspects\[1\] has other keys"),
        ("aspects: [{id: a, terms: [a], words: [b]}]", r"aspects\[1\] has other keys"),
        ("aspects: [{id: A b, terms: [a]}]", r"aspects\[1\].id is 'A b'"),
        ("aspects: [{id: a}]", r"aspects\[1\] has no terms"),
        ("aspects: [{id: a, terms: a}]", r"aspects\[1\].terms is no list"),
        ("aspects: [{id: a, terms: [3]}]", r"aspects\[1\].terms\[1\] is 3"),
        ("aspects: [{id: a, terms: [a, -b]}]", r"aspects\[1\].terms\[2\] is '-b'"),
        ("aspects: [{id: a, terms: [a], label: ''}]", r"aspects\[1\].label is ''"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, found):
    with pytest.raises(TaxonomyError, match=r"my-aspects\.yaml: " + found):
        read_aspects(write(tmp_path, text))


def test_a_new_aspect_of_exclusions_alone_names_the_file(tmp_path):
    with pytest.raises(UsageError, match=r"my-aspects\.yaml: aspects\[1\]: the new aspect 'a' without a term"):
        read_aspects(write(tmp_path, "aspects: [{id: a, excluded: [b]}]"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TaxonomyError, match=r"nowhere\.yaml: it cannot be read"):
        read_aspects(tmp_path / "nowhere.yaml")
