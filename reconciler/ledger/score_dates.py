# tested by: tests/audience/diff/test_recency_only.py
"""Keep the moment as of which the scores of a list were computed.

One file for each tenant and list, replaced by each delivery that ends well. Losing it loses no truth: what nobody knows
counts as a change.
"""

from __future__ import annotations

import secrets

import orjson

from reconciler.ledger.record_store_interface import Records
from reconciler.model.instants import parse_instant
from reconciler.model.json_digest import compute_digest
from reconciler.model.score_basis import Scored


def _file_name(tenant: str, name: str) -> str:
    return f"scored/{compute_digest([tenant, name]).removeprefix('sha256:')[:24]}.json"


def fetch(store: Records, tenant: str, name: str) -> Scored | None:
    """What is remembered of the list `name`; None where nothing is, or nobody can read it."""
    held = store.read(_file_name(tenant, name))
    if held is None:
        return None
    try:
        told = orjson.loads(held.content)
        return Scored(parse_instant(told["as_of"]), str(told["model"]))
    except (ValueError, TypeError, KeyError):  # cut short, or something else altogether
        return None


def keep(store: Records, tenant: str, name: str, scored: Scored) -> None:
    """Remember it of the list `name`.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    content = orjson.dumps({"as_of": scored.as_of.isoformat(), "model": scored.model})
    with store.write_file(_file_name(tenant, name)) as path:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(path)
