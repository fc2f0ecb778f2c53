"""What happens when the child does not behave: it is replaced by small programs that do harm."""

import json
import os
import subprocess
import sys
import time

import pytest

from policyframes import errors
from policyframes.documents import Limits, isolation, read_document

GOOD = {"text": "Some words.", "title": "", "blocks": [], "page_starts": [], "dropped": [], "warnings": []}
BOUND = "from policyframes.documents.limits import Limits, bind_process; bind_process(Limits(**{limits!r}))\n"


@pytest.fixture
def read_with(monkeypatch, tmp_path):
    """Return a function that reads a file with the given program in place of the child."""

    def read(program, **limits):
        path = tmp_path / "a.txt"
        path.write_text("Some words.")
        command = [sys.executable, "-S", "-c", program]
        monkeypatch.setattr(isolation, "child_command", lambda *_: command)
        start = time.monotonic()
        try:
            return read_document(path, limits=Limits(**limits))
        finally:
            assert time.monotonic() - start < 8

    return read


def answer(**changes):
    return f"print({json.dumps({**GOOD, **changes})!r})"


def test_the_stand_in_can_answer(read_with):
    assert read_with(answer()).text == "Some words."


def test_a_child_without_its_library_points_at_the_installation(read_with):
    with pytest.raises(errors.ReaderCrashedError, match=r"library.*policyframes doctor"):
        read_with("import no_such_library")


def test_a_child_that_hangs(read_with):
    with pytest.raises(errors.LimitExceededError, match=r"1 seconds.*--max-seconds"):
        read_with("import time; time.sleep(600)", seconds=1)


def test_a_child_that_closes_its_output_and_hangs(read_with):
    with pytest.raises(errors.LimitExceededError, match="1 seconds"):
        read_with("import os, time; os.close(1); time.sleep(600)", seconds=1)


def test_a_child_that_spins_is_ended_by_the_system(read_with):
    limits, start = {"seconds": 1}, time.monotonic()
    with pytest.raises(errors.LimitExceededError, match="5 seconds"):
        read_with(BOUND.format(limits=limits) + "while True: pass", seconds=5)
    assert time.monotonic() - start < 4


def test_a_child_that_eats_memory(read_with):
    program = BOUND.format(limits={"memory_bytes": 200 * 2**20}) + "x = []\nwhile True: x.append(bytearray(10**7))"
    with pytest.raises(errors.LimitExceededError, match=r"200 MiB.*--max-memory-mb"):
        read_with(program, memory_bytes=200 * 2**20)


@pytest.mark.parametrize("megabytes", [16, 26])
def test_a_reader_without_room_for_its_library_says_so(tmp_path, megabytes):
    path = tmp_path / "a.html"
    path.write_text("<html><body><p>Some words.</p></body></html>")
    with pytest.raises(errors.LimitExceededError, match=rf"{megabytes} MiB.*--max-memory-mb"):
        read_document(path, limits=Limits(memory_bytes=megabytes * 2**20))


def test_a_child_that_dies_of_a_bad_pointer(read_with):
    with pytest.raises(errors.ReaderCrashedError, match="SIGSEGV"):
        read_with("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")


def test_a_child_that_writes_without_end(read_with):
    with pytest.raises(errors.LimitExceededError, match=r"unpacks to more.*output_bytes"):
        read_with("while True: print('x' * 10000)", output_bytes=100_000)


def test_noise_without_end_on_standard_error_does_no_harm(read_with):
    with pytest.raises(errors.LimitExceededError, match="1 seconds"):
        read_with("import sys\nwhile True: sys.stderr.write('x' * 10000)", seconds=1)


def test_a_child_cannot_write_files(read_with, tmp_path):
    program = BOUND.format(limits={}) + f"f = open({str(tmp_path / 'spoil')!r}, 'w'); f.write('x' * 100000); f.flush()"
    with pytest.raises(errors.ReaderCrashedError, match="status 1"):
        read_with(program)
    assert (tmp_path / "spoil").stat().st_size == 0


def test_what_the_child_started_ends_with_it(read_with, tmp_path):
    mark = tmp_path / "pid"
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(mark)!r}, 'w').write(str(child.pid))\n"
    )
    with pytest.raises((errors.LimitExceededError, errors.ReaderCrashedError), match=r"seconds|usable"):
        read_with(program, seconds=1)
    time.sleep(0.2)
    state = subprocess.run(["ps", "-o", "stat=", "-p", mark.read_text()], capture_output=True, text=True, check=False)
    assert state.stdout.strip() in {"", "Z"}


@pytest.mark.parametrize(
    "changes",
    [
        {"text": 7},
        {"text": "a\x00b"},
        {"text": "e\u0301"},
        {"blocks": [[0, 99, "paragraph"]]},
        {"blocks": [[0, 4, "paragraph"], [2, 6, "paragraph"]]},
        {"blocks": [[4, 6, "paragraph"], [0, 2, "paragraph"]]},
        {"blocks": [[0, 0, "paragraph"]]},
        {"blocks": [[0, 4, "poem"]]},
        {"blocks": [[0, True, "paragraph"]]},
        {"blocks": "none"},
        {"page_starts": [4, 2]},
        {"page_starts": [-1]},
        {"page_starts": [99]},
        {"dropped": [["a", "b", "c"]]},
        {"warnings": [1]},
        {"error": {"class": "SystemExit", "where": "", "found": "", "allowed": "", "remedy": ""}},
        {"error": {"class": "BundleError", "where": "", "found": "", "allowed": "", "remedy": ""}},
        {"error": {"class": "EncodingError"}},
        {"error": "no"},
    ],
)
def test_an_answer_that_breaks_the_rules_is_not_believed(read_with, changes):
    with pytest.raises(errors.ReaderCrashedError, match="no usable answer"):
        read_with(answer(**changes))


@pytest.mark.parametrize("program", ["", "print('no JSON')", "print('[' * 100000)", "print('[]')", "print('NaN')"])
def test_no_answer_is_a_crash(read_with, program):
    with pytest.raises(errors.ReaderCrashedError, match="no usable answer"):
        read_with(program)


def test_the_child_gets_no_secrets_from_the_environment(monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "x")
    assert set(isolation.child_environment()) <= {
        "PYTHONPATH",
        "PYTHONUTF8",
        "PYTHONHASHSEED",
        "SYSTEMROOT",
        "LD_LIBRARY_PATH",
    }


def test_importing_the_package_loads_no_parser():
    code = (
        "import sys, policyframes.documents\n"
        "heavy = {'lxml', 'docx', 'pypdfium2', 'trafilatura', 'markdown_it'} & set(sys.modules)\n"
        "sys.exit(','.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
