"""The network: a pretrained transformer, the mean over its tokens, one linear layer. Loads and cuts it; trains nothing.

Weights come from safetensors files only, and no code that lies beside them is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as dump_tensors
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import cached_file
from transformers.utils import logging as transformers_logging

from policyframes.errors import TrainingError
from policyframes_training.encoder.data import prepare_tokenizer
from policyframes_training.encoder.settings import EncoderSettings, name_base

# Hash of the weights -> the name they are known by, for copies that lie in a folder of any name.
_KNOWN = {
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db": "sentence-transformers/all-MiniLM-L6-v2",
    "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658": "sentence-transformers/all-mpnet-base-v2",
}
_TOKENIZER = "tokenizer.json"
_WEIGHTS = "model.safetensors"
_CONFIG = "config.json"


@dataclass(frozen=True)
class Base:
    """Pretrained weights, ready to be trained on.

    Attributes:
        body: the transformer, cut to the layers that the settings ask for.
        tokenizer: without padding and truncation.
        sha256: hash of the file of weights.
    """

    body: PreTrainedModel
    tokenizer: Tokenizer
    sha256: str


class EncoderNetwork(nn.Module):
    """Token ids -> logits: a transformer, the mean over the tokens that are no padding, dropout, one linear layer."""

    def __init__(self, body: PreTrainedModel, outputs: int, dropout: float) -> None:
        super().__init__()
        # The sentence's first token has a layer of its own in some families; the mean does not use it.
        if getattr(body, "pooler", None) is not None:
            body.register_module("pooler", None)
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(int(body.config.hidden_size), outputs)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor | None = None,
        weights: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """Return `logits` (n, L), and with labels (n, L) and weights (n,) also `loss`.

        The loss is the binary cross-entropy, which takes probabilities as labels as well: mean over the framings,
        times the row's weight, mean over the rows.
        """
        states = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        logits = self.head(self.dropout(pooled)).float()
        if labels is None or weights is None:
            return {"logits": logits}
        losses = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        return {"loss": (losses.mean(1) * weights).mean(), "logits": logits}


def load_base(settings: EncoderSettings) -> Base:
    """Return the pretrained weights that the settings name. Only an id that is no folder is looked for on the hub.

    Raises:
        TrainingError: there are none of that name, or the hub cannot be reached.
    """
    with _name_faults(settings.base), quiet_libraries():
        local = Path(settings.base).is_dir()
        # Which attention is the library's choice: the fused one where a family has it; MPNet, for one, has not.
        body = AutoModel.from_pretrained(
            settings.base,
            local_files_only=local,
            use_safetensors=True,
            trust_remote_code=False,
            dtype=torch.float32,
        )
        tokenizer = _load_tokenizer(settings.base)
        sha256 = _hash_weights(settings.base)
    keep_layers(body, settings.layers)
    longest = _count_positions(body, settings.max_tokens)
    if settings.max_tokens > longest:
        raise TrainingError(
            where="longest window",
            found=f"{settings.max_tokens} tokens",
            allowed=f"at most {longest}, which {name_base(settings.base)} reads at once",
            remedy="Give a smaller number.",
        )
    return Base(body, tokenizer, sha256)


def name_weights(base: str, sha256: str) -> str:
    """Return the name that pretrained weights are known by, else the id or the folder's name."""
    return _KNOWN.get(sha256, name_base(base))


def build_body(folder: Path) -> PreTrainedModel:
    """Return a transformer of the shape that `config.json` in the folder says, with weights still to be filled in."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return AutoModel.from_config(config, trust_remote_code=False)


def find_layers(body: nn.Module) -> nn.ModuleList:
    """Return the transformer's layers, lowest first.

    Raises:
        TrainingError: the architecture has no such list.
    """
    depth = getattr(getattr(body, "config", None), "num_hidden_layers", None)
    for module in body.modules():
        if isinstance(module, nn.ModuleList) and len(module) == depth:
            return module
    raise TrainingError(
        where=type(body).__name__,
        found="no list of its layers",
        allowed="a transformer encoder, such as BERT, RoBERTa, MPNet or DistilBERT",
        remedy="Give another base with --base.",
    )


def keep_layers(body: PreTrainedModel, count: int | None) -> None:
    """Drop all layers above the first `count`; None keeps all.

    Raises:
        TrainingError: there are fewer.
    """
    if count is None:
        return
    layers = find_layers(body)
    if not 1 <= count <= len(layers):
        raise TrainingError(
            where="number of layers",
            found=str(count),
            allowed=f"1 to {len(layers)}, the layers of the base",
            remedy="Give another number.",
        )
    del layers[count:]
    body.config.num_hidden_layers = count


def group_parameters(network: EncoderNetwork, settings: EncoderSettings) -> list[dict[str, Any]]:
    """Return the parameters with their learning rates: output layer, then layers top down, then embeddings."""
    layers = find_layers(network.body)
    head = list(network.head.parameters())
    groups: list[dict[str, Any]] = [{"params": head, "lr": settings.head_learning_rate}]
    taken = {id(parameter) for parameter in head}
    for steps_down, layer in enumerate(reversed(layers)):
        parameters = list(layer.parameters())
        taken |= {id(parameter) for parameter in parameters}
        groups.append({"params": parameters, "lr": settings.learning_rate * settings.layer_decay ** (steps_down + 1)})
    rest = [parameter for parameter in network.parameters() if id(parameter) not in taken]
    groups.append({"params": rest, "lr": settings.learning_rate * settings.layer_decay ** (len(layers) + 1)})
    return [group for group in groups if group["params"]]


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep transformers from drawing bars and listing what a new output layer lacks; the old state comes back."""
    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()


def _count_positions(body: PreTrainedModel, otherwise: int) -> int:
    """Return the longest window that a transformer has positions for."""
    longest = int(getattr(body.config, "max_position_embeddings", otherwise))
    for name, module in body.named_modules():
        # RoBERTa and its kin begin to count behind the position of the padding.
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return longest - int(module.padding_idx) - 1
    return longest


def _load_tokenizer(base: str) -> Tokenizer:
    plain = Path(base) / _TOKENIZER
    if plain.is_file():
        return prepare_tokenizer(plain.read_text(encoding="utf-8"))
    loaded = AutoTokenizer.from_pretrained(base, local_files_only=Path(base).is_dir(), trust_remote_code=False)
    return prepare_tokenizer(loaded.backend_tokenizer.to_str())


def _hash_weights(base: str) -> str:
    path = cached_file(base, _WEIGHTS, local_files_only=True, _raise_exceptions_for_missing_entries=False)
    if path is None:
        # Large models come in several files; their tensors still have one hash.
        body = AutoModel.from_pretrained(base, local_files_only=True, use_safetensors=True)
        return hashlib.sha256(dump_tensors(body.state_dict())).hexdigest()
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _name_faults(base: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, ImportError, KeyError) as error:
        folder = Path(base).is_dir()
        raise TrainingError(
            where=f"pretrained weights '{base}'",
            found=" ".join(str(error).split())[:300],
            allowed=f"a folder with {_CONFIG}, {_WEIGHTS} and {_TOKENIZER}, or an id on the Hugging Face hub",
            remedy=(
                "Complete the folder: `save_pretrained` writes such files with safe_serialization."
                if folder
                else "Correct the id, connect this machine to the hub, or give a local folder with --base."
            ),
        ) from error
