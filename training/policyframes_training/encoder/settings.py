"""What a fit of the encoder depends on, and what it may depend on but must not show in the result.

Holds values alone: every number of the recipe stands here once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from policyframes.errors import UsageError

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = get_args(Device)
DEFAULT_BASE = "sentence-transformers/all-MiniLM-L6-v2"
# In which the weights of a bundle may be stored.
BITS = (8, 4)

Report = Callable[[str], None]


@dataclass(frozen=True)
class EncoderSettings:
    """The recipe of one fit.

    Attributes:
        base: pretrained weights: id on the Hugging Face hub, or a folder (also one that `EncoderModel.save` wrote).
        layers: keep the first so many layers of the base; None for all.
        max_tokens: longest window of tokens that is read at once, special tokens included.
        epochs: passes over the training rows, at most.
        patience: epochs without a better validation figure after which training stops; 0 for never.
        batch_size: rows per step.
        learning_rate: of the top layer, at its peak.
        layer_decay: each layer below learns this much slower (Howard and Ruder 2018, "Universal language model
            fine-tuning for text classification", section 3.2, "discriminative fine-tuning").
        head_learning_rate: of the output layer, which is new.
        weight_decay: of AdamW.
        warmup: share of the steps in which the learning rate rises, before it falls linearly to zero.
        clip: longest gradient.
        dropout: before the output layer.
        doubt_weight: a passage weighs this to the power of its coder's doubt (0, 1 or 2).
        original_weight: weight of a passage in its original wording; a rewrite weighs 1.
        teacher_weight: weight of an uncoded passage that a teacher has scored.
        renamed: how many times each coded passage is read once more in an epoch, each time with other names.
        vocabulary: once it is fitted, keep the so many pieces of words that the training rows hold most often; None for
            all.
        bits: in which matrices and embeddings are stored in the bundle, 8 or 4; training itself is not rounded.
    """

    base: str = DEFAULT_BASE
    layers: int | None = None
    max_tokens: int = 256
    epochs: int = 3
    patience: int = 2
    batch_size: int = 32
    learning_rate: float = 1.5e-4
    layer_decay: float = 0.9
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    clip: float = 1.0
    dropout: float = 0.1
    doubt_weight: float = 0.6
    original_weight: float = 1.0
    teacher_weight: float = 1.0
    renamed: int = 0
    vocabulary: int | None = None
    bits: int = 8

    def __post_init__(self) -> None:
        """Refuse bits that no bundle is stored in, also where settings come from a file."""
        if self.bits not in BITS:
            raise UsageError(
                where="settings of the encoder",
                found=f"bits={self.bits!r}",
                allowed=" or ".join(f"bits={bits}" for bits in BITS),
                remedy="Give one of these.",
            )

    def as_params(self) -> dict[str, Any]:
        """Return the settings by name, for the record of a run; of a local base its folder's name alone."""
        return {**asdict(self), "base": name_base(self.base)}

    def as_recipe(self, base_sha256: str) -> dict[str, Any]:
        """Return what a fit depends on beside its rows.

        Other names and a teacher's weight show in the rows; the vocabulary is cut, and bits are rounded, after the fit.

        Args:
            base_sha256: hash of the pretrained weights, which stands for their name.
        """
        recipe = {**asdict(self), "base": base_sha256}
        unseen = ("teacher_weight", "renamed", "vocabulary", "bits")
        return {name: value for name, value in recipe.items() if name not in unseen}

    def with_values(self, assignments: Sequence[str]) -> EncoderSettings:
        """Return the settings with some of them replaced.

        Args:
            assignments: such as `learning_rate=2e-4`.

        Raises:
            UsageError: there is no such setting, or it takes no such value.
        """
        values: dict[str, Any] = {}
        for assignment in assignments:
            name, _, text = assignment.partition("=")
            values[name] = _parse_value(name, text, assignment)
        return replace(self, **values)


@dataclass(frozen=True)
class Workplace:
    """Where and how a fit runs; none of it changes what is learnt.

    Attributes:
        folder: for checkpoints and the finished model. The same fit in the same folder goes on where it stopped.
        device: `auto` takes CUDA, then Apple's MPS, then the CPU.
        report: is told of the progress, one line at a time.
        save_steps: steps between two checkpoints; one is also made after each epoch.
    """

    folder: Path
    device: Device = "auto"
    report: Report = lambda _: None
    save_steps: int = 200

    def enter(self, name: str) -> Workplace:
        """Return the same workplace in a folder below."""
        return Workplace(self.folder / name, self.device, self.report, self.save_steps)


def check_device(device: str) -> Device:
    """Return the device.

    Raises:
        UsageError: there is no device of that name.
    """
    for known in DEVICES:
        if device == known:
            return known
    raise UsageError(
        where="device", found=repr(device), allowed=", ".join(DEVICES), remedy="Give one of these with --device."
    )


def _parse_value(name: str, text: str, assignment: str) -> str | float | None:
    kinds = {field.name: str(field.type) for field in fields(EncoderSettings)}
    try:
        if kinds[name] == "str":
            return text
        if kinds[name].startswith("int"):
            return None if text == "none" and kinds[name].endswith("None") else int(text)
        return float(text)
    except (KeyError, ValueError) as error:
        raise UsageError(
            where="settings of the encoder",
            found=repr(assignment),
            allowed="NAME=VALUE with one of " + ", ".join(f"{known} ({kind})" for known, kind in kinds.items()),
            remedy="Correct it.",
        ) from error


def name_base(base: str) -> str:
    """Return the base as records show it: the id, or the last part of a folder's path."""
    return Path(base).name if Path(base).is_dir() else base
