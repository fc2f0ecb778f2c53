"""Scored documents -> Collection: what speaks of which aspect, in whose voice, and what is known of each document."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from policyframes.bundle import Bundle
from policyframes.errors import UsageError
from policyframes.profiles.collection import CollectedDocument, Collection, PlacedPassage
from policyframes.profiles.metadata import gather_metadata
from policyframes.scorer import ScoredDocument, Scorer, load
from policyframes.taxonomy import Aspect, load_taxonomy

if TYPE_CHECKING:
    from policyframes.profiles.coded import CodedSample
    from policyframes.voice import VoiceReader

Voice = Literal["any", "own"]
VOICES: tuple[Voice, ...] = ("any", "own")


def collect(
    documents: Iterable[str | Path | ScoredDocument],
    *,
    metadata: Mapping[str, Mapping[str, object]] | str | Path | None = None,
    aspects: Sequence[str | Aspect] | Literal["all"] = (),
    scorer: Scorer | None = None,
    voice: Voice = "any",
) -> Collection:
    """Read and score documents, or take scored ones, and put them together for profiles and comparisons.

    Args:
        documents: paths, or what `Scorer.score_document` returned; ids must differ.
        metadata: text by column by id of the document, or the path of a CSV file with a column `document`. Years in
            file names are taken too, where neither says otherwise.
        aspects: ids of the taxonomy's aspects, `Aspect`s of your own, or `all` for those of the taxonomy.
        scorer: from `load`; without it the bundle that `load()` takes. It must be the one that scored the documents.
        voice: `own` keeps only passages whose framing is the author's own; `any` keeps all.

    Raises:
        DocumentError: a file cannot be read or holds no text.
        TableError: the CSV cannot be read, or contradicts itself.
        UsageError: one path was given where a list of them is meant, two documents have one id, metadata is of none of
            them, or there is no such aspect.
    """
    if isinstance(documents, str | Path):
        raise UsageError(
            where="policyframes.collect",
            found=f"one path, {str(documents)!r}",
            allowed="a list of paths, or of scored documents",
            remedy="Put it into a list.",
        )
    scorer = scorer or load()
    scored = [_score(scorer, document) for document in documents]
    ids = [document.document.id for document in scored]
    if twice := next((name for name in ids if ids.count(name) > 1), None):
        raise UsageError(
            where="policyframes.collect",
            found=f"two documents have the id {twice!r}",
            allowed="documents with ids of their own",
            remedy='Read one of them with another: read_document(path, id="...").',
        )
    given = {} if metadata is None or isinstance(metadata, str | Path) else metadata
    if unknown := [name for name in given if name not in ids]:
        raise UsageError(
            where="policyframes.collect",
            found=f"metadata of {unknown[0]!r}, which is none of the documents",
            allowed=", ".join(ids),
            remedy="Correct the name, or leave it out.",
        )
    files = {document.document.id: document.document.source for document in scored}
    known = gather_metadata(files, table=metadata if isinstance(metadata, str | Path) else None)
    for warning in known.warnings:
        warnings.warn(warning, stacklevel=2)
    columns = {name: {**known.documents[name], **_clean(given.get(name, {}))} for name in ids}
    return assemble_collection(scored, columns, choose_aspects(aspects), bundle=scorer.bundle, voice=voice)


def choose_aspects(aspects: Sequence[str | Aspect] | Literal["all"]) -> tuple[Aspect, ...]:
    """Return the aspects of these ids, and those that are given themselves.

    Raises:
        UsageError: the taxonomy has no aspect of the id.
    """
    known = {aspect.id: aspect for aspect in load_taxonomy().aspects}
    if aspects == "all":
        return tuple(known.values())
    if unknown := [item for item in aspects if isinstance(item, str) and item not in known]:
        raise UsageError(
            where="aspects",
            found=", ".join(map(repr, unknown)),
            allowed=f"all, or some of {', '.join(known)}",
            remedy="An aspect of your own needs terms: --aspect 'name=term,other term'.",
        )
    return tuple(known[item] if isinstance(item, str) else item for item in aspects)


def assemble_collection(
    scored: Sequence[ScoredDocument],
    metadata: Mapping[str, Mapping[str, str]] | None = None,
    aspects: tuple[Aspect, ...] = (),
    *,
    bundle: Bundle,
    voice: Voice = "any",
    sample: CodedSample | None = None,
) -> Collection:
    """Return the collection of scored documents.

    Args:
        scored: the documents.
        metadata: text by column by id of the document.
        aspects: which to look for.
        bundle: what scored the documents.
        voice: `own` keeps only passages in own voice.
        sample: passages that somebody coded by hand.
    """
    reader = _open_voice() if voice == "own" else None
    documents = tuple(
        CollectedDocument(item, _place(item, aspects, reader), dict((metadata or {}).get(item.document.id, {})))
        for item in scored
    )
    return Collection(documents, aspects, bundle, sample)


def _clean(values: Mapping[str, object]) -> dict[str, str]:
    """Return values as text, years that came as numbers among them; what is empty is not known."""
    texts = {column.strip().lower(): str(value).strip() for column, value in values.items() if value is not None}
    return {column: text for column, text in texts.items() if text}


def _score(scorer: Scorer, document: str | Path | ScoredDocument) -> ScoredDocument:
    if isinstance(document, ScoredDocument):
        return document
    from policyframes.documents import read_document  # noqa: PLC0415  (scored documents need no reader)

    return scorer.score_document(read_document(document))


def _place(
    scored: ScoredDocument, aspects: tuple[Aspect, ...], reader: VoiceReader | None
) -> tuple[PlacedPassage, ...]:
    texts = [item.passage.text for item in scored.passages]
    found = _find_aspects(texts, aspects)
    voices: list[str | None] = [None] * len(texts)
    if reader is not None:
        framed = [bool(item.score.framings) for item in scored.passages]
        voices = [item.voice for item in reader.read(texts, framed)]
    placed = (
        PlacedPassage(scored.document.id, item.passage, item.score, ids, voice)
        for item, ids, voice in zip(scored.passages, found, voices, strict=True)
    )
    return tuple(item for item in placed if item.voice in {None, "own"})


def _find_aspects(texts: Sequence[str], aspects: tuple[Aspect, ...]) -> list[tuple[str, ...]]:
    if not aspects:
        return [()] * len(texts)
    from policyframes.aspects import find_aspects  # noqa: PLC0415  (only those who ask for aspects pay for it)

    return find_aspects(texts, aspects)


def _open_voice() -> VoiceReader:
    from policyframes.voice import load_voice  # noqa: PLC0415  (only those who ask for the voice load its bundle)

    return load_voice()
