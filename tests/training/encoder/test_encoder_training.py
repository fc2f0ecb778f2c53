from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from policyframes.errors import RefusedError, TrainingError, UsageError
from policyframes_training.encoder.checkpoints import clear_folder, find_checkpoint, seal_checkpoint
from policyframes_training.encoder.data import LikeLengths, TrainingRows, make_rows, pad_batch, split_windows
from policyframes_training.encoder.encoder import EncoderModel, FoldedLogits, Folding, fit_encoder, hold_out_encoder
from policyframes_training.encoder.network import EncoderNetwork, find_layers, group_parameters, load_base
from policyframes_training.encoder.settings import EncoderSettings, Workplace, check_device
from policyframes_training.encoder.training import Epoch, is_exhausted, read_epochs
from policyframes_training.linear.linear import assign_folds, mean_average_precision
from tests.training.toy_encoder import WORDS, make_passages, write_base

TRAIN, VALIDATION = make_passages(240, seed=1), make_passages(60, seed=2)
# What a run that was killed may differ by from one that was not. On one machine it is the same bytes.
RESUME_TOLERANCE = 0.0


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "tiny-bert")


@pytest.fixture(scope="module")
def settings(base) -> EncoderSettings:
    return EncoderSettings(
        base=str(base),
        max_tokens=32,
        epochs=6,
        batch_size=16,
        learning_rate=3e-3,
        head_learning_rate=1e-2,
        layer_decay=1.0,
    )


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def fitted(settings, tmp_path_factory, lines) -> EncoderModel:
    place = Workplace(tmp_path_factory.mktemp("fit") / "work", "cpu", lines.append, save_steps=10)
    return fit_encoder(make_rows(TRAIN, settings), VALIDATION, settings, seed=5, place=place)


def quick(settings: EncoderSettings) -> EncoderSettings:
    return replace(settings, epochs=2)


def test_it_learns_which_words_tell_a_framing(fitted):
    decided = fitted.logits(VALIDATION.texts) > 0

    assert fitted.epochs[-1].average_precision > 0.95
    assert (decided == VALIDATION.targets).mean() > 0.9


def test_the_progress_tells_step_speed_and_time_left(fitted, lines):
    assert len(fitted.epochs) == 6
    assert any("step 90 of 90" in line and "passages/s" in line and line.endswith("left") for line in lines)
    assert sum("validation AP" in line for line in lines) == 6


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(settings, tmp_path):
    rows = make_rows(TRAIN, settings)
    models = [
        fit_encoder(rows, VALIDATION, quick(settings), seed=seed, place=Workplace(tmp_path / str(number), "cpu"))
        for number, seed in enumerate((3, 3, 4))
    ]
    logits = [model.logits(VALIDATION.texts) for model in models]

    assert np.array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])


def test_a_finished_fit_is_read_and_not_repeated(settings, tmp_path):
    rows, lines = make_rows(TRAIN, settings), []
    place = Workplace(tmp_path / "work", "cpu", lines.append)
    first = fit_encoder(rows, VALIDATION, quick(settings), seed=3, place=place)
    lines.clear()
    second = fit_encoder(rows, VALIDATION, quick(settings), seed=3, place=place)

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
from policyframes_training.encoder.settings import EncoderSettings, Workplace
from tests.training.toy_encoder import make_passages

torch.set_num_threads(1)
settings = EncoderSettings(
    base=sys.argv[1],
    max_tokens=32,
    epochs=6,
    batch_size=16,
    learning_rate=3e-3,
    head_learning_rate=1e-2,
    layer_decay=1.0,
)
place = Workplace(Path(sys.argv[2]), "cpu", lambda line: print(line, flush=True), save_steps=10)
fit_encoder(make_rows(make_passages(240, seed=1), settings), make_passages(60, seed=2), settings, seed=5, place=place)
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


def test_a_half_written_checkpoint_is_skipped_and_deleted(settings, tmp_path):
    rows, lines = make_rows(TRAIN, settings), []
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(
            rows, VALIDATION, quick(settings), seed=5, place=Workplace(tmp_path / "w", "cpu", stop_at(25), save_steps=8)
        )
    last = tmp_path / "w" / "checkpoint-24"
    weights = last / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    fit_encoder(rows, VALIDATION, quick(settings), seed=5, place=Workplace(tmp_path / "w", "cpu", lines.append))

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


def test_what_a_checkpoint_holds_is_read_as_tensors_alone(settings, tmp_path, monkeypatch):
    place = Workplace(tmp_path / "w", "cpu", stop_at(20), save_steps=8)
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(make_rows(TRAIN, settings), VALIDATION, quick(settings), seed=5, place=place)
    safe = []
    load = torch.load

    def watch(*args, **kwargs):
        safe.append(kwargs.get("weights_only"))
        return load(*args, **kwargs)

    monkeypatch.setattr(torch, "load", watch)
    fit_encoder(make_rows(TRAIN, settings), VALIDATION, quick(settings), seed=5, place=Workplace(place.folder, "cpu"))

    assert safe
    assert all(safe)


def test_checkpoints_of_another_training_are_refused(settings, tmp_path):
    place = Workplace(tmp_path / "w", "cpu", stop_at(20), save_steps=8)
    with pytest.raises(KeyboardInterrupt):
        fit_encoder(make_rows(TRAIN, settings), VALIDATION, quick(settings), seed=5, place=place)
    others = (
        (make_rows(TRAIN, settings), quick(settings), 6),
        (make_rows(TRAIN, settings), replace(quick(settings), learning_rate=1e-3), 5),
        (make_rows(make_passages(240, seed=9), settings), quick(settings), 5),
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


def test_early_stopping_keeps_the_best_epoch(settings, tmp_path):
    # So fast that it never gets better than at first.
    wild = replace(settings, learning_rate=3.0, head_learning_rate=3.0, epochs=6, patience=1)
    model = fit_encoder(make_rows(TRAIN, wild), VALIDATION, wild, seed=1, place=Workplace(tmp_path / "w", "cpu"))
    figures = [epoch.average_precision for epoch in model.epochs]

    assert len(figures) < 6
    assert is_exhausted(model.epochs, 1)
    assert not is_exhausted(model.epochs[:-1], 1)


def test_patience_counts_the_epochs_since_the_best_one():
    epochs = [Epoch(number, 0.1, figure) for number, figure in enumerate((0.5, 0.7, 0.6, 0.7), 1)]

    assert is_exhausted(epochs, 2)
    assert not is_exhausted(epochs, 3)
    assert not is_exhausted(epochs, 0)
    assert not is_exhausted([], 1)


def test_epochs_are_read_from_the_log_with_the_loss_before_them():
    log = [
        {"loss": 0.5},
        {"loss": 0.4},
        {"eval_average_precision": 0.8},
        {"loss": 0.3},
        {"eval_average_precision": 0.9},
    ]

    assert read_epochs(log) == (Epoch(1, 0.4, 0.8), Epoch(2, 0.3, 0.9))


def test_a_loss_that_is_no_number_is_named(settings, tmp_path):
    wild = replace(quick(settings), learning_rate=1e30, head_learning_rate=1e30, clip=1e30)
    with pytest.raises(TrainingError, match="the loss is nan"):
        fit_encoder(make_rows(TRAIN, wild), VALIDATION, wild, seed=0, place=Workplace(tmp_path / "w", "cpu"))


def test_it_learns_from_a_teachers_probabilities(fitted, settings, tmp_path):
    texts = make_passages(240, seed=8).texts
    taught = TrainingRows(tuple(WORDS), texts, 1 / (1 + np.exp(-fitted.logits(texts))), np.ones(len(texts)))
    pupil = fit_encoder(taught, VALIDATION, settings, seed=2, place=Workplace(tmp_path / "w", "cpu"))

    assert not np.isin(taught.targets, (0, 1)).any()
    assert pupil.epochs[-1].average_precision > 0.8


def test_rows_weigh_less_with_doubt_and_with_their_origin(settings):
    passages = replace(TRAIN.select(np.arange(240) < 3), is_original=np.array([False, False, True]))
    rows = make_rows(passages, replace(settings, doubt_weight=0.5, original_weight=2.0))

    assert rows.weights.tolist() == [1.0, 0.5, 0.5]
    assert len(rows + rows) == 6
    assert rows.sha256 != replace(rows, weights=np.ones(3)).sha256


def test_a_long_passage_is_read_in_windows_that_share_tokens(fitted):
    long = " ".join(["the river"] * 40 + ["troops"])
    windows = split_windows(fitted.tokenizer, [long, "the river"], 16)

    assert [len(part) for part in windows] == [8, 1]
    assert all(len(window) <= 16 for window in windows[0])
    assert windows[0][0][-5:-1] == windows[0][1][1:5]
    assert fitted.tokenizer.truncation is None


def test_a_long_passage_has_the_highest_logit_of_its_windows(fitted):
    filler = " ".join(["the river"] * 40)
    plain, telling = fitted.logits([filler, f"{filler} troops danger threat"])

    assert telling[0] > plain[0] + 1


def test_a_texts_logits_do_not_depend_on_its_neighbours(fitted):
    together = fitted.logits(VALIDATION.texts, exact=True)
    alone = np.concatenate([fitted.logits([text], exact=True) for text in VALIDATION.texts])

    assert np.abs(together - alone).max() < 1e-4
    assert fitted.logits([]).shape == (0, 3)


def test_exact_logits_are_in_float32_after_training_too(fitted, tmp_path):
    fitted.save(tmp_path / "saved")
    loaded = EncoderModel.load(tmp_path / "saved")

    assert np.array_equal(fitted.logits(VALIDATION.texts, exact=True), loaded.logits(VALIDATION.texts, exact=True))
    assert "forward" not in vars(fitted.network)


def test_padding_is_masked(fitted):
    windows = [[2, 5, 6, 7, 3], [2, 5, 3]]
    batch = pad_batch(windows)
    with torch.inference_mode():
        padded = fitted.network(**batch)["logits"][1]
        alone = fitted.network(**pad_batch(windows[1:]))["logits"][0]

    assert batch["attention_mask"].sum(1).tolist() == [5, 3]
    assert torch.allclose(padded, alone, atol=1e-5)


def test_a_saved_model_scores_alike_and_serves_as_a_base(fitted, settings, tmp_path):
    fitted.save(tmp_path / "saved")
    loaded = EncoderModel.load(tmp_path / "saved")
    body = load_base(replace(settings, base=str(tmp_path / "saved"))).body.state_dict()

    assert np.array_equal(loaded.logits(VALIDATION.texts), fitted.logits(VALIDATION.texts))
    assert (loaded.framings, loaded.epochs, loaded.base_sha256) == (fitted.framings, fitted.epochs, fitted.base_sha256)
    assert all(torch.equal(body[name], part) for name, part in fitted.network.body.state_dict().items())


def test_a_damaged_model_is_named(fitted, tmp_path):
    fitted.save(tmp_path / "saved")
    (tmp_path / "saved" / "head.safetensors").write_bytes(b"no tensors")
    for folder in (tmp_path / "saved", tmp_path / "absent"):
        with pytest.raises(TrainingError, match="no whole encoder"):
            EncoderModel.load(folder)


def test_batches_hold_rows_of_like_length_in_an_order_that_seed_and_epoch_fix():
    lengths = [number % 40 + 3 for number in range(1000)]
    orders = []
    for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0)):
        sampler = LikeLengths(lengths, 16, seed)
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
    spreads = [np.ptp([lengths[row] for row in orders[0][start : start + 16]]) for start in range(0, 992, 16)]

    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    assert orders[0] != orders[3]
    assert all(sorted(order) == list(range(1000)) for order in orders)
    assert np.mean(spreads) < 4


def test_lower_layers_learn_more_slowly(settings):
    base = load_base(settings)
    network = EncoderNetwork(base.body, 3, 0.1)
    groups = group_parameters(network, replace(settings, learning_rate=1.0, head_learning_rate=5.0, layer_decay=0.5))

    assert [group["lr"] for group in groups] == [5.0, 0.5, 0.25, 0.125]
    assert sum(len(group["params"]) for group in groups) == len(list(network.parameters()))


def test_a_base_can_be_cut_to_its_lower_layers(settings):
    whole, cut = load_base(settings), load_base(replace(settings, layers=1))

    assert (len(find_layers(whole.body)), len(find_layers(cut.body))) == (2, 1)
    assert cut.sha256 == whole.sha256
    with pytest.raises(TrainingError, match="1 to 2, the layers of the base"):
        load_base(replace(settings, layers=3))


def test_windows_longer_than_the_base_reads_are_named(settings):
    with pytest.raises(TrainingError, match="at most 64"):
        load_base(replace(settings, max_tokens=65))


def test_an_id_that_cannot_be_fetched_is_named_with_what_to_do(settings, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(TrainingError, match="give a local folder with --base"):
        load_base(replace(settings, base="nobody/no-such-encoder-of-ours"))


def test_a_folder_that_is_no_base_is_named(settings, tmp_path):
    with pytest.raises(TrainingError, match="Complete the folder"):
        load_base(replace(settings, base=str(tmp_path)))


def test_weights_in_a_format_that_can_run_code_are_not_read(settings, base, tmp_path):
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((base / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(TrainingError, match="Complete the folder"):
        load_base(replace(settings, base=str(tmp_path)))


def test_a_device_that_is_not_there_is_named(settings, tmp_path):
    with pytest.raises(UsageError, match="auto, cpu, cuda, mps"):
        check_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="'cuda' is not there"):
            fit_encoder(
                make_rows(TRAIN, settings), VALIDATION, settings, seed=0, place=Workplace(tmp_path / "w", "cuda")
            )
        assert not (tmp_path / "w").exists()


def test_a_framing_that_no_passage_carries_is_named(settings, tmp_path):
    bare = replace(TRAIN, targets=TRAIN.targets & np.array([True, False, True]))
    with pytest.raises(TrainingError, match="framing 'governance'"):
        fit_encoder(make_rows(bare, settings), VALIDATION, settings, seed=0, place=Workplace(tmp_path / "w", "cpu"))


@pytest.fixture(scope="module")
def crossed(settings, tmp_path_factory) -> tuple[FoldedLogits, Path]:
    folder = tmp_path_factory.mktemp("folds") / "work"
    return _hold_out(settings, folder, lambda _: None), folder


def _hold_out(settings, folder, report) -> FoldedLogits:
    folding = Folding(groups=(("d0", "d1", "d2"),), folds=3, texts=VALIDATION.texts)
    place = Workplace(folder, "cpu", report)
    return hold_out_encoder(TRAIN, VALIDATION, replace(settings, epochs=8), folding=folding, seed=1, place=place)


def test_held_out_passages_are_scored_by_models_that_did_not_learn_from_them(crossed):
    crossfit, _ = crossed
    folds_of = {
        document: {int(fold) for fold, name in zip(crossfit.folds, TRAIN.documents, strict=True) if name == document}
        for document in TRAIN.documents
    }

    assert crossfit.texts.shape == (3, 60, 3)
    assert all(len(folds) == 1 for folds in folds_of.values())
    assert folds_of["d0"] == folds_of["d1"] == folds_of["d2"]
    # Chance would be 0.4, the share of the passages that carry a framing.
    assert mean_average_precision(TRAIN.targets, crossfit.held_out.logits) > 0.7
    assert not np.allclose(crossfit.texts[0], crossfit.texts[1])


def test_finished_folds_are_read_and_not_repeated(crossed, settings):
    crossfit, folder = crossed
    lines: list[str] = []
    started = time.monotonic()
    again = _hold_out(settings, folder, lines.append)

    assert np.array_equal(again.held_out.logits, crossfit.held_out.logits)
    assert np.array_equal(again.texts, crossfit.texts)
    assert not any("step" in line for line in lines)
    assert sum("already trained" in line for line in lines) == 3
    assert time.monotonic() - started < 30
    assert json.loads((folder / "fold-1" / "job.json").read_text())["job"]


def test_rows_of_a_teacher_join_each_fold(settings, tmp_path):
    lines: list[str] = []
    rows = make_rows(VALIDATION, settings)
    hold_out_encoder(
        TRAIN,
        VALIDATION,
        replace(settings, epochs=1),
        folding=Folding(folds=2, taught=(rows, rows)),
        seed=1,
        place=Workplace(tmp_path, "cpu", lines.append),
    )

    assert [line for line in lines if line.startswith("fold")] == [
        "fold 1 of 2: learns from 180 passages, scores 120",
        "fold 2 of 2: learns from 180 passages, scores 120",
    ]


def test_documents_that_are_all_linked_cannot_be_held_out():
    with pytest.raises(TrainingError, match="no two that are not linked"):
        assign_folds(("a", "b", "a"), (("a", "b"),), folds=3)
    assert set(assign_folds(("a", "b", "a"), (), folds=9)) == {0, 1}
