"""The counterfactual pairs that ship are sound and balanced, and `labels check` finds what is wrong with others."""

import json
import re
from collections import Counter

import pytest

from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.challenge import CHALLENGE, KINDS, load_challenge
from policyframes_training.labels.coded import load_labels, read_documents
from policyframes_training.labels.quotation import find_quotations
from tests.labels.plantings import SENTENCES, write_rows

SHORT = ("securitized", "governance", "partnership")
WORDS = {
    "a": "Raiders from the marsh will burn the granary unless guards with dogs and torches hold each gate all spring, "
    "and every stranger on the dike is to be seized at once without a hearing.",
    "b": "Clerks of the granary owe the valley an account of each sack, and the statute that elders vote on tonight "
    "names an auditor, fixes a fee, and lets any tenant appeal to the bench within nine days.",
}


def row(**changes):
    made = {
        "id": "c001",
        "topic": "granary",
        "contrast": "securitized/governance",
        "kind": "plain",
        "a": {"text": WORDS["a"], "framings": ["securitized"]},
        "b": {"text": WORDS["b"], "framings": ["governance"]},
        "note": "force against an audit",
    }
    return {**made, **changes}


@pytest.fixture(scope="module")
def pairs(checkout):
    return load_challenge(checkout / "labels" / CHALLENGE, load_labels(checkout / "labels").taxonomy.framing_ids)


def test_a_sound_file_of_pairs_has_no_defect(labels):
    write_rows(labels / CHALLENGE, [row()])
    assert check_labels(labels) == []


def test_labels_without_pairs_have_no_defect(labels):
    assert not (labels / CHALLENGE).exists()
    assert check_labels(labels) == []


PLANTED = {
    "no note": ({"note": " "}, "missing-field"),
    "field unknown": ({"voice": "own"}, "unknown-field"),
    "side without framings": ({"a": {"text": WORDS["a"]}}, "wrong-type"),
    "framing unknown": (
        {"a": {"text": WORDS["a"], "framings": ["heroic"]}, "contrast": "heroic/governance"},
        "unknown-framing",
    ),
    "framings out of order": (
        {
            "a": {"text": WORDS["a"], "framings": ["partnership", "securitized"]},
            "contrast": "partnership+securitized/governance",
        },
        "framing-order",
    ),
    "contrast of other framings": ({"contrast": "governance/securitized"}, "bad-contrast"),
    "kind unknown": ({"kind": "easy"}, "unknown-kind"),
    "text too short": ({"a": {"text": "Too short a text.", "framings": ["securitized"]}}, "bad-length"),
    "text too long": ({"a": {"text": "long " * 111, "framings": ["securitized"]}}, "bad-length"),
    "hidden character": ({"a": {"text": WORDS["a"] + "\u200b", "framings": ["securitized"]}}, "control-character"),
    "text twice": ({"b": {"text": WORDS["a"].upper(), "framings": ["governance"]}}, "duplicate-text"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_wrong_with_a_pair_is_found_at_its_line(labels, name):
    changes, kind = PLANTED[name]
    other = {
        "a": {"text": WORDS["a"] + " Soon.", "framings": ["securitized"]},
        "b": {"text": WORDS["b"] + " Soon.", "framings": []},
    }
    write_rows(labels / CHALLENGE, [row(id="c000", contrast="securitized/none", **other), row(**changes)])
    found = [(defect.file, defect.line, defect.kind) for defect in check_labels(labels)]
    assert found == [(CHALLENGE, 2, kind)]


def test_framings_alike_on_both_sides_are_no_contrast(labels):
    both = {"text": WORDS["b"], "framings": ["securitized"]}
    write_rows(labels / CHALLENGE, [row(b=both, contrast="securitized/securitized")])
    assert [defect.kind for defect in check_labels(labels)] == ["no-contrast"]


def test_an_id_that_returns_is_found(labels):
    other = {
        "a": {"text": WORDS["a"] + " Soon.", "framings": ["securitized"]},
        "b": {"text": WORDS["b"] + " Soon.", "framings": []},
    }
    write_rows(labels / CHALLENGE, [row(), row(contrast="securitized/none", **other)])
    assert [(defect.line, defect.kind) for defect in check_labels(labels)] == [(2, "duplicate-id")]


def test_a_side_with_the_text_of_a_passage_is_found(labels):
    path = labels / "passages.jsonl"
    passages = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    passages[0]["text"] = WORDS["a"].upper()
    write_rows(path, passages)
    write_rows(labels / CHALLENGE, [row()])
    found = [(defect.file, defect.kind) for defect in check_labels(labels)]
    assert found == [(CHALLENGE, "equal-to-passage")]


def test_a_side_that_quotes_a_document_is_found(labels):
    quoted = f"{' '.join(next(iter(SENTENCES.values())))} And so on."
    write_rows(labels / CHALLENGE, [row(a={"text": quoted, "framings": ["securitized"]})])
    assert check_labels(labels) == []
    found = [(defect.file, defect.line, defect.kind) for defect in check_labels(labels, labels.parent / "documents")]
    assert found == [(CHALLENGE, 1, "quoted-text")]


def test_a_line_that_is_no_json_is_found(labels):
    (labels / CHALLENGE).write_text('{"id" "c001"}\n', encoding="utf-8")
    assert [(defect.line, defect.kind) for defect in check_labels(labels)] == [(1, "bad-json")]


def test_the_shipped_pairs_are_balanced_over_ordered_contrasts(pairs):
    ordered = Counter(pair.contrast for pair in pairs)
    single = [ordered[f"{one}/{other}"] for one in SHORT for other in SHORT if one != other]
    with_none = [ordered[name] for framing in SHORT for name in (f"{framing}/none", f"none/{framing}")]
    assert len(pairs) >= 180
    assert min(single) == max(single) >= 20
    assert min(with_none) == max(with_none) >= 7


def test_a_third_of_the_shipped_pairs_is_hard(pairs):
    kinds = Counter(pair.kind for pair in pairs)
    hard = kinds["negated"] + kinds["reported"] + kinds["vocabulary"]
    assert set(kinds) == set(KINDS)
    assert hard / len(pairs) == pytest.approx(1 / 3, abs=0.05)


def test_counts_of_the_shipped_pairs_are_those_of_the_datasheet(pairs, checkout):
    datasheet = (checkout / "labels" / "DATASHEET.md").read_text(encoding="utf-8")
    assert f"{len(pairs)} pairs" in datasheet
    for kind, count in Counter(pair.kind for pair in pairs).items():
        assert f"{kind} {count}" in datasheet


def test_the_length_of_a_text_does_not_give_its_framing_away(pairs):
    lengths = {framing: [] for framing in SHORT}
    for pair in pairs:
        for side in (pair.a, pair.b):
            for framing in side.framings if len(side.framings) == 1 else ():
                lengths[framing].append(len(side.text.split()))
    means = [sum(values) / len(values) for values in lengths.values()]
    assert max(means) - min(means) < 5


def test_no_shipped_text_shares_a_run_of_eight_words_with_another_pair(pairs):
    holders = {}
    for pair in pairs:
        for text in (pair.a.text, pair.b.text):
            words = re.findall(r"\w+", text.lower())
            for at in range(len(words) - 7):
                holders.setdefault(tuple(words[at : at + 8]), set()).add(pair.id)
    assert {run: ids for run, ids in holders.items() if len(ids) > 1} == {}


@pytest.mark.shared
@pytest.mark.slow
def test_no_shipped_pair_holds_a_documents_words(pairs, shared_folder):
    texts = [side.text for pair in pairs for side in (pair.a, pair.b)]
    assert find_quotations(texts, read_documents(shared_folder / "documents")) == []
