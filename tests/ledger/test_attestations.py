"""Are statements signed as DSSE and in-toto publish it, and by which keys?"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reconciler.ledger.attestations import APPLY, STATEMENT, state_apply
from reconciler.ledger.evidence_key import PAYLOAD_TYPE, Signer, encode_pae, open_signer
from reconciler.ledger.folder_records import open_store
from reconciler.ledger.sealing import KeyUnusable
from reconciler.model.audit_anchor import Anchor
from reconciler.model.report import Report


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_what_is_signed_is_the_encoding_that_dsse_gives_as_its_example() -> None:
    # https://github.com/secure-systems-lab/dsse/blob/master/protocol.md, test vectors
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert encode_pae("http://example.com/HelloWorld", b"hello world") == expected
    assert encode_pae("ü", b"") == b"DSSEv1 2 \xc3\xbc 0 "


def signed(signer: Signer) -> tuple[bytes, bytes]:
    """What a signer signed, and the signature."""
    report = Report("r", (), 0)
    statement = state_apply("r", "sha256:" + "ab" * 32, report, None, Anchor(3, "cd" * 32), datetime.now(UTC), None)
    told = json.loads(signer.sign(statement))
    payload = base64.b64decode(told["payload"])
    inside = json.loads(payload)
    assert (inside["_type"], inside["predicateType"]) == (STATEMENT, APPLY)
    assert inside["subject"] == [{"name": "plan of run r", "digest": {"sha256": "ab" * 32}}]
    assert told["payloadType"] == PAYLOAD_TYPE == "application/vnd.in-toto+json"
    (only,) = told["signatures"]
    assert only["keyid"] == signer.fingerprint
    return encode_pae(PAYLOAD_TYPE, payload), base64.b64decode(only["sig"])


def test_the_key_of_the_ledger_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    store = open_store("file://ledger", tmp_path)
    first = open_signer(store, None)
    assert first.own
    assert first.fingerprint == open_signer(store, None).fingerprint
    assert (tmp_path / "ledger" / "evidence.key").stat().st_mode & 0o077 == 0
    message, signature = signed(first)
    assert isinstance(first.key, ed25519.Ed25519PrivateKey)
    first.key.public_key().verify(signature, message)


def test_a_key_that_is_given_signs_and_leaves_none_in_the_ledger(tmp_path: Path) -> None:
    store = open_store("file://ledger", tmp_path)
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())):
        signer = open_signer(store, pem(key))
        assert not signer.own
        message, signature = signed(signer)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            key.public_key().verify(signature, message, ec.ECDSA(SHA256()))
        else:
            key.public_key().verify(signature, message)
    assert not (tmp_path / "ledger" / "evidence.key").exists()


@pytest.mark.parametrize("what", ["nothing of the kind", "another curve", "rsa", "a public key"])
def test_what_is_no_key_that_signs_here_is_refused_and_not_told(tmp_path: Path, what: str) -> None:
    given = {
        "nothing of the kind": "SECRET-TEXT",
        "another curve": pem(ec.generate_private_key(ec.SECP384R1())),
        "rsa": pem(rsa.generate_private_key(65537, 2048)),
        "a public key": Signer(ed25519.Ed25519PrivateKey.generate(), own=False).public.decode(),
    }[what]
    with pytest.raises(KeyUnusable) as found:
        open_signer(open_store("file://ledger", tmp_path), given)
    assert "SECRET" not in str(found.value)


def test_a_key_of_the_ledger_that_was_written_over_is_refused(tmp_path: Path) -> None:
    store = open_store("file://ledger", tmp_path)
    store.create("evidence.key", b"not hexadecimal")
    with pytest.raises(KeyUnusable, match=r"evidence\.key is no key"):
        open_signer(store, None)
