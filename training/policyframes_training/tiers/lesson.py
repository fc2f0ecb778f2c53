"""What a model says of passages that it had not seen: kept on disk, for the tiers that learn from it or build on it.

One safetensors file; no text is in it, only hashes that say which passages it speaks of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from policyframes.errors import OutputError, TrainingError, UsageError
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.corpus.held_out import HeldOut, Lesson, TaughtPassages
from policyframes_training.corpus.uncoded import Uncoded, collect_uncoded

LESSON = "lesson.safetensors"

_TENSORS = ("train", "validation", "uncoded_by_fold")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CrossFit:
    """Logits of a model and of the K models of its kind that were each kept from one part of train.

    Attributes:
        train: logits of the train passages, each of the model that had not seen it, shape (n, L).
        validation: logits of the validation passages, of the model itself, shape (v, L).
        uncoded_by_fold: logits of the uncoded passages, of each of the K others, shape (K, u, L); u is 0 where it
            teaches nobody.
        fold_of: number of the fold by document of train.
        corpus_sha256: of the corpus that all of it is about.
        uncoded_sha256: of the uncoded passages, see `Uncoded.sha256`.
        bundle: id of the model's bundle.
    """

    train: Floats
    validation: Floats
    uncoded_by_fold: Floats
    fold_of: Mapping[str, int]
    corpus_sha256: str
    uncoded_sha256: str
    bundle: str

    def hold_out(self, corpus: Corpus) -> tuple[HeldOut, HeldOut]:
        """Return validation and train with these logits."""
        validation, train = corpus.passages("validation"), corpus.passages("train")
        return (
            HeldOut(self.validation, validation.targets, validation.documents),
            HeldOut(self.train, train.targets, train.documents),
        )

    def teach(self, uncoded: Uncoded) -> Lesson:
        """Return what the fast tier learns from.

        The teacher is the mean of the K models (an ensemble, as in Hinton, Vinyals and Dean 2015, section 1); for a
        fold it is the one that had not seen the fold, without the fold's own documents.
        """
        of_passage = np.array([self.fold_of.get(document, -1) for document in uncoded.documents])
        by_fold = tuple(
            TaughtPassages(uncoded.texts, uncoded.documents, _sigmoid(logits)).select(of_passage != number)
            for number, logits in enumerate(self.uncoded_by_fold)
        )
        together = _sigmoid(self.uncoded_by_fold).mean(axis=0)
        return Lesson(TaughtPassages(uncoded.texts, uncoded.documents, together), by_fold, self.fold_of)


def save_cross_fit(cross_fit: CrossFit, path: Path) -> None:
    """Write the file.

    Raises:
        OutputError: it cannot be written.
    """
    tensors = {name: np.ascontiguousarray(getattr(cross_fit, name), dtype=np.float32) for name in _TENSORS}
    facts = {
        "fold_of": dict(cross_fit.fold_of),
        "corpus_sha256": cross_fit.corpus_sha256,
        "uncoded_sha256": cross_fit.uncoded_sha256,
        "bundle": cross_fit.bundle,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, metadata={"policyframes-lesson": json.dumps(facts, sort_keys=True)})
    except (OSError, SafetensorError) as error:
        raise OutputError(
            where=str(path), found=str(error), allowed="a writable file", remedy="Give another folder."
        ) from error


def load_cross_fit(path: Path, corpus: Corpus, uncoded: Uncoded | None = None) -> CrossFit:
    """Read the file and check that it speaks of these passages.

    Args:
        path: of the file.
        corpus: that it must be about.
        uncoded: the uncoded passages that it must be about; None where they are not needed.

    Raises:
        TrainingError: it cannot be read, or is about others.
    """
    try:
        with safe_open(path, framework="np") as stored:
            facts = json.loads((stored.metadata() or {})["policyframes-lesson"])
            tensors = {name: stored.get_tensor(name).astype(np.float64) for name in _TENSORS}
        found = CrossFit(**tensors, **facts)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            where=str(path),
            found=f"it cannot be read ({error})",
            allowed="the file lesson.safetensors that training a tier leaves in its work folder",
            remedy="Train that tier again, the encoder with --folds and --documents.",
        ) from error
    about = {"passages": (found.corpus_sha256, corpus.sha256)}
    if uncoded is not None:
        about["uncoded passages"] = (found.uncoded_sha256, uncoded.sha256)
    for name, (stored_hash, hash_now) in about.items():
        if stored_hash != hash_now:
            raise TrainingError(
                where=str(path),
                found=f"it is about other {name} ({stored_hash[:12]} and not {hash_now[:12]})",
                allowed="labels and documents as they were when the tier was trained",
                remedy="Train that tier again.",
            )
    return found


def read_lesson(
    teacher: Path, corpus: Corpus, documents: Path | None, report: Callable[[str], None] = lambda _: None
) -> tuple[Lesson, Uncoded]:
    """Return what a teacher says of the uncoded passages of the documents that train, and these passages.

    Args:
        teacher: the file that the teacher's training left.
        corpus: that it must be about.
        documents: folder with the documents' copies.
        report: is told of the progress.

    Raises:
        TrainingError: the file cannot be read, or is about others.
        UsageError: there are no documents.
    """
    if documents is None:
        raise UsageError(
            where="training with a teacher",
            found="no documents",
            allowed="the documents that the teacher has scored",
            remedy="Give their folder with --documents.",
        )
    uncoded = collect_uncoded(corpus, documents, report)
    lesson = load_cross_fit(teacher, corpus, uncoded).teach(uncoded)
    report(f"learns from a teacher's probabilities on {len(uncoded.texts):,} uncoded passages")
    return lesson, uncoded


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -500, 500))))
