"""Results as rows of a table: the names of the columns and their values are the same in CSV files and data frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyframes._version import __version__
from policyframes.passages import Passage
from policyframes.profiles.change import Change
from policyframes.profiles.collection import CollectedDocument, Collection
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.errors import NONE
from policyframes.profiles.profile import Profile
from policyframes.profiles.shares import UNCERTAIN, count_kinds
from policyframes.scorer import Score, ScoredDocument
from policyframes.spreadsheet import Value

Row = dict[str, Value]

ALL = "all"
ASPECT = "aspect_"
SHARE_COLUMNS = (
    *("aspect", "group", "kind", "documents", "passages", "count", "share", "low", "high", "method"),
    *("dominant", "is_dominant", "is_clear", "too_few", "coded"),
    *("modelled_share", "modelled_low", "modelled_high", "bias_removed"),
)
CHANGE_COLUMNS = (
    *("aspect", "kind", "before", "after", "difference", "low", "high"),
    *("p_value", "adjusted_p_value", "is_significant"),
)
_OWN = ("document", "status", "title", "source", "format", "pages", "passages", "words")
_REST = (
    *("warnings", "error_code", "error"),
    *("text_sha256", "source_sha256", "bundle", "bundle_id", "quality", "runtime", "version"),
)
_DECIMALS = 4


def round_value(value: float | None) -> float | None:
    """Return a share or a probability with as many decimals as the tables hold."""
    return None if value is None else round(value, _DECIMALS)


def profile_rows(profile: Profile) -> Iterator[Row]:
    """Yield one row per kind, under `SHARE_COLUMNS`."""
    for kind, share in profile.shares.items():
        modelled = profile.modelled[kind] if profile.modelled else None
        bias = None
        if modelled is not None and modelled.value is not None and share.value is not None:
            bias = modelled.value - share.value
        yield {
            "aspect": profile.aspect or ALL,
            "group": profile.group,
            "kind": kind,
            "documents": len(profile.documents),
            "passages": share.passages,
            "count": share.count,
            "share": round_value(share.value),
            "low": round_value(share.low),
            "high": round_value(share.high),
            "method": share.method,
            "dominant": profile.dominant,
            "is_dominant": int(kind == profile.dominant),
            "is_clear": int(profile.is_clear),
            "too_few": int(profile.is_too_small),
            "coded": profile.coded,
            "modelled_share": round_value(modelled.value) if modelled else None,
            "modelled_low": round_value(modelled.low) if modelled else None,
            "modelled_high": round_value(modelled.high) if modelled else None,
            "bias_removed": round_value(bias),
        }


def comparison_rows(comparison: Comparison) -> Iterator[Row]:
    """Yield one row per aspect, group and kind, in this order, under `SHARE_COLUMNS`."""
    for profile in comparison.profiles.values():
        yield from profile_rows(profile)


def change_rows(changes: Sequence[Change]) -> Iterator[Row]:
    """Yield one row per change between consecutive groups, under `CHANGE_COLUMNS`."""
    for change in changes:
        yield {
            "aspect": change.aspect or ALL,
            "kind": change.kind,
            "before": change.before,
            "after": change.after,
            "difference": round_value(change.difference),
            "low": round_value(change.low),
            "high": round_value(change.high),
            "p_value": _round_p(change.p_value),
            "adjusted_p_value": _round_p(change.adjusted_p_value),
            "is_significant": int(change.is_significant),
        }


def passage_columns(framings: Sequence[str]) -> list[str]:
    """Return the names of the columns of `passage_rows`, in order."""
    return [
        *("document", "passage", "page", "last_page", "start", "end", "words"),
        *("framings", "primary", "uncertain", "tier"),
        *(f"p_{name}" for name in framings),
        *framings,
        *("none", "text"),
    ]


def passage_rows(scored: ScoredDocument) -> Iterator[Row]:
    """Yield one row per passage of a document by itself, in reading order; lists stay lists."""
    for item in scored.passages:
        row = _build_passage(scored.document.id, item.passage, item.score)
        yield {name: row[name] for name in passage_columns(tuple(item.score.probabilities))}


def placed_columns(collection: Collection) -> list[str]:
    """Return the names of the columns of `placed_rows`, in order."""
    columns = passage_columns(collection.framings)
    if collection.aspects:
        columns[-1:-1] = ["aspects", *(f"{ASPECT}{aspect.id}" for aspect in collection.aspects)]
    if any(item.voice for document in collection.documents for item in document.passages):
        columns[-1:-1] = ["voice"]
    return columns


def placed_rows(collection: Collection) -> Iterator[Row]:
    """Yield one row per passage of a collection, in the order of its documents; lists stay lists."""
    columns = placed_columns(collection)
    for document in collection.documents:
        for item in document.passages:
            row = _build_passage(document.id, item.passage, item.score)
            row |= {f"{ASPECT}{aspect.id}": int(aspect.id in item.aspects) for aspect in collection.aspects}
            row |= {"aspects": list(item.aspects), "voice": item.voice}
            yield {name: row[name] for name in columns}


def document_columns(collection: Collection) -> list[str]:
    """Return the names of the columns of `document_rows`, in order."""
    kinds = (*collection.framings, NONE, UNCERTAIN)
    shares = tuple(f"share_{kind}" for kind in kinds)
    return [*_OWN, *name_metadata(collection).values(), *kinds, *shares, *_REST]


def name_metadata(collection: Collection) -> dict[str, str]:
    """Return the name in the table of documents by column of the metadata; one that it uses itself gets a prefix.

    The title is none of them: it is that of the document.
    """
    kinds = (*collection.framings, NONE, UNCERTAIN)
    taken = {*_OWN, *_REST, *kinds, *(f"share_{kind}" for kind in kinds)}
    columns = [column for column in collection.columns if column != "title"]
    return {column: f"metadata_{column}" if column in taken else column for column in columns}


def document_rows(collection: Collection) -> Iterator[Row]:
    """Yield one row per document of a collection, with its metadata."""
    columns = document_columns(collection)
    bundle = collection.bundle
    model: Row = {"bundle": bundle.name, "bundle_id": bundle.id, "version": __version__}
    for document in collection.documents:
        known: Row = {name: document.metadata.get(column) for column, name in name_metadata(collection).items()}
        yield {**dict.fromkeys(columns), **_build_document(document, collection.framings), **known, **model}


def _build_passage(document: str, passage: Passage, score: Score) -> Row:
    return {
        "document": document,
        "passage": passage.number,
        "page": passage.page,
        "last_page": passage.last_page,
        "start": passage.start,
        "end": passage.end,
        "words": passage.words,
        "framings": list(score.framings),
        "primary": score.primary,
        "uncertain": list(score.uncertain),
        "tier": score.tier,
        **{f"p_{name}": round_value(value) for name, value in score.probabilities.items()},
        **{name: int(name in score.framings) for name in score.probabilities},
        "none": int(score.none),
        "text": passage.text,
    }


def _build_document(collected: CollectedDocument, framings: Sequence[str]) -> Row:
    scored, document, total = collected.scored, collected.scored.document, len(collected.passages)
    counts = count_kinds([item.score for item in collected.passages], framings)
    return {
        "document": document.id,
        "status": "scored",
        "title": collected.metadata.get("title") or document.title,
        "source": document.source,
        "format": document.format,
        "pages": len(document.page_starts) or None,
        "passages": total,
        "words": sum(item.passage.words for item in collected.passages),
        **counts,
        **{f"share_{kind}": round_value(count / total) if total else None for kind, count in counts.items()},
        "warnings": list(scored.warnings),
        "text_sha256": document.sha256,
        "source_sha256": document.source_sha256,
        "quality": scored.quality,
        "runtime": scored.runtime,
    }


def _round_p(value: float | None) -> float | None:
    # Four decimals would call a very small one 0.
    return None if value is None else float(f"{value:.3g}")
