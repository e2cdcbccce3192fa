# tested by: tests/test_output_schemas.py
"""Define the version of every JSON that this program writes: one for all, as their schemas are published together."""

from __future__ import annotations

FORMAT_VERSION = "2.0"
