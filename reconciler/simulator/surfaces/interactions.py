# tested by: tests/simulator/test_interactions.py
"""The surface `lists`, its history: who was in touch when?"""

from __future__ import annotations

from typing import Any

import orjson

from reconciler.simulator.body_checks import fields, instant, instant_text, nullable, rows, some_text, whole
from reconciler.simulator.error_replies import bad_request
from reconciler.simulator.interaction_history import microseconds
from reconciler.simulator.routing import Call, Reply, Route

MOST_IDS = 1000
MOST_ROWS = 500


def _filters(value: Any, where: str) -> dict[str, Any]:
    return fields(
        value,
        where,
        required={"contactIds": rows(some_text, MOST_IDS), "startTime": instant_text, "endTime": instant_text},
        optional={"interactionType": rows(some_text, 100)},
    )


def _search(call: Call) -> Reply:
    """`POST /interactions/search`: `startTime` is within, `endTime` is not; at most 1000 contactIds (413)."""
    asked = fields(
        call.body,
        required={"filters": _filters},
        optional={"pageSize": whole(1, MOST_ROWS), "pageToken": nullable(some_text)},
    )
    filters = asked["filters"]
    start = microseconds(instant(filters["startTime"], "filters.startTime"))
    end = microseconds(instant(filters["endTime"], "filters.endTime"))
    if end <= start:
        raise bad_request("filters.endTime: must be after filters.startTime")
    read = "interactions " + orjson.dumps(filters, option=orjson.OPT_SORT_KEYS).decode()
    pages = call.tenant.pages
    window = pages.window(read, asked.get("pageToken"), asked.get("pageSize", MOST_ROWS))
    found = call.tenant.store.history.search(filters["contactIds"], start, end, filters.get("interactionType"))
    return Reply(body=pages.make_page(read, window, found.page(window.start, window.size), found.total))


ROUTES: tuple[Route, ...] = (
    Route(
        "lists",
        "POST",
        "/interactions/search",
        "interactions:read",
        _search,
        takes_body=True,
        is_read=True,
    ),
)
