# tested by: tests/test_engines.py
"""Compare who belongs on the lists of a segment with who is on them, and choose how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.audience.delivery import dnc_consent_recheck, wire_rows, written_digests
from reconciler.audience.diff import (
    changed_since_rejection,
    field_diff,
    list_change_files,
    membership_diff,
    recency_only,
    rejected_contacts,
)
from reconciler.audience.diff.list_change_files import MemberDiff
from reconciler.audience.impact.disclosable_attributes import hides_score
from reconciler.model import delivery_method as delivery_of
from reconciler.model.contact_tokens import Tokens
from reconciler.model.delivery_method import Chosen, Key
from reconciler.model.desired_state import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.list_change import RowChange, Sample
from reconciler.model.live_state import Live
from reconciler.model.row_queries import ContactsOf, Rows
from reconciler.model.score_basis import Scored
from reconciler.model.segment import Segment, Target
from reconciler.model.segment_membership import MembershipDecision
from reconciler.steps.diff.segment_definition_digest import digest_definition
from reconciler.surfaces import tells_phones

EXAMPLES = 3
"""Contacts shown as examples of each action on a list."""


def diff_lists(
    backend: Any, desired: Desired, standing: MembershipDecision, live: Live, tokens: Tokens, into: Path
) -> Iterator[RowChange]:
    """What must change on every list of a segment.

    Raises:
        ReconcilerError: no surface of the tenant offers a way for its contacts, or tells numbers that are asked for.
    """
    targets = {target.band: target for target in standing.segment.targets}
    current = {band: live.rows[target.members] for band, target in targets.items()}
    parts = {band: standing.segment.part(target) for band, target in targets.items()}
    files = {band: into / f"{part.name}-{part.part}.parquet" for band, part in parts.items()}
    waiting = {band: select_pending(backend, desired, live, target.list) for band, target in targets.items()}
    owed = {band: each for band, each in waiting.items() if each is not None}

    past = _find_past(desired, standing, live)
    again = _make_offered(desired, tokens, into / f"{standing.segment.address.name}.offered.parquet") if owed else None

    def compare(keys: Mapping[str, Key], method: str | None) -> Mapping[str, MemberDiff]:
        personal = _make_personal(desired, standing, live, tokens, method)
        return membership_diff.compare_members(backend, standing, current, files, owed, keys, personal, past, again)

    compared, ways = _compare(backend, standing, current, compare, live)
    hidden = hides_score(standing)
    shown = wire_rows.pick_examples(backend, {band: each.rows for band, each in compared.items()}, EXAMPLES)
    for band, target in targets.items():
        samples = tuple(
            Sample(
                tokens.token(each.contact),
                tokens.hint(each.contact),
                each.action,
                each.reason,
                *((None, None) if hidden else (each.score, each.was)),
            )
            for each in shown[band]
        )
        reached = None
        if standing.segment.asks_again:
            file = files[band].with_suffix(".reached.parquet")
            reached = dnc_consent_recheck.write_reached(
                backend, current[band], standing.rows, file, all_known=standing.segment.asks_consent
            )
        change = _make_row_change(backend, standing, target, compared[band], ways[band], live, samples, reached)
        aged = sum(each.count for each in compared[band].reasons if each.reason.code == recency_only.BY_CALENDAR)
        model = recency_only.digest_model(standing.segment)
        scored = Scored(desired.as_of, model) if model else None
        definition = digest_definition(desired.catalogue, standing.segment.address)
        change = replace(change, scored=scored, definition=definition)
        if standing.restored is not None:  # no manifest says that they belong there, and of most nothing is written
            yield replace(change, scored=None, definition={})
            continue
        yield replace(change, aged=aged, aged_since=past.written.get(band) if aged else None)


def _make_offered(desired: Desired, tokens: Tokens, file: Path) -> changed_since_rejection.Offered:
    """How rows are held against those that a list would not take before."""
    target = file.with_suffix(".digests.parquet")
    digested = partial(_digest_offered, desired, tokens, target)
    return changed_since_rejection.Offered(digested, file, desired.settings.rejected.by_time)


def _digest_offered(desired: Desired, tokens: Tokens, target: Path, rows: Rows) -> Rows:
    return changed_since_rejection.digest_rows(desired.settings.engine, desired.scratch, tokens.key, rows, target)


def _find_past(desired: Desired, standing: MembershipDecision, live: Live) -> recency_only.Past:
    """As of which moments the lists of a segment were written, as far as the ledger knows."""
    segment = standing.segment
    told = {
        each.band: recency_only.find_last_written(segment, live.scored(each.list), desired.as_of)
        for each in segment.targets
    }
    return recency_only.Past({band: each for band, each in told.items() if each is not None}, live.rows, desired.as_of)


def _compare(
    backend: Any,
    standing: MembershipDecision,
    current: Mapping[str, Rows],
    compare: Callable[[Mapping[str, Key], str | None], Mapping[str, MemberDiff]],
    live: Live,
) -> tuple[Mapping[str, MemberDiff], Mapping[str, Chosen]]:
    """What must change on every list, and the way that it is written.

    Which rows are one is for the way to say, and what is written of a contact. `auto` is made up by how many are
    written: where it takes another way than it would take for few, they are compared once more, as that one does.
    """
    method = standing.segment.delivery.method
    known = delivery_of.find_key(live.methods[method], tells_phones(live.surfaces)) if method != "auto" else "contact"
    keys: dict[str, Key] = dict.fromkeys(current, known)
    few = _choose_for_few(standing, live)
    compared = compare(keys, few)
    ways = {band: _choose_way(standing, each, live) for band, each in compared.items()}
    asked = {
        band: delivery_of.find_key(live.methods[way.method], tells_phones(live.surfaces)) for band, way in ways.items()
    }
    others = sorted({way.method for way in ways.values()} - {few})
    if asked != keys or others:
        compared = compare(asked, others[0] if others else few)
        again = {band: _choose_way(standing, each, live) for band, each in compared.items()}
        # as it says how many are written; that they are fewer now makes it no other way
        ways = {band: again[band] if again[band].method == way.method else way for band, way in ways.items()}
    for band, each in compared.items():
        unknown = list_change_files.count_foreign_removals(backend, each, current[band]) if asked[band] == "sent" else 0
        if unknown:
            raise _numbers_unknown(standing.segment, band, unknown, ways[band].method)
    return compared, ways


def _choose_for_few(standing: MembershipDecision, live: Live) -> str | None:
    """The method that would write a few contacts; None where there is none."""
    segment = standing.segment
    known = isinstance(segment.contacts, ContactsOf)
    chosen = delivery_of.choose_method(segment.delivery, live.methods, 0, segment.phones is not None, known)
    return None if chosen is None else chosen.method


def _make_personal(
    desired: Desired, standing: MembershipDecision, live: Live, tokens: Tokens, method: str | None
) -> field_diff.Personal:
    """What a method writes of contacts themselves, and what is known of it."""
    segment = standing.segment
    fields = live.methods[method].personal if method is not None else ()
    if not fields:
        return field_diff.Personal()
    told = {each.band: None if each.phones is None else live.rows.get(each.phones) for each in segment.targets}
    files = {each.band: live.written(each.list) for each in segment.targets}
    last = {
        band: written_digests.make_rows(file)
        for band, file in files.items()
        if file is not None and written_digests.is_readable(file)
    }

    def digest_people(people: Rows) -> Rows:
        target = people.path.with_suffix(".digests.parquet")
        return written_digests.digest_people(desired.settings.engine, desired.scratch, tokens.key, people, target)

    return field_diff.Personal(fields, told, last, digest_people)


def select_pending(backend: Any, desired: Desired, live: Live, name: str) -> Any:
    """What a list, or the campaign of a set, would not take before."""
    if live.owed is None or not live.owed.count:
        return None
    return rejected_contacts.select_waiting(backend, live.owed, name, desired.settings.rejected, desired.now)


def _make_row_change(
    backend: Any,
    standing: MembershipDecision,
    target: Target,
    compared: MemberDiff,
    way: Chosen,
    live: Live,
    samples: tuple[Sample, ...],
    reached: Rows | None,
) -> RowChange:
    rows, kept = compared.rows, compared.kept
    counts = {action: compared.count(action) for action in ("add", "update", "remove")}
    segment = standing.segment
    delivery = segment.delivery
    return RowChange(
        address=standing.segment.part(target),
        list_address=target.list_address,
        list=target.list,
        method=way.method,
        chunk_size=way.chunk_size,
        attributes=delivery.attributes,
        values=delivery.values,
        chosen=way.why,
        key=delivery_of.find_key(live.methods[way.method], tells_phones(live.surfaces)),
        region=None if segment.phones is None else segment.phones.region,
        data=delivery.whole,
        numbers=_find_numbers(segment, live.methods[way.method], live),
        live=kept + counts["update"] + counts["remove"],
        adds=counts["add"],
        updates=counts["update"],
        removes=counts["remove"],
        unchanged=kept,
        rows=rows,
        digest=wire_rows.digest_rows(rows),
        precondition=wire_rows.digest_members(backend, live.rows[target.members]),
        reasons=compared.reasons,
        samples=samples,
        stays=compared.stays,
        owed=compared.owed,
        pending=compared.pending,
        reached=reached,
        reached_digest="" if reached is None else wire_rows.digest_rows(reached),
    )


def _find_numbers(segment: Segment, way: delivery_of.Way, live: Live) -> delivery_of.Numbers:
    """When the numbers are known that do-not-call lists are asked for; where there are none, nothing is asked."""
    known = not segment.suppress or isinstance(segment.contacts, ContactsOf)
    return delivery_of.find_numbers(way, tells_phones(live.surfaces), known)


def _choose_way(standing: MembershipDecision, compared: MemberDiff, live: Live) -> Chosen:
    """The way that a list is written.

    Raises:
        ReconcilerError: no surface of the tenant offers one.
    """
    segment = standing.segment
    puts = compared.count("add") + compared.count("update")
    known = isinstance(segment.contacts, ContactsOf)
    way = delivery_of.choose_method(segment.delivery, live.methods, puts, segment.phones is not None, known)
    if way is None:
        raise _describe_no_way(segment, live)
    return way


def _numbers_unknown(segment: Segment, band: str, unknown: int, method: str) -> ReconcilerError:
    return ReconcilerError(
        f"{segment.address}[{band}]: {unknown:,} rows to be removed have numbers that no surface of the tenant tells",
        where=str(segment.address),
        note=f"{method} finds rows by their numbers: whom this plan puts on the list could be removed with them",
        hint="declare the tenant's surface `outbound`, which tells them, or choose another method",
    )


def _describe_no_way(segment: Segment, live: Live) -> ReconcilerError:
    return ReconcilerError(
        f"{segment.address}: none of the tenant's surfaces offers a way for its contacts",
        where=str(segment.address),
        note=f"it offers {', '.join(sorted(live.methods)) or 'none'}; attributes and phones decide which will do",
        hint="declare another surface of the tenant, name a method, or leave attributes out",
    )
