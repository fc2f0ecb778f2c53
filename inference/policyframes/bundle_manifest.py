"""What a bundle's manifest may say: types and ranges of every field that scoring or reporting reads."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-v[0-9]+")
_FRAMING = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SETTINGS = {"threshold", "slope", "offset", "uncertain_from", "uncertain_to"}
# Longer n-grams than these have no use, and each length costs time on every passage.
_LONGEST = {"word_ngrams": 5, "char_ngrams": 10}


def is_bundle_name(name: str) -> bool:
    """Return whether a name is `<name>-v<number>`: lower-case words joined by hyphens, then -v and a number."""
    return bool(_NAME.fullmatch(name))


def find_manifest_fault(manifest: Mapping[str, Any]) -> str:
    """Return what is wrong with a manifest whose hash and format are right; an empty text for nothing."""
    checks = (
        _find_name_fault,
        _find_framings_fault,
        _find_features_fault,
        _find_files_fault,
        _find_metrics_fault,
    )
    return next((fault for check in checks if (fault := check(manifest))), "")


def _find_name_fault(manifest: Mapping[str, Any]) -> str:
    name, promised = manifest.get("name"), manifest.get("promised_precision")
    if not isinstance(name, str) or not is_bundle_name(name):
        return f"'name' is {name!r} and no lower-case name that ends in -v and a number"
    if not _is_number(promised) or not 0 < promised <= 1:
        return f"'promised_precision' is {promised!r} and no share"
    if not isinstance(manifest.get("provenance"), dict):
        return "'provenance' is missing or no mapping"
    return ""


def _find_framings_fault(manifest: Mapping[str, Any]) -> str:
    framings = manifest.get("framings")
    if not isinstance(framings, dict) or not framings:
        return "'framings' is missing or there are no framings"
    for name, settings in framings.items():
        if not _FRAMING.fullmatch(name):
            return f"the framing {name!r} is no id of lower-case words joined by hyphens"
        if not isinstance(settings, dict) or set(settings) != _SETTINGS:
            return f"the settings of '{name}' are not {', '.join(sorted(_SETTINGS))}"
        if not all(_is_number(value) for value in settings.values()):
            return f"the settings of '{name}' hold something else than finite numbers"
        if not 0 <= settings["uncertain_from"] <= settings["uncertain_to"] <= 1 or not 0 < settings["threshold"] <= 1:
            return f"the threshold or band of '{name}' is no probability"
    return ""


def _find_features_fault(manifest: Mapping[str, Any]) -> str:
    features = manifest.get("features")
    if not isinstance(features, dict) or set(features) != set(_LONGEST):
        return f"'features' are not {', '.join(_LONGEST)}"
    for name, longest in _LONGEST.items():
        bounds = features[name]
        if bounds is None and name == "char_ngrams":
            continue
        if (
            not isinstance(bounds, list)
            or len(bounds) != 2  # noqa: PLR2004  (shortest and longest)
            or not all(isinstance(bound, int) and not isinstance(bound, bool) for bound in bounds)
            or not 1 <= bounds[0] <= bounds[1] <= longest
        ):
            return f"'{name}' is {bounds!r} and no pair of lengths from 1 to {longest}"
    return ""


def _find_files_fault(manifest: Mapping[str, Any]) -> str:
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(entry, dict) for entry in files.values()):
        return "'files' is missing or does not map names to hashes"
    for name, entry in files.items():
        if not isinstance(entry.get("sha256"), str) or not _SHA256.fullmatch(entry["sha256"]):
            return f"the hash of '{name}' is no sha256"
    return ""


def _find_metrics_fault(manifest: Mapping[str, Any]) -> str:
    metrics = manifest.get("metrics")
    if not isinstance(metrics, dict) or not isinstance(metrics.get("test", {}), dict):
        return "'metrics' is missing or no mapping"
    for part, measured in metrics.get("test", {}).items():
        if not isinstance(measured, dict) or not {"passages", "documents", "framings"} <= set(measured):
            return f"the metrics of '{part}' do not say passages, documents and framings"
        framings = measured["framings"]
        if not isinstance(framings, dict) or set(framings) != set(manifest["framings"]):
            return f"the metrics of '{part}' are of other framings"
        for name, figures in framings.items():
            if not isinstance(figures, dict) or not all(map(_is_estimate, (figures.get("f1"), *figures.values()))):
                return f"the metrics of '{part}' give no F1, or a figure without its interval, for '{name}'"
    return ""


def _is_estimate(value: object) -> bool:
    # None stands for a figure that the passages do not define, such as the F1 of a framing that none of them carries.
    return isinstance(value, dict) and all(
        key in value and (value[key] is None or _is_number(value[key])) for key in ("value", "low", "high")
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
