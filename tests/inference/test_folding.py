from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from policyframes.backends.folding import fold_bytes
from policyframes.backends.runtimes import OnnxRuntime, open_runtime
from policyframes.errors import BundleDamagedError
from tests.inference.encoders import make_model

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
    assert np.array_equal(open_runtime("onnxruntime", WHOLE, 1).run(IDS, MASK), OnnxRuntime(WHOLE).run(IDS, MASK))


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


def test_a_model_without_constant_bytes_stays_as_it_is():
    model = make_stored(multiply("one", "two", "weight"), one=np.ones(3, np.float32), two=np.ones(3, np.float32))

    assert onnx.load_from_string(fold_bytes(model)) == onnx.load_from_string(model)


@pytest.mark.parametrize(
    ("nodes", "tensors"),
    [
        (
            [cast("bytes", "numbers"), multiply("numbers", "row", "weight")],
            {"bytes": np.ones((3000, 1), np.uint8), "row": np.ones((1, 3000), np.float32)},
        ),
        (
            [helper.make_node("Reshape", ["bytes", "shape"], ["weight"])],
            {"bytes": np.ones(4, np.uint8), "shape": np.array([3])},
        ),
        ([cast("bytes", "weight", TensorProto.STRING)], {"bytes": np.ones(3, np.uint8)}),
        ([helper.make_node("Floor", ["bytes"], ["weight"])], {"bytes": np.ones(3, np.uint8)}),
        ([helper.make_node("Mul", ["bytes"], ["weight"])], {"bytes": np.ones(3, np.uint8)}),
        ([helper.make_node("Concat", ["bytes", "bytes"], ["weight"], axis=3)], {"bytes": np.ones(3, np.uint8)}),
    ],
    ids=["a product far larger", "a shape that does not fit", "texts", "a floor of bytes", "too few", "no such axis"],
)
def test_constants_that_do_not_fit_are_a_named_error(nodes, tensors):
    with pytest.raises(BundleDamagedError, match=r"model\.onnx: it cannot be run"):
        open_runtime("onnxruntime", make_stored(*nodes, **tensors), 1)


def test_a_tensor_with_less_data_than_it_declares_is_a_named_error():
    model = onnx.load_from_string(WHOLE)
    next(part for part in model.graph.initializer if part.name == "bytes").raw_data = b"\x01"

    with pytest.raises(BundleDamagedError, match=r"model\.onnx: it cannot be run"):
        open_runtime("onnxruntime", model.SerializeToString(), 1)
