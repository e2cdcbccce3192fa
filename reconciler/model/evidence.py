# tested by: tests/audience/evidence/test_contact_tree.py
"""Define what is kept of an apply so that it can be proved later: whom it decided on, and the tree of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows

TREE = "rfc6962-sha256"
"""How contacts are hashed: leaves and nodes as RFC 6962, section 2.1, has them."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Everybody in the source of one segment, `DECIDED_CONTACTS`."""

    segment: Address
    rows: Rows


@dataclass(frozen=True, slots=True)
class DecidedCount:
    """So many leaves say the same: in which band somebody is (`in`), or the reason why in none (`out`)."""

    segment: str
    decision: str
    band: str | None
    code: str | None
    args: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The contacts of a run as a Merkle tree: how many leaves it has, its root in hexadecimal, and what they say."""

    size: int
    root: str
    counts: tuple[DecidedCount, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        counts = [{**asdict(each), "args": list(each.args)} for each in self.counts]
        return {"hashing": TREE, "size": self.size, "root": self.root, "counts": counts}


@dataclass(frozen=True, slots=True)
class LeafProof:
    """That one leaf is in a tree.

    Attributes:
        leaf: its exact text. index: its place, from 0. path: the hashes that lead from it to the root, in hexadecimal.
        key: the key of its tokens, in hexadecimal: with it, whoever knows the contact sees that it is the one.
    """

    leaf: str
    index: int
    size: int
    root: str
    path: Sequence[str]
    key: str
