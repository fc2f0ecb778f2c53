"""A fitted encoder -> model.onnx and tokenizer.json, as the inference backend reads them. Writes no bundle.

The graph takes int64 `input_ids` and `attention_mask` (batch, tokens) and returns float `logits` (batch, L).
"""

from __future__ import annotations

import copy
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

from policyframes.errors import TrainingError
from policyframes_training.encoder.data import Floats, split_windows
from policyframes_training.encoder.encoder import EncoderModel
from policyframes_training.encoder.network import EncoderNetwork, quiet_libraries

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"

_OPSET = 17
# The graph in float32 is the same sums in another order.
_EXACT_TOLERANCE = 1e-3
# What eight bits may cost on average; single passages near a probability of 1/2 move further.
_ROUNDED_TOLERANCE = 0.02
# Smaller tables are not worth the nodes that unpack them.
_LEAST_TABLE_BYTES = 100_000
_ROUNDED_LIMIT = 127
_RENAMED = "_MatMul"
# In float32 rows are padded to try the mask; in eight bits a row's neighbours would change its rounding.
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


def export_onnx(model: EncoderModel, texts: Sequence[str], *, eight_bits: bool = True) -> dict[str, bytes]:
    """Return the files of the model: one ONNX graph with all weights in it, and the tokenizer.

    Matrices are rounded to int8 per column and multiplied in whole numbers, with activations rounded as they come
    ("dynamic quantisation"); the table of token embeddings is rounded to int8 per row and unpacked before use.

    Args:
        model: the fitted model.
        texts: passages on which the graphs are compared with the network.
        eight_bits: False for a graph in float32, four times as large.

    Raises:
        TrainingError: a graph says something else than the network.
    """
    exact = trace_network(model.network)
    tokenizer = model.tokenizer.to_str().encode()
    plain = {MODEL_FILE: exact.SerializeToString(), TOKENIZER_FILE: tokenizer}
    difference = measure_difference(plain, model, texts, batch=_EXACT_BATCH)
    if difference.logit_max > _EXACT_TOLERANCE:
        raise _differs("float32", f"logits by up to {difference.logit_max:.2g}", f"{_EXACT_TOLERANCE:g}")
    if not eight_bits:
        return plain
    rounded = {**plain, MODEL_FILE: round_weights(exact).SerializeToString()}
    difference = measure_difference(rounded, model, texts)
    if difference.probability_mean > _ROUNDED_TOLERANCE:
        found = f"probabilities by {difference.probability_mean:.2g} on average"
        raise _differs("eight bits", found, f"{_ROUNDED_TOLERANCE:g}")
    return rounded


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


def round_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph with its matrices and its tables of embeddings in int8."""
    rounded = copy.deepcopy(model)
    _round_tables(rounded)
    # The output layer is small, and its rounding would go into the logits as it is. The library renames such nodes.
    output_layer = [f"{node.name}{_RENAMED}" for node in rounded.graph.node if node.op_type == "Gemm"]
    with tempfile.TemporaryDirectory() as folder, _quiet_logging():
        path = Path(folder) / MODEL_FILE
        quantize_dynamic(
            rounded,
            path,
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=output_layer,
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        return onnx.load(path)


def run_graph(
    files: Mapping[str, bytes], model: EncoderModel, texts: Sequence[str], *, batch: int = _ROUNDED_BATCH
) -> Floats:
    """Return the logits that an exported graph gives, shape (texts, L), `batch` windows at a time."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(files[MODEL_FILE], options, providers=["CPUExecutionProvider"])
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


def _round_tables(model: onnx.ModelProto) -> None:
    """Replace each large table that rows are looked up in by int8 rows with one scale each."""
    tables = {part.name: part for part in model.graph.initializer}
    for place, node in reversed(list(enumerate(model.graph.node))):
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.data_type != TensorProto.FLOAT or len(table.raw_data) < _LEAST_TABLE_BYTES:
            continue
        values = numpy_helper.to_array(table)
        scales = np.maximum(np.abs(values).max(axis=1, keepdims=True) / _ROUNDED_LIMIT, np.finfo(np.float32).tiny)
        rows = np.rint(values / scales).astype(np.int8)
        name, output = table.name, node.output[0]
        model.graph.initializer.remove(table)
        model.graph.initializer.extend(
            [
                numpy_helper.from_array(rows, f"{name}_rows"),
                numpy_helper.from_array(scales.astype(np.float32), f"{name}_scales"),
            ]
        )
        unpacked = [
            helper.make_node("Gather", [f"{name}_rows", node.input[1]], [f"{output}_rows"], axis=0),
            helper.make_node("Cast", [f"{output}_rows"], [f"{output}_float"], to=TensorProto.FLOAT),
            helper.make_node("Gather", [f"{name}_scales", node.input[1]], [f"{output}_scales"], axis=0),
            helper.make_node("Mul", [f"{output}_float", f"{output}_scales"], [output]),
        ]
        model.graph.node.remove(node)
        for offset, made in enumerate(unpacked):
            model.graph.node.insert(place + offset, made)


@contextmanager
def _quiet_logging() -> Iterator[None]:
    # The library tells the root logger, each time, of a preparation that does nothing for these graphs.
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _pad(windows: Sequence[Sequence[int]]) -> dict[str, npt.NDArray[np.int64]]:
    ids = np.zeros((len(windows), max(map(len, windows))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _differs(kind: str, found: str, allowed: str) -> TrainingError:
    return TrainingError(
        where=f"the exported graph, {kind}",
        found=f"it differs from the network: {found}",
        allowed=f"at most {allowed}",
        remedy="Train again with a smaller learning rate, or check the versions of torch and onnxruntime.",
    )
