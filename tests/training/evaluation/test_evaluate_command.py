"""`policyframes evaluate`: what it measures, prints and writes."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from policyframes.bundle import FramingSettings, save_bundle
from policyframes.errors import OutputError, UsageError
from policyframes_training.cli.evaluate import app
from policyframes_training.corpus.corpus import read_corpus
from policyframes_training.evaluation.examination import Findings, Subject, examine_transfer
from policyframes_training.evaluation.files import write_findings
from policyframes_training.evaluation.refits import Bench
from policyframes_training.evaluation.sections import Section
from policyframes_training.linear.linear import fit_linear
from policyframes_training.linear.settings import LinearSettings
from policyframes_training.tiers.calibration import apply_platt, choose_threshold, fit_platt
from policyframes_training.tiers.export import build_bundle

CORE = ["test-rewrites", "risk-coverage", "slices"]


@pytest.fixture(scope="module")
def bundle(tiny):
    corpus, settings = read_corpus(tiny.labels), LinearSettings(word_ngrams=(1, 1), min_documents=1)
    validation = corpus.passages("validation")
    model = fit_linear(corpus.passages("train"), settings, seed=0)
    logits = model.logits(validation.texts)
    chosen = {}
    for column, framing in enumerate(corpus.framings):
        coded = validation.targets[:, column]
        slope, offset = fit_platt(logits[:, column], coded)
        threshold = choose_threshold(apply_platt(logits[:, column], slope, offset), coded)
        chosen[framing] = FramingSettings(threshold, slope, offset, max(0.0, threshold - 0.1), threshold)
    made = build_bundle(model, chosen, name="tiny-v1", promised_precision=0.9, provenance={"seed": 0})
    table = "\n".join(f"| {name} | {value} |" for name, value in settings.as_params().items())
    return replace(made, card=f"# tiny-v1\n\n{table}\n")


@pytest.fixture(scope="module")
def folder(bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundles") / "tiny-v1"
    save_bundle(bundle, path)
    return path


@pytest.fixture(scope="module")
def call(tiny, folder):
    def run(*options):
        arguments = [str(folder), "--labels", str(tiny.labels), "--resamples", "100"]
        return CliRunner().invoke(app, [*arguments, *map(str, options)], catch_exceptions=True)

    return run


@pytest.fixture(scope="module")
def full(call, folder, tmp_path_factory):
    """Return the result of one call with everything asked for, and the folder that it wrote."""
    home = tmp_path_factory.mktemp("full")
    (home / "notes.txt").write_text("mine")
    extras = ("--against", folder, "--sibling", folder, "--sibling", folder, "--refits", "2")
    return call("-o", home, "--json", "--names", "--transfer", "--learning-curve", *extras), home


@pytest.fixture(scope="module")
def sections(full):
    return _read(full[1])["sections"]


def _read(path):
    return json.loads((path / "evaluation.json").read_text(encoding="utf-8"))


def test_all_that_is_asked_for_is_written(full, sections):
    result, home = full

    assert result.exit_code == 0, result.output
    assert list(sections) == [
        *CORE,
        "comparison",
        "names",
        "spread-of-bundles",
        "spread",
        "transfer",
        "learning-curve",
        "power-law",
    ]
    assert {path.name for path in home.iterdir()} == {
        "notes.txt",
        "evaluation.json",
        "evaluation.md",
        *(f"{name}.csv" for name in sections),
        "reliability.png",
        "risk-coverage.png",
        "slices.png",
        "learning-curve.png",
    }
    assert (home / "notes.txt").read_text() == "mine"


def test_json_goes_to_standard_output_alone(full):
    assert json.loads(full[0].stdout) == _read(full[1])


def test_with_documents_originals_and_both_are_measured_too(call, tiny, tmp_path):
    result = call("-o", tmp_path, "--documents", tiny.documents)
    found = _read(tmp_path)

    assert result.exit_code == 0, result.output
    assert list(found["sections"]) == ["test-rewrites", "test-originals", "test-both", *CORE[1:]]
    assert (found["bundle"], found["seed"], found["resamples"]) == ("tiny-v1", 0, 100)
    assert "Test split: both" in result.stdout
    assert "second coder" in result.stdout


def test_the_same_seed_gives_the_same_bytes(call, full, tmp_path):
    assert call("-o", tmp_path).exit_code == 0
    names = {path.name for path in tmp_path.iterdir()} - {"evaluation.json", "evaluation.md"}

    assert len(names) == 6
    for name in names:
        assert (tmp_path / name).read_bytes() == (full[1] / name).read_bytes(), name
    assert _read(tmp_path)["sections"].items() <= _read(full[1])["sections"].items()


def test_the_ceiling_stands_beside_the_figures_and_no_pooled_one(full, sections):
    rows = {row["figure"]: row for row in sections["test-rewrites"]["rows"]}
    page = (full[1] / "evaluation.md").read_text(encoding="utf-8")

    assert rows["f1 of the second coder"]["mean"]["value"] == 1.0
    assert rows["f1"]["mean"]["low"] < rows["f1"]["mean"]["value"] < rows["f1"]["mean"]["high"]
    assert {"ece", "brier", "average_precision", "exact_set", "coverage"} <= rows.keys()
    assert "| f1 of the second coder | 1.000 [1.000, 1.000] |" in page
    assert "micro" not in page


def test_csv_of_the_slices_holds_numbers_and_says_where_there_are_none(full):
    with (full[1] / "slices.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))

    dimensions = {"kind", "administration", "decade", "length", "voice", "origin", "doubt"}
    assert {row["dimension"] for row in rows} == dimensions
    for row in rows:
        for framing in ("securitized", "governance", "partnership"):
            few = int(row[f"positives_{framing}"]) < 10
            assert (row[f"f1_{framing}"] == "too few") == few


def test_against_itself_nothing_differs(sections):
    rows = sections["comparison"]["rows"]

    assert {row["difference"]["value"] for row in rows if row["difference"]["value"] is not None} == {0.0}
    assert {row["clear"] for row in rows} == {""}
    assert list(rows[0]) == ["figure", "framing", "tiny-v1", "tiny-v1 (other)", "difference", "clear"]


def test_names_are_masked_and_swapped(sections):
    rows = {row["perturbation"]: row for row in sections["names"]["rows"]}

    assert {"mask-all", "swap-all", "mask-years", "swap-countries"} <= rows.keys()
    assert rows["mask-countries"]["touched"] == 0
    assert rows["mask-countries"]["flips"]["value"] is None


def test_bundles_of_other_seeds_show_their_spread(sections):
    rows = sections["spread-of-bundles"]["rows"]

    assert {row["runs"] for row in rows} == {3}
    assert [row["standard_deviation"] for row in rows] == pytest.approx([0.0] * len(rows), abs=1e-12)


def test_runs_on_resampled_documents_differ(sections):
    macro = next(row for row in sections["spread"]["rows"] if row["figure"] == "macro_f1")

    assert macro["runs"] == 2
    assert macro["lowest"] < macro["highest"]


def test_the_recipe_on_all_of_train_gives_the_bundle_itself(sections):
    whole = sections["learning-curve"]["rows"][-1]
    own = next(row for row in sections["test-rewrites"]["rows"] if row["figure"] == "f1")

    assert whole["labels"] == 120
    assert whole["macro_f1"]["value"] == pytest.approx(own["mean"]["value"], abs=1e-6)


def test_without_enough_of_any_administration_the_transfer_has_no_rows(sections):
    assert sections["transfer"]["rows"] == []


def test_transfer_needs_a_catalogue(tiny, bundle, tmp_path):
    subject = Subject(bundle, None, read_corpus(tiny.labels), tmp_path, 0, 100)

    with pytest.raises(UsageError, match="no catalogue of the documents"):
        examine_transfer(subject, Bench(), lambda _: None)


def test_a_quality_is_a_cascades(call):
    error = call("--quality", "best").exception

    assert isinstance(error, UsageError)


def test_an_output_that_is_a_file_is_a_named_error(tmp_path):
    (tmp_path / "out").write_text("mine")

    with pytest.raises(OutputError, match="the evaluation cannot be written"):
        write_findings(Findings({"bundle": "tiny-v1"}), tmp_path / "out")


def test_a_foreign_section_is_written_like_our_own(tmp_path):
    findings = Findings({"bundle": "tiny-v1"}).extend([Section("masking", "Masking", "", ({"flips": 0.02},))])
    write_findings(findings, tmp_path)

    assert (tmp_path / "masking.csv").read_text(encoding="utf-8") == "flips\n0.02\n"
    assert _read(tmp_path)["sections"]["masking"]["rows"] == [{"flips": 0.02}]


@pytest.fixture(scope="module")
def own(tiny, tmp_path_factory):
    """Return labelled data without a split, and the taxonomy of the bundle."""
    corpus, home = read_corpus(tiny.labels), tmp_path_factory.mktemp("own")
    columns = ("text", "document", *corpus.framings)
    with (home / "own.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for side in corpus.splits:
            for row in corpus.splits[side]:
                writer.writerow([row[name] for name in columns])
    return home / "own.csv", tiny.labels / "taxonomy.yaml"


@pytest.mark.parametrize("seed", [0, 3])
def test_own_data_are_cut_as_when_the_bundle_was_trained(bundle, own, tmp_path, seed):
    data, taxonomy = own
    drawn = read_corpus(data, taxonomy=taxonomy, seed=3).split_sha256
    save_bundle(replace(bundle, provenance={"seed": seed, "split_sha256": drawn}), tmp_path / "own-v1")
    arguments = [str(tmp_path / "own-v1"), "--labels", str(data), "--taxonomy", str(taxonomy), "--json"]
    done = CliRunner().invoke(app, [*arguments, "--resamples", "100"])

    assert done.exit_code == 0, done.stderr
    assert (json.loads(done.stdout)["split_sha256"] == drawn) == (seed == 3)
    assert ("it looks too good" in done.stderr) == (seed != 3)
    assert "no split" in done.stderr
