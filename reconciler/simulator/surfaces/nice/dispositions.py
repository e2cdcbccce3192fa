# tested by: tests/surfaces/nice/test_foreign_clients.py
"""Dispositions: the outcomes of the tenant's matrix, each with a number."""

from __future__ import annotations

from typing import Any

from reconciler.simulator.error_replies import not_found
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.surfaces.nice.conventions import (
    BUSINESS_UNIT,
    choose_fields,
    links,
    moment,
    page,
    read,
    truth,
)


def number_dispositions(call: Call) -> dict[int, str]:
    """The outcomes that there are, by their numbers: as they stand in the alphabet."""
    return dict(enumerate(sorted(call.tenant.dispositions.outcomes), start=1))


def _describe(call: Call, number: int, name: str) -> dict[str, Any]:
    return {
        "dispositionId": number,
        "dispositionName": name,
        "notes": "",
        "lastUpdated": wire_time(call.tenant.store.now()),
        "classificationId": number,
        "systemOutcome": "",
        "isActive": True,
        "isPreviewDisposition": False,
    }


def _read_all(call: Call) -> Reply:
    """`GET /dispositions?searchString=&isActive=&isPreviewDispositions=&skip=&top=`."""
    moment(call, "updatedSince")
    found = [
        each
        for number, name in number_dispositions(call).items()
        if call.query.get("searchString", "").casefold() in name.casefold()
        for each in [_describe(call, number, name)]
        if truth(call, "isActive", default=True) and not truth(call, "isPreviewDispositions")
    ]
    rows = page(call, found)
    if not rows:
        return Reply(204)
    unit = BUSINESS_UNIT["businessUnitId"]
    told = {"totalRecords": len(found), "businessUnitId": unit, "_links": links(call)}
    return Reply(body={**told, "dispositions": choose_fields(call, rows)})


def _read_one(call: Call) -> Reply:
    """`GET /dispositions/{dispositionId}`."""
    told = call.params["dispositionId"]
    name = number_dispositions(call).get(int(told)) if told.isdecimal() else None
    if name is None:
        raise not_found("disposition: there is none with that id")
    (shown,) = choose_fields(call, [_describe(call, int(told), name)])
    return Reply(body=shown)


_QUERY = ("skip", "top", "searchString", "fields", "orderBy", "isActive", "isPreviewDispositions", "updatedSince")
ROUTES = (
    read("/dispositions", _read_all, *_QUERY),
    read("/dispositions/{dispositionId}", _read_one, "fields"),
)
