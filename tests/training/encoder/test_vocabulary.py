"""A base with fewer pieces of words: what is kept reads as before, the rest in shorter pieces."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models

from policyframes.errors import TrainingError, UsageError
from policyframes_training.encoder.data import make_rows
from policyframes_training.encoder.encoder import EncoderModel, find_scores, fit_encoder, score_once
from policyframes_training.encoder.network import Base, load_base
from policyframes_training.encoder.onnx_export import export_onnx, measure_difference
from policyframes_training.encoder.settings import EncoderSettings, Workplace
from policyframes_training.encoder.vocabulary import choose_pieces, keep_pieces
from tests.training.toy_encoder import TRAIN, VALIDATION, write_base

# The toy's marks, but for the mask, and letters, which stay in any case.
NEEDED = 4 + 2 * 26
TEXTS = ("the troops near the river", "the river", "a court")


@pytest.fixture
def settings(tmp_path) -> EncoderSettings:
    return EncoderSettings(base=str(write_base(tmp_path / "tiny")), max_tokens=32)


def cut_vocabulary(base: Base, texts: tuple[str, ...], size: int) -> Base:
    return replace(base, tokenizer=keep_pieces(base.body, base.tokenizer, choose_pieces(base, texts, size)))


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


def test_an_encoder_with_fewer_pieces_is_cut_after_its_fit_and_exported(settings, tmp_path):
    settings = replace(settings, epochs=1)
    place = Workplace(tmp_path / "work", "cpu", save_steps=100)
    rows = make_rows(TRAIN, settings)
    whole = fit_encoder(rows, VALIDATION, settings, seed=5, place=place)
    lines: list[str] = []
    fewer = replace(settings, vocabulary=NEEDED + 12)
    cut = fit_encoder(rows, VALIDATION, fewer, seed=5, place=replace(place, report=lines.append))
    files = export_onnx(cut, VALIDATION.texts)

    assert [line.partition(":")[0] for line in lines] == ["already trained"]
    assert cut.settings == fewer
    assert cut.network.body.get_input_embeddings().weight.shape[0] == NEEDED + 12
    gone = (max(whole.tokenizer.get_vocab().keys() - cut.tokenizer.get_vocab().keys()),)
    assert np.array_equal(cut.logits(("the",), exact=True), whole.logits(("the",), exact=True))
    assert not np.array_equal(cut.logits(gone, exact=True), whole.logits(gone, exact=True))
    assert measure_difference(files, cut, VALIDATION.texts).probability_max < 0.05
    assert len(json.loads(files["tokenizer.json"])["model"]["vocab"]) == NEEDED + 12


def test_what_another_vocabulary_said_is_not_taken_for_this_ones(settings, tmp_path):
    settings = replace(settings, epochs=1)
    place = Workplace(tmp_path / "work", "cpu", save_steps=100)
    rows = make_rows(TRAIN, settings)
    texts = ("a missile",)
    for vocabulary in (None, NEEDED + 12):
        model = fit_encoder(rows, VALIDATION, replace(settings, vocabulary=vocabulary), seed=5, place=place)
        assert find_scores(place, texts, texts, vocabulary=vocabulary) is None
        said, _ = score_once(model, texts, texts, place=place)
        assert np.array_equal(said, model.logits(texts))
        assert find_scores(place, texts, texts, vocabulary=vocabulary) is not None


def test_a_vocabulary_larger_than_the_base_changes_nothing(settings):
    cut, whole = cut_vocabulary(load_base(settings), TEXTS, 10_000), load_base(settings)

    assert json.loads(cut.tokenizer.to_str()) == json.loads(whole.tokenizer.to_str())
    assert torch.equal(cut.body.get_input_embeddings().weight, whole.body.get_input_embeddings().weight)


TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {
        "[CLS]": {"id": "[CLS]", "ids": [5], "tokens": ["[CLS]"]},
        "[SEP]": {"id": "[SEP]", "ids": [6], "tokens": ["[SEP]"]},
    },
}
PAIR = {"sep": ["[SEP]", 6], "cls": ["[CLS]", 5]}
ROBERTA = {"type": "RobertaProcessing", **PAIR, "trim_offsets": True, "add_prefix_space": False}


@pytest.mark.parametrize(
    "marks",
    [
        TEMPLATE,
        ROBERTA,
        {"type": "BertProcessing", **PAIR},
        {
            "type": "Sequence",
            "processors": [
                {"type": "ByteLevel", "trim_offsets": True, "add_prefix_space": False, "use_regex": False},
                TEMPLATE,
            ],
        },
    ],
    ids=["template", "roberta", "bert", "sequence"],
)
def test_marks_around_a_text_move_with_their_numbers(marks, settings):
    path = Path(settings.base) / "tokenizer.json"
    facts = json.loads(path.read_text())
    pieces = ["[PAD]", "[UNK]", "[unused0]", "[unused1]", "[MASK]", "[CLS]", "[SEP]"]
    pieces += [piece for piece in facts["model"]["vocab"] if not piece.startswith("[")]
    facts["model"]["vocab"] = {piece: number for number, piece in enumerate(pieces)}
    facts["post_processor"] = marks
    added = facts["added_tokens"][0] if facts["added_tokens"] else {}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    # Never read, and kept as it is a mark.
    facts["added_tokens"] = [{**added, **flags, "id": 4, "content": "[MASK]", "special": True}]
    base = replace(load_base(settings), tokenizer=Tokenizer.from_str(json.dumps(facts)))
    base.body.resize_token_embeddings(len(pieces))
    cut = cut_vocabulary(base, TEXTS, NEEDED + 5)

    assert cut.tokenizer.encode("the river").tokens == ["[CLS]", "the", "river", "[SEP]"]
    assert [cut.tokenizer.token_to_id(name) for name in pieces[:7]] == [0, 1, None, None, 2, 3, 4]


def test_letters_of_the_texts_stay_and_others_go(settings):
    facts = json.loads((Path(settings.base) / "tokenizer.json").read_text())
    vocabulary = facts["model"]["vocab"]
    for piece in ("ł", "##ł", "ß", "##ß"):
        vocabulary[piece] = len(vocabulary)
    base = replace(load_base(settings), tokenizer=Tokenizer.from_str(json.dumps(facts)))
    base.body.resize_token_embeddings(len(vocabulary))
    # In capitals: what counts is how the tokenizer changes the text.
    cut = cut_vocabulary(base, (*TEXTS, "Ł"), NEEDED + 2)

    assert cut.tokenizer.encode("ałł").tokens == ["[CLS]", "a", "##ł", "##ł", "[SEP]"]
    assert cut.tokenizer.encode("aß").tokens == ["[CLS]", "[UNK]", "[SEP]"]


def test_a_piece_without_an_embedding_is_a_named_error(settings):
    facts = json.loads((Path(settings.base) / "tokenizer.json").read_text())
    facts["model"]["vocab"]["plateaus"] = 900
    base = replace(load_base(settings), tokenizer=Tokenizer.from_str(json.dumps(facts)))

    with pytest.raises(TrainingError, match="a piece with the number 900"):
        choose_pieces(base, TEXTS, 100)


def test_other_tokenizers_are_refused(settings):
    base = replace(load_base(settings), tokenizer=Tokenizer(models.BPE({"a": 0, "b": 1}, [])))

    with pytest.raises(TrainingError, match=r"type BPE\. Allowed: WordPiece"):
        choose_pieces(base, TEXTS, 100)


def test_too_few_pieces_are_refused(settings):
    with pytest.raises(TrainingError, match=f"20 pieces of words. Allowed: at least {NEEDED}"):
        choose_pieces(load_base(settings), TEXTS, 20)


def test_weights_are_stored_in_eight_bits_or_four():
    assert EncoderSettings().with_values(("bits=4",)).bits == 4
    with pytest.raises(UsageError, match="bits=8 or bits=4"):
        EncoderSettings().with_values(("bits=5",))


def test_a_model_whose_file_names_other_bits_is_a_named_error(settings, tmp_path):
    settings = replace(settings, epochs=1)
    place = Workplace(tmp_path / "work", "cpu")
    fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=5, place=place)
    facts = place.folder / "model" / "encoder.json"
    facts.write_text(facts.read_text().replace('"bits": 8', '"bits": 5'))

    with pytest.raises(TrainingError, match="bits=5"):
        EncoderModel.load(facts.parent)


def test_a_finished_fit_is_exported_in_other_bits_and_not_fitted_again(settings, tmp_path):
    settings = replace(settings, epochs=1)
    place = Workplace(tmp_path / "work", "cpu", save_steps=100)
    rows = make_rows(TRAIN, settings)
    fit_encoder(rows, VALIDATION, settings, seed=5, place=place)
    lines: list[str] = []
    again = fit_encoder(rows, VALIDATION, replace(settings, bits=4), seed=5, place=replace(place, report=lines.append))

    assert [line.partition(":")[0] for line in lines] == ["already trained"]
    assert again.settings.bits == 4


def test_no_fit_depends_on_how_its_model_is_stored():
    stored = {"teacher_weight", "renamed", "bits", "vocabulary"}

    assert EncoderSettings().as_recipe("abc").keys() == {field.name for field in fields(EncoderSettings)} - stored
    assert EncoderSettings(bits=4, vocabulary=900).as_recipe("abc") == EncoderSettings().as_recipe("abc")
    assert EncoderSettings().as_recipe("abc")["base"] == "abc"
