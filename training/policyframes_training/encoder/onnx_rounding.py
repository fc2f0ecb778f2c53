"""An ONNX graph in float32 -> one whose matrices and tables of embeddings are rounded. Knows of no network.

In eight bits a matrix has one scale a column, and a table one a row. In four bits each block of 64 values along a
column, or a row, has a multiplier of its own besides ("double quantisation", Dettmers and others 2023, "QLoRA",
section 3): a matrix is stored as four-bit numbers times whole multipliers, whose products are eight-bit numbers again.
The graph makes these itself, from constants alone, so that runtimes do it once, when they load it, and then reckon in
eight bits as ever. A table's rows are made when they are looked up.
"""

from __future__ import annotations

import copy
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

# Smaller tables are not worth the nodes that unpack them.
_LEAST_TABLE_BYTES = 100_000
_ROUNDED_LIMIT = 127
_RENAMED = "_MatMul"
_MATRICES = "_quantized"
_SCALES = "_scale"

_BLOCK = 64
_HALF_BYTE = 16
_MIDDLE = 8  # four bits hold -8 to 7, stored as 0 to 15
# The largest multiplier whose product with -8 is a number of eight bits, and the largest of one byte.
_MATRIX_MULTIPLIERS = 15
_TABLE_MULTIPLIERS = 255
# By which bytes are split in halves; all of them are exact.
_CONSTANTS = {
    "four_bits_sixteen": np.float32(_HALF_BYTE),
    "four_bits_sixteenth": np.float32(1 / _HALF_BYTE),
    "four_bits_middle": np.float32(_MIDDLE),
}
# A block's largest value may be cut by so much where the others gain by it.
_SHRINKAGES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
_Tensors = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class _Packed:
    """Values in four bits, blocks along the first axis: `values = scale * multipliers * (numbers - 8)`.

    Attributes:
        numbers: two of them a byte, shape (n / 2, m); the low half of the bytes holds the first n / 2 rows.
        multipliers: of each block, shape (n / block, m).
        scale: shape (1, m), or (1, 1) for one scale.
    """

    numbers: Bytes
    multipliers: Bytes
    scale: Floats


def round_weights(model: ModelProto, bits: int = 8) -> ModelProto:
    """Return the graph with its matrices and its tables of embeddings rounded.

    Args:
        model: a graph in float32.
        bits: 8 or 4; a matrix or table whose blocks would be broken stays in eight.
    """
    rounded = copy.deepcopy(model)
    _round_tables(rounded, bits)
    _complete_constants(rounded)
    # The output layer is small, and its rounding would go into the logits as it is. The library renames such nodes.
    output_layer = [f"{node.name}{_RENAMED}" for node in rounded.graph.node if node.op_type == "Gemm"]
    with tempfile.TemporaryDirectory() as folder, _quiet_logging():
        path = Path(folder) / "model.onnx"
        quantize_dynamic(
            rounded,
            path,
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=output_layer,
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        rounded = onnx.load(path)
    if bits == 4:  # noqa: PLR2004  (the other number of bits)
        _pack_matrices(rounded, model)
        _complete_constants(rounded)
    return rounded


def _complete_constants(model: ModelProto) -> None:
    """Add the constants that nodes read and that are not there yet: what rounds matrices drops those not in use."""
    read = {name for node in model.graph.node for name in node.input}
    there = {part.name for part in model.graph.initializer}
    missing = [name for name in _CONSTANTS if name in read and name not in there]
    model.graph.initializer.extend(numpy_helper.from_array(np.array(_CONSTANTS[name]), name) for name in missing)


def _round_tables(model: ModelProto, bits: int) -> None:
    """Replace each large table that rows are looked up in by rounded rows, which are unpacked after that."""
    # One that is read in two places, or otherwise than by rows, stays.
    uses = Counter(name for node in model.graph.node for name in node.input)
    tables = {part.name: part for part in model.graph.initializer if uses[part.name] == 1}
    for place, node in reversed(list(enumerate(model.graph.node))):
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or table.data_type != TensorProto.FLOAT or len(table.raw_data) < _LEAST_TABLE_BYTES:
            continue
        values = numpy_helper.to_array(table)
        is_whole = values.shape[1] % (2 * _BLOCK) == 0
        unpack = _unpack_packed_rows if bits == 4 and is_whole else _unpack_rows  # noqa: PLR2004  (see above)
        tensors, nodes = unpack(values, table.name, node)
        model.graph.initializer.remove(table)
        model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in tensors.items())
        model.graph.node.remove(node)
        for offset, made in enumerate(nodes):
            model.graph.node.insert(place + offset, made)


def _unpack_rows(values: Floats, name: str, lookup: NodeProto) -> tuple[_Tensors, list[NodeProto]]:
    """Return a table's rows in eight bits with one scale each, and what looks them up."""
    scales = np.maximum(np.abs(values).max(axis=1, keepdims=True) / _ROUNDED_LIMIT, np.finfo(np.float32).tiny)
    rows = np.rint(values / scales).astype(np.int8)
    output = lookup.output[0]
    return {f"{name}_rows": rows, f"{name}_scales": scales.astype(np.float32)}, [
        helper.make_node("Gather", [f"{name}_rows", lookup.input[1]], [f"{output}_rows"], axis=0),
        helper.make_node("Cast", [f"{output}_rows"], [f"{output}_float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{name}_scales", lookup.input[1]], [f"{output}_scales"], axis=0),
        helper.make_node("Mul", [f"{output}_float", f"{output}_scales"], [output]),
    ]


def _unpack_packed_rows(values: Floats, name: str, lookup: NodeProto) -> tuple[_Tensors, list[NodeProto]]:
    """Return a table's rows in four bits, and what looks them up: blocks lie along a row, one scale is for all."""
    packed = _pack(np.ascontiguousarray(values.T), _TABLE_MULTIPLIERS, one_scale=True)
    output, ids, width = lookup.output[0], lookup.input[1], values.shape[1]
    tensors: _Tensors = {
        f"{name}_numbers": np.ascontiguousarray(packed.numbers.T),
        f"{name}_multipliers": np.ascontiguousarray(packed.multipliers.T),
        f"{name}_scale": packed.scale.reshape(()),
        f"{name}_blocks": np.array([-1, width // _BLOCK, _BLOCK], dtype=np.int64),
        f"{name}_factors": np.array([-1, width // _BLOCK, 1], dtype=np.int64),
        f"{name}_width": np.array([width], dtype=np.int64),
    }
    return tensors, [
        helper.make_node("Gather", [f"{name}_numbers", ids], [f"{output}_packed"], axis=0),
        *_split_bytes(f"{output}_packed", f"{output}_whole", axis=-1),
        helper.make_node("Reshape", [f"{output}_whole", f"{name}_blocks"], [f"{output}_blocks"]),
        helper.make_node("Gather", [f"{name}_multipliers", ids], [f"{output}_bytes"], axis=0),
        helper.make_node("Cast", [f"{output}_bytes"], [f"{output}_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{output}_float", f"{name}_scale"], [f"{output}_scaled"]),
        helper.make_node("Reshape", [f"{output}_scaled", f"{name}_factors"], [f"{output}_factors"]),
        helper.make_node("Mul", [f"{output}_blocks", f"{output}_factors"], [f"{output}_values"]),
        helper.make_node("Shape", [ids], [f"{output}_outer"]),
        helper.make_node("Concat", [f"{output}_outer", f"{name}_width"], [f"{output}_shape"], axis=0),
        helper.make_node("Reshape", [f"{output}_values", f"{output}_shape"], [output]),
    ]


def _pack_matrices(rounded: ModelProto, exact: ModelProto) -> None:
    """Replace the matrices of eight bits by such as the graph makes of four, in place."""
    originals = {part.name: part for part in exact.graph.initializer}
    parts = {part.name: part for part in rounded.graph.initializer}
    made: list[NodeProto] = []
    for name, part in parts.items():
        original = originals.get(name.removesuffix(_MATRICES))
        if not name.endswith(_MATRICES) or original is None or part.dims[0] % (2 * _BLOCK):
            continue
        packed = _pack(numpy_helper.to_array(original), _MATRIX_MULTIPLIERS)
        scale = parts[f"{original.name}{_SCALES}"]
        scale.CopyFrom(numpy_helper.from_array(packed.scale.reshape(tuple(scale.dims)), scale.name))
        rounded.graph.initializer.remove(part)
        tensors: _Tensors = {
            f"{name}_packed": packed.numbers,
            f"{name}_multipliers": packed.multipliers[:, np.newaxis, :],
            f"{name}_blocks": np.array([part.dims[0] // _BLOCK, _BLOCK, part.dims[1]], dtype=np.int64),
            f"{name}_shape": np.array(part.dims, dtype=np.int64),
        }
        rounded.graph.initializer.extend(numpy_helper.from_array(array, key) for key, array in tensors.items())
        made += [
            *_split_bytes(f"{name}_packed", f"{name}_whole", axis=0),
            helper.make_node("Reshape", [f"{name}_whole", f"{name}_blocks"], [f"{name}_parts"]),
            helper.make_node("Cast", [f"{name}_multipliers"], [f"{name}_factors"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}_parts", f"{name}_factors"], [f"{name}_products"]),
            helper.make_node("Reshape", [f"{name}_products", f"{name}_shape"], [f"{name}_float"]),
            helper.make_node("Cast", [f"{name}_float"], [name], to=TensorProto.INT8),
        ]
    for place, node in enumerate(made):
        rounded.graph.node.insert(place, node)


def _split_bytes(packed: str, numbers: str, *, axis: int) -> list[NodeProto]:
    """Return what makes of bytes the numbers -8 to 7, as floats: low halves first along the axis, high ones after.

    In floats, since not every runtime shifts bytes; all these numbers are exact.
    """
    return [
        helper.make_node("Cast", [packed], [f"{numbers}_byte"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{numbers}_byte", "four_bits_sixteenth"], [f"{numbers}_shifted"]),
        helper.make_node("Floor", [f"{numbers}_shifted"], [f"{numbers}_high"]),
        helper.make_node("Mul", [f"{numbers}_high", "four_bits_sixteen"], [f"{numbers}_above"]),
        helper.make_node("Sub", [f"{numbers}_byte", f"{numbers}_above"], [f"{numbers}_low"]),
        helper.make_node("Concat", [f"{numbers}_low", f"{numbers}_high"], [f"{numbers}_stored"], axis=axis),
        helper.make_node("Sub", [f"{numbers}_stored", "four_bits_middle"], [numbers]),
    ]


def _pack(values: Floats, multipliers: int, *, one_scale: bool = False) -> _Packed:
    """Round values, shape (n, m), to four bits in blocks along the first axis.

    Args:
        values: n is a multiple of two blocks.
        multipliers: the largest.
        one_scale: whether all columns share one scale.
    """
    blocks = values.reshape(-1, _BLOCK, values.shape[1])
    steps = _find_steps(blocks)
    scale = steps.max(axis=None if one_scale else 0, keepdims=True).reshape(1, -1) / multipliers
    scale = np.maximum(scale, np.finfo(np.float32).tiny).astype(np.float32)
    nearest = np.clip(np.rint(steps / scale), 1, multipliers)
    tried = [np.clip(nearest + offset, 1, multipliers) for offset in (0, -1, 1)]
    chosen = _choose(tried, [_measure_loss(blocks, factors * scale) for factors in tried])
    numbers = _round_blocks(blocks, chosen * scale).reshape(values.shape) + _MIDDLE
    low, high = np.split(numbers.astype(np.uint8), 2)
    return _Packed(low + _HALF_BYTE * high, chosen.astype(np.uint8), scale)


def _find_steps(blocks: Floats) -> Floats:
    """Return how far apart the numbers of each block should lie, shape (blocks, m), by least squares."""
    widest = np.maximum(np.abs(blocks).max(axis=1) / (_MIDDLE - 0.5), np.finfo(np.float32).tiny)
    tried = [(widest * shrinkage).astype(np.float32) for shrinkage in _SHRINKAGES]
    return _choose(tried, [_measure_loss(blocks, steps) for steps in tried])


def _measure_loss(blocks: Floats, steps: Floats) -> Floats:
    steps = steps.astype(np.float32)
    return np.asarray(((_round_blocks(blocks, steps) * steps[:, np.newaxis] - blocks) ** 2).sum(axis=1))


def _round_blocks(blocks: Floats, steps: Floats) -> Floats:
    return np.asarray(np.clip(np.rint(blocks / steps[:, np.newaxis]), -_MIDDLE, _MIDDLE - 1))


def _choose(tried: Sequence[Floats], losses: Sequence[Floats]) -> Floats:
    """Return, place by place, what lost least."""
    return np.asarray(np.take_along_axis(np.stack(tried), np.argmin(losses, axis=0)[np.newaxis], axis=0)[0])


@contextmanager
def _quiet_logging() -> Iterator[None]:
    # The library tells the root logger, each time, of a preparation that does nothing for these graphs.
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
