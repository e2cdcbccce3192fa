# tested by: tests/ledger/test_json_hmac.py
"""Encrypt and authenticate the rows of plans and records under the workspace's key.

AES-256-GCM over blocks of a mebibyte, each file under a key of its own that HKDF-SHA256 derives from the workspace's
and from a random salt. A block's nonce is its number and whether it is the last: none can be left out, moved or cut off
(the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, https://eprint.iacr.org/2015/189). What is sealed is
bound to its name and to the plan's document, so that an edited document, whatever its digest says, opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, TYPE_CHECKING

from reconciler.ledger.record_store_interface import Records, create_key_once, read_key
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE = "RECONCILER_KEY"
"""Gives the key where a plan is made in one job and applied in another, each with a ledger of its own."""

PREVIOUS_VARIABLE = "RECONCILER_PREVIOUS_KEYS"
"""Gives keys that were in use before, one a line: they read, and write nothing."""

SHORTEST = 32
"""Characters of a key that somebody gives: what is guessed opens every plan."""

NAME = 16
"""Characters of a key's name."""

_FILE = "plan.key"
_SALT, _BLOCK, _TAG, _NONCE = 32, 1 << 20, 16, 12


class KeyUnusable(ReconcilerError):
    """The key in the environment is no key."""

    code = "key-unusable"
    exit_code = 64


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals and opens with one workspace's key; `previous` are Seals of keys that only read."""

    key: Secret
    previous: tuple[Seal, ...] = ()

    @property
    def name(self) -> str:
        """Tells keys apart, and says nothing of the key."""
        return _derive_key(self.key.reveal(), b"", b"name of the key").hex()[:NAME]

    def find_key(self, name: str) -> Seal | None:
        """The one of these keys that has this name."""
        return next((each for each in (self, *self.previous) if each.is_of(name)), None)

    def make_proof(self, what: str, parts: Iterable[bytes]) -> str:
        """An HMAC-SHA256 over some bytes, given in parts: that they are `what`, and were written by who has the key."""
        found = hmac.new(
            _derive_key(self.key.reveal(), b"", b"proof"), hashlib.sha256(what.encode()).digest(), "sha256"
        )
        for part in parts:
            found.update(part)
        return found.hexdigest()

    def hide(self, plain: bytes, about: str) -> bytes:
        """Encrypt something small; it opens with the same `about` only."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._make_line_cipher().encrypt(nonce, plain, about.encode())

    def unhide(self, hidden: bytes, about: str) -> bytes | None:
        """What `hide` encrypted; None where it was altered, or is about something else."""
        from cryptography.exceptions import InvalidTag

        try:
            return bytes(self._make_line_cipher().decrypt(hidden[:_NONCE], hidden[_NONCE:], about.encode()))
        except (InvalidTag, ValueError):
            return None

    def close(self, plain: IO[bytes], sealed: IO[bytes], about: bytes) -> None:
        """Seal what is in `plain` into `sealed`; it opens with the same `about` only."""
        salt = secrets.token_bytes(_SALT)
        sealed.write(salt)
        cipher, number = self._make_cipher(salt), 0
        block = plain.read(_BLOCK)
        while True:
            following = plain.read(_BLOCK) if len(block) == _BLOCK else b""
            sealed.write(cipher.encrypt(_make_nonce(number, last=not following), block, about))
            if not following:
                return
            block, number = following, number + 1

    def open(self, sealed: IO[bytes], about: bytes) -> Iterator[bytes]:
        """What was sealed, block by block: nothing of a block that was altered.

        Raises:
            Stale: it was altered or cut short, or sealed about something else, or by another key.
        """
        from cryptography.exceptions import InvalidTag

        cipher, number = self._make_cipher(sealed.read(_SALT)), 0
        block = sealed.read(_BLOCK + _TAG)
        while True:
            following = sealed.read(_BLOCK + _TAG) if len(block) == _BLOCK + _TAG else b""
            try:
                yield cipher.decrypt(_make_nonce(number, last=not following), block, about)
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

    def _make_cipher(self, salt: bytes) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(_derive_key(self.key.reveal(), salt, b"rows of a plan"))

    def _make_line_cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(_derive_key(self.key.reveal(), b"", b"parts of lines"))


@lru_cache(maxsize=32)
def _derive_key(key: str, salt: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt, b"reconciler 1: " + purpose).derive(key.encode())


def _make_nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


def open_seal(store: Records, given: str | None, previous: str | None = None) -> Seal:
    """The workspace's seal: by the key in the environment, else by one that is created in the ledger once.

    Raises:
        KeyUnusable: a key in the environment is too short.
        LedgerError: the ledger's is empty, others may read it, or it cannot be read or created.
    """
    return make_given_seal(given, previous) or Seal(create_key_once(store, _FILE, _WHY), _make_earlier_seals(previous))


def make_given_seal(given: str | None, previous: str | None = None) -> Seal | None:
    """The seal of the keys in the environment; None where there is none. Raises KeyUnusable."""
    return Seal(_check_key(given, VARIABLE), _make_earlier_seals(previous)) if given else None


def _make_earlier_seals(previous: str | None) -> tuple[Seal, ...]:
    return tuple(Seal(_check_key(each, PREVIOUS_VARIABLE)) for each in (previous or "").splitlines() if each.strip())


def find_seal(store: Records, given: str | None, previous: str | None = None) -> Seal | None:
    """The same for whoever only reads: no key is created; None where there is none. Raises as `open_seal`."""
    if not given and read_key(store, _FILE, _WHY) is None:
        return None
    return open_seal(store, given, previous)


_WHY = "plans could not be opened, or by anybody"


def _check_key(key: str, variable: str) -> Secret:
    if len(key.strip()) < SHORTEST:
        raise KeyUnusable(
            f"the key in {variable} has {len(key.strip())} characters, and must have {SHORTEST} or more",
            note="names and phones in saved plans are encrypted with it",
            hint="make one with: openssl rand -hex 32",
        )
    return Secret(key.strip())
