"""README.txt of a results folder: what the columns mean, and what the numbers do not mean."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from policyframes._version import __version__
from policyframes.bundle import Bundle
from policyframes.profiles.collection import Collection
from policyframes.report.column_notes import NOTES
from policyframes.taxonomy import load_taxonomy

_FILES = {
    "report.html": "the page to read: shares, strongest passages, the text with its framings",
    "comparison.csv": "one row for each aspect, group and kind: the shares with their intervals",
    "changes.csv": "one row for each change of a share from one group to the next",
    "evidence.csv": "the strongest passages behind each cell of the comparison",
    "passages.csv": "one row for each passage",
    "documents.csv": "one row for each document, also for those that could not be scored",
    "scores.jsonl": "the rows of passages.csv, one JSON object a line",
    "matrix.csv": "one row for each document, for statistics: framings as 0 and 1, and shares",
    "quanteda.csv": "one row for each passage, for quanteda in R",
    "codebook.md": "the definitions of the framings, and of the aspects with their terms",
}

NO_DEFINITION = "Not in the codebook of this package: the bundle was made for framings of its own."

HEADING = "RESULTS OF POLICYFRAMES"
_TEMPLATE = (
    HEADING
    + """ {version}
Scored with the bundle {bundle} ({bundle_id}).

THE FILES
{files}
{opening}

THE FRAMINGS
{framings}
none
    No framing is decided in the passage.

A passage may carry one framing, several, or none, so the shares of a document do not add up to 100 %.

In names of columns, <framing> stands for each framing, <kind> for each framing, none and uncertain, <aspect> for the
id of each aspect that was asked for, and <metadata> for each column of what you said of the documents.

{columns}

WHAT THE NUMBERS DO NOT MEAN
{measured}
- A framing is what a passage does to its subject. It is no judgement of whether the threat is real, the rule just,
  or the partner willing, and no measure of the author's intent.
{uncertain}
{labels}
- A share describes the passages of these documents, as far as they were read. It says nothing of documents that are
  not here, and the groups differ in more than the word that names them.
"""
)

_OPENING = (
    "The CSV files are UTF-8. In Excel, open them with Data > From Text/CSV, and choose 65001: Unicode (UTF-8); or ask "
    "for them with --excel, and a double click opens them."
)
_OPENING_EXCEL = (
    "The CSV files are UTF-8 with the mark by which Excel knows it. Where a cell would begin a formula, an apostrophe "
    "stands before it; take it away for a search in the original."
)

_UNCERTAIN = (
    "A passage is marked uncertain where a probability lies in a band around its threshold. The band was set so that "
    "of the decisions outside it, taken together, {promised} should be right on documents like those of the labels; "
    "near its edges it is less. {band} Read the uncertain passages before you rely on them."
)
_NOTE_INDENT = 16
_GAP = " " * _NOTE_INDENT
_BULLET: dict[str, Any] = {"width": 118, "initial_indent": "- ", "subsequent_indent": "  "}


def explain_results(collection: Collection, tables: Sequence[str], *, is_excel: bool = False) -> str:
    """Return the text of README.txt.

    Args:
        collection: what the results are of.
        tables: names of the CSV files.
        is_excel: whether they are in Excel's form.
    """
    bundle = collection.bundle
    definitions = find_definitions()
    framings = "\n".join(
        f"{name}\n{textwrap.indent(textwrap.fill(definitions.get(name, NO_DEFINITION), 112), '    ')}"
        for name in bundle.framing_ids
    )
    shown = [name for name in _FILES if name in tables or not name.endswith(".csv")]
    band = describe_band(bundle)
    return _TEMPLATE.format(
        version=__version__,
        bundle=bundle.name,
        bundle_id=bundle.id[:12],
        files="\n".join(f"{name:<16}{_FILES[name]}" for name in shown),
        opening=textwrap.fill(_OPENING_EXCEL if is_excel else _OPENING, 118),
        framings=framings,
        columns="\n\n".join(_explain_columns(name) for name in shown if name in NOTES),
        measured=_explain_errors(bundle),
        labels=textwrap.fill(describe_labels(bundle), **_BULLET),
        uncertain=textwrap.fill(_UNCERTAIN.format(promised=f"{bundle.promised_precision:.0%}", band=band), **_BULLET),
    )


def find_definitions() -> dict[str, str]:
    """Return the definitions of the codebook by framing."""
    return {framing.id: framing.definition for framing in load_taxonomy().framings}


def has_own_framings(bundle: Bundle) -> bool:
    """Return whether a bundle was made for other framings than those of the codebook."""
    return not find_definitions().keys() >= set(bundle.framing_ids)


def describe_labels(bundle: Bundle) -> str:
    """Return who gave the codes that a bundle has learned from, as far as that is known."""
    if has_own_framings(bundle):
        return (
            "The bundle has learned from labels of its own. What its framings mean, who coded them, and how well "
            "coders agree on them, its makers have to say."
        )
    return (
        "The labels that the model learned from were made by machine-assisted coding along a written codebook. No "
        "human expert has validated them yet."
    )


def _explain_columns(name: str) -> str:
    heading = f"COLUMNS OF {name}" + (" AND scores.jsonl" if name == "passages.csv" else "")
    lines = [heading]
    for columns, note in NOTES[name].items():
        if len(columns) < _NOTE_INDENT:
            lines += [textwrap.fill(f"{columns:<{_NOTE_INDENT}}{note}", 118, subsequent_indent=" " * _NOTE_INDENT)]
        else:
            lines += [columns, textwrap.fill(note, 118, initial_indent=_GAP, subsequent_indent=_GAP)]
    return "\n".join(lines)


def _explain_errors(bundle: Bundle) -> str:
    split, phrases = describe_metrics(bundle)
    text = (
        "A share that is counted holds the model's errors, and its interval knows nothing of them. One that is "
        "adjusted or coded allows for them, as far as they are like those on the texts where they were measured; "
        "the model errs more on kinds of text that it has not learned from."
    )
    measured = [f"  Measured on {split}:", *(f"    {phrase}" for phrase in phrases)]
    return "\n".join([textwrap.fill(text, **_BULLET), *(measured if phrases else ["  The bundle states no figures."])])


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
    what = "rewritten passages" if name == "rewrites" else "passages"
    split = f"{measured['passages']} {what} of {measured['documents']} documents that it was not trained on"
    return split, [
        f"{framing} F1 {f1['value']:.2f} (95 % interval {f1['low']:.2f} to {f1['high']:.2f})"
        for framing in bundle.framing_ids
        for f1 in [measured["framings"][framing]["f1"]]
        if None not in f1.values()
    ]


def _find_test(bundle: Bundle) -> tuple[str, Mapping[str, Any]]:
    """Return the figures on original texts, else on rewrites, else on all that were tested; an empty name for none."""
    measured = bundle.metrics.get("test", {})
    name = next((name for name in ("originals", "rewrites", "all") if name in measured), "")
    return name, measured.get(name, {})
