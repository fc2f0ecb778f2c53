from __future__ import annotations

import json
import shutil
import sys

import pytest

from policyframes.cli import doctor as doctor_module
from policyframes.cli import main


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["policyframes", "doctor", *arguments])
        with pytest.raises(SystemExit) as stop:
            main.run()
        return stop.value.code or 0, capsys.readouterr().out

    return call


def test_a_sound_installation_passes_every_check(run):
    code, out = run("--json")
    checks = [json.loads(line) for line in out.splitlines()]

    assert code == 0
    assert all(check["ok"] for check in checks)
    assert {"policyframes", "numpy", "taxonomy", "reader", "disk", "fast-v3"} <= {check["name"] for check in checks}


def test_a_damaged_bundle_fails_with_its_error(run, monkeypatch, bundle_folder):
    (bundle_folder / "README.md").write_text("changed")
    monkeypatch.setattr("policyframes.resources._PACKAGE", bundle_folder.parent / "package")
    (bundle_folder.parent / "package" / "data" / "models").mkdir(parents=True)
    shutil.move(bundle_folder, bundle_folder.parent / "package" / "data" / "models" / "tiny-v1")
    code, out = run()

    assert code == 1
    assert "FAIL  tiny-v1" in out
    assert "differs from its hash" in out


def test_a_missing_library_fails_with_the_command_that_installs_it(run, monkeypatch):
    monkeypatch.setattr(doctor_module, "_LIBRARIES", ("no-such-library",))
    code, out = run()

    assert code == 1
    assert "pip install" in out


def test_a_full_disk_is_told(run, monkeypatch):
    monkeypatch.setattr(doctor_module, "_FREE_BYTES", 10**18)
    code, out = run()

    assert code == 1
    assert "Free some room" in out


def found_for(out, name):
    return next(check["found"] for line in out.splitlines() if (check := json.loads(line))["name"] == name)


@pytest.mark.usefixtures("shipped_models")
def test_every_quality_says_whether_this_installation_has_it(run):
    code, out = run("--json")

    assert code == 0
    assert found_for(out, "fast") == "available, with fast-v3"
    assert found_for(out, "balanced").startswith("available, with cascade-v4 on o")
    assert found_for(out, "best").startswith("available, with cascade-large-v1 on o")


@pytest.mark.usefixtures("shipped_models")
def test_an_installation_without_the_encoders_libraries_is_sound_and_says_so(run, monkeypatch):
    monkeypatch.setattr("policyframes.backends.runtimes.find_spec", lambda _: None)
    code, out = run("--json")

    assert code == 0
    assert "not used here: onnxruntime and tokenizers: not installed" in found_for(out, "encoder-v1")
    assert "not available" in found_for(out, "balanced")
    assert "pip install '.[encoder]'" in found_for(out, "best")


def test_a_cascade_with_a_damaged_part_fails(run, shipped_models):
    (shipped_models / "encoder-v1" / "model.onnx").write_bytes(b"changed")
    code, out = run("--json")

    assert code == 1
    assert "differs from its hash" in found_for(out, "best")
