"""The voice model from small labels to a bundle that load_voice reads."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from policyframes.errors import TrainingError, UsageError
from policyframes.scorer import load
from policyframes.voice import load_voice
from policyframes.voice_cues import CUES_VERSION
from policyframes_training.cli.train import app
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.corpus.voice_corpus import code_voices, read_coded_voices
from policyframes_training.evaluation.voice_use import measure_voice_use
from policyframes_training.labels.coded import load_labels
from policyframes_training.labels.voice_agreement import measure_voice_agreement
from policyframes_training.tiers.recording import Plan
from policyframes_training.tiers.voice import train_voice, voice_settings
from tests.training.conftest import TinyLabels, write_tiny_labels


@pytest.fixture(scope="module")
def voiced(tmp_path_factory, checkout) -> TinyLabels:
    """Return small labels in which every third passage is reported, and every fifth of those without a sign of it."""
    home = tmp_path_factory.mktemp("voiced")
    write_tiny_labels(home, checkout / "labels" / "taxonomy.yaml")
    path = home / "labels" / "passages.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows):
        if row["framings"] and number % 3 == 0:
            row["voice"] = "reported"
            if number % 5:
                row["text"] = f"The envoy said: “{row['text']}”"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return TinyLabels(home / "labels", home / "documents")


@pytest.fixture(scope="module")
def plan(voiced, tmp_path_factory):
    home = tmp_path_factory.mktemp("voice")
    return Plan(
        labels=voiced.labels,
        documents=None,
        output=home / "tiny-voice-v1",
        name="tiny-voice-v1",
        seed=7,
        experiment="tests",
        store=home / "store",
    )


@pytest.fixture(scope="module")
def made(plan):
    return train_voice(plan)


@pytest.fixture
def whole(voiced):
    return read_corpus(voiced.labels)


def test_only_passages_with_a_framing_are_coded_for_voice(whole):
    coded = code_voices(whole)

    for side in ("train", "validation", "test"):
        framed = [row for row in whole.splits[side] if row["framings"]]
        assert coded.splits[side]["id"] == [row["id"] for row in framed]
        assert coded.passages(side).targets[:, 0].tolist() == [row["voice"] == "reported" for row in framed]
    assert coded.framings == ("reported",)


def test_texts_carry_their_cues_and_the_hash_is_their_own(whole):
    coded = code_voices(whole)

    assert all(
        "cuefirst" in text for text in coded.splits["train"]["text"] if "In our words" in text and "“" not in text
    )
    assert coded.sha256 != whole.sha256
    assert coded.split_sha256 == whole.split_sha256


def test_a_passage_whose_voice_is_not_known_is_refused(whole):
    train = whole.splits["train"].map(lambda row: {**row, "voice": None})
    unknown = replace(whole, splits=type(whole.splits)({**whole.splits, "train": train}))

    with pytest.raises(TrainingError, match="the voice None"):
        code_voices(unknown)


def test_it_learns_the_signs_and_the_bundle_is_one_that_load_voice_reads(made, plan):
    reader = load_voice(plan.output)
    own, reported = reader.read(
        ["Courts need clear rules near the river.", "The envoy said: “Courts need clear rules.”"]
    )

    assert made.bundle.framing_ids == ("reported",)
    assert made.bundle.provenance["cues"] == CUES_VERSION
    assert own.probability < reported.probability
    assert made.measured.test["rewrites"].framings["reported"]["f1"].value > 0.6


def test_settings_are_chosen_among_few_on_validation(made):
    assert len(made.trials) == len(voice_settings())
    assert [trial.score for trial in made.trials] == sorted((trial.score for trial in made.trials), reverse=True)


def test_the_card_speaks_of_voice_and_not_of_framings(made):
    card = made.bundle.card

    assert "Marks whether a passage of policy text reports the framing that it carries" in card
    assert "The ceiling, a second coder against the same codes: F1" in card
    assert "Decided as coded are" in card
    assert "load_voice().read(" in card
    assert "| mean |" not in card
    assert "Marks which framings" not in card
    assert "macro-F1" not in card
    counts = [int(made.corpus.passages(side).targets.sum()) for side in ("train", "validation", "test")]
    assert "{} of train, {} of validation, {} of test".format(*counts) in card


def test_same_seed_gives_the_same_weights_and_card(made, plan, tmp_path):
    again = train_voice(replace(plan, output=tmp_path / "tiny-voice-v1"))

    for name in ("weights.safetensors", "vocabulary.json", "README.md"):
        assert (again.folder / name).read_bytes() == (made.folder / name).read_bytes()


def test_use_is_measured_on_all_passages_and_stands_in_bundle_and_card(made, whole):
    stated = {group["group"]: group for group in made.bundle.metrics["use"]}
    (rewrites,) = (one for one in made.use if one.group == "rewrites")

    assert set(stated) == {"rewrites", "other"}
    assert rewrites.passages == len(whole.passages("test"))
    assert rewrites.reported == int(read_coded_voices(whole.splits["test"]).sum())
    assert stated["rewrites"]["f1"][0] == pytest.approx(rewrites.f1.value, abs=1e-6)
    assert f"| rewrites | {rewrites.passages} | {rewrites.reported} | {rewrites.found} |" in made.bundle.card


def test_dropping_exactly_the_reported_passages_gives_the_profile_of_own_voice(whole):
    class Oracle:
        def read(self, texts, framed):
            assert len(framed) == len(texts)
            voices = whole.splits["test"]["voice"]
            return [type("Voice", (), {"voice": voice}) for voice in voices]

    both = measure_voice_use(Oracle(), load(), whole, seed=0, resamples=20)[0]

    assert (both.f1.value, both.precision.value, both.recall.value) == (1.0, 1.0, 1.0)
    assert both.read.value == 0.0
    assert both.gained.value == both.ignored.value > 0


def test_second_coders_voice_is_measured_where_the_first_saw_a_framing(voiced):
    labels = load_labels(voiced.labels)
    first = {passage.id: passage for passage in labels.passages}
    framed = [first[coding.id] for coding in labels.second if first[coding.id].codes.framings]
    reported = sum(passage.codes.voice == "reported" for passage in framed)
    reached = measure_voice_agreement(labels, resamples=50)

    # The small second coder hears nobody but the author.
    assert reported > 0
    assert (reached["reported"].value, reached["recall"].value) == (0.0, 0.0)
    assert np.isnan(reached["precision"].value)
    assert reached["exact_set"].value == pytest.approx(1 - reported / len(framed))
    assert measure_voice_agreement(replace(labels, second=())) == {}


def test_a_bad_name_is_refused_before_the_work(plan):
    with pytest.raises(UsageError, match="lower-case letters"):
        train_voice(replace(plan, name="voice"))


def test_the_command_trains_and_prints_the_figures(voiced, plan, tmp_path):
    folder = tmp_path / "tiny-voice-v2"
    arguments = ["voice", "--labels", str(voiced.labels), "-o", str(folder), "--name", "tiny-voice-v2"]
    result = CliRunner().invoke(app, [*arguments, "--store", str(plan.store), "--experiment", "command"])

    assert result.exit_code == 0, result.output
    assert "reported" in result.stdout
    assert load_voice(folder).bundle.id in result.stdout
