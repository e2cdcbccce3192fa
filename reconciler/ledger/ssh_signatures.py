# tested by: tests/steps/test_verify_approvals.py
"""Sign with ssh keys, and check such signatures, by OpenSSH's own program.

The format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig. The namespace keeps a signature
that was made for something else, a commit for example, from being one of a plan. What the program prints is never
passed on: it names files of keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.errors import ReconcilerError

NAMESPACE = "plan-approval@cxone-reconciler.dev"
PROGRAM = "ssh-keygen"
_MAGIC = b"SSHSIG"
_TOUCHED = 0x01
"""The flag that somebody was present (WebAuthn, authenticator data: UP)."""
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_PASSED_ON = (
    "PATH",
    "HOME",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_SK_PROVIDER",
    "DISPLAY",
    "TERM",
)
"""What the program may know of the environment: no secret of a tenant."""
_TIMEOUT = 30.0
"""Seconds for a check, which waits for nobody; to sign may take as long as somebody types a passphrase."""


class NoSigner(ReconcilerError):
    """Nothing can be signed or checked here."""

    code = "ssh-keygen"


@dataclass(frozen=True, slots=True)
class Signature:
    """What an armoured signature says of itself.

    Attributes:
        blob: the public key, in base64. touched: whether somebody touched the security key that signed; of any other
            key, that it is none.
    """

    blob: str
    namespace: str
    touched: bool = True

    @property
    def fingerprint(self) -> str:
        """The key's, as `ssh-keygen -l` prints it."""
        return make_fingerprint(self.blob)


def make_fingerprint(blob: str) -> str:
    """The fingerprint of a public key in base64; raises ValueError where it is none."""
    digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def read_signature(text: str) -> Signature:
    """What a signature says of itself.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(rf"\s*{_BEGIN}\s+([A-Za-z0-9+/=\s]+){_END}\s*", text)
    if found is None:
        raise ValueError("no signature")
    try:
        content = base64.b64decode("".join(found[1].split()), validate=True)
    except binascii.Error as error:
        raise ValueError("no signature") from error
    if content[:6] != _MAGIC or len(content) < len(_MAGIC) + 4:
        raise ValueError("no signature")
    key, rest = _take(content[len(_MAGIC) + 4 :])
    namespace, rest = _take(rest)
    return Signature(base64.b64encode(key).decode(), namespace.decode(), _is_touched(key, rest))


def _is_touched(key: bytes, rest: bytes) -> bool:
    """Whether the flags of a security key's signature say so (OpenSSH, PROTOCOL.u2f); raises ValueError."""
    if not _take(key)[0].startswith(b"sk-"):
        return True
    _reserved, rest = _take(rest)
    _digest, rest = _take(rest)
    signature, _ = _take(rest)
    _type, rest = _take(signature)
    _made, flags = _take(rest)
    return bool(flags[:1] and flags[0] & _TOUCHED)


def _take(content: bytes) -> tuple[bytes, bytes]:
    """The next text of an SSH message, and what follows it."""
    length = int.from_bytes(content[:4])
    if len(content) < 4 + length:
        raise ValueError("no signature")
    return content[4 : 4 + length], content[4 + length :]


@dataclass(frozen=True)
class SshKeygen:
    """The program, with a folder of one's own for what it reads from files.

    `environ`: of which it is given what it needs alone.
    """

    scratch: Path
    environ: Mapping[str, str]

    def sign(self, message: bytes, key: Path) -> str:
        """The armoured signature of a message, by a private key, or by that of an agent where `key` is a public one.

        Raises:
            NoSigner: the key cannot be used, or the program is not there.
        """
        ended = self._run(["-Y", "sign", "-n", NAMESPACE, "-f", str(key)], message, None)
        text = ended.stdout.decode("ascii", "replace")
        if ended.returncode or _BEGIN not in text:
            raise NoSigner(
                "the key did not sign",
                note="it cannot be read, its passphrase was not given, or it is in no agent that answers",
                hint="name a private key with --key FILE, or load it: ssh-add",
            )
        return text

    def is_signed(self, message: bytes, signature: str) -> bool:
        """Whether a signature is one of a message in our namespace, by whatever key."""
        file = self._write("signature", signature.encode())
        return not self._run(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(file)], message).returncode

    def is_signed_by(self, message: bytes, signature: str, principal: str, signers: str, revoked: bytes | None) -> bool:
        """Whether somebody signed a message, by a file of allowed signers, at this moment."""
        words = ["-f", str(self._write("signers", signers.encode())), "-I", principal]
        words += ["-s", str(self._write("signature", signature.encode()))]
        if revoked is not None:
            words += ["-r", str(self._write("revoked", revoked))]
        return not self._run(["-Y", "verify", "-n", NAMESPACE, *words], message).returncode

    def _write(self, name: str, content: bytes) -> Path:
        self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.scratch / name
        path.write_bytes(content)
        return path

    def _run(
        self, words: Sequence[str], message: bytes, timeout: float | None = _TIMEOUT
    ) -> subprocess.CompletedProcess[bytes]:
        program = shutil.which(PROGRAM, path=self.environ.get("PATH"))
        if program is None:
            raise NoSigner(
                f"{PROGRAM} is not there: plans are approved, and approvals checked, by it",
                hint="install OpenSSH's client (Debian: openssh-client)",
            )
        environ = {name: self.environ[name] for name in _PASSED_ON if name in self.environ}
        try:
            # no shell; the words are ours, paths of ours, and a principal behind its own option
            return subprocess.run(  # noqa: S603
                [program, *words],
                input=message,
                capture_output=True,
                env={**environ, "LC_ALL": "C"},
                timeout=timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NoSigner(f"{PROGRAM} did not do its work", note=type(error).__name__) from error
