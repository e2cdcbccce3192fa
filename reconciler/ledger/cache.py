"""What was read before, so that it need not be read again?

One file for each key, and one rename: of two plans that end at once the last one's file stands, whole. A file is a zip
of Parquet files and of `head.json`, which says what they are of, and each one's columns, rows and digest. It is
personal data: every file is its owner's alone.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from reconciler.model.errors import LedgerError
from reconciler.model.kept import Untrusted
from reconciler.model.live import digest_of
from reconciler.model.rows import Rows

FORMAT_VERSION = "1.0"
_HEAD = "head.json"
_BLOCK = 1 << 20


def folder_of(ledger: str, root: Path) -> Path:
    """Where the cache of a workspace is: in its ledger's folder; beside the manifests where the ledger is elsewhere."""
    here = ledger.removeprefix("file://") if ledger.startswith("file://") else ".reconciler"
    return root / here / "cache"


class CacheFolder:
    """A folder of kept relations, made when the first is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fetch(self, key: Mapping[str, Any], into: Path) -> Mapping[str, Rows] | None:
        """The relations under a key, copied into the folder `into`; None where nothing is kept.

        Raises:
            Untrusted: the file is cut short, was altered, or holds something else.
        """
        path = self._path(key)
        if not path.exists():
            return None
        try:
            with zipfile.ZipFile(path) as archive:
                head = orjson.loads(archive.read(_HEAD))
                _refuse_foreign(head, key)
                return {name: _unpacked(archive, str(name), part, into) for name, part in head["parts"].items()}
        except Untrusted:
            raise
        except PermissionError as error:
            raise Untrusted("the file may not be read by this user") from error
        except Exception as error:  # whatever fails here is wrong with the file, and there is another way to know
            raise Untrusted("the file is cut short or damaged") from error

    def store(self, key: Mapping[str, Any], parts: Mapping[str, Rows]) -> None:
        """Keep relations under a key in the place of what was there: all of them, or none.

        Raises:
            LedgerError: they cannot be written.
        """
        path = self._path(key)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            _write(draft, key, parts)
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise LedgerError(f"nothing can be kept in {self.folder}", note=error.strerror) from error

    def drop(self, key: Mapping[str, Any]) -> None:
        """Forget what is kept under a key; what cannot be deleted is met again, and not trusted again."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def sweep(self, older: timedelta) -> None:
        """Forget what was kept longer ago than that, and what a crash left half written."""
        limit = time.time() - older.total_seconds()
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.stat().st_mtime <= limit:
                    path.unlink(missing_ok=True)

    def _path(self, key: Mapping[str, Any]) -> Path:
        return self.folder / f"{digest_of(dict(key)).removeprefix('sha256:')[:24]}.zip"


def _refuse_foreign(head: Mapping[str, Any], key: Mapping[str, Any]) -> None:
    if head["format_version"] != FORMAT_VERSION:
        raise Untrusted(
            f"the file has format version {head['format_version']!r}; this program reads {FORMAT_VERSION!r}"
        )
    if head["key"] != orjson.loads(orjson.dumps(key)):
        raise Untrusted("they were read from another tenant, or for something else")


def _unpacked(archive: zipfile.ZipFile, name: str, part: Mapping[str, Any], into: Path) -> Rows:
    if not name.isidentifier():
        raise Untrusted("the file is cut short or damaged")
    target = into / f"kept-{name}-{secrets.token_hex(4)}.parquet"
    target.touch(mode=0o600)
    digest = hashlib.sha256()
    with archive.open(f"{name}.parquet") as packed, target.open("wb") as handle:
        while block := packed.read(_BLOCK):
            digest.update(block)
            handle.write(block)
    if digest.hexdigest() != part["sha256"]:
        raise Untrusted("the file's content does not have its digest")
    return Rows(target, "parquet", dict(part["columns"]), int(part["rows"]))


def _write(draft: Path, key: Mapping[str, Any], parts: Mapping[str, Rows]) -> None:
    told = {
        name: {"columns": dict(rows.columns), "rows": rows.count, "sha256": _digest(rows.path)}
        for name, rows in parts.items()
    }
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_HEAD, orjson.dumps({"format_version": FORMAT_VERSION, "key": dict(key), "parts": told}))
            for name, rows in parts.items():
                archive.write(rows.path, f"{name}.parquet")
        handle.flush()
        os.fsync(handle.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
