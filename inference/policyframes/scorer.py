"""load() -> Scorer: texts -> scores, Document -> ScoredDocument. Knows of no file format and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from policyframes.backends import QUALITIES, Quality, Tier, open_backend
from policyframes.bundle import Bundle, load_bundle
from policyframes.decisions import Decisions, Rules
from policyframes.documents.document import Document
from policyframes.errors import BundleNotFoundError, UsageError
from policyframes.evidence.explanation import explain
from policyframes.evidence.marks import Evidence
from policyframes.evidence.weights import Weigher
from policyframes.language import is_foreign
from policyframes.passages import Passage, Segmentation, split_passages
from policyframes.resources import models_folder
from policyframes.texts import require_texts

if TYPE_CHECKING:
    from policyframes.profiles.extras import Axes, DataFrame
    from policyframes.profiles.plots import Theme

DEFAULT_BUNDLE = "fast-v3"
# `best` reads with a larger encoder than `balanced`, which is to be fast.
DEFAULT_CASCADES: Mapping[str, str] = {"balanced": "cascade-v4", "best": "cascade-large-v1"}

_DEFAULT_QUALITY: Quality = "balanced"
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
        tier: which part of the model read the passage, `fast` or `encoder`.
    """

    probabilities: dict[str, float]
    framings: tuple[str, ...]
    primary: str | None
    uncertain: tuple[str, ...]
    tier: Tier = "fast"

    @property
    def none(self) -> bool:
        """Return whether no framing is decided."""
        return not self.framings

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        from policyframes.profiles.notebook import draw_score  # noqa: PLC0415  (it imports this module)

        return draw_score(self)


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
        quality: of a cascade, with which quality it scored; None for other bundles.
        runtime: the library that ran the encoder; None where none read.
    """

    document: Document
    segmentation: Segmentation
    passages: tuple[ScoredPassage, ...]
    warnings: tuple[str, ...] = ()
    quality: Quality | None = None
    runtime: str | None = None

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

    def plot_strip(
        self,
        ax: Axes | None = None,
        *,
        title: str | None = None,
        theme: Theme | None = None,
    ) -> Axes:
        """Draw the passages in reading order.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        from policyframes.profiles.plots import DEFAULT_THEME, plot_strip  # noqa: PLC0415  (it imports this module)

        return plot_strip(self, ax, title=title, theme=theme or DEFAULT_THEME)

    def to_pandas(self) -> DataFrame:
        """Return one row a passage, under the names of passages.csv.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from policyframes.profiles.frames import frame_document  # noqa: PLC0415  (it imports this module)

        return frame_document(self)

    def __repr__(self) -> str:
        """Return one line; all fields would be as long as the texts."""
        return f"<ScoredDocument {self.document.id!r}: passages {len(self.passages)}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        from policyframes.profiles.notebook import draw_document  # noqa: PLC0415  (it imports this module)

        return draw_document(self)


class Scorer:
    """Scores passages and documents with one bundle. Make one with `load`.

    Attributes:
        bundle: what it scores with.
        quality: of a cascade, how much of the reading the encoder does; None for other bundles.
        runtime: the library that runs the encoder (see `backends.runtimes.choose_runtime`); None where none reads.
    """

    def __init__(self, bundle: Bundle, quality: Quality | None = None, *, runtime: str | None = None) -> None:
        self.bundle = bundle
        self.quality = (quality or _DEFAULT_QUALITY) if bundle.kind == "cascade" else None
        self._backend = open_backend(bundle, self.quality, runtime=runtime)
        self.runtime = self._backend.runtime
        fast = bundle.parts.get("fast", bundle)
        self._rules = Rules(fast.framings, bundle.framings)

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
        decisions = self._decide(require_texts(texts, "Scorer.score"))
        rows = zip(
            decisions.probabilities.tolist(),
            decisions.present.tolist(),
            decisions.uncertain.tolist(),
            decisions.list_primary(self.framings),
            decisions.list_tiers(),
            strict=True,
        )
        return [_make_score(self.framings, *row) for row in rows]

    def decide(self, texts: Sequence[str]) -> Decisions:
        """Score passages, as arrays: the same as `score` in less time, for those who have very many.

        Args:
            texts: n passages.

        Returns:
            Probabilities and decisions, shape (n, L), in the order of the texts and of `framings`.

        Raises:
            UsageError: a single string was given where a list of them is meant, or an entry is no text.
        """
        return self._decide(require_texts(texts, "Scorer.decide"))

    def _decide(self, texts: Sequence[str]) -> Decisions:
        return self._rules.decide(self._backend.read(texts))

    def explain(self, texts: Sequence[str], framings: Sequence[str] | None = None) -> list[dict[str, Evidence]]:
        """Find which words and sentences of passages carry their scores; see `policyframes.evidence.explain`.

        Args:
            texts: one passage each, as they were scored.
            framings: ids of the framings to explain in every text; None: those decided in each.

        Returns:
            For each text its evidence by framing, in the order of the bundle's framings.

        Raises:
            UsageError: something else than a list of texts was given, or the bundle has no such framing.
        """
        return explain(self, texts, framings)

    @cached_property
    def weigher(self) -> Weigher:
        """Return what weighs the words of the passages that this scorer read."""
        return Weigher(self.bundle, self._backend)

    def score_document(self, document: Document) -> ScoredDocument:
        """Cut a document into passages and score each."""
        segmentation = split_passages(document)
        scores = self.score([passage.text for passage in segmentation.passages])
        pairs = zip(segmentation.passages, scores, strict=True)
        warnings = (*document.warnings, *((_FOREIGN,) if is_foreign(document.text) else ()))
        passages = tuple(ScoredPassage(passage, score) for passage, score in pairs)
        return ScoredDocument(document, segmentation, passages, warnings, self.quality, self.runtime)


def _make_score(
    names: tuple[str, ...],
    row: list[float],
    present: list[bool],
    uncertain: list[bool],
    primary: str | None,
    tier: Tier,
) -> Score:
    return Score(
        probabilities=dict(zip(names, row, strict=True)),
        framings=tuple(compress(names, present)),
        primary=primary,
        uncertain=tuple(compress(names, uncertain)),
        tier=tier,
    )


def load(bundle: Path | str | None = None, quality: str | None = None) -> Scorer:
    """Load a bundle and return its scorer.

    Args:
        bundle: name of a bundle that ships with this version, or the folder of any bundle. A name that ships means
            the shipped bundle whatever lies in the current folder; `./NAME` means the folder. Without it the fast
            bundle is taken, or the cascade that ships for the quality.
        quality: `fast`, `balanced` or `best`: which passages the encoder of a cascade reads (none, those that the
            fast part is unsure of, all). `balanced` unless given.

    Raises:
        BundleError: the bundle is missing, damaged, incomplete, foreign, or of a newer format.
        MissingExtraError: the bundle or the quality needs a library that is not installed.
        UsageError: neither text nor a path was given, there is no such quality, or the bundle is no cascade and
            cannot choose one.
    """
    if quality is not None and quality not in QUALITIES:
        raise UsageError(
            where="quality",
            found=repr(quality),
            allowed=", ".join(QUALITIES),
            remedy="Leave it out for the default.",
        )
    if bundle is None:
        if quality in {None, "fast"}:
            return Scorer(load_bundle(models_folder() / DEFAULT_BUNDLE))
        return _open(load_bundle(_find_cascade(str(quality))), quality)
    if not isinstance(bundle, str | Path):
        raise UsageError(
            where="policyframes.load",
            found=f"{bundle!r}",
            allowed="the name of a bundle, or a folder",
            remedy="Leave the argument out for the default.",
        )
    is_bare = isinstance(bundle, str) and Path(bundle).name == bundle
    shipped = models_folder() / bundle
    return _open(load_bundle(shipped if is_bare and shipped.is_dir() else bundle), quality)


def _find_cascade(quality: str) -> Path:
    folder = models_folder() / DEFAULT_CASCADES[quality]
    if not folder.is_dir():
        raise BundleNotFoundError(
            where=f"quality {quality}",
            found=f"this version ships without {folder.name}",
            allowed="a quality with a cascade",
            remedy="Give the folder of a cascade as the bundle, or score with the quality fast.",
        )
    return folder


def _open(bundle: Bundle, quality: str | None) -> Scorer:
    chosen: Quality | None = next((known for known in QUALITIES if known == quality), None)
    if chosen and bundle.kind != "cascade":
        raise UsageError(
            where=f"quality {chosen}",
            found=f"{bundle.name} is no cascade",
            allowed="a quality with a cascade, which alone can choose",
            remedy="Leave the quality or the bundle out.",
        )
    return Scorer(bundle, chosen)
