"""report.html: one self-contained page. The template escapes everything; nothing here builds markup by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from policyframes._version import __version__
from policyframes.bundle import Bundle
from policyframes.documents.document import BlockKind
from policyframes.report.explanation import describe_metrics
from policyframes.report.rows import Failure, Result, format_count, format_probability
from policyframes.scorer import ScoredDocument, ScoredPassage
from policyframes.taxonomy import load_taxonomy

_STRONGEST = 3


@dataclass(frozen=True)
class _Share:
    id: str
    label: str
    count: int
    share: float


@dataclass(frozen=True)
class _Piece:
    """One stretch of the reading view: a scored passage, or a block that is none."""

    start: int
    text: str
    kind: str
    scored: ScoredPassage | None


@dataclass(frozen=True)
class _View:
    """What the template shows of one document."""

    anchor: str
    scored: ScoredDocument
    shares: tuple[_Share, ...]
    strongest: tuple[tuple[str, str, tuple[ScoredPassage, ...]], ...]
    pieces: tuple[_Piece, ...]


def render_page(results: Sequence[Result], bundle: Bundle) -> str:
    """Return the page as text; it asks nothing of the network and holds no script."""
    environment = Environment(
        loader=PackageLoader("policyframes.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"probability": format_probability, "count": format_count}
    scored = [result for result in results if isinstance(result, ScoredDocument)]
    labels = {framing.id: framing.label for framing in load_taxonomy().framings}
    split, metrics = describe_metrics(bundle)
    return environment.get_template("page.html.j2").render(
        heading=_build_heading(scored),
        views=[_build_view(number, document, labels) for number, document in enumerate(scored, 1)],
        failures=[result for result in results if isinstance(result, Failure)],
        framings=[framing for framing in load_taxonomy().framings if framing.id in bundle.framing_ids],
        labels=labels,
        bundle=bundle,
        quality=next((document.quality for document in scored), None),
        split=split,
        metrics=metrics,
        version=__version__,
    )


def _build_heading(scored: Sequence[ScoredDocument]) -> str:
    if len(scored) == 1:
        return f"How one document frames its subject: {scored[0].document.title or scored[0].document.id}"
    return f"How {len(scored)} documents frame their subjects" if scored else "No document could be scored"


def _build_view(number: int, scored: ScoredDocument, labels: dict[str, str]) -> _View:
    total = len(scored.passages) or 1
    names = tuple(scored.passages[0].score.probabilities) if scored.passages else ()
    counts = [(name, labels.get(name, name), scored.count(name)) for name in names]
    counts += [("none", "None", scored.none_count), ("uncertain", "Uncertain", scored.uncertain_count)]
    return _View(
        anchor=f"d{number}",
        scored=scored,
        shares=tuple(_Share(name, label, count, count / total) for name, label, count in counts),
        strongest=tuple((name, labels.get(name, name), scored.rank(name, _STRONGEST)) for name in names),
        pieces=_build_pieces(scored),
    )


def _build_pieces(scored: ScoredDocument) -> tuple[_Piece, ...]:
    text = scored.document.text
    pieces = [_Piece(item.passage.start, item.passage.text, "passage", item) for item in scored.passages]
    pieces += [
        _Piece(block.start, text[block.start : block.end], block.kind.value, None)
        for block in scored.segmentation.others
        if block.kind is not BlockKind.SEPARATOR
    ]
    return tuple(sorted(pieces, key=lambda piece: piece.start))
