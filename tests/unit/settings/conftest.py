"""How the tests here write a muster.yml and read what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.config_file import load_config
from bot.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def wrong(tmp_path: Path) -> Callable[..., list[str]]:
    def told(text: str, **environ: str) -> list[str]:
        file = tmp_path / "muster.yml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError) as caught:
            load_config(file, environ)
        return [str(line).removeprefix("muster.yml:") for line in str(caught.value).splitlines()]

    return told
