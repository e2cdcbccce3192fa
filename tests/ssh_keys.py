"""Real ssh keys, made for a test, and allowed-signers files of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.ledger.ssh_signatures import PROGRAM, SshKeygen
from reconciler.model.approval import SignedApproval, Statement

_MISSING = shutil.which(PROGRAM) is None and not os.environ.get("RECONCILER_CI")
needs_ssh = pytest.mark.skipif(_MISSING, reason="OpenSSH's client is not installed")
"""What needs `ssh-keygen`; in the project's own pipeline it is there, and nothing is skipped."""
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Keys:
    """A folder of keys, each made when it is first asked for."""

    folder: Path

    def private(self, name: str, passphrase: str = "") -> Path:
        path = self.folder / name
        if not path.exists():
            words = [PROGRAM, "-q", "-t", "ed25519", "-N", passphrase, "-C", f"{name} of the tests", "-f", str(path)]
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        return path

    def public(self, name: str) -> str:
        """Type and key, without the comment."""
        text = self.private(name).with_suffix(".pub").read_text(encoding="utf-8")
        return " ".join(text.split()[:2])

    def signers(self, **keys: str) -> str:
        """A line for each: its principal, with the options before the name of its key, if any."""
        lines = []
        for principal, said in keys.items():
            *options, key = said.split(" ")
            lines.append(" ".join([principal.replace("_", "-"), *options, self.public(key)]))
        return "\n".join(lines) + "\n"

    @property
    def program(self) -> SshKeygen:
        return SshKeygen(self.folder / "scratch", os.environ)

    def sign(self, statement: Statement, key: str, namespace: str | None = None) -> SignedApproval:
        message = statement.message()
        if namespace is None:
            return SignedApproval(message, self.program.sign(message, self.private(key)))
        words = [PROGRAM, "-Y", "sign", "-n", namespace, "-f", str(self.private(key))]
        ended = subprocess.run(words, input=message, capture_output=True, check=True)
        return SignedApproval(message, ended.stdout.decode())
