"""The presets' examples run when the bot starts, in a process that leaves nothing behind."""

from __future__ import annotations

import pytest

from bot.mapping import boot


async def test_all_is_well() -> None:
    assert await boot.wrong_presets() == []


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('no JSON')"])
async def test_what_cannot_be_run_is_told(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(boot, "PROGRAM", program)
    assert await boot.wrong_presets() == ["the examples could not be run"]


async def test_a_process_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot, "PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(boot, "SECONDS", 0.2)
    assert await boot.wrong_presets() == ["the examples could not be run"]
