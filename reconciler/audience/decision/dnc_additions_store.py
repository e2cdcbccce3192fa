"""Store the numbers that outcomes add to a do-not-call list, in a folder or an object store.

A folder of the workspace, or of an object store, that holds JSON Lines. Each addition is a file of its own, made whole
or not at all and never changed, and is named after what is in it: to add the same again changes nothing.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.bucket.object_client import Bucket
from reconciler.bucket.object_urls import SCHEMES, NotAnAddress, parse_url, scheme_of
from reconciler.bucket.store_errors import BucketError
from reconciler.model.errors import ReconcilerError
from reconciler.model.outcome_change import NumbersChange
from reconciler.model.tables import NUMBER_CHANGES

if TYPE_CHECKING:
    from ibis import BaseBackend

_AT_ONCE = 10_000


class NotAdded(ReconcilerError):
    """The numbers could not be added to the list's store."""

    code = "not-added"


def add_numbers(backend: BaseBackend, change: NumbersChange, root: Path) -> str:
    """Add the numbers of a change to its store; the name of what was made, or was there already.

    Args:
        root: the workspace's folder; a store that is no object store is below it.

    Raises:
        NotAdded: they are not in the store, or nobody can say.
    """
    name = f"{change.digest.partition(':')[2][:32]}.jsonl"
    if scheme_of(change.store) in SCHEMES:
        _upload(backend, change, name)
    else:
        _write(backend, change, root, name)
    return name


def _iter_lines(backend: BaseBackend, change: NumbersChange) -> Iterator[bytes]:
    rows = tables.read_table(backend, change.rows, NUMBER_CHANGES).order_by("phone")
    set_of, outcome = (rows["reason"]["args"][place] for place in (0, 1))
    wanted = rows.select("phone", "contactId", "outcome", "timestamp", asked=set_of + ": " + outcome)
    names = ("phone", "contactId", "outcome", "timestamp", "asked")
    for chunk in engine.stream_rows(backend, wanted, _AT_ONCE):
        yield b"".join(orjson.dumps(dict(zip(names, row, strict=True))) + b"\n" for row in chunk)


def _write(backend: BaseBackend, change: NumbersChange, root: Path, name: str) -> None:
    inside = root.resolve()
    folder = (inside / change.store).resolve()
    if not folder.is_relative_to(inside):
        raise NotAdded(f"the store {change.store} leads outside the workspace", where=str(change.address))
    draft = folder / f".{name}.{secrets.token_hex(4)}"
    try:
        missing = [each for each in (folder, *folder.parents) if each.is_relative_to(inside) and not each.exists()]
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
            _sync(each.parent)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(_iter_lines(backend, change))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
        _sync(folder)
    except OSError as error:
        with suppress(OSError):  # where the folder cannot be made there is no draft either
            draft.unlink(missing_ok=True)
        message = f"numbers that must not be called cannot be kept in {change.store}"
        raise NotAdded(message, where=str(change.address), note=error.strerror, hint=_HINT) from error


_HINT = "make the store writable, then resume: nothing else of the apply is begun before"


def _upload(backend: BaseBackend, change: NumbersChange, name: str) -> None:
    try:
        url = parse_url(change.store)
        key = f"{url.key.rstrip('/')}/{name}" if url.key else name
        # named after its content: whoever has put it there has put the same
        Bucket(url.scheme, url.bucket).write(key, b"".join(_iter_lines(backend, change)))
    except (BucketError, NotAnAddress) as error:
        note = getattr(error, "note", None)
        message = f"numbers that must not be called cannot be kept in {change.store}: {error}"
        raise NotAdded(message, where=str(change.address), note=note, hint=_HINT) from None


def _sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
