from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from policyframes.errors import TrainingError
from policyframes_training.encoder.data import LikeLengths, pad_batch, split_windows
from policyframes_training.encoder.encoder import EncoderModel
from policyframes_training.encoder.network import EncoderNetwork, find_layers, group_parameters, load_base
from tests.training.toy_encoder import VALIDATION


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
