"""What about a set of changes is unsafe?

Rules of this tool's own, on by default (the design's safety limits). Each finding refuses an apply, unless an
override in the workspace's manifest sets it aside for that object, with a reason that every plan prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from reconciler.model.change import Action, Changes, ObjectChange, RowChange
from reconciler.model.finding import Finding
from reconciler.model.live import Live
from reconciler.model.settings import Limits, Override

REMOVALS, UPDATES, EMPTIED, STOPPED = "LIM-REMOVALS", "LIM-UPDATES", "LIM-EMPTIED", "LIM-STOPPED"
FOREIGN, IMMUTABLE, NOBODY = "OWN-FOREIGN", "OBJ-IMMUTABLE", "CMP-EMPTY-LIST"


def findings(
    changes: Changes, live: Live, limits: Limits, workspace: str, immutable: frozenset[tuple[str, str]]
) -> Iterator[Finding]:
    """Everything unsafe about a set of changes; `immutable` holds the (kind, field) pairs a tenant will not change."""
    for row_change in changes.rows:
        yield from _of_rows(row_change, limits)
    sizes = _sizes(changes, live)
    for change in changes.objects:
        yield from _of_object(change, workspace, immutable)
        size = sizes.get((change.address.kind, change.name))
        if change.action is Action.DELETE and size:
            yield Finding(EMPTIED, change.address, f"{change.name!r} is deleted with its {size:,} contacts")
        if change.action in (Action.CREATE, Action.UPDATE):
            for kind, name in change.references:
                if sizes.get((kind, name)) == 0 and change.after is not None:
                    message = f"list {name!r} would be empty, and the tenant refuses a campaign on an empty list"
                    yield Finding(NOBODY, change.address, message, waivable=False)


def waive(found: Iterable[Finding], overrides: Iterable[Override], today: date) -> tuple[Finding, ...]:
    """The findings, with the reason of the override that sets each aside today, if one does."""
    held = {(each.rule, each.object): each.reason for each in overrides if each.until is None or today <= each.until}
    return tuple(replace(finding, waived=_reason(finding, held)) if finding.waivable else finding for finding in found)


def _reason(finding: Finding, held: dict[tuple[str, str], str]) -> str | None:
    exact = held.get((finding.rule, str(finding.object)))
    return exact if exact is not None else held.get((finding.rule, str(finding.object.resource)))


def _of_rows(change: RowChange, limits: Limits) -> Iterator[Finding]:
    if not change.live:
        return
    if change.after == 0:
        yield Finding(EMPTIED, change.address, f"list {change.list!r} is emptied of its {change.live:,} contacts")
    for rule, words, count, limit in (
        (REMOVALS, "removed from", change.removes, limits.removals),
        (UPDATES, "changed on", change.updates, limits.updates),
    ):
        share = 100 * count / change.live
        if share > limit:
            message = f"{count:,} of {change.live:,} contacts ({share:.0f} %) are {words} list {change.list!r}"
            yield Finding(rule, change.address, f"{message}; the limit is {limit:g} %")


def _of_object(change: ObjectChange, workspace: str, immutable: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    before, after = change.before or {}, change.after or {}
    if change.owner is not None and change.owner != workspace:
        message = f"{change.name!r} is managed by workspace {change.owner!r}"
        yield Finding(FOREIGN, change.address, message, waivable=False)
    if before.get("status") == "active" and after.get("status") != "active":
        becomes = after.get("status", "deleted")
        yield Finding(STOPPED, change.address, f"campaign {change.name!r} is active and becomes {becomes}")
    for field in change.fields if change.action is Action.UPDATE else ():
        if (change.address.kind, field.path) in immutable:
            message = f"the tenant does not change the {field.path} of {change.name!r}"
            yield Finding(IMMUTABLE, change.address, message, waivable=False)


def _sizes(changes: Changes, live: Live) -> dict[tuple[str, str], int | None]:
    """How many contacts each object that holds some will have; None where nobody knows."""
    sizes: dict[tuple[str, str], int | None] = {
        (kind, name): found.size for kind, objects in live.objects.items() for name, found in objects.items()
    }
    for change in changes.objects:
        if change.action is Action.CREATE:
            sizes[change.address.kind, change.name] = 0
    for row_change in changes.rows:
        sizes[row_change.list_address.kind, row_change.list] = row_change.after
    return sizes
