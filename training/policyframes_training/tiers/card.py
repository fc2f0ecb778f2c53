"""The model card: a bundle's README.md with Hugging Face metadata, written from the bundle's own figures.

What the cards of all tiers have in common; what is each tier's own stands in texts.py. Run id and commit stay in
bundle.json, so that the same data and seed give the same card.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from policyframes.bundle import Bundle
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.figures import BINS, RESAMPLES, Evaluation
from policyframes_training.tiers.calibration import F1_PLATEAU, Calibration
from policyframes_training.tiers.export import Measured

_TABLE = (
    ("f1", "F1"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("average_precision", "average precision"),
    ("ece", "calibration error"),
    ("precision_outside_band", '"present" right, outside the band'),
    ("absence_precision_outside_band", '"absent" right, outside the band'),
    ("coverage", "share outside the band"),
)
_METRICS = (
    ("f1", "macro-F1 of presence", "macro_f1"),
    ("average_precision", "mean average precision", "macro_average_precision"),
    ("accuracy", "exact-set accuracy", "exact_set_accuracy"),
)
_METRICS_OF_ONE = (
    ("f1", "F1 of presence", "macro_f1"),
    ("average_precision", "average precision", "macro_average_precision"),
    ("accuracy", "accuracy", "exact_set_accuracy"),
)
_TITLES = {
    "rewrites": "Rewrites (the texts of labels/passages.jsonl; anyone can repeat this)",
    "originals": "Originals (the documents' own wording; needs copies of the documents)",
    "both": "Both together",
    "all": "All passages",
}


@dataclass(frozen=True)
class CardFacts:
    """What a card is written from.

    Attributes:
        bundle: complete but for its card.
        counts: by split, and of what is for learning alone, the numbers of rewrites and of originals.
        params: settings of the fit.
        measured: the figures on the test split.
        calibration: what the bundle's settings were chosen from.
        is_ours: whether the data are a folder of labels like the repository's own; of others a card says nothing that
            it cannot know.
    """

    bundle: Bundle
    counts: Mapping[str, tuple[int, int]]
    params: Mapping[str, object]
    measured: Measured
    calibration: Calibration
    is_ours: bool = True


@dataclass(frozen=True)
class TierTexts:
    """What the card of one tier says that those of the others do not.

    Attributes:
        tag: of the metadata, beside those of all tiers.
        kind: what the model is.
        limits: what it cannot do, beside the limits of all tiers.
        training: what it learned from.
        choice: how settings were chosen.
        held_out: which models scored the passages that the bands are set on.
        base: id of the pretrained model on a hub; None for none.
        hashes: lines on weights that it builds on.
        sections: whole sections before the figures.
        task: what the figures are about, for the metadata.
        lead: the opening sentence, where the model marks something else than framings; empty for the usual one.
        use: what it is for, likewise.
        measured_on: which passages of the test split the figures are about, where it is not all of them.
    """

    tag: str
    kind: str
    limits: tuple[str, ...]
    training: str
    choice: str
    held_out: str
    base: str | None = None
    hashes: str = ""
    sections: tuple[str, ...] = ()
    task: str = "Multi-label framing of policy passages"
    lead: str = ""
    use: str = ""
    measured_on: str = ""


def render_card(facts: CardFacts, texts: TierTexts) -> str:
    """Return the card as Markdown."""
    bundle = facts.bundle
    sections = [
        f"---\n{yaml.safe_dump(_metadata(facts, texts), sort_keys=False, allow_unicode=True)}---\n",
        f"# {bundle.name}\n",
        _describe_kind(facts, texts),
        _describe_use(facts, texts),
        _describe_training(facts, texts),
        _describe_decisions(facts, texts),
        *texts.sections,
        _describe_figures(facts, texts),
    ]
    return "\n".join(sections)


def _describe_kind(facts: CardFacts, texts: TierTexts) -> str:
    text = "policy text" if facts.is_ours else "text"
    lead = texts.lead or (
        f"Marks which framings a passage of {text} performs: {', '.join(facts.bundle.framing_ids)},\n"
        "any of them together, or none."
    )
    return f"{lead} {texts.kind}\n"


def _metadata(facts: CardFacts, texts: TierTexts) -> dict[str, Any]:
    parts = facts.measured.test.items()
    data, name = ("policyframes-labels", "policyframes labels") if facts.is_ours else ("own", "own labels")
    results = [
        {
            "task": {"type": "text-classification", "name": texts.task if facts.is_ours else "Multi-label framing"},
            "dataset": {"type": data, "name": f"{name}, {part}", "split": "test"},
            "metrics": [
                _metric(kind, name, evaluation.overall[figure])
                for kind, name, figure in (_METRICS if len(facts.bundle.framings) > 1 else _METRICS_OF_ONE)
            ],
        }
        for part, evaluation in parts
    ]
    return {
        # Whoever made the data says how their model may be used.
        **({"license": "apache-2.0"} if facts.is_ours else {}),
        "language": ["en"],
        "library_name": "policyframes",
        "pipeline_tag": "text-classification",
        "tags": [
            *("policyframes", "framing", "content-analysis"),
            *(["political-science"] if facts.is_ours else []),
            *("multi-label", texts.tag),
        ],
        **({"base_model": texts.base} if texts.base else {}),
        **({"datasets": [data]} if facts.is_ours else {}),
        "metrics": ["f1", "average_precision", "accuracy"],
        "model-index": [{"name": facts.bundle.name, "results": results}],
    }


def _metric(kind: str, name: str, estimate: Estimate) -> dict[str, Any]:
    return {"type": kind, "name": name, "value": round(estimate.value, 4)}


def _describe_use(facts: CardFacts, texts: TierTexts) -> str:
    own = "\n".join(f"- {limit}" for limit in texts.limits)
    if not facts.is_ours:
        return f"""## Intended use

To measure framings over many passages of English texts like those that it was trained on.

    from policyframes import load
    load("FOLDER OF THIS BUNDLE").score(["A passage."])

Not for judging a single passage unread, a person or an author; not for other languages; not for texts about other
matters, where it has not been measured.

## Limits

{own}
- Who gave the codes, and how well two coders agree, is not known here: say it before you publish the model.
"""
    return f"""## Intended use

{texts.use or _describe_usual_use(facts.bundle)}
Not for judging a single passage unread, a person or an author; not for other languages; not for texts about other
matters, where it has not been measured.

## Limits

{own}
- The codes were given by language-model coders who worked to the codebook, with a blind second reading of a sample.
  No human expert has validated them.
- Most documents are from or about the United States and its neighbours; administrations are not evenly represented.
"""


def _describe_usual_use(bundle: Bundle) -> str:
    return (
        "To measure, over many passages of English strategy documents, orders, reports and news about security, borders"
        " and\nforeign policy, how they frame their subject: shares by document, issuer or year, with the passages"
        " behind them.\n\n    from policyframes import load\n"
        f'    load("{bundle.name}").score(["Both governments will plan together and share the cost."])\n'
    )


def _describe_training(facts: CardFacts, texts: TierTexts) -> str:
    provenance = facts.bundle.provenance
    rows = "\n".join(
        f"| {side} | {rewrites:,} | {originals:,} |" for side, (rewrites, originals) in facts.counts.items()
    )
    params = "\n".join(f"| {name} | {value} |" for name, value in facts.params.items())
    originals = (
        "Trained on rewrites in our own words and on the coded originals. The originals' documents are not in the\n"
        "repository; labels/spans.jsonl says where each span lies in them."
        if provenance["with_originals"] == "yes"
        else "Trained on passages in our own words alone."
    )
    further = f"\nfor learning alone `{provenance['further_sha256']}`," if "further_sha256" in provenance else ""
    if not facts.is_ours:
        originals = f"Trained on {sum(facts.counts['train']):,} labelled passages of its maker's."
    return f"""## Training

{originals} {texts.training}

| split | rewrites | originals |
| --- | --- | --- |
{rows}

Documents, and everything coded in them, are on one side. {texts.choice}

| setting | value |
| --- | --- |
{params}

{texts.hashes}Corpus `{provenance["corpus_sha256"]}`,{further}
split `{provenance["split_sha256"]}` ({_describe_freeze(provenance)}),
taxonomy `{provenance["taxonomy_sha256"]}`, seed {provenance["seed"]}.
Run id, code commit and lock are in bundle.json.
"""


def _describe_freeze(provenance: Mapping[str, str | int | None]) -> str:
    return f"frozen {provenance['split_frozen']}" if provenance["split_frozen"] else "not frozen"


def _describe_decisions(facts: CardFacts, texts: TierTexts) -> str:
    bundle, calibration = facts.bundle, facts.calibration
    held_out = f"{calibration.passages:,} passages of {calibration.documents:,} documents"
    rows = "\n".join(
        f"| {framing} | {s.threshold:.3f} | {s.uncertain_from:.3f} to {s.uncertain_to:.3f} "
        f"| {calibration.outside[framing][0]:.0%} | {calibration.outside[framing][1]:.0%} "
        f"| {s.slope:.3f} | {s.offset:.3f} |"
        for framing, s in bundle.framings.items()
    )
    return f"""## Probabilities, thresholds, abstention

Platt scaling per framing; of the thresholds whose F1 is within {F1_PLATEAU} of the highest, the one that decides
"present" about as often as the codes do. Both are set on {held_out},
none scored by a model that had learnt from it: {texts.held_out}. How common a framing is follows
validation alone.

Around the threshold lies a band in which a decision is marked uncertain. Each of its ends is set so that of the
decisions beyond it ("present" above, "absent" below) {bundle.promised_precision:.0%} are expected to be right on new
documents: as near to the threshold as (wrong + 1) / outside stays within {1 - bundle.promised_precision:.0%}
(Jin and Candès 2023), on the same passages.
It speaks of the mean over new documents like these, of each end on its own, and of rewrites and originals together; not
of other kinds of text, nor of a single document. What was reached on test stands below.

| framing | threshold | uncertain | "present" outside | "absent" outside | slope | offset |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

"Outside" is the share of those decisions that lies outside the band, on those passages.
{_describe_unmet(calibration, bundle)}"""


def _describe_unmet(calibration: Calibration, bundle: Bundle) -> str:
    unmet = [
        f'"{decision}" of {framing}'
        for framing, shares in calibration.outside.items()
        for decision, share in zip(("present", "absent"), shares, strict=True)
        if share == 0
    ]
    if not unmet:
        return ""
    return (
        f"\nFor {', '.join(unmet)} not even the surest decisions reach {bundle.promised_precision:.0%}: all of them"
        " are marked uncertain.\n"
    )


def _describe_figures(facts: CardFacts, texts: TierTexts) -> str:
    second = facts.measured.second_coder
    lines = [
        "## Figures on the frozen test split\n" if facts.is_ours else "## Figures on the test split\n",
        *([f"{texts.measured_on}\n"] if texts.measured_on else []),
        _describe_measures(),
    ]
    if second:
        lines.append(_describe_ceiling(second, facts.bundle.framing_ids))
    lines += [_render_part(_TITLES[part], evaluation) for part, evaluation in facts.measured.test.items()]
    return "\n".join(lines)


def _describe_ceiling(second: Mapping[str, Estimate], framings: tuple[str, ...]) -> str:
    if len(framings) == 1:
        figures = {
            "F1": second[framings[0]],
            **{name: second[name] for name in ("precision", "recall") if name in second},
        }
        reached = ", ".join(f"{name} {render_estimate(estimate)}" for name, estimate in figures.items())
        return f"""The ceiling, a second coder against the same codes: {reached}.
That coder codes alike {render_estimate(second["exact_set"])} of the passages that both read.
"""
    reached = "; ".join(f"{name} {render_estimate(second[name])}" for name in (*framings, "macro"))
    return f"""The ceiling, F1 of a second coder against the same codes: {reached}.
That coder marks the whole set alike in {render_estimate(second["exact_set"])} of the passages that both read.
"""


def _describe_measures() -> str:
    return f"""F1, precision and recall are of a framing's presence. In brackets 95 % intervals: percentile bootstrap
over documents, {RESAMPLES:,} resamples. Calibration error: {BINS} bins of equal mass, its interval corrected for the
bootstrap's bias. Right outside the band: the share of the decisions outside it, "present" or "absent", that are right;
set to be at least what the band promises.
"""


def _render_part(title: str, evaluation: Evaluation) -> str:
    has_mean = len(evaluation.framings) > 1
    names = (*evaluation.framings, *(("mean",) if has_mean else ()))
    lines = [
        f"### {title}\n",
        f"{evaluation.passages:,} passages of {evaluation.documents:,} documents.\n",
        f"| | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
    ]
    for figure, label in _TABLE:
        cells = [render_estimate(figures[figure]) for figures in evaluation.framings.values()]
        cells += [render_estimate(evaluation.overall[f"macro_{figure}"])] if has_mean else []
        lines.append(f"| {label} | {' | '.join(cells)} |")
    exact = render_estimate(evaluation.overall["exact_set_accuracy"])
    right = "The whole set of framings is right for" if has_mean else "Decided as coded are"
    return "\n".join(lines) + f"\n\n{right} {exact} of the passages.\n"


def render_estimate(estimate: Estimate) -> str:
    """Return a figure with its interval, such as `0.812 [0.790, 0.833]`; `-` where it is not defined."""
    if not math.isfinite(estimate.value):
        return "-"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
