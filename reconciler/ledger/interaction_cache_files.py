# tested by: tests/cli/test_kept_interactions.py
"""Keep the interaction cache as encrypted files in the ledger.

One file for each key, and one rename: of two plans that end at once the last one's file stands, whole. A file is a zip
of Parquet files and of `head.json`, which says what they are of, and each one's columns and rows. It is personal data:
every file is its owner's alone, and the Parquet files are encrypted under the ledger's key and bound to what the head
says of them.
"""

from __future__ import annotations

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

from reconciler.ledger.sealing import Seal
from reconciler.model.cache_port import Untrusted
from reconciler.model.errors import LedgerError, Stale
from reconciler.model.json_digest import compute_digest
from reconciler.model.row_queries import Rows

FORMAT_VERSION = "1.1"
_HEAD = "head.json"


def folder_of(ledger: str, root: Path) -> Path:
    """Where the cache of a workspace is: in its ledger's folder; beside the manifests where the ledger is elsewhere."""
    here = ledger.removeprefix("file://") if ledger.startswith("file://") else ".reconciler"
    return root / here / "cache"


class CacheFolder:
    """A folder of kept relations, made when the first is kept; encrypted under the key of `seal`."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self.folder, self._seal = folder, seal

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
                sealed_by = self._seal.find_key(str(head["sealed_by"]))
                if sealed_by is None:
                    raise Untrusted("another_key", "they were kept under another key")
                parts = head["parts"].items()
                return {name: _unpack(archive, sealed_by, key, str(name), part, into) for name, part in parts}
        except Untrusted:
            raise
        except Stale as error:
            raise Untrusted("altered", "the file was altered after it was written") from error
        except PermissionError as error:
            raise Untrusted("no_permission", "the file may not be read by this user") from error
        except Exception as error:  # whatever fails here is wrong with the file, and there is another way to know
            raise Untrusted("damaged", "the file is cut short or damaged") from error

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
            _write(draft, self._seal, key, parts)
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
        return self.folder / f"{compute_digest(dict(key)).removeprefix('sha256:')[:24]}.zip"


def _refuse_foreign(head: Mapping[str, Any], key: Mapping[str, Any]) -> None:
    if head["format_version"] != FORMAT_VERSION:
        raise Untrusted(
            "another_format",
            f"the file has format version {head['format_version']!r}; this program reads {FORMAT_VERSION!r}",
        )
    if head["key"] != orjson.loads(orjson.dumps(key)):
        raise Untrusted("foreign", "they were read from another tenant, or for something else")


def _unpack(
    archive: zipfile.ZipFile, seal: Seal, key: Mapping[str, Any], name: str, part: Mapping[str, Any], into: Path
) -> Rows:
    if not name.isidentifier():
        raise Untrusted("damaged", "the file is cut short or damaged")
    target = into / f"kept-{name}-{secrets.token_hex(4)}.parquet"
    target.touch(mode=0o600)
    with archive.open(f"{name}.sealed") as packed, target.open("wb") as handle:
        handle.writelines(seal.open(packed, bind_part(key, name, part)))
    return Rows(target, "parquet", dict(part["columns"]), int(part["rows"]))


def bind_part(key: Mapping[str, Any], name: str, part: Mapping[str, Any]) -> bytes:
    """What a part is bound to: all that the head says of it."""
    return orjson.dumps([dict(key), name, dict(part["columns"]), part["rows"]], option=orjson.OPT_SORT_KEYS)


def _write(draft: Path, seal: Seal, key: Mapping[str, Any], parts: Mapping[str, Rows]) -> None:
    told = {name: {"columns": dict(rows.columns), "rows": rows.count} for name, rows in parts.items()}
    head = {"format_version": FORMAT_VERSION, "key": dict(key), "sealed_by": seal.name, "parts": told}
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_HEAD, orjson.dumps(head))
            for name, rows in parts.items():
                about = bind_part(key, name, told[name])
                with rows.path.open("rb") as plain, archive.open(f"{name}.sealed", "w", force_zip64=True) as sealed:
                    seal.close(plain, sealed, about)
        handle.flush()
        os.fsync(handle.fileno())
