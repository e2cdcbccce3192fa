"""A security key of software, which signs as one does that somebody touches: what OpenSSH calls an `sk` key.

The formats: PROTOCOL.u2f and PROTOCOL.sshsig of OpenSSH.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reconciler.model.approval import SignedApproval, Statement

TOUCHED = 1
"""The flag that somebody was there."""
TYPES = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")


def _text(content: bytes) -> bytes:
    return len(content).to_bytes(4) + content


def _number(value: int) -> bytes:
    return _text(value.to_bytes(value.bit_length() // 8 + 1))


@dataclass
class SecurityKey:
    """One key; `application` is what OpenSSH makes it for."""

    type: str
    application: bytes = b"ssh:"
    _edwards: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    _nist: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def blob(self) -> bytes:
        """The public key."""
        if self.type == TYPES[0]:
            point = _text(self._edwards.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        else:
            whole = self._nist.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            point = _text(b"nistp256") + _text(whole)
        return _text(self.type.encode()) + point + _text(self.application)

    @property
    def line(self) -> str:
        """Type and key, as a file of allowed signers has them."""
        return f"{self.type} {base64.b64encode(self.blob).decode()}"

    def sign(self, statement: Statement, namespace: str, *, flags: int = TOUCHED) -> SignedApproval:
        """The statement with the signature that `ssh-keygen -Y sign` would make by it."""
        message = statement.message()
        kind = _text(namespace.encode()) + _text(b"") + _text(b"sha512")
        signed = b"SSHSIG" + kind + _text(hashlib.sha512(message).digest())
        rest = bytes([flags]) + (7).to_bytes(4)
        told = hashlib.sha256(self.application).digest() + rest + hashlib.sha256(signed).digest()
        if self.type == TYPES[0]:
            made = self._edwards.sign(told)
        else:
            r, s = utils.decode_dss_signature(self._nist.sign(told, ec.ECDSA(SHA256())))
            made = _number(r) + _number(s)
        signature = _text(self.type.encode()) + _text(made) + rest
        whole = b"SSHSIG" + (1).to_bytes(4) + _text(self.blob) + kind + _text(signature)
        armoured = base64.encodebytes(whole).decode()
        return SignedApproval(message, f"-----BEGIN SSH SIGNATURE-----\n{armoured}-----END SSH SIGNATURE-----\n")
