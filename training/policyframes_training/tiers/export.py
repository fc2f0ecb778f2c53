"""A fitted model -> a bundle with its figures and its card. bundle.py alone knows the files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policyframes.bundle import Bundle, FramingSettings
from policyframes.bundle_manifest import is_bundle_name
from policyframes.errors import UsageError
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.figures import BINS, RESAMPLES, Evaluation
from policyframes_training.linear.linear import LinearModel
from policyframes_training.tiers.calibration import Calibration

# Figures beyond this carry no information, and the last bits of a double differ between machines.
_DIGITS = 7


@dataclass(frozen=True)
class Measured:
    """What was measured of a model.

    Attributes:
        test: by part of the test split (`rewrites`, `originals`, `both`), its evaluation.
        second_coder: what a second coder reaches, see `evaluation.measure_second_coder`.
    """

    test: Mapping[str, Evaluation]
    second_coder: Mapping[str, Estimate]


def check_name(name: str) -> str:
    """Return the name of a bundle.

    Raises:
        UsageError: it is not `<name>-v<number>`.
    """
    if not is_bundle_name(name):
        raise UsageError(
            where="name of the bundle",
            found=repr(name),
            allowed="lower-case letters, digits and hyphens, then -v and a number, such as fast-v1",
            remedy="Give another name with --name.",
        )
    return name


def build_bundle(
    model: LinearModel,
    settings: Mapping[str, FramingSettings],
    *,
    name: str,
    promised_precision: float,
    provenance: Mapping[str, str | int | None],
) -> Bundle:
    """Return the bundle of a fitted model, without figures and card yet.

    Args:
        model: the fitted model.
        settings: calibration, thresholds and bands, by framing in the taxonomy's order.
        name: `<name>-v<number>`.
        promised_precision: what the bands were set for.
        provenance: hashes, seed, commit, run id, date.

    Raises:
        UsageError: the name is not of that form.
    """
    return Bundle(
        name=check_name(name),
        kind="ngram-linear",
        framings=dict(settings),
        promised_precision=promised_precision,
        features=model.settings.features,
        tensors=model.weights(),
        vocabulary=model.vocabulary,
        provenance=dict(provenance),
        metrics={},
        card="",
    )


def describe_metrics(measured: Measured, calibration: Calibration) -> dict[str, Any]:
    """Return the figures as a bundle holds them: `test.<part>.framings.<framing>.<figure>` -> value, low, high.

    `overall` stands beside `framings`. A figure that is not defined is None. `calibration` says from how many
    passages the settings were chosen and which share of the decisions there lies outside the bands.

    Args:
        measured: on the test split.
        calibration: what the bundle's settings were chosen from.
    """
    parts = {
        part: {
            "passages": evaluation.passages,
            "documents": evaluation.documents,
            "framings": {framing: _describe(figures) for framing, figures in evaluation.framings.items()},
            "overall": _describe(evaluation.overall),
        }
        for part, evaluation in measured.test.items()
    }
    return {
        "split": "test",
        "interval": f"95 % percentile bootstrap over documents, {RESAMPLES} resamples",
        "calibration_bins": BINS,
        "test": parts,
        "calibration": {
            "passages": calibration.passages,
            "documents": calibration.documents,
            "outside_band": {
                framing: {"present": round(present, _DIGITS), "absent": round(absent, _DIGITS)}
                for framing, (present, absent) in calibration.outside.items()
            },
        },
        "second_coder": _describe(measured.second_coder),
    }


def flatten_metrics(measured: Measured) -> dict[str, float]:
    """Return the figures as a run records them: `test/<part>/<framing>/<figure>` with `_low` and `_high`."""
    named = {f"second_coder/{name}": estimate for name, estimate in measured.second_coder.items()}
    for part, evaluation in measured.test.items():
        for group, figures in {**evaluation.framings, "overall": evaluation.overall}.items():
            named |= {f"test/{part}/{group}/{figure}": estimate for figure, estimate in figures.items()}
    flat: dict[str, float] = {}
    for name, estimate in named.items():
        flat |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return {name: value for name, value in flat.items() if math.isfinite(value)}


def _describe(figures: Mapping[str, Estimate]) -> dict[str, dict[str, float | None]]:
    return {
        name: {"value": _finite(estimate.value), "low": _finite(estimate.low), "high": _finite(estimate.high)}
        for name, estimate in figures.items()
    }


def _finite(value: float) -> float | None:
    return round(value, _DIGITS) if math.isfinite(value) else None
