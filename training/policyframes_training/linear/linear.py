"""The linear model of the fast tier: one-vs-rest logistic regression on TF-IDF over the scorer's own n-grams.

Learns from coded passages and, where there is a teacher, from its probabilities on uncoded ones. Fits and chooses
settings. It never sees a test passage and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from policyframes.backends.ngram import extract_ngrams
from policyframes.errors import TrainingError
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.corpus.held_out import FoldedLogits, HeldOut, Lesson, TaughtPassages
from policyframes_training.linear.names import find_name_terms
from policyframes_training.linear.settings import LinearSettings

# Parts of train that are held out in turn; with more of them each fit keeps more, and takes its time.
FOLDS = 10

_FEWEST_FOLDS = 2
_MAX_ITERATIONS = 1_000
# Rows that weigh less change nothing and cost as much as others.
_LEAST_WEIGHT = 1e-3

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearModel:
    """A fitted vectorizer with one estimator per framing."""

    settings: LinearSettings
    vectorizer: TfidfVectorizer
    estimators: tuple[LogisticRegression, ...]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Return the V terms in the order of the weights' rows."""
        return tuple(str(term) for term in self.vectorizer.get_feature_names_out())

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return `coefficients` (V, L), `idf` (V,) and `intercepts` (L,) as a bundle holds them."""
        return {
            "coefficients": np.stack([e.coef_[0] for e in self.estimators], axis=1).astype(np.float32),
            "idf": self.vectorizer.idf_.astype(np.float32),
            "intercepts": np.array([e.intercept_[0] for e in self.estimators], dtype=np.float32),
        }

    def logits(self, texts: Sequence[str]) -> Floats:
        """Return scikit-learn's own logits, shape (texts, framings)."""
        matrix = self.vectorizer.transform(texts)
        return np.stack([e.decision_function(matrix) for e in self.estimators], axis=1)


@dataclass(frozen=True)
class LinearFolding:
    """How train is cut for cross-fitting, and what the fits learn from beside it.

    Attributes:
        groups: documents that must stay together, such as those of `splits.json`; a document is never cut.
        lesson: what a teacher says. Then the parts are those that the teacher was held out on, and each fit learns
            from the teacher that has not seen the part either.
        extra: passages that every fit learns from as well, but for those of the documents that it holds out. They
            are not scored.
    """

    groups: Iterable[Sequence[str]] = ()
    lesson: Lesson | None = None
    extra: PassageSet | None = None


@dataclass(frozen=True)
class Trial:
    """One candidate: its settings and its mean average precision on the validation passages."""

    settings: LinearSettings
    score: float


def fit_linear(
    passages: PassageSet, settings: LinearSettings, *, seed: int, taught: TaughtPassages | None = None
) -> LinearModel:
    """Fit the vectorizer and one logistic regression per framing.

    With taught passages this is distillation (Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural
    network", section 2, at temperature 1): each joins as present with the weight of its probability, and as absent
    with the rest.

    Raises:
        TrainingError: a framing is present in all passages or in none, or no n-gram is frequent enough.
    """
    return _fit_estimators(_vectorize(passages, settings, taught), settings, seed=seed)


def choose_settings(
    train: PassageSet,
    validation: PassageSet,
    candidates: Iterable[LinearSettings],
    *,
    seed: int,
    taught: TaughtPassages | None = None,
    report: Callable[[Trial], None] = lambda _: None,
) -> tuple[Trial, ...]:
    """Fit every candidate on train, score it on validation, and return the trials, best first.

    The score is the mean over framings of average precision: it ranks without a threshold, which is set later.

    Raises:
        TrainingError: a framing is present in all passages of train or validation or in none.
    """
    check_presence(validation.targets, validation.framings, where="the validation passages")
    trials: list[Trial] = []
    vectorized: dict[str, tuple[_Vectorized, csr_matrix]] = {}
    for settings in candidates:
        key = repr((settings.features, settings.min_documents, settings.names))
        if key not in vectorized:
            made = _vectorize(train, settings, taught)
            vectorized = {key: (made, made.vectorizer.transform(validation.texts))}
        made, held_out = vectorized[key]
        model = _fit_estimators(made, settings, seed=seed)
        logits = np.stack([e.decision_function(held_out) for e in model.estimators], axis=1)
        trials.append(Trial(settings, mean_average_precision(validation.targets, logits)))
        report(trials[-1])
    if not trials:
        raise TrainingError(
            where="choice of settings", found="no candidate", allowed="at least one", remedy="Give candidates to try."
        )
    return tuple(sorted(trials, key=lambda trial: -trial.score))


def hold_out(
    train: PassageSet,
    validation: PassageSet,
    settings: LinearSettings,
    *,
    folding: LinearFolding | None = None,
    seed: int,
) -> FoldedLogits:
    """Return the train passages with logits of models that were not fitted on them.

    Cross-fitting: train is cut into `FOLDS` parts, fewer where there are fewer groups, and the logits of each come
    from a fit on the others. Those fits know less than one on all of train, and a large group is a part of its own.

    Args:
        train: what is cut.
        validation: what every fit scores as well.
        settings: of every fit.
        folding: how to cut, and what else the fits learn from; None for any cut, and nothing.
        seed: of the fits.

    Raises:
        TrainingError: all documents are linked, or a framing is present in all passages of a fit or in none.
    """
    folding = folding or LinearFolding()
    lesson = folding.lesson
    if lesson is None:
        folds, taught = assign_folds(train.documents, folding.groups, folds=FOLDS), None
    else:
        folds, taught = np.array([lesson.fold_of[document] for document in train.documents]), lesson.by_fold
    logits = np.empty(train.targets.shape)
    validated = []
    for number in np.unique(folds):
        held_out = folds == number
        learned = leave_out(train, held_out, folding.extra)
        part = fit_linear(learned, settings, seed=seed, taught=taught[int(number)] if taught else None)
        logits[held_out] = part.logits(train.select(held_out).texts)
        validated.append(part.logits(validation.texts))
    # Numbered from 0 without a gap, as the models are.
    places = np.unique(folds, return_inverse=True)[1]
    held = HeldOut(logits, train.targets, train.documents)
    return FoldedLogits(held, places, np.stack(validated), np.empty((len(validated), 0, len(train.framings))))


def assign_folds(documents: Sequence[str], groups: Iterable[Sequence[str]], *, folds: int) -> npt.NDArray[np.intp]:
    """Return the number of each passage's fold, shape (n,); documents of one group are in one fold.

    Args:
        documents: of the n passages.
        groups: documents that must stay together.
        folds: number of folds; fewer where there are fewer groups.

    Raises:
        TrainingError: all documents are linked.
    """
    group_of = {document: group[0] for group in groups for document in group}
    names = np.array([group_of.get(document, document) for document in documents])
    folds = min(folds, len(np.unique(names)))
    if folds < _FEWEST_FOLDS:
        raise TrainingError(
            where="documents of the training split",
            found="no two that are not linked",
            allowed="at least two, to hold each out in turn",
            remedy="Add documents.",
        )
    numbers = np.empty(len(names), dtype=np.intp)
    for number, (_, fold) in enumerate(GroupKFold(folds).split(names, groups=names)):
        numbers[fold] = number
    return numbers


def leave_out(train: PassageSet, held_out: npt.NDArray[np.bool_], extra: PassageSet | None) -> PassageSet:
    """Return what a fit learns from that holds out some of train: nothing of the documents that it holds out.

    Args:
        train: n passages.
        held_out: which of them, shape (n,); whole documents.
        extra: passages of the same documents; None for none.
    """
    kept = train.select(~held_out)
    if extra is None or not len(extra):
        return kept
    barred = {document for document, out in zip(train.documents, held_out, strict=True) if out}
    return kept + extra.select(np.array([document not in barred for document in extra.documents], dtype=np.bool_))


def check_presence(targets: npt.NDArray[np.bool_], framings: Sequence[str], *, where: str) -> None:
    """Check that each framing is present in some passages and absent in others.

    Args:
        targets: shape (n, L).
        framings: ids of the L framings.
        where: the passages, in words.

    Raises:
        TrainingError: a framing is present in all passages or in none.
    """
    for target, framing in zip(targets.T, framings, strict=True):
        if target.all() or not target.any():
            raise TrainingError(
                where=f"framing '{framing}' in {where}",
                found=f"present in {int(target.sum())} of {len(target)} passages",
                allowed="present in some and absent in others",
                remedy="Add passages, split the documents anew, or leave the framing out of taxonomy or columns.",
            )


def mean_average_precision(targets: npt.NDArray[np.bool_], logits: Floats) -> float:
    """Return the mean over framings of average precision, both of shape (n, L)."""
    columns = [average_precision_score(targets[:, j], logits[:, j]) for j in range(targets.shape[1])]
    return float(np.mean(columns))


@dataclass(frozen=True)
class _Vectorized:
    passages: PassageSet
    taught: TaughtPassages | None
    vectorizer: TfidfVectorizer
    matrix: csr_matrix


def _vectorize(passages: PassageSet, settings: LinearSettings, taught: TaughtPassages | None) -> _Vectorized:
    texts = [*passages.texts, *(taught.texts if taught else ())]
    extract = partial(extract_ngrams, features=settings.features)
    left_out = frozenset() if settings.names else find_name_terms(texts, extract)
    vectorizer = TfidfVectorizer(
        analyzer=partial(_extract_others, extract=extract, left_out=left_out) if left_out else extract,
        sublinear_tf=True,
        min_df=settings.min_documents,
    )
    try:
        matrix = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise TrainingError(
            where=f"{len(passages.texts)} training passages",
            found=f"no usable n-gram ({error})",
            allowed=f"n-grams that occur in at least {settings.min_documents} passages",
            remedy="Add passages.",
        ) from error
    return _Vectorized(passages, taught, vectorizer, matrix)


def _extract_others(text: str, *, extract: Callable[[str], list[str]], left_out: frozenset[str]) -> list[str]:
    return [term for term in extract(text) if term not in left_out]


def _fit_estimators(made: _Vectorized, settings: LinearSettings, *, seed: int) -> LinearModel:
    passages = made.passages
    check_presence(passages.targets, passages.framings, where="the training passages")
    coded = np.where(passages.is_original, settings.original_weight, 1.0) * settings.doubt_weight**passages.doubt
    estimators = []
    # One thread: sums taken in another order would change the last bits, and with them the bundle's hash.
    with threadpool_limits(limits=1):
        for column in range(passages.targets.shape[1]):
            matrix, target, weights = _lay_out(made, column, coded, teacher_weight=settings.teacher_weight)
            estimator = LogisticRegression(
                C=settings.strength,
                class_weight="balanced" if settings.balanced else None,
                max_iter=_MAX_ITERATIONS,
                random_state=seed,
            )
            estimators.append(estimator.fit(matrix, target, sample_weight=weights))
    return LinearModel(settings, made.vectorizer, tuple(estimators))


def _lay_out(
    made: _Vectorized, column: int, coded: Floats, *, teacher_weight: float
) -> tuple[csr_matrix, npt.NDArray[np.bool_], Floats]:
    """Return rows, targets and weights: coded passages once, taught ones as present and again as absent."""
    present = made.passages.targets[:, column]
    if made.taught is None:
        return made.matrix, present, coded
    probability = made.taught.probabilities[:, column]
    count, extra = len(present), len(probability)
    rows = np.concatenate([np.arange(count), count + np.arange(extra), count + np.arange(extra)])
    target = np.concatenate([present, np.ones(extra, dtype=np.bool_), np.zeros(extra, dtype=np.bool_)])
    weights = np.concatenate([coded, teacher_weight * probability, teacher_weight * (1 - probability)])
    kept = weights > _LEAST_WEIGHT
    return made.matrix[rows[kept]], target[kept], weights[kept]
