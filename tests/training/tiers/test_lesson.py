"""What a model said of passages that it had not seen, on disk and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policyframes.errors import OutputError, TrainingError
from policyframes_training.corpus.uncoded import Uncoded
from policyframes_training.tiers.lesson import CrossFit, load_cross_fit, save_cross_fit


class _Corpus:
    """As much of a corpus as a lesson asks for."""

    sha256 = "c" * 64


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


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a lesson at all"])
def test_a_file_that_is_no_lesson_is_refused(tmp_path, content):
    path = tmp_path / "lesson.safetensors"
    path.write_bytes(content)

    with pytest.raises(TrainingError, match="cannot be read"):
        load_cross_fit(path, _Corpus())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TrainingError, match="cannot be read"):
        load_cross_fit(tmp_path / "none.safetensors", _Corpus())


def test_a_place_that_cannot_be_written_is_named(lesson, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match="file"):
        save_cross_fit(lesson, tmp_path / "file" / "lesson.safetensors")
