"""Tell when a file that git tracks was committed last, as far as git knows.

A clone without its history (`--depth`) takes the first commit that it has for the one that brought every file: of such
a clone nothing is known. Neither is anything of a file that was changed since: then its own time says more.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

_SECONDS = 10.0
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def find_commit_time(path: Path, environ: Mapping[str, str]) -> datetime | None:
    """When the last commit of a file was made; None: nobody knows, or it is not as that commit left it."""
    git = which("git", path=environ.get("PATH"))
    if git is None:
        return None
    with suppress(OSError, subprocess.TimeoutExpired, ValueError, OverflowError):
        if _ask(git, path, environ, "rev-parse", "--is-shallow-repository") != "false":
            return None
        if _ask(git, path, environ, "status", "--porcelain", "--", path.name) != "":
            return None
        told = _ask(git, path, environ, "log", "-1", "--format=%ct", "--", path.name)
        return datetime.fromtimestamp(int(told), UTC) if told else None
    return None


def _ask(git: str, path: Path, environ: Mapping[str, str], *words: str) -> str | None:
    """What git says; None where it refuses."""
    # nothing of the repository is run: neither a hook that watches files nor one that shows differences
    command = [git, "-c", "core.fsmonitor=false", "-C", str(path.parent), *words]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, env={**environ, **_QUIET}, timeout=_SECONDS, check=False
    )
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
