# tested by: tests/ledger/test_json_hmac.py
"""Save plans to files, and open them: `plan.json`, `anchor.json` and sealed rows in one zip.

Nothing personal is in the document. The rows are: names, phones and ids, sealed under the workspace's key. Every byte
of the file is proven by that key as well, and what it is: a plan to apply, or the plan of one run of the ledger.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

import orjson

from reconciler.ledger import signature_trailer
from reconciler.ledger.sealing import VARIABLE, Seal
from reconciler.model.audit_anchor import NOWHERE, Anchor
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.evidence import Decided
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_document, read_plan
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.tables import DECIDED_CONTACTS, MEMBER_CHANGES

LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_ROWS = 16 * 1024 * 1024 * 1024

_DOCUMENT, _ANCHOR, _DECIDED = "plan.json", "anchor.json", "decided.json"
_OURS = (_DOCUMENT, _ANCHOR)
SAVED = "a saved plan"
_EDITED = "plan again, have the new plan reviewed, and apply that"


def name_run_plan(name: str) -> str:
    """What the plan that a run keeps is: that of no other run, and none to be applied by its file."""
    return f"the plan of run {name}"


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


def save_plan(plan: Plan, path: Path, seal: Seal, what: str = SAVED, anchor: Anchor = NOWHERE) -> None:
    """Write a plan and its rows to a file that only its owner may read; whole, or not at all.

    `anchor` is the audit record's head when the plan was made.

    Raises:
        NotSaved: the folder is not there, or cannot be written to.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        _write(plan, draft, seal, what, anchor)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NotSaved(
            f"the plan cannot be saved to {path}", note=error.strerror, hint="choose another file"
        ) from error


def _write(plan: Plan, draft: Path, seal: Seal, what: str, anchor: Anchor) -> None:
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
            document = write_document(plan)
            archive.writestr(_DOCUMENT, document)
            archive.writestr(_ANCHOR, orjson.dumps(asdict(anchor)))
            if plan.decided:
                archive.writestr(_DECIDED, orjson.dumps([_describe_decided(each) for each in plan.decided]))
            parts = [(rows, _part_name(rows.path.name)) for change in plan.row_changes() for rows in change.files]
            parts += [(each.rows, _decided_name(each.rows.path.name)) for each in plan.decided]
            for rows, name in parts:
                with rows.path.open("rb") as plain, archive.open(name, "w", force_zip64=True) as sealed:
                    seal.close(plain, sealed, _bind_part(document, name))
            archive.comment = signature_trailer.make_unsigned(seal)
        signature_trailer.sign(handle, seal, what)
        handle.flush()
        os.fsync(handle.fileno())


def write_document(plan: Plan) -> bytes:
    """What a plan says of itself, as it lies in the file."""
    return orjson.dumps(plan_document(plan), option=orjson.OPT_INDENT_2)


def read_document(path: Path, seal: Seal | None, what: str) -> bytes:
    """The same of a saved plan, byte for byte; proven where the key is at hand. Raises as `open_plan`."""
    with _open_archive(path) as (file, archive):
        if seal is not None:
            _refuse_unproven(file, archive, path, seal, what)
        return _read(archive, _DOCUMENT)


def _describe_decided(each: Decided) -> dict[str, Any]:
    return {"segment": str(each.segment), "file": each.rows.path.name, "rows": each.rows.count}


def _read_decided(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    """Whom a plan decided on, by segment; a plan that is kept with its run does not say it."""
    return list(orjson.loads(_read(archive, _DECIDED))) if _DECIDED in archive.namelist() else []


def _part_name(file: str) -> str:
    return f"rows/{file}.sealed"


def _decided_name(file: str) -> str:
    return f"decided/{file}.sealed"


def _bind_part(document: bytes, name: str) -> bytes:
    """What a part is bound to: its name, and the document that it lies beside."""
    return hashlib.sha256(document).digest() + name.encode()


def open_plan(path: Path, into: Path, seal: Seal, what: str = SAVED) -> Plan:
    """Read a saved plan; its rows are opened into the folder `into`, for their owner alone.

    Raises:
        NotAPlan: the file is missing, cut short or something else.
        OtherKey: it was sealed under another key.
        Stale: the document or the rows were edited.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _open_archive(path) as (file, archive):
        key = _refuse_unproven(file, archive, path, seal, what)
        content = _read(archive, _DOCUMENT)
        document = orjson.loads(content)
        plan = read_plan(document, into, MEMBER_CHANGES.types)
        _refuse_foreign_parts(archive, document)
        decided = _read_decided(archive)
        parts = [(_part_name(file), file) for file in _iter_file_names(document)]
        parts += [(_decided_name(file), file) for file in (Path(each["file"]).name for each in decided)]
        for name, part in parts:
            _unpack(archive, key, _bind_part(content, name), name, into / part)
        told = (
            Decided(
                Address.parse(each["segment"]),
                Rows(into / Path(each["file"]).name, "parquet", DECIDED_CONTACTS.types, each["rows"]),
            )
            for each in decided
        )
        return replace(plan, decided=tuple(told))


def inspect_plan(path: Path, seal: Seal | None = None) -> tuple[Plan, bool]:
    """What a saved plan says of itself, without its rows, and whether that is proven; else nobody needs the key.

    Raises:
        NotAPlan, Stale: as `open_plan`; whether it is as it was sealed is known to whoever has its key.
    """
    with _open_archive(path) as (file, archive):
        proven = seal is not None and seal.find_key(_read_key_name(file, archive, path)) is not None
        if seal is not None and proven:
            _refuse_unproven(file, archive, path, seal, SAVED)
        document = orjson.loads(_read(archive, _DOCUMENT))
        _refuse_foreign_parts(archive, document)
        return read_plan(document, path.parent, MEMBER_CHANGES.types), proven


def read_anchor(path: Path) -> Anchor:
    """The audit record's head when a plan was saved. Raises as `inspect_plan`."""
    with _open_archive(path) as (file, archive):
        _read_key_name(file, archive, path)
        told = orjson.loads(_read(archive, _ANCHOR))
        return Anchor(int(told["entries"]), str(told["head"]))


@contextmanager
def _open_archive(path: Path) -> Iterator[tuple[IO[bytes], zipfile.ZipFile]]:
    """The file and the zip of a plan; whatever fails while it is read is wrong with it: anybody may have written it."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield file, archive
    except FileNotFoundError as error:
        raise NotAPlan(f"there is no plan at {path}", hint="make one with: reconciler plan --out FILE") from error
    except ReconcilerError:
        raise
    except Exception as error:
        note = "it is cut short, or was not written by `reconciler plan --out` of this version"
        raise NotAPlan(f"{path} is not a saved plan", note=note) from error


def _read_key_name(file: IO[bytes], archive: zipfile.ZipFile, path: Path) -> str:
    """The name of the key that a plan was signed with."""
    name = signature_trailer.read_key_name(file)
    if name is not None:
        return name
    if _DOCUMENT in archive.namelist():
        raise NotAPlan(
            f"{path} carries no proof of who made it",
            note="it was saved by an older version of this program, or its last bytes were changed",
            hint=_EDITED,
        )
    raise NotAPlan(f"{path} is not a saved plan", hint="make one with: reconciler plan --out FILE")


def _refuse_unproven(file: IO[bytes], archive: zipfile.ZipFile, path: Path, seal: Seal, what: str) -> Seal:
    """Refuse a file that is not, byte for byte, what one of our keys has signed; the key."""
    key = seal.find_key(_read_key_name(file, archive, path))
    if key is None:
        raise OtherKey(
            f"{path} was sealed under another key than this workspace has",
            note=f"the key is {VARIABLE} where that is set, else the ledger's plan.key",
            hint=f"apply it with the ledger that it was planned with, or give both commands one {VARIABLE}",
        )
    if not signature_trailer.is_proven(file, key, what):
        raise Stale(f"the plan was edited after it was made, or is not {what}: its seal does not fit", hint=_EDITED)
    return key


def _refuse_foreign_parts(archive: zipfile.ZipFile, document: Any) -> None:
    """Refuse a zip with other parts than its document tells of, or with one of them twice."""
    decided = [_decided_name(Path(each["file"]).name) for each in _read_decided(archive)]
    parts = [*_OURS, *(_part_name(file) for file in _iter_file_names(document)), *decided]
    expected = sorted([*parts, _DECIDED] if decided else parts)
    if sorted(archive.namelist()) != expected:
        raise Stale("the plan was edited after it was made: it has other parts than its document says", hint=_EDITED)


def _iter_file_names(document: Any) -> Iterator[str]:
    """The names of the files with rows, whatever path somebody has put before them."""
    for change in document["row_changes"]:
        for told in (change["rows"], *([change["reached"]] if "reached" in change else [])):
            yield Path(told["file"]).name


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
