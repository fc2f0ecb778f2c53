"""The small set of labels that each test may damage."""

import pytest

from tests.labels.plantings import make_labels


@pytest.fixture
def labels(tmp_path, checkout):
    return make_labels(tmp_path, checkout)
