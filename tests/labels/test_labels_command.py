"""What `labels check` prints, where the commands find the labels, and that no damage raises."""

import json

import numpy as np
from typer.testing import CliRunner

from policyframes.errors import UsageError
from policyframes_training.cli.labels import app
from policyframes_training.cli.train import app as train_app
from tests.labels.plantings import C, P, S, both, drop_line, edit


def test_the_command_prints_a_line_for_each_defect_and_exits_1(labels):
    both(edit(C, 1, voice="sung"), edit(P, 7, text=""))(labels)
    result = CliRunner().invoke(app, ["check", "--labels", str(labels)])
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert result.stdout.startswith("passages.jsonl:7: empty-text: the text ''. Allowed: a passage. ")
    assert "2 defects" in result.stderr


def test_the_command_exits_0_where_all_is_clean(labels):
    result = CliRunner().invoke(
        app, ["check", "--labels", str(labels), "--documents", str(labels.parent / "documents")]
    )
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "0 defects" in result.stderr


def test_the_command_counts_spans_whose_documents_are_absent(labels):
    (labels.parent / "documents" / "tunnel-2019.txt").unlink()
    result = CliRunner().invoke(
        app, ["check", "--labels", str(labels), "--documents", str(labels.parent / "documents")]
    )
    assert result.exit_code == 0
    assert "2 spans were not looked at" in result.stderr


def test_the_command_writes_json(labels):
    edit(C, 1, voice="sung")(labels)
    result = CliRunner().invoke(app, ["check", "--labels", str(labels), "--json"])
    assert json.loads(result.stdout)[0] | {"found": "", "allowed": "", "remedy": ""} == {
        "file": C,
        "line": 1,
        "kind": "unknown-voice",
        "found": "",
        "allowed": "",
        "remedy": "",
    }


def test_an_installation_without_labels_names_the_option(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("policyframes_training.cli.labels.taxonomy_path", lambda: tmp_path / "data" / "taxonomy.yaml")
    result = CliRunner().invoke(app, ["check"])
    assert isinstance(result.exception, UsageError)
    assert "--labels DIR" in str(result.exception)


def test_one_defect_is_one_defect(labels):
    edit(C, 1, voice="sung")(labels)
    result = CliRunner().invoke(app, ["check", "--labels", str(labels)])
    assert result.stderr.startswith("1 defect in ")


def test_one_absent_span_is_one_span(labels):
    (labels.parent / "documents" / "tunnel-2019.txt").unlink()
    drop_line(S, 8)(labels)
    result = CliRunner().invoke(
        app, ["check", "--labels", str(labels), "--documents", str(labels.parent / "documents")]
    )
    assert "1 span was not looked at: its document is not in" in result.stderr


def test_training_finds_labels_as_the_check_does(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("policyframes_training.cli.labels.taxonomy_path", lambda: tmp_path / "data" / "taxonomy.yaml")
    result = CliRunner().invoke(train_app, ["fast"])
    assert isinstance(result.exception, UsageError)
    assert "--labels DIR" in str(result.exception)


def test_training_away_from_the_checkout_takes_its_labels(monkeypatch, tmp_path, checkout):
    seen = []

    def refuse(plan, _tell):
        seen.append(plan.labels)
        raise UsageError(where="here", found="enough", allowed="no training", remedy="Stop.")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("policyframes_training.tiers.fast.train_fast", refuse)
    CliRunner().invoke(train_app, ["fast"])
    assert seen == [checkout / "labels"]


def test_no_damage_to_the_files_raises(labels):
    rng = np.random.default_rng(11)
    files = sorted(path for path in labels.iterdir() if path.suffix != ".yaml")
    originals = {path: path.read_bytes() for path in files}
    pieces = [
        b"\\ud800",
        b"null",
        b"1e400",
        b"9" * 40,
        b"[" * 3000,
        b'"',
        b"\x00",
        b"\n",
        b"{}",
        b"-1",
        "\u2028".encode(),
    ]
    for _ in range(150):
        path = files[rng.integers(len(files))]
        raw = originals[path]
        start = int(rng.integers(len(raw)))
        end = start + int(rng.choice([0, 1, 5, 40]))
        path.write_bytes(raw[:start] + pieces[rng.integers(len(pieces))] + raw[end:])
        arguments = ["check", "--labels", str(labels), "--documents", str(labels.parent / "documents")]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code in {0, 1}
        assert result.exception is None or isinstance(result.exception, SystemExit), (path.name, start, end)
        path.write_bytes(raw)
