"""A quantised ONNX file -> one whose activations are float. Knows of no runtime.

onnxruntime's `quantize_dynamic` makes of `MatMul(x, w)` five operators: x to integers, their product with the weights'
integers, and three that bring it back. Runtimes that know nothing of this pattern run it slower than float; with the
weights' integers alone, `MatMul(x, DequantizeLinear(w))`, they choose themselves how to compute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from policyframes.backends.onnx_graph import Node, edit_graph, make_node
from policyframes.bundle_protobuf import write_field

# Of AttributeProto in onnx.proto3: name, i, type.
_AXIS = write_field(1, b"axis") + write_field(3, 1) + write_field(20, 2)

# Of a product: both sides and their zero points. Of the quantiser: integers, scale, zero point.
_PRODUCT_INPUTS, _QUANTISER_OUTPUTS = 4, 3


def restore_products(model: bytes) -> bytes:
    """Return the model with every quantised product replaced; one that is not of the pattern stays as it is.

    Raises:
        WireError: it is no ONNX model.
    """
    return edit_graph(model, lambda graph: replace(graph, nodes=_replace(graph.nodes)))


def _replace(nodes: Sequence[Node]) -> tuple[Node, ...]:
    producers = {name: node for node in nodes for name in node.outputs}
    users: dict[str, list[Node]] = {}
    for node in nodes:
        for name in node.inputs:
            users.setdefault(name, []).append(node)
    replaced: dict[str, list[Node]] = {}
    spent: set[str] = set()
    for node in nodes:
        is_whole = node.operator == "MatMulInteger" and len(node.inputs) == _PRODUCT_INPUTS
        if is_whole and (found := _follow(node, producers, users)):
            source, scale, result = found
            weights, zero, name = node.inputs[1], node.inputs[3], f"{node.outputs[0]}_weights"
            replaced[node.outputs[0]] = [
                make_node("DequantizeLinear", (weights, scale, zero), name, _AXIS),
                make_node("MatMul", (source, name), result.outputs[0]),
            ]
            spent |= {users[node.outputs[0]][0].outputs[0], result.outputs[0]}
    kept = [node for node in nodes if node.outputs[0] not in spent]
    made = [new for node in kept for new in replaced.get(node.outputs[0], [node])]
    return _drop_unused(made, {name for node in nodes for name in node.outputs if name not in users})


def _follow(product: Node, producers: dict[str, Node], users: dict[str, list[Node]]) -> tuple[str, str, Node] | None:
    """Return the float input, the name of the weights' scale, and the operator with the float result."""
    quantiser = producers.get(product.inputs[0])
    casts = users.get(product.outputs[0], [])
    if quantiser is None or quantiser.operator != "DynamicQuantizeLinear" or [c.operator for c in casts] != ["Cast"]:
        return None
    if not quantiser.inputs or len(quantiser.outputs) != _QUANTISER_OUTPUTS:
        return None
    results = users.get(casts[0].outputs[0], [])
    if [result.operator for result in results] != ["Mul"]:
        return None
    scales = producers.get(next((name for name in results[0].inputs if name != casts[0].outputs[0]), ""))
    if scales is None or scales.operator != "Mul" or quantiser.outputs[1] not in scales.inputs:
        return None
    scale = next((name for name in scales.inputs if name != quantiser.outputs[1]), "")
    return (quantiser.inputs[0], scale, results[0]) if scale else None


def _drop_unused(nodes: Sequence[Node], wanted: set[str]) -> tuple[Node, ...]:
    """Return the nodes without those whose outputs nothing reads any more, from the end to the beginning."""
    needed, kept = set(wanted), []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return tuple(kept[::-1])
