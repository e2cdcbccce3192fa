# tested by: tests/cxone/test_hostile_endpoints.py
"""Read and set the outcome of one contact in one campaign, as a surface says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from reconciler.cxone.errors import Conflict, Invalid, NotFound, Unknown, WireError
from reconciler.cxone.page_spool import Spool
from reconciler.cxone.transport import Transport
from reconciler.model.disposition import Ending, Settled, Standing
from reconciler.model.reply_shape import Shape
from reconciler.model.row_queries import Rows
from reconciler.model.row_wire import Outcomes
from reconciler.model.surface_wire import Call, in_path
from reconciler.model.worker_pool import work_all

_COLUMNS = {
    "contactId": "VARCHAR",
    "campaignId": "VARCHAR",
    "known": "BOOLEAN",
    "state": "VARCHAR",
    "outcomeCode": "VARCHAR",
    "dispositionTimestamp": "VARCHAR",
}


def read_standing(transport: Transport, wire: Outcomes, campaign_id: str, contact: str) -> Standing:
    """Where a contact stands in a campaign.

    Raises:
        NotFound: the campaign has no such contact.
        BadReply: the reply does not say in which state the contact is.
    """

    def ask(call: Call, shape: Shape, *, may_be_empty: bool = False) -> Any:
        return transport.call(
            call.method,
            call.path,
            query=call.query,
            body=call.body,
            scope=wire.read_scope,
            idempotent=True,
            reads=True,
            lane=transport.find_lane(campaign_id, write=False),
            shown=_mask_path(call, contact),
            shape=shape,
            may_be_empty=may_be_empty,
        )

    call = wire.one(campaign_id, contact)
    told = ask(call, wire.shape)
    if wire.also is not None:
        told = (told, ask(wire.also[0](campaign_id, contact), wire.also[1], may_be_empty=True))
    if not wire.is_of(told, campaign_id):
        url = f"{transport.base_url}{_mask_path(call, contact)}"
        raise NotFound("the contact is another campaign's", method=call.method, url=url)
    return wire.read(told)


def read(
    transport: Transport, wire: Outcomes, campaign_id: str, contacts: Iterable[str], workers: int, into: Path
) -> Rows:
    """Where each of some contacts stands, `workers` of them at once; one that there is not is a row as well."""

    def one(contact: str) -> None:
        row: dict[str, Any] = {"contactId": contact, "campaignId": campaign_id, "known": True}
        try:
            found = read_standing(transport, wire, campaign_id, contact)
        except NotFound:
            row["known"] = False
        else:
            row |= {"state": found.state, "outcomeCode": found.outcome, "dispositionTimestamp": found.since}
        spool.add([row])

    with Spool(into) as spool:
        work_all(one, contacts, workers, "outcomes")
    return Rows(into, "json", _COLUMNS, spool.count)


def settle(transport: Transport, wire: Outcomes, campaign_id: str, row: Mapping[str, Any], again: bool) -> Settled:
    """Give a contact its outcome, unless it has it, the dialler holds it, or it is not as it was planned for.

    It is looked at right before the write, and after every write that may or may not have taken effect.

    Args:
        again: whether an earlier run may have written it: then what is there already is our own.

    Raises:
        WireError: it cannot be said, or not be done, now.
    """
    contact, sent, failures = str(row["contactId"]), False, 0
    while True:
        try:
            found = read_standing(transport, wire, campaign_id, contact)
            decided = _decide(found, row, sent or again)
            if decided is not None:
                return replace(decided, campaign_id=campaign_id)
            sent = True
            seconds = _write(transport, wire, campaign_id, contact, row)
            return _make_settled("set", campaign_id, latency=max(1, round(1000 * seconds)))
        except (Unknown, Conflict) as error:
            # it may have taken effect, or the contact was taken from us: look again
            failures += 1
            if failures < transport.access.attempts:
                transport.rest(failures)
            elif isinstance(error, Unknown):
                raise
            else:
                return _make_settled("rejected", campaign_id, error.code, _describe_reason(error, contact))
        except NotFound as error:
            return _make_settled("rejected", campaign_id, error.code, "the campaign has no such contact any more")
        except Invalid as error:
            return _make_settled("rejected", campaign_id, error.code, _describe_reason(error, contact))


def _decide(found: Standing, row: Mapping[str, Any], ours: bool) -> Settled | None:
    """What can be said of a contact without writing anything; `ours`: what is there already is of this run."""
    if found.outcome == row["outcome"]:
        return _make_settled("set" if ours else "already")
    if found.held:
        return _make_settled("held", code="held", reason=f"held by the dialler: {found.state}")
    if found.outcome != row["was"]:
        return _make_settled(
            "changed", code="changed", reason="its outcome is another than it was when the plan was made"
        )
    return None


def _make_settled(ending: Ending, campaign_id: str = "", code: str = "", reason: str = "", latency: int = 0) -> Settled:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Settled(ending, campaign_id, at, latency, code, reason)


def _describe_reason(error: WireError, contact: str) -> str:
    """The tenant's words, without the contact: they are counted and shown."""
    return (error.note or error.message).replace(contact, "…")


def _write(transport: Transport, wire: Outcomes, campaign_id: str, contact: str, row: Mapping[str, Any]) -> float:
    """Set an outcome; the seconds from its sending to its reply."""
    body: dict[str, Any] = {"outcomeCode": row["outcome"], "agentId": row["agent"]}
    if row["notes"] is not None:
        body["notes"] = row["notes"]
    if row["timestamp"] is not None:
        body["dispositionTimestamp"] = row["timestamp"]
    # each is a value as JSON
    custom = {name: orjson.loads(value) for name, value in dict(row["custom"] or {}).items() if value is not None}
    if custom:
        body["customFields"] = custom
    latencies: list[float] = []
    call = wire.write(campaign_id, contact, body)
    # not idempotent: the same outcome a second time would be a second entry in the contact's history
    transport.call(
        call.method,
        call.path,
        query=call.query,
        body=call.body,
        scope=wire.write_scope,
        shown=_mask_path(call, contact),
        idempotent=False,
        lane=transport.find_lane(campaign_id, write=True),
        took=latencies.append,
    )
    return latencies[-1]


def _mask_path(call: Call, contact: str) -> str:
    """The path as people may read it: without the contact."""
    return "/".join("…" if step == in_path(contact) else step for step in call.path.split("/"))
