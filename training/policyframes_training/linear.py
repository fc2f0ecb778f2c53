"""The linear baseline: one-vs-rest logistic regression on TF-IDF over the scorer's own n-grams.

Fits and chooses settings. It never sees a test passage and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

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
from policyframes_training.corpus import PassageSet

# Parts of train that are held out in turn; with more of them each fit keeps more, and takes its time.
FOLDS = 10

_FEWEST_FOLDS = 2
_MAX_ITERATIONS = 1_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearSettings:
    """What one fit depends on, beside the passages.

    Attributes:
        word_ngrams: shortest and longest n-gram in words.
        char_ngrams: the same in characters within a padded word; None for none.
        min_documents: number of training passages that an n-gram must occur in.
        strength: inverse of the L2 penalty (scikit-learn's C).
        balanced: whether presence and absence of a framing weigh the same in total.
        original_weight: weight of a passage in its original wording; a rewrite weighs 1.
        doubt_weight: a passage weighs this to the power of its coder's doubt (0, 1 or 2).
    """

    word_ngrams: tuple[int, int] = (1, 2)
    char_ngrams: tuple[int, int] | None = None
    min_documents: int = 2
    strength: float = 10.0
    balanced: bool = True
    original_weight: float = 1.0
    doubt_weight: float = 0.6

    @property
    def features(self) -> dict[str, Any]:
        """Return the settings of the feature extraction as a bundle holds them."""
        return {
            "word_ngrams": list(self.word_ngrams),
            "char_ngrams": list(self.char_ngrams) if self.char_ngrams else None,
        }

    def as_params(self) -> dict[str, Any]:
        """Return the settings by name, for the record of a run."""
        return asdict(self)


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
class HeldOut:
    """Passages with the logits of models that were not fitted on them.

    Attributes:
        logits: uncalibrated, shape (n, L).
        targets: whether each framing is present, shape (n, L).
        documents: document of each passage.
    """

    logits: Floats
    targets: npt.NDArray[np.bool_]
    documents: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """One candidate: its settings and its mean average precision on the validation passages."""

    settings: LinearSettings
    score: float


def candidate_settings(*, with_originals: bool) -> tuple[LinearSettings, ...]:
    """Return the settings that are tried, simplest first, so that ties go to the simpler one."""
    original_weights = (1.0, 0.5) if with_originals else (1.0,)
    return tuple(
        LinearSettings(
            word_ngrams=(1, longest),
            min_documents=min_documents,
            strength=strength,
            original_weight=original_weight,
            doubt_weight=doubt_weight,
        )
        for longest, min_documents in ((1, 2), (2, 3), (2, 2))
        for original_weight in original_weights
        for doubt_weight in (1.0, 0.6)
        for strength in (1.0, 3.0, 10.0)
    )


def fit_linear(passages: PassageSet, settings: LinearSettings, *, seed: int) -> LinearModel:
    """Fit the vectorizer and one logistic regression per framing.

    Raises:
        TrainingError: a framing is present in all passages or in none, or no n-gram is frequent enough.
    """
    vectorizer, matrix = _vectorize(passages, settings)
    return _fit_estimators(passages, settings, vectorizer=vectorizer, matrix=matrix, seed=seed)


def choose_settings(
    train: PassageSet,
    validation: PassageSet,
    candidates: Iterable[LinearSettings],
    *,
    seed: int,
    report: Callable[[Trial], None] = lambda _: None,
) -> tuple[Trial, ...]:
    """Fit every candidate on train, score it on validation, and return the trials, best first.

    The score is the mean over framings of average precision: it ranks without a threshold, which is set later.
    """
    trials: list[Trial] = []
    fitted: dict[str, tuple[TfidfVectorizer, csr_matrix, csr_matrix]] = {}
    for settings in candidates:
        key = repr((settings.features, settings.min_documents))
        if key not in fitted:
            vectorizer, matrix = _vectorize(train, settings)
            fitted = {key: (vectorizer, matrix, vectorizer.transform(validation.texts))}
        vectorizer, matrix, held_out = fitted[key]
        model = _fit_estimators(train, settings, vectorizer=vectorizer, matrix=matrix, seed=seed)
        logits = np.stack([e.decision_function(held_out) for e in model.estimators], axis=1)
        trials.append(Trial(settings, _mean_average_precision(validation.targets, logits)))
        report(trials[-1])
    if not trials:
        raise TrainingError(
            where="choice of settings", found="no candidate", allowed="at least one", remedy="Give candidates to try."
        )
    return tuple(sorted(trials, key=lambda trial: -trial.score))


def hold_out(
    train: PassageSet, settings: LinearSettings, *, groups: Iterable[Sequence[str]] = (), seed: int
) -> HeldOut:
    """Return the train passages with logits of models that were not fitted on them.

    Cross-fitting: train is cut into `FOLDS` parts, fewer where there are fewer groups, and the logits of each come
    from a fit on the others. Those fits know less than one on all of train, and a large group is a part of its own.

    Args:
        train: what is cut.
        settings: of every fit.
        groups: documents that must stay together, such as those of `splits.json`; a document is never cut.
        seed: of the fits.

    Raises:
        TrainingError: all documents are linked, or a framing is present in all passages of a fit or in none.
    """
    group_of = {document: group[0] for group in groups for document in group}
    names = np.array([group_of.get(document, document) for document in train.documents])
    folds = min(FOLDS, len(np.unique(names)))
    if folds < _FEWEST_FOLDS:
        raise TrainingError(
            where="documents of the training split",
            found="no two that are not linked",
            allowed="at least two, to hold each out in turn",
            remedy="Add documents.",
        )
    logits = np.empty(train.targets.shape)
    for _, fold in GroupKFold(folds).split(names, groups=names):
        held_out = np.isin(np.arange(len(train)), fold)
        part = fit_linear(train.select(~held_out), settings, seed=seed)
        logits[held_out] = part.logits(train.select(held_out).texts)
    return HeldOut(logits, train.targets, train.documents)


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
                remedy="Add passages, split the documents anew, or leave the framing out of the taxonomy.",
            )


def _vectorize(passages: PassageSet, settings: LinearSettings) -> tuple[TfidfVectorizer, csr_matrix]:
    vectorizer = TfidfVectorizer(
        analyzer=partial(extract_ngrams, features=settings.features),
        sublinear_tf=True,
        min_df=settings.min_documents,
    )
    try:
        return vectorizer, vectorizer.fit_transform(passages.texts)
    except ValueError as error:
        raise TrainingError(
            where=f"{len(passages.texts)} training passages",
            found=f"no usable n-gram ({error})",
            allowed=f"n-grams that occur in at least {settings.min_documents} passages",
            remedy="Add passages.",
        ) from error


def _fit_estimators(
    passages: PassageSet,
    settings: LinearSettings,
    *,
    vectorizer: TfidfVectorizer,
    matrix: csr_matrix,
    seed: int,
) -> LinearModel:
    check_presence(passages.targets, passages.framings, where="the training passages")
    weights = np.where(passages.is_original, settings.original_weight, 1.0) * settings.doubt_weight**passages.doubt
    estimators = []
    # One thread: sums taken in another order would change the last bits, and with them the bundle's hash.
    with threadpool_limits(limits=1):
        for target in passages.targets.T:
            estimator = LogisticRegression(
                C=settings.strength,
                class_weight="balanced" if settings.balanced else None,
                max_iter=_MAX_ITERATIONS,
                random_state=seed,
            )
            estimators.append(estimator.fit(matrix, target, sample_weight=weights))
    return LinearModel(settings, vectorizer, tuple(estimators))


def _mean_average_precision(targets: npt.NDArray[np.bool_], logits: Floats) -> float:
    columns = [average_precision_score(targets[:, j], logits[:, j]) for j in range(targets.shape[1])]
    return float(np.mean(columns))
