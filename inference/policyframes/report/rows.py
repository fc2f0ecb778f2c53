"""The columns of the results: one row a passage, one row a document, the same names in every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policyframes._version import __version__
from policyframes.bundle import Bundle
from policyframes.errors import PolicyFramesError
from policyframes.scorer import ScoredDocument

Value = str | int | float | list[str] | None
Row = dict[str, Value]

_DECIMALS = 4


def format_probability(value: float) -> str:
    """Return a probability in two decimals for people, which never says that something is certain."""
    if value > 0.99:  # noqa: PLR2004  (what two decimals can tell apart from 1)
        return ">0.99"
    return "<0.01" if value < 0.01 else f"{value:.2f}"  # noqa: PLR2004


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless there is one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@dataclass(frozen=True)
class Failure:
    """A document that could not be scored, and why."""

    source: str
    document: str
    error: PolicyFramesError


Result = ScoredDocument | Failure


def passage_columns(framings: Sequence[str]) -> list[str]:
    """Return the names of the columns of `passage_rows`, in order."""
    return [
        *("document", "passage", "page", "last_page", "start", "end", "words"),
        *("framings", "primary", "uncertain", "tier"),
        *(f"p_{name}" for name in framings),
        *framings,
        *("none", "text"),
    ]


def document_columns(framings: Sequence[str]) -> list[str]:
    """Return the names of the columns of `document_row`, in order."""
    kinds = (*framings, "none", "uncertain")
    return [
        *("document", "status", "title", "source", "format", "pages", "passages", "words"),
        *kinds,
        *(f"share_{kind}" for kind in kinds),
        *("warnings", "error_code", "error", "text_sha256", "source_sha256", "bundle", "bundle_id"),
        *("quality", "version"),
    ]


def passage_rows(scored: ScoredDocument) -> Iterator[Row]:
    """Yield one row per passage, in reading order; lists stay lists."""
    for item in scored.passages:
        passage, score = item.passage, item.score
        yield {
            "document": scored.document.id,
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
            **{f"p_{name}": round(value, _DECIMALS) for name, value in score.probabilities.items()},
            **{name: int(name in score.framings) for name in score.probabilities},
            "none": int(score.none),
            "text": passage.text,
        }


def document_row(result: Result, bundle: Bundle) -> Row:
    """Return the row of a document; of one that failed it says why, and all counts are empty."""
    model: Row = {"bundle": bundle.name, "bundle_id": bundle.id, "version": __version__}
    if isinstance(result, Failure):
        known: Row = {
            "document": result.document,
            "status": "failed",
            "source": result.source,
            "error_code": result.error.code,
            "error": str(result.error),
        }
        return {**dict.fromkeys(document_columns(bundle.framing_ids)), **known, **model}
    document, total = result.document, len(result.passages)
    counts: dict[str, int] = {name: result.count(name) for name in bundle.framing_ids}
    counts |= {"none": result.none_count, "uncertain": result.uncertain_count}
    return {
        "document": document.id,
        "status": "scored",
        "title": document.title,
        "source": document.source,
        "format": document.format,
        "pages": len(document.page_starts) or None,
        "passages": total,
        "words": sum(item.passage.words for item in result.passages),
        **counts,
        **{f"share_{kind}": round(count / total, _DECIMALS) if total else None for kind, count in counts.items()},
        "warnings": list(result.warnings),
        "error_code": None,
        "error": None,
        "text_sha256": document.sha256,
        "source_sha256": document.source_sha256,
        "quality": result.quality,
        **model,
    }
