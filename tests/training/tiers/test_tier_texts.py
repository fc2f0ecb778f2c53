"""What a card says of a tier."""

from __future__ import annotations

from policyframes_training.encoder.settings import EncoderSettings
from policyframes_training.tiers.texts import describe_encoder
from tests.inference.encoders import make_encoder


def describe(**settings):
    bundle = make_encoder(provenance={"base_sha256": "0" * 64})
    params = EncoderSettings(base="lab/large", **settings).as_params()
    return " ".join(describe_encoder(bundle, params, folds=3).kind.split())


def test_the_card_of_an_encoder_says_what_was_cut_and_how_it_is_stored():
    kind = describe(layers=6, vocabulary=16_384, bits=4)

    assert "the lower 6 layers of lab/large with 9 of its pieces of words, fine-tuned" in kind
    assert "matrices and embeddings in four bits" in kind


def test_the_card_of_a_whole_encoder_says_nothing_of_cutting():
    kind = describe()

    assert "A transformer, lab/large fine-tuned on coded passages" in kind
    assert "in eight bits" in kind
