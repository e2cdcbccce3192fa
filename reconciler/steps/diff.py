"""What differs between what is declared and what is live? Pure: only declared fields count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.audience import additions, comparison, engine, owing
from reconciler.audience import outcome_changes as outcomes_of
from reconciler.kinds import kinds
from reconciler.kinds.disposition_set import sets
from reconciler.model import delivery as delivery_of
from reconciler.model.address import Address
from reconciler.model.change import Accounting, Action, Changes, FieldChange, ObjectChange, Reason, RowChange, Sample
from reconciler.model.desired import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.kind import Later, Surface
from reconciler.model.live import Live, LiveObject
from reconciler.model.members import Members, Standing
from reconciler.model.outcomes import OutcomeChange
from reconciler.model.resource import Resource
from reconciler.model.rows import ContactsOf
from reconciler.model.segment import Segment, Target
from reconciler.model.tokens import Tokens

EXAMPLES = 3
"""Contacts shown as examples of each action on a list."""


def diff(desired: Desired, members: Members, live: Live, tokens: Tokens) -> Changes:
    """Object changes for every declared object, row changes for every list that a segment fills.

    Raises:
        BadInput: something declared cannot be made or changed through the tenant's surfaces.
    """
    objects = [*_declared(desired, live), *(_undeclared(desired, live) if desired.prune else ())]
    accounts: list[Accounting] = []
    rows: list[RowChange] = []
    into = desired.scratch / "rows"
    into.mkdir(exist_ok=True)
    with engine.opened(desired.settings.engine, desired.scratch) as backend:
        for standing in members:
            accounts.append(standing.account)
            current = {target.band: live.rows[target.members] for target in standing.segment.targets}
            for target in standing.segment.targets:
                part = standing.segment.part(target)
                file = into / f"{part.name}-{part.part}.parquet"
                owed = _owed(backend, desired, live, target.list)
                compared = comparison.compare(backend, standing, target, current, file, owed)
                change = _row_change(backend, standing, target, compared, live, tokens)
                stays, waiting = (tuple(Reason(*each) for each in words) for words in (compared.stays, compared.owed))
                rows.append(replace(change, stays=stays, owed=waiting))
        outcomes = tuple(_outcomes(backend, desired, live, tokens, into))
        numbers = tuple(additions.changes(backend, sets(desired.catalogue), live.rows, tokens, into))
    findings = tuple(finding for standing in members for finding in standing.findings)
    ends = [standing.good_until for standing in members if standing.good_until is not None]
    good_until = min(ends, default=None)
    return Changes(tuple(objects), tuple(rows), tuple(accounts), findings, good_until, outcomes, numbers)


def _outcomes(backend: Any, desired: Desired, live: Live, tokens: Tokens, into: Path) -> Iterator[OutcomeChange]:
    """What must change of the contacts of every campaign that a set names."""
    for wanted in sets(desired.catalogue):
        file = into / f"{wanted.address.kind}-{wanted.address.name}.parquet"
        owed = _owed(backend, desired, live, str(wanted.address))
        yield outcomes_of.change(backend, wanted, live, tokens, file, owed)


def _declared(desired: Desired, live: Live) -> Iterator[ObjectChange]:
    for kind in kinds().values():
        surface = kind.surface(live.surfaces)
        if surface is None:
            continue
        for resource in desired.catalogue.of_kind(kind.name):
            fields = kind.fields(resource, desired.catalogue)
            found = live.find(kind.name, fields["name"])
            if found is None:
                yield _creation(resource, fields, surface)
            else:
                yield _update(resource, fields, surface, found, desired.settings.name)


def _creation(resource: Resource, fields: Mapping[str, Any], surface: Surface) -> ObjectChange:
    later = {name: value for name, value in fields.items() if isinstance(value, Later)}
    plain = {name: value for name, value in fields.items() if name not in later}
    return ObjectChange(
        address=resource.address,
        name=fields["name"],
        action=Action.CREATE,
        before=None,
        after=plain,
        declared=plain,
        fields=tuple(FieldChange(name, None, value) for name, value in _flat(plain)),
        later={name: value.words for name, value in later.items()},
        seconds_later={name: value.seconds for name, value in later.items()},
        references=_references(surface, plain),
        why=(f"the tenant has no {_words(resource.address.kind)} named {fields['name']!r}",),
    )


def _update(
    resource: Resource, fields: Mapping[str, Any], surface: Surface, found: LiveObject, workspace: str
) -> ObjectChange:
    wanted = {name: value for name, value in fields.items() if not isinstance(value, Later)}
    after = {**found.fields, **{name: _laid_over(found.fields.get(name), value) for name, value in wanted.items()}}
    written = {name: after[name] for name in wanted if after[name] != found.fields.get(name)}
    adopts = found.owner is None and surface.writable
    changed = tuple(_changed(found.fields, after)) if written else ()
    why = [
        f"{change.path} is {_said(change.before)} in the tenant, {_said(change.after)} declared" for change in changed
    ]
    if adopts:
        why.append("it was made by somebody else and carries no mark: it is adopted by this workspace")
    return ObjectChange(
        address=resource.address,
        name=found.name,
        action=Action.UPDATE if written or adopts else Action.NO_OP,
        before=found.fields,
        after=after,
        declared=written,
        fields=changed,
        adopts=adopts,
        owner=found.owner,
        references=_references(surface, after),
        releases=_references(surface, found.fields),
        precondition=found.digest(),
        why=tuple(why) or ("every declared field is as declared",),
    )


def _undeclared(desired: Desired, live: Live) -> Iterator[ObjectChange]:
    """What carries this workspace's mark and is declared no longer."""
    for kind in kinds().values():
        surface = kind.surface(live.surfaces)
        if surface is None or not surface.writable:
            continue
        declared = {kind.live_name(resource) for resource in desired.catalogue.of_kind(kind.name)}
        for name, found in sorted(live.objects.get(kind.name, {}).items()):
            if found.owner == desired.settings.name and name not in declared:
                yield ObjectChange(
                    address=_address(kind.name, name, desired),
                    name=name,
                    action=Action.DELETE,
                    before=found.fields,
                    after=None,
                    owner=found.owner,
                    releases=_references(surface, found.fields),
                    precondition=found.digest(),
                    why=("it carries this workspace's mark and no manifest declares it",),
                )


def _address(kind: str, name: str, desired: Desired) -> Address:
    """An address for a live object, which no manifest may have: a list that is renamed leaves its old self behind."""
    address = Address(kind, name)
    return Address(kind, f"{name} (undeclared)") if address in desired.catalogue.resources else address


def _owed(backend: Any, desired: Desired, live: Live, name: str) -> Any:
    """What a list, or the campaign of a set, would not take before."""
    if live.owed is None or not live.owed.count:
        return None
    return owing.waiting(backend, live.owed, name, desired.settings.rejected, desired.now)


def _row_change(
    backend: Any, standing: Standing, target: Target, compared: comparison.Compared, live: Live, tokens: Tokens
) -> RowChange:
    changed, kept = compared.rows, compared.kept
    tallied = comparison.tally(backend, changed)
    counts = {action: sum(n for done, _, n in tallied if done == action) for action in ("add", "update", "remove")}
    segment = standing.segment
    delivery = segment.delivery
    known = isinstance(segment.contacts, ContactsOf)
    puts = counts["add"] + counts["update"]
    way = delivery_of.chosen(delivery, live.methods, puts, segment.phones is not None, known)
    if way is None:
        raise _no_way(segment, live)
    return RowChange(
        address=standing.segment.part(target),
        list_address=target.list_address,
        list=target.list,
        method=way.method,
        chunk_size=way.chunk_size,
        attributes=delivery.attributes,
        chosen=way.why,
        data=delivery.whole,
        live=kept + counts["update"] + counts["remove"],
        adds=counts["add"],
        updates=counts["update"],
        removes=counts["remove"],
        unchanged=kept,
        rows=changed,
        digest=comparison.rows_digest(backend, changed),
        precondition=comparison.members_digest(backend, live.rows[target.members]),
        reasons=tuple(Reason(f"{action}: {words}", count) for action, words, count in tallied),
        samples=tuple(
            Sample(tokens.token(contact), tokens.hint(contact), action, why)
            for contact, action, why in comparison.examples(backend, changed, EXAMPLES)
        ),
    )


def _no_way(segment: Segment, live: Live) -> ReconcilerError:
    return ReconcilerError(
        f"{segment.address}: none of the tenant's surfaces offers a way for its contacts",
        where=str(segment.address),
        note=f"it offers {', '.join(sorted(live.methods)) or 'none'}; attributes and phones decide which will do",
        hint="declare another surface of the tenant, name a method, or leave attributes out",
    )


def _laid_over(live: Any, wanted: Any) -> Any:
    """What is declared, over what is live: inside a mapping, too, only declared keys count."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        return {**live, **{key: _laid_over(live.get(key), value) for key, value in wanted.items()}}
    return wanted


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    from deepdiff import DeepDiff, Delta

    found = DeepDiff(dict(before), dict(after), verbose_level=2, ignore_numeric_type_changes=True)
    for row in sorted(
        Delta(found, bidirectional=True).to_flat_rows(), key=lambda row: [str(part) for part in row.path]
    ):
        was = None if row.action == "dictionary_item_added" else row.old_value
        yield FieldChange(".".join(str(part) for part in row.path), was, row.value)


def _flat(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _references(surface: Surface, fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((each.kind, fields[each.field]) for each in surface.references if fields.get(each.field))


def _words(kind: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind).strip()


def _said(value: Any) -> str:
    return "absent" if value is None else str(value)
