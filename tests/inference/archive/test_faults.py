"""B3, B4, B7: disks that refuse, records cut short, bits that flip."""

from __future__ import annotations

import errno
import itertools
import os
import random
import shutil

import pytest

from policyframes.archive.ledger import Ledger, format_line
from policyframes.archive.storage import Disk
from policyframes.archive.tables import decode_part
from policyframes.errors import ArchiveInputError, ArchiveOutputError
from tests.inference.archive.archives import QuickDisk, make_rows, read_entries, read_tree, run_job, write_rows
from tests.inference.archive.torture import CountingDisk

IS_FULL = bool(os.environ.get("POLICYFRAMES_TORTURE"))


class FailingDisk(Disk):
    """Refuses the nth step and all that follow."""

    def __init__(self, last: int, number: int) -> None:
        self._left = last
        self._number = number

    def perform(self, step, path, action):  # noqa: ARG002  (the protocol)
        self._left -= 1
        if self._left <= 0:
            raise OSError(self._number, os.strerror(self._number), str(path))
        return action()


@pytest.mark.slow
def test_a_disk_that_refuses_any_step_is_named_and_the_run_goes_on_later(tmp_path, bundle_folder):
    source = write_rows(tmp_path / "news.jsonl", make_rows(26))
    run_job(source, tmp_path / "reference", bundle_folder)
    reference = read_tree(tmp_path / "reference")
    counting = CountingDisk()
    run_job(source, tmp_path / "counted", bundle_folder, disk=counting)
    kinds = (errno.ENOSPC, errno.EIO, errno.EACCES)
    steps = range(1, len(counting.steps) + 1)
    # Each kind at each step, or in turns.
    faults = itertools.product(steps, kinds) if IS_FULL else zip(steps, itertools.cycle(kinds), strict=False)
    for step, number in faults:
        output = tmp_path / "out"
        with pytest.raises(ArchiveOutputError, match="type the same command again") as caught:
            run_job(source, output, bundle_folder, disk=FailingDisk(step, number))
        assert os.strerror(number) in str(caught.value)
        before = read_tree(output) if output.exists() else {}
        assert {name: before[name] for name in before if name in reference} == {
            name: reference[name] for name in before if name in reference
        }
        run_job(source, output, bundle_folder)
        assert read_tree(output) == reference, step
        shutil.rmtree(output)


def test_an_input_that_fails_while_it_is_read_is_named_and_the_run_goes_on_later(
    source, reference, tmp_path, bundle_folder, monkeypatch
):
    real, left = os.read, [4]

    def fail(handle, size):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(handle, size)

    monkeypatch.setattr("policyframes.archive.input_files.os.read", fail)
    with pytest.raises(ArchiveInputError, match="Input/output error"):
        run_job(source, tmp_path / "out", bundle_folder)
    monkeypatch.undo()
    run_job(source, tmp_path / "out", bundle_folder)

    assert read_tree(tmp_path / "out") == reference


def test_a_last_line_cut_at_any_byte_costs_that_line_alone(source, tmp_path, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    path = tmp_path / "out" / "_work" / "ledger.jsonl"
    entries = read_entries(tmp_path / "out")
    last = entries[max(entries)]
    data = path.read_bytes()
    start = data[:-1].rfind(b"\n") + 1
    for cut in range(start, len(data)):
        path.write_bytes(data[:cut])
        ledger = Ledger(path, QuickDisk())
        assert list(ledger.read()) == [0, 1]
        assert path.read_bytes() == data[:start]
        ledger.append(last)
        assert ledger.read() == entries


def test_a_line_cut_within_a_character_is_cut_off(tmp_path, source, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    entry = read_entries(tmp_path / "out")[0]
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(format_line(entry) + '{"first":"ä'.encode()[:-1])

    assert Ledger(path, QuickDisk()).read() == {0: entry}


def test_a_line_that_was_tampered_with_is_not_believed(tmp_path, source, bundle_folder):
    run_job(source, tmp_path / "out", bundle_folder)
    entries = read_entries(tmp_path / "out")
    path = tmp_path / "ledger.jsonl"
    lines = [format_line(entry) for entry in entries.values()]
    path.write_bytes(lines[0] + lines[1].replace(b'"rows":20', b'"rows":21') + lines[2])

    assert list(Ledger(path, QuickDisk()).read()) == [0, 2]


def test_a_run_goes_on_after_cuts_of_its_ledger(source, reference, tmp_path, bundle_folder):
    output = tmp_path / "out"
    for cut in (1, 100, 400, 700):
        run_job(source, output, bundle_folder)
        path = output / "_work" / "ledger.jsonl"
        path.write_bytes(path.read_bytes()[:-cut])
        (output / "summary.json").unlink()
        run_job(source, output, bundle_folder)

        assert read_tree(output) == reference


@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_a_part_that_is_not_what_was_written_is_made_again(source, reference, tmp_path, bundle_folder, harm):
    output = tmp_path / "out"
    run_job(source, output, bundle_folder)
    part = output / "documents.parquet" / "part-00001.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 4
    if harm == "remove":
        part.unlink()
    else:
        part.write_bytes(data if harm == "flip" else data[:100])
    run_job(source, output, bundle_folder)

    assert read_tree(output) == reference
    # What cannot be vouched for is kept: nothing is deleted.
    aside = part.with_name(".part-00001.parquet.aside-1")
    assert harm == "remove" or aside.read_bytes() == (data if harm == "flip" else data[:100])


def test_no_flipped_bit_of_a_part_is_taken_for_data(source, tmp_path, bundle_folder):
    output = tmp_path / "out"
    run_job(source, output, bundle_folder)
    record = read_entries(output)[0].files["documents"]
    part = output / record.path
    data = part.read_bytes()
    table = decode_part(data)
    chance = random.Random(7)
    for _ in range(1500):
        flipped = bytearray(data)
        flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        part.write_bytes(flipped)
        assert not record.is_intact(output)
    readable = 0
    for place in range(0, data.rfind(b"PAR1") - int.from_bytes(data[-8:-4], "little"), 7):
        flipped = bytearray(data)
        flipped[place] ^= 16
        try:
            readable += decode_part(bytes(flipped)) != table
        except (OSError, ValueError):
            continue

    assert readable == 0
