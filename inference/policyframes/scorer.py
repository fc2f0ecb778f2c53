"""load() -> Scorer: texts -> scores, Document -> ScoredDocument. Knows of no file format and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from policyframes.backends import open_backend
from policyframes.bundle import Bundle, load_bundle
from policyframes.documents.document import Document
from policyframes.errors import UsageError
from policyframes.language import is_foreign
from policyframes.passages import Passage, Segmentation, split_passages
from policyframes.resources import models_folder

DEFAULT_BUNDLE = "fast-v1"

_FOREIGN = (
    "This text does not look English. The bundle has learned from English alone: its scores here, `none` among them, "
    "mean nothing."
)


@dataclass(frozen=True)
class Score:
    """What a bundle says of one passage.

    Attributes:
        probabilities: calibrated probability by framing, in the taxonomy's order.
        framings: the framings decided present, in the taxonomy's order; empty means `none`.
        primary: the decided framing with the highest probability; None where there is none.
        uncertain: framings whose probability lies in the band where the promised precision is not met.
    """

    probabilities: dict[str, float]
    framings: tuple[str, ...]
    primary: str | None
    uncertain: tuple[str, ...]

    @property
    def none(self) -> bool:
        """Return whether no framing is decided."""
        return not self.framings


@dataclass(frozen=True)
class ScoredPassage:
    """A passage with its score."""

    passage: Passage
    score: Score


@dataclass(frozen=True)
class ScoredDocument:
    """A document, how it was cut, and what was found.

    Attributes:
        document: as it was read.
        segmentation: its passages, and what is no passage.
        passages: each passage with its score, in reading order.
        warnings: sentences that a reader of the results should know: those of the document, and of the scoring.
    """

    document: Document
    segmentation: Segmentation
    passages: tuple[ScoredPassage, ...]
    warnings: tuple[str, ...] = ()

    def count(self, framing: str) -> int:
        """Return the number of passages in which the framing is decided present."""
        return sum(framing in scored.score.framings for scored in self.passages)

    @property
    def none_count(self) -> int:
        """Return the number of passages without a framing."""
        return sum(scored.score.none for scored in self.passages)

    @property
    def uncertain_count(self) -> int:
        """Return the number of passages in which at least one framing is uncertain."""
        return sum(bool(scored.score.uncertain) for scored in self.passages)

    def rank(self, framing: str, limit: int = 5) -> tuple[ScoredPassage, ...]:
        """Return the passages in which the framing is decided, most probable first; ties in reading order."""
        decided = [scored for scored in self.passages if framing in scored.score.framings]
        return tuple(sorted(decided, key=lambda s: (-s.score.probabilities[framing], s.passage.start))[:limit])


class Scorer:
    """Scores passages and documents with one bundle. Make one with `load`."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._backend = open_backend(bundle)
        settings = [bundle.framings[name] for name in bundle.framing_ids]
        self._slope = np.array([s.slope for s in settings])
        self._offset = np.array([s.offset for s in settings])
        self._threshold = np.array([s.threshold for s in settings])
        self._band = np.array([(s.uncertain_from, s.uncertain_to) for s in settings])

    @property
    def framings(self) -> tuple[str, ...]:
        """Return the ids of the framings in their order."""
        return self.bundle.framing_ids

    def score(self, texts: Sequence[str]) -> list[Score]:
        """Score passages.

        Args:
            texts: one passage each.

        Returns:
            One score per text, in the order of the texts.

        Raises:
            UsageError: a single string was given where a list of them is meant, or an entry is no text.
        """
        # A generator would be empty after the check.
        is_list = isinstance(texts, Sequence) and not isinstance(texts, str | bytes)
        if not is_list or not all(isinstance(text, str) for text in texts):
            raise UsageError(
                where="Scorer.score",
                found="something else than a list of texts",
                allowed='a sequence of str, such as ["first passage", "second passage"]',
                remedy="Put a single text into a list.",
            )
        return [self._decide(row) for row in self._probabilities(texts)]

    def score_document(self, document: Document) -> ScoredDocument:
        """Cut a document into passages and score each."""
        segmentation = split_passages(document)
        scores = self.score([passage.text for passage in segmentation.passages])
        pairs = zip(segmentation.passages, scores, strict=True)
        warnings = (*document.warnings, *((_FOREIGN,) if is_foreign(document.text) else ()))
        return ScoredDocument(document, segmentation, tuple(ScoredPassage(p, s) for p, s in pairs), warnings)

    def _probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        logits = self._backend.logits(texts) * self._slope + self._offset
        # exp of a clipped value cannot overflow; beyond 500 a double is 0 or 1 anyway.
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -500, 500))))

    def _decide(self, row: npt.NDArray[np.float64]) -> Score:
        names = self.framings
        present = row >= self._threshold
        doubted = (row >= self._band[:, 0]) & (row < self._band[:, 1])
        framings = tuple(name for name, is_present in zip(names, present, strict=True) if is_present)
        probabilities = {name: float(value) for name, value in zip(names, row, strict=True)}
        return Score(
            probabilities=probabilities,
            framings=framings,
            primary=max(framings, key=probabilities.__getitem__) if framings else None,
            uncertain=tuple(name for name, is_doubted in zip(names, doubted, strict=True) if is_doubted),
        )


def load(bundle: Path | str = DEFAULT_BUNDLE) -> Scorer:
    """Load a bundle and return its scorer.

    Args:
        bundle: name of a bundle that ships with this version, or the folder of any bundle. A name that ships means
            the shipped bundle whatever lies in the current folder; `./NAME` means the folder.

    Raises:
        BundleError: the bundle is missing, damaged, incomplete, foreign, or of a newer format.
        UsageError: neither text nor a path was given.
    """
    if not isinstance(bundle, str | Path):
        raise UsageError(
            where="policyframes.load",
            found=f"{bundle!r}",
            allowed="the name of a bundle, or a folder",
            remedy="Leave the argument out for the default.",
        )
    is_bare = isinstance(bundle, str) and Path(bundle).name == bundle
    shipped = models_folder() / bundle
    return Scorer(load_bundle(shipped if is_bare and shipped.is_dir() else bundle))
