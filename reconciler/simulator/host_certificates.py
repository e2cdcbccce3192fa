# tested by: tests/simulator/test_as_host.py
"""Make a certificate authority for as long as a tenant runs, and a certificate of the hosts that it stands in for."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "Embedded tenant of reconciler, of this run alone"
BEFORE, LASTS = timedelta(days=1), timedelta(days=90)
"""How long before now a certificate is good from, for clocks that differ; and how long from now."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What a client has to trust (a file, PEM), and what a server shows to it."""

    authority: Path
    server: ssl.SSLContext


@contextmanager
def certify_hosts(hosts: Iterable[str]) -> Iterator[Certified]:
    """A certificate of some hosts (`*.` stands for one part of a name), from an authority that is made for it.

    No key outlives this: the authority's is never written down, and that of the hosts is in a private folder just while
    it is loaded. The folder is gone when this is over. Raises OSError where none can be made.
    """
    with TemporaryDirectory(prefix="reconciler-simulate-") as private:
        folder = Path(private)
        signing, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
        authority = _make_authority(signing)
        shown = _sign_hosts(key, [*hosts], authority, signing)
        trusted, secret = folder / "ca.pem", folder / "hosts.pem"
        trusted.write_bytes(authority.public_bytes(Encoding.PEM))
        secret.touch(mode=0o600)
        secret.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + shown.public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(secret)
        secret.unlink()
        yield Certified(trusted, context)


def _begin(name: str, key: EllipticCurvePrivateKey, issuer: x509.Name) -> x509.CertificateBuilder:
    """What every certificate has."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _make_authority(signing: EllipticCurvePrivateKey) -> x509.Certificate:
    itself = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    return (
        _begin(NAME, signing, itself)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_allow(signs=True), critical=True)
        .sign(signing, SHA256())
    )


def _sign_hosts(
    key: EllipticCurvePrivateKey, hosts: list[str], authority: x509.Certificate, signing: EllipticCurvePrivateKey
) -> x509.Certificate:
    of_authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    return (
        _begin("Hosts of the embedded tenant", key, authority.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(of_authority, critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in hosts]), critical=False)
        .add_extension(_allow(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signing, SHA256())
    )


def _allow(*, signs: bool) -> x509.KeyUsage:
    """An authority's key signs certificates and nothing else; that of hosts signs handshakes."""
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
