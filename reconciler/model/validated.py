# tested by: tests/views/test_validation.py
"""What was found of manifests in which nothing is wrong?"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.meant import Meant
from reconciler.model.notice import Notice


@dataclass(frozen=True, slots=True)
class Validated:
    """Manifests that are valid: how many, what for, how many YAML files which file leaves out, what to know of them."""

    meant: Meant
    manifests: int
    ignored: int
    ignored_by: str
    notices: tuple[Notice, ...] = ()
