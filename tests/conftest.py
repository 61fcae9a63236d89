"""Fixtures that several tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A gate must give the same answer twice: in CI the examples are drawn the same way every time; at a desk they are new ones.
settings.register_profile(
    "cleanup", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("cleanup")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The samples directory."""
    return Path(__file__).resolve().parents[1] / "samples"
