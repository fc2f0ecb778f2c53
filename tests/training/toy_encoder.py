"""A two-layer transformer of chance with a small vocabulary, and passages whose codes hang on single words."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.encoder.settings import EncoderSettings

WORDS = {
    "securitized": ("danger", "threat", "troops"),
    "governance": ("court", "rule", "audit"),
    "partnership": ("jointly", "ally", "share"),
}
_FILLERS = "the of and river spring talks years plateau in near after for on report chapter noon".split()
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write_base(folder: Path, *, layers: int = 2, family: str = "bert") -> Path:
    """Write a base as it comes from the hub: random weights, and a tokenizer that pads and truncates to 12."""
    import torch  # noqa: PLC0415  (seconds)
    from transformers import AutoConfig, AutoModel  # noqa: PLC0415

    from policyframes_training.encoder.network import quiet_libraries  # noqa: PLC0415

    tokenizer = _make_tokenizer()
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = AutoConfig.for_model(
        family,
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with torch.random.fork_rng(), quiet_libraries():
        torch.manual_seed(0)
        AutoModel.from_config(config).save_pretrained(folder)
    return folder


def make_passages(count: int, seed: int) -> PassageSet:
    chance = random.Random(seed)
    texts, targets = [], []
    for _ in range(count):
        present = [chance.random() < 0.4 for _ in WORDS]
        words = chance.choices(_FILLERS, k=chance.randint(4, 14))
        for is_present, telling in zip(present, WORDS.values(), strict=True):
            if is_present:
                words.insert(chance.randint(0, len(words)), chance.choice(telling))
        texts.append(" ".join(words))
        targets.append(present)
    return PassageSet(
        framings=tuple(WORDS),
        ids=tuple(f"p{number}" for number in range(count)),
        texts=tuple(texts),
        documents=tuple(f"d{number % 12}" for number in range(count)),
        targets=np.array(targets),
        doubt=np.array([number % 3 for number in range(count)]),
        is_original=np.zeros(count, dtype=np.bool_),
    )


def _make_tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415

    telling = [word for words in WORDS.values() for word in words]
    pieces = [*_SPECIAL, *_FILLERS, *telling, *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=_SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=marks)
    tokenizer.enable_padding(length=12)
    tokenizer.enable_truncation(12)
    return tokenizer


def make_settings(base: str) -> EncoderSettings:
    """Return a recipe under which the toy learns its words in seconds."""
    return EncoderSettings(
        base=base,
        max_tokens=32,
        epochs=6,
        batch_size=16,
        learning_rate=3e-3,
        head_learning_rate=1e-2,
        layer_decay=1.0,
    )


TRAIN, VALIDATION = make_passages(240, seed=1), make_passages(60, seed=2)


def describe_plan(tiny, home: Path, name: str, **recipe) -> dict[str, Any]:
    """Return the fields of a plan that trains a transformer of chance on the small labels, in two folds."""
    settings = EncoderSettings(
        **{
            "base": str(write_base(home / "tiny-bert")),
            "max_tokens": 64,
            "epochs": 1,
            "learning_rate": 3e-3,
            "layer_decay": 1.0,
            **recipe,
        }
    )
    return {
        "labels": tiny.labels,
        "documents": tiny.documents,
        "output": home / name,
        "name": name,
        "seed": 7,
        "experiment": "tests",
        "store": home / "store",
        "settings": settings,
        "folds": 2,
        "device": "cpu",
    }
