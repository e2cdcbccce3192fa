# tested by: tests/properties/test_values.py
"""Compute the digest of a value by its canonical JSON."""

from __future__ import annotations

import hashlib

import orjson


def compute_digest(value: object) -> str:
    """The SHA-256 of a value's canonical JSON (sorted keys, no spaces), as `sha256:…`."""
    return "sha256:" + hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
