"""The rows of a saved plan, opened and sealed again by somebody who has the key of its workspace."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.ledger import signature_trailer
from reconciler.ledger.folder_records import Store
from reconciler.ledger.saved_plans import SAVED
from reconciler.ledger.sealing import Seal, open_seal
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.plan_json import document_digest

Parts = dict[str, bytes]


def seal(root: Path) -> Seal:
    """The seal of a workspace whose ledger is where it is when nothing is said."""
    return open_seal(Store("file://.reconciler", root), None)


def parts(path: Path) -> Parts:
    """The parts of a saved plan as they lie there."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(root: Path, pattern: str) -> list[dict[str, Any]]:
    """The lines of records of a workspace's ledger, opened: of those whose names fit, such as `runs/*/rejected.jsonl`."""
    store = Store("file://.reconciler", root)
    names = [str(path.relative_to(store.folder)) for path in sorted(store.folder.glob(pattern))]
    kept = ProvenRecords(store, seal(root))
    return [json.loads(line) for name in names for line in kept.read_lines(name)]


def rows(path: Path, root: Path) -> Parts:
    """The files with rows of a saved plan, opened: by their names in it, such as `rows/chosen-engaged.parquet`."""
    found, key = parts(path), seal(root)
    sealed = {name: each for name, each in found.items() if name.startswith("rows/")}
    return {
        name.removesuffix(".sealed"): b"".join(key.open(io.BytesIO(each), _about(found, name)))
        for name, each in sealed.items()
    }


def edit_rows(path: Path, root: Path, change: Callable[[Parts], Parts]) -> None:
    """Write other rows into a saved plan, sealed as they should be."""
    found, key = parts(path), seal(root)
    edited = change(rows(path, root))
    for name in list(found):
        plain = edited.get(name.removesuffix(".sealed")) if name.startswith("rows/") else None
        if plain is not None:
            found[name] = _sealed(key, plain, _about(found, name))
    write(path, key, found)


def write(path: Path, key: Seal, found: Parts, what: str = SAVED) -> None:
    """A file with these parts, signed as it should be."""
    with path.open("w+b") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in found.items():
                archive.writestr(name, content)
            archive.comment = signature_trailer.make_unsigned(key)
        signature_trailer.sign(file, key, what)


def _sealed(key: Seal, plain: bytes, about: bytes) -> bytes:
    into = io.BytesIO()
    key.close(io.BytesIO(plain), into, about)
    return into.getvalue()


def _about(found: Parts, name: str) -> bytes:
    return hashlib.sha256(found["plan.json"]).digest() + name.encode()


def edit_document(path: Path, root: Path, change: Callable[[dict[str, Any]], object], into: Path) -> None:
    """Write the same plan with another document to `into`: its digest and its seals made right again."""
    found, key = parts(path), seal(root)
    plain = {name: b"".join(key.open(io.BytesIO(found[name]), _about(found, name))) for name in _sealed_of(found)}
    document = json.loads(found["plan.json"])
    change(document)
    document["digest"] = document_digest(document)
    found["plan.json"] = json.dumps(document).encode()
    found |= {name: _sealed(key, each, _about(found, name)) for name, each in plain.items()}
    write(into, key, found)


def _sealed_of(found: Parts) -> list[str]:
    return [name for name in found if name.endswith(".sealed")]
