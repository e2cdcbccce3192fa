"""How does a plan travel from the review to the apply? As one zip: `plan.json` and `rows/*.parquet`."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import orjson

from reconciler.model.change import ROW_COLUMNS
from reconciler.model.document import plan_document, read_plan
from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.plan import Plan

LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_ROWS = 16 * 1024 * 1024 * 1024


class NotAPlan(ReconcilerError):
    """The file is not a plan that this program saved."""

    code = "not-a-plan"
    exit_code = 64


class NotSaved(ReconcilerError):
    """The plan cannot be written to the file."""

    code = "not-saved"


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan and its rows to a file that only its owner may read; whole, or not at all.

    Raises:
        NotSaved: the folder is not there, or cannot be written to.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        _write(plan, draft)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NotSaved(
            f"the plan cannot be saved to {path}", note=error.strerror, hint="choose another file"
        ) from error


def _write(plan: Plan, draft: Path) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("plan.json", orjson.dumps(plan_document(plan), option=orjson.OPT_INDENT_2))
            for change in plan.row_changes():
                archive.write(change.rows.path, f"rows/{change.rows.path.name}")
        handle.flush()
        os.fsync(handle.fileno())


def open_plan(path: Path, into: Path) -> Plan:
    """Read a saved plan; its rows are unpacked into the folder `into`.

    Raises:
        NotAPlan: the file is missing, cut short or something else.
        Stale: the document was edited.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(path) as archive:
            document = orjson.loads(_part(archive, "plan.json", LARGEST_DOCUMENT))
            for change in document["row_changes"]:
                name = Path(change["rows"]["file"]).name
                _unpack(archive, f"rows/{name}", into / name)
        return read_plan(document, into, ROW_COLUMNS)
    except FileNotFoundError as error:
        raise NotAPlan(f"there is no plan at {path}", hint="make one with: reconciler plan --out FILE") from error
    except ReconcilerError:
        raise
    except Exception as error:  # anybody may have written the file: whatever fails here is wrong with the file
        note = "it is cut short, or was not written by `reconciler plan --out`"
        raise NotAPlan(f"{path} is not a saved plan", note=note) from error


def _part(archive: zipfile.ZipFile, name: str, largest: int) -> bytes:
    if archive.getinfo(name).file_size > largest:
        raise Stale(f"the plan's {name} is larger than any that this program writes")
    return archive.read(name)


def _unpack(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    if archive.getinfo(name).file_size > LARGEST_ROWS:
        raise Stale(f"the plan's {name} is larger than any that this program writes")
    target.touch(mode=0o600)
    with archive.open(name) as packed, target.open("wb") as handle:
        while block := packed.read(1 << 20):
            handle.write(block)
