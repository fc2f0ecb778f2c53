"""An ONNX file whose weights are stored in four bits -> one that holds them in eight. Knows of no runtime.

Such a file makes its matrices itself, by operators on constant bytes. Runtimes would do that once, when they load it,
and keep every step of it in memory: 1.5 GB for a file of 30 MB. Here each matrix is made alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from policyframes.backends.onnx_graph import Graph, Node, as_message, edit_graph
from policyframes.bundle_protobuf import FieldReader, read_varints, write_field, write_varint

Array = npt.NDArray[np.generic]

_MAX_FIELDS = 1_000_000
# Of TensorProto, NodeProto and AttributeProto in onnx.proto3.
_SIZES, _TYPE, _NAME, _DATA = 1, 2, 8, 9
_ATTRIBUTE, _ATTRIBUTE_NUMBER = 5, 3
_TYPES: Mapping[int, type[np.generic]] = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64}
_NUMBERS = {kind: number for number, kind in _TYPES.items()}
_SIGN = 1 << 63


@dataclass(frozen=True)
class _Tensor:
    name: str
    kind: int
    sizes: tuple[int, ...]
    data: memoryview
    message: bytes | memoryview

    def as_array(self) -> Array:
        return np.frombuffer(self.data, dtype=_TYPES[self.kind]).reshape(self.sizes)


def fold_bytes(model: bytes) -> bytes:
    """Return the model with what its operators make of constant bytes in their place; the same where there is none.

    Raises:
        ValueError: it is no ONNX model, or its constants do not fit each other.
    """
    return edit_graph(model, lambda graph: _fold(graph, most=len(model)))


def _fold(graph: Graph, *, most: int) -> Graph:
    """Return the graph without the operators that read constants alone, bytes among them.

    Args:
        graph: of a model.
        most: how many values one tensor may come to have.
    """
    reader = FieldReader(_MAX_FIELDS)
    tensors = {tensor.name: tensor for tensor in (_read_tensor(reader, message) for message in graph.tensors)}
    made: dict[str, Array] = {}
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    kept: list[Node] = []
    spent: set[str] = set()
    for node in graph.nodes:
        if not _is_foldable(node, tensors, made):
            kept.append(node)
            continue
        inputs = [made[name] if name in made else tensors[name].as_array() for name in node.inputs]
        made[node.outputs[0]] = _OPERATORS[node.operator](inputs, _read_number(reader, node), most)
        uses.subtract(node.inputs)
        spent.update(node.inputs)
        for name in node.inputs:
            if not uses[name]:
                made.pop(name, None)
    left = [tensor.message for name, tensor in tensors.items() if name not in spent or uses[name]]
    return replace(
        graph, nodes=tuple(kept), tensors=(*left, *(_write_tensor(name, array) for name, array in made.items()))
    )


def _is_foldable(node: Node, tensors: Mapping[str, _Tensor], made: Mapping[str, Array]) -> bool:
    inputs = _INPUTS.get(node.operator, len(node.inputs) if node.operator in _OPERATORS else 0)
    if not node.inputs or len(node.inputs) != inputs or len(node.outputs) != 1:
        return False
    if any(name not in made and (name not in tensors or tensors[name].kind not in _TYPES) for name in node.inputs):
        return False
    return any(name in made or tensors[name].kind == _NUMBERS[np.uint8] for name in node.inputs)


def _read_tensor(reader: FieldReader, message: bytes | memoryview) -> _Tensor:
    name, kind, sizes, data = "", 0, [], memoryview(b"")
    for number, value in reader.read(memoryview(message)):
        if number == _SIZES:
            sizes += read_varints(value)
        elif number == _TYPE and isinstance(value, int):
            kind = value
        elif number == _NAME:
            name = bytes(as_message(value)).decode()
        elif number == _DATA:
            data = as_message(value)
    return _Tensor(name, kind, tuple(sizes), data, message)


def _write_tensor(name: str, array: Array) -> bytes:
    sizes = b"".join(write_varint(size) for size in array.shape)
    data = np.ascontiguousarray(array).tobytes()
    kind = _NUMBERS.get(array.dtype.type)
    if kind is None:
        raise ValueError(f"constants make numbers of the type {array.dtype}")
    fields = ((_SIZES, sizes), (_TYPE, kind), (_NAME, name.encode()), (_DATA, data))
    return b"".join(write_field(number, value) for number, value in fields)


def _read_number(reader: FieldReader, node: Node) -> int:
    """Return the number that an operator's one attribute holds; 0 where it has none."""
    for field, attribute in reader.read(memoryview(node.message)):
        if field == _ATTRIBUTE:
            for number, value in reader.read(as_message(attribute)):
                if number == _ATTRIBUTE_NUMBER and isinstance(value, int):
                    return value - 2 * _SIGN if value >= _SIGN else value
    return 0


def _cast(inputs: Sequence[Array], number: int, _: int) -> Array:
    if number not in _TYPES:
        raise ValueError(f"constants are cast to the type {number}")
    return inputs[0].astype(_TYPES[number])


def _concatenate(inputs: Sequence[Array], number: int, _: int) -> Array:
    return np.concatenate(inputs, axis=number)


def _floor(inputs: Sequence[Array], _: int, __: int) -> Array:
    return np.asarray(np.floor(inputs[0]))


def _reshape(inputs: Sequence[Array], _: int, __: int) -> Array:
    return inputs[0].reshape(tuple(int(size) for size in inputs[1]))


def _multiply(inputs: Sequence[Array], _: int, most: int) -> Array:
    _check_size(inputs, most)
    return np.asarray(np.multiply(inputs[0], inputs[1]))


def _subtract(inputs: Sequence[Array], _: int, most: int) -> Array:
    _check_size(inputs, most)
    return np.asarray(np.subtract(inputs[0], inputs[1]))


def _check_size(inputs: Sequence[Array], most: int) -> None:
    # Two short constants could ask for a product of any size.
    size = math.prod(np.broadcast_shapes(*(array.shape for array in inputs)))
    if size > most:
        raise ValueError(f"constants make a tensor of {size:,} values, more than the file has bytes")


_OPERATORS: Mapping[str, Callable[[Sequence[Array], int, int], Array]] = {
    "Cast": _cast,
    "Concat": _concatenate,
    "Floor": _floor,
    "Mul": _multiply,
    "Reshape": _reshape,
    "Sub": _subtract,
}
# The others take any number.
_INPUTS = {"Cast": 1, "Floor": 1, "Mul": 2, "Reshape": 2, "Sub": 2}
