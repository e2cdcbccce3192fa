# tested by: tests/audience/diff/test_retry_queue.py
"""Tell whether a rejected contact's row has changed since.

Of what was offered and not taken a keyed digest is kept: of what its source says of the contact, and not of its score,
which changes from day to day. Computed by the engine of this process, whichever the audience is computed on: the key
goes nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.audience.relations import engine, relations
from reconciler.audience.sources import raw_rows
from reconciler.model.row_files import Rows
from reconciler.model.secret import Secret
from reconciler.model.workspace_settings import Engine

SEEN = {
    "contactId": "string",
    **dict.fromkeys(("e164", "name", "firstName", "lastName", "email"), "string"),
    "attributes": "map<string, string>",
}
"""What a digest is of."""

DIGESTS = {"contactId": "string", "seen": "string"}

_WIDTH = 32


@dataclass(frozen=True, slots=True)
class Offered:
    """How rows that are to be written are held against those that were not taken.

    Attributes:
        digested: makes `DIGESTS` of rows with `SEEN`. file: for such rows.
        by_time: whether a contact is offered again after a while though its row is the same.
    """

    digested: Callable[[Rows], Rows]
    file: Path
    by_time: bool


def digest_rows(chosen: Engine, scratch: Path, key: Secret, rows: Rows, target: Path) -> Rows:
    """Of rows with `SEEN` among their columns, in a new file: contactId and the digest of what is said of it."""
    with engine.open_reader(chosen, scratch) as backend:
        read = engine.read_rows(backend, rows)
        told = read.select("contactId", seen=_digest_columns(read, key))
        return Rows(target, "parquet", DIGESTS, engine.write_parquet(backend, told, target))


def _digest_columns(read: Any, key: Secret) -> Any:
    import ibis

    own = hmac.new(key.reveal().encode(), b"offered", hashlib.sha256).hexdigest()
    content: Any = ibis.literal(own)
    for name in SEEN:
        value = read[name].cast("json") if name == "attributes" else read[name]
        # each with its length: no two rows make one text
        text = value.cast("string")
        content = content + ibis.coalesce(text.length().cast("string") + ":" + text, ibis.literal("-"))
    return content.hexdigest("sha256").left(_WIDTH)


def digest_rejected(
    chosen: Engine, scratch: Path, key: Secret, rows: Rows, contacts: Collection[str]
) -> dict[str, str]:
    """The digests of some contacts that a change's rows put on a list."""
    if not contacts:
        return {}
    wanted, made = scratch / "not-taken.parquet", scratch / "not-taken-digests.parquet"
    with engine.open_reader(chosen, scratch) as backend:
        changed = engine.read_rows(backend, rows)
        put = changed.filter(changed["action"] != "remove")
        some = engine.read_rows(backend, raw_rows.write_ids(contacts, scratch / "not-taken-ids.parquet"))
        mine = put.semi_join(some, put["contactId"] == some["id"]).select(*SEEN)
        count = engine.write_parquet(backend, mine, wanted)
    found = digest_rows(chosen, scratch, key, Rows(wanted, "parquet", SEEN, count), made)
    with engine.open_reader(chosen, scratch) as backend:
        told = engine.read_rows(backend, found)
        return {contact: seen for chunk in relations.stream_rows(backend, told, 10_000) for contact, seen in chunk}
