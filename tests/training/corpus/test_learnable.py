"""Further passages are learned from, by whole documents, and nothing is calibrated, chosen or measured on them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from policyframes.errors import TrainingError
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.corpus.learnable import read_extra, read_learnable
from policyframes_training.corpus.uncoded import collect_uncoded
from policyframes_training.evaluation.refits import join_sides
from policyframes_training.labels.anchors import anchor_fields, make_anchor
from policyframes_training.linear.linear import LinearFolding, hold_out, leave_out
from policyframes_training.linear.settings import LinearSettings
from policyframes_training.tiers.fast import FastPlan, train_fast
from policyframes_training.tiers.lesson import CrossFit, Teaching, number_folds, read_lesson, save_cross_fit

# Long enough to be a passage of its own.
ADDED = (
    "The envoys of the two banks settle each quarrel about the ferry between them, hear the boatmen of either side in"
    " turn, share the tolls by a rule that both have signed, and write to the millers upstream before the sluices are"
    " opened, as their fathers did by"
)


@pytest.fixture(scope="module")
def extended(tiny, tmp_path_factory):
    """The tiny labels with a further span at the end of each document that trains, and one document more."""
    home = tmp_path_factory.mktemp("further")
    labels, documents = home / "labels", home / "documents"
    shutil.copytree(tiny.labels, labels)
    shutil.copytree(tiny.documents, documents)
    write_rows(labels, [add_span(documents, f"doc-{number:02}", f"f{number:02}") for number in range(10)])
    return labels, documents


def add_span(documents, name, span_id):
    path = documents / f"{name}.txt"
    before = path.read_text(encoding="utf-8")
    text = f"{before}{ADDED} {name}."
    path.write_text(f"{text}\n", encoding="utf-8")
    anchor = make_anchor(span_id, name, text=f"{text}\n", start=len(before), end=len(text))
    codes = {"framings": ["partnership"], "primary": "partnership", "voice": "own", "doubt": 1}
    return {**anchor_fields(anchor), **codes, "coder": "C", "drawn": "unsure"}


def write_rows(labels, rows):
    (labels / "further.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_they_join_train_where_a_model_learns_and_no_split(tiny, extended):
    plain, corpus = read_corpus(tiny.labels, tiny.documents), read_corpus(*extended)

    assert len(corpus.further) == 10
    assert set(corpus.further.texts) == {f"{ADDED} doc-{number:02}." for number in range(10)}
    assert corpus.further.is_original.all()
    assert corpus.further.targets.sum(axis=0).tolist() == [0, 0, 10]
    assert len(read_learnable(corpus, seed=0)) == len(corpus.passages("train")) + 10
    assert len(join_sides(corpus)) == len(join_sides(plain))
    assert corpus.splits["train"].to_list() == plain.splits["train"].to_list()
    assert corpus.sha256 == plain.sha256
    assert corpus.further_sha256
    assert not plain.further_sha256
    assert len(corpus.without_further().further) == 0
    assert corpus.without_further().further_sha256 == ""


def test_their_hash_follows_from_their_codes(extended, tmp_path):
    labels, documents = extended
    shutil.copytree(labels, tmp_path / "labels")
    rows = [json.loads(line) for line in (labels / "further.jsonl").read_text(encoding="utf-8").splitlines()]
    write_rows(tmp_path / "labels", [rows[0] | {"framings": [], "primary": None}, *rows[1:]])

    assert read_corpus(tmp_path / "labels", documents).further_sha256 != read_corpus(labels, documents).further_sha256


def test_without_documents_there_are_none(extended):
    corpus = read_corpus(extended[0])

    assert len(corpus.further) == 0
    assert not corpus.further_sha256


def test_one_that_does_not_resolve_is_named_and_left_out(extended, tmp_path):
    labels, documents = extended
    shutil.copytree(documents, tmp_path / "documents")
    (tmp_path / "documents" / "doc-03.txt").write_text("Another text.", encoding="utf-8")
    corpus = read_corpus(labels, tmp_path / "documents")

    assert "doc-03" not in corpus.further.documents
    assert "f03" in {unresolved.id for unresolved in corpus.unresolved}


def test_one_of_a_document_that_is_measured_is_refused(tiny, tmp_path):
    shutil.copytree(tiny.labels, tmp_path / "labels")
    shutil.copytree(tiny.documents, tmp_path / "documents")
    write_rows(tmp_path / "labels", [add_span(tmp_path / "documents", "doc-15", "f00")])

    with pytest.raises(TrainingError, match=r"further.jsonl: passages of documents that do not train: doc-15"):
        read_corpus(tmp_path / "labels", tmp_path / "documents")


def write_counterfactual(labels, document):
    codes = {"framings": ["securitized"], "primary": "securitized", "voice": "own", "doubt": 0}
    source = {"document": document, "start": None, "end": None}
    row = {
        "id": "k00",
        "text": "Guards shall sink each ferry that lands in Mexico by night.",
        **codes,
        "source": source,
    }
    (labels / "counterfactuals.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")


@pytest.mark.parametrize("with_documents", [False, True])
def test_counterfactuals_are_learned_with_other_names_and_join_no_split(extended, tmp_path, with_documents):
    labels = tmp_path / "labels"
    shutil.copytree(extended[0], labels)
    write_counterfactual(labels, "doc-02")
    documents = extended[1] if with_documents else None
    plain, corpus = read_corpus(extended[0], documents), read_corpus(labels, documents)
    read = read_extra(corpus, seed=0)

    assert corpus.sha256 == plain.sha256
    assert corpus.further_sha256 != plain.further_sha256
    assert len(corpus.further) == len(plain.further) + 1
    assert (corpus.further.documents[-1], bool(corpus.further.is_original[-1])) == ("doc-02", False)
    assert corpus.further.targets[-1].tolist() == [True, False, False]
    assert "Mexico" in corpus.further.texts[-1]
    assert "Mexico" not in read.texts[-1]


def test_a_counterfactual_of_a_document_that_is_measured_is_refused(tiny, tmp_path):
    shutil.copytree(tiny.labels, tmp_path / "labels")
    write_counterfactual(tmp_path / "labels", "doc-15")

    with pytest.raises(TrainingError, match=r"counterfactuals.jsonl: passages of documents that do not train: doc-15"):
        read_corpus(tmp_path / "labels")


def test_who_holds_a_document_out_learns_nothing_of_it(extended):
    corpus = read_corpus(*extended)
    train = corpus.passages("train")
    held_out = np.array([name in {"doc-00", "doc-04"} for name in train.documents])
    learned = leave_out(train, held_out, corpus.further)

    assert {"doc-00", "doc-04"} & set(learned.documents) == set()
    assert len(learned) == (~held_out).sum() + 8
    assert len(leave_out(train, held_out, None)) == (~held_out).sum()


def test_their_names_are_swapped_and_the_codes_stay(extended):
    labels, documents = extended
    corpus = read_corpus(labels, documents)
    named = replace(corpus.further, texts=tuple(f"Mexico and {text}" for text in corpus.further.texts))
    corpus.__dict__["further"] = named
    read = read_extra(corpus, seed=0)

    assert all("Mexico" not in text and text.endswith(".") for text in read.texts)
    assert read.targets.tolist() == named.targets.tolist()
    assert read_extra(corpus, seed=0).texts == read.texts
    assert read_learnable(corpus, seed=0).texts == corpus.passages("train").texts + read.texts


def test_each_passage_comes_once_more_with_other_names(extended):
    corpus = read_corpus(*extended)
    train = corpus.passages("train")
    named = replace(corpus.further, texts=tuple(f"Mexico and {text}" for text in corpus.further.texts))
    corpus.__dict__["further"] = named
    once, more = read_extra(corpus, seed=0), read_extra(corpus, seed=0, renamed=2)

    assert len(more) == 10 + 2 * (len(train) + 10)
    assert more.texts[:10] == once.texts
    assert more.documents[10 : 10 + len(train)] == train.documents
    assert len({more.texts[at] for at in (0, 10 + len(train), 10 + 2 * len(train) + 10)}) > 1


def test_held_out_logits_change_with_what_is_learned_and_keep_their_shape(extended):
    corpus = read_corpus(*extended)
    train = corpus.passages("train")
    validation = corpus.passages("validation")
    plain = hold_out(train, validation, LinearSettings(), seed=0).held_out
    more = hold_out(train, validation, LinearSettings(), folding=LinearFolding(extra=corpus.further), seed=0).held_out

    assert more.documents == plain.documents
    assert not np.allclose(more.logits, plain.logits)


def test_a_teacher_does_not_speak_of_what_is_coded(extended, tmp_path):
    labels, documents = extended
    corpus = read_corpus(labels, documents)
    uncoded = collect_uncoded(corpus, documents)
    train = corpus.passages("train")
    logits = np.zeros((2, len(uncoded.texts), 3))
    folds = number_folds(corpus, np.arange(len(train)) % 2)
    said = CrossFit(
        np.zeros(train.targets.shape), np.zeros((0, 3)), logits, folds, corpus.sha256, uncoded.sha256, "", "x"
    )
    save_cross_fit(said, tmp_path / "lesson.safetensors")
    teaching = Teaching((tmp_path / "lesson.safetensors",), swapped_share=0.0)
    coded = set(corpus.further.texts) & set(uncoded.texts)

    assert coded
    assert coded.isdisjoint(read_lesson(teaching, corpus, documents, seed=0).taught.texts)


def test_the_bundle_says_what_it_learned_from(extended, tmp_path):
    labels, documents = extended
    output = tmp_path / "more-v1"
    plan = FastPlan(labels, documents, output, "more-v1", 0, "tests", store=tmp_path / "store")
    made = train_fast(plan)

    assert made.bundle.provenance["further_sha256"] == read_corpus(labels, documents).further_sha256
    assert "| for learning alone | 0 | 10 |" in made.bundle.card
    assert made.bundle.provenance["further_sha256"] in made.bundle.card
