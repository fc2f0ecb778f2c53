"""What a model says of passages that it had not seen: kept on disk, for the tiers that learn from it or build on it.

One safetensors file; no text is in it, only hashes that say which passages it speaks of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from policyframes.errors import OutputError, TrainingError, UsageError
from policyframes_training.corpus.corpus import Corpus
from policyframes_training.corpus.held_out import HeldOut, Lesson, TaughtPassages
from policyframes_training.corpus.uncoded import Uncoded, collect_uncoded
from policyframes_training.evaluation.perturbation import perturb

LESSON = "lesson.safetensors"

_TENSORS = ("train", "validation", "uncoded_by_fold")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CrossFit:
    """Logits of a model and of the K models of its kind that were each kept from one part of train.

    Attributes:
        train: logits of the train passages, each of the model that had not seen it, shape (n, L).
        validation: logits of the validation passages, of the model itself, shape (v, L).
        uncoded_by_fold: logits of the uncoded passages, of each of the K others or of the K that taught them, shape
            (K, u, L); u is 0 where it teaches nobody. Of a teacher that has read all of train, its own, K = 1.
        fold_of: number of the fold by document of train; empty for a teacher that has read all of train.
        corpus_sha256: of the corpus that all of it is about.
        uncoded_sha256: of the uncoded passages, see `Uncoded.sha256`.
        bundle: id of the model's bundle; empty where it has none.
        model: what speaks of the uncoded passages, such as the base that it was fine-tuned from.
    """

    train: Floats
    validation: Floats
    uncoded_by_fold: Floats
    fold_of: Mapping[str, int]
    corpus_sha256: str
    uncoded_sha256: str
    bundle: str
    model: str = ""

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
        fold it is the one that had not seen the fold, without the fold's own documents. A teacher that has read all
        of train has nothing to say to a fold.
        """
        of_passage = np.array([self.fold_of.get(document, -1) for document in uncoded.documents])
        by_fold = tuple(
            TaughtPassages(uncoded.texts, uncoded.documents, _sigmoid(logits)).select(of_passage != number)
            for number, logits in enumerate(self.uncoded_by_fold if self.fold_of else ())
        )
        together = _sigmoid(self.uncoded_by_fold).mean(axis=0)
        taught = TaughtPassages(uncoded.texts, uncoded.documents, together)
        return Lesson(taught, by_fold, self.fold_of, teacher=self.model, has_read_all=not self.fold_of)


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
        "model": cross_fit.model,
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
        raise _name_fault(path, error) from error
    if uncoded is not None and uncoded.texts and not found.uncoded_by_fold.shape[1]:
        raise TrainingError(
            where=str(path),
            found="it says nothing of uncoded passages",
            allowed="a lesson of folds that scored them",
            remedy="Train that tier again, the encoder with --lesson and --documents.",
        )
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


def count_taught(path: Path) -> int:
    """Return how many uncoded passages a lesson speaks of; 0 where there is no such file.

    Raises:
        TrainingError: it cannot be read.
    """
    if not path.exists():
        return 0
    try:
        with safe_open(path, framework="np") as stored:
            return int(stored.get_slice("uncoded_by_fold").get_shape()[1])
    except (OSError, SafetensorError, IndexError) as error:
        raise _name_fault(path, error) from error


@dataclass(frozen=True)
class Teaching:
    """How a tier learns from a teacher.

    Attributes:
        lessons: the files that the teachers' trainings left; of several, the mean of their logits teaches.
        swapped_share: share of the uncoded passages whose names are swapped, see `perturb`, with the probabilities that
            the teacher gave them as they were. Who is named then says less about the framing; the swaps are those of
            `swap-all`, names outside its lists stay.
        most: passages that are learned from, at most, drawn by chance; None for all.
        bundles: names of bundles that ship or folders of bundles. They have read all of train, and teach the model
            alone; the lessons, where there are any, then teach the folds.
        of_bundles: the lessons of the bundles, see `settle_teaching`.
        uncoded: the passages that the bundles have scored; None where none have, and the documents are cut anew.
    """

    lessons: tuple[Path, ...]
    swapped_share: float = 1.0
    most: int | None = None
    bundles: tuple[str, ...] = ()
    of_bundles: tuple[Path, ...] = ()
    uncoded: Uncoded | None = None


def load_teachers(paths: Sequence[Path], corpus: Corpus, uncoded: Uncoded | None = None) -> CrossFit:
    """Read the lessons of several teachers as one, the mean of their logits.

    Args:
        paths: of the files.
        corpus: that they must be about.
        uncoded: the uncoded passages that they must be about; None where they are not needed.

    Raises:
        TrainingError: one cannot be read, or is about others, or was held out on other parts of train.
    """
    found = [load_cross_fit(path, corpus, uncoded) for path in paths]
    first = found[0]
    for path, other in zip(paths, found, strict=True):
        if (other.fold_of, other.uncoded_sha256) != (first.fold_of, first.uncoded_sha256):
            raise TrainingError(
                where=str(path),
                found=f"folds or uncoded passages that are not those of {paths[0]}",
                allowed="teachers that were trained on the same documents with the same --folds",
                remedy="Train one of them again, or leave it out.",
            )
    means = {name: np.mean([getattr(one, name) for one in found], axis=0) for name in _TENSORS}
    return replace(first, **means, model=" and ".join(one.model or "an encoder" for one in found))


def read_lesson(
    teaching: Teaching,
    corpus: Corpus,
    documents: Path | None,
    *,
    seed: int,
    report: Callable[[str], None] = lambda _: None,
) -> Lesson:
    """Return what a teacher says of the uncoded passages of the documents that train.

    Args:
        teaching: the teacher's lesson, and what becomes of its passages.
        corpus: that it must be about.
        documents: folder with the documents' copies.
        seed: of the passages that are drawn and of the swaps.
        report: is told of the progress.

    Raises:
        TrainingError: the file cannot be read, is about others, or teaches nobody.
        UsageError: there are no documents, or share or number make no sense.
    """
    folder = _check_teaching(teaching, documents)
    uncoded = teaching.uncoded or collect_uncoded(corpus, folder, report)
    lesson = _combine(teaching, corpus, uncoded)
    chance = np.random.default_rng(seed)
    # Who knows the codes of a passage needs no teacher for it.
    coded = set(corpus.further.texts)
    left = [text for text in uncoded.texts if text not in coded]
    taken = set(left)
    if teaching.most is not None and teaching.most < len(left):
        taken = {left[i] for i in chance.choice(len(left), teaching.most, replace=False)}
    swapped = [text for text in uncoded.texts if text in taken and chance.random() < teaching.swapped_share]
    reworded = perturb(swapped, "swap-all", seed=seed)
    wording = {text: text for text in taken} | dict(zip(swapped, reworded, strict=True))
    changed = sum(new != old for old, new in wording.items())
    told = f"{len(taken):,} uncoded passages, {changed:,} of them with other names"
    report(f"learns from a teacher's probabilities on {told}")
    return replace(
        lesson,
        taught=_reword(lesson.taught, wording),
        by_fold=tuple(_reword(part, wording) for part in lesson.by_fold),
        swapped=changed,
    )


def number_folds(corpus: Corpus, folds: npt.NDArray[np.intp]) -> dict[str, int]:
    """Return the number of the fold by document of train, from that of each passage, shape (n,)."""
    return {name: int(fold) for name, fold in zip(corpus.passages("train").documents, folds, strict=True)}


def describe_lesson(lesson: Lesson | None) -> dict[str, str | int]:
    """Return what the record of a run says of what was learnt from a teacher."""
    if lesson is None:
        return {"taught_passages": 0}
    taught = {"taught_passages": len(lesson.taught.texts), "taught_swapped": lesson.swapped}
    folds = {"teacher_of_folds": lesson.fold_teacher} if lesson.fold_teacher else {}
    return {"teacher": lesson.teacher, **taught, **folds}


def _name_fault(path: Path, error: Exception) -> TrainingError:
    return TrainingError(
        where=str(path),
        found=f"it cannot be read ({error})",
        allowed="the file lesson.safetensors that training a tier leaves in its work folder",
        remedy="Train that tier again, the encoder with --folds and --documents.",
    )


def _combine(teaching: Teaching, corpus: Corpus, uncoded: Uncoded) -> Lesson:
    """Return what the bundles say, with what the lessons say to the folds; without bundles, what the lessons say."""
    lesson = load_teachers(teaching.lessons, corpus, uncoded).teach(uncoded) if teaching.lessons else None
    if not teaching.of_bundles and lesson is not None:
        return lesson
    told = load_teachers(teaching.of_bundles, corpus, uncoded).teach(uncoded)
    if lesson is None:
        return told
    return replace(told, by_fold=lesson.by_fold, fold_of=lesson.fold_of, fold_teacher=lesson.teacher)


def _check_teaching(teaching: Teaching, documents: Path | None) -> Path:
    """Return the folder of the documents."""
    if documents is None:
        raise UsageError(
            where="training with a teacher",
            found="no documents",
            allowed="the documents that the teacher has scored",
            remedy="Give their folder with --documents.",
        )
    if not 0 <= teaching.swapped_share <= 1:
        raise UsageError(
            where="share of the passages with swapped names",
            found=str(teaching.swapped_share),
            allowed="0 to 1",
            remedy="Give another share with --swapped-share.",
        )
    if teaching.most is not None and teaching.most < 1:
        raise UsageError(
            where="number of taught passages",
            found=str(teaching.most),
            allowed="at least one",
            remedy="Give another number with --taught.",
        )
    return documents


def _reword(passages: TaughtPassages, wording: Mapping[str, str]) -> TaughtPassages:
    """Return the passages that have a wording, in it."""
    kept = passages.select(np.array([text in wording for text in passages.texts], dtype=np.bool_))
    return replace(kept, texts=tuple(wording[text] for text in kept.texts))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -500, 500))))
