"""What a person reads for the reasons of a plan in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.reason_json import read_counted, read_named
from reconciler.views.reasons import describe_reason, describe_row_reason


def described(reason: Mapping[str, Any]) -> str:
    """A reason with its arguments, in words."""
    return describe_reason(read_named(reason))


def row_described(counted: Mapping[str, Any]) -> str:
    """What is done with some rows, and why."""
    (one,) = read_counted([counted])
    return describe_row_reason(one)
