"""Scored documents with what is known of them: the ground that profiles and comparisons stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policyframes.bundle import Bundle
from policyframes.passages import Passage
from policyframes.scorer import Score, ScoredDocument
from policyframes.taxonomy import Aspect


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


@dataclass(frozen=True)
class Collection:
    """Documents that are read together.

    Attributes:
        documents: in the order they were given.
        aspects: those that were looked for.
        bundle: what scored them.
    """

    documents: tuple[CollectedDocument, ...]
    aspects: tuple[Aspect, ...]
    bundle: Bundle

    @property
    def framings(self) -> tuple[str, ...]:
        """Return the ids of the framings in their order."""
        return self.bundle.framing_ids
