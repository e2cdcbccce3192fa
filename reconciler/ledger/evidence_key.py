# tested by: tests/ledger/test_attestations.py
"""Sign statements for auditors: Ed25519, or ECDSA on P-256 with a key that is given.

The key is that of the environment, else one that is created in the ledger once. A signature by the ledger's own key
proves nothing against those who may read the ledger; whoever audits compares the key's fingerprint with one that was
told elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from reconciler.ledger.record_store_interface import Records, create_key_once
from reconciler.ledger.sealing import KeyUnusable
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VARIABLE = "RECONCILER_EVIDENCE_KEY"
"""Gives the private key, as PEM (PKCS#8, without a passphrase)."""

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_FILE = "evidence.key"
_WHY = "what it signs for auditors could be anybody's"


@dataclass(frozen=True)
class Signer:
    """Signs with one private key; `own`: whether it lies in the ledger."""

    key: Ed25519PrivateKey | EllipticCurvePrivateKey
    own: bool

    @cached_property
    def public(self) -> bytes:
        """The public key as PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key (its SubjectPublicKeyInfo, DER), in hexadecimal."""
        return make_fingerprint(self.public)

    def sign(self, statement: dict[str, Any]) -> bytes:
        """An in-toto statement in a DSSE envelope, as one line of JSON."""
        payload = orjson.dumps(statement, option=orjson.OPT_SORT_KEYS)
        signature = self._sign_bytes(encode_pae(PAYLOAD_TYPE, payload))
        told = {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": self.fingerprint, "sig": base64.b64encode(signature).decode()}],
        }
        return orjson.dumps(told)

    def _sign_bytes(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        if isinstance(self.key, EllipticCurvePrivateKey):
            return self.key.sign(message, ECDSA(SHA256(), deterministic_signing=True))
        return self.key.sign(message)


def make_fingerprint(public: bytes) -> str:
    """The SHA-256 of what a public key in PEM holds, in hexadecimal."""
    lines = public.decode().strip().splitlines()
    return hashlib.sha256(base64.b64decode("".join(lines[1:-1]))).hexdigest()


def encode_pae(kind: str, payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding of DSSE, version 1."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


def open_signer(store: Records, given: str | None) -> Signer:
    """The workspace's key to sign evidence with: the one given, else the ledger's.

    Raises:
        KeyUnusable: what is given is no private key of a kind that signs here.
        LedgerError: the ledger's cannot be read or created, or others may read it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if given:
        return Signer(_read_pem(Secret(given)), own=False)
    seed = create_key_once(store, _FILE, _WHY).reveal()
    try:
        return Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)), own=True)
    except ValueError:
        raise KeyUnusable(
            f"the ledger's {_FILE} is no key", where=store.locate(_FILE), hint="put it back from a copy of the ledger"
        ) from None


def _read_pem(given: Secret) -> Ed25519PrivateKey | EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(given.reveal().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return key
    raise KeyUnusable(
        f"what {VARIABLE} gives is no private key of Ed25519 or of ECDSA on P-256",
        note="it is read as PEM (PKCS#8) without a passphrase",
        hint="make one with: openssl genpkey -algorithm ed25519",
    )
