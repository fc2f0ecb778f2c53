"""A model on disk: save and load side by side. The only writer and reader of model folders.

A bundle is data only: JSON, safetensors and a card. What may lie in it is written here, never in the bundle.

How to raise FORMAT_VERSION: change the layout, raise the number by one, keep reading the older numbers in
`_read_manifest`, and add a bundle of the older number to tests/models that must still load and score the same.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as dump_tensors

from policyframes.bundle_manifest import find_manifest_fault
from policyframes.errors import (
    BundleDamagedError,
    BundleError,
    BundleForeignError,
    BundleFormatError,
    BundleIncompleteError,
    BundleNotFoundError,
    OutputError,
    RefusedError,
)

FORMAT_VERSION = 1

_MANIFEST = "bundle.json"
_CARD = "README.md"
_WEIGHTS = "weights.safetensors"
_VOCABULARY = "vocabulary.json"
# The trust list: what each kind of model consists of. It lies in code because a list inside a bundle binds nobody.
_FILES = {"ngram-linear": (_CARD, _VOCABULARY, _WEIGHTS)}
_TENSORS = {"ngram-linear": ("coefficients", "idf", "intercepts")}
_MAX_MANIFEST_BYTES = 1_000_000
_MAX_FILE_BYTES = 100_000_000
_MAX_HEADER_BYTES = 1_000_000
_FETCH_AGAIN = "Fetch the bundle again, or reinstall policyframes if it came with the package."

Weights = npt.NDArray[np.float32]


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


@dataclass(frozen=True)
class Bundle:
    """A model with everything that scoring needs.

    Attributes:
        name: `<name>-v<number>`.
        kind: which backend reads it: `ngram-linear`.
        framings: settings by framing, in the taxonomy's order, which is the order of the weights' columns.
        promised_precision: share of the decisions outside the uncertain band that should be right; see the card.
        features: settings of the feature extraction, understood by the backend.
        tensors: float32 arrays by name; V terms, L framings: `coefficients` (V, L), `idf` (V,), `intercepts` (L,).
        vocabulary: the V terms, in the order of the weights' rows.
        provenance: hashes of taxonomy, labels, split, lock; seed, run id, commit, date.
        metrics: what was measured, on which split.
        card: the model card, Markdown with Hugging Face metadata.
        id: hash of the manifest, which holds the hashes of all files; empty before saving.
    """

    name: str
    kind: str
    framings: Mapping[str, FramingSettings]
    promised_precision: float
    features: Mapping[str, Any]
    tensors: Mapping[str, Weights]
    vocabulary: tuple[str, ...]
    provenance: Mapping[str, str | int | None]
    metrics: Mapping[str, Any]
    card: str
    id: str = field(default="", compare=False)

    @property
    def framing_ids(self) -> tuple[str, ...]:
        """Return the ids of the framings in their order."""
        return tuple(self.framings)


def save_bundle(bundle: Bundle, folder: Path | str, *, overwrite: bool = False) -> str:
    """Write a bundle as a folder, all of it or nothing, and return its id.

    Raises:
        BundleError: the bundle contradicts itself (see `load_bundle` for the checks).
        RefusedError: the folder exists and `overwrite` is not set, or it holds something else than a bundle.
        OutputError: the folder cannot be written.
    """
    folder = Path(folder)
    _refuse_fault(folder, find_manifest_fault(_build_manifest(bundle, {})) or _find_weight_fault(bundle))
    check_vacant(folder, overwrite=overwrite)
    contents = {
        _CARD: bundle.card.encode(),
        _VOCABULARY: json.dumps(list(bundle.vocabulary), ensure_ascii=False, indent=0).encode(),
        _WEIGHTS: dump_tensors({name: np.ascontiguousarray(bundle.tensors[name]) for name in sorted(bundle.tensors)}),
    }
    manifest = _build_manifest(bundle, contents)
    contents[_MANIFEST] = json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n"
    try:
        _replace_folder(folder, contents)
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
    known = {_MANIFEST, *(name for names in _FILES.values() for name in names)}
    others = sorted({path.name for path in folder.iterdir()} - known) if folder.is_dir() else [folder.name]
    if folder.is_symlink() or others or not (folder / _MANIFEST).is_file():
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
        BundleIncompleteError: a file is missing.
        BundleFormatError: written in a newer format.
        BundleDamagedError: a file differs from its hash, or its content contradicts itself.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BundleNotFoundError(
            where=str(folder),
            found="there is no such folder",
            allowed="the folder of a bundle, or the name of one that ships with this version",
            remedy="`policyframes doctor` lists the bundles at hand.",
        )
    manifest = _read_manifest(folder)
    _refuse_fault(folder / _MANIFEST, find_manifest_fault(manifest))
    contents = _read_files(folder, manifest)
    tensors = _parse_tensors(folder / _WEIGHTS, contents[_WEIGHTS])
    vocabulary = _parse_json(folder / _VOCABULARY, contents[_VOCABULARY])
    try:
        bundle = Bundle(
            name=str(manifest["name"]),
            kind=str(manifest["kind"]),
            framings={name: FramingSettings(**values) for name, values in manifest["framings"].items()},
            promised_precision=float(manifest["promised_precision"]),
            features=dict(manifest["features"]),
            tensors=tensors,
            vocabulary=tuple(vocabulary),
            provenance=dict(manifest["provenance"]),
            metrics=dict(manifest["metrics"]),
            card=contents[_CARD].decode(),
            id=str(manifest["id"]),
        )
    except (TypeError, ValueError) as error:
        raise _damaged(folder, f"the vocabulary is no list, or the card no text ({error!r})") from error
    _refuse_fault(folder, _find_weight_fault(bundle))
    return bundle


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
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(contents.items())
        },
    }
    manifest["id"] = _hash_manifest(manifest)
    return manifest


def _hash_manifest(manifest: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != "id"}
    canonical = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _replace_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        scratch.chmod(0o755)  # mkdtemp makes the folder private
        for name, data in contents.items():
            (scratch / name).write_bytes(data)
        if folder.exists():
            # The old folder steps aside first, so that a crash leaves one of the two whole.
            aside = scratch.with_name(f"{scratch.name}-old")
            folder.replace(aside)
            scratch.replace(folder)
            shutil.rmtree(aside)
        else:
            scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    if not path.is_file():
        raise _foreign(folder, f"it has no {_MANIFEST}")
    if path.is_symlink() or path.stat().st_size > _MAX_MANIFEST_BYTES:
        raise _foreign(path, "it is a link or larger than a manifest can be")
    manifest = _parse_json(path, path.read_bytes())
    if not isinstance(manifest, dict) or manifest.get("format") != "policyframes-bundle":
        raise _foreign(path, "it does not say that it is a policyframes bundle")
    version = manifest.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _damaged(path, f"format_version is {version!r}")
    if version > FORMAT_VERSION:
        raise BundleFormatError(
            where=str(path),
            found=f"format {version}",
            allowed=f"formats 1 to {FORMAT_VERSION}",
            remedy="Upgrade policyframes, or use a bundle of this version.",
        )
    if manifest.get("id") != _hash_manifest(manifest):
        raise _damaged(path, "its content differs from its hash")
    if not isinstance(manifest.get("kind"), str) or manifest["kind"] not in _FILES:
        raise _foreign(path, f"the kind is {manifest.get('kind')!r}")
    return manifest


def _read_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    expected = _FILES[manifest["kind"]]
    listed = manifest.get("files")
    if not isinstance(listed, dict) or sorted(listed) != sorted(expected):
        raise _damaged(folder / _MANIFEST, "it lists other files than this kind of bundle has")
    present = {path.name: path for path in folder.iterdir()}
    for name, path in sorted(present.items()):
        if name not in (*expected, _MANIFEST) or path.is_symlink() or not path.is_file():
            raise _foreign(path, "no bundle of this kind holds such an entry")
    contents: dict[str, bytes] = {}
    for name in expected:
        if name not in present:
            raise BundleIncompleteError(
                where=str(folder / name),
                found="the file is missing",
                allowed=f"{', '.join(expected)}",
                remedy=_FETCH_AGAIN,
            )
        if present[name].stat().st_size > _MAX_FILE_BYTES:
            raise _foreign(present[name], f"it is larger than {_MAX_FILE_BYTES:,} bytes")
        contents[name] = present[name].read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != listed[name].get("sha256"):
            raise _damaged(present[name], "its content differs from its hash")
    return contents


def _parse_json(path: Path, data: bytes) -> Any:  # noqa: ANN401  (JSON is any value; callers check what they take)
    def refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=refuse_repeats)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"it is no valid JSON ({error})") from error


def _parse_tensors(path: Path, data: bytes) -> dict[str, Weights]:
    # The library allows headers of 100 MB; ours holds three entries, and a longer one only costs time.
    header = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else math.inf  # noqa: PLR2004  (safetensors' length field)
    if header > _MAX_HEADER_BYTES:
        raise _damaged(path, "its header is longer than any bundle's")
    try:
        tensors: dict[str, Weights] = load_tensors(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise _damaged(path, f"it is no safetensors file ({error})") from error
    return tensors


def _refuse_fault(path: Path, fault: str) -> None:
    if fault:
        raise _damaged(path, fault)


def _find_weight_fault(bundle: Bundle) -> str:
    terms, framings = len(bundle.vocabulary), len(bundle.framings)
    shapes = {"coefficients": (terms, framings), "idf": (terms,), "intercepts": (framings,)}
    if framings == 0 or terms == 0:
        return "it has no framings or no vocabulary"
    if sorted(bundle.tensors) != sorted(_TENSORS.get(bundle.kind, ())):
        return f"the kind is {bundle.kind!r} with the tensors {sorted(bundle.tensors)}"
    if not all(isinstance(term, str) for term in bundle.vocabulary) or len(set(bundle.vocabulary)) != terms:
        return "the vocabulary holds something else than different texts"
    for name, tensor in bundle.tensors.items():
        if tensor.dtype != np.float32 or tensor.shape != shapes[name]:
            return f"'{name}' is {tensor.dtype} {tensor.shape} and not float32 {shapes[name]}"
        if not np.isfinite(tensor).all():
            return f"'{name}' holds values that are not finite"
    return ""


def _damaged(path: Path, found: str) -> BundleError:
    return BundleDamagedError(where=str(path), found=found, allowed="the bundle as it was written", remedy=_FETCH_AGAIN)


def _foreign(path: Path, found: str) -> BundleError:
    return BundleForeignError(
        where=str(path),
        found=found,
        allowed=f"a folder of {_MANIFEST}, {', '.join(sorted(_FILES['ngram-linear']))}",
        remedy="Give the folder of a bundle, with nothing else in it.",
    )
