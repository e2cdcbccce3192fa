# tested by: tests/views/test_validation.py
"""Define the result of validating manifests."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.notice import Notice
from reconciler.model.run_target import Meant


@dataclass(frozen=True, slots=True)
class Validated:
    """Manifests that are valid: how many, what for, how many YAML files which file leaves out, what to know of them."""

    meant: Meant
    manifests: int
    ignored: int
    ignored_by: str
    notices: tuple[Notice, ...] = ()
