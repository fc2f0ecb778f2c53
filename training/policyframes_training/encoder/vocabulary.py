"""Cutting a base's vocabulary to the pieces of words that texts need, so that its table of embeddings takes less room.

A word whose piece is gone is read in shorter pieces that are left. Only WordPiece can do without some of its pieces;
other tokenizers build each piece from others.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedModel

from policyframes.errors import TrainingError
from policyframes_training.encoder.data import prepare_tokenizer
from policyframes_training.encoder.network import Base

_CHUNK = 2048
# Places in BERT's vocabulary that stand for nothing.
_UNUSED = re.compile(r"\[unused\d+\]")


def choose_pieces(base: Base, texts: Sequence[str], size: int) -> tuple[int, ...]:
    """Return the numbers of so many pieces of words, at most: those that the texts hold most often, then the first.

    Chosen in any case are marks such as the padding, and single characters that are ASCII or in the texts.

    Args:
        base: what is to be cut.
        texts: what the encoder learns from.
        size: number of pieces.

    Raises:
        TrainingError: the tokenizer is no WordPiece, or so few pieces cannot spell the texts.
    """
    facts = json.loads(base.tokenizer.to_str())
    if facts["model"]["type"] != "WordPiece":
        raise TrainingError(
            where="vocabulary",
            found=f"a tokenizer of the type {facts['model']['type']}",
            allowed="WordPiece, which reads words in other pieces where one is gone",
            remedy="Leave the vocabulary whole: --set vocabulary=none.",
        )
    rows = base.body.get_input_embeddings().num_embeddings
    last = max(base.tokenizer.get_vocab().values(), default=0)
    if last >= rows:
        raise TrainingError(
            where="vocabulary",
            found=f"a piece with the number {last}, and a table of {rows} embeddings",
            allowed="a row of the table for each piece",
            remedy="Leave the vocabulary whole: --set vocabulary=none.",
        )
    padding = int(base.body.config.pad_token_id or 0)
    return tuple(_rank_pieces(base.tokenizer, facts, texts, size, padding=padding))


def keep_pieces(body: PreTrainedModel, tokenizer: Tokenizer, kept: Sequence[int]) -> Tokenizer:
    """Cut a transformer's table of embeddings, in place, to some pieces of words, and return the tokenizer that fits.

    Args:
        body: pretrained or fine-tuned.
        tokenizer: whose pieces the rows of its table stand for.
        kept: numbers of the pieces, rising, from `choose_pieces`.
    """
    table = body.get_input_embeddings()
    smaller = nn.Embedding(len(kept), table.embedding_dim, padding_idx=table.padding_idx)
    smaller.weight.data.copy_(table.weight.detach()[torch.tensor(kept)])
    body.set_input_embeddings(smaller)
    body.config.vocab_size = len(kept)
    places = {old: new for new, old in enumerate(kept)}
    return prepare_tokenizer(json.dumps(_renumber(json.loads(tokenizer.to_str()), places)))


def _rank_pieces(
    tokenizer: Tokenizer, facts: Mapping[str, Any], texts: Sequence[str], size: int, *, padding: int
) -> list[int]:
    """Return the numbers of the pieces to keep, rising."""
    counts, letters = _count_pieces(tokenizer, texts)
    model = facts["model"]
    # Numbers up to the padding's stay as they are: some networks count positions from it.
    needed = {int(token["id"]) for token in facts["added_tokens"]} | set(range(padding + 1))
    # What it puts around an empty text.
    needed |= {int(model["vocab"].get(model["unk_token"], 0)), *tokenizer.encode("").ids}
    for piece, number in model["vocab"].items():
        letter = piece.removeprefix(model["continuing_subword_prefix"])
        if len(letter) == 1 and (letter.isascii() or letter in letters):
            needed.add(number)
    if len(needed) > size:
        raise TrainingError(
            where="vocabulary",
            found=f"{size} pieces of words",
            allowed=f"at least {len(needed)}: marks and single characters",
            remedy="Give more, or `none` for all.",
        )
    useful = [number for piece, number in model["vocab"].items() if not _UNUSED.fullmatch(piece)]
    ranked = sorted(set(useful) - needed, key=lambda number: (-counts[number], number))
    return sorted(needed | set(ranked[: size - len(needed)]))


def _count_pieces(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Counter[int], set[str]]:
    """Return how often each piece is read, and the characters, as the tokenizer changes them before it reads."""
    counts, letters = Counter[int](), set[str]()
    for start in range(0, len(texts), _CHUNK):
        chunk = list(texts[start : start + _CHUNK])
        for encoding in tokenizer.encode_batch(chunk):
            counts.update(encoding.ids)
        for text in chunk:
            letters.update(tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text)
    return counts, letters


def _renumber(facts: Mapping[str, Any], places: Mapping[int, int]) -> dict[str, Any]:
    """Return a tokenizer's JSON with the pieces that have a place, by their new numbers."""
    vocabulary = facts["model"]["vocab"]
    kept = {piece: places[number] for piece, number in vocabulary.items() if number in places}
    return {
        **facts,
        "added_tokens": [{**token, "id": places[token["id"]]} for token in facts["added_tokens"]],
        "model": {**facts["model"], "vocab": dict(sorted(kept.items(), key=lambda item: item[1]))},
        "post_processor": _renumber_marks(facts["post_processor"], places),
    }


def _renumber_marks(processor: Any, places: Mapping[int, int]) -> Any:  # noqa: ANN401  (any JSON)
    """Return what puts marks around a text with their new numbers."""
    if not processor:
        return processor
    changed = dict(processor)
    for name in {"sep", "cls"} & processor.keys():
        mark, number = processor[name]
        changed[name] = [mark, places[number]]
    if "special_tokens" in processor:
        changed["special_tokens"] = {
            name: {**mark, "ids": [places[number] for number in mark["ids"]]}
            for name, mark in processor["special_tokens"].items()
        }
    if "processors" in processor:
        changed["processors"] = [_renumber_marks(part, places) for part in processor["processors"]]
    return changed
