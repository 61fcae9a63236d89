"""The run's page: one HTML file that needs no network and no server."""

from __future__ import annotations

from cleanup.report.page import write_report

__all__ = ["write_report"]
