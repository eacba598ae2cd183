"""The README says what the code does."""

from __future__ import annotations

import re

import pytest

from tests.architecture import pictures, readme


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


def test_the_tour_shows_every_picture_there_is_and_each_is_small() -> None:
    text = readme.README.read_text(encoding="utf-8")
    shown = re.findall(r"\(bot/sandbox/screenshots/([a-z-]+)\.png\)", text)
    assert shown == list(pictures.TOUR), "each once, in the order of the walk"
    assert {path.stem for path in pictures.FOLDER.iterdir()} == set(shown)
    for path in pictures.FOLDER.glob("*.png"):
        head = path.read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        assert int.from_bytes(head[16:20], "big") == 1280, f"{path.name} is not 1280 wide"
        assert path.stat().st_size < 250_000, f"{path.name} is too large"
