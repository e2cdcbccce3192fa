# tested by: tests/cli/test_approve.py
"""Find the ssh key that somebody signs with: the one that is named, git's, or the only one of an agent."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from reconciler.ledger.ssh_signatures import NoSigner

_LITERAL = ("ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-")
_TIMEOUT = 30


def find_signing_key(given: Path | None, environ: Mapping[str, str], scratch: Path) -> Path:
    """The file of a private key, or of the public one of a key that an agent has.

    `given`: what `--key` names. Else git's `user.signingkey`, where git signs by ssh (a path, or the public key
    itself), else the key of the agent, where it has one and no other. Nothing here is printed: where somebody keeps
    keys is nobody's business.

    Raises:
        NoSigner: there is none, or several of which nobody says which is meant.
    """
    if given is not None:
        if not given.expanduser().is_file():
            raise NoSigner("there is no file of a key where --key says", hint="name the file of an ssh key")
        return given.expanduser()
    named = _ask_git(environ)
    if named:
        text = named.removeprefix("key::")
        if text.startswith(_LITERAL):
            return _write(text, scratch)
        if Path(text).expanduser().is_file():
            return Path(text).expanduser()
    loaded = _run("ssh-add", ["-L"], environ) if environ.get("SSH_AUTH_SOCK") else ""
    keys = [line for line in loaded.splitlines() if line.startswith(_LITERAL)]
    if len(keys) == 1:
        return _write(keys[0], scratch)
    raise NoSigner(
        "it is not known which key to sign with" if keys else "there is no key to sign with",
        note=f"the agent has {len(keys)} keys" if keys else "neither git's user.signingkey nor an agent has one",
        hint="name one with --key FILE: a private key, or the public one of a key that an agent has",
    )


def _ask_git(environ: Mapping[str, str]) -> str:
    """Git's key, where git signs by ssh; nothing where it does not, or is not there."""
    if _run("git", ["config", "--get", "gpg.format"], environ).strip() != "ssh":
        return ""
    return _run("git", ["config", "--get", "user.signingkey"], environ).strip()


def _run(program: str, words: list[str], environ: Mapping[str, str]) -> str:
    path = shutil.which(program, path=environ.get("PATH"))
    if path is None:
        return ""
    try:
        # no shell, and words of ours alone
        ended = subprocess.run(  # noqa: S603
            [path, *words], capture_output=True, text=True, env=dict(environ), timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return "" if ended.returncode else ended.stdout


def _write(text: str, scratch: Path) -> Path:
    path = scratch / "signing-key.pub"
    path.write_text(f"{text}\n", encoding="utf-8")
    return path
