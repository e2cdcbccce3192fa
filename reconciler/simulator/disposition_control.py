"""Inspect and move dispositions and the dialler from outside, over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from reconciler.simulator.body_checks import (
    anything_in_object,
    between,
    boolean,
    fields,
    instant_text,
    nullable,
    number,
    rows,
    some_text,
    text,
    whole,
)
from reconciler.simulator.contact_outcome import Disposition
from reconciler.simulator.dialler import Stage
from reconciler.simulator.error_replies import bad_request
from reconciler.simulator.paging import offset_window
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.tenant_options import DispositionLimits

_MOST = 1_000_000
_ids = rows(some_text, _MOST)


def _campaign(call: Call, said: str) -> str:
    """The id of a campaign that is meant by its id or its name."""
    store = call.tenant.store
    return said if said in store.campaigns else store.campaign_named(said).id


def _find_dispositions(call: Call) -> list[Disposition]:
    said = call.query.get("campaign")
    return call.tenant.dispositions.all(None if said is None else _campaign(call, said))


def _read(call: Call) -> Reply:
    """By pages, each with its `history` and how many writes were `refused` while the dialler held the contact."""
    window, found = offset_window(call.query, 10_000), _find_dispositions(call)
    page = [
        {**each.to_wire(), "refused": each.refused, "history": [written.to_control() for written in each.history]}
        for each in found[window.start : window.end]
    ]
    return Reply(body={"dispositions": page, "total": len(found)})


def _summary(call: Call) -> Reply:
    """How many were written, to how many contacts, which again; how many calls came at once and in a second."""
    dispositions, said = call.tenant.dispositions, call.query.get("campaign")
    campaign_id = None if said is None else _campaign(call, said)
    found = dispositions.all(campaign_id)
    writes = [sum(written.request_id is not None for written in each.history) for each in found]
    asked = call.tenant.log.all().of("dispositions", campaign_id)
    return Reply(
        body={
            "writes": sum(writes),
            "contacts": sum(count > 0 for count in writes),
            "outcomes": Counter(each.outcome for each in found if each.outcome is not None),
            "repeated": _describe_contacts(dispositions.list_repeated(campaign_id)),
            "refused": _describe_contacts(dispositions.list_refused(campaign_id)),
            "mostAtOnce": asked.most_at_once(),
            "mostWritesASecond": asked.writes().most_within(1.0),
        }
    )


def _describe_contacts(found: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"campaignId": campaign_id, "contactId": contact_id} for campaign_id, contact_id in found]


def _row(value: Any, where: str) -> dict[str, Any]:
    known = {
        "state": some_text,
        "outcomeCode": some_text,
        "agentId": some_text,
        "notes": text,
        "dispositionTimestamp": instant_text,
        "customFields": anything_in_object,
    }
    return fields(value, where, required={"contactId": some_text}, optional=known)


def _set(call: Call) -> Reply:
    """`{campaign, contacts: [{contactId, state, outcomeCode, agentId, …}]}`: what is said of each becomes so."""
    required = {"campaign": some_text, "contacts": rows(_row, _MOST)}
    body = fields(call.parse_body(), required=required, optional={})
    campaign_id, dispositions = _campaign(call, body["campaign"]), call.tenant.dispositions
    for row in body["contacts"]:
        if "state" in row:
            dispositions.hold(campaign_id, row["contactId"], row["state"])
        if "outcomeCode" in row:
            dispositions.write(
                campaign_id,
                row["contactId"],
                row["outcomeCode"],
                agent_id=row.get("agentId", "somebody"),
                notes=row.get("notes"),
                timestamp=row.get("dispositionTimestamp"),
                custom_fields=row.get("customFields"),
            )
    return Reply(204)


def _stage(value: Any, where: str) -> Stage:
    known = {"reads": whole(1), "seconds": number, "outcome": some_text, "agent": some_text}
    return Stage(**fields(value, where, required={"state": some_text}, optional=known))


def _script(call: Call) -> Reply:
    """`{campaign, stages: [{state, reads, seconds, outcome, agent}], contacts, repeats, spread, share, seed}`."""
    known = {"contacts": _ids, "repeats": boolean, "spread": boolean, "share": between(0, 1), "seed": whole(0)}
    required = {"campaign": some_text, "stages": rows(_stage, 1000)}
    body = fields(call.parse_body(), required=required, optional=known)
    campaign_id, stages = _campaign(call, body.pop("campaign")), body.pop("stages")
    call.tenant.dispositions.script(campaign_id, *stages, **body)
    return Reply(204)


def _advance(call: Call) -> Reply:
    """`{campaign, contacts}`: these, or all who are in a script, are moved on to their next stage."""
    body = fields(call.parse_body(), required={"campaign": some_text}, optional={"contacts": _ids})
    call.tenant.dispositions.advance(_campaign(call, body["campaign"]), body.get("contacts"))
    return Reply(204)


def _settings(call: Call) -> Reply:
    """`{outcomes, answers, rate, burst, countsReads, atOnce}`: what is not said stays."""
    known = {
        "outcomes": _ids,
        "answers": whole(200, 204),
        "rate": nullable(number),
        "burst": nullable(whole(1)),
        "countsReads": boolean,
        "atOnce": nullable(whole(1)),
    }
    body, dispositions = fields(call.parse_body(), required={}, optional=known), call.tenant.dispositions
    if "outcomes" in body:
        dispositions.outcomes = frozenset(body["outcomes"])
    if "answers" in body:
        if body["answers"] not in (200, 204):
            raise bad_request("answers: must be 200 or 204")
        dispositions.answers = body["answers"]
    names = {"rate": "rate", "burst": "burst", "countsReads": "counts_reads", "atOnce": "at_once"}
    if told := {names[name]: value for name, value in body.items() if name in names}:
        dispositions.limits = DispositionLimits(**{**asdict(dispositions.limits), **told})
    return Reply(204)


def _forget(call: Call) -> Reply:
    call.tenant.dispositions.forget()
    return Reply(204)


HANDLERS: dict[tuple[str, str], Callable[[Call], Reply]] = {
    ("GET", "/dispositions"): _read,
    ("POST", "/dispositions"): _set,
    ("DELETE", "/dispositions"): _forget,
    ("GET", "/dispositions/summary"): _summary,
    ("POST", "/dispositions/script"): _script,
    ("POST", "/dispositions/advance"): _advance,
    ("PUT", "/dispositions/settings"): _settings,
}
