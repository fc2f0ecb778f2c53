"""The exported graphs say what the network says, and are what bundle and backend take."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

from policyframes.backends import open_backend
from policyframes.backends.folding import fold_bytes
from policyframes.backends.runtimes import open_runtime
from policyframes.bundle import Bundle, FramingSettings, load_bundle, save_bundle
from policyframes.errors import TrainingError
from policyframes_training.encoder import onnx_export, onnx_rounding
from policyframes_training.encoder.encoder import EncoderModel
from policyframes_training.encoder.network import EncoderNetwork, load_base
from policyframes_training.encoder.onnx_export import export_onnx, measure_difference, run_graph, trace_network
from policyframes_training.encoder.onnx_rounding import round_weights
from policyframes_training.encoder.settings import EncoderSettings
from tests.training.toy_encoder import WORDS, make_passages, write_base

LONG = " ".join(["the river"] * 40 + ["troops"])
TEXTS = (*make_passages(40, seed=3).texts, LONG, "")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> EncoderModel:
    folder = write_base(tmp_path_factory.mktemp("base") / "tiny-bert")
    settings = EncoderSettings(base=str(folder), max_tokens=32)
    base = load_base(settings)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = EncoderNetwork(base.body, 3, 0.1)
        # A new output layer gives logits near zero, which no rounding could miss.
        torch.nn.init.normal_(network.head.weight, std=1.0)
    return EncoderModel(tuple(WORDS), settings, network.eval(), base.tokenizer, base.sha256, 3, ())


@pytest.fixture(scope="module")
def rounded(model):
    # The toy's tables are smaller than any that is worth unpacking.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_rounding, "_LEAST_TABLE_BYTES", 1)
        return export_onnx(model, TEXTS)


def test_the_graph_in_float32_equals_the_network(model):
    difference = measure_difference(export_onnx(model, TEXTS, rounded=False), model, TEXTS, batch=8)

    assert difference.logit_max < 1e-5
    assert np.abs(model.logits(TEXTS, exact=True)).max() > 1


def test_the_graph_in_eight_bits_stays_close_to_the_network(model, rounded):
    difference = measure_difference(rounded, model, TEXTS)

    assert 0 < difference.logit_mean < 0.05
    assert difference.probability_mean < 0.01


def test_matrices_and_tables_are_in_eight_bits_and_the_output_layer_is_not(rounded):
    parts = {part.name: part for part in onnx.load_from_string(rounded["model.onnx"]).graph.initializer}
    eight = [name for name, part in parts.items() if part.data_type == onnx.TensorProto.INT8 and len(part.dims) == 2]
    whole = [part for part in parts.values() if part.data_type == onnx.TensorProto.FLOAT and len(part.dims) == 2]

    assert sum(name.startswith("onnx::MatMul") for name in eight) == 12
    assert sum(name.endswith("embeddings.weight_rows") for name in eight) == 3
    assert [sorted(part.dims) for part in whole if min(part.dims) > 1] == [[3, 32]]


@pytest.fixture(scope="module")
def in_four_bits(model):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_rounding, "_LEAST_TABLE_BYTES", 1)
        # The toy's rows are shorter than a block.
        patch.setattr(onnx_rounding, "_BLOCK", 8)
        return export_onnx(replace(model, settings=replace(model.settings, bits=4)), TEXTS)


def test_the_graph_in_four_bits_stays_near_the_network(model, in_four_bits):
    difference = measure_difference(in_four_bits, model, TEXTS)

    assert 0 < difference.logit_mean < 0.3
    assert difference.probability_mean < 0.04


def test_matrices_and_tables_are_in_four_bits_and_made_in_eight_when_they_are_loaded(model, in_four_bits):
    stored = {part.name: part for part in onnx.load_from_string(in_four_bits["model.onnx"]).graph.initializer}
    folded = onnx.load_from_string(fold_bytes(in_four_bits["model.onnx"])).graph.initializer
    made = {part.name: onnx.numpy_helper.to_array(part) for part in folded if part.name.endswith("_quantized")}
    exact = {part.name: onnx.numpy_helper.to_array(part) for part in trace_network(model.network).graph.initializer}

    assert not [part for part in stored.values() if part.data_type == onnx.TensorProto.INT8 and len(part.dims) == 2]
    assert sum(name.endswith("embeddings.weight_numbers") for name in stored) == 3
    assert len(made) == 12
    for name, matrix in made.items():
        original = exact[name.removesuffix("_quantized")]
        scale = onnx.numpy_helper.to_array(stored[f"{name.removesuffix('_quantized')}_scale"])
        assert len(stored[f"{name}_packed"].raw_data) == original.size / 2
        assert matrix.dtype == np.int8
        # What a scale of its own for each block would lose, with nothing cut off; and for each column.
        per_block, per_column = (measure_loss(original, length) for length in (8, len(original)))
        assert ((matrix * scale - original) ** 2).sum() < 1.02 * per_block < 0.8 * per_column


def measure_loss(values, length):
    blocks = values.reshape(-1, length, values.shape[1])
    steps = np.abs(blocks).max(axis=1, keepdims=True) / 7.5
    return ((np.clip(np.rint(blocks / steps), -8, 7) * steps - blocks) ** 2).sum()


def test_a_table_is_rounded_as_well_as_with_a_scale_for_each_block(monkeypatch):
    monkeypatch.setattr(onnx_rounding, "_BLOCK", 8)
    chance = np.random.default_rng(0)
    table = (chance.normal(size=(64, 50)) * chance.uniform(0.2, 3, size=50)).astype(np.float32)
    packed = onnx_rounding._pack(table, 255, one_scale=True)
    numbers = np.concatenate([packed.numbers % 16, packed.numbers // 16]).astype(int) - 8
    values = packed.scale * packed.multipliers.repeat(8, axis=0) * numbers

    assert ((values - table) ** 2).sum() < measure_loss(table, 8)


def test_matrices_alone_are_stored_in_four_bits_where_tables_are_small(model, monkeypatch):
    monkeypatch.setattr(onnx_rounding, "_BLOCK", 8)
    files = export_onnx(replace(model, settings=replace(model.settings, bits=4)), TEXTS)
    names = [part.name for part in onnx.load_from_string(files["model.onnx"]).graph.initializer]

    assert sum(name.endswith("_packed") for name in names) == 12
    assert not [name for name in names if name.endswith("_numbers")]


@pytest.mark.skipif(not importlib.util.find_spec("openvino"), reason="openvino is not installed")
def test_openvino_reads_four_bits_too(in_four_bits):
    ids = np.array([[2, 9, 12, 7, 30, 3]])
    found = [
        open_runtime(name, in_four_bits["model.onnx"], 1).run(ids, np.ones_like(ids))
        for name in ("onnxruntime", "openvino")
    ]

    assert np.allclose(*found, atol=0.3)
    assert np.abs(found[0]).max() > 0.5


def test_a_matrix_whose_blocks_would_be_broken_stays_in_eight_bits(model):
    files = export_onnx(replace(model, settings=replace(model.settings, bits=4)), TEXTS)
    parts = onnx.load_from_string(files["model.onnx"]).graph.initializer

    assert sum(part.data_type == onnx.TensorProto.INT8 and len(part.dims) == 2 for part in parts) == 12


def test_the_export_leaves_the_model_as_it_was(model):
    before = {name: part.clone() for name, part in model.network.state_dict().items()}
    export_onnx(model, TEXTS[:3])

    assert model.network.body.config._attn_implementation == "sdpa"
    assert all(torch.equal(part, before[name]) for name, part in model.network.state_dict().items())


def test_a_graph_that_says_something_else_is_refused(model, monkeypatch):
    def break_graph(graph: onnx.ModelProto, bits: int) -> onnx.ModelProto:
        broken = round_weights(graph, bits)
        bias = next(part for part in broken.graph.initializer if part.name.endswith("head.bias"))
        bias.CopyFrom(onnx.numpy_helper.from_array(np.full(3, 9.0, dtype=np.float32), bias.name))
        return broken

    monkeypatch.setattr(onnx_export, "round_weights", break_graph)
    with pytest.raises(TrainingError, match="in 8 bits: it differs from the network"):
        export_onnx(model, TEXTS)


@pytest.mark.parametrize("bits", ["rounded", "in_four_bits"])
def test_the_backend_that_scores_agrees_with_the_export(bits, model, request, tmp_path):
    rounded = request.getfixturevalue(bits)
    settings = FramingSettings(threshold=0.5, slope=1.0, offset=0.0, uncertain_from=0.5, uncertain_to=0.5)
    bundle = Bundle(
        name="tiny-v1",
        kind="encoder-onnx",
        framings=dict.fromkeys(WORDS, settings),
        promised_precision=0.9,
        features={"max_tokens": 32},
        files=rounded,
        provenance={},
        metrics={},
        card="# tiny-v1\n",
    )
    save_bundle(bundle, tmp_path / "tiny-v1")
    logits = open_backend(load_bundle(tmp_path / "tiny-v1")).logits(TEXTS)

    assert np.allclose(logits, run_graph(rounded, model, TEXTS), atol=1e-5)


def test_a_cut_network_is_exported_with_the_layers_it_has_left(model):
    base = load_base(replace(model.settings, layers=1))
    cut = replace(model, network=EncoderNetwork(base.body, 3, 0.1).eval())
    graph = onnx.load_from_string(export_onnx(cut, TEXTS[:3])["model.onnx"])

    assert sum(node.op_type == "MatMulInteger" for node in graph.graph.node) == 6
