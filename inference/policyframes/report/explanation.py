"""README.txt of a results folder: what the columns mean, and what the numbers do not mean."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from policyframes._version import __version__
from policyframes.bundle import Bundle
from policyframes.taxonomy import load_taxonomy

_TEMPLATE = """\
RESULTS OF POLICYFRAMES {version}
Scored with the bundle {bundle} ({bundle_id}).

THE FILES
report.html     the page to read: shares, strongest passages, the text with its framings
passages.csv    one row for each passage
documents.csv   one row for each document, also for those that could not be scored
scores.jsonl    the rows of passages.csv, one JSON object a line
The CSV files are UTF-8. In Excel, open them with Data > From Text/CSV, and choose 65001: Unicode (UTF-8).

THE FRAMINGS
{framings}
none
    No framing is decided in the passage.

A passage may carry one framing, several, or none, so the shares of a document do not add up to 100 %.

COLUMNS OF passages.csv AND scores.jsonl
document        name of the document: its file name without the ending
passage         number of the passage, from 1, in reading order
page, last_page page of the first and of the last character (PDF only)
start, end      place in the document's plain text, in characters from 0; the end is exclusive
words           number of words
framings        the framings decided present
primary         of these, the one with the highest probability
uncertain       framings that the model could not settle (see below)
tier            which part of the model read the passage: fast, or encoder (slower and better)
p_<framing>     calibrated probability that the framing is present, 0 to 1
<framing>       1 if decided present, else 0
none            1 if no framing is decided
text            the passage

COLUMNS OF documents.csv
status          scored, or failed: then error_code and error say why
title, source, format
                what the file calls itself, where it was read from, and how
pages, passages, words
                how many; words are those of the passages (headings, tables and notes are not scored)
<framing>, none, uncertain
                number of passages
share_<...>     the same, divided by the number of passages
warnings        what a reader should know of this document
text_sha256, source_sha256, bundle, bundle_id, quality, version
                hashes and versions: cite them, and the same result can be had again; quality is what --quality
                asked of a bundle of two parts, and empty for others

WHAT THE NUMBERS DO NOT MEAN
- A share is a count of the model's decisions. It is no estimate with an error margin: the model errs, and it errs
  more on kinds of text that it has not learned from. {measured}
- A framing is what a passage does to its subject. It is no judgement of whether the threat is real, the rule just,
  or the partner willing, and no measure of the author's intent.
{uncertain}
- The labels behind the model were made by machine-assisted coding along a written codebook. No human expert has
  validated them yet.
- A small difference between two documents may be chance. Look at the passages, and at how many there are.
"""


_UNCERTAIN = (
    "A passage is marked uncertain where a probability lies in a band around its threshold. The band was set so that "
    "of the decisions outside it, taken together, {promised} should be right on documents like those of the labels; "
    "near its edges it is less. {band} Read the uncertain passages before you rely on them."
)
_BULLET: dict[str, Any] = {"width": 118, "initial_indent": "- ", "subsequent_indent": "  "}


def explain_results(bundle: Bundle) -> str:
    """Return the text of README.txt for results of this bundle."""
    definitions = {framing.id: framing.definition for framing in load_taxonomy().framings}
    framings = "\n".join(
        f"{name}\n{textwrap.indent(textwrap.fill(definitions.get(name, ''), 112), '    ')}"
        for name in bundle.framing_ids
    )
    band = describe_band(bundle)
    split, phrases = describe_metrics(bundle)
    measured = "\n".join([f"Measured on {split}:", *(f"    {p}" for p in phrases)])
    return _TEMPLATE.format(
        version=__version__,
        bundle=bundle.name,
        bundle_id=bundle.id[:12],
        framings=framings,
        measured=measured if phrases else "The bundle states no figures.",
        uncertain=textwrap.fill(_UNCERTAIN.format(promised=f"{bundle.promised_precision:.0%}", band=band), **_BULLET),
    )


def describe_band(bundle: Bundle) -> str:
    """Return a sentence on how often decisions outside the band were right on test documents; empty for no figures."""
    name, measured = _find_test(bundle)
    if not name:
        return ""
    framings = measured["framings"]
    parts = []
    for decision, figure in (("present", "precision_outside_band"), ("absent", "absence_precision_outside_band")):
        values = {framing: framings[framing].get(figure, {}).get("value") for framing in bundle.framing_ids}
        if None not in values.values():
            shown = ", ".join(f"{framing} {value:.2f}" for framing, value in values.items())
            parts.append(f'"{decision}" was right in {shown}')
    return f"On the test documents, outside it, {'; '.join(parts)}." if parts else ""


def describe_metrics(bundle: Bundle) -> tuple[str, list[str]]:
    """Return on which texts the bundle was measured, and one phrase a framing with its F1 and interval.

    Original texts are what users score, so their figures go before those of the rewrites; no figures, no phrases.
    """
    name, measured = _find_test(bundle)
    if not name:
        return "", []
    what = "passages" if name == "originals" else "rewritten passages"
    split = f"{measured['passages']} {what} of {measured['documents']} documents that it was not trained on"
    return split, [
        f"{framing} F1 {f1['value']:.2f} (95 % interval {f1['low']:.2f} to {f1['high']:.2f})"
        for framing in bundle.framing_ids
        for f1 in [measured["framings"][framing]["f1"]]
        if None not in f1.values()
    ]


def _find_test(bundle: Bundle) -> tuple[str, Mapping[str, Any]]:
    """Return the figures on original texts, or on rewrites where those are all; an empty name for none."""
    measured = bundle.metrics.get("test", {})
    name = next((name for name in ("originals", "rewrites") if name in measured), "")
    return name, measured.get(name, {})
