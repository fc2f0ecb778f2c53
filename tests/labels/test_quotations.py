"""Runs of a document's words in a passage are found, whatever the case, points and line ends."""

import numpy as np
import pytest

from policyframes_training.labels.audit import check_labels
from policyframes_training.labels.quotation import RUN_WORDS, Quotation, find_quotations
from tests.labels.plantings import SENTENCES, P, edit

WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
RUN = " ".join(WORDS[:14])


@pytest.fixture
def quoting(labels):
    """Return labels whose passage on line 3 says again a sentence of a document, in capitals and other lines."""
    sentence = " ".join((*SENTENCES["river-1990"][0].split(), *SENTENCES["river-1990"][1].split()))
    edit(P, 3, text="As they say: " + sentence.upper().replace(" ", " \n- "))(labels)
    return labels


def test_a_passage_with_words_of_a_document_is_a_defect(quoting):
    assert check_labels(quoting) == []
    found = check_labels(quoting, quoting.parent / "documents")
    assert [(defect.kind, defect.file, defect.line) for defect in found] == [("quoted-text", P, 3)]
    assert "p2 shares a run of 14 words or more with river-1990" in found[0].found
    assert "'the ministry shall publish a yearly account of ...'" in found[0].found


@pytest.mark.parametrize(("note", "defects"), [("Names and citations only.", 0), ("", 1), ("  ", 1)])
def test_a_note_answers_for_words_of_a_document(quoting, note, defects):
    edit(P, 3, note=note)(quoting)
    assert len(check_labels(quoting, quoting.parent / "documents")) == defects


def test_a_document_that_is_not_catalogued_counts_too(labels):
    (labels.parent / "documents" / "stray.txt").write_text(f"{RUN}\n", encoding="utf-8")
    edit(P, 2, text=f"Well then, {RUN}.")(labels)
    found = check_labels(labels, labels.parent / "documents")
    assert [(defect.kind, defect.line) for defect in found] == [("quoted-text", 2)]


def test_a_note_that_is_no_text_does_not_answer_and_does_not_raise(quoting):
    edit(P, 3, note=7)(quoting)
    found = check_labels(quoting, quoting.parent / "documents")
    assert {defect.kind for defect in found} == {"unknown-field", "quoted-text"}


def test_fourteen_words_are_a_run_and_thirteen_are_none():
    assert RUN_WORDS == 14
    found = find_quotations([f"so {RUN} end"], {"b": RUN, "a": f"x {RUN.title()}, y"})
    assert found == [Quotation(0, "a", "one two three four five six seven eight")]
    assert find_quotations([" ".join(WORDS[:13])], {"a": RUN}) == []
    assert find_quotations([" ".join((*WORDS[:13], "other", *WORDS[1:14]))], {"a": RUN}) == []


def test_texts_without_words_share_nothing():
    assert find_quotations(["", "... ¿?", RUN], {"a": "", "b": "..."}) == []
    assert find_quotations([], {"a": RUN}) == []


@pytest.mark.slow
def test_one_quotation_is_found_among_two_million_words():
    rng = np.random.default_rng(5)
    vocabulary = np.array([f"w{number}" for number in range(20_000)])
    documents = {f"d{number:03}": " ".join(vocabulary[rng.integers(0, 20_000, 20_000)]) for number in range(100)}
    passages = [" ".join(vocabulary[rng.integers(0, 20_000, 70)]) for _ in range(3000)]
    passages[7] = "and " + " ".join(documents["d042"].split()[500:520])
    assert [(q.passage, q.document) for q in find_quotations(passages, documents)] == [(7, "d042")]
