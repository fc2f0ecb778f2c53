"""Checkpoints of one fit: which are whole, and whose they are.

A checkpoint counts once it is sealed, which happens after its last byte; whatever is not sealed is thrown away.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policyframes.errors import OutputError, RefusedError

_JOB = "job.json"
_SEAL = "seal.json"
_STATE = "trainer_state.json"
_PREFIX = "checkpoint-"
# Nothing else is read from a checkpoint: tensors, and what torch reads with weights_only, which runs no code.
_PARTS = ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", _STATE)
# The Trainer writes its arguments as a pickle that nobody reads.
_UNREAD = "training_args.bin"


def hash_job(facts: Mapping[str, Any]) -> str:
    """Return the hash of everything that a fit depends on."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def claim_folder(folder: Path, job: str) -> None:
    """Make the folder of a fit, or check that it is the folder of this one.

    Raises:
        RefusedError: it holds another fit, or something else.
        OutputError: it cannot be written.
    """
    label = folder / _JOB
    if folder.exists() and (not folder.is_dir() or (not label.is_file() and any(folder.iterdir()))):
        raise RefusedError(
            where=str(folder),
            found="it is no folder of checkpoints",
            allowed="a folder that does not exist yet, or one with the checkpoints of the same training",
            remedy="Give another folder.",
        )
    if label.is_file() and _read_json(label).get("job") != job:
        raise RefusedError(
            where=str(folder),
            found="checkpoints of a training with other passages, settings, base or seed",
            allowed="checkpoints of this training",
            remedy="Give another folder, or start afresh with --restart, which deletes them.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not label.is_file():
            label.write_text(json.dumps({"job": job}), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            where=str(folder),
            found=str(error),
            allowed="a writable folder",
            remedy="Free space or choose another place.",
        ) from error


def clear_folder(folder: Path) -> None:
    """Delete a folder of checkpoints, those of its parts included; nothing where there is none.

    Raises:
        RefusedError: it holds something else.
    """
    if not folder.exists():
        return
    if not (folder / _JOB).is_file():
        raise RefusedError(
            where=str(folder),
            found="it is no folder of checkpoints",
            allowed="a folder that training made",
            remedy="Clear it yourself, or give another one.",
        )
    shutil.rmtree(folder)


def seal_checkpoint(folder: Path, step: int) -> None:
    """Mark the checkpoint of a step as whole, with the hash of each of its files."""
    checkpoint = folder / f"{_PREFIX}{step}"
    (checkpoint / _UNREAD).unlink(missing_ok=True)
    scratch = checkpoint / f"{_SEAL}.part"
    scratch.write_text(json.dumps({name: _hash_file(checkpoint / name) for name in _PARTS}), encoding="utf-8")
    scratch.replace(checkpoint / _SEAL)


def find_checkpoint(folder: Path) -> Path | None:
    """Return the last whole checkpoint; what is not whole, and what comes after it, is deleted."""
    for checkpoint in sorted(folder.glob(f"{_PREFIX}*"), key=_read_step, reverse=True):
        if _is_whole(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint, ignore_errors=True)
    return None


def drop_checkpoints(folder: Path) -> None:
    """Delete the checkpoints of a fit that is finished."""
    for checkpoint in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(checkpoint, ignore_errors=True)


def _is_whole(checkpoint: Path) -> bool:
    seal = _read_json(checkpoint / _SEAL)
    if any(seal.get(name) != _hash_file(checkpoint / name) for name in _PARTS):
        return False
    best = _read_json(checkpoint / _STATE).get("best_model_checkpoint")
    # A moved folder, or one whose best checkpoint is gone, would give another model than the straight run.
    return best is None or (Path(best).parent == checkpoint.parent and (Path(best) / _SEAL).is_file())


def _read_step(checkpoint: Path) -> int:
    step = checkpoint.name.removeprefix(_PREFIX)
    return int(step) if step.isdecimal() else -1


def _hash_file(path: Path) -> str:
    if not path.is_file():
        return "missing"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
