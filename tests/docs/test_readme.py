"""What the README shows is what the program prints."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def readme(checkout):
    return (checkout / "README.md").read_text(encoding="utf-8")


def test_the_readme_has_the_length_that_people_read(readme):
    assert 100 <= len(readme.splitlines()) <= 160


def test_no_placeholder_is_left(readme):
    assert not re.findall(r"\b[A-Z]+_[A-Z_]+\b", readme.replace("MLFLOW_TRACKING_URI", ""))


def test_the_python_example_prints_what_the_readme_shows(readme, checkout):
    code, shown = re.search(r"```python\n(.*?)```\s+```text\n(.*?)```", readme, re.DOTALL).groups()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=checkout)

    assert done.stdout == shown


def test_the_demo_prints_what_the_readme_shows(readme, checkout, tmp_path):
    files = [checkout / "examples" / "documents" / name for name in document_names(checkout)]
    command = [sys.executable, "-m", "policyframes", "score", *files, "-o", tmp_path / "out"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    printed = {line.strip() for line in done.stdout.splitlines()}
    block = re.search(r"The end of what it prints:\n\n(.*?)\n\nThe columns", readme, re.DOTALL).group(1)
    shown = [line.strip() for line in block.splitlines() if line.strip() not in {"", "[...]"}]

    assert len(shown) >= 8
    assert [line for line in shown if line not in printed] == ["The report: demo-report/report.html"]


def document_names(checkout):
    # In the order of `make demo`.
    names = sorted(path.name for path in (checkout / "examples" / "documents").iterdir() if path.suffix != ".csv")
    return sorted(names, key=lambda name: [".pdf", ".docx", ".html"].index(name[name.rindex(".") :]))


def test_the_figures_are_those_of_the_shipped_bundle(readme, checkout):
    manifest = json.loads((checkout / "models" / "fast-v3" / "bundle.json").read_text(encoding="utf-8"))
    originals, rewrites = (manifest["metrics"]["test"][name] for name in ("originals", "rewrites"))

    def show(part, name):
        f1 = part["overall"]["macro_f1"] if name == "mean (macro-F1)" else part["framings"][name]["f1"]
        return f"{f1['value']:.2f} ({f1['low']:.2f} to {f1['high']:.2f})"

    for name in (*manifest["framings"], "mean (macro-F1)"):
        assert f"| {name} | {show(originals, name)} | {show(rewrites, name)} |" in readme
    assert f"{originals['passages']} original passages | {rewrites['passages']} rewrites" in readme


def test_every_link_of_the_documentation_leads_somewhere(checkout):
    pages = [checkout / "README.md", checkout / "CONTRIBUTING.md", checkout / "CHANGELOG.md", *checkout.glob("*/*.md")]
    for page in pages:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
