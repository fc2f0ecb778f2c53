"""Scored documents with what is known of them: the ground that profiles and comparisons stand on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from policyframes.bundle import Bundle
from policyframes.passages import Passage
from policyframes.scorer import Score, ScoredDocument
from policyframes.taxonomy import Aspect

if TYPE_CHECKING:
    from policyframes.profiles.coded import CodedSample
    from policyframes.profiles.comparison import Comparison
    from policyframes.profiles.extras import Axes, DataFrame
    from policyframes.profiles.plots import Theme
    from policyframes.profiles.profile import Profile


@dataclass(frozen=True)
class PlacedPassage:
    """A scored passage, and where it stands.

    Attributes:
        document: id of its document.
        passage: the passage with its offsets and pages.
        score: what the model says of it.
        aspects: ids of the aspects that it speaks of, in the collection's order.
        voice: `own` or `reported`; None where nobody asked for the voice.
    """

    document: str
    passage: Passage
    score: Score
    aspects: tuple[str, ...] = ()
    voice: str | None = None


@dataclass(frozen=True)
class CollectedDocument:
    """A scored document with its metadata.

    Attributes:
        scored: as it was read, cut and scored.
        passages: those of `scored`, with aspects and voice; fewer where profiles are taken over own voice only.
        metadata: text by column, such as `year`, `administration`, `issuer`; a column that is not known is absent.
    """

    scored: ScoredDocument
    passages: tuple[PlacedPassage, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the name that results carry."""
        return self.scored.document.id

    @property
    def title(self) -> str:
        """Return the title from the metadata, else the one that the file states, else the id."""
        return self.metadata.get("title") or self.scored.document.title or self.id

    def __repr__(self) -> str:
        """Return one line; all fields would be as long as the texts."""
        return f"<CollectedDocument {self.id!r}: passages {len(self.passages)}>"

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


@dataclass(frozen=True)
class Collection:
    """Documents that are read together.

    Attributes:
        documents: in the order they were given.
        aspects: those that were looked for.
        bundle: what scored them.
        sample: passages that somebody coded by hand, which correct the shares; None where there is none.
    """

    documents: tuple[CollectedDocument, ...]
    aspects: tuple[Aspect, ...]
    bundle: Bundle
    sample: CodedSample | None = None

    @property
    def framings(self) -> tuple[str, ...]:
        """Return the ids of the framings in their order."""
        return self.bundle.framing_ids

    @property
    def quality(self) -> str | None:
        """Return the quality that a cascade scored with; None for other bundles."""
        return next((document.scored.quality for document in self.documents), None)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the metadata that are known of at least one document, in the order they came."""
        return tuple(dict.fromkeys(column for document in self.documents for column in document.metadata))

    def profile(
        self, *, aspect: str | None = None, documents: Sequence[str] | None = None, group: str = "collection"
    ) -> Profile:
        """Return the profile of the collection.

        Args:
            aspect: id of an aspect: only the passages that speak of it.
            documents: ids of the documents; None for all.
            group: what to call them.

        Raises:
            UsageError: the collection has no such aspect or document.
        """
        from policyframes.profiles.profile import build_profile  # noqa: PLC0415  (it imports this module)

        return build_profile(self, group=group, documents=documents, aspect=aspect)

    def compare(self, by: str = "document", aspects: Sequence[str] | None = None) -> Comparison:
        """Compare groups of the documents.

        Args:
            by: a column of the metadata, or `document` for each document by itself.
            aspects: ids of aspects of the collection; None for all of them.

        Raises:
            MissingMetadataError: the column is not known of every document.
            UsageError: the collection has no such aspect.
        """
        from policyframes.profiles.comparison import compare  # noqa: PLC0415  (it imports this module)

        return compare(self, by, tuple(aspect.id for aspect in self.aspects) if aspects is None else aspects)

    def correct(self, sample: Path | str, by: str = "document") -> Collection:
        """Return the collection with a hand-coded sample, which corrects the shares of its profiles.

        Rows that are not used are told as warnings.

        Args:
            sample: CSV file as `policyframes sample` wrote it, with its codes filled in.
            by: what the comparison will group by, as the sample was drawn.

        Raises:
            TableError: the file cannot be read.
            SampleError: it does not fit the passages, or was drawn by other groups.
        """
        from policyframes.profiles.samples import map_texts, read_sample  # noqa: PLC0415  (only those who coded)

        texts = map_texts(document.scored for document in self.documents)
        is_own = any(item.voice for document in self.documents for item in document.passages)
        read = read_sample(sample, texts, self.framings, by, voice="own" if is_own else "any")
        for sentence in read.warnings:
            warnings.warn(sentence, stacklevel=2)
        return replace(self, sample=read.sample)

    def to_pandas(self) -> DataFrame:
        """Return one row a document, under the names of documents.csv.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from policyframes.profiles.frames import frame_collection  # noqa: PLC0415  (it imports this module)

        return frame_collection(self)

    def passages_to_pandas(self) -> DataFrame:
        """Return one row a passage, under the names of passages.csv.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from policyframes.profiles.frames import frame_passages  # noqa: PLC0415  (it imports this module)

        return frame_passages(self)

    def __repr__(self) -> str:
        """Return one line; all fields would be as long as the texts."""
        return f"<Collection: documents {len(self.documents)}, aspects {len(self.aspects)}>"

    def _repr_html_(self) -> str:
        """Return a table for notebooks."""
        from policyframes.profiles.notebook import draw_collection  # noqa: PLC0415  (it imports this module)

        return draw_collection(self)
