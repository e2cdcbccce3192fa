# tested by: tests/audience/evidence/test_contact_tree.py
"""Keep of a segment's decisions what a proof of one of them needs: who, in or out, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.model.row_queries import Rows
from reconciler.model.tables import DECIDED_CONTACTS, DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend


def write_decided(backend: BaseBackend, rows: Rows, target: Path) -> Rows:
    """Everybody whom `DECISIONS` name, once; a row of nobody's is no decision about a person."""
    read = tables.read_table(backend, rows, DECISIONS)
    told = read.filter(read["contactId"].notnull(), ~read["duplicate"])
    return tables.write_table(backend, told.select(*DECIDED_CONTACTS.types), target, DECIDED_CONTACTS)
