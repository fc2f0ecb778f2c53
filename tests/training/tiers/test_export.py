"""The bundle that training writes, its card, and the command."""

from __future__ import annotations

import hashlib
import json
import sys

import pytest
import yaml
from typer.testing import CliRunner

from policyframes.bundle import load_bundle
from policyframes.cli import main
from policyframes.errors import OutputError, UsageError
from policyframes_training.cli.train import app
from policyframes_training.estimates import Estimate
from policyframes_training.evaluation.figures import Evaluation
from policyframes_training.evaluation.measurement import measure_bundle, score_passages
from policyframes_training.tiers.calibration import Calibration
from policyframes_training.tiers.card import CardFacts, render_card
from policyframes_training.tiers.export import Measured, check_name, flatten_metrics
from policyframes_training.tiers.fast import FastPlan, train_fast
from policyframes_training.tiers.texts import describe_fast
from policyframes_training.tracking.provenance import hash_lock, read_commit, read_date

_SAME_EVERY_TIME = ("weights.safetensors", "vocabulary.json", "README.md")


@pytest.fixture
def plan(tiny, trained, tmp_path):
    return FastPlan(
        labels=tiny.labels,
        documents=tiny.documents,
        output=tmp_path / "tiny-v1",
        name="tiny-v1",
        seed=7,
        experiment="tests",
        store=trained.store.folder,
    )


def _hash_files(folder):
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in _SAME_EVERY_TIME}


def test_same_seed_gives_the_same_files_but_for_run_date_and_commit(trained, plan):
    made = trained
    again = train_fast(plan)
    first, second = (json.loads((t.folder / "bundle.json").read_text(encoding="utf-8")) for t in (made, again))
    for manifest in (first, second):
        del manifest["id"]
        for name in ("run_id", "created", "code_commit"):
            del manifest["provenance"][name]

    assert _hash_files(made.folder) == _hash_files(again.folder)
    assert first == second


def test_bundle_says_what_it_was_made_from(trained):
    made = trained
    provenance = load_bundle(made.folder).provenance

    assert provenance["run_id"] == made.run_id
    assert provenance["corpus_sha256"] == made.corpus.sha256
    assert (provenance["seed"], provenance["with_originals"]) == (7, "yes")


def test_figures_in_the_bundle_are_those_of_the_saved_bundle(trained):
    made = trained
    bundle = load_bundle(made.folder)
    measured = measure_bundle(bundle, made.corpus, seed=7)
    figures = bundle.metrics["test"]["rewrites"]["framings"]["governance"]["f1"]

    assert figures["value"] == pytest.approx(measured.test["rewrites"].framings["governance"]["f1"].value, abs=1e-6)


def test_it_learns_what_the_small_labels_teach(trained):
    made = trained

    assert made.measured.test["both"].overall["macro_f1"].value > 0.7


def test_probabilities_are_the_scorers(trained):
    made = trained
    probabilities = score_passages(made.bundle, made.corpus.passages("test"))

    assert probabilities.shape == (96, 3)
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_card_has_the_metadata_that_a_model_hub_reads(trained):
    made = trained
    head = yaml.safe_load(made.bundle.card.split("---\n")[1])
    value = head["model-index"][0]["results"][0]["metrics"][0]["value"]

    assert (head["license"], head["language"], head["pipeline_tag"]) == ("apache-2.0", ["en"], "text-classification")
    assert value == pytest.approx(made.measured.test["rewrites"].overall["macro_f1"].value, abs=5e-5)


def test_card_states_use_limits_training_decisions_and_figures(trained):
    made = trained
    headings = [line for line in made.bundle.card.splitlines() if line.startswith("## ")]

    assert headings == [
        "## Intended use",
        "## Limits",
        "## Training",
        "## Probabilities, thresholds, abstention",
        "## Figures on the frozen test split",
    ]
    assert made.corpus.sha256 in made.bundle.card
    assert made.run_id not in made.bundle.card


def test_bundle_and_card_say_what_the_bands_were_set_on_and_leave_outside(trained):
    stated = trained.bundle.metrics["calibration"]
    train, validation = (trained.corpus.passages(side) for side in ("train", "validation"))

    assert stated["passages"] == len(train) + len(validation)
    assert stated["documents"] == 14
    assert f"set on {stated['passages']:,} passages of 14 documents" in trained.bundle.card
    for framing in trained.bundle.framing_ids:
        shares = stated["outside_band"][framing]
        assert f"| {shares['present']:.0%} | {shares['absent']:.0%} |" in trained.bundle.card


def test_card_names_the_decisions_of_which_none_is_sure_enough(trained):
    calibration = Calibration(
        settings=dict(trained.bundle.framings),
        outside={"securitized": (0.5, 0.5), "governance": (0.5, 0.0), "partnership": (0.0, 0.3)},
        passages=10,
        documents=2,
    )
    facts = CardFacts(trained.bundle, {}, {}, measured=trained.measured, calibration=calibration)
    texts = describe_fast(trained.bundle, lesson=None)

    assert 'For "absent" of governance, "present" of partnership not even the surest decisions reach' in render_card(
        facts, texts
    )


def test_card_of_other_data_says_nothing_of_ours(trained):
    calibration = Calibration(
        dict(trained.bundle.framings), dict.fromkeys(trained.bundle.framing_ids, (0.5, 0.5)), 10, 2
    )
    counts = {"train": (70, 0), "validation": (10, 0), "test": (20, 0)}
    facts = CardFacts(trained.bundle, counts, {}, measured=trained.measured, calibration=calibration, is_ours=False)
    card = render_card(facts, describe_fast(trained.bundle, lesson=None))

    for claim in (
        "apache-2.0",
        "policyframes-labels",
        "policy text",
        "language-model coders",
        "United States",
        "frozen t",
    ):
        assert claim not in card
    assert "Trained on 70 labelled passages of its maker's" in card


def test_absence_outside_the_band_is_in_bundle_card_and_record(trained):
    group = trained.bundle.metrics["test"]["both"]
    # The small labels leave nothing outside the bands, and a record holds no undefined figure.
    known = {"governance": {"absence_precision_outside_band": Estimate(0.9, 0.8, 1.0)}}
    flat = flatten_metrics(Measured({"rewrites": Evaluation(1, 1, framings=known, overall={})}, {}))

    assert "absence_precision_outside_band" in group["framings"]["governance"]
    assert "macro_absence_precision_outside_band" in group["overall"]
    assert '| "absent" right, outside the band |' in trained.bundle.card
    assert flat["test/rewrites/governance/absence_precision_outside_band"] == 0.9


def test_bundle_without_documents_says_so(plan):
    made = train_fast(FastPlan(**{**vars(plan), "documents": None}))

    assert made.bundle.provenance["with_originals"] == "no"
    assert set(made.bundle.metrics["test"]) == {"rewrites"}
    assert "Trained on passages in our own words alone." in made.bundle.card


def test_an_existing_folder_is_not_replaced_unasked(trained, plan):
    made = trained

    with pytest.raises(OutputError, match="it exists already"):
        train_fast(FastPlan(**{**vars(plan), "output": made.folder}))


@pytest.mark.parametrize("name", ["fast", "Fast-v1", "fast-v", "../fast-v1", "fast v1", ""])
def test_names_of_another_form_are_refused(name):
    with pytest.raises(UsageError, match="lower-case letters"):
        check_name(name)


def test_date_comes_from_the_environment_where_it_is_set(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert read_date() == "1970-01-02"

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH: 'yesterday'"):
        read_date()


def test_commit_and_lock_are_unknown_outside_a_checkout(tmp_path):
    assert read_commit(tmp_path) == "unknown"
    assert hash_lock(tmp_path) is None


def test_lock_is_the_hash_of_the_constraints(tmp_path):
    (tmp_path / "constraints.txt").write_bytes(b"numpy==2\n")

    assert hash_lock(tmp_path) == hashlib.sha256(b"numpy==2\n").hexdigest()


def test_command_trains_and_prints_figures_run_and_bundle(tiny, trained, tmp_path):
    folder = tmp_path / "tiny-v2"
    arguments = ["fast", "--labels", str(tiny.labels), "-o", str(folder), "--name", "tiny-v2", "--seed", "3"]
    result = CliRunner().invoke(app, [*arguments, "--store", str(trained.store.folder), "--experiment", "command"])

    assert result.exit_code == 0, result.output
    assert "test, rewrites: 48 passages, 4 documents" in result.stdout
    assert load_bundle(folder).id in result.stdout
    assert "chose among 26 settings" in result.stderr


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--name", "Fast"], (2, "PF-1001: name of the bundle: 'Fast'")),
        (["--labels", "absent"], (1, "PF-4001: absent: no such file or folder")),
        (["--documents", "absent"], (1, "PF-4001: absent: no such folder")),
    ],
)
def test_command_reports_errors_in_one_line(tiny, in_folder, capsys, monkeypatch, arguments, expected):
    code, words = expected
    given = arguments if "--labels" in arguments else ["--labels", str(tiny.labels), *arguments]
    monkeypatch.setattr(sys, "argv", ["policyframes", "train", "fast", *given, "--store", str(in_folder / "store")])
    with pytest.raises(SystemExit) as stop:
        main.run()
    message = capsys.readouterr().err

    assert stop.value.code == code
    assert message.startswith(words)
    assert message.count("\n") == 1
    assert not (in_folder / "store").exists()


def test_tier_stays_a_sub_command():
    result = CliRunner().invoke(app, ["--help"])

    assert "fast" in result.stdout
