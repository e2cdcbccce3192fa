"""How is a forecast written down in a plan, and read back?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reconciler.model.address import Address
from reconciler.model.forecast import Forecast, Headroom, Statistics
from reconciler.model.moment import format_instant, parse_instant


def forecast_document(value: Forecast) -> dict[str, Any]:
    """A forecast as JSON values; hours as numbers, percentages in percent."""
    return {
        "campaign": str(value.campaign),
        "estimate": True,
        "contacts": value.contacts,
        "attempts": value.attempts,
        "answered": value.answered,
        "hours": value.hours,
        "available_hours": value.available,
        "finish": None if value.finish is None else format_instant(value.finish),
        "statistics": None if value.statistics is None else _counted(value.statistics),
        "headroom": None if value.headroom is None else asdict(value.headroom),
    }


def _counted(value: Statistics) -> dict[str, Any]:
    return {
        "attempts": value.attempts,
        "live_answered": value.live_answered,
        "abandoned": value.abandoned,
        "percent": round(value.percent, 2),
        "since": format_instant(value.since),
        "until": format_instant(value.until),
    }


def read_forecast(document: Mapping[str, Any]) -> Forecast:
    """The forecast that a document holds."""
    counted, room = document["statistics"], document["headroom"]
    return Forecast(
        campaign=Address.parse(document["campaign"]),
        contacts=document["contacts"],
        attempts=document["attempts"],
        answered=document["answered"],
        hours=document["hours"],
        available=document["available_hours"],
        finish=parse_instant(document["finish"]) if document["finish"] else None,
        statistics=counted and _read_counted(counted),
        headroom=room and Headroom(**room),
    )


def _read_counted(each: Mapping[str, Any]) -> Statistics:
    since, until = (parse_instant(each[name]) for name in ("since", "until"))
    return Statistics(each["attempts"], each["live_answered"], each["abandoned"], since, until)
