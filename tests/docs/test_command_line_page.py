from __future__ import annotations

import re

import pytest
from typer.main import get_command

from policyframes.cli.main import build_app


def all_commands(command, path=()):
    children = getattr(command, "commands", {})
    if not children:
        return [(" ".join(path), command)]
    return [found for name, child in children.items() for found in all_commands(child, (*path, name))]


COMMANDS = all_commands(get_command(build_app()))


@pytest.fixture
def page(checkout):
    return (checkout / "docs" / "command-line.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_and_option_is_documented_and_has_help(page, path, command):
    assert command.help
    assert path in page
    for option in command.params:
        if option.param_type_name == "option" and "--help" not in option.opts:
            assert any(f"`{name}" in page for name in option.opts), option.opts


def test_the_page_names_no_option_that_is_not_there(page):
    known = {
        name for _, command in COMMANDS for option in command.params for name in (*option.opts, *option.secondary_opts)
    }

    assert set(re.findall(r"`(--[a-z-]+)", page)) <= known | {"--help", "--version"}
