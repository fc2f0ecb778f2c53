from __future__ import annotations

import dataclasses
import json
import os
import shutil

import pytest

from policyframes.bundle import load_bundle, save_bundle
from policyframes.errors import BundleDamagedError, BundleError, BundleForeignError, BundleIncompleteError
from tests.inference.builders import make_bundle
from tests.inference.bundle_edits import rewrite_features, rewrite_manifest
from tests.inference.encoders import SHARES, make_cascade, make_encoder, save_parts

FRAMINGS = ("securitized", "governance", "partnership")
ID = "0" * 64


def route(*bounds):
    return {"balanced": {name: list(bounds) for name in FRAMINGS}}


def parts_with(folder, **changes):
    parts = json.loads((folder / "bundle.json").read_text())["features"]["parts"]
    return {**parts, "encoder": {**parts["encoder"], **changes}}


def test_a_cascade_is_loaded_with_its_parts(cascade_folder):
    cascade = load_bundle(cascade_folder)

    assert sorted(path.name for path in cascade_folder.iterdir()) == ["README.md", "bundle.json"]
    assert {name: part.kind for name, part in cascade.parts.items()} == {
        "fast": "ngram-linear",
        "encoder": "encoder-onnx",
    }
    assert cascade.parts["fast"].id == load_bundle(cascade_folder.parent / "fast-v3").id
    assert cascade.features["blend"] == SHARES


def test_a_cascade_finds_its_parts_from_inside_its_own_folder_and_through_a_link(cascade_folder, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link").symlink_to(cascade_folder)
    monkeypatch.chdir(cascade_folder)

    assert load_bundle(".").id == load_bundle(tmp_path / "elsewhere" / "link").id


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "../../etc-v1",
        "/srv/encoder-v1",
        "a/b-v1",
        "..",
        "",
        ".",
        "encoder-v1/",
        "cascade-v4",
        "x\x00-v1",
        5,
        None,
    ],
)
def test_a_part_with_a_name_that_is_a_path_is_refused(cascade_folder, name):
    rewrite_features(cascade_folder, parts=parts_with(cascade_folder, name=name))
    with pytest.raises(BundleDamagedError, match="no name of another bundle"):
        load_bundle(cascade_folder)


def test_a_missing_part_is_named(cascade_folder):
    shutil.rmtree(cascade_folder.parent / "encoder-v1")
    with pytest.raises(BundleIncompleteError, match=r"part 'encoder' of cascade-v4 is missing.*beside it"):
        load_bundle(cascade_folder)


def test_a_part_of_another_id_is_named(cascade_folder):
    save_bundle(make_encoder(card="# Another\n"), cascade_folder.parent / "encoder-v1", overwrite=True)
    with pytest.raises(BundleDamagedError, match=r"its id is .* and cascade-v4 was made with"):
        load_bundle(cascade_folder)


def test_a_part_that_is_a_link_is_refused(cascade_folder, tmp_path):
    part = cascade_folder.parent / "encoder-v1"
    part.rename(tmp_path / "moved")
    part.symlink_to(tmp_path / "moved")
    with pytest.raises(BundleForeignError, match="it is a link"):
        load_bundle(cascade_folder)


def test_a_part_that_is_a_pipe_or_file_is_missing(cascade_folder):
    part = cascade_folder.parent / "encoder-v1"
    shutil.rmtree(part)
    os.mkfifo(part)
    with pytest.raises(BundleIncompleteError, match="is missing"):
        load_bundle(cascade_folder)


def test_a_part_of_the_wrong_kind_is_refused(cascade_folder):
    fast = load_bundle(cascade_folder.parent / "fast-v3")
    rewrite_features(cascade_folder, parts=parts_with(cascade_folder, name=fast.name, id=fast.id))
    with pytest.raises(BundleDamagedError, match="kind 'ngram-linear'"):
        load_bundle(cascade_folder)


def test_a_cascade_in_a_cascade_is_refused(cascade_folder):
    outer = cascade_folder.parent / "outer-v1"
    shutil.copytree(cascade_folder, outer)
    inner = load_bundle(cascade_folder)
    rewrite_manifest(outer, name="outer-v1")
    rewrite_features(outer, parts=parts_with(outer, name="cascade-v4", id=inner.id))
    with pytest.raises(BundleDamagedError, match="kind 'cascade'"):
        load_bundle(outer)


def test_a_damaged_part_is_noticed(cascade_folder):
    (cascade_folder.parent / "encoder-v1" / "model.onnx").write_bytes(b"changed")
    with pytest.raises(BundleDamagedError, match=r"model\.onnx.*differs from its hash"):
        load_bundle(cascade_folder)


@pytest.mark.parametrize("names", [("securitized", "partnership", "governance"), ("a", "b", "c")])
def test_parts_of_other_framings_or_another_order_are_refused(tmp_path, names):
    settings = make_bundle().framings["securitized"]
    parts = save_parts(tmp_path, encoder=make_encoder(framings=dict.fromkeys(names, settings)))
    with pytest.raises(BundleDamagedError, match="other framings"):
        save_bundle(make_cascade(parts), tmp_path / "cascade-v4")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"parts": {}}, "not fast and encoder"),
        ({"parts": {"fast": {"name": "fast-v3", "id": ID}}}, "not fast and encoder"),
        ({"parts": {"fast": "fast-v3", "encoder": "encoder-v1"}}, "something else than a name and an id"),
        ({"parts": {"fast": {"name": "a-v1", "id": ID}, "encoder": {"name": "b-v1", "id": "x"}}}, "no sha256"),
        ({"blend": {}}, "not of fast and encoder"),
        ({"blend": {**SHARES, "fast": [1.0, 1.0]}}, "3 finite numbers"),
        ({"blend": {**SHARES, "fast": [1.0, 1.0, float("nan")]}}, "3 finite numbers"),
        ({"blend": {**SHARES, "encoder": [1.0, float("inf"), 1.0]}}, "3 finite numbers"),
        ({"blend": {**SHARES, "encoder": [1.0, 10**400, 1.0]}}, "3 finite numbers"),
        ({"blend": {**SHARES, "encoder": "abc"}}, "3 finite numbers"),
        ({"route": {}}, "not of balanced"),
        ({"route": {**route(0, 1), "worst": {}}}, "not of balanced"),
        ({"route": {"balanced": {"securitized": [0, 1]}}}, "other framings"),
        ({"route": route(-0.1, 0.5)}, "no range of probabilities"),
        ({"route": route(0.5, 1.1)}, "no range of probabilities"),
        ({"route": route(0.6, 0.5)}, "no range of probabilities"),
        ({"route": route(0.5)}, "no pair of numbers"),
        ({"route": route(0.5, float("nan"))}, "no pair of numbers"),
        ({"route": route(True, 1)}, "no pair of numbers"),
        ({"more": 1}, "are not parts, blend, route"),
    ],
)
def test_senseless_features_are_refused_though_the_hash_is_right(cascade_folder, changes, found):
    rewrite_features(cascade_folder, **changes)
    with pytest.raises(BundleDamagedError, match=found):
        load_bundle(cascade_folder)


def test_a_cascade_whose_parts_are_not_those_it_names_is_not_written(tmp_path):
    cascade = make_cascade(save_parts(tmp_path))
    for changed in (
        dataclasses.replace(cascade, parts={}),
        dataclasses.replace(cascade, parts={**cascade.parts, "encoder": make_encoder()}),
        dataclasses.replace(cascade, files={"model.onnx": b""}),
        make_bundle(parts=cascade.parts),
    ):
        with pytest.raises(BundleDamagedError, match=r"part|files"):
            save_bundle(changed, tmp_path / "bad")


def test_a_file_beside_card_and_manifest_is_refused(cascade_folder):
    (cascade_folder / "weights.safetensors").write_bytes(b"x")
    with pytest.raises(BundleForeignError, match="no bundle of this kind"):
        load_bundle(cascade_folder)


def test_every_error_of_a_part_is_an_error_of_a_bundle(cascade_folder):
    (cascade_folder.parent / "fast-v3" / "bundle.json").write_text("{}")
    with pytest.raises(BundleError, match="fast-v3"):
        load_bundle(cascade_folder)
