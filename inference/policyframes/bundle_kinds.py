"""The trust list: which kinds of bundle there are, the files of each, and what those files must hold.

It lies in code because a list inside a bundle binds nobody.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as dump_tensors

from policyframes.bundle_files import make_damaged, parse_json
from policyframes.bundle_onnx import find_onnx_fault
from policyframes.errors import BundleError

CARD = "README.md"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
FILES = {
    "ngram-linear": (CARD, "vocabulary.json", "weights.safetensors"),
    "encoder-onnx": (CARD, MODEL, TOKENIZER),
    "cascade": (CARD,),
}
# The parts of a cascade, and the kind of each. None is a cascade, so that no chain of them can close.
PARTS = {"fast": "ngram-linear", "encoder": "encoder-onnx"}

_VOCABULARY, _WEIGHTS = FILES["ngram-linear"][1:]
_TENSORS = ("coefficients", "idf", "intercepts")
_MAX_HEADER_BYTES = 1_000_000

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Content:
    """What the files of a bundle hold, beside manifest and card; see `Bundle` for the fields."""

    tensors: Mapping[str, Weights] = field(default_factory=dict)
    vocabulary: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


def parse_content(folder: Path, kind: str, contents: Mapping[str, bytes]) -> Content:
    """Return what the files of a bundle of this kind hold.

    Raises:
        BundleDamagedError: a file is not what its name says.
    """
    if kind != "ngram-linear":
        return Content(files={name: contents[name] for name in FILES[kind] if name != CARD})
    tensors = _parse_tensors(folder / _WEIGHTS, contents[_WEIGHTS])
    vocabulary = parse_json(folder / _VOCABULARY, contents[_VOCABULARY])
    if not isinstance(vocabulary, list):
        raise make_damaged(folder / _VOCABULARY, "the vocabulary is no list")
    return Content(tensors=tensors, vocabulary=tuple(vocabulary))


def dump_content(kind: str, content: Content) -> dict[str, bytes]:
    """Return the files of a bundle of this kind, without manifest and card; the same content gives the same bytes."""
    if kind != "ngram-linear":
        return dict(content.files)
    return {
        _VOCABULARY: json.dumps(list(content.vocabulary), ensure_ascii=False, indent=0).encode(),
        _WEIGHTS: dump_tensors({name: np.ascontiguousarray(content.tensors[name]) for name in sorted(content.tensors)}),
    }


def find_content_fault(kind: str, content: Content, framings: int) -> str:
    """Return what is wrong with the content of a bundle of this kind and number of framings; empty for nothing."""
    own_files = sorted(set(FILES.get(kind, ())) - {CARD}) if kind != "ngram-linear" else []
    if sorted(content.files) != own_files:
        return f"the kind is {kind!r} with the files {sorted(content.files)}"
    if kind == "ngram-linear":
        return _find_weight_fault(content, framings)
    if content.tensors or content.vocabulary:
        return f"the kind is {kind!r}, which has neither tensors nor vocabulary"
    if kind == "encoder-onnx":
        return _find_tokenizer_fault(content.files[TOKENIZER]) or find_onnx_fault(content.files[MODEL], framings)
    return ""


def _parse_tensors(path: Path, data: bytes) -> dict[str, Weights]:
    # The library allows headers of 100 MB; ours holds three entries, and a longer one only costs time.
    header = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else math.inf  # noqa: PLR2004  (safetensors' length field)
    if header > _MAX_HEADER_BYTES:
        raise make_damaged(path, "its header is longer than any bundle's")
    try:
        tensors: dict[str, Weights] = load_tensors(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise make_damaged(path, f"it is no safetensors file ({error})") from error
    return tensors


def _find_weight_fault(content: Content, framings: int) -> str:
    terms = len(content.vocabulary)
    shapes = {"coefficients": (terms, framings), "idf": (terms,), "intercepts": (framings,)}
    if framings == 0 or terms == 0:
        return "it has no framings or no vocabulary"
    if sorted(content.tensors) != sorted(_TENSORS):
        return f"the kind is 'ngram-linear' with the tensors {sorted(content.tensors)}"
    if set(map(type, content.vocabulary)) != {str} or len(set(content.vocabulary)) != terms:
        return "the vocabulary holds something else than different texts"
    for name, tensor in content.tensors.items():
        if tensor.dtype != np.float32 or tensor.shape != shapes[name]:
            return f"'{name}' is {tensor.dtype} {tensor.shape} and not float32 {shapes[name]}"
        if not np.isfinite(tensor).all():
            return f"'{name}' holds values that are not finite"
    return ""


def _find_tokenizer_fault(data: bytes) -> str:
    try:
        tokenizer = parse_json(Path(TOKENIZER), data)
    except BundleError as error:
        return str(error)
    model = tokenizer.get("model") if isinstance(tokenizer, dict) else None
    if not isinstance(model, dict) or not isinstance(model.get("vocab"), dict | list) or not model["vocab"]:
        return f"{TOKENIZER} is no tokenizer with a model and its vocabulary"
    return ""
