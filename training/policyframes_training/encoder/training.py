"""The loop: transformers' Trainer with our batches, our validation, our checkpoints. Leaves the best epoch's weights.

All chance comes from the seed, and what a checkpoint holds is all that the rest of a run depends on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    get_linear_schedule_with_warmup,
)

from policyframes.errors import TrainingError, UsageError
from policyframes_training.encoder.checkpoints import find_checkpoint, seal_checkpoint
from policyframes_training.encoder.data import Floats, LikeLengths, RowDataset, collate_rows, pad_batch
from policyframes_training.encoder.network import EncoderNetwork, group_parameters, quiet_libraries
from policyframes_training.encoder.settings import Device, EncoderSettings, Workplace
from policyframes_training.linear.linear import mean_average_precision

_FIGURE = "eval_average_precision"
_STATE = "trainer_state.json"
_LINES = 60  # of progress, in one run
_SECONDS = 60  # of a minute
_BATCH = 64

Windows = Sequence[Sequence[Sequence[int]]]


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training rows came to.

    Attributes:
        number: from 1.
        loss: mean over its last steps, those since the line of progress before its end.
        average_precision: mean over the framings, on validation.
    """

    number: int
    loss: float
    average_precision: float


@dataclass(frozen=True)
class ValidationRows:
    """Token windows of each validation passage, and which framings it carries, shape (n, L)."""

    windows: Windows
    targets: npt.NDArray[np.bool_]


class EncoderTrainer(Trainer):  # type: ignore[misc]  # transformers is not followed
    """The Trainer with rows of like length in each batch, and validation by mean average precision."""

    recipe: EncoderSettings
    control: TrainerControl
    network: EncoderNetwork
    rows: RowDataset
    validation: ValidationRows

    def _get_train_sampler(self, train_dataset: Any = None) -> LikeLengths:  # noqa: ANN401, ARG002  (as in Trainer)
        lengths = [len(window) for window in self.rows.windows]
        return LikeLengths(lengths, self.recipe.batch_size, int(self.args.seed))

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:  # noqa: ANN401  (as in Trainer)
        """Return the validation figure, from windows as in use, and tell everyone who listens."""
        logits = compute_logits(self.network, self.validation.windows)
        self.network.train()
        figures = {_FIGURE: mean_average_precision(self.validation.targets, logits)}
        self.log(figures)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, figures)
        return figures


class Course(TrainerCallback):  # type: ignore[misc]  # likewise
    """Says when to save and when to stop, and tells how far the run is."""

    def __init__(self, recipe: EncoderSettings, place: Workplace, rows: int) -> None:
        self._recipe, self._place, self._rows = recipe, place, rows
        self._began, self._first = 0.0, 0

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:  # noqa: ARG002, ANN401  (as in TrainerCallback)
        """Start the clock."""
        self._began, self._first = time.monotonic(), state.global_step

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:  # noqa: ARG002, ANN401  (as in TrainerCallback)
        """Ask for a checkpoint between epochs; the one at an epoch's end is made after validation."""
        steps_per_epoch = math.ceil(self._rows / self._recipe.batch_size)
        if state.global_step % self._place.save_steps == 0 and state.global_step % steps_per_epoch:
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:  # noqa: ARG002, ANN401  (as in TrainerCallback)
        """Seal the checkpoint that was just written."""
        seal_checkpoint(self._place.folder, state.global_step)

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:  # noqa: ARG002, ANN401  (as in TrainerCallback)
        """Tell the figure, and stop where it has not risen for long enough."""
        epochs = read_epochs(state.log_history)
        self._place.report(f"epoch {epochs[-1].number}: validation AP {epochs[-1].average_precision:.4f}")
        if is_exhausted(epochs, self._recipe.patience):
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002  (as in TrainerCallback)
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002  (as in TrainerCallback)
        logs: dict[str, float],
        **_: Any,  # noqa: ANN401  (as in TrainerCallback)
    ) -> None:
        """Tell step, loss, speed and the time that is left."""
        if "loss" not in logs:
            return
        if not math.isfinite(logs["loss"]):
            raise TrainingError(
                where=f"step {state.global_step}",
                found=f"the loss is {logs['loss']}",
                allowed="a finite number",
                remedy="Give a smaller learning rate.",
            )
        done, elapsed = state.global_step - self._first, time.monotonic() - self._began
        pace = done / max(elapsed, 1e-9)
        left = (state.max_steps - state.global_step) / max(pace, 1e-9)
        self._place.report(
            f"epoch {state.epoch or 0:.2f} of {self._recipe.epochs}, step {state.global_step} of {state.max_steps}, "
            f"loss {logs['loss']:.4f}, {pace * self._recipe.batch_size:.1f} passages/s, {_describe_time(left)} left"
        )


def train_network(
    network: EncoderNetwork,
    rows: RowDataset,
    validation: ValidationRows,
    recipe: EncoderSettings,
    *,
    seed: int,
    place: Workplace,
) -> tuple[Epoch, ...]:
    """Train a network in place, from its last whole checkpoint on, and leave it with the weights of its best epoch.

    Args:
        network: with its first weights.
        rows: what it learns from.
        validation: what epochs are compared on.
        recipe: the settings.
        seed: of batches and dropout.
        place: its folder belongs to this very fit.

    Raises:
        TrainingError: the loss is no number.
        UsageError: the device is not there.
    """
    args = _make_arguments(rows, recipe, seed=seed, place=place)
    steps = math.ceil(len(rows) / recipe.batch_size) * recipe.epochs
    # Moved first: an optimizer that fuses its steps must know where the parameters are.
    network.to(args.device)
    optimizer = torch.optim.AdamW(group_parameters(network, recipe), weight_decay=recipe.weight_decay, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, round(recipe.warmup * steps), steps)
    with quiet_libraries():
        trainer = EncoderTrainer(
            model=network,
            args=args,
            data_collator=collate_rows,
            train_dataset=rows,
            eval_dataset=rows,
            callbacks=[Course(recipe, place, len(rows))],
            optimizers=(optimizer, schedule),
        )
        trainer.recipe, trainer.network, trainer.rows, trainer.validation = recipe, network, rows, validation
        trainer.remove_callback(PrinterCallback)
        state = _run(trainer, place, patience=recipe.patience)
    network.load_state_dict(load_file(Path(str(state.best_model_checkpoint)) / "model.safetensors"))
    return read_epochs(state.log_history)


def compute_logits(network: EncoderNetwork, windows: Windows, *, exact: bool = False) -> Floats:
    """Return the highest logit of each framing over a passage's windows, shape (passages, L).

    Args:
        network: an `EncoderNetwork`, which is left in evaluation mode.
        windows: token ids, from `encoder_data.split_windows`.
        exact: whether to reckon in float32 also where the device is faster in bfloat16.
    """
    flat = [window for passage in windows for window in passage]
    owners = np.repeat(np.arange(len(windows)), [len(passage) for passage in windows])
    device = next(network.parameters()).device
    network.eval()
    found: dict[int, Floats] = {}
    order = sorted(range(len(flat)), key=lambda i: len(flat[i]))
    with (
        torch.inference_mode(),
        torch.autocast(device.type, torch.bfloat16, enabled=not exact and has_bfloat16(device)),
    ):
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            batch = {name: part.to(device) for name, part in pad_batch([flat[i] for i in chosen]).items()}
            logits = network(**batch)["logits"].double().cpu().numpy()
            found |= dict(zip(chosen, logits, strict=True))
    highest = np.full((len(windows), network.head.out_features), -np.inf)
    if found:
        np.maximum.at(highest, owners, np.stack([found[i] for i in range(len(flat))]))
    return highest


def choose_device(wanted: Device) -> torch.device:
    """Return the device to reckon on.

    Raises:
        UsageError: the wanted one is not there.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, there in present.items() if there))
    if not present[wanted]:
        raise UsageError(
            where="device",
            found=f"'{wanted}' is not there",
            allowed="auto, " + ", ".join(name for name, there in present.items() if there),
            remedy="Give another device, or install the build of torch for this one.",
        )
    return torch.device(wanted)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the device reckons faster in bfloat16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    able: Mapping[str, Any] = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    if able.get("amx_tile") or able.get("arm_bf16"):
        return True
    # AMD's processors have it without avx512_fp16. Intel's with both leave bfloat16 to AMX: where a virtual machine
    # hides that, a product in bfloat16 takes 1.6 times as long as one in float32.
    return bool(able.get("avx512_bf16") and not able.get("avx512_fp16"))


def read_epochs(history: Sequence[dict[str, float]]) -> tuple[Epoch, ...]:
    """Return the epochs that the Trainer's log tells of."""
    epochs: list[Epoch] = []
    loss = math.nan
    for entry in history:
        loss = entry.get("loss", loss)
        if _FIGURE in entry:
            epochs.append(Epoch(len(epochs) + 1, loss, entry[_FIGURE]))
    return tuple(epochs)


def is_exhausted(epochs: Sequence[Epoch], patience: int) -> bool:
    """Return whether the figure has not risen for `patience` epochs; never for a patience of 0."""
    figures = [epoch.average_precision for epoch in epochs]
    return bool(figures) and 0 < patience <= len(figures) - 1 - int(np.argmax(figures))


def _run(trainer: EncoderTrainer, place: Workplace, *, patience: int) -> TrainerState:
    checkpoint = find_checkpoint(place.folder)
    if checkpoint is not None:
        state = TrainerState.load_from_json(str(checkpoint / _STATE))
        if is_exhausted(read_epochs(state.log_history), patience):
            return state
        place.report(f"goes on from step {state.global_step} of {state.max_steps}")
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return trainer.state


def _make_arguments(rows: RowDataset, recipe: EncoderSettings, *, seed: int, place: Workplace) -> TrainingArguments:
    device = choose_device(place.device)
    steps = math.ceil(len(rows) / recipe.batch_size) * recipe.epochs
    return TrainingArguments(
        output_dir=str(place.folder),
        use_cpu=device.type == "cpu",
        bf16=has_bfloat16(device),
        seed=seed,
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        max_grad_norm=recipe.clip,
        eval_strategy="epoch",
        save_strategy="epoch",
        # The best and the last one; with one alone a run that dies while it writes would have none.
        save_total_limit=2,
        metric_for_best_model=_FIGURE,
        greater_is_better=True,
        logging_steps=max(1, steps // _LINES),
        logging_nan_inf_filter=False,
        label_names=["labels", "weights"],
        remove_unused_columns=False,
        dataloader_pin_memory=device.type == "cuda",
        disable_tqdm=True,
        report_to="none",
    )


def _describe_time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _SECONDS else f"{seconds / _SECONDS:.0f} min"
