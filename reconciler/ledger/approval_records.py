# tested by: tests/steps/test_verify_approvals.py
"""Keep the approvals of a plan: in the ledger, and in a folder beside the plan's file.

Both hold the same documents; each proves itself, so that anybody may carry them, and what is none is told and no more.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from reconciler.ledger.record_store_interface import Records
from reconciler.model.approval import LONGEST, SignedApproval
from reconciler.model.errors import LedgerError, ReconcilerError

_ATTEMPTS = 5

MOST = 1000
"""Approvals of one plan that are read from each place."""


class NotKept(ReconcilerError):
    """An approval cannot be kept."""

    code = "not-kept"


def name_record(digest: str) -> str:
    """The ledger's record of the approvals of a plan; `digest` as `sha256:…`."""
    return f"approvals/{digest.rpartition(':')[2]}.jsonl"


def name_folder(plan: Path) -> Path:
    """The folder beside a plan's file."""
    return plan.with_name(f"{plan.name}.approvals")


def record(store: Records, digest: str, approval: SignedApproval) -> None:
    """Keep an approval in the ledger.

    Raises:
        LedgerError: it could not be written.
    """
    for left in range(_ATTEMPTS if store.shared else 1, 0, -1):
        try:
            store.append(name_record(digest), approval.document())
        except LedgerError:
            if left == 1:
                raise  # else somebody else has approved at the same moment, and has taken the number
        else:
            return


def write(plan: Path, approval: SignedApproval) -> Path:
    """Keep an approval beside a plan's file; where it is.

    Raises:
        NotKept: the folder cannot be made, or not be written to.
    """
    folder, content = name_folder(plan), approval.document() + b"\n"
    path = folder / f"{hashlib.sha256(content).hexdigest()[:16]}.json"
    draft = folder / f".{path.name}.{os.getpid()}"
    try:
        folder.mkdir(exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        hint = "sign where the plan's folder can be written to, and keep the folder with the plan"
        raise NotKept(f"the approval cannot be written to {folder}", note=error.strerror, hint=hint) from error
    return path


def read(store: Records, digest: str, plan: Path | None = None) -> list[bytes]:
    """The approvals of a plan, each once, whatever they are: those of the ledger, then those beside its file.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    lines = store.read_lines(name_record(digest))[:MOST]
    return list(dict.fromkeys([*map(bytes.strip, lines), *_read_files(plan)]))


def _read_files(plan: Path | None) -> Iterable[bytes]:
    folder = None if plan is None else name_folder(plan)
    return _iter_files(folder) if folder is not None and folder.is_dir() else ()


def _iter_files(folder: Path) -> Iterator[bytes]:
    for path in sorted(each for each in folder.iterdir() if each.suffix == ".json")[:MOST]:
        try:
            if path.is_file():
                with path.open("rb") as file:
                    yield file.read(LONGEST + 1).strip()
        except OSError:
            yield b""  # it is told as one that cannot be read
