# tested by: tests/surfaces/nice/test_foreign_clients.py
"""Dispositions: the outcomes of the tenant's matrix, each with a number."""

from __future__ import annotations

from typing import Any

from reconciler.simulator.body_checks import fields, number, some_text
from reconciler.simulator.body_checks import truth as body_truth
from reconciler.simulator.error_replies import bad_request, not_found
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
    write,
)

LONGEST_NAME = 50
"""Characters of a disposition's name [client]."""


class Numbers:
    """The number of each outcome that was ever told: for good, whatever comes later."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}


def number_dispositions(call: Call) -> dict[int, str]:
    """The outcomes that there are, by their numbers: at first as they stand in the alphabet."""
    outcomes, numbers = call.tenant.dispositions.outcomes, call.tenant.store.part(Numbers).of
    for name in sorted(outcomes - set(numbers)):
        numbers[name] = len(numbers) + 1
    return {number: name for name, number in numbers.items() if name in outcomes}


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


def _create(call: Call) -> Reply:
    """`POST /dispositions` `{dispositions: [{dispositionName, isPreviewDisposition}]}`: 200 with a result each."""
    told = fields(call.body, required={"dispositions": lambda value, where: value}, optional={})["dispositions"]
    if not isinstance(told, list) or not told:
        raise bad_request("dispositions: must be a list of at least one")
    texts = {"dispositionName": some_text, "isPreviewDisposition": body_truth}
    results = []
    for index, each in enumerate(told):
        one = fields(each, f"dispositions[{index}]", required=texts, optional={"classificationId": number})
        name, outcomes = one["dispositionName"], call.tenant.dispositions.outcomes
        # at most 50 characters are taken (client)
        error = "is in use" if name in outcomes else "is too long" if len(name) > LONGEST_NAME else ""
        if not error:
            call.tenant.dispositions.outcomes = outcomes | {name}
        numbers = {called: of for of, called in number_dispositions(call).items()}
        results.append({"dispositionId": numbers.get(name, 0), "success": not error, "error": error})
    return Reply(body={"errorCount": sum(not each["success"] for each in results), "dispositionResults": results})


_QUERY = ("skip", "top", "searchString", "fields", "orderBy", "isActive", "isPreviewDispositions", "updatedSince")
ROUTES = (
    read("/dispositions", _read_all, *_QUERY),
    write("POST", "/dispositions", _create),
    read("/dispositions/{dispositionId}", _read_one, "fields"),
)
