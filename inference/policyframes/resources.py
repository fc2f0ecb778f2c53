"""Where the files that ship with the package lie: inside an installed wheel, or in the checkout it runs from."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def taxonomy_path() -> Path:
    """Return the path of the taxonomy that ships with this version."""
    packaged = _PACKAGE / "data" / "taxonomy.yaml"
    return packaged if packaged.is_file() else _CHECKOUT / "labels" / "taxonomy.yaml"


def models_folder() -> Path:
    """Return the folder that holds the bundles that ship with this version."""
    packaged = _PACKAGE / "data" / "models"
    return packaged if packaged.is_dir() else _CHECKOUT / "models"
