from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def folder(checkout, tmp_path_factory):
    """Return a folder that looks like the checkout to the commands of the page, and takes what they write."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "examples").symlink_to(checkout / "examples")
    return folder


def expand(word, folder):
    """Return the names that a shell would put in place of a word."""
    return sorted(str(path.relative_to(folder)) for path in folder.glob(word)) if "*" in word else [word]


def run(command, folder):
    words = shlex.split(command)
    words = [name for word in words for name in expand(word, folder)]
    environment = os.environ | {"COLUMNS": "100"}
    code = "import sys; sys.stdout.isatty = lambda: True; from policyframes.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)


def test_the_page_shows_what_its_commands_print(checkout, folder):
    page = (checkout / "docs" / "comparing.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n\$ (.+)\n((?:.*\n)*?)```$", page, re.MULTILINE)
    run("policyframes compare examples/documents/halmerra-*.* --by year -o results --quiet", folder)

    assert len(blocks) == 4
    for command, shown in blocks:
        printed = [line.rstrip() for line in run(command, folder).splitlines()]
        assert [line for line in printed if line] == [line for line in shown.splitlines() if line], command


def test_the_python_of_the_page_runs(checkout, folder):
    page = (checkout / "docs" / "comparing.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).group(1)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Share(kind='securitized'" in done.stdout


def test_the_columns_that_the_page_for_r_names_are_there(checkout, folder):
    files = "examples/documents/halmerra-*.*"
    run(f"policyframes compare {files} --by year -o r --quiet --quanteda --matrix", folder)
    page = (checkout / "docs" / "r.md").read_text(encoding="utf-8")
    corpus = (folder / "r" / "quanteda.csv").read_text(encoding="utf-8").partition("\n")[0].split(",")
    shares = (folder / "r" / "comparison.csv").read_text(encoding="utf-8").partition("\n")[0].split(",")

    assert 'docid_field = "doc_id", text_field = "text"' in page
    assert {"doc_id", "text", "securitized", "governance", "partnership", "year"} <= set(corpus)
    assert {"aspect", "group", "kind", "share", "low", "high"} <= set(shares)
