from __future__ import annotations

import pytest

from policyframes.errors import TaxonomyError
from policyframes.taxonomy import load_taxonomy

FRAMING = "framings: [{id: a, label: A, definition: d}]\n"
ASPECT = "aspects: [{id: x, label: X, definition: d, terms: [t]}]\n"


def test_the_shipped_taxonomy_has_the_three_framings_in_order():
    assert load_taxonomy().framing_ids == ("securitized", "governance", "partnership")


def test_the_shipped_taxonomy_has_every_aspect_with_terms():
    aspects = {aspect.id: aspect for aspect in load_taxonomy().aspects}

    assert set(aspects) == {
        *("mexico", "western-hemisphere", "border", "migration", "transnational-crime", "drugs", "arms-trafficking"),
        *("trade", "china", "role-of-defense", "role-of-homeland-security", "role-of-justice", "role-of-state"),
    }
    assert all(len(aspect.terms) >= 5 for aspect in aspects.values())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", "no mapping"),
        ("a: [", "cannot be read"),
        ("version: 2020-13-45", "cannot be read"),
        (ASPECT, "'framings' is missing"),
        (FRAMING + "aspects: []\n", "'aspects' is missing or empty"),
        ("framings: [{id: a, label: A}]\n" + ASPECT, "other keys"),
        ("framings: [{id: A b, label: A, definition: d}]\n" + ASPECT, "framings.1..id"),
        ("framings: [{id: a, label: A, definition: d}, {id: a, label: A, definition: d}]\n" + ASPECT, "framings.2..id"),
        ("framings: [{id: a, label: 3, definition: d}]\n" + ASPECT, "label is 3"),
        (FRAMING + "aspects: [{id: x, label: X, definition: d, terms: [1]}]\n", "terms holds something else"),
        (FRAMING + "aspects: [{id: x, label: X, definition: d, terms: [-t]}]\n", "terms holds something else"),
        (FRAMING + "aspects: [{id: x, label: X, definition: d, terms: [...]}]\n", "terms holds something else"),
        (
            FRAMING + "aspects: [{id: x, label: X, definition: d, terms: [t], excluded: t}]\n",
            "excluded holds something",
        ),
        (FRAMING + "aspects: [{id: x, label: X, definition: d, excluded: [t]}]\n", "other keys"),
        (FRAMING.replace("d}", "d, excluded: [t]}") + ASPECT, "other keys"),
    ],
)
def test_a_taxonomy_that_does_not_follow_the_schema_is_refused(tmp_path, text, found):
    path = tmp_path / "taxonomy.yaml"
    path.write_text(text)
    with pytest.raises(TaxonomyError, match=found):
        load_taxonomy(path)


def test_an_aspect_may_exclude_terms(tmp_path):
    path = tmp_path / "taxonomy.yaml"
    path.write_text(FRAMING + ASPECT.replace("[t]", "[t], excluded: [t u]"))

    assert load_taxonomy(path).aspects[0].excluded == ("t u",)


def test_an_aspect_excludes_nothing_unless_it_says_so(tmp_path):
    path = tmp_path / "taxonomy.yaml"
    path.write_text(FRAMING + ASPECT)

    assert load_taxonomy(path).aspects[0].excluded == ()


def test_a_missing_taxonomy_is_named(tmp_path):
    with pytest.raises(TaxonomyError, match=r"nowhere\.yaml"):
        load_taxonomy(tmp_path / "nowhere.yaml")


def test_a_taxonomy_may_do_without_aspects(tmp_path):
    (tmp_path / "taxonomy.yaml").write_text(FRAMING)

    assert load_taxonomy(tmp_path / "taxonomy.yaml").aspects == ()
