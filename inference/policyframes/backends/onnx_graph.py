"""The parts of an ONNX file that its nodes and tensors are, read, changed and written. Knows of no runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policyframes.bundle_protobuf import FieldReader, WireError, write_field

# How many fields all messages of a file together may have.
MOST_FIELDS = 1_000_000
# Of ModelProto, GraphProto and NodeProto in onnx.proto3.
_GRAPH, _NODE, _TENSOR = 7, 1, 5
_INPUT, _OUTPUT, _OPERATOR, _ATTRIBUTE = 1, 2, 4, 5


@dataclass(frozen=True)
class Node:
    """One operator of a graph.

    Attributes:
        operator: its type, such as `MatMul`.
        inputs: names.
        outputs: names.
        message: its bytes.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    message: bytes | memoryview


@dataclass(frozen=True)
class Graph:
    """What a model reckons.

    Attributes:
        nodes: in an order in which each comes after those that it reads.
        tensors: the messages of the constant tensors.
        rest: all other fields with their numbers.
    """

    nodes: tuple[Node, ...]
    tensors: tuple[bytes | memoryview, ...]
    rest: tuple[tuple[int, int | memoryview], ...]


def edit_graph(model: bytes, edit: Callable[[Graph], Graph]) -> bytes:
    """Return the model with its graph changed.

    Raises:
        ValueError: it is no ONNX model.
    """
    reader = FieldReader(MOST_FIELDS)
    parts = []
    for number, value in reader.read(memoryview(model)):
        if number == _GRAPH:
            parts.append(write_field(number, _write_graph(edit(_read_graph(reader, as_message(value))))))
        else:
            parts.append(write_field(number, value))
    return b"".join(parts)


def make_node(operator: str, inputs: tuple[str, ...], output: str, *attributes: bytes) -> Node:
    """Return a node; the attributes are messages."""
    message = b"".join(
        (
            *(write_field(_INPUT, name.encode()) for name in inputs),
            write_field(_OUTPUT, output.encode()),
            write_field(_OPERATOR, operator.encode()),
            *(write_field(_ATTRIBUTE, attribute) for attribute in attributes),
        )
    )
    return Node(operator, inputs, (output,), message)


def as_message(value: int | bytes | memoryview) -> memoryview:
    """Return the bytes of a field.

    Raises:
        WireError: it is a number.
    """
    if isinstance(value, int):
        raise WireError("a number stands where a message belongs")
    return memoryview(value)


def _read_graph(reader: FieldReader, message: memoryview) -> Graph:
    fields = list(reader.read(message))
    return Graph(
        tuple(_read_node(reader, as_message(value)) for number, value in fields if number == _NODE),
        tuple(as_message(value) for number, value in fields if number == _TENSOR),
        tuple((number, value) for number, value in fields if number not in {_NODE, _TENSOR}),
    )


def _write_graph(graph: Graph) -> bytes:
    fields: list[tuple[int, int | bytes | memoryview]] = [(_NODE, node.message) for node in graph.nodes]
    fields += [(_TENSOR, tensor) for tensor in graph.tensors]
    return b"".join(write_field(number, value) for number, value in (*fields, *graph.rest))


def _read_node(reader: FieldReader, message: memoryview) -> Node:
    texts: dict[int, list[str]] = {_INPUT: [], _OUTPUT: [], _OPERATOR: []}
    for number, value in reader.read(message):
        if number in texts:
            texts[number].append(bytes(as_message(value)).decode())
    if not texts[_OUTPUT]:
        raise WireError("an operator has no result")
    return Node("".join(texts[_OPERATOR]), tuple(texts[_INPUT]), tuple(texts[_OUTPUT]), message)
