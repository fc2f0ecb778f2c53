from __future__ import annotations

import random

import numpy as np
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from policyframes.backends import open_backend
from policyframes.bundle import load_bundle, save_bundle
from policyframes.bundle_onnx import find_onnx_fault
from policyframes.errors import BundleDamagedError, BundleError, BundleForeignError, BundleIncompleteError
from tests.inference.bundle_edits import replace_file, rewrite_features
from tests.inference.encoders import FLOAT, INT64, make_encoder, make_model, make_tokenizer, value


def external(location, *, declared=True):
    tensor = TensorProto(name="far", data_type=FLOAT, dims=[4])
    tensor.external_data.add(key="location", value=location)
    if declared:
        tensor.data_location = TensorProto.EXTERNAL
    return tensor


def graph_with(tensor=None, nodes=()):
    return helper.make_graph(nodes, "inner", [], [value("x", FLOAT, 4)], [tensor] if tensor else [])


def constant(tensor):
    return helper.make_node("Constant", [], ["far"], value=tensor)


def branch(graph):
    return helper.make_node("If", ["condition"], ["x"], then_branch=graph, else_branch=graph_with())


def nest(depth):
    graph = graph_with()
    for _ in range(depth):
        graph = graph_with(nodes=[branch(graph)])
    return graph


def sparse_model():
    values = numpy_helper.from_array(np.ones(1, np.float32), "thin")
    model = make_model()
    model.graph.sparse_initializer.append(
        helper.make_sparse_tensor(values, numpy_helper.from_array(np.zeros(1, np.int64), "where"), [2**40])
    )
    return model


def without_payload(*sizes):
    return TensorProto(name="huge", data_type=FLOAT, dims=sizes)


def many_tensors():
    node = helper.make_node("Constant", [], ["far"])
    node.attribute.append(AttributeProto(name="values", type=AttributeProto.TENSORS, tensors=[external("x")]))
    return node


ATTACKS = {
    "absolute path": (make_model(initializers=[external("/etc/passwd")]), "outside the bundle"),
    "path upwards": (make_model(initializers=[external("../../secret")]), "outside the bundle"),
    "path not declared": (make_model(initializers=[external("x", declared=False)]), "outside the bundle"),
    "in an attribute": (make_model(nodes=[constant(external("x"))]), "outside the bundle"),
    "in a list of tensors": (make_model(nodes=[many_tensors()]), "outside the bundle"),
    "in a nested graph": (make_model(nodes=[branch(graph_with(external("x")))]), "outside the bundle"),
    "in an attribute of a nested graph": (
        make_model(nodes=[branch(graph_with(nodes=[branch(graph_with(nodes=[constant(external("x"))]))]))]),
        "outside the bundle",
    ),
    "graphs without end": (make_model(nodes=[branch(nest(8))]), "nested deeper"),
    "domain that is imported": (make_model(opsets=["evil.example"]), r"the domain 'evil\.example'"),
    "domain of a node": (
        make_model(nodes=[helper.make_node("Run", ["rows"], ["y"], domain="ai.onnx.contrib")]),
        "domain",
    ),
    "loop": (make_model(nodes=[helper.make_node("Loop", ["", ""], ["y"], body=graph_with())]), "without end"),
    "sizes without values": (make_model(initializers=[without_payload(2**31, 2**31)]), "does not hold them"),
    "negative sizes": (make_model(initializers=[without_payload(-1, 5)]), "does not hold them"),
    "sparse": (sparse_model(), "sparse"),
    "many dimensions": (make_model(initializers=[without_payload(*[2**40] * 90)]), "dimensions|list of sizes"),
    "endless dimensions": (make_model(initializers=[without_payload(*[1] * 5_000)]), "dimensions|list of sizes"),
    "functions": (
        make_model(functions=[helper.make_function("own", "f", ["a"], ["b"], [], [helper.make_opsetid("", 17)])]),
        "functions of its own",
    ),
    "third input": (
        make_model(inputs=[value(name, INT64, "b", "t") for name in ("input_ids", "attention_mask", "more")]),
        "inputs are not",
    ),
    "inputs of one size": (
        make_model(inputs=[value(name, INT64, 1, 2**40) for name in ("input_ids", "attention_mask")]),
        "inputs are not",
    ),
    "inputs of another type": (
        make_model(inputs=[value(name, FLOAT, "b", "t") for name in ("input_ids", "attention_mask")]),
        "inputs are not",
    ),
    "output of another name": (make_model(outputs=[value("rows", FLOAT, "b", 3)]), "output is not"),
    "more framings": (make_model(outputs=[value("logits", FLOAT, "b", 4)]), "output is not"),
    "two outputs": (
        make_model(outputs=[value("logits", FLOAT, "b", 3), value("rows", FLOAT, "b", 3)]),
        "output is not",
    ),
}


@pytest.mark.parametrize(("model", "found"), ATTACKS.values(), ids=ATTACKS)
def test_a_model_that_reaches_beyond_its_bundle_is_refused(encoder_folder, model, found):
    replace_file(encoder_folder, "model.onnx", model.SerializeToString())
    with pytest.raises(BundleDamagedError, match=found):
        load_bundle(encoder_folder)


@pytest.mark.parametrize("name", ["absolute path", "in a nested graph", "loop"])
def test_such_a_model_is_not_written_either(tmp_path, name):
    with pytest.raises(BundleDamagedError, match=ATTACKS[name][1]):
        save_bundle(make_encoder(model=ATTACKS[name][0].SerializeToString()), tmp_path / "bad")

    assert not (tmp_path / "bad").exists()


def test_the_file_that_a_tensor_points_to_is_never_read(encoder_folder, tmp_path, monkeypatch):
    (tmp_path / "secret").write_bytes(bytes(16))
    monkeypatch.chdir(tmp_path)
    replace_file(encoder_folder, "model.onnx", make_model(initializers=[external("secret")]).SerializeToString())
    with pytest.raises(BundleDamagedError, match="outside the bundle"):
        load_bundle(encoder_folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_renamed_pickle_is_refused_unrun(encoder_folder, tmp_path, name):
    script = b"cos\nsystem\n(S'touch " + str(tmp_path / "canary").encode() + b"'\ntR."
    replace_file(encoder_folder, name, script)
    with pytest.raises(BundleDamagedError, match=r"model\.onnx|no valid JSON"):
        load_bundle(encoder_folder)

    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "no valid JSON"),
        (b"[" * 100_000, "no valid JSON"),
        (b'{"model": {"vocab": ' + b'{"a":' * 100_000, "no valid JSON"),
        (b"[]", "no tokenizer with a model"),
        (b'{"model": {}}', "no tokenizer with a model"),
        (b'{"model": {"vocab": {}}}', "no tokenizer with a model"),
        (b'{"model": {"vocab": {"a": 1, "a": 2}}}', "stands twice"),
        (make_tokenizer(model=5), "no tokenizer with a model"),
    ],
)
def test_a_file_that_is_no_tokenizer_is_refused(encoder_folder, data, found):
    replace_file(encoder_folder, "tokenizer.json", data)
    with pytest.raises(BundleDamagedError, match=found):
        load_bundle(encoder_folder)


@pytest.mark.parametrize("tokens", [0, 15, -1, 8_193, 128.0, True, "128", None, 10**400])
def test_a_senseless_number_of_tokens_is_refused(encoder_folder, tokens):
    rewrite_features(encoder_folder, max_tokens=tokens)
    with pytest.raises(BundleDamagedError, match="max_tokens"):
        load_bundle(encoder_folder)


def test_more_features_than_known_are_refused(encoder_folder):
    rewrite_features(encoder_folder, code="import os")
    with pytest.raises(BundleDamagedError, match="'features' are not max_tokens"):
        load_bundle(encoder_folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_or_linked_file_is_named(encoder_folder, tmp_path, name):
    (encoder_folder / name).rename(tmp_path / name)
    with pytest.raises(BundleIncompleteError, match=name):
        load_bundle(encoder_folder)
    (encoder_folder / name).symlink_to(tmp_path / name)
    with pytest.raises(BundleForeignError, match=name):
        load_bundle(encoder_folder)


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx.data", "tokenizer.py"])
def test_a_file_of_another_kind_is_refused(encoder_folder, name):
    (encoder_folder / name).write_bytes(b"x")
    with pytest.raises(BundleForeignError, match=name):
        load_bundle(encoder_folder)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"files": {}}, "with the files"),
        ({"files": {"model.onnx": b"", "../x": b""}}, "with the files"),
        ({"vocabulary": ("a",)}, "neither tensors nor vocabulary"),
    ],
)
def test_an_encoder_that_contradicts_itself_is_not_written(tmp_path, changes, found):
    with pytest.raises(BundleDamagedError, match=found):
        save_bundle(make_encoder(**changes), tmp_path / "bad")


def test_a_manifest_with_other_framings_than_the_model_is_refused(tmp_path):
    framings = dict(list(make_encoder().framings.items())[:2])
    with pytest.raises(BundleDamagedError, match="2 framings"):
        save_bundle(make_encoder(framings=framings), tmp_path / "bad")


@pytest.mark.parametrize("seed", range(3))
def test_changed_bytes_of_a_model_are_refused_or_read_without_a_traceback(seed):
    chance = random.Random(seed)
    sound = make_model().SerializeToString()
    for _ in range(150):
        data = bytearray(sound)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        if find_onnx_fault(bytes(data), 3):
            continue
        try:
            open_backend(make_encoder(model=bytes(data))).logits(["the threat"])
        except BundleError as error:
            assert "Allowed:" in str(error)  # noqa: PT017  (either outcome is sound, and both are looked at)


def test_a_flood_of_fields_is_refused():
    assert "more fields" in find_onnx_fault(b"\x08\x01" * 1_100_000, 3)


@pytest.mark.parametrize("data", [b"\x80" * 11, b"\x3a\xff\xff\xff\xff\x0f", b"\x3b", b"\x38\x01", b"\x3d\x01"])
def test_malformed_messages_are_refused(data):
    assert find_onnx_fault(data, 3)
