from __future__ import annotations

import re
import subprocess
import sys

import pytest

nbformat = pytest.importorskip("nbformat", reason="nbformat, which reads notebooks, is not installed")


@pytest.fixture(scope="module")
def committed(checkout):
    return nbformat.read(checkout / "examples" / "worked-example.ipynb", as_version=4)


@pytest.fixture(scope="module")
def executed(checkout, tmp_path_factory):
    pytest.importorskip("nbclient", reason="nbclient, which runs notebooks, is not installed")
    target = tmp_path_factory.mktemp("notebook") / "run.ipynb"
    # In a process of its own: the client changes the event loop and the signals of the one it runs in.
    code = (
        "import sys; sys.path.insert(0, 'examples'); import nbformat, run_notebook; "
        f"nbformat.write(run_notebook.run_notebook(), {str(target)!r})"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(target, as_version=4)


def outputs(notebook, kind):
    return [output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == kind]


def print_lines(notebook):
    return "".join(output.text for output in outputs(notebook, "stream")).splitlines()


def read_tables(notebook):
    return [re.sub(r"<[^>]+>", " ", output.data["text/html"]) for output in outputs(notebook, "execute_result")]


@pytest.mark.slow
def test_running_the_notebook_prints_the_committed_numbers(committed, executed):
    lines = print_lines(executed)

    assert len(lines) > 20
    assert lines == print_lines(committed)


@pytest.mark.slow
def test_running_the_notebook_shows_the_committed_tables(committed, executed):
    tables = read_tables(executed)

    assert len(tables) == 2
    assert tables == read_tables(committed)


@pytest.mark.slow
def test_every_plot_of_the_notebook_shows_one_picture(executed):
    plots = [cell for cell in executed.cells if cell.cell_type == "code" and ".plot_" in cell.source]

    assert len(plots) >= 7
    for cell in plots:
        assert [name for output in cell.outputs for name in output.get("data", {}) if name.startswith("image")] == [
            "image/png"
        ]


@pytest.mark.slow
def test_the_notebook_runs_without_warnings_and_writes_nothing_beside_itself(executed, checkout):
    assert [output.name for output in outputs(executed, "stream") if output.name != "stdout"] == []
    found = {path.name for path in (checkout / "examples").iterdir() if not path.name.startswith("__")}
    assert found == {
        "README.md",
        "build_documents.py",
        "builder",
        "coded-sample.csv",
        "documents",
        "run_notebook.py",
        "sources",
        "worked-example.ipynb",
    }


def test_the_committed_notebook_is_small_and_tells_nothing_of_a_machine(committed, checkout):
    text = (checkout / "examples" / "worked-example.ipynb").read_text(encoding="utf-8")

    assert len(text.encode("utf-8")) < 300_000
    assert not re.search(r"/(home|work|tmp|Users)/", text)
    assert all("execution" not in cell.metadata for cell in committed.cells)


def test_every_cell_of_the_committed_notebook_was_run_in_order(committed):
    counts = [cell.execution_count for cell in committed.cells if cell.cell_type == "code"]

    assert counts == list(range(1, len(counts) + 1))
