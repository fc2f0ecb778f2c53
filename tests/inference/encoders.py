"""Builders: an encoder and a cascade whose logits, a sum of the words' numbers, can be told by eye."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from policyframes.bundle import Bundle, load_bundle, save_bundle
from tests.inference.builders import WORDS, make_bundle

MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
VOCABULARY = {word: number for number, word in enumerate((*MARKS, *WORDS))}
INT64, FLOAT = TensorProto.INT64, TensorProto.FLOAT
SHARES = {"fast": [0.5, 0.5, 0.5], "encoder": [1.0, 1.0, 2.0]}


def make_model(*, nodes=(), initializers=(), inputs=None, outputs=None, opsets=(), table=None, **changes):
    """Return an ONNX model; the arguments add to it or replace parts."""
    table = np.array([(0, 0, 0)] * len(MARKS) + list(WORDS.values()), np.float32) if table is None else table
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
            helper.make_node("Mul", ["rows", "column"], ["kept"]),
            helper.make_node("ReduceSum", ["kept", "middle"], ["logits"], keepdims=0),
            *nodes,
        ],
        "tiny",
        inputs or [value("input_ids", INT64, "batch", "tokens"), value("attention_mask", INT64, "batch", "tokens")],
        outputs or [value("logits", FLOAT, "batch", 3)],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([-1]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
            *initializers,
        ],
    )
    domains = [helper.make_opsetid("", 17), *(helper.make_opsetid(name, 1) for name in opsets)]
    model = helper.make_model(graph, opset_imports=domains, ir_version=8)
    for name, content in changes.items():
        getattr(model, name).extend(content)
    return model


def value(name, kind, *sizes):
    return helper.make_tensor_value_info(name, kind, sizes)


def make_tokenizer(**changes) -> bytes:
    marks = {"[CLS]": VOCABULARY["[CLS]"], "[SEP]": VOCABULARY["[SEP]"]}
    pieces = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    tokenizer = {
        "version": "1.0",
        # A fixed length, as files of published models have it: the backend must not take it over.
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            "strategy": {"Fixed": 128},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
        "added_tokens": [
            {"id": VOCABULARY[mark], "content": mark, "special": True}
            | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
            for mark in MARKS
        ],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [*pieces, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [*pieces, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in marks.items()},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": VOCABULARY, "unk_token": "[UNK]"},
    }
    return json.dumps({**tokenizer, **changes}).encode()


def make_encoder(*, model=None, tokenizer=None, **changes) -> Bundle:
    data = make_model().SerializeToString() if model is None else model
    fields = {
        "name": "encoder-v1",
        "kind": "encoder-onnx",
        "features": {"max_tokens": 16},
        "tensors": {},
        "vocabulary": (),
        "files": {"model.onnx": data, "tokenizer.json": make_tokenizer() if tokenizer is None else tokenizer},
        "card": "# Encoder\n",
    }
    return make_bundle(**{**fields, **changes})


def save_parts(folder, **bundles) -> dict[str, Bundle]:
    """Save the parts of a cascade beside each other and return them as loaded."""
    parts = {"fast": make_bundle(name="fast-v3"), "encoder": make_encoder(), **bundles}
    for bundle in parts.values():
        save_bundle(bundle, folder / bundle.name)
    return {part: load_bundle(folder / bundle.name) for part, bundle in parts.items()}


def make_cascade(parts, **changes) -> Bundle:
    framings = {name: dataclasses.replace(entry, threshold=0.7) for name, entry in parts["fast"].framings.items()}
    fields = {
        "name": "cascade-v4",
        "kind": "cascade",
        "framings": framings,
        "features": {
            "parts": {part: {"name": bundle.name, "id": bundle.id} for part, bundle in parts.items()},
            "blend": SHARES,
            "route": {"balanced": {name: [0.2, 0.5] for name in framings}},
        },
        "tensors": {},
        "vocabulary": (),
        "parts": parts,
        "card": "# Cascade\n",
    }
    return make_bundle(**{**fields, **changes})
