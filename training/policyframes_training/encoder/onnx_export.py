"""A fitted encoder -> model.onnx and tokenizer.json, as the inference backend reads them. Writes no bundle.

The graph takes int64 `input_ids` and `attention_mask` (batch, tokens) and returns float `logits` (batch, L).
"""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from transformers import AutoModel

from policyframes.backends.folding import fold_bytes
from policyframes.errors import TrainingError
from policyframes_training.encoder.data import Floats, split_windows
from policyframes_training.encoder.encoder import EncoderModel
from policyframes_training.encoder.network import EncoderNetwork, quiet_libraries
from policyframes_training.encoder.onnx_rounding import round_weights

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"

_OPSET = 17
# The graph in float32 is the same sums in another order.
_EXACT_TOLERANCE = 1e-3
# What so many bits may cost on average; single passages near a probability of 1/2 move further.
_ROUNDED_TOLERANCES = {8: 0.02, 4: 0.05}
# In float32 rows are padded to try the mask; rounded, a row's neighbours would change its rounding.
_EXACT_BATCH = 8
_ROUNDED_BATCH = 1


@dataclass(frozen=True)
class Difference:
    """How far an exported graph is from the network in float32.

    Attributes:
        logit_max: largest difference of a logit.
        logit_mean: mean difference of the logits.
        probability_max: largest difference of a probability, before calibration.
        probability_mean: mean difference of the probabilities.
    """

    logit_max: float
    logit_mean: float
    probability_max: float
    probability_mean: float


class _Graph(torch.nn.Module):
    """The network with one tensor as its result, as ONNX wants it."""

    def __init__(self, network: EncoderNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(input_ids=input_ids, attention_mask=attention_mask)["logits"]
        return logits


def export_onnx(model: EncoderModel, texts: Sequence[str], *, rounded: bool = True) -> dict[str, bytes]:
    """Return the files of the model: one ONNX graph with all weights in it, and the tokenizer.

    Matrices are rounded to the bits of the model's settings and multiplied in whole numbers of eight, with activations
    rounded as they come ("dynamic quantisation"); the tables of embeddings are rounded and unpacked before use.

    Args:
        model: the fitted model.
        texts: passages on which the graphs are compared with the network.
        rounded: False for a graph in float32, four times as large as in eight bits.

    Raises:
        TrainingError: a graph says something else than the network.
    """
    exact = trace_network(model.network)
    tokenizer = model.tokenizer.to_str().encode()
    plain = {MODEL_FILE: exact.SerializeToString(), TOKENIZER_FILE: tokenizer}
    difference = measure_difference(plain, model, texts, batch=_EXACT_BATCH)
    if difference.logit_max > _EXACT_TOLERANCE:
        raise _differs("in float32", f"logits by up to {difference.logit_max:.2g}", f"{_EXACT_TOLERANCE:g}")
    if not rounded:
        return plain
    bits = model.settings.bits
    files = {**plain, MODEL_FILE: round_weights(exact, bits).SerializeToString()}
    difference = measure_difference(files, model, texts)
    if difference.probability_mean > _ROUNDED_TOLERANCES[bits]:
        found = f"probabilities by {difference.probability_mean:.2g} on average"
        raise _differs(f"in {bits} bits", found, f"{_ROUNDED_TOLERANCES[bits]:g}")
    return files


def trace_network(network: EncoderNetwork) -> onnx.ModelProto:
    """Return the network as an ONNX graph in float32."""
    graph = _Graph(_rebuild_for_export(network)).eval()
    ids = torch.randint(0, int(network.body.config.vocab_size), (2, 8), generator=torch.Generator().manual_seed(0))
    axes = {0: "batch", 1: "tokens"}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracer is deprecated; graphs of its successor cannot be rounded without repair (see docs/experiments.md).
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            (ids, torch.ones_like(ids)),
            buffer,  # type: ignore[arg-type]  # the tracer writes into buffers too; only the annotation does not say so
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def run_graph(
    files: Mapping[str, bytes], model: EncoderModel, texts: Sequence[str], *, batch: int = _ROUNDED_BATCH
) -> Floats:
    """Return the logits that an exported graph gives, shape (texts, L), `batch` windows at a time."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    # As the package loads it; the runtime itself would keep every step of unpacking.
    session = ort.InferenceSession(fold_bytes(files[MODEL_FILE]), options, providers=["CPUExecutionProvider"])
    windows = split_windows(model.tokenizer, texts, model.settings.max_tokens)
    flat = [window for passage in windows for window in passage]
    owners = np.repeat(np.arange(len(windows)), [len(passage) for passage in windows])
    highest = np.full((len(texts), len(model.framings)), -np.inf)
    order = sorted(range(len(flat)), key=lambda i: len(flat[i]))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        np.maximum.at(highest, owners[chosen], session.run(["logits"], _pad([flat[i] for i in chosen]))[0])
    return highest


def measure_difference(
    files: Mapping[str, bytes], model: EncoderModel, texts: Sequence[str], *, batch: int = _ROUNDED_BATCH
) -> Difference:
    """Return how far the exported graph is from the network on some texts, at least one."""
    expected, found = model.logits(texts, exact=True), run_graph(files, model, texts, batch=batch)
    logits = np.abs(expected - found)
    probabilities = np.abs(1 / (1 + np.exp(-expected)) - 1 / (1 + np.exp(-found)))
    return Difference(
        float(logits.max()), float(logits.mean()), float(probabilities.max()), float(probabilities.mean())
    )


def _rebuild_for_export(network: EncoderNetwork) -> EncoderNetwork:
    """Return the network with attention written out in plain sums, which ONNX's tools know how to handle."""
    with quiet_libraries():
        body = AutoModel.from_config(copy.deepcopy(network.body.config), attn_implementation="eager")
    twin = EncoderNetwork(body, network.head.out_features, dropout=0.0)
    twin.load_state_dict({name: part.cpu() for name, part in network.state_dict().items()})
    return twin


def _pad(windows: Sequence[Sequence[int]]) -> dict[str, npt.NDArray[np.int64]]:
    ids = np.zeros((len(windows), max(map(len, windows))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _differs(kind: str, found: str, allowed: str) -> TrainingError:
    return TrainingError(
        where=f"the exported graph {kind}",
        found=f"it differs from the network: {found}",
        allowed=f"at most {allowed}",
        remedy="Train again with a smaller learning rate, or check the versions of torch and onnxruntime.",
    )
