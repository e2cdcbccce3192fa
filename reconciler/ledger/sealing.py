"""How do the rows of a plan travel and lie so that only who holds the workspace's key can read or change them?

AES-256-GCM over blocks of a mebibyte, each file under a key of its own that HKDF-SHA256 derives from the workspace's
and from a random salt. A block's nonce is its number and whether it is the last: none can be left out, moved or cut off
(the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, https://eprint.iacr.org/2015/189). What is sealed is
bound to its name and to the plan's document, so that an edited document, whatever its digest says, opens nothing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from reconciler.ledger.records import Records, created_once
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.secret import Secret

VARIABLE = "RECONCILER_KEY"
"""Gives the key where a plan is made in one job and applied in another, each with a ledger of its own."""

SHORTEST = 32
"""Characters of a key that somebody gives: what is guessed opens every plan."""

_FILE = "plan.key"
_SALT, _BLOCK, _TAG = 32, 1 << 20, 16


class KeyUnusable(ReconcilerError):
    """The key in the environment is no key."""

    code = "key-unusable"
    exit_code = 64


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals and opens with one workspace's key."""

    key: Secret

    @property
    def name(self) -> str:
        """Tells keys apart, and says nothing of the key."""
        return self._derived(b"", b"name of the key").hex()[:16]

    def close(self, plain: IO[bytes], sealed: IO[bytes], about: bytes) -> None:
        """Seal what is in `plain` into `sealed`; it opens with the same `about` only."""
        salt = secrets.token_bytes(_SALT)
        sealed.write(salt)
        cipher, number = self._cipher(salt), 0
        block = plain.read(_BLOCK)
        while True:
            following = plain.read(_BLOCK) if len(block) == _BLOCK else b""
            sealed.write(cipher.encrypt(_nonce(number, last=not following), block, about))
            if not following:
                return
            block, number = following, number + 1

    def open(self, sealed: IO[bytes], about: bytes) -> Iterator[bytes]:
        """What was sealed, block by block: nothing of a block that was altered.

        Raises:
            Stale: it was altered or cut short, or sealed about something else, or by another key.
        """
        from cryptography.exceptions import InvalidTag

        cipher, number = self._cipher(sealed.read(_SALT)), 0
        block = sealed.read(_BLOCK + _TAG)
        while True:
            following = sealed.read(_BLOCK + _TAG) if len(block) == _BLOCK + _TAG else b""
            try:
                yield cipher.decrypt(_nonce(number, last=not following), block, about)
            except InvalidTag:
                raise Stale(
                    "the plan was edited after it was made: a part of it does not open with its seal",
                    hint="plan again, have the new plan reviewed, and apply that",
                ) from None
            if not following:
                return
            block, number = following, number + 1

    def is_of(self, name: str) -> bool:
        """Whether a name is that of this key."""
        return hmac.compare_digest(name.encode(), self.name.encode())

    def _cipher(self, salt: bytes):  # type: ignore[no-untyped-def]
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._derived(salt, b"rows of a plan"))

    def _derived(self, salt: bytes, purpose: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), 32, salt, b"reconciler 1: " + purpose).derive(self.key.reveal().encode())


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


def seal_of(store: Records, given: str | None) -> Seal:
    """The workspace's seal: by the key in the environment, else by one that is created in the ledger once.

    Raises:
        KeyUnusable: the key in the environment is too short.
        LedgerError: the ledger's is empty, or cannot be read or created.
    """
    if given is None or given == "":
        return Seal(created_once(store, _FILE, "plans could not be opened, or by anybody"))
    if len(given.strip()) < SHORTEST:
        raise KeyUnusable(
            f"the key in {VARIABLE} has {len(given.strip())} characters, and must have {SHORTEST} or more",
            note="names and phones in saved plans are encrypted with it",
            hint="make one with: openssl rand -hex 32",
        )
    return Seal(Secret(given.strip()))
