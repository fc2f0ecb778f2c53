"""What `labels anchor` writes, adds to and refuses: no anchor that exists is ever lost."""

import json
import stat

import pytest
from typer.testing import CliRunner

from policyframes.cli.main import run
from policyframes.errors import LabelsError, OutputError, RefusedError
from policyframes_training.cli.labels import app
from tests.labels.plantings import S, codes_of, drop_line, write_rows

ANCHOR_FIELDS = {"letters", "rolling", "sha256"}


def arguments(labels, rows, output, *options):
    """Write rows without their anchors, and return the command that makes them."""
    bare = labels.parent / "bare.jsonl"
    write_rows(bare, [{k: v for k, v in row.items() if k not in ANCHOR_FIELDS} for row in rows])
    return ["anchor", str(bare), "--documents", str(labels.parent / "documents"), "-o", str(output), *options]


def anchor(labels, rows, output, *options):
    return CliRunner().invoke(app, arguments(labels, rows, output, *options))


def spans_of(labels):
    return [json.loads(line) for line in (labels / S).read_text(encoding="utf-8").splitlines()]


def test_the_anchor_command_makes_what_the_spans_file_holds(labels, tmp_path):
    rows = [json.loads(line) for line in (labels / S).read_text(encoding="utf-8").splitlines()]
    bare = [{k: v for k, v in row.items() if k not in {"letters", "rolling", "sha256"}} for row in rows]
    write_rows(tmp_path / "bare.jsonl", bare)
    out = tmp_path / "made.jsonl"
    documents = str(labels.parent / "documents")
    result = CliRunner().invoke(app, ["anchor", str(tmp_path / "bare.jsonl"), "--documents", documents, "-o", str(out)])
    assert result.exit_code == 0, result.exception
    assert out.read_bytes() == (labels / S).read_bytes()


def test_the_anchor_command_names_the_line_of_an_absent_document(labels, tmp_path):
    write_rows(tmp_path / "bare.jsonl", [{"id": "x", "document": "atlantis", "start": 0, "end": 3}])
    arguments = ["anchor", str(tmp_path / "bare.jsonl"), "--documents", str(labels.parent / "documents")]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "made.jsonl")])
    assert "bare.jsonl:1: the document atlantis" in str(result.exception)
    assert not (tmp_path / "made.jsonl").exists()


@pytest.fixture
def spans(labels):
    return spans_of(labels)


def test_an_existing_file_is_refused_and_stays_as_it_is(labels, spans):
    before = (labels / S).read_bytes()
    result = anchor(labels, [{**spans[0], "id": "p9"}], labels / S)
    assert isinstance(result.exception, RefusedError)
    assert "--append" in str(result.exception)
    assert (labels / S).read_bytes() == before


def test_a_refusal_is_exit_code_4(labels, spans, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["policyframes", "labels", *arguments(labels, spans, labels / S)])
    with pytest.raises(SystemExit, match=r"^4$"):
        run()
    assert capsys.readouterr().err.startswith("PF-1004: ")


def test_appending_keeps_every_line_and_orders_by_id(labels, spans):
    whole = (labels / S).read_bytes()
    drop_line(S, 3)(labels)
    # Written by hand, with other spaces: not ours to rewrite.
    by_hand = (labels / S).read_bytes().replace(b'{"id": "p5", ', b'{"id":"p5",  ')
    (labels / S).write_bytes(by_hand)
    result = anchor(labels, [spans[2]], labels / S, "--append")
    assert result.exit_code == 0, result.exception
    assert (labels / S).read_bytes() == whole.replace(b'{"id": "p5", ', b'{"id":"p5",  ')
    assert result.stderr.startswith("1 anchor added to ")
    assert sorted(path.name for path in labels.iterdir() if path.name.startswith(".")) == []


def test_appending_to_no_file_makes_one(labels, spans, tmp_path):
    result = anchor(labels, spans, tmp_path / "new.jsonl", "--append")
    assert result.exit_code == 0, result.exception
    assert (tmp_path / "new.jsonl").read_bytes() == (labels / S).read_bytes()


def test_an_id_that_exists_is_named_with_both_lines(labels, spans):
    before = (labels / S).read_bytes()
    result = anchor(labels, [{**spans[0], "id": "p9"}, spans[4]], labels / S, "--append")
    assert isinstance(result.exception, LabelsError)
    assert f"bare.jsonl:2: the id p4, which {labels / S}:5 has already" in str(result.exception)
    assert (labels / S).read_bytes() == before


def test_an_id_given_twice_is_named(labels, spans, tmp_path):
    result = anchor(labels, [spans[1], spans[1]], tmp_path / "new.jsonl")
    assert "bare.jsonl:2: the id p1 again, first on line 1" in str(result.exception)


def test_two_coders_may_code_one_span(labels, spans, tmp_path):
    result = anchor(labels, [spans[1], {**spans[1], "coder": "B"}], tmp_path / "new.jsonl")
    assert result.exit_code == 0, result.exception
    assert anchor(labels, [spans[2]], tmp_path / "new.jsonl", "--append").exit_code == 0
    assert len((tmp_path / "new.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_a_broken_line_of_the_existing_file_is_named_and_nothing_is_lost(labels, spans):
    (labels / S).write_text("{oops\n", encoding="utf-8")
    result = anchor(labels, [spans[1]], labels / S, "--append")
    assert f"{S}:1: no JSON" in str(result.exception)
    assert (labels / S).read_text(encoding="utf-8") == "{oops\n"


@pytest.mark.parametrize("place", ["", "absent/new.jsonl"])
def test_what_cannot_be_written_is_named(labels, spans, tmp_path, place):
    result = anchor(labels, spans, tmp_path / place, "--append")
    assert isinstance(result.exception, OutputError)


def test_a_failed_write_leaves_the_old_file_and_no_other(labels, spans, monkeypatch):
    before, names = (labels / S).read_bytes(), sorted(labels.iterdir())

    def fill_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fill_disk)
    result = anchor(labels, [{**spans[0], "id": "p9"}], labels / S, "--append")
    assert isinstance(result.exception, OutputError)
    assert "No space left on device" in str(result.exception)
    assert (labels / S).read_bytes() == before
    assert sorted(labels.iterdir()) == names


def test_a_link_and_the_rights_of_the_file_stay(labels, spans, tmp_path):
    (labels / S).chmod(0o640)
    (tmp_path / "link.jsonl").symlink_to(labels / S)
    result = anchor(labels, [{**spans[0], **codes_of(0), "id": "p9"}], tmp_path / "link.jsonl", "--append")
    assert result.exit_code == 0, result.exception
    assert (tmp_path / "link.jsonl").is_symlink()
    assert stat.S_IMODE((labels / S).stat().st_mode) == 0o640
    assert len(spans_of(labels)) == 9
