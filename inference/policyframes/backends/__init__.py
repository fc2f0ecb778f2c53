"""Backends: texts to logits. Each reads one kind of bundle; none knows of thresholds, documents or files."""

from __future__ import annotations

from policyframes.backends.cascade import Cascade
from policyframes.backends.encoder import Encoder
from policyframes.backends.ngram import NgramLinear
from policyframes.backends.tiers import QUALITIES, Backend, Calibration, Logits, Quality, Reading, Tier
from policyframes.bundle import Bundle

__all__ = ["QUALITIES", "Backend", "Calibration", "Logits", "Quality", "Reading", "Tier", "open_backend"]


def open_backend(bundle: Bundle, quality: Quality | None = None, *, runtime: str | None = None) -> Backend:
    """Return the backend that reads this kind of bundle.

    Args:
        bundle: checked, as `load_bundle` returns it.
        quality: of a cascade, `balanced` unless given; other kinds have only one.
        runtime: what reads an encoder; see `runtimes.choose_runtime`.

    Raises:
        MissingExtraError: the bundle is an encoder, and its libraries are not installed.
    """
    if bundle.kind == "cascade":
        return Cascade(bundle, quality or "balanced", runtime=runtime)
    return Encoder(bundle, runtime=runtime) if bundle.kind == "encoder-onnx" else NgramLinear(bundle)
