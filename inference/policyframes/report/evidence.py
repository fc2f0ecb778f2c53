"""What only the files of a folder hold: the passages behind each cell, and the rows of documents that failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyframes._version import __version__
from policyframes.bundle import Bundle
from policyframes.profiles.comparison import Comparison
from policyframes.profiles.rows import ALL, round_value
from policyframes.report.rows import Failure, Row

STRONGEST = 3
EVIDENCE_COLUMNS = (
    *("aspect", "group", "framing", "is_dominant", "rank", "document", "title", "passage", "page", "last_page"),
    *("start", "end", "probability", "is_uncertain", "text"),
)


def evidence_rows(comparison: Comparison) -> Iterator[Row]:
    """Yield the strongest passages of each framing in each cell, strongest first."""
    titles = {document.id: document.title for document in comparison.collection.documents}
    for profile in comparison.profiles.values():
        for framing in profile.framings:
            for rank, item in enumerate(profile.rank(framing, STRONGEST), 1):
                yield {
                    "aspect": profile.aspect or ALL,
                    "group": profile.group,
                    "framing": framing,
                    "is_dominant": int(framing == profile.dominant),
                    "rank": rank,
                    "document": item.document,
                    "title": titles[item.document],
                    "passage": item.passage.number,
                    "page": item.passage.page,
                    "last_page": item.passage.last_page,
                    "start": item.passage.start,
                    "end": item.passage.end,
                    "probability": round_value(item.score.probabilities[framing]),
                    "is_uncertain": int(framing in item.score.uncertain),
                    "text": item.passage.text,
                }


def failure_rows(failures: Sequence[Failure], bundle: Bundle) -> Iterator[Row]:
    """Yield the rows of documents.csv that say why a document could not be scored; they hold no counts."""
    for failure in failures:
        yield {
            "document": failure.document,
            "status": "failed",
            "source": failure.source,
            "error_code": failure.error.code,
            "error": str(failure.error),
            "bundle": bundle.name,
            "bundle_id": bundle.id,
            "version": __version__,
        }
