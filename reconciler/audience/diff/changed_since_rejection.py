# tested by: tests/audience/diff/test_rejected_contacts.py
"""Tell whether the source row of a rejected contact has changed since the tenant rejected it.

Of what was offered and not taken a keyed digest is kept: of what its source says of the contact, and not of its score,
which changes from day to day. Computed by the engine of this process, whichever the audience is computed on: the key
goes nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine, reasons
from reconciler.audience.sources import raw_rows
from reconciler.model.intermediate_tables import OFFERED_DIGESTS, OFFERED_ROWS
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

_WIDTH = 32


@dataclass(frozen=True, slots=True)
class Offered:
    """How rows that are to be written are held against those that were not taken.

    Attributes:
        digested: makes `OFFERED_DIGESTS` of rows with the columns of `OFFERED_ROWS`. file: for such rows.
        by_time: whether a contact is offered again after a while though its row is the same.
    """

    digested: Callable[[Rows], Rows]
    file: Path
    by_time: bool


def digest_rows(chosen: Engine, scratch: Path, key: Secret, rows: Rows, target: Path) -> Rows:
    """Of rows with the columns of `OFFERED_ROWS`, in a new file: contactId and the digest of what is said of it."""
    with engine.open_reader(chosen, scratch) as backend:
        read = engine.read_rows(backend, rows)
        told = read.select("contactId", seen=_digest_columns(read, key))
        return Rows(target, "parquet", OFFERED_DIGESTS.types, engine.write_parquet(backend, told, target))


def _digest_columns(read: Table, key: Secret) -> Column:
    import ibis

    own = hmac.new(key.reveal().encode(), b"offered", hashlib.sha256).hexdigest()
    content = ibis.literal(own)
    for name in OFFERED_ROWS.columns:
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
        mine = put.semi_join(some, put["contactId"] == some["id"]).select(*OFFERED_ROWS.columns)
        count = engine.write_parquet(backend, mine, wanted)
    found = digest_rows(chosen, scratch, key, Rows(wanted, "parquet", OFFERED_ROWS.types, count), made)
    with engine.open_reader(chosen, scratch) as backend:
        told = engine.read_rows(backend, found)
        return dict(engine.list_rows(backend, told, tuple[str, str]))


def defer_waiting(backend: BaseBackend, told: Table, owed: Mapping[str, Table], again: Offered | None) -> Table:
    """What is told, with `owed`: why, of contacts that their list would not take before. Some of them still wait.

    Those whose rows are known wait until `again` finds them changed.
    """
    import ibis

    lists = [waiting.mutate(owed_on=ibis.literal(band)) for band, waiting in owed.items()]
    if not lists:
        return told.mutate(owed=reasons.make_no_reason())
    everybody = ibis.union(lists[0], *lists[1:]) if len(lists) > 1 else lists[0]
    same = [told["contactId"] == everybody["owed"], told["on"] == everybody["owed_on"]]
    found = told.left_join(everybody, same)
    written = found["action"].isin(["add", "update"])
    held, state = found["held"], found["owed_reason"]
    if again is not None:
        mine = found.filter(written, found["row"].notnull()).select(*OFFERED_ROWS.columns)
        rows = tables.write_table(backend, mine, again.file, OFFERED_ROWS)
        now = engine.read_rows(backend, again.digested(rows)).rename(seen_id="contactId")
        found = found.left_join(now, found["contactId"] == now["seen_id"]).drop("seen_id")
        written = found["action"].isin(["add", "update"])
        alike = (found["row"] == found["seen"]).fill_null(False)
        changed = (found["row"] != found["seen"]).fill_null(False)
        held = ibis.cases((changed, False), (alike & ibis.literal(not again.by_time), True), else_=found["held"])
        state = ibis.cases(
            (changed, found["changed_reason"]),
            (alike & ibis.literal(not again.by_time), found["pending_reason"]),
            else_=found["owed_reason"],
        )
    action = ibis.ifelse(written & held.fill_null(False), ibis.literal("wait"), found["action"])
    return found.mutate(action=action, owed=ibis.ifelse(written, state, reasons.make_no_reason())).select(
        *told.columns, "owed"
    )
