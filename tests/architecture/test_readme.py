"""The README says what the code does."""

from __future__ import annotations

import re

import pytest

from tests.architecture import readme


@pytest.mark.parametrize("name", list(readme.TABLES))
def test_table_is_what_the_code_says(name: str) -> None:
    text = readme.README.read_text(encoding="utf-8")
    message = "run: .venv/bin/python -m tests.architecture.readme"
    assert readme.between(text, name).strip() == readme.TABLES[name]().strip(), message


def test_every_file_the_readme_links_exists() -> None:
    text = readme.README.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!http|#)([^)]+)\)", text)
    assert [link for link in links if not (readme.TOP / link).exists()] == []


def test_every_muster_command_the_readme_names_exists() -> None:
    from bot.cli import main

    text = readme.README.read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:\.venv/bin/)?muster ([a-z]+)", text)) | set(
        re.findall(r"bin/muster ([a-z]+)", text)
    )
    assert named
    assert named <= set(main.commands)
