"""What is said where there is no cluster to be had; none of it needs ray."""

from __future__ import annotations

import socket
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from policyframes.archive.cluster.connection import join_cluster
from policyframes.archive.cluster.engine import choose_ray, explain_error
from policyframes.cli.archive import app
from policyframes.errors import ArchiveClusterError, ArchiveInputError, MissingExtraError, UsageError


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def stub():
    return SimpleNamespace(is_initialized=lambda: False)


def test_ray_that_is_not_installed_is_a_named_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[archive,ray\]'"):
        choose_ray()


def test_ray_that_is_not_installed_is_said_before_anything_is_written(monkeypatch, source, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    result = CliRunner().invoke(app, ["score", str(source), "-o", str(tmp_path / "out"), "--engine", "ray"])
    assert isinstance(result.exception, MissingExtraError)
    assert not (tmp_path / "out").exists()


def test_an_address_without_an_engine_is_refused(source, tmp_path):
    result = CliRunner().invoke(app, ["score", str(source), "-o", str(tmp_path / "out"), "--address", "10.0.0.5:6379"])
    assert isinstance(result.exception, UsageError)
    assert "Add --engine ray" in str(result.exception)


@pytest.mark.parametrize("address", ["ray://10.0.0.5:10001", "head", "10.0.0.5", "10.0.0.5:port", ":6379"])
def test_what_is_no_address_is_refused(stub, address):
    with pytest.raises(ArchiveClusterError, match="no address of a cluster's head"):
        join_cluster(stub, address)


def test_an_address_where_nobody_answers_is_refused_at_once(stub, unused_port):
    with pytest.raises(ArchiveClusterError, match="refused"):
        join_cluster(stub, f"127.0.0.1:{unused_port}")


def test_a_cluster_that_was_joined_before_is_not_ours_to_leave():
    assert join_cluster(SimpleNamespace(is_initialized=lambda: True)) is False


def test_an_input_that_only_some_machines_see_is_explained():
    error = ArchiveInputError(where="news.jsonl", found="No such file", allowed="a file", remedy="Check it.")
    with pytest.raises(ArchiveInputError, match="every machine of the cluster must see the inputs under the same path"):
        raise explain_error(error)
