"""A quantised ONNX file -> one whose activations are float. Knows of no runtime.

onnxruntime's `quantize_dynamic` makes of `MatMul(x, w)` five operators: x to integers, their product with the weights'
integers, and three that bring it back. Runtimes that know nothing of this pattern run it slower than float; with the
weights' integers alone, `MatMul(x, DequantizeLinear(w))`, they choose themselves how to compute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyframes.bundle_protobuf import FieldReader, write_field

_MAX_FIELDS = 1_000_000
# Of ModelProto, GraphProto, NodeProto and AttributeProto in onnx.proto3.
_GRAPH, _NODE = 7, 1
_INPUT, _OUTPUT, _OPERATOR, _ATTRIBUTE = 1, 2, 4, 5
_AXIS = write_field(1, b"axis") + write_field(3, 1) + write_field(20, 2)


@dataclass(frozen=True)
class _Node:
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    message: bytes | memoryview


def restore_products(model: bytes) -> bytes:
    """Return the model with every quantised product replaced; one that is not of the pattern stays as it is.

    Raises:
        WireError: it is no ONNX model.
    """
    reader = FieldReader(_MAX_FIELDS)
    parts = []
    for number, value in reader.read(memoryview(model)):
        if number != _GRAPH or isinstance(value, int):
            parts.append(write_field(number, value))
            continue
        fields = list(reader.read(value))
        nodes = [_read_node(reader, node) for field, node in fields if field == _NODE and not isinstance(node, int)]
        graph = [write_field(_NODE, node.message) for node in _replace(nodes)]
        graph += [write_field(field, content) for field, content in fields if field != _NODE]
        parts.append(write_field(_GRAPH, b"".join(graph)))
    return b"".join(parts)


def _replace(nodes: Sequence[_Node]) -> list[_Node]:
    producers = {name: node for node in nodes for name in node.outputs}
    users: dict[str, list[_Node]] = {}
    for node in nodes:
        for name in node.inputs:
            users.setdefault(name, []).append(node)
    replaced: dict[str, list[_Node]] = {}
    spent: set[str] = set()
    for node in nodes:
        if node.operator == "MatMulInteger" and (found := _follow(node, producers, users)):
            source, scale, result = found
            weights, zero, name = node.inputs[1], node.inputs[3], f"{node.outputs[0]}_weights"
            replaced[node.outputs[0]] = [
                _make_node("DequantizeLinear", (weights, scale, zero), name, _AXIS),
                _make_node("MatMul", (source, name), result.outputs[0]),
            ]
            spent |= {users[node.outputs[0]][0].outputs[0], result.outputs[0]}
    kept = [node for node in nodes if node.outputs[0] not in spent]
    made = [new for node in kept for new in replaced.get(node.outputs[0], [node])]
    return _drop_unused(made, {name for node in nodes for name in node.outputs if name not in users})


def _follow(
    product: _Node, producers: dict[str, _Node], users: dict[str, list[_Node]]
) -> tuple[str, str, _Node] | None:
    """Return the float input, the name of the weights' scale, and the operator with the float result."""
    quantiser = producers.get(product.inputs[0])
    casts = users.get(product.outputs[0], [])
    if quantiser is None or quantiser.operator != "DynamicQuantizeLinear" or [c.operator for c in casts] != ["Cast"]:
        return None
    results = users.get(casts[0].outputs[0], [])
    if [result.operator for result in results] != ["Mul"]:
        return None
    scales = producers.get(next(name for name in results[0].inputs if name != casts[0].outputs[0]))
    if scales is None or scales.operator != "Mul" or quantiser.outputs[1] not in scales.inputs:
        return None
    scale = next(name for name in scales.inputs if name != quantiser.outputs[1])
    return quantiser.inputs[0], scale, results[0]


def _drop_unused(nodes: Sequence[_Node], wanted: set[str]) -> list[_Node]:
    """Return the nodes without those whose outputs nothing reads any more, from the end to the beginning."""
    needed, kept = set(wanted), []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return kept[::-1]


def _read_node(reader: FieldReader, message: memoryview) -> _Node:
    texts: dict[int, list[str]] = {_INPUT: [], _OUTPUT: [], _OPERATOR: []}
    for number, value in reader.read(message):
        if number in texts and not isinstance(value, int):
            texts[number].append(bytes(value).decode())
    return _Node("".join(texts[_OPERATOR]), tuple(texts[_INPUT]), tuple(texts[_OUTPUT]), message)


def _make_node(operator: str, inputs: tuple[str, ...], output: str, *attributes: bytes) -> _Node:
    message = b"".join(
        (
            *(write_field(_INPUT, name.encode()) for name in inputs),
            write_field(_OUTPUT, output.encode()),
            write_field(_OPERATOR, operator.encode()),
            *(write_field(_ATTRIBUTE, attribute) for attribute in attributes),
        )
    )
    return _Node(operator, inputs, (output,), message)
