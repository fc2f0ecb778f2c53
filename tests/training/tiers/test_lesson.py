"""What a model said of passages that it had not seen, on disk and back."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from policyframes.errors import OutputError, TrainingError, UsageError
from policyframes_training.corpus.uncoded import Uncoded
from policyframes_training.tiers import lesson as lessons
from policyframes_training.tiers.lesson import (
    CrossFit,
    Teaching,
    count_taught,
    describe_lesson,
    load_cross_fit,
    load_teachers,
    read_lesson,
    save_cross_fit,
)


class _Corpus:
    """As much of a corpus as a lesson asks for."""

    sha256 = "c" * 64
    further = SimpleNamespace(texts=())


UNCODED = Uncoded(("one", "two", "three"), ("a", "b", "b"), ())


@pytest.fixture
def lesson():
    generator = np.random.default_rng(0)
    return CrossFit(
        train=generator.normal(size=(4, 2)),
        validation=generator.normal(size=(2, 2)),
        uncoded_by_fold=generator.normal(size=(2, 3, 2)),
        fold_of={"a": 0, "b": 1},
        corpus_sha256=_Corpus.sha256,
        uncoded_sha256=UNCODED.sha256,
        bundle="b" * 64,
    )


def test_it_comes_back_as_it_was(lesson, tmp_path):
    save_cross_fit(lesson, tmp_path / "deep" / "lesson.safetensors")
    found = load_cross_fit(tmp_path / "deep" / "lesson.safetensors", _Corpus(), UNCODED)

    assert found.fold_of == lesson.fold_of
    assert found.bundle == lesson.bundle
    for name in ("train", "validation", "uncoded_by_fold"):
        assert np.abs(getattr(found, name) - getattr(lesson, name)).max() < 1e-6


def test_a_fold_is_taught_by_the_model_that_had_not_seen_it_and_not_on_its_own_documents(lesson):
    taught = lesson.teach(UNCODED)

    assert [part.texts for part in taught.by_fold] == [("two", "three"), ("one",)]
    assert taught.by_fold[1].probabilities == pytest.approx(1 / (1 + np.exp(-lesson.uncoded_by_fold[1][:1])))
    assert taught.taught.probabilities == pytest.approx((1 / (1 + np.exp(-lesson.uncoded_by_fold))).mean(axis=0))


def test_a_lesson_on_other_passages_is_refused(lesson, tmp_path):
    path = tmp_path / "lesson.safetensors"
    save_cross_fit(replace(lesson, corpus_sha256="d" * 64), path)
    with pytest.raises(TrainingError, match="about other passages"):
        load_cross_fit(path, _Corpus())
    save_cross_fit(lesson, path)
    with pytest.raises(TrainingError, match="about other uncoded passages"):
        load_cross_fit(path, _Corpus(), Uncoded(("one",), ("a",), ()))


def test_a_lesson_of_folds_that_scored_no_uncoded_passages_teaches_nobody(lesson, tmp_path):
    path = tmp_path / "lesson.safetensors"
    save_cross_fit(lesson, path)
    assert count_taught(path) == lesson.uncoded_by_fold.shape[1] > 0
    save_cross_fit(replace(lesson, uncoded_by_fold=lesson.uncoded_by_fold[:, :0]), path)

    assert count_taught(path) == 0
    assert load_cross_fit(path, _Corpus()).train == pytest.approx(lesson.train, abs=1e-6)
    with pytest.raises(TrainingError, match=r"says nothing of uncoded passages.*--lesson"):
        load_cross_fit(path, _Corpus(), UNCODED)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a lesson at all"])
def test_a_file_that_is_no_lesson_is_refused(tmp_path, content):
    path = tmp_path / "lesson.safetensors"
    path.write_bytes(content)

    for read in (count_taught, lambda path: load_cross_fit(path, _Corpus())):
        with pytest.raises(TrainingError, match="cannot be read"):
            read(path)


def test_a_missing_file_is_named(tmp_path):
    assert count_taught(tmp_path / "none.safetensors") == 0
    with pytest.raises(TrainingError, match="cannot be read"):
        load_cross_fit(tmp_path / "none.safetensors", _Corpus())


def test_a_place_that_cannot_be_written_is_named(lesson, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match="file"):
        save_cross_fit(lesson, tmp_path / "file" / "lesson.safetensors")


NAMED = Uncoded(
    ("Canada and Japan signed it in 1997.", "The river froze.", "Brazil left, and France stayed.", "Peru agreed."),
    ("a", "b", "b", "c"),
    (),
)


@pytest.fixture
def teaching(lesson, tmp_path, monkeypatch) -> Teaching:
    """A teacher of passages with names in them."""
    logits = np.arange(24, dtype=np.float64).reshape(2, 4, 3) / 10
    named = replace(lesson, uncoded_by_fold=logits, uncoded_sha256=NAMED.sha256, model="some-base")
    save_cross_fit(named, tmp_path / "lesson.safetensors")
    monkeypatch.setattr(lessons, "collect_uncoded", lambda *_: NAMED)
    return Teaching((tmp_path / "lesson.safetensors",))


def test_names_are_swapped_and_probabilities_stay(teaching, tmp_path):
    plain = read_lesson(replace(teaching, swapped_share=0.0), _Corpus(), tmp_path, seed=3)
    swapped = read_lesson(teaching, _Corpus(), tmp_path, seed=3)

    assert plain.taught.texts == NAMED.texts
    assert [new != old for new, old in zip(swapped.taught.texts, NAMED.texts, strict=True)] == [True, False, True, True]
    assert not any(name in swapped.taught.texts[0] for name in ("Canada", "Japan", "1997"))
    assert np.array_equal(swapped.taught.probabilities, plain.taught.probabilities)
    assert describe_lesson(swapped) == {"teacher": "some-base", "taught_passages": 4, "taught_swapped": 3}
    # A fold reads the same words as the whole.
    for part in swapped.by_fold:
        assert set(part.texts) <= set(swapped.taught.texts)
    assert read_lesson(teaching, _Corpus(), tmp_path, seed=3).taught.texts == swapped.taught.texts
    assert read_lesson(teaching, _Corpus(), tmp_path, seed=4).taught.texts != swapped.taught.texts


def test_a_lesson_can_be_cut_short(teaching, tmp_path):
    plain = read_lesson(replace(teaching, swapped_share=0.0), _Corpus(), tmp_path, seed=0)
    short = read_lesson(replace(teaching, swapped_share=0.0, most=2), _Corpus(), tmp_path, seed=0)

    assert len(short.taught.texts) == 2
    rows = [NAMED.texts.index(text) for text in short.taught.texts]
    assert np.array_equal(short.taught.probabilities, plain.taught.probabilities[rows])
    for part, whole in zip(short.by_fold, plain.by_fold, strict=True):
        assert part.texts == tuple(text for text in whole.texts if text in short.taught.texts)
    assert len(read_lesson(replace(teaching, most=9), _Corpus(), tmp_path, seed=0).taught.texts) == 4


def test_the_mean_of_two_teachers_teaches_where_they_were_cut_alike(lesson, tmp_path):
    other = replace(lesson, **{name: getattr(lesson, name) + 1 for name in ("train", "validation", "uncoded_by_fold")})
    paths = [tmp_path / "one.safetensors", tmp_path / "two.safetensors"]
    save_cross_fit(replace(lesson, model="some-base"), paths[0])
    save_cross_fit(other, paths[1])

    both = load_teachers(paths, _Corpus(), UNCODED)

    for name in ("train", "validation", "uncoded_by_fold"):
        assert getattr(both, name) == pytest.approx(getattr(lesson, name) + 0.5, abs=1e-6)
    assert both.model == "some-base and an encoder"
    save_cross_fit(replace(other, fold_of={"a": 1, "b": 0}), paths[1])
    with pytest.raises(TrainingError, match=r"two\.safetensors.*folds or uncoded passages"):
        load_teachers(paths, _Corpus())


def test_what_makes_no_sense_is_refused(teaching, tmp_path):
    with pytest.raises(UsageError, match=r"1\.5\. Allowed: 0 to 1"):
        read_lesson(replace(teaching, swapped_share=1.5), _Corpus(), tmp_path, seed=0)
    with pytest.raises(UsageError, match="--taught"):
        read_lesson(replace(teaching, most=0), _Corpus(), tmp_path, seed=0)
    with pytest.raises(UsageError, match="no documents"):
        read_lesson(teaching, _Corpus(), None, seed=0)


def test_nothing_learnt_is_said_too():
    assert describe_lesson(None) == {"taught_passages": 0}
