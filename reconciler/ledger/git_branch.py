# tested by: tests/cli/test_adopting_drift.py
"""Put files on a new branch of a git repository, for a pull request."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which

from reconciler.model.errors import Exit, ReconcilerError

_SECONDS = 60.0


class NoBranch(ReconcilerError):
    """No branch can be made here. Nothing was written."""

    code = "no-branch"
    exit_code = Exit.USAGE


def is_dirty(root: Path, environ: Mapping[str, str]) -> bool | None:
    """Whether files that git tracks were changed and not committed; None: it is no repository, or git is not there."""
    told = _ask(root, environ, "status", "--porcelain", "--untracked-files=no")
    return None if told is None else bool(told.strip())


def start_branch(root: Path, environ: Mapping[str, str], name: str) -> None:
    """Make a branch and go there.

    Raises:
        NoBranch: it is no repository, files are changed and not committed, or git refuses the name.
    """
    dirty = is_dirty(root, environ)
    if dirty is None:
        raise NoBranch("no git repository is here", where=str(root), hint="leave `--branch` out")
    if dirty:
        hint = "commit or stash them: what is on the branch is to be what the tenant holds, and nothing else"
        raise NoBranch("files are changed and not committed", where=str(root), hint=hint)
    if _ask(root, environ, "switch", "--quiet", "-c", name) is None:
        raise NoBranch(f"git makes no branch {name!a}", where=str(root), hint="is there one already? name another")


def commit_files(root: Path, environ: Mapping[str, str], files: Sequence[str], message: str) -> bool:
    """Commit some files as they are; whether git did it."""
    staged = _ask(root, environ, "add", "--", *files) is not None
    return staged and _ask(root, environ, "commit", "--quiet", "--no-verify", "-m", message, "--", *files) is not None


def leave_branch(root: Path, environ: Mapping[str, str], name: str) -> None:
    """Go back, and take the branch away on which nothing is."""
    if _ask(root, environ, "switch", "--quiet", "-") is not None:
        _ask(root, environ, "branch", "--quiet", "-d", name)


def _ask(root: Path, environ: Mapping[str, str], *words: str) -> str | None:
    """What git says; None where it refuses, or is not there. No hook of the repository is run."""
    git = which("git", path=environ.get("PATH"))
    if git is None:
        return None
    command = [git, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", str(root), *words]
    quiet = {**environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, env=quiet, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
