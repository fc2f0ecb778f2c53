"""An ONNX file whose weights are stored in four bits -> one that holds them in eight. Knows of no runtime.

Such a file makes its matrices itself, by operators on constant bytes. Runtimes would do that once, when they load it,
and keep every step of it in memory: 1.5 GB for a file of 30 MB. Here each matrix is made alone.

Only what an exported encoder does is folded; a graph that does anything else with its constants is left to the runtime
as it is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from policyframes.backends.onnx_graph import MOST_FIELDS, Graph, Node, as_message, edit_graph
from policyframes.bundle_protobuf import FieldReader, read_varints, write_field, write_varint

Array = npt.NDArray[Any]

# Of GraphProto, NodeProto, AttributeProto and TensorProto in onnx.proto3.
_INPUTS, _OUTPUTS, _VALUE_NAME = 11, 12, 1
_ATTRIBUTE, _DOMAIN = 5, 7
_ATTRIBUTE_NAME, _ATTRIBUTE_NUMBER, _ATTRIBUTE_TYPE = 1, 3, 20
_SIZES, _TYPE, _NAME, _DATA = 1, 2, 8, 9
_TYPES: Mapping[int, type[np.generic]] = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64}
_NUMBERS = {kind: number for number, kind in _TYPES.items()}
_SIGN = 1 << 63
# They may read any constant within themselves.
_NESTING = {"If", "Loop", "Scan", "SequenceMap"}
# An exported encoder makes about 17 values of a byte of its file, one after the other, and keeps two.
_MADE_PER_BYTE = 32
_KEPT_PER_BYTE = 8
_LEAST_KEPT = 1 << 28


class _UnlikeOursError(ValueError):
    """The constants are used in a way that no exported encoder uses them in."""


@dataclass(frozen=True)
class _Tensor:
    kind: int
    sizes: tuple[int, ...]
    data: memoryview
    message: bytes | memoryview

    @property
    def is_plain(self) -> bool:
        """Return whether it is of a known type, and holds all its data as bytes."""
        width = np.dtype(_TYPES[self.kind]).itemsize if self.kind in _TYPES else 0
        return bool(width) and math.prod(self.sizes) * width == len(self.data)

    def as_array(self) -> Array:
        return np.frombuffer(self.data, dtype=_TYPES[self.kind]).reshape(self.sizes)


@dataclass
class _Shelf:
    """The tensors that were made and are still needed.

    Attributes:
        values: how many may still be made.
        room: how many bytes may still be kept.
        arrays: by name.
    """

    values: int
    room: int
    arrays: dict[str, Array] = field(default_factory=dict)

    def afford(self, shape: tuple[int, ...]) -> None:
        """Check before a tensor is made that there is room for it, and for its copy."""
        size = math.prod(shape)
        self.values -= size
        if self.values < 0 or 8 * size > self.room:
            raise _UnlikeOursError

    def put(self, name: str, array: Array) -> None:
        self.arrays[name] = array
        self.room -= array.nbytes

    def drop(self, name: str) -> None:
        array = self.arrays.pop(name, None)
        self.room += array.nbytes if array is not None else 0


def fold_bytes(model: bytes) -> bytes:
    """Return the model with what its operators make of constant bytes in their place; itself where there is none.

    Raises:
        ValueError: it is no ONNX model.
    """
    try:
        with np.errstate(all="ignore"):
            return edit_graph(model, lambda graph: _fold(graph, len(model)))
    except (_UnlikeOursError, MemoryError):
        return model


def _fold(graph: Graph, length: int) -> Graph:
    """Return the graph without the operators that read constants alone, bytes among them.

    Args:
        graph: of a model.
        length: of the model, in bytes.
    """
    reader = FieldReader(MOST_FIELDS)
    tensors = dict(_read_tensor(reader, message) for message in graph.tensors)
    _check_names(graph, tensors)
    values = _list_values(reader, graph)
    constants = {name: tensor for name, tensor in tensors.items() if name not in values}
    shelf = _Shelf(_MADE_PER_BYTE * length, _KEPT_PER_BYTE * length + _LEAST_KEPT)
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    kept: list[Node] = []
    for node in graph.nodes:
        operator = _OPERATORS.get(node.operator)
        if operator is None or node.outputs[0] in values or not _reads_bytes(node, constants, shelf.arrays):
            kept.append(node)
            continue
        inputs = [shelf.arrays[name] if name in shelf.arrays else constants[name].as_array() for name in node.inputs]
        made = operator(inputs, _read_attributes(reader, node), shelf)
        uses.subtract(node.inputs)
        for name in node.inputs:
            if not uses[name]:
                shelf.drop(name)
        if uses[node.outputs[0]]:
            shelf.put(node.outputs[0], made)
    if len(kept) == len(graph.nodes):
        raise _UnlikeOursError
    left = [tensor.message for name, tensor in tensors.items() if uses[name] or name in values]
    made_here = [_write_tensor(name, array) for name, array in shelf.arrays.items()]
    return replace(graph, nodes=tuple(kept), tensors=(*left, *made_here))


def _check_names(graph: Graph, tensors: Mapping[str, _Tensor]) -> None:
    """Check that each name stands for one thing, and that no operator holds a graph of its own."""
    made = [name for node in graph.nodes for name in node.outputs if name]
    is_clear = len(graph.tensors) + len(made) == len({*tensors, *made})
    if not is_clear or any(node.operator in _NESTING for node in graph.nodes):
        raise _UnlikeOursError


def _list_values(reader: FieldReader, graph: Graph) -> set[str]:
    """Return the names of what a caller gives and gets."""
    values = [as_message(value) for number, value in graph.rest if number in {_INPUTS, _OUTPUTS}]
    fields = [field for value in values for field in reader.read(value)]
    return {bytes(as_message(name)).decode() for number, name in fields if number == _VALUE_NAME}


def _reads_bytes(node: Node, constants: Mapping[str, _Tensor], made: Mapping[str, Array]) -> bool:
    """Return whether a node reads constants alone, and bytes among them or what was made of such."""
    read = [name for name in node.inputs if name not in made]
    if any(name not in constants or not constants[name].is_plain for name in read) or len(node.outputs) != 1:
        return False
    return len(read) < len(node.inputs) or any(constants[name].kind == _NUMBERS[np.uint8] for name in read)


def _read_tensor(reader: FieldReader, message: bytes | memoryview) -> tuple[str, _Tensor]:
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
    return name, _Tensor(kind, tuple(sizes), data, message)


def _write_tensor(name: str, array: Array) -> bytes:
    kind = _NUMBERS.get(array.dtype.type)
    if kind is None:
        raise _UnlikeOursError
    sizes = b"".join(write_varint(size) for size in array.shape)
    fields = ((_SIZES, sizes), (_TYPE, kind), (_NAME, name.encode()), (_DATA, np.ascontiguousarray(array).tobytes()))
    return b"".join(write_field(number, value) for number, value in fields)


def _read_attributes(reader: FieldReader, node: Node) -> dict[str, int]:
    """Return an operator's attributes, all of which are whole numbers."""
    found = {}
    for number, value in reader.read(memoryview(node.message)):
        if number == _DOMAIN and bytes(as_message(value)) not in {b"", b"ai.onnx"}:
            raise _UnlikeOursError
        if number == _ATTRIBUTE:
            parts = dict(reader.read(as_message(value)))
            if not parts.keys() <= {_ATTRIBUTE_NAME, _ATTRIBUTE_NUMBER, _ATTRIBUTE_TYPE}:
                raise _UnlikeOursError
            whole = parts.get(_ATTRIBUTE_NUMBER, 0)
            if not isinstance(whole, int):
                raise _UnlikeOursError
            name = bytes(as_message(parts.get(_ATTRIBUTE_NAME, b""))).decode()
            found[name] = whole - 2 * _SIGN if whole >= _SIGN else whole
    return found


def _cast(inputs: Sequence[Array], attributes: Mapping[str, int], shelf: _Shelf) -> Array:
    (values,) = _take(inputs, 1)
    kind = _TYPES.get(attributes.get("to", 0))
    is_exact = kind is np.float32 and values.dtype in (np.uint8, np.int8)
    # Beyond the range of a type each runtime does as it likes.
    is_within = kind is np.int8 and bool((np.abs(values) <= np.iinfo(np.int8).max).all())
    if len(attributes) != 1 or kind is None or not (is_exact or is_within):
        raise _UnlikeOursError
    shelf.afford(values.shape)
    return values.astype(kind)


def _concatenate(inputs: Sequence[Array], attributes: Mapping[str, int], shelf: _Shelf) -> Array:
    sizes = {array.ndim for array in inputs}
    if attributes.keys() != {"axis"} or len(sizes) != 1 or len({array.dtype for array in inputs}) != 1:
        raise _UnlikeOursError
    shelf.afford((sum(array.size for array in inputs),))
    try:
        return np.concatenate(inputs, axis=attributes["axis"])
    except (ValueError, IndexError) as error:
        raise _UnlikeOursError from error


def _floor(inputs: Sequence[Array], attributes: Mapping[str, int], shelf: _Shelf) -> Array:
    (values,) = _take(inputs, 1)
    if attributes or values.dtype != np.float32:
        raise _UnlikeOursError
    shelf.afford(values.shape)
    return np.asarray(np.floor(values))


def _reshape(inputs: Sequence[Array], attributes: Mapping[str, int], _: _Shelf) -> Array:
    values, shape = _take(inputs, 2)
    is_shape = shape.dtype == np.int64 and shape.ndim == 1 and bool((shape > 0).all())
    if attributes or not is_shape or math.prod(shape.tolist()) != values.size:
        raise _UnlikeOursError
    return values.reshape(shape.tolist())


def _multiply(inputs: Sequence[Array], attributes: Mapping[str, int], shelf: _Shelf) -> Array:
    first, second = _pair(inputs, attributes, shelf)
    return np.asarray(np.multiply(first, second))


def _subtract(inputs: Sequence[Array], attributes: Mapping[str, int], shelf: _Shelf) -> Array:
    first, second = _pair(inputs, attributes, shelf)
    return np.asarray(np.subtract(first, second))


def _pair(inputs: Sequence[Array], attributes: Mapping[str, int], shelf: _Shelf) -> tuple[Array, Array]:
    first, second = _take(inputs, 2)
    if attributes or first.dtype != np.float32 or second.dtype != np.float32:
        raise _UnlikeOursError
    try:
        shelf.afford(np.broadcast_shapes(first.shape, second.shape))
    except ValueError as error:
        raise _UnlikeOursError from error
    return first, second


def _take(inputs: Sequence[Array], count: int) -> Sequence[Array]:
    if len(inputs) != count:
        raise _UnlikeOursError
    return inputs


_OPERATORS: Mapping[str, Callable[[Sequence[Array], Mapping[str, int], _Shelf], Array]] = {
    "Cast": _cast,
    "Concat": _concatenate,
    "Floor": _floor,
    "Mul": _multiply,
    "Reshape": _reshape,
    "Sub": _subtract,
}
