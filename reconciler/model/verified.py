# tested by: tests/ledger/test_signatures.py
"""What was found of a record that is as it was written?"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.anchor import Anchor


@dataclass(frozen=True, slots=True)
class Verified:
    """A record that is whole: where it ends, under which key (empty: none), and what else there is to say, in words."""

    anchor: Anchor
    key: str
    words: tuple[str, ...]
