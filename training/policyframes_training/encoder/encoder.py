"""The encoder: fit it, hold train out fold by fold, save it for reuse. It never sees a test passage.

A fit is finished once its model lies in the folder `model`; until then the same call goes on from a checkpoint.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import set_seed

from policyframes.errors import OutputError, TrainingError
from policyframes_training.corpus.corpus import PassageSet
from policyframes_training.corpus.held_out import FoldedLogits, HeldOut
from policyframes_training.encoder.checkpoints import claim_folder, drop_checkpoints, hash_job
from policyframes_training.encoder.data import (
    Floats,
    RowDataset,
    TrainingRows,
    make_rows,
    prepare_tokenizer,
    split_windows,
)
from policyframes_training.encoder.network import EncoderNetwork, build_body, load_base, quiet_libraries
from policyframes_training.encoder.settings import EncoderSettings, Workplace
from policyframes_training.encoder.training import (
    Epoch,
    ValidationRows,
    choose_device,
    compute_logits,
    train_network,
)
from policyframes_training.encoder.vocabulary import choose_pieces, keep_pieces
from policyframes_training.linear.linear import assign_folds, check_presence, leave_out

FOLDS = 3

# Raised when a change of code makes another model of the same settings: older checkpoints are then not gone on from.
_RECIPE = 1
_MODEL = "model"
_FACTS = "encoder.json"
_HEAD = "head.safetensors"
_BODY = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_LOGITS = "logits.safetensors"
_HELD_OUT = "held-out.safetensors"
_CHUNK = 2048


@dataclass(frozen=True)
class EncoderModel:
    """A fitted encoder.

    Attributes:
        framings: ids of the L framings, in the order of the logits.
        settings: of the fit.
        network: token ids -> logits.
        tokenizer: text -> token ids.
        base_sha256: hash of the pretrained weights that it started from.
        seed: of the fit.
        epochs: what each epoch of the fit came to.
    """

    framings: tuple[str, ...]
    settings: EncoderSettings
    network: EncoderNetwork
    tokenizer: Tokenizer
    base_sha256: str
    seed: int
    epochs: tuple[Epoch, ...]

    def logits(
        self, texts: Sequence[str], *, exact: bool = False, report: Callable[[str], None] = lambda _: None
    ) -> Floats:
        """Return the uncalibrated logits, shape (texts, L); of a long passage, each framing's highest over its windows.

        Args:
            texts: one passage each.
            exact: whether to reckon in float32 also where the device is faster in bfloat16.
            report: is told of the progress.
        """
        parts = [np.empty((0, len(self.framings)))]
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            windows = split_windows(self.tokenizer, chunk, self.settings.max_tokens)
            parts.append(compute_logits(self.network, windows, exact=exact))
            if len(texts) > _CHUNK:
                report(f"scored {min(start + _CHUNK, len(texts)):,} of {len(texts):,} passages")
        return np.concatenate(parts)

    def save(self, folder: Path) -> None:
        """Write the model as a folder, all of it or nothing; it serves `EncoderModel.load` and as `base` of a fit.

        Raises:
            OutputError: the folder exists already, or cannot be written.
        """
        scratch = folder.with_name(f".{folder.name}.part")
        facts = {
            "framings": self.framings,
            "settings": asdict(self.settings),
            "base_sha256": self.base_sha256,
            "seed": self.seed,
            "epochs": [asdict(epoch) for epoch in self.epochs],
        }
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
            with quiet_libraries():
                self.network.body.save_pretrained(scratch)
            save_file(self.network.head.state_dict(), scratch / _HEAD)
            (scratch / _TOKENIZER).write_text(self.tokenizer.to_str(), encoding="utf-8")
            (scratch / _FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
            scratch.rename(folder)
        except OSError as error:
            shutil.rmtree(scratch, ignore_errors=True)
            raise OutputError(
                where=str(folder),
                found=str(error),
                allowed="a writable folder that does not exist yet",
                remedy="Free space or choose another place.",
            ) from error

    @classmethod
    def load(cls, folder: Path) -> EncoderModel:
        """Read a model that `save` wrote.

        Raises:
            TrainingError: the folder holds no such model, or a damaged one.
        """
        try:
            facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            settings = EncoderSettings(**facts["settings"])
            framings = tuple(str(framing) for framing in facts["framings"])
            network = EncoderNetwork(build_body(folder), len(framings), settings.dropout)
            network.body.load_state_dict(load_file(folder / _BODY))
            network.head.load_state_dict(load_file(folder / _HEAD))
            return cls(
                framings=framings,
                settings=settings,
                network=network.eval(),
                tokenizer=prepare_tokenizer((folder / _TOKENIZER).read_text(encoding="utf-8")),
                base_sha256=str(facts["base_sha256"]),
                seed=int(facts["seed"]),
                epochs=tuple(Epoch(**epoch) for epoch in facts["epochs"]),
            )
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise TrainingError(
                where=str(folder),
                found=f"no whole encoder ({' '.join(str(error).split())[:200]})",
                allowed="a folder that a finished training left",
                remedy="Train it again.",
            ) from error


@dataclass(frozen=True)
class Folding:
    """How train is cut for cross-fitting.

    Attributes:
        groups: documents that must stay together, such as those of `splits.json`; a document is never cut.
        folds: number of parts, fewer where there are fewer groups.
        texts: texts without codes that every fold's model scores as well.
        taught: for each fold, further rows that its model learns from, such as texts with the probabilities of a
            teacher that has not seen the fold either; empty for none.
        extra: coded passages that every fold's model learns from as well, but for those of the documents that it
            holds out; None for none.
    """

    groups: tuple[tuple[str, ...], ...] = ()
    folds: int = FOLDS
    texts: tuple[str, ...] = ()
    taught: tuple[TrainingRows, ...] = ()
    extra: PassageSet | None = None


def fit_encoder(
    rows: TrainingRows, validation: PassageSet, settings: EncoderSettings, *, seed: int, place: Workplace
) -> EncoderModel:
    """Fit the encoder, going on from the last whole checkpoint in the folder, and return the model of the best epoch.

    Args:
        rows: what it learns from, see `encoder_data.make_rows`.
        validation: the epoch with the highest mean average precision here is kept.
        settings: the recipe.
        seed: of first weights, batches and dropout.
        place: folder, device, report.

    Raises:
        TrainingError: the base cannot be loaded, or the passages do not suffice.
        RefusedError: the folder holds the checkpoints of another fit.
        OutputError: the folder cannot be written.
        UsageError: the device is not there.
    """
    check_presence(rows.targets >= 1 / 2, rows.framings, where="the training passages")
    check_presence(validation.targets, validation.framings, where="the validation passages")
    choose_device(place.device)
    base = load_base(settings)
    # Chosen before the fit, so that what cannot be cut is said at once, and cut after it: it costs no fit of its own.
    pieces = choose_pieces(base, rows.texts, settings.vocabulary) if settings.vocabulary else None
    job = {
        "recipe": _RECIPE,
        "settings": settings.as_recipe(base.sha256),
        "tokenizer": sha256(base.tokenizer.to_str().encode()).hexdigest(),
        "seed": seed,
        "rows": rows.sha256,
        "validation": make_rows(validation, settings).sha256,
    }
    folder = Path(place.folder).resolve()
    claim_folder(folder, hash_job(job))
    if (folder / _MODEL).is_dir():
        place.report(f"already trained: {place.folder}")
        return _read_back(folder, settings, pieces, place)
    set_seed(seed)
    network = EncoderNetwork(base.body, len(rows.framings), settings.dropout)
    epochs = train_network(
        network,
        RowDataset(rows, base.tokenizer, settings.max_tokens),
        ValidationRows(split_windows(base.tokenizer, validation.texts, settings.max_tokens), validation.targets),
        settings,
        seed=seed,
        place=replace(place, folder=folder),
    )
    model = EncoderModel(rows.framings, settings, network.eval(), base.tokenizer, base.sha256, seed, epochs)
    model.save(folder / _MODEL)
    drop_checkpoints(folder)
    # Read back: accelerate leaves a wrapper on the network that it trained, which would go on reckoning in bfloat16.
    return _read_back(folder, settings, pieces, place)


def hold_out_encoder(
    train: PassageSet,
    validation: PassageSet,
    settings: EncoderSettings,
    *,
    folding: Folding,
    seed: int,
    place: Workplace,
) -> FoldedLogits:
    """Score the train passages, and further texts, by models that were not fitted on them; see `linear.hold_out`.

    Each fold has a folder of its own, so that a run that dies goes on with the fold that it was at.

    Args:
        train: what is cut.
        validation: chooses the epoch of every fit.
        settings: of every fit.
        folding: how to cut, and what else to score.
        seed: of every fit.
        place: the folds lie in its folder as `fold-1` and so on.

    Raises:
        TrainingError: all documents are linked, or see `fit_encoder`.
        RefusedError: see `fit_encoder`.
        OutputError: see `fit_encoder`.
    """
    parts = assign_folds(train.documents, folding.groups, folds=folding.folds)
    logits = np.empty(train.targets.shape)
    texts = np.empty((parts.max() + 1, len(folding.texts), len(train.framings)))
    validated = np.empty((len(texts), *validation.targets.shape))
    for fold in range(len(texts)):
        held_out = parts == fold
        rows = make_rows(leave_out(train, held_out, folding.extra), settings)
        if folding.taught:
            rows += folding.taught[fold]
        here = _enter_fold(place, fold)
        here.report(f"fold {fold + 1} of {len(texts)}: learns from {len(rows):,} passages, scores {held_out.sum():,}")
        model = fit_encoder(rows, validation, settings, seed=seed, place=here)
        scored = score_once(model, train.select(held_out).texts, folding.texts, place=here)
        logits[held_out], texts[fold] = scored
        validated[fold] = model.logits(validation.texts)
    return FoldedLogits(HeldOut(logits, train.targets, train.documents), parts, validated, texts)


def load_fold(place: Workplace, fold: int) -> EncoderModel:
    """Return the model of a fold, numbered from 0, that `hold_out_encoder` left in this place.

    Raises:
        TrainingError: there is none.
        UsageError: the device is not there.
    """
    return _move(EncoderModel.load(_enter_fold(place, fold).folder / _MODEL), place)


def score_once(
    model: EncoderModel, held_out: tuple[str, ...], texts: tuple[str, ...], *, place: Workplace
) -> tuple[Floats, Floats]:
    """Return the logits of both, read from the folder of the model's fit where they were reckoned before."""
    vocabulary = model.settings.vocabulary
    found = find_scores(place, held_out, texts, vocabulary=vocabulary)
    if found is not None:
        return found
    path = _name_scores(place, texts)
    arrays = {"held_out": model.logits(held_out), "texts": model.logits(texts, report=place.report)}
    scratch = path.with_suffix(".part")
    save_arrays(arrays, scratch, metadata={"texts": _hash_texts(held_out, texts, vocabulary)})
    scratch.replace(path)
    return arrays["held_out"], arrays["texts"]


def find_scores(
    place: Workplace, held_out: tuple[str, ...], texts: tuple[str, ...], *, vocabulary: int | None
) -> tuple[Floats, Floats] | None:
    """Return what `score_once` left of both in the folder of a fit; None where there is nothing whole of them.

    Args:
        place: of the fit.
        held_out: first of both.
        texts: second of both.
        vocabulary: to how many pieces of words the model that scored was cut; None for not at all.
    """
    try:
        with safe_open(_name_scores(place, texts), framework="numpy") as stored:
            if (stored.metadata() or {}).get("texts") == _hash_texts(held_out, texts, vocabulary):
                return stored.get_tensor("held_out"), stored.get_tensor("texts")
    except (OSError, SafetensorError):
        pass  # not there, or not whole: reckoned anew
    return None


def drop_model(place: Workplace) -> None:
    """Delete the model that a fit left in its folder; what it said stays."""
    shutil.rmtree(place.folder / _MODEL, ignore_errors=True)


def _name_scores(place: Workplace, texts: tuple[str, ...]) -> Path:
    # Apart: what further texts took to score is not thrown away by one who does without them.
    return place.folder / (_LOGITS if texts else _HELD_OUT)


def _hash_texts(held_out: tuple[str, ...], texts: tuple[str, ...], vocabulary: int | None) -> str:
    job = (held_out, texts) if vocabulary is None else (held_out, texts, vocabulary)
    return sha256(repr(job).encode()).hexdigest()


def _enter_fold(place: Workplace, fold: int) -> Workplace:
    return place.enter(f"fold-{fold + 1}")


def _read_back(
    folder: Path, settings: EncoderSettings, pieces: tuple[int, ...] | None, place: Workplace
) -> EncoderModel:
    """Return the model of a finished fit with the settings asked for: those that no fit depends on may have changed."""
    model = replace(EncoderModel.load(folder / _MODEL), settings=settings)
    if pieces is not None:
        model = replace(model, tokenizer=keep_pieces(model.network.body, model.tokenizer, pieces))
    return _move(model, place)


def _move(model: EncoderModel, place: Workplace) -> EncoderModel:
    model.network.to(choose_device(place.device))
    return model
