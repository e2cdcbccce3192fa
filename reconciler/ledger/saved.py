"""How does a plan travel from the review to the apply? As one zip: `plan.json`, `seal.json` and `rows/*.sealed`.

Nothing personal is in the document. The rows are: names, phones and ids, sealed under the workspace's key.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from reconciler.ledger.sealing import VARIABLE, Seal
from reconciler.model.change import ROW_COLUMNS
from reconciler.model.document import plan_document, read_plan
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.plan import Plan

LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_ROWS = 16 * 1024 * 1024 * 1024

_DOCUMENT, _SEAL, _PROOF = "plan.json", "seal.json", "proof.sealed"
_FORMAT = 1


class NotAPlan(ReconcilerError):
    """The file is not a plan that this program saved."""

    code = "not-a-plan"
    exit_code = 64


class NotSaved(ReconcilerError):
    """The plan cannot be written to the file."""

    code = "not-saved"


class OtherKey(ReconcilerError):
    """The plan was sealed under another key than this workspace's."""

    code = "sealed-plan"
    exit_code = 64


def save_plan(plan: Plan, path: Path, seal: Seal) -> None:
    """Write a plan and its rows to a file that only its owner may read; whole, or not at all.

    Raises:
        NotSaved: the folder is not there, or cannot be written to.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        _write(plan, draft, seal)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NotSaved(
            f"the plan cannot be saved to {path}", note=error.strerror, hint="choose another file"
        ) from error


def _write(plan: Plan, draft: Path, seal: Seal) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
            document = orjson.dumps(plan_document(plan), option=orjson.OPT_INDENT_2)
            archive.writestr(_DOCUMENT, document)
            archive.writestr(_SEAL, orjson.dumps({"format": _FORMAT, "key": seal.name}))
            with archive.open(_PROOF, "w") as sealed:
                seal.close(io.BytesIO(), sealed, _about(document, _PROOF))
            for change in plan.row_changes():
                for rows in change.files:
                    name = _part(rows.path.name)
                    with rows.path.open("rb") as plain, archive.open(name, "w", force_zip64=True) as sealed:
                        seal.close(plain, sealed, _about(document, name))
        handle.flush()
        os.fsync(handle.fileno())


def _part(file: str) -> str:
    return f"rows/{file}.sealed"


def _about(document: bytes, name: str) -> bytes:
    """What a part is bound to: its name, and the document that it lies beside."""
    return hashlib.sha256(document).digest() + name.encode()


def open_plan(path: Path, into: Path, seal: Seal) -> Plan:
    """Read a saved plan; its rows are opened into the folder `into`, for their owner alone.

    Raises:
        NotAPlan: the file is missing, cut short or something else.
        OtherKey: it was sealed under another key.
        Stale: the document or the rows were edited.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _archive(path) as archive:
        content = _read(archive, _DOCUMENT)
        document = orjson.loads(content)
        plan = read_plan(document, into, ROW_COLUMNS)
        _refuse_other_key(archive, path, seal)
        for _ in seal.open(archive.open(_PROOF), _about(content, _PROOF)):
            pass
        for file in _files(document):
            _unpack(archive, seal, _about(content, _part(file)), _part(file), into / file)
        return plan


def look_at_plan(path: Path) -> Plan:
    """What a saved plan says of itself, without its rows: for that nobody needs the key.

    Raises:
        NotAPlan, Stale: as `open_plan`; whether it is as it was sealed is known to whoever opens it.
    """
    with _archive(path) as archive:
        document = orjson.loads(_read(archive, _DOCUMENT))
        for file in _files(document):
            archive.getinfo(_part(file))
        return read_plan(document, path.parent, ROW_COLUMNS)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip of a plan; whatever fails while it is read is wrong with the file, as anybody may have written it."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise NotAPlan(f"there is no plan at {path}", hint="make one with: reconciler plan --out FILE") from error
    except ReconcilerError:
        raise
    except Exception as error:
        note = "it is cut short, or was not written by `reconciler plan --out` of this version"
        raise NotAPlan(f"{path} is not a saved plan", note=note) from error


def _files(document: Any) -> Iterator[str]:
    """The names of the files with rows, whatever path somebody has put before them."""
    for change in document["row_changes"]:
        for told in (change["rows"], *([change["reached"]] if "reached" in change else [])):
            yield Path(told["file"]).name


def _refuse_other_key(archive: zipfile.ZipFile, path: Path, seal: Seal) -> None:
    said = orjson.loads(_read(archive, _SEAL))
    if said["format"] != _FORMAT:
        raise NotAPlan(f"{path} is sealed in a way that this version does not know", hint="plan again")
    if not seal.is_of(str(said["key"])):
        raise OtherKey(
            f"{path} was sealed under another key than this workspace has",
            note=f"the key is {VARIABLE} where that is set, else the ledger's plan.key",
            hint=f"apply it with the ledger that it was planned with, or give both commands one {VARIABLE}",
        )


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST_DOCUMENT:
        raise Stale(f"the plan's {name} is larger than any that this program writes")
    return archive.read(name)


def _unpack(archive: zipfile.ZipFile, seal: Seal, about: bytes, name: str, target: Path) -> None:
    if archive.getinfo(name).file_size > LARGEST_ROWS:
        raise Stale(f"the plan's {name} is larger than any that this program writes")
    target.touch(mode=0o600)
    with archive.open(name) as sealed, target.open("wb") as handle:
        for block in seal.open(sealed, about):
            handle.write(block)
