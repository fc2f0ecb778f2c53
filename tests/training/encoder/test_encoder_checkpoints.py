from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from policyframes.errors import RefusedError
from policyframes_training.encoder.checkpoints import clear_folder, find_checkpoint, seal_checkpoint
from policyframes_training.encoder.data import make_rows
from policyframes_training.encoder.encoder import fit_encoder
from policyframes_training.encoder.settings import Workplace
from tests.training.toy_encoder import TRAIN, VALIDATION, make_passages

# What a run that was killed may differ by from one that was not. On one machine it is the same bytes.
RESUME_TOLERANCE = 0.0


def test_a_finished_fit_is_read_and_not_repeated(settings, tmp_path, quick):
    rows, lines = make_rows(TRAIN, settings), []
    place = Workplace(tmp_path / "work", "cpu", lines.append)
    first = fit_encoder(rows, VALIDATION, quick, seed=3, place=place)
    lines.clear()
    second = fit_encoder(rows, VALIDATION, quick, seed=3, place=place)

    assert [line.split(":")[0] for line in lines] == ["already trained"]
    assert np.array_equal(first.logits(VALIDATION.texts), second.logits(VALIDATION.texts))
    assert first.epochs == second.epochs
    assert not list(place.folder.glob("checkpoint-*"))


_CHILD = """
import sys
from pathlib import Path
import torch
from policyframes_training.encoder.encoder import fit_encoder
from policyframes_training.encoder.data import make_rows
from policyframes_training.encoder.settings import Workplace
from tests.training.toy_encoder import TRAIN, VALIDATION, make_settings

torch.set_num_threads(1)
settings = make_settings(sys.argv[1])
place = Workplace(Path(sys.argv[2]), "cpu", lambda line: print(line, flush=True), save_steps=10)
fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=5, place=place)
"""


def read_loss(line: str) -> str:
    return line.strip().partition(" passages/s")[0].rpartition(",")[0] if "loss" in line else line.strip()


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_weights_of_the_straight_run(fitted, lines, settings, checkout, tmp_path):
    work = tmp_path / "work"
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, settings.base, str(work)], cwd=checkout, stdout=subprocess.PIPE, text=True
    )
    told = []
    for line in child.stdout:
        told.append(read_loss(line))
        if "step 54 of 90" in line:
            child.send_signal(signal.SIGKILL)
            break
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    assert told == [read_loss(line) for line in lines][: len(told)]
    resumed_lines = []
    place = Workplace(work, "cpu", resumed_lines.append, save_steps=10)
    resumed = fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=5, place=place)
    step = int(resumed_lines[0].removeprefix("goes on from step ").split()[0])

    assert step in {40, 50}
    assert [epoch.number for epoch in resumed.epochs] == [1, 2, 3, 4, 5, 6]
    for name, weights in fitted.network.state_dict().items():
        assert (weights - resumed.network.state_dict()[name]).abs().max() <= RESUME_TOLERANCE, name


def stop_at(step: int):
    def report(line: str) -> None:
        if f"step {step} of" in line:
            raise KeyboardInterrupt

    return report


def test_a_run_that_stops_between_epochs_goes_on_to_the_same_weights(fitted, settings, tmp_path):
    rows = make_rows(TRAIN, settings)
    place = Workplace(tmp_path / "work", "cpu", stop_at(46), save_steps=1000)
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(rows, VALIDATION, settings, seed=5, place=place)
    resumed = fit_encoder(rows, VALIDATION, settings, seed=5, place=Workplace(tmp_path / "work", "cpu"))

    assert np.array_equal(resumed.logits(VALIDATION.texts), fitted.logits(VALIDATION.texts))


def test_a_half_written_checkpoint_is_skipped_and_deleted(settings, tmp_path, quick):
    rows, lines = make_rows(TRAIN, settings), []
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(rows, VALIDATION, quick, seed=5, place=Workplace(tmp_path / "w", "cpu", stop_at(25), save_steps=8))
    last = tmp_path / "w" / "checkpoint-24"
    weights = last / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    fit_encoder(rows, VALIDATION, quick, seed=5, place=Workplace(tmp_path / "w", "cpu", lines.append))

    assert lines[0] == "goes on from step 15 of 30"
    assert not last.exists()


def test_a_checkpoint_without_a_seal_does_not_count(tmp_path):
    checkpoint = tmp_path / "checkpoint-7"
    checkpoint.mkdir()
    for name in ("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"):
        (checkpoint / name).write_text("{}")
    (tmp_path / "checkpoint-9").mkdir()
    seal_checkpoint(tmp_path, 7)

    assert find_checkpoint(tmp_path) == checkpoint
    assert not (tmp_path / "checkpoint-9").exists()


def test_what_a_checkpoint_holds_is_read_as_tensors_alone(settings, tmp_path, monkeypatch, quick):
    place = Workplace(tmp_path / "w", "cpu", stop_at(20), save_steps=8)
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(make_rows(TRAIN, settings), VALIDATION, quick, seed=5, place=place)
    safe = []
    load = torch.load

    def watch(*args, **kwargs):
        safe.append(kwargs.get("weights_only"))
        return load(*args, **kwargs)

    monkeypatch.setattr(torch, "load", watch)
    fit_encoder(make_rows(TRAIN, settings), VALIDATION, quick, seed=5, place=Workplace(place.folder, "cpu"))

    assert safe
    assert all(safe)


def test_checkpoints_of_another_training_are_refused(settings, tmp_path, quick):
    place = Workplace(tmp_path / "w", "cpu", stop_at(20), save_steps=8)
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(make_rows(TRAIN, settings), VALIDATION, quick, seed=5, place=place)
    others = (
        (make_rows(TRAIN, settings), quick, 6),
        (make_rows(TRAIN, settings), replace(quick, learning_rate=1e-3), 5),
        (make_rows(make_passages(240, seed=9), settings), quick, 5),
    )
    for rows, recipe, seed in others:
        with pytest.raises(RefusedError, match="other passages, settings, base or seed"):
            fit_encoder(rows, VALIDATION, recipe, seed=seed, place=place)


def test_a_folder_of_other_files_is_refused_and_not_cleared(settings, tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(RefusedError, match="no folder of checkpoints"):
        fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=0, place=Workplace(tmp_path, "cpu"))
    with pytest.raises(RefusedError, match="no folder of checkpoints"):
        clear_folder(tmp_path)
    assert (tmp_path / "letters.txt").read_text() == "mine"
