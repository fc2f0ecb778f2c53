"""The contenders with a transformer: SetFit, and an encoder in fp32 by torch and by the pipeline of transformers.

Imports a library only where it is used, as peer_models.py does.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from peer_models import SEED, Examples, Labeller, Rows, Task

# Of SetFit's contrastive training: one epoch over all pairs of this corpus would take weeks on a CPU.
SETFIT_STEPS = 50
BATCH = 32


class SetFit(Labeller):
    """Contrastive fine-tuning of the base encoder and a logistic regression per framing."""

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:  # noqa: ARG002
        """Fit with the library's defaults, but `SETFIT_STEPS` batches of pairs and no more."""
        from datasets import Dataset  # noqa: PLC0415
        from setfit import SetFitModel, Trainer, TrainingArguments  # noqa: PLC0415

        model = SetFitModel.from_pretrained(self.task.base, multi_target_strategy="one-vs-rest", device="cpu")
        settings = TrainingArguments(
            output_dir=str(folder / "run"),
            max_steps=SETFIT_STEPS,
            save_strategy="no",
            report_to="none",
            show_progress_bar=False,
            seed=SEED,
        )
        data = Dataset.from_dict({"text": train.texts, "label": train.targets})
        Trainer(model=model, args=settings, train_dataset=data).train()
        model.save_pretrained(str(folder / "model"))
        shutil.rmtree(folder / "run", ignore_errors=True)

    def load(self, folder: Path) -> None:
        """Load body and head."""
        from setfit import SetFitModel  # noqa: PLC0415

        self.model = SetFitModel.from_pretrained(str(folder / "model"), device="cpu")

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return `predict_proba`."""
        rows: Rows = np.asarray(self.model.predict_proba(list(texts), show_progress_bar=False)).tolist()
        return rows


class TorchEncoder(Labeller):
    """The encoder in fp32: a pretrained body, the mean over its tokens, and a linear head."""

    def train(self, train: Examples, validation: Examples, folder: Path) -> None:  # noqa: ARG002
        """Copy the fine-tuned weights, or put a head of chance on the base: good for speed, not for F1."""
        save_encoder(self.task, folder)

    def load(self, folder: Path) -> None:
        """Load weights and tokenizer."""
        self.model, self.tokenizer = load_encoder(folder)

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return the sigmoid of the logits, in batches of passages alike in length."""
        import torch  # noqa: PLC0415

        encoded = self.tokenizer(list(texts), truncation=True, max_length=self.task.max_tokens, padding=False)
        order = sorted(range(len(texts)), key=lambda i: len(encoded["input_ids"][i]))
        rows: Rows = [[]] * len(texts)
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                places = order[start : start + BATCH]
                batch = self.tokenizer.pad(
                    {key: [encoded[key][i] for i in places] for key in ("input_ids", "attention_mask")},
                    return_tensors="pt",
                )
                values = torch.sigmoid(self.model(**batch).logits).tolist()
                for place, row in zip(places, values, strict=True):
                    rows[place] = row
        return rows


class Pipeline(TorchEncoder):
    """The same model by `transformers.pipeline`, the way most people would call it."""

    def __init__(self, task: Task, *, batch: int) -> None:
        super().__init__(task)
        self.batch = batch

    def load(self, folder: Path) -> None:
        """Build the pipeline."""
        from transformers import pipeline  # noqa: PLC0415

        model, tokenizer = load_encoder(folder)
        self.pipeline = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")

    def probabilities(self, texts: Sequence[str]) -> Rows:
        """Return the scores of all labels."""
        found = self.pipeline(
            list(texts),
            top_k=None,
            function_to_apply="sigmoid",
            batch_size=self.batch,
            truncation=True,
            max_length=self.task.max_tokens,
        )
        rows = []
        for labels in found:
            by_name = {entry["label"]: entry["score"] for entry in labels}
            rows.append([by_name[name] for name in self.task.framings])
        return rows


def save_encoder(task: Task, folder: Path) -> None:
    """Write body, head and tokenizer in fp32: those of `task.weights`, else the base with a head of chance.

    A folder of fine-tuned weights holds `config.json`, `model.safetensors` and `tokenizer.json` of the body, and
    `head.safetensors` with `weight` (L, hidden) and `bias` (L), in the order of the taxonomy: `EncoderModel.save`.
    """
    import torch  # noqa: PLC0415
    from safetensors.torch import load_file, save_file  # noqa: PLC0415
    from transformers import AutoModel  # noqa: PLC0415

    source = task.weights or task.base
    body = AutoModel.from_pretrained(source, dtype=torch.float32)
    body.save_pretrained(folder)
    _open_tokenizer(Path(str(source))).save_pretrained(folder)
    if task.weights:
        head = load_file(Path(task.weights) / "head.safetensors")
    else:
        generator = torch.Generator().manual_seed(SEED)
        shape = (len(task.framings), body.config.hidden_size)
        head = {"weight": torch.randn(shape, generator=generator) * 0.02, "bias": torch.zeros(shape[0])}
    save_file({name: head[name].float().contiguous() for name in ("weight", "bias")}, folder / "head.safetensors")
    (folder / "framings.json").write_text(json.dumps(task.framings), encoding="utf-8")


def load_encoder(folder: Path) -> tuple[Any, Any]:
    """Return model and tokenizer of `save_encoder`'s folder; the model returns an object with `logits`."""
    import torch  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415
    from torch import Tensor, nn  # noqa: PLC0415
    from transformers import AutoConfig, AutoModel, PreTrainedModel  # noqa: PLC0415
    from transformers.modeling_outputs import SequenceClassifierOutput  # noqa: PLC0415

    class MeanPooled(PreTrainedModel):  # type: ignore[misc]
        """A body, the mean over its tokens, a linear head."""

        def __init__(self, config: Any, body: nn.Module, head: nn.Linear) -> None:  # noqa: ANN401
            super().__init__(config)
            self.body, self.head = body, head

        def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: object) -> SequenceClassifierOutput:
            """Return the logits."""
            states = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            return SequenceClassifierOutput(logits=self.head((states * mask).sum(1) / mask.sum(1)))

    names = json.loads((folder / "framings.json").read_text(encoding="utf-8"))
    config = AutoConfig.from_pretrained(folder)
    config.id2label = dict(enumerate(names))
    config.label2id = {name: column for column, name in enumerate(names)}
    state = load_file(folder / "head.safetensors")
    head = nn.Linear(state["weight"].shape[1], state["weight"].shape[0])
    head.load_state_dict(state)
    body = AutoModel.from_pretrained(folder, dtype=torch.float32)
    # It reads the first token alone; the mean does not use it.
    body.pooler = None
    return MeanPooled(config, body, head).eval(), _open_tokenizer(folder)


def _open_tokenizer(folder: Path) -> Any:  # noqa: ANN401  (transformers is imported late)
    from transformers import AutoTokenizer, PreTrainedTokenizerFast  # noqa: PLC0415

    if (folder / "tokenizer_config.json").is_file():
        return AutoTokenizer.from_pretrained(folder)
    return PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        pad_token="[PAD]",  # noqa: S106  (a token of text)
        model_input_names=["input_ids", "attention_mask"],
    )
