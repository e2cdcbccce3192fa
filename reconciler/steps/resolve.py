"""Who belongs on which list, and who does not and why?"""

from __future__ import annotations

from reconciler.audience import engine, membership
from reconciler.kinds import segment as segments
from reconciler.model.change import Accounting, Reason
from reconciler.model.desired import Desired
from reconciler.model.errors import EmptySource
from reconciler.model.live import Live
from reconciler.model.members import Members, Standing
from reconciler.model.rows import ContactsOf
from reconciler.model.segment import Segment


def resolve(desired: Desired, live: Live) -> Members:
    """The standing of every contact of every segment.

    Raises:
        EmptySource: a source, its interactions, or a list to intersect with has no rows.
    """
    into = desired.scratch / "standing"
    into.mkdir(exist_ok=True)
    found = []
    with engine.opened(desired.settings.engine, desired.scratch) as backend:
        for resource in desired.catalogue.of_kind(segments.KIND.name):
            segment = segments.segment(resource, desired.catalogue, desired.as_of)
            _refuse_empty(segment, live)
            target = into / f"{resource.address.name}.parquet"
            rows = membership.standing(backend, segment, live.rows, desired.as_of, target)
            included, left_out = membership.account(backend, rows)
            account = Accounting(
                segment.address,
                rows.count,
                tuple(Reason(band.name, included[band.name]) for band in segment.score.bands if band.name in included),
                tuple(Reason(*pair) for pair in sorted(left_out, key=lambda pair: (-pair[1], pair[0]))),
            )
            found.append(Standing(segment, rows, account))
    return tuple(found)


def _refuse_empty(segment: Segment, live: Live) -> None:
    queries: list[ContactsOf] = [segment.contacts, *segment.intersect]
    for query in queries:
        if not live.rows[query].count:
            raise _empty(f"{query.list} has no contacts", str(query.where), segment)
    if segment.interactions is not None and not live.rows[segment.interactions].count:
        types, since = " or ".join(segment.interactions.types), segment.interactions.start
        words = f"the contacts of {segment.contacts.list} have no {types} interaction since {since:%Y-%m-%d}"
        raise _empty(words, str(segment.contacts.where), segment)


def _empty(words: str, where: str, segment: Segment) -> EmptySource:
    return EmptySource(
        f"{segment.address}: {words}",
        where=where,
        note="an empty source is never read as “remove everyone”; nothing was changed",
        hint="check that it is the right list and that it has been filled",
    )
