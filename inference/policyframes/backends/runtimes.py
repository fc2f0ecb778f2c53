"""The libraries that run an encoder's graph, behind one call. Knows of no text and no tokens' meaning."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from policyframes.backends.folding import fold_bytes
from policyframes.errors import BundleDamagedError, MissingExtraError, UsageError

RuntimeName = Literal["onnxruntime", "openvino"]

# Which runtime reads encoders, where several are installed.
VARIABLE = "POLICYFRAMES_RUNTIME"
# Thresholds are set on it, and the figures of a bundle are measured on it.
REFERENCE_RUNTIME: RuntimeName = "onnxruntime"

_TOKENIZER = "tokenizers"
_EXTRAS = {"onnxruntime": "encoder", "tokenizers": "encoder", "openvino": "openvino"}

Tokens = npt.NDArray[np.int64]


class Runtime(Protocol):
    """One loaded graph; may be called from several threads at once.

    Attributes:
        batch: how many rows a call should hold.
    """

    batch: int

    def run(self, ids: Tokens, mask: Tokens) -> npt.NDArray[np.float64]:
        """Return the logits, shape (rows, framings), of token ids and their mask, both (rows, tokens)."""


def find_missing(runtime: RuntimeName = "onnxruntime") -> list[str]:
    """Return the libraries that an encoder needs and that are not installed."""
    return [name for name in (runtime, _TOKENIZER) if find_spec(name) is None]


def choose_runtime(name: str | None = None) -> RuntimeName:
    """Return the runtime that reads encoders on this installation.

    Args:
        name: of a runtime; else that of the environment variable POLICYFRAMES_RUNTIME, else openvino where it is
            installed, else onnxruntime. Results say which it was: the last digits of a probability hang on it.

    Raises:
        UsageError: there is no runtime of that name.
        MissingExtraError: it is not installed, or the tokenizer's library is not.
    """
    wanted = name or os.environ.get(VARIABLE) or ("openvino" if find_spec("openvino") else "onnxruntime")
    if wanted not in get_args(RuntimeName):
        raise UsageError(
            where=VARIABLE,
            found=repr(wanted),
            allowed=" or ".join(get_args(RuntimeName)),
            remedy="Set one of these, or nothing for the default.",
        )
    runtime: RuntimeName = "openvino" if wanted == "openvino" else "onnxruntime"
    if missing := find_missing(runtime):
        raise MissingExtraError(
            where="an encoder",
            found=f"{' and '.join(missing)}: not installed",
            allowed="this model with the libraries that run it",
            remedy=f"In the checkout, type: pip install '.[{_EXTRAS[missing[0]]}]'",
        )
    return runtime


def open_runtime(name: RuntimeName, model: bytes, threads: int) -> Runtime:
    """Load a graph that `find_onnx_fault` has passed.

    Args:
        name: from `choose_runtime`.
        model: the ONNX file.
        threads: how many calls will run at a time.

    Raises:
        BundleDamagedError: the runtime cannot read it.
    """
    try:
        model = fold_bytes(model)
    except ValueError as error:
        raise make_unreadable(error) from None
    if name == "openvino":
        from policyframes.backends.openvino_runtime import OpenVino  # noqa: PLC0415  (costs time and an extra)

        return OpenVino(model, threads)
    return OnnxRuntime(model)


class OnnxRuntime:
    """onnxruntime on the processor, one thread a call.

    One row a call: where weights and activations are int8, the scale of the activations is that of the whole call,
    so a passage's logits would depend on its neighbours, by more than 0.4 on MiniLM. It costs no time: batches of 8
    run 1.02 times as fast.
    """

    batch = 1

    def __init__(self, model: bytes) -> None:
        import onnxruntime  # noqa: PLC0415  (0.4 s that the fast tier need not pay)

        state = onnxruntime.capi.onnxruntime_pybind11_state
        # The library's errors have no base of their own.
        errors = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
        self._errors: tuple[type[Exception], ...] = (*errors, RuntimeError, ValueError, MemoryError)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Otherwise bytes that claim to be of the library's own format would be read as such, past every check.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except self._errors as error:
            raise make_unreadable(error) from None

    def run(self, ids: Tokens, mask: Tokens) -> npt.NDArray[np.float64]:
        """Return the logits, shape (rows, framings), of token ids and their mask, both (rows, tokens)."""
        try:
            logits = self._session.run(["logits"], {"input_ids": ids, "attention_mask": mask})[0]
        except self._errors as error:
            raise make_unreadable(error) from None
        return np.asarray(logits, dtype=np.float64)


def make_unreadable(error: Exception) -> BundleDamagedError:
    """Return the error for a graph that a runtime refuses."""
    return BundleDamagedError(
        where="model.onnx",
        found=f"it cannot be run ({' '.join(str(error).split())[:200]})",
        allowed="a graph that turns the tokenizer's ids into logits",
        remedy="Export the encoder again, with the tokenizer that belongs to it.",
    )
