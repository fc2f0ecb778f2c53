from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper

from policyframes.backends import encoder as encoder_module
from policyframes.backends import open_backend, runtimes
from policyframes.backends.encoder import Encoder
from policyframes.bundle import load_bundle
from policyframes.errors import BundleDamagedError, MissingExtraError, UsageError
from policyframes.scorer import load
from tests.inference.encoders import FLOAT, VOCABULARY, make_encoder, make_model, make_tokenizer, value


def add_to_logits(name, **attributes):
    """Return a model whose logits went through one more operator."""
    model = make_model(nodes=[helper.make_node(name, ["before"], ["logits"], **attributes)])
    model.graph.node[4].output[0] = "before"
    return model.SerializeToString()


@pytest.fixture(autouse=True)
def reference_runtime(monkeypatch):
    monkeypatch.setenv("POLICYFRAMES_RUNTIME", "onnxruntime")


@pytest.fixture
def backend():
    return open_backend(make_encoder())


def test_logits_are_those_of_the_graph(backend):
    assert np.array_equal(backend.logits(["Threat court", "partner"]), [[4, 4, -4], [-2, -2, 6]])


def test_the_files_own_padding_and_cutting_are_not_taken_over(backend):
    assert np.array_equal(backend.logits(["threat threat threat threat threat threat"]), [[36, -12, -12]])


def test_empty_and_unknown_texts_are_scored(backend):
    assert np.array_equal(backend.logits(["", "nothing here"]), np.zeros((2, 3)))
    assert backend.logits([]).shape == (0, 3)


def test_a_tokenizer_without_marks_scores_an_empty_text():
    backend = open_backend(make_encoder(tokenizer=make_tokenizer(post_processor=None)))

    assert np.array_equal(backend.logits(["", "court"]), [[0, 0, 0], [-2, 6, -2]])


def test_a_long_text_gets_the_highest_logit_of_its_windows(backend):
    text = "threat " + "the " * 60 + "court"

    assert np.array_equal(backend.logits([text]), [[6, 6, 0]])


def test_every_word_of_a_long_text_lies_in_a_window(backend):
    for place in range(50):
        words = ["the"] * 50
        words[place] = "partner"
        assert backend.logits([" ".join(words)])[0, 2] == 6, place


def test_windows_overlap_so_that_neighbours_are_seen_together(backend):
    for place in range(49):
        words = ["the"] * 50
        words[place : place + 2] = ["threat", "border"]
        assert backend.logits([" ".join(words)])[0, 0] == 7, place


def test_a_text_scores_the_same_among_any_neighbours(backend):
    chance = np.random.default_rng(0)
    texts = [" ".join(chance.choice(list(VOCABULARY), size=size)) for size in chance.integers(0, 60, 40)]
    alone = np.concatenate([backend.logits([text]) for text in texts])

    assert np.array_equal(backend.logits(texts), alone)
    assert np.array_equal(backend.logits(texts[::-1])[::-1], alone)


def test_texts_that_are_cut_apart_keep_their_order(monkeypatch, backend):
    texts = [("threat", "court", "partner " * 20)[i % 3] for i in range(11)]
    together = backend.logits(texts)
    monkeypatch.setattr(encoder_module, "_TEXTS", 4)

    assert np.array_equal(backend.logits(texts), together)


def test_the_number_of_threads_changes_nothing():
    texts = [f"threat {'court ' * (i % 9)}" for i in range(30)]

    assert np.array_equal(
        Encoder(make_encoder(), threads=1).logits(texts), Encoder(make_encoder(), threads=4).logits(texts)
    )


def test_windows_that_are_read_together_have_one_length():
    backend = open_backend(make_encoder())
    backend._runtime.batch = 3
    sizes = [[len(window) for window in batch] for batch in group_of(backend, [5, 2, 5, 5, 2, 9, 5])]

    assert sizes == [[9], [5, 5, 5], [5], [2, 2]]


def group_of(backend, lengths):
    windows = [[0] * length for length in lengths]
    return [[windows[i] for i in batch] for batch in backend._group(windows)]


def test_a_scorer_decides_on_the_encoders_logits(encoder_folder):
    score = load(encoder_folder).score(["the threat"])[0]

    assert score.framings == ("securitized",)
    assert score.tier == "encoder"


def test_ids_beyond_the_graphs_table_are_damage():
    backend = open_backend(make_encoder(model=make_model(table=np.zeros((4, 3), np.float32)).SerializeToString()))
    with pytest.raises(BundleDamagedError, match="cannot be run"):
        backend.logits(["threat"])


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_logits_that_are_no_numbers_are_damage(number):
    table = np.full((9, 3), number, np.float32)
    backend = open_backend(make_encoder(model=make_model(table=table).SerializeToString()))
    with pytest.raises(BundleDamagedError, match="not finite"):
        backend.logits(["threat"])


def test_logits_of_another_shape_are_damage():
    model = add_to_logits("ReduceSum", keepdims=1)
    with pytest.raises(BundleDamagedError, match=r"another shape|cannot be run"):
        open_backend(make_encoder(model=model)).logits(["threat"])


def test_a_graph_that_no_runtime_reads_is_damage():
    model = make_model(nodes=[helper.make_node("NoSuchOperator", ["rows"], ["more"])])
    with pytest.raises(BundleDamagedError, match="cannot be run"):
        open_backend(make_encoder(model=model.SerializeToString()))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": {"type": "NoSuchModel", "vocab": {"a": 1}}},
        {"model": {"type": "WordPiece", "vocab": {"a": 1}, "unk_token": "[UNK]"}},
        {"normalizer": {"type": "NoSuch"}},
        {"pre_tokenizer": 5},
        # These panic in the library, one while loading and one while reading.
        {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]], "continuing_subword_prefix": "é"}},
    ],
)
def test_a_tokenizer_that_does_not_work_is_damage(changes):
    with pytest.raises(BundleDamagedError, match=r"tokenizer\.json"):
        open_backend(make_encoder(tokenizer=make_tokenizer(**changes))).logits(["zebra"])


def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda name: None if name == "onnxruntime" else object())
    with pytest.raises(MissingExtraError, match=r"onnxruntime: not installed.*pip install '\.\[encoder\]'"):
        open_backend(make_encoder())


def test_an_unknown_runtime_is_refused(monkeypatch):
    monkeypatch.setenv("POLICYFRAMES_RUNTIME", "abacus")
    with pytest.raises(UsageError, match="onnxruntime or openvino"):
        open_backend(make_encoder())


def test_bytes_in_the_runtimes_own_format_are_not_read():
    with pytest.raises(BundleDamagedError, match="cannot be run"):
        runtimes.open_runtime("onnxruntime", b"\x1c\x00\x00\x00ORTM" + bytes(60), 1)


def test_loading_an_encoder_takes_the_bytes_unchanged(encoder_folder):
    loaded, made = load_bundle(encoder_folder), make_encoder()

    assert loaded.files == made.files
    assert loaded.features == {"max_tokens": 16}
    assert encoder_module.Encoder(loaded).logits(["court"])[0, 1] == 6


def test_a_float_head_of_any_width_may_leave_its_size_open():
    model = make_model(outputs=[value("logits", FLOAT, "batch", "framings")])

    assert open_backend(make_encoder(model=model.SerializeToString())).logits(["court"])[0, 1] == 6


def test_an_initializer_that_no_node_uses_does_no_harm():
    model = make_model(initializers=[numpy_helper.from_array(np.zeros(3, np.float32), "unused")])

    assert open_backend(make_encoder(model=model.SerializeToString())).logits(["court"])[0, 1] == 6


def test_an_allocation_beyond_all_memory_is_damage():
    nodes = [
        helper.make_node("ConstantOfShape", ["sizes"], ["more"]),
        helper.make_node("ReduceSum", ["more"], ["one"], keepdims=0),
        helper.make_node("Add", ["before", "one"], ["logits"]),
    ]
    model = make_model(nodes=nodes, initializers=[numpy_helper.from_array(np.array([2**50]), "sizes")])
    model.graph.node[4].output[0] = "before"
    with pytest.raises(BundleDamagedError, match="cannot be run"):
        open_backend(make_encoder(model=model.SerializeToString())).logits(["threat"])


def test_half_a_surrogate_pair_is_read_as_any_odd_character(backend):
    assert np.array_equal(backend.logits(["threat \ud800"]), backend.logits(["threat ?"]))
