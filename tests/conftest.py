"""Fixtures that several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("cleanup", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cleanup")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The samples directory."""
    return Path(__file__).resolve().parents[1] / "samples"
