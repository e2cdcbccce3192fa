# tested by: tests/steps/load/test_operator_bounds_check.py
"""Refuse symbolic links in a ledger's folder.

A link is a file of the repository like any other: one below the ledger's folder would let a pull request have the
program write to any file that it may write.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.bucket.object_urls import SCHEMES, scheme_of
from reconciler.model.problem import Location, Problem
from reconciler.steps.load.manifest_files import format_name

HERE = ".reconciler"
"""The folder of the workspace that holds the ledger, or what is kept beside one in an object store."""


def resolve_path(inside: Path, name: str) -> Path:
    """Where a path from the workspace leads; one that is none, or a link to itself, leads out of it."""
    try:
        return (inside / name).resolve()
    except (OSError, RuntimeError, ValueError):
        return Path("/")


def find_folder(ledger: str) -> str:
    """The folder that is written for a ledger: its own, or the one beside a ledger that is elsewhere."""
    return HERE if scheme_of(ledger) in SCHEMES else ledger.removeprefix("file://")


def check(ledger: str, root: Path) -> Iterator[Problem]:
    """The links below the folder of a ledger that is in the workspace."""
    try:
        folder = resolve_path(root, find_folder(ledger))
        if not folder.is_dir() or folder == root.resolve() or not folder.is_relative_to(root.resolve()):
            return  # elsewhere no pull request puts links; and the manifests' own links are told where they are read
        yield from (_describe_link(root, folder, path) for path in _iter_links(str(folder)))
    except (OSError, RuntimeError, ValueError):
        return  # the ledger says why it cannot be opened


def _describe_link(root: Path, folder: Path, path: str) -> Problem:
    where = Location(format_name(root, root / folder.relative_to(root.resolve()) / os.path.relpath(path, folder)))
    message = "this is a link in the ledger's folder, and what is recorded would be written where it leads"
    return Problem(where, "link-in-ledger", message, hint="remove it: the program puts no links there")


def _iter_links(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield entry.path
            elif entry.is_dir(follow_symlinks=False):
                yield from _iter_links(entry.path)
