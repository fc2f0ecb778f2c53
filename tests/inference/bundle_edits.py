"""Edits of a saved bundle that leave its hashes right, as somebody who makes a hostile one would."""

from __future__ import annotations

import hashlib
import json

from policyframes.bundle_files import hash_manifest


def rewrite_manifest(folder, **changes):
    path = folder / "bundle.json"
    manifest = {**json.loads(path.read_text()), **changes}
    manifest["id"] = hash_manifest(manifest)
    path.write_text(json.dumps(manifest))


def rewrite_features(folder, **changes):
    manifest = json.loads((folder / "bundle.json").read_text())
    rewrite_manifest(folder, features={**manifest["features"], **changes})


def replace_file(folder, name, data):
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "bundle.json").read_text())
    entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    rewrite_manifest(folder, files={**manifest["files"], name: entry})
