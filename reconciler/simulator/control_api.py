"""Inspect and change the tenant from outside, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from reconciler.simulator import call_control, disposition_control, job_control
from reconciler.simulator.body_checks import Check, anything_in_object, fields, number, some_text, text, truth, whole
from reconciler.simulator.error_replies import Refusal, bad_request, not_found
from reconciler.simulator.paging import offset_window
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.salesforce_org import Organisation
from reconciler.simulator.store import Store

PREFIX = "/_control"
_LOOPBACK = ("127.0.0.1", "::1")


def answer(call: Call, peer: str | None) -> Reply:
    """Answer a control request; 403 to a peer that is not on this machine, 404 for an unknown one."""
    if peer not in _LOOPBACK:
        raise Refusal(403, "forbidden", "the control surface answers this machine only")
    handler = _HANDLERS.get((call.method, call.path.removeprefix(PREFIX)))
    if handler is None:
        known = ", ".join(f"{method} {PREFIX}{path}" for method, path in _HANDLERS)
        raise not_found(f"no control {call.method} {call.path}; there are {known}")
    with call.tenant.store.lock:
        try:
            return handler(call)
        except KeyError as error:
            raise bad_request(f"there is no {error.args[0]!r}") from None
        except (TypeError, ValueError) as error:
            raise bad_request(str(error)) from None


def _reset(call: Call) -> Reply:
    call.tenant.reset()
    return Reply(204)


def _state(call: Call) -> Reply:
    store = call.tenant.store
    return Reply(
        body={
            "lists": [{**item.to_wire(), "members": item.members} for item in store.lists.values()],
            "campaigns": [item.to_wire() for item in store.campaigns.values()],
            "contacts": len(store.contacts),
            "interactions": len(store.history),
        }
    )


def _contacts(call: Call) -> Reply:
    window = offset_window(call.query, 10_000)
    ids = list(call.tenant.store.contacts)
    page = [call.tenant.store.contacts[key].to_wire() for key in ids[window.start : window.end]]
    return Reply(body={"contacts": page, "total": len(ids)})


def _interactions(call: Call) -> Reply:
    window, history = offset_window(call.query, 10_000), call.tenant.store.history
    contact_id = call.query.get("contactId")
    found = history.all() if contact_id is None else history.search([contact_id], -(2**62), 2**62, None)
    return Reply(body={"interactions": found.page(window.start, window.size), "total": found.total})


def _rows(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise bad_request(f"{where}: must be a list")
    return value


def _body(call: Call, **known: Check) -> dict[str, Any]:
    return fields(call.parse_body(), required={}, optional=known)


def _load(call: Call) -> Reply:
    """Add or change: contacts by id, lists and campaigns by name; `members` replace all there were."""
    store = call.tenant.store
    body = _body(call, contacts=_rows, lists=_rows, interactions=_rows, campaigns=_rows)
    store.add_contacts(body.get("contacts", []))
    store.add_interactions(body.get("interactions", []))
    for row in body.get("lists", []):
        _load_list(store, dict(row))
    for row in body.get("campaigns", []):
        _load_campaign(store, dict(row))
    return _state(call)


def _load_list(store: Store, row: dict[str, Any]) -> None:
    members = row.pop("members", None)
    held = store.find_list(row["name"]) or store.add_list(row["name"])
    store.change_list(held, **row)
    if members is not None:
        wanted = _members(members)
        store.drop_members(held, [key for key in held.members if key not in wanted])
        store.put_members(held, wanted)


def _members(given: Any) -> Mapping[str, Mapping[str, Any]]:
    """Members as `{id: data}`, as ids or as rows `{contactId, data}`."""
    if isinstance(given, dict):
        return given
    rows: list[dict[str, Any]] = [{"contactId": row} if isinstance(row, str) else row for row in given]
    return {row["contactId"]: row.get("data", {}) for row in rows}


def _load_campaign(store: Store, row: dict[str, Any]) -> None:
    if "list" in row:
        row["listId"] = store.list_named(row.pop("list")).id
    held = store.find_campaign(row["name"])
    if held is None:
        store.add_campaign(**row)
    else:
        store.change_campaign(held, **row)


def _remove(call: Call) -> Reply:
    """Delete contacts by id, lists and campaigns by name, and members `{list name: [ids]}`."""
    store = call.tenant.store
    body = _body(call, contacts=_rows, lists=_rows, campaigns=_rows, members=anything_in_object)
    for name, ids in body.get("members", {}).items():
        store.drop_members(store.list_named(name), ids)
    for contact_id in body.get("contacts", []):
        store.remove_contact(contact_id)
    for name in body.get("campaigns", []):
        store.remove_campaign(store.campaign_named(name))
    for name in body.get("lists", []):
        store.remove_list(store.list_named(name))
    return _state(call)


def _requests(call: Call) -> Reply:
    return Reply(body={"requests": [asdict(item) for item in call.tenant.log.all()]})


def _clear_requests(call: Call) -> Reply:
    call.tenant.log.clear()
    return Reply(204)


def _faults(call: Call) -> Reply:
    return Reply(body={"faults": [rule.to_wire() for rule in call.tenant.faults.all()]})


def _match(value: Any, where: str) -> dict[str, Any]:
    return fields(value, where, required={}, optional={"method": some_text, "path": text})


def _times(value: Any, where: str) -> int | None:
    return None if value is None else int(whole(0)(value, where))


def _add_fault(call: Call) -> Reply:
    """`{match: {method, path}, skip, times, probability, seed, fault: {kind, …}}`."""
    rule = fields(
        call.parse_body(),
        required={"fault": anything_in_object},
        optional={
            "match": _match,
            "skip": whole(0),
            "times": _times,
            "probability": number,
            "seed": whole(0),
        },
    )
    params = dict(rule.pop("fault"))
    kind = some_text(params.pop("kind", None), "fault.kind")
    added = call.tenant.faults.add(kind, **rule.pop("match", {}), **rule, **params)
    return Reply(201, added.to_wire())


def _clear_faults(call: Call) -> Reply:
    call.tenant.faults.clear()
    return Reply(204)


def _salesforce(call: Call) -> Reply:
    """`{records: {object: [records]}, pageSize, requestsLeft, limitStatus, locatorsOfSession, expireLocators}`."""
    told = _body(
        call,
        records=anything_in_object,
        pageSize=whole(1, 2000),
        requestsLeft=_times,
        limitStatus=whole(400, 499),
        locatorsOfSession=truth,
        expireLocators=truth,
    )
    organisation = call.tenant.store.part(Organisation)
    for name, records in told.get("records", {}).items():
        organisation.load(name, _rows(records, f"records.{name}"))
    organisation.page_size = told.get("pageSize", organisation.page_size)
    organisation.requests_left = told.get("requestsLeft", organisation.requests_left)
    organisation.limit_status = told.get("limitStatus", organisation.limit_status)
    organisation.locators_of_session = told.get("locatorsOfSession", organisation.locators_of_session)
    if told.get("expireLocators"):
        organisation.locators.clear()
    return Reply(body={name: len(records) for name, records in organisation.objects.items()})


def _revoke(call: Call) -> Reply:
    return Reply(body={"revoked": call.tenant.tokens.revoke()})


def _manners(call: Call) -> Reply:
    """The fields of `Manners`, in camel case; what is not said is as in `Manners()`."""
    told = _body(
        call,
        words=anything_in_object,
        case=some_text,
        numberIds=truth,
        longestPage=whole(1, 1000),
        laggingCounts=truth,
        settingsDefaults=anything_in_object,
        strangeFields=truth,
        totals=truth,
        readEnds=some_text,
        stopping=whole(0),
    )
    if told.get("case", "lower") not in ("lower", "upper", "title"):
        raise bad_request("case: must be lower, upper or title")
    if told.get("readEnds", "null") not in ("null", "empty", "absent"):
        raise bad_request("readEnds: must be null, empty or absent")
    call.tenant.behave(**{re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): told[name] for name in told})
    return Reply(204)


_HANDLERS: dict[tuple[str, str], Callable[[Call], Reply]] = {
    ("POST", "/reset"): _reset,
    ("GET", "/state"): _state,
    ("GET", "/contacts"): _contacts,
    ("GET", "/interactions"): _interactions,
    ("POST", "/load"): _load,
    ("POST", "/remove"): _remove,
    ("GET", "/requests"): _requests,
    ("DELETE", "/requests"): _clear_requests,
    ("GET", "/faults"): _faults,
    ("POST", "/faults"): _add_fault,
    ("DELETE", "/faults"): _clear_faults,
    ("POST", "/tokens/revoke"): _revoke,
    ("PUT", "/manners"): _manners,
    **job_control.HANDLERS,
    **call_control.HANDLERS,
    **disposition_control.HANDLERS,
    ("POST", "/salesforce"): _salesforce,
}
