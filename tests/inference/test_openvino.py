from __future__ import annotations

import importlib.util
import json
import threading

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from policyframes.backends import runtimes
from policyframes.backends.dequantisation import restore_products
from policyframes.backends.encoder import Encoder
from policyframes.backends.runtimes import OnnxRuntime, choose_runtime
from policyframes.bundle import load_bundle
from policyframes.bundle_onnx import find_onnx_fault
from policyframes.documents import Document
from policyframes.errors import BundleDamagedError
from policyframes.scorer import Scorer
from tests.inference.builders import make_bundle
from tests.inference.encoders import VOCABULARY, make_encoder, make_model

needs_openvino = pytest.mark.skipif(not importlib.util.find_spec("openvino"), reason="openvino is not installed")
IDS = np.array([[4, 5, 6, 7], [8, 4, 4, 0]])
MASK = (IDS > 0).astype(np.int64)


def make_product():
    """Return a model with a product that can be quantised."""
    chance = np.random.default_rng(0)
    weights = numpy_helper.from_array(chance.normal(size=(32, 3)).astype(np.float32), "weights")
    table = chance.normal(size=(len(VOCABULARY), 32)).astype(np.float32)
    product = helper.make_node("MatMul", ["pooled", "weights"], ["logits"])
    model = make_model(table=table, nodes=[product], initializers=[weights])
    model.graph.node[4].output[0] = "pooled"
    return model


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return the bytes of the model in float and as onnxruntime quantises it."""
    folder = tmp_path_factory.mktemp("models")
    onnx.save(make_product(), folder / "float.onnx")
    quantize_dynamic(
        folder / "float.onnx",
        folder / "int8.onnx",
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )
    return (folder / "float.onnx").read_bytes(), (folder / "int8.onnx").read_bytes()


def test_a_quantised_file_is_one_that_a_bundle_may_hold(models):
    assert find_onnx_fault(models[1], 3) == ""


def test_products_become_float_and_nearer_to_the_original(models):
    restored = restore_products(models[1])
    exact, quantised, near = (OnnxRuntime(data).run(IDS, MASK) for data in (*models, restored))

    assert b"MatMulInteger" in models[1]
    assert b"MatMulInteger" not in restored
    assert b"DynamicQuantizeLinear" not in restored
    assert 0 < np.abs(near - exact).max() <= np.abs(quantised - exact).max()
    assert np.allclose(near, exact, atol=0.3)
    onnx.checker.check_model(onnx.load_from_string(restored))


def test_a_model_without_quantised_products_stays_as_it_is(models):
    restored = onnx.load_from_string(restore_products(models[0]))

    assert restored == onnx.load_from_string(models[0])


@needs_openvino
def test_both_runtimes_give_nearly_the_same_logits(models):
    texts = ["threat court the", "", "partner " * 30, "the border"]
    bundle = make_encoder(model=models[1])
    logits = {name: Encoder(bundle, runtime=name).logits(texts) for name in ("onnxruntime", "openvino")}

    assert np.allclose(logits["openvino"], logits["onnxruntime"], rtol=0.02, atol=0.1)
    assert not np.allclose(logits["openvino"], 0)


@needs_openvino
def test_on_openvino_too_a_text_scores_the_same_among_any_neighbours(models):
    encoder = Encoder(make_encoder(model=models[1]), runtime="openvino")
    texts = [f"threat {'court ' * (i % 9)}the" for i in range(20)]
    alone = np.concatenate([encoder.logits([text]) for text in texts])

    assert np.allclose(encoder.logits(texts), alone, atol=1e-4)


@needs_openvino
def test_the_first_call_is_made_by_one_thread(monkeypatch, models):
    from policyframes.backends.openvino_runtime import OpenVino  # noqa: PLC0415  (an extra)

    callers, run = [], OpenVino.run
    monkeypatch.setattr(OpenVino, "run", lambda *rows: callers.append(threading.current_thread()) or run(*rows))
    Encoder(make_encoder(model=models[1]), runtime="openvino", threads=4)

    assert callers == [threading.main_thread()]


@needs_openvino
def test_a_graph_that_openvino_cannot_read_is_damage():
    model = make_model(nodes=[helper.make_node("NoSuchOperator", ["rows"], ["more"])])
    model.graph.output.append(helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, None))
    with pytest.raises(BundleDamagedError, match="cannot be run"):
        Encoder(make_encoder(model=model.SerializeToString()), runtime="openvino")


def test_the_runtime_can_be_named_in_the_environment(monkeypatch, models):
    monkeypatch.setenv("POLICYFRAMES_RUNTIME", "onnxruntime")

    assert isinstance(Encoder(make_encoder(model=models[1]))._runtime, OnnxRuntime)


@pytest.mark.parametrize("installed", ["onnxruntime", "openvino"])
def test_openvino_is_taken_where_it_is_installed(monkeypatch, installed):
    monkeypatch.delenv("POLICYFRAMES_RUNTIME", raising=False)
    monkeypatch.setattr(
        runtimes, "find_spec", lambda name: None if name == "openvino" and installed != "openvino" else object()
    )

    assert choose_runtime() == installed


@needs_openvino
def test_a_scored_document_says_which_runtime_read_it(monkeypatch, models):
    monkeypatch.delenv("POLICYFRAMES_RUNTIME", raising=False)
    document = Document("talk", "The court and the partner met.", "txt", "talk.txt")
    scorer = Scorer(make_encoder(model=models[1]))

    assert scorer.score_document(document).runtime == scorer.runtime == "openvino"


def test_a_model_without_an_encoder_names_no_runtime():
    assert Scorer(make_bundle()).runtime is None


@needs_openvino
@pytest.mark.slow
def test_the_shipped_encoder_decides_alike_on_both_runtimes(checkout):
    bundle = load_bundle(checkout / "models" / "encoder-v1")
    lines = (checkout / "labels" / "passages.jsonl").read_text(encoding="utf-8").splitlines()[::16]
    texts = [json.loads(line)["text"] for line in lines]
    scores = [Scorer(bundle, runtime=name).score(texts) for name in ("onnxruntime", "openvino")]
    pairs = list(zip(*scores, strict=True))
    moved = [abs(a.probabilities[name] - b.probabilities[name]) for a, b in pairs for name in bundle.framings]

    assert len(pairs) > 200
    assert sum(a.framings == b.framings for a, b in pairs) / len(pairs) > 0.95
    assert sum(moved) / len(moved) < 0.02
