"""What a bundle's manifest may say: types and ranges of every field that scoring or reporting reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any, TypeGuard

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-v[0-9]+")
_FRAMING = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SETTINGS = {"threshold", "slope", "offset", "uncertain_from", "uncertain_to"}
# Longer n-grams than these have no use, and each length costs time on every passage.
_LONGEST = {"word_ngrams": 5, "char_ngrams": 10}
# A window must hold more than the marks around it, and its cost grows with the square of its length.
_TOKENS = (16, 8_192)
_PARTS = {"fast", "encoder"}
_ROUTED = {"balanced"}
# Of a cascade by quality; its fast part has its own.
_READINGS = {"cascade": {"balanced", "best"}}
_ERRORS = {
    "share",
    "score",
    "slope",
    "separation",
    "variance_present",
    "variance_absent",
    "score_variance",
    "slope_variance",
    "document_variance",
}


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
        _find_errors_fault,
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
    if not isinstance(features, dict):
        return "'features' are missing or no mapping"
    check = {"encoder-onnx": _find_encoder_fault, "cascade": _find_cascade_fault}.get(
        manifest["kind"], _find_ngram_fault
    )
    return check(features, manifest)


def _find_ngram_fault(features: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    if set(features) != set(_LONGEST):
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


def _find_encoder_fault(features: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    if set(features) != {"max_tokens"}:
        return "'features' are not max_tokens"
    tokens, (fewest, most) = features["max_tokens"], _TOKENS
    if not isinstance(tokens, int) or isinstance(tokens, bool) or not fewest <= tokens <= most:
        return f"'max_tokens' is {tokens!r} and no number from {fewest} to {most}"
    return ""


def _find_cascade_fault(features: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    if set(features) != {"parts", "blend", "route"}:
        return "'features' are not parts, blend, route"
    return (
        _find_parts_fault(features["parts"], manifest["name"])
        or _find_blend_fault(features["blend"], len(manifest["framings"]))
        or _find_route_fault(features["route"], set(manifest["framings"]))
    )


def _find_parts_fault(parts: object, own_name: str) -> str:
    if not isinstance(parts, dict) or set(parts) != _PARTS:
        return "'parts' are not fast and encoder"
    for part, entry in parts.items():
        if not isinstance(entry, dict) or set(entry) != {"name", "id"}:
            return f"the part '{part}' has something else than a name and an id"
        # A name of this form is no path: it can lead to no other place than beside the cascade.
        if not isinstance(entry["name"], str) or not is_bundle_name(entry["name"]) or entry["name"] == own_name:
            return f"the part '{part}' is called {entry['name']!r}, which is no name of another bundle"
        if not isinstance(entry["id"], str) or not _SHA256.fullmatch(entry["id"]):
            return f"the id of the part '{part}' is no sha256"
    return ""


def _find_blend_fault(blend: object, framings: int) -> str:
    if not isinstance(blend, dict) or set(blend) != _PARTS:
        return "'blend' is not of fast and encoder"
    if not all(isinstance(row, list) and len(row) == framings and all(map(_is_number, row)) for row in blend.values()):
        return f"'blend' holds something else than {framings} finite numbers for each part"
    return ""


def _find_route_fault(route: object, framings: set[str]) -> str:
    if not isinstance(route, dict) or set(route) != _ROUTED:
        return f"'route' is not of {', '.join(sorted(_ROUTED))}"
    for quality, ranges in route.items():
        if not isinstance(ranges, dict) or set(ranges) != framings:
            return f"the route of '{quality}' is of other framings"
        for name, bounds in ranges.items():
            if not isinstance(bounds, list) or len(bounds) != 2 or not all(map(_is_number, bounds)):  # noqa: PLR2004  (from, to)
                return f"the route of '{quality}' for '{name}' is no pair of numbers"
            if not 0 <= bounds[0] <= bounds[1] <= 1:
                return f"the route of '{quality}' for '{name}' is no range of probabilities"
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


def _find_errors_fault(manifest: Mapping[str, Any]) -> str:
    errors = manifest.get("errors", {})
    if not isinstance(errors, dict) or not set(errors) <= _READINGS.get(manifest["kind"], {"all"}):
        return "'errors' is no mapping, or of other qualities than the bundle has"
    for reading, table in errors.items():
        if not isinstance(table, dict) or set(table) != {"passages", "documents", "kinds"}:
            return f"the errors of '{reading}' are not passages, documents, kinds"
        if not all(_is_count(table[name]) for name in ("passages", "documents")):
            return f"the errors of '{reading}' do not say how many passages and documents they are from"
        kinds = table["kinds"]
        if not isinstance(kinds, dict) or not set(kinds) <= {*manifest["framings"], "none"}:
            return f"the errors of '{reading}' are of other framings"
        for kind, numbers in kinds.items():
            if fault := _find_kind_fault(numbers):
                return f"the errors of '{reading}' for '{kind}' {fault}"
    return ""


def _find_kind_fault(numbers: object) -> str:
    if not isinstance(numbers, dict) or set(numbers) != _ERRORS:
        return f"are not {', '.join(sorted(_ERRORS))}"
    if not all(_is_number(number) for number in numbers.values()):
        return "hold something else than finite numbers"
    if not 0 <= numbers["share"] <= 1 or not 0 <= numbers["score"] <= 1 or not 0 < numbers["slope"] <= 1:
        return "hold a share, a score or a slope that lies not between 0 and 1"
    if not -1 <= numbers["separation"] <= 1:
        return "hold a separation that lies not between -1 and 1"
    if not all(0 <= number <= 1 for name, number in numbers.items() if "variance" in name):
        return "hold a variance that lies not between 0 and 1"
    return ""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_estimate(value: object) -> bool:
    # None stands for a figure that the passages do not define, such as the F1 of a framing that none of them carries.
    return isinstance(value, dict) and all(
        key in value and (value[key] is None or _is_number(value[key])) for key in ("value", "low", "high")
    )


def _is_number(value: object) -> TypeGuard[float]:
    # A JSON integer may be larger than any float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
