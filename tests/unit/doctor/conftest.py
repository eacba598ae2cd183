"""A healthy installation for every test."""

from __future__ import annotations

import pytest

from tests.unit.doctor.house import House


@pytest.fixture
def house() -> House:
    return House()
