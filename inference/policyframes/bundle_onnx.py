"""What an ONNX file in a bundle may hold, checked on its bytes before any runtime sees them.

Field numbers are those of onnx.proto3 (ONNX 1.23). A runtime would follow a tensor's `external_data` to any file it
can read, and load whatever library a foreign operator asks for; neither is a part of a bundle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from policyframes.bundle_protobuf import FieldReader, WireError, read_varints

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
# These run as long as the model says; an encoder has nothing to repeat.
_ENDLESS = {"Loop", "Scan", "SequenceMap"}
_MAX_FIELDS = 1_000_000
_MAX_DEPTH = 4
_MAX_RANK = 16
_FLOAT, _INT64 = 1, 7
_EXTERNAL = 1
# Two values of four bits share a byte; no type is narrower.
_VALUES_PER_BYTE = 2
_INPUTS = ("attention_mask", "input_ids")
_OUTPUT = "logits"


class _ForbiddenError(ValueError):
    """The file holds something that no bundle may."""


def find_onnx_fault(data: bytes, framings: int) -> str:
    """Return why an ONNX file is no encoder of ours; an empty text for nothing.

    Args:
        data: the file.
        framings: how many logits it must return for a passage.
    """
    guard = _Guard()
    try:
        guard.check_model(memoryview(data), framings)
    except (WireError, _ForbiddenError, UnicodeDecodeError) as error:
        return f"model.onnx: {error}"
    return ""


class _Guard:
    def __init__(self) -> None:
        self._reader = FieldReader(_MAX_FIELDS)

    def check_model(self, model: memoryview, framings: int) -> None:
        graphs = []
        for number, value in self._reader.read(model):
            if number == 7:  # noqa: PLR2004  (graph)
                graphs.append(_as_bytes(value))
            elif number == 8:  # noqa: PLR2004  (opset_import)
                self._check_domain(_as_bytes(value), field=1)
            elif number in {20, 25}:
                raise _ForbiddenError("it holds training steps or functions of its own")
        if len(graphs) != 1:
            raise _ForbiddenError("it is no ONNX model with one graph")
        self._check_graph(graphs[0], 0)
        self._check_signature(graphs[0], framings)

    def _check_graph(self, graph: memoryview, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise _ForbiddenError("its graphs are nested deeper than any encoder's")
        for number, value in self._reader.read(graph):
            if number == 1:
                self._check_node(_as_bytes(value), depth)
            elif number == 5:  # noqa: PLR2004  (initializer)
                self._check_tensor(_as_bytes(value))
            elif number == 15:  # noqa: PLR2004  (sparse_initializer: few bytes that stand for many)
                raise _ForbiddenError("it holds sparse tensors")

    def _check_node(self, node: memoryview, depth: int) -> None:
        self._check_domain(node, field=7)
        for number, value in self._reader.read(node):
            if number == 4 and _as_text(value) in _ENDLESS:  # noqa: PLR2004  (op_type)
                raise _ForbiddenError(f"it holds the operator {_as_text(value)}, which may run without end")
            if number == 5:  # noqa: PLR2004  (attribute)
                self._check_attribute(_as_bytes(value), depth)

    def _check_attribute(self, attribute: memoryview, depth: int) -> None:
        for number, value in self._reader.read(attribute):
            if number in {5, 10}:
                self._check_tensor(_as_bytes(value))
            elif number in {6, 11}:
                self._check_graph(_as_bytes(value), depth + 1)
            elif number in {22, 23}:
                raise _ForbiddenError("it holds sparse tensors")

    def _check_tensor(self, tensor: memoryview) -> None:
        dimensions: list[int] = []
        held = 0
        for number, value in self._reader.read(tensor):
            if number == 1:
                dimensions += read_varints(value)
                if len(dimensions) > _MAX_RANK:
                    raise _ForbiddenError(f"a tensor has more than {_MAX_RANK} dimensions")
            elif number == 13 or (number == 14 and value == _EXTERNAL):  # noqa: PLR2004  (external_data, data_location)
                raise _ForbiddenError("a tensor points to a file outside the bundle")
            elif number not in {2, 3, 8, 12, 14, 16}:
                held += 1 if isinstance(value, int) else len(value)
        if math.prod(dimensions) > held * _VALUES_PER_BYTE:
            raise _ForbiddenError(f"a tensor declares {'x'.join(map(str, dimensions))} values and does not hold them")

    def _check_domain(self, message: memoryview, *, field: int) -> None:
        for number, value in self._reader.read(message):
            if number == field and _as_text(value) not in _DOMAINS:
                raise _ForbiddenError(f"it asks for operators of the domain {_as_text(value)!r}")

    def _check_signature(self, graph: memoryview, framings: int) -> None:
        inputs, outputs = (self._read_values(graph, field) for field in (11, 12))
        if sorted(inputs) != list(_INPUTS) or any(kind != (_INT64, None, None) for kind in inputs.values()):
            raise _ForbiddenError(f"its inputs are not {' and '.join(_INPUTS)}, int64 of any batch and any length")
        if outputs not in [{_OUTPUT: (_FLOAT, None, width)} for width in (None, framings)]:
            raise _ForbiddenError(f"its output is not '{_OUTPUT}', float of any batch and {framings} framings")

    def _read_values(self, graph: memoryview, field: int) -> dict[str, tuple[int | None, ...]]:
        """Return the graph's inputs or outputs by name: type of the elements, then each size, None for any."""
        values = {}
        for info in self._follow(graph, (field,)):
            name = "".join(_as_text(value) for number, value in self._reader.read(info) if number == 1)
            kind: list[int | None] = []
            for tensor in self._follow(info, (2, 1)):
                kind += [value for number, value in self._reader.read(tensor) if number == 1 and isinstance(value, int)]
                for dimension in self._follow(tensor, (2, 1)):
                    sizes = [value for number, value in self._reader.read(dimension) if number == 1]
                    kind.append(sizes[0] if sizes and isinstance(sizes[0], int) else None)
            values[name] = tuple(kind)
        return values

    def _follow(self, message: memoryview, path: tuple[int, ...]) -> Iterator[memoryview]:
        """Yield every message that lies at the path of field numbers."""
        for number, value in self._reader.read(message):
            if number == path[0] and len(path) == 1:
                yield _as_bytes(value)
            elif number == path[0]:
                yield from self._follow(_as_bytes(value), path[1:])


def _as_bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise WireError("a number stands where a message belongs")
    return value


def _as_text(value: int | memoryview) -> str:
    return bytes(_as_bytes(value)).decode()
