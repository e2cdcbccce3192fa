# tested by: tests/cli/test_saved_plans.py
"""Sign whole files by an HMAC in a trailer at their end.

They are the comment of a zip: the format, the name of the key, and an HMAC over every byte before that.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import IO

from reconciler.ledger.sealing import NAME, Seal

FORMAT = 2
_START = f"reconciler-plan/{FORMAT} ".encode()
_MAC = 64
LENGTH = len(_START) + NAME + 1 + _MAC
_BLOCK = 1 << 20


def make_unsigned(seal: Seal) -> bytes:
    """A trailer whose proof is still to be filled in."""
    return _START + seal.name.encode() + b" " + b"0" * _MAC


def sign(file: IO[bytes], seal: Seal, what: str) -> None:
    """Fill in the proof of a file that ends with an unsigned trailer: that all of it is `what`."""
    end = file.seek(0, 2) - _MAC
    proof = seal.make_proof(what, _iter_blocks(file, end))
    file.seek(end)
    file.write(proof.encode())


def read_key_name(file: IO[bytes]) -> str | None:
    """The name of the key that a file was signed with; None where it has no trailer."""
    size = file.seek(0, 2)
    file.seek(max(0, size - LENGTH))
    trailer = file.read()
    if not trailer.startswith(_START) or len(trailer) != LENGTH:
        return None
    return trailer[len(_START) : len(_START) + NAME].decode("ascii", "replace")


def is_proven(file: IO[bytes], seal: Seal, what: str) -> bool:
    """Whether a file with a trailer is `what`, as it was signed with this key: every byte of it."""
    end = file.seek(0, 2) - _MAC
    proof = seal.make_proof(what, _iter_blocks(file, end))
    file.seek(end)
    return hmac.compare_digest(file.read(), proof.encode())


def _iter_blocks(file: IO[bytes], end: int) -> Iterator[bytes]:
    file.seek(0)
    while (left := end - file.tell()) > 0:
        block = file.read(min(_BLOCK, left))
        if not block:
            return
        yield block
