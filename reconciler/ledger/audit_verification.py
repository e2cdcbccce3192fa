# tested by: tests/ledger/test_json_hmac.py
"""Verify the audit record, and say what cannot be proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.ledger import audit, truncation_check
from reconciler.ledger.audit import Reading
from reconciler.ledger.interrupted_runs import journal_of
from reconciler.ledger.lock import FENCES
from reconciler.ledger.record_store_interface import Records, parse_line
from reconciler.ledger.sealing import Seal
from reconciler.ledger.signed_lines import ProvenRecords, Unproven
from reconciler.model.audit_anchor import START, Anchor
from reconciler.model.audit_result import Verified
from reconciler.model.errors import LedgerError
from reconciler.model.reason import Reason

Place = tuple[str, Anchor]
"""An anchor, and where it was found."""


def verify(store: Records, seal: Seal | None, against: Sequence[Place] = ()) -> Verified:
    """Read every record of a ledger once, and hold each against the others and against what was kept elsewhere.

    Args:
        seal: the keys at hand; None where there is none.
        against: anchors that were kept elsewhere, in a report or a saved plan.

    Raises:
        LedgerError: something was altered or is missing, or the record's last entry is under no key at hand.
    """
    reading, seen = Reading(), _Seen(against)
    confirmed = truncation_check.read_confirmed(store, seal, audit.FILE) if seal is not None else 0
    for line in store.scan_lines(audit.FILE):
        seen.take(reading.take(line, seal), reading)
    audit.refuse_broken(store, reading)
    seen.refuse_gone(store)
    if reading.entries and seal is None:
        raise LedgerError(
            f"{reading.entries} entries follow one another, and who wrote them is not proven: there is no key here",
            where=store.locate(audit.FILE),
            note="anybody could have written all of them",
            hint="give the key that they were written under in RECONCILER_KEY",
        )
    audit.refuse_unproven(store, reading)
    truncation_check.refuse_short(store, audit.FILE, reading.entries, confirmed)
    notes = [
        Reason("record_vouched_for", tuple(str(each.get(name)) for name in ("entries", "by", "at", "reason")))
        for each in reading.adopted
    ]
    if unproven := sum(reading.unproven.values()):
        notes.append(Reason("entries_unproven", (str(unproven),)))
    notes += _check_runs(store, seal, reading, seen)
    notes += _check_locks(store, reading, seen)
    return Verified(reading.anchor, seal.name if seal else "", (*notes, *_list_unprovable(store, against)))


def read_entries(store: Records, seal: Seal | None) -> list[Mapping[str, Any]]:
    """Every entry of the record, which is whole; steps and contacts are left out.

    Raises:
        LedgerError: an entry was altered, or, where a key is at hand, the last was not written under it.
    """
    reading, told = Reading(), []
    for line in store.scan_lines(audit.FILE):
        entry = reading.take(line, seal)
        if entry.get("event") in _OF_RUNS:
            told.append(entry)
    audit.refuse_broken(store, reading)
    if seal is not None:
        audit.refuse_unproven(store, reading)
    return told


_OF_RUNS = frozenset({"started", "resumed", "finished", "stopped", "refused"})


class _Seen:
    """What the record tells of: runs, steps, locks; and which anchors it holds."""

    def __init__(self, against: Sequence[Place]) -> None:
        self.runs: dict[str, None] = {}
        self.told: set[tuple[object, ...]] = set()
        self.locks: set[int] = set()
        self._wanted = [each for each in against if each[1].entries or each[1].head != START]
        self._met: set[Anchor] = set()

    def take(self, entry: Mapping[str, object], reading: Reading) -> None:
        self.told.add(_identify_entry(entry))
        if entry.get("event") == "started":
            self.runs[str(entry.get("run"))] = None
        if isinstance(number := entry.get("lock"), int):
            self.locks.add(number)
        if any(reading.anchor == each for _, each in self._wanted):
            self._met.add(reading.anchor)

    def refuse_gone(self, store: Records) -> None:
        """Refuse a record that does not hold what it held when an anchor was taken."""
        for place, anchor in self._wanted:
            if anchor not in self._met:
                raise LedgerError(
                    f"the audit record does not hold entry {anchor.entries} as it was when {place} was made",
                    where=store.locate(audit.FILE),
                    note=f"its hash was {anchor.head}: since then the record was cut off, written anew, or put in the "
                    "place of another; or it is another ledger's",
                    hint="compare it with a copy of the ledger from before",
                )


def _identify_entry(entry: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(str(entry.get(key)) for key in ("run", "at", "address"))


def _check_runs(store: Records, seal: Seal | None, reading: Reading, seen: _Seen) -> list[Reason]:
    """Hold the journals against the record, and it against them."""
    here, foreign = store.list_runs(), 0
    for run in here:
        name = journal_of(run)
        try:
            lines = store.read_lines(name) if seal is None else ProvenRecords(store, seal).read_lines(name)
        except Unproven:
            foreign, lines = foreign + 1, store.read_lines(name)
        for number, line in enumerate(lines, start=1):
            entry = parse_line(store, name, number, line)
            if "at" in entry and _identify_entry(entry) not in seen.told:
                raise LedgerError(
                    f"the audit record was cut short: it has {reading.entries} entries, and not this one of a run's "
                    "journal",
                    where=store.locate(name, number),
                    hint="compare it with a copy of the ledger from before",
                )
    notes = [Reason("not_a_run", (each,)) for each in store.list_strangers()]
    if foreign:
        notes.append(Reason("runs_unproven", (str(foreign),)))
    known = set(here)
    if gone := [run for run in seen.runs if run not in known]:
        notes.append(Reason("runs_missing", (str(len(seen.runs)), *gone)))
    return notes


def _check_locks(store: Records, reading: Reading, seen: _Seen) -> list[Reason]:
    """Each time the lock was taken, the record has an entry, but for a run that ended before it began."""
    taken = []
    for number, line in enumerate(store.read_lines(FENCES), start=1):
        if parse_line(store, FENCES, number, line).get("audited") is True:
            taken.append(number)
    untold = [number for number in taken if number not in seen.locks]
    late = [number for number in untold if number > max(seen.locks, default=0)]
    if late:
        raise LedgerError(
            f"the audit record was cut short: it has {reading.entries} entries, and the lock was taken since "
            f"(for the {_format_ordinal(late[0])} time)",
            where=store.locate(FENCES, late[0]),
            note="a run that was killed before it began leaves the same: the next one writes an entry",
            hint="compare it with a copy of the ledger from before",
        )
    return [Reason("locks_without_run", (str(len(untold)),))] if untold else []


def _format_ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"


def _list_unprovable(store: Records, against: Sequence[Place]) -> list[Reason]:
    notes = [] if against else [Reason("end_unproven")]
    if store.read("plan.key") is not None:
        notes.append(Reason("key_in_ledger"))
    return notes
