"""A base with fewer pieces of words: what is kept reads as before, the rest in shorter pieces."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models

from policyframes.errors import TrainingError, UsageError
from policyframes_training.encoder.data import make_rows, split_windows
from policyframes_training.encoder.encoder import EncoderModel, fit_encoder
from policyframes_training.encoder.network import load_base
from policyframes_training.encoder.onnx_export import export_onnx, measure_difference
from policyframes_training.encoder.settings import EncoderSettings, Workplace
from policyframes_training.encoder.vocabulary import cut_vocabulary
from tests.training.toy_encoder import TRAIN, VALIDATION, write_base

# The toy's marks, but for the mask, and letters, which stay in any case.
NEEDED = 4 + 2 * 26
TEXTS = ("the troops near the river", "the river", "a court")


@pytest.fixture
def settings(tmp_path) -> EncoderSettings:
    return EncoderSettings(base=str(write_base(tmp_path / "tiny")), max_tokens=32)


def read(base, text):
    """Return the pieces, and what the table of embeddings holds for each."""
    encoding = base.tokenizer.encode(text)
    return encoding.tokens, base.body.get_input_embeddings().weight.detach()[torch.tensor(encoding.ids)]


def test_words_that_stay_are_read_as_before(settings):
    cut, whole = cut_vocabulary(load_base(settings), TEXTS, NEEDED + 4), load_base(settings)

    assert cut.tokenizer.get_vocab_size() == cut.body.config.vocab_size == NEEDED + 4
    assert cut.body.get_input_embeddings().weight.shape[0] == NEEDED + 4
    for text in TEXTS[:2]:
        (tokens, rows), (tokens_before, rows_before) = read(cut, text), read(whole, text)
        assert tokens == tokens_before
        assert torch.equal(rows, rows_before)


def test_a_word_that_goes_is_spelt(settings):
    cut = cut_vocabulary(load_base(settings), TEXTS, NEEDED + 2)

    # The most frequent stay: `the`, then of the words that come twice and once the first of the vocabulary.
    assert read(cut, "the river")[0] == ["[CLS]", "the", "river", "[SEP]"]
    assert read(cut, "troops")[0] == ["[CLS]", "t", "##r", "##o", "##o", "##p", "##s", "[SEP]"]


def test_an_encoder_with_fewer_pieces_trains_exports_and_is_read_back(settings, tmp_path):
    settings = replace(settings, vocabulary=NEEDED + 12, epochs=1)
    place = Workplace(tmp_path / "work", "cpu", save_steps=100)
    model = fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=5, place=place)
    again = EncoderModel.load(tmp_path / "work" / "model")
    files = export_onnx(model, VALIDATION.texts)

    assert model.network.body.get_input_embeddings().weight.shape[0] == NEEDED + 12
    assert np.array_equal(model.logits(TEXTS, exact=True), again.logits(TEXTS, exact=True))
    assert measure_difference(files, model, VALIDATION.texts).probability_max < 0.05
    assert len(json.loads(files["tokenizer.json"])["model"]["vocab"]) == NEEDED + 12


def test_a_vocabulary_larger_than_the_base_changes_nothing(settings):
    cut, whole = cut_vocabulary(load_base(settings), TEXTS, 10_000), load_base(settings)

    assert json.loads(cut.tokenizer.to_str()) == json.loads(whole.tokenizer.to_str())
    assert torch.equal(cut.body.get_input_embeddings().weight, whole.body.get_input_embeddings().weight)


def test_marks_around_a_text_keep_their_places_where_the_tokenizer_is_roberta_s(tmp_path):
    folder = write_base(tmp_path / "tiny", family="mpnet")
    facts = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = facts["model"]["vocab"]
    # An unused place before the marks' numbers, and marks as MPNet has them.
    facts["model"]["vocab"] = {**vocabulary, "[unused0]": len(vocabulary)}
    facts["post_processor"] = {
        "type": "RobertaProcessing",
        "sep": ["[SEP]", vocabulary["[SEP]"]],
        "cls": ["[CLS]", vocabulary["[CLS]"]],
        "trim_offsets": True,
        "add_prefix_space": False,
    }
    (folder / "tokenizer.json").write_text(json.dumps(facts))
    settings = EncoderSettings(base=str(folder), max_tokens=32)
    cut = cut_vocabulary(load_base(settings), TEXTS, NEEDED + 4)
    windows = split_windows(cut.tokenizer, ["the river"], 32)[0][0]

    assert [cut.tokenizer.id_to_token(number) for number in windows] == ["[CLS]", "the", "river", "[SEP]"]
    assert cut.tokenizer.token_to_id("[unused0]") is None


def test_other_tokenizers_are_refused(settings):
    base = replace(load_base(settings), tokenizer=Tokenizer(models.BPE({"a": 0, "b": 1}, [])))

    with pytest.raises(TrainingError, match=r"type BPE\. Allowed: WordPiece"):
        cut_vocabulary(base, TEXTS, 100)


def test_too_few_pieces_are_refused(settings):
    with pytest.raises(TrainingError, match=f"20 pieces of words. Allowed: at least {NEEDED}"):
        cut_vocabulary(load_base(settings), TEXTS, 20)


def test_weights_are_stored_in_eight_bits_or_four():
    assert EncoderSettings().with_values(("bits=4",)).bits == 4
    with pytest.raises(UsageError, match="bits=8 or bits=4"):
        EncoderSettings().with_values(("bits=5",))
