"""What a user gets: the wheel, installed alone into a fresh environment."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BANNED = {"torch", "transformers", "scikit-learn", "sklearn", "mlflow", "pandas", "datasets", "matplotlib"}


def call(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, checkout) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory, checkout, wheel) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    pip = (folder / "bin/python", "-m", "pip", "install", "--quiet")
    done = call(*pip, "--constraint", checkout / "constraints.txt", wheel)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_wheel_holds_both_packages_the_taxonomy_and_the_bundles(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "policyframes/py.typed",
        *(f"policyframes/report/page/templates/{name}" for name in ("page.html.j2", "style.css", "script.js")),
        "policyframes/data/taxonomy.yaml",
        *(
            f"policyframes/data/models/{name}/bundle.json"
            for name in (
                "cascade-large-v1",
                "cascade-v4",
                "encoder-large-v1",
                "encoder-v4",
                "fast-v3",
                "voice-v1",
            )
        ),
        "policyframes_training/py.typed",
    } <= names
    assert not any(name.startswith(("tests/", "labels/", "examples/")) for name in names)
    assert wheel.stat().st_size < 55_000_000


def test_the_inference_install_holds_nothing_that_learns(installed):
    listed = json.loads(call(installed / "bin/python", "-m", "pip", "list", "--format=json").stdout)

    assert BANNED.isdisjoint({package["name"].lower() for package in listed})


def test_the_doctor_of_the_installed_wheel_is_content(installed, tmp_path):
    done = call(installed / "bin/policyframes", "doctor", cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_installed_wheel_scores_every_example(installed, checkout, tmp_path):
    files = sorted(path for path in (checkout / "examples" / "documents").iterdir() if path.suffix != ".csv")
    done = call(installed / "bin/policyframes", "score", *files, "-o", tmp_path / "out", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "partnership" in done.stdout
    assert (tmp_path / "out" / "report.html").stat().st_size > 50_000


def test_labels_can_be_checked_without_the_training_part(installed, checkout):
    done = call(installed / "bin/policyframes", "labels", "check", cwd=checkout)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", [["labels", "agreement"], ["train", "fast"]])
def test_a_command_of_the_training_part_names_the_install_that_it_needs(installed, checkout, command):
    done = call(installed / "bin/policyframes", *command, cwd=checkout)

    assert done.returncode == 1
    assert done.stderr.startswith("PF-1002: ")
    assert ".[training]" in done.stderr
    assert "Traceback" not in done.stderr
