"""A model on disk: save and load side by side. The only writer and reader of model folders.

A bundle is data only: JSON, safetensors, ONNX and a card. What may lie in it is written in bundle_kinds.py, never in
the bundle.

How to raise FORMAT_VERSION: change the layout, raise the number by one, keep reading the older numbers in
`bundle_files.read_manifest`, and add a bundle of the older number to tests/inference that must still load and score
the same. Format 2 added the kinds `encoder-onnx` and `cascade`; a bundle of format 1 is one of format 2. The key
`errors` is optional in both: without it shares are counted and not corrected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policyframes.bundle_files import (
    FORMAT_VERSION,
    MANIFEST,
    hash_manifest,
    make_damaged,
    make_foreign,
    make_incomplete,
    read_files,
    read_manifest,
    replace_folder,
)
from policyframes.bundle_kinds import (
    CARD,
    FILES,
    PARTS,
    Content,
    Weights,
    dump_content,
    find_content_fault,
    parse_content,
)
from policyframes.bundle_manifest import find_manifest_fault
from policyframes.errors import BundleNotFoundError, OutputError, RefusedError

__all__ = ["FORMAT_VERSION", "Bundle", "FramingSettings", "Weights", "check_vacant", "load_bundle", "save_bundle"]


@dataclass(frozen=True)
class FramingSettings:
    """How one framing's logit becomes a probability, a decision and an abstention.

    Attributes:
        threshold: calibrated probability from which the framing is decided present.
        slope: Platt scaling, `p = sigmoid(slope * logit + offset)` (Platt 1999, section 2).
        offset: see slope.
        uncertain_from: lower end of the band in which the promised precision is not met, inclusive.
        uncertain_to: upper end of the band, exclusive; equal to the lower end for no band.
    """

    threshold: float
    slope: float
    offset: float
    uncertain_from: float
    uncertain_to: float


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A model with everything that scoring needs.

    Attributes:
        name: `<name>-v<number>`.
        kind: which backend reads it: `ngram-linear`, `encoder-onnx` or `cascade`.
        framings: settings by framing, in the taxonomy's order, which is the order of the logits' columns. Those of a
            cascade are for the passages that its encoder reads.
        promised_precision: share of the decisions outside the uncertain band that should be right; see the card.
        features: what the backend must know. `ngram-linear`: `word_ngrams`, `char_ngrams`. `encoder-onnx`:
            `max_tokens`. `cascade`: `parts`, name and id by part; `blend`, weights of the logits by part; `route`,
            by quality and framing the range of the fast part's probability that sends a passage to the encoder.
        tensors: of `ngram-linear`, float32 by name; V terms, L framings: `coefficients` (V, L), `idf` (V,),
            `intercepts` (L,).
        vocabulary: of `ngram-linear`, the V terms, in the order of the weights' rows.
        files: of `encoder-onnx`, the bytes of `model.onnx` and `tokenizer.json`.
        parts: of `cascade`, the bundles `fast` and `encoder`.
        provenance: hashes of taxonomy, labels, split, lock; seed, run id, commit, date.
        metrics: what was measured, on which split.
        errors: how far its scores are from the codes, by quality of a cascade, else under `all`; for
            `profiles.errors.find_errors`. Empty where it was not fitted: shares are then counted.
        card: the model card, Markdown with Hugging Face metadata.
        id: hash of the manifest, which holds the hashes of all files; empty before saving.
    """

    name: str
    kind: str
    framings: Mapping[str, FramingSettings]
    promised_precision: float
    features: Mapping[str, Any]
    tensors: Mapping[str, Weights] = field(default_factory=dict)
    vocabulary: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    parts: Mapping[str, Bundle] = field(default_factory=dict)
    provenance: Mapping[str, str | int | None]
    metrics: Mapping[str, Any]
    errors: Mapping[str, Any] = field(default_factory=dict)
    card: str
    id: str = field(default="", compare=False)

    @property
    def framing_ids(self) -> tuple[str, ...]:
        """Return the ids of the framings in their order."""
        return tuple(self.framings)


def save_bundle(bundle: Bundle, folder: Path | str, *, overwrite: bool = False) -> str:
    """Write a bundle as a folder, all of it or nothing, and return its id.

    Of a cascade only the names and ids of the parts are written: save them beside it, each under its name.

    Raises:
        BundleError: the bundle contradicts itself (see `load_bundle` for the checks).
        RefusedError: the folder exists and `overwrite` is not set, or it holds something else than a bundle.
        OutputError: the folder cannot be written.
    """
    folder = Path(folder)
    _refuse_fault(folder, find_manifest_fault(_build_manifest(bundle, {})) or _find_fault(bundle))
    check_vacant(folder, overwrite=overwrite)
    content = Content(tensors=bundle.tensors, vocabulary=bundle.vocabulary, files=bundle.files)
    contents = {CARD: bundle.card.encode(), **dump_content(bundle.kind, content)}
    manifest = _build_manifest(bundle, contents)
    contents[MANIFEST] = json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n"
    try:
        replace_folder(folder, contents)
    except OSError as error:
        raise OutputError(
            where=str(folder),
            found=str(error),
            allowed="a writable folder",
            remedy="Free space or choose another place.",
        ) from error
    return str(manifest["id"])


def check_vacant(folder: Path, *, overwrite: bool) -> None:
    """Refuse to write a bundle where it would destroy something.

    Raises:
        RefusedError: the folder exists and `overwrite` is not set, or it holds something else than a bundle.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if not overwrite:
        raise RefusedError(
            where=str(folder),
            found="it exists already",
            allowed="a folder that does not exist yet",
            remedy="Choose another name, or overwrite it on purpose.",
        )
    known = {MANIFEST, *(name for names in FILES.values() for name in names)}
    others = sorted({path.name for path in folder.iterdir()} - known) if folder.is_dir() else [folder.name]
    if folder.is_symlink() or others or not (folder / MANIFEST).is_file():
        raise RefusedError(
            where=str(folder),
            found=f"it is no bundle{f' but holds {others[0]}' if others else ''}",
            allowed="a folder that does not exist yet, or one that holds a bundle and nothing else",
            remedy="Choose another folder, or clear this one yourself.",
        )


def load_bundle(folder: Path | str) -> Bundle:
    """Read a bundle and verify all of it before any of it is used.

    Raises:
        BundleNotFoundError: there is no such folder.
        BundleForeignError: the folder is no bundle, is of an unknown kind, or holds more than a bundle may.
        BundleIncompleteError: a file is missing, or a part of a cascade.
        BundleFormatError: written in a newer format.
        BundleDamagedError: a file differs from its hash, or its content contradicts itself; or a part of a cascade is
            not the one that it was made with.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BundleNotFoundError(
            where=str(folder),
            found="there is no such folder",
            allowed="the folder of a bundle, or the name of one that ships with this version",
            remedy="`policyframes doctor` lists the bundles at hand.",
        )
    return _load(folder, _read_checked_manifest(folder))


def _read_checked_manifest(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(folder)
    if not isinstance(manifest.get("kind"), str) or manifest["kind"] not in FILES:
        raise make_foreign(folder / MANIFEST, f"the kind is {manifest.get('kind')!r}")
    _refuse_fault(folder / MANIFEST, find_manifest_fault(manifest))
    return manifest


def _load(folder: Path, manifest: Mapping[str, Any]) -> Bundle:
    kind = str(manifest["kind"])
    contents = read_files(folder, manifest, FILES[kind])
    content = parse_content(folder, kind, contents)
    try:
        card = contents[CARD].decode()
    except UnicodeDecodeError as error:
        raise make_damaged(folder / CARD, "it is no text") from error
    bundle = Bundle(
        name=str(manifest["name"]),
        kind=kind,
        framings={name: FramingSettings(**values) for name, values in manifest["framings"].items()},
        promised_precision=float(manifest["promised_precision"]),
        features=dict(manifest["features"]),
        tensors=content.tensors,
        vocabulary=content.vocabulary,
        files=content.files,
        parts=_load_parts(folder, manifest) if kind == "cascade" else {},
        provenance=dict(manifest["provenance"]),
        metrics=dict(manifest["metrics"]),
        errors=dict(manifest.get("errors", {})),
        card=card,
        id=str(manifest["id"]),
    )
    _refuse_fault(folder, _find_fault(bundle))
    return bundle


def _load_parts(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Bundle]:
    """Return the parts of a cascade: the folders of their names beside its own."""
    parts = {}
    for part, expected in manifest["features"]["parts"].items():
        # The folder may have been given as `.` or through a link; its siblings are those of the real one.
        path = folder.resolve().parent / expected["name"]
        if path.is_symlink():
            raise make_foreign(path, "it is a link")
        if not path.is_dir():
            raise make_incomplete(
                path, f"the part '{part}' of {folder.name} is missing", f"the bundle {expected['name']}, beside it"
            )
        found = _read_checked_manifest(path)
        # Before anything of the part is loaded: a part that is a cascade itself could go on for ever.
        if found["kind"] != PARTS[part]:
            raise make_damaged(path, f"the part '{part}' of {folder.name} is a bundle of the kind {found['kind']!r}")
        if found["id"] != expected["id"]:
            raise make_damaged(
                path, f"its id is {found['id'][:12]}, and {folder.name} was made with {expected['id'][:12]}"
            )
        parts[part] = _load(path, found)
    return parts


def _find_fault(bundle: Bundle) -> str:
    content = Content(tensors=bundle.tensors, vocabulary=bundle.vocabulary, files=bundle.files)
    if fault := find_content_fault(bundle.kind, content, len(bundle.framings)):
        return fault
    expected = bundle.features["parts"] if bundle.kind == "cascade" else {}
    if set(bundle.parts) != set(expected):
        return f"the kind is {bundle.kind!r} with the parts {sorted(bundle.parts)}"
    for name, part in bundle.parts.items():
        if (part.kind, part.name, part.id) != (PARTS[name], expected[name]["name"], expected[name]["id"]):
            return f"the part '{name}' is {part.name}, {part.kind}, id {part.id[:12]!r}, and not the one that it names"
        if part.framing_ids != bundle.framing_ids:
            return f"the part '{name}' has other framings, or in another order"
    return ""


def _refuse_fault(path: Path, fault: str) -> None:
    if fault:
        raise make_damaged(path, fault)


def _build_manifest(bundle: Bundle, contents: Mapping[str, bytes]) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "format": "policyframes-bundle",
        "format_version": FORMAT_VERSION,
        "name": bundle.name,
        "kind": bundle.kind,
        "framings": {name: vars(settings) for name, settings in bundle.framings.items()},
        "promised_precision": bundle.promised_precision,
        "features": dict(bundle.features),
        "provenance": dict(bundle.provenance),
        "metrics": dict(bundle.metrics),
        # Left out where there are none, so that bundles from before keep their ids.
        **({"errors": dict(bundle.errors)} if bundle.errors else {}),
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(contents.items())
        },
    }
    manifest["id"] = hash_manifest(manifest)
    return manifest
