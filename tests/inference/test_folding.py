from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from policyframes.backends import runtimes
from policyframes.backends.folding import fold_bytes
from policyframes.backends.runtimes import OnnxRuntime
from policyframes.errors import BundleDamagedError
from tests.inference.encoders import FLOAT, make_model, value

IDS = np.array([[4, 5, 6, 7], [8, 4, 4, 0]])
MASK = (IDS > 0).astype(np.int64)


def make_stored(*nodes, **tensors):
    """Return a model that adds a weight to its logits, which the nodes make of constants."""
    added = helper.make_node("Add", ["sums", "weight"], ["logits"])
    model = make_model(
        nodes=[*nodes, added],
        initializers=[numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    model.graph.node[4].output[0] = "sums"
    return model.SerializeToString()


def cast(name, into, kind=TensorProto.FLOAT):
    return helper.make_node("Cast", [name], [into], to=kind)


def multiply(first, second, into):
    return helper.make_node("Mul", [first, second], [into])


WHOLE = make_stored(
    cast("bytes", "numbers"),
    helper.make_node("Mul", ["numbers", "half"], ["halves"]),
    helper.make_node("Floor", ["halves"], ["floors"]),
    helper.make_node("Sub", ["numbers", "floors"], ["rests"]),
    helper.make_node("Concat", ["floors", "rests"], ["both"], axis=-1),
    helper.make_node("Reshape", ["both", "shape"], ["upright"]),
    cast("upright", "small", TensorProto.INT8),
    cast("small", "values"),
    helper.make_node("ReduceSum", ["values", "first"], ["weight"], keepdims=0),
    bytes=np.array([[5, 200, 3]], dtype=np.uint8),
    half=np.float32(0.5),
    shape=np.array([2, 3]),
    first=np.array([0]),
)


def test_what_is_made_of_constant_bytes_is_made_once_and_the_model_says_the_same():
    folded = fold_bytes(WHOLE)
    model = onnx.load_from_string(folded)
    tensors = {part.name: numpy_helper.to_array(part) for part in model.graph.initializer}

    assert len(onnx.load_from_string(WHOLE).graph.node) - len(model.graph.node) == 8
    # The sum is none of the operators that are folded, and what it reads is all that is left of the constants.
    assert {"bytes", "half", "shape"}.isdisjoint(tensors)
    assert tensors["values"].tolist() == [[2.0, 100.0, 1.0], [3.0, 100.0, 2.0]]
    onnx.checker.check_model(model)
    assert np.array_equal(OnnxRuntime(folded).run(IDS, MASK), OnnxRuntime(WHOLE).run(IDS, MASK))


def test_a_constant_that_something_else_reads_too_stays():
    again = helper.make_node("Mul", ["values", "numbers"], ["product"])
    model = make_stored(
        cast("bytes", "numbers"),
        cast("bytes", "values"),
        again,
        helper.make_node("Abs", ["numbers"], ["sizes"]),
        helper.make_node("Max", ["product", "sizes"], ["weight"]),
        bytes=np.array([1, 2, 3], dtype=np.uint8),
    )
    tensors = {part.name for part in onnx.load_from_string(fold_bytes(model)).graph.initializer}

    assert {"product", "numbers"} <= tensors
    assert "values" not in tensors
    assert np.array_equal(OnnxRuntime(fold_bytes(model)).run(IDS, MASK), OnnxRuntime(model).run(IDS, MASK))


def test_the_runtime_is_given_the_folded_model(monkeypatch):
    given = []
    monkeypatch.setattr(runtimes, "OnnxRuntime", given.append)
    runtimes.open_runtime("onnxruntime", WHOLE, 1)

    assert given == [fold_bytes(WHOLE)]
    assert given != [WHOLE]


def test_a_model_without_constant_bytes_stays_as_it_is():
    model = make_stored(multiply("one", "two", "weight"), one=np.ones(3, np.float32), two=np.ones(3, np.float32))

    assert fold_bytes(model) is model


def double(count):
    """Return nodes that join a tensor to itself so many times."""
    names = ["bytes", *(f"double{number}" for number in range(count - 1)), "weight"]
    return [helper.make_node("Concat", [a, a], [b], axis=0) for a, b in pairwise(names)]


def make_choice():
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node("Identity", ["numbers"], [f"{name}_out"])], name, [], [value(f"{name}_out", FLOAT, 3)]
        )
        for name in ("then", "else")
    }
    return helper.make_node("If", ["yes"], ["weight"], **branches)


BYTES = np.ones(3, np.uint8)
UNLIKE_OURS = {
    "a product far larger": (
        [cast("bytes", "numbers"), multiply("numbers", "row", "weight")],
        {"bytes": np.ones((30_000, 1), np.uint8), "row": np.ones((1, 30_000), np.float32)},
    ),
    "a tensor that doubles forty times": (double(40), {"bytes": BYTES}),
    "ten thousand copies": (
        [cast("bytes", f"copy{number}") for number in range(10_000)] + [cast("bytes", "weight")],
        {"bytes": np.ones(10_000, np.uint8)},
    ),
    "a shape that does not fit": (
        [helper.make_node("Reshape", ["bytes", "shape"], ["weight"])],
        {"bytes": BYTES, "shape": np.array([2])},
    ),
    "a shape that is one number": (
        [helper.make_node("Reshape", ["bytes", "shape"], ["weight"])],
        {"bytes": BYTES, "shape": np.array(3)},
    ),
    "a shape of fractions": (
        [cast("bytes", "shape"), helper.make_node("Reshape", ["row", "shape"], ["weight"])],
        {"bytes": BYTES, "row": np.ones(1, np.float32)},
    ),
    "texts": ([cast("bytes", "weight", TensorProto.STRING)], {"bytes": BYTES}),
    "bytes of bytes": ([cast("bytes", "weight", TensorProto.UINT8)], {"bytes": BYTES}),
    "beyond a byte": (
        [
            cast("bytes", "numbers"),
            multiply("numbers", "large", "products"),
            cast("products", "weight", TensorProto.INT8),
        ],
        {"bytes": BYTES, "large": np.float32(300)},
    ),
    "another attribute": ([helper.make_node("Cast", ["bytes"], ["weight"], to=FLOAT, saturate=1)], {"bytes": BYTES}),
    "a foreign operator": (
        [helper.make_node("Cast", ["bytes"], ["weight"], to=FLOAT, domain="com.microsoft")],
        {"bytes": BYTES},
    ),
    "a floor of bytes": ([helper.make_node("Floor", ["bytes"], ["weight"])], {"bytes": BYTES}),
    "a product of one": ([helper.make_node("Mul", ["bytes"], ["weight"])], {"bytes": BYTES}),
    "sizes that do not meet": (
        [cast("bytes", "numbers"), multiply("numbers", "two", "weight")],
        {"bytes": BYTES, "two": np.ones(2, np.float32)},
    ),
    "no such axis": ([helper.make_node("Concat", ["bytes", "bytes"], ["weight"], axis=3)], {"bytes": BYTES}),
    "a name for two things": ([cast("bytes", "weight"), cast("bytes", "weight")], {"bytes": BYTES}),
    "a choice that reads them": ([cast("bytes", "numbers"), make_choice()], {"bytes": BYTES, "yes": np.array(True)}),
}


@pytest.mark.parametrize("case", UNLIKE_OURS)
def test_what_no_exported_encoder_does_is_left_to_the_runtime(case):
    nodes, tensors = UNLIKE_OURS[case]
    model = make_stored(*nodes, **tensors)

    assert fold_bytes(model) is model


def test_a_tensor_with_less_data_than_it_declares_is_left_to_the_runtime_which_names_it():
    model = onnx.load_from_string(WHOLE)
    next(part for part in model.graph.initializer if part.name == "bytes").raw_data = b"\x01"
    damaged = model.SerializeToString()

    assert fold_bytes(damaged) is damaged
    with pytest.raises(BundleDamagedError, match=r"model\.onnx: it cannot be run"):
        runtimes.open_runtime("onnxruntime", damaged, 1)


@pytest.mark.parametrize("model", [b"\x3a\xff", b"\x38\x01", b"\x3a\x04\x0a\x02\x0a\x00"])
def test_what_is_no_model_is_a_named_error(model):
    with pytest.raises(BundleDamagedError, match=r"model\.onnx: it cannot be run"):
        runtimes.open_runtime("onnxruntime", model, 1)
