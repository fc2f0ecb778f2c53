"""The method note: model, hashes, measured errors, and how to cite."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policyframes._version import __version__
from policyframes.bundle import Bundle
from policyframes.report.explanation import describe_band, describe_labels, describe_metrics, has_own_framings
from policyframes.report.page.outline import Outline
from policyframes.taxonomy import load_taxonomy

_YEAR = re.compile(r"\d{4}")
_AUTHORS = "The policyframes authors"
_TITLE = "policyframes: Measuring how policy texts frame their subject"


@dataclass(frozen=True)
class Method:
    """What a reader must know to judge and cite the numbers.

    Attributes:
        bundle: what scored.
        quality: of a cascade, how much of the reading its encoder did; empty for others.
        split: the documents that it was measured on; empty where it states no figures.
        metrics: one phrase a framing.
        band: how often decisions outside the uncertain band were right.
        promised: the promised precision.
        facts: name and value of version, bundle, hashes.
        citation: a line in the manner of APA.
        bibtex: an entry for a reference manager.
        labels: who gave the codes that the bundle has learned from.
    """

    bundle: Bundle
    quality: str
    split: str
    metrics: tuple[str, ...]
    band: str
    promised: str
    facts: tuple[tuple[str, str], ...]
    citation: str
    bibtex: str
    labels: str


def build_method(outline: Outline) -> Method:
    """Return the method note of a comparison."""
    bundle = outline.comparison.collection.bundle
    documents = outline.comparison.collection.documents
    split, metrics = describe_metrics(bundle)
    codebook = "" if has_own_framings(bundle) else load_taxonomy().version
    quality = next((str(document.scored.quality) for document in documents if document.scored.quality), "")
    hashes = [(f"{name} sha256", str(bundle.provenance.get(f"{name}_sha256") or "")) for name in ("taxonomy", "corpus")]
    facts = [
        ("Version of policyframes", __version__),
        ("Bundle", bundle.name),
        ("Bundle id", bundle.id),
        ("Quality", quality),
        ("Encoder read by", next((document.scored.runtime for document in documents if document.scored.runtime), "")),
        ("Codebook", codebook),
        *((f"{name[0].upper()}{name[1:]}, as the bundle learned it", value) for name, value in hashes),
    ]
    return Method(
        bundle=bundle,
        quality=quality,
        split=split,
        metrics=tuple(metrics),
        band=describe_band(bundle),
        promised=f"{bundle.promised_precision:.0%}".replace("%", "\u00a0%"),
        facts=tuple((name, value) for name, value in facts if value),
        citation=_cite(bundle, quality),
        bibtex=_cite_in_bibtex(bundle, quality),
        labels=describe_labels(bundle),
    )


def _find_year(bundle: Bundle) -> str:
    found = _YEAR.match(str(bundle.provenance.get("created", "")))
    return found[0] if found else ""


def _name_model(bundle: Bundle, quality: str) -> str:
    asked = f", quality {quality}" if quality else ""
    return f"bundle {bundle.name}{asked}, id {bundle.id or 'unsaved'}"


def _cite(bundle: Bundle, quality: str) -> str:
    return (
        f"{_AUTHORS}. ({_find_year(bundle) or 'n.d.'}). {_TITLE} "
        f"(Version {__version__}; {_name_model(bundle, quality)}) [Computer software]."
    )


def _cite_in_bibtex(bundle: Bundle, quality: str) -> str:
    year = _find_year(bundle)
    fields = [
        ("author", f"{{{_AUTHORS}}}"),
        ("title", "{policyframes}: Measuring how policy texts frame their subject"),
        ("version", __version__),
        *([("year", year)] if year else []),
        ("note", f"{_name_model(bundle, quality)}".capitalize()),
    ]
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields)
    return f"@software{{policyframes,\n{lines}\n}}"
