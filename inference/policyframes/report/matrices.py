"""Tables for R and spreadsheets: documents x framings, and passages as a corpus with its document variables."""

from __future__ import annotations

from collections.abc import Iterator

from policyframes.profiles.collection import Collection
from policyframes.profiles.comparison import compare
from policyframes.profiles.profile import Profile
from policyframes.profiles.rows import Row, placed_columns, placed_rows, round_value

_OF_DOCUMENT = ("document", "title", "passages")


def matrix_columns(collection: Collection) -> list[str]:
    """Return the names of the columns of `matrix_rows`, in order."""
    kinds = (*collection.framings, "none", "uncertain")
    columns = [*_OF_DOCUMENT, *_name_metadata(collection, {*_OF_DOCUMENT}).values(), *kinds]
    columns += [f"{end}_{kind}" for kind in kinds for end in ("share", "low", "high")]
    for aspect in collection.aspects:
        columns += [f"{aspect.id}_passages", *(f"{aspect.id}_{framing}" for framing in collection.framings)]
        columns += [f"{aspect.id}_share_{framing}" for framing in collection.framings]
    return list(dict.fromkeys(columns))


def matrix_rows(collection: Collection) -> Iterator[Row]:
    """Yield one row per document: 1 where at least one passage carries the framing, and the estimated shares."""
    names = _name_metadata(collection, {*_OF_DOCUMENT})
    comparison = compare(collection, aspects=tuple(aspect.id for aspect in collection.aspects))
    for document in collection.documents:
        row: Row = {"document": document.id, "title": document.title, "passages": len(document.passages)}
        row |= {name: document.metadata.get(column) for column, name in names.items()}
        row |= _describe_document(comparison.profiles[None, document.id])
        for aspect in collection.aspects:
            row |= _describe_aspect(comparison.profiles[aspect.id, document.id])
        yield row


def quanteda_columns(collection: Collection) -> list[str]:
    """Return the names of the columns of `quanteda_rows`: doc_id and text first, as quanteda wants them."""
    own = _quanteda_own(collection)
    return [
        "doc_id",
        "text",
        "document",
        "title",
        *_name_metadata(collection, {*own, "doc_id", "text"}).values(),
        *own[1:],
    ]


def quanteda_rows(collection: Collection) -> Iterator[Row]:
    """Yield one row per passage; `doc_id` is the document, a point and the passage's number, and unique."""
    names = _name_metadata(collection, {*_quanteda_own(collection), "doc_id", "text"})
    documents = {document.id: document for document in collection.documents}
    for row in placed_rows(collection):
        document = documents[str(row["document"])]
        known: Row = {name: document.metadata.get(column) for column, name in names.items()}
        yield {"doc_id": f"{row['document']}.{row['passage']}", "title": document.title, **known, **row}


def _name_metadata(collection: Collection, taken: set[str]) -> dict[str, str]:
    """Return the name in a table by column of the metadata; one that the table uses itself gets a prefix."""
    columns = [column for column in collection.columns if column != "title"]
    return {column: f"metadata_{column}" if column in taken else column for column in columns}


def _quanteda_own(collection: Collection) -> list[str]:
    left_out = {"text", "aspects", "framings", "uncertain"}
    return [name for name in placed_columns(collection) if name not in left_out]


def _describe_document(profile: Profile) -> Row:
    row: Row = {kind: int(share.count > 0) for kind, share in profile.shares.items()}
    for kind, share in profile.shares.items():
        row |= {
            f"share_{kind}": round_value(share.value),
            f"low_{kind}": round_value(share.low),
            f"high_{kind}": round_value(share.high),
        }
    return row


def _describe_aspect(profile: Profile) -> Row:
    row: Row = {f"{profile.aspect}_passages": len(profile.passages)}
    for framing in profile.framings:
        share = profile.shares[framing]
        row[f"{profile.aspect}_{framing}"] = int(share.count > 0)
        row[f"{profile.aspect}_share_{framing}"] = round_value(share.value)
    return row
