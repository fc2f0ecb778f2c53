from __future__ import annotations

import json
import random
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from policyframes.bundle import FORMAT_VERSION, load_bundle, save_bundle
from policyframes.bundle_files import hash_manifest
from policyframes.errors import (
    BundleDamagedError,
    BundleError,
    BundleForeignError,
    BundleFormatError,
    BundleIncompleteError,
    BundleNotFoundError,
    RefusedError,
)
from policyframes.scorer import load
from tests.inference.builders import make_bundle
from tests.inference.bundle_edits import replace_file, rewrite_manifest

FORMAT_1 = Path(__file__).parent / "format_1" / "tiny-v1"


def test_what_was_saved_is_loaded(bundle_folder):
    loaded, made = load_bundle(bundle_folder), make_bundle()

    assert loaded.framings == made.framings
    assert loaded.vocabulary == made.vocabulary
    assert loaded.features == made.features
    assert loaded.card == made.card
    assert len(loaded.id) == 64
    assert all(np.array_equal(loaded.tensors[name], made.tensors[name]) for name in made.tensors)


def test_a_bundle_of_format_1_loads_with_its_id_and_scores_as_then():
    bundle = load_bundle(FORMAT_1)

    assert json.loads((FORMAT_1 / "bundle.json").read_text())["format_version"] == 1
    assert bundle.id == "be595a2347896530ca7e28cdaa4014f585379c6f54670d3a7fe09c39a0961ce3"
    assert (bundle.files, bundle.parts) == ({}, {})
    assert load(FORMAT_1).score(["threat threat court"])[0].probabilities == pytest.approx(
        {"securitized": 0.9588747169324159, "governance": 0.5815598279029317, "partnership": 0.023222015019854617},
        abs=1e-12,
    )


def test_saving_twice_gives_the_same_bytes(tmp_path):
    ids = {save_bundle(make_bundle(), tmp_path / name) for name in ("a", "b")}

    assert len(ids) == 1
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_an_existing_folder_is_not_overwritten_unless_told(bundle_folder):
    with pytest.raises(RefusedError, match="it exists already"):
        save_bundle(make_bundle(), bundle_folder)
    save_bundle(make_bundle(card="# New\n"), bundle_folder, overwrite=True)

    assert load_bundle(bundle_folder).card == "# New\n"


@pytest.mark.parametrize("content", ["thesis.docx", "sub/thesis.docx"])
def test_a_folder_that_holds_anything_else_is_never_overwritten(tmp_path, content):
    precious = tmp_path / "precious" / content
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(RefusedError, match="it is no bundle but holds"):
        save_bundle(make_bundle(), tmp_path / "precious", overwrite=True)

    assert precious.read_text() == "years of work"


def test_a_bundle_with_an_extra_file_is_not_overwritten(bundle_folder):
    (bundle_folder / "notes.txt").write_text("mine")
    with pytest.raises(RefusedError, match=r"holds notes\.txt"):
        save_bundle(make_bundle(), bundle_folder, overwrite=True)


def test_a_file_or_link_in_the_folders_place_is_not_overwritten(tmp_path, bundle_folder):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(bundle_folder)
    for name in ("file", "link"):
        with pytest.raises(RefusedError, match="it is no bundle"):
            save_bundle(make_bundle(), tmp_path / name, overwrite=True)


def test_overwriting_leaves_nothing_beside_the_bundle(bundle_folder):
    save_bundle(make_bundle(), bundle_folder, overwrite=True)

    assert [path.name for path in bundle_folder.parent.iterdir()] == [bundle_folder.name]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(BundleNotFoundError, match="doctor"):
        load_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabulary.json", "README.md"])
def test_a_missing_file_is_named(bundle_folder, name):
    (bundle_folder / name).unlink()
    with pytest.raises(BundleIncompleteError, match=re.escape(name)):
        load_bundle(bundle_folder)


def test_a_folder_without_manifest_is_foreign(tmp_path):
    with pytest.raises(BundleForeignError, match=r"no bundle\.json"):
        load_bundle(tmp_path)


@pytest.mark.parametrize("name", ["model.pkl", "code.py", ".hidden"])
def test_an_extra_file_is_refused(bundle_folder, name):
    (bundle_folder / name).write_text("x")
    with pytest.raises(BundleForeignError, match="no bundle of this kind holds"):
        load_bundle(bundle_folder)


def test_an_extra_folder_is_refused(bundle_folder):
    (bundle_folder / "more").mkdir()
    with pytest.raises(BundleForeignError, match="no bundle of this kind holds"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("name", ["weights.safetensors", "bundle.json"])
def test_a_link_is_refused(bundle_folder, tmp_path, name):
    target = tmp_path / "elsewhere"
    shutil.move(bundle_folder / name, target)
    (bundle_folder / name).symlink_to(target)
    with pytest.raises(BundleForeignError, match=r"link|no bundle of this kind"):
        load_bundle(bundle_folder)


def test_a_newer_format_is_refused_with_the_way_out(bundle_folder):
    rewrite_manifest(bundle_folder, format_version=FORMAT_VERSION + 1)
    with pytest.raises(BundleFormatError, match="Upgrade policyframes"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("version", ["1", None, 0, -3, True, 1.5])
def test_a_senseless_format_is_damaged(bundle_folder, version):
    rewrite_manifest(bundle_folder, format_version=version)
    with pytest.raises(BundleDamagedError, match="format_version"):
        load_bundle(bundle_folder)


def test_an_unknown_kind_is_foreign(bundle_folder):
    rewrite_manifest(bundle_folder, kind="pickle")
    with pytest.raises(BundleForeignError, match="kind is 'pickle'"):
        load_bundle(bundle_folder)


def test_a_changed_threshold_is_noticed(bundle_folder):
    manifest = json.loads((bundle_folder / "bundle.json").read_text())
    manifest["framings"]["governance"]["threshold"] = 0.1
    (bundle_folder / "bundle.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleDamagedError, match="differs from its hash"):
        load_bundle(bundle_folder)


def test_a_key_that_stands_twice_is_refused(bundle_folder):
    path = bundle_folder / "bundle.json"
    path.write_text(path.read_text().replace("{", '{"name": "other",', 1))
    with pytest.raises(BundleDamagedError, match="a key stands twice"):
        load_bundle(bundle_folder)


def test_deeply_nested_json_is_refused(bundle_folder):
    replace_file(bundle_folder, "vocabulary.json", b"[" * 100_000)
    with pytest.raises(BundleDamagedError, match="no valid JSON"):
        load_bundle(bundle_folder)


def test_a_pickle_in_place_of_the_weights_is_refused_unrun(bundle_folder, tmp_path):
    canary = tmp_path / "canary"
    script = b"cos\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    replace_file(bundle_folder, "weights.safetensors", script)
    with pytest.raises(BundleDamagedError, match=r"header|safetensors"):
        load_bundle(bundle_folder)

    assert not canary.exists()


def test_an_endless_header_is_refused(bundle_folder):
    replace_file(bundle_folder, "weights.safetensors", struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(BundleDamagedError, match="longer than any"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"tensors": {"coefficients": np.ones((4, 3), np.float32)}}, "with the tensors"),
        ({"vocabulary": ("a", "a", "b", "c", "d")}, "different texts"),
        ({"vocabulary": ("a", "b")}, "float32"),
        ({"vocabulary": ()}, "no vocabulary"),
        ({"framings": {}}, "no framings"),
    ],
)
def test_a_bundle_that_contradicts_itself_is_not_written(tmp_path, change, found):
    with pytest.raises(BundleDamagedError, match=found):
        save_bundle(make_bundle(**change), tmp_path / "bad")

    assert not (tmp_path / "bad").exists()


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    bundle = make_bundle()
    tensors = {**bundle.tensors, "idf": np.full(5, np.nan, np.float32)}
    with pytest.raises(BundleDamagedError, match="not finite"):
        save_bundle(make_bundle(tensors=tensors), tmp_path / "bad")


def test_a_manifest_whose_framings_do_not_fit_the_weights_is_refused(bundle_folder):
    manifest = json.loads((bundle_folder / "bundle.json").read_text())
    framings = dict(manifest["framings"])
    framings.pop("governance")
    rewrite_manifest(bundle_folder, framings=framings)
    with pytest.raises(BundleDamagedError, match="float32"):
        load_bundle(bundle_folder)


FRAMING = {"threshold": 0.5, "slope": 1, "offset": 0, "uncertain_from": 0.4, "uncertain_to": 0.6}
FRAMINGS = ("securitized", "governance", "partnership")
F1 = {"value": 0.8, "low": 0.7, "high": 0.9}


def framings_with(**changes):
    return {"framings": {name: {**FRAMING, **changes} for name in FRAMINGS}}


def metrics_with(**changes):
    figures = {name: {"f1": F1} for name in ("securitized", "governance", "partnership")}
    return {"metrics": {"test": {"originals": {"passages": 1, "documents": 1, "framings": figures, **changes}}}}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"kind": ["ngram-linear"]}, "kind is"),
        ({"name": "../../x"}, "'name' is"),
        ({"name": 3}, "'name' is"),
        ({"promised_precision": 7}, "promised_precision"),
        ({"promised_precision": "high"}, "promised_precision"),
        ({"promised_precision": 10**400}, "promised_precision"),
        ({"features": {}}, "'features' are not"),
        ({"features": []}, "'features' are missing"),
        ({"features": {"word_ngrams": "ab", "char_ngrams": None}}, "'word_ngrams' is 'ab'"),
        ({"features": {"word_ngrams": [-3, 1], "char_ngrams": None}}, "'word_ngrams' is"),
        ({"features": {"word_ngrams": [1, 30_000_000], "char_ngrams": None}}, "'word_ngrams' is"),
        ({"features": {"word_ngrams": [1, 1], "char_ngrams": [2]}}, "'char_ngrams' is"),
        ({"files": {"README.md": "x"}}, "'files' is missing"),
        ({"files": {"README.md": {"sha256": "x"}}}, "no sha256"),
        ({"provenance": []}, "'provenance'"),
        ({"framings": {"<b>": FRAMING}}, "no id of lower-case words"),
        (framings_with(slope="1"), "finite numbers"),
        (framings_with(slope=float("nan")), "finite numbers"),
        (framings_with(threshold=0), "no probability"),
        (framings_with(uncertain_from=0.7), "no probability"),
        (framings_with(more=1), "are not"),
        ({"metrics": {"test": []}}, "'metrics'"),
        ({"metrics": {"test": {"originals": {}}}}, "do not say passages"),
        (metrics_with(framings={"a": {"f1": F1}}), "other framings"),
        (metrics_with(framings={name: {"f1": 0.8} for name in FRAMINGS}), "no F1"),
    ],
)
def test_a_manifest_with_senseless_fields_is_refused_though_its_hash_is_right(bundle_folder, changes, found):
    rewrite_manifest(bundle_folder, **changes)
    with pytest.raises((BundleDamagedError, BundleForeignError), match=re.escape(found)):
        load_bundle(bundle_folder)


def test_a_manifest_with_sound_metrics_is_accepted(bundle_folder):
    rewrite_manifest(bundle_folder, **metrics_with())

    assert load_bundle(bundle_folder).metrics["test"]["originals"]["framings"]["governance"]["f1"] == F1


@pytest.mark.parametrize("field", ["framings", "features", "provenance", "metrics", "promised_precision", "name"])
def test_a_missing_field_is_named(bundle_folder, field):
    manifest = json.loads((bundle_folder / "bundle.json").read_text())
    del manifest[field]
    manifest["id"] = hash_manifest(manifest)
    (bundle_folder / "bundle.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleDamagedError, match=field):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("seed", range(3))
def test_no_flipped_bit_cut_or_splice_is_accepted(tmp_path, bundle_folder, seed):
    chance = random.Random(seed)
    copy = tmp_path / "copy"
    for _ in range(100):
        shutil.copytree(bundle_folder, copy)
        path = chance.choice(sorted(copy.iterdir()))
        data = bytearray(path.read_bytes())
        place = chance.randrange(len(data))
        kind = chance.choice(["flip", "cut", "splice"])
        if kind == "flip":
            data[place] ^= 1 << chance.randrange(8)
        elif kind == "cut":
            del data[place:]
        else:
            data[place:place] = bytes(chance.randrange(256) for _ in range(8))
        path.write_bytes(data)
        # White space between the tokens of the manifest carries no meaning, so such a change may load.
        if path.name == "bundle.json" and is_same_json(bundle_folder / path.name, data):
            shutil.rmtree(copy)
            continue
        with pytest.raises(BundleError, match=r"Allowed:"):
            load_bundle(copy)
        shutil.rmtree(copy)


def is_same_json(path, data) -> bool:
    try:
        return json.loads(path.read_bytes()) == json.loads(bytes(data))
    except ValueError:
        return False
