# tested by: tests/audience/relations/test_compiled_queries.py
"""Keep compiled queries in one file beside the ledger's cache, encrypted under its key.

It is run as it stands: what the key did not seal, or sealed for other versions, is none. Losing it costs time alone.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import orjson

from reconciler.ledger.sealing import Seal

_NAME = "queries"


class CompiledFile:
    """The file, in a folder that is made when something is kept."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self._path, self._seal = folder / _NAME, seal

    def fetch(self, versions: str) -> Mapping[str, str]:
        """What is kept for these versions: queries by what they are compiled from; nothing where it cannot be read."""
        with suppress(OSError):
            plain = self._seal.unhide(self._path.read_bytes(), _name_content(versions))
            if plain is not None:
                found: Mapping[str, str] = orjson.loads(plain)
                return found
        return {}

    def store(self, versions: str, queries: Mapping[str, str]) -> None:
        """Keep queries in the place of what was there; where that cannot be done, the next run compiles them again."""
        draft = self._path.with_name(f".{_NAME}.{secrets.token_hex(4)}")
        sealed = self._seal.hide(orjson.dumps(dict(queries)), _name_content(versions))
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(sealed)
            draft.replace(self._path)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _name_content(versions: str) -> str:
    return f"compiled queries of {versions}"
