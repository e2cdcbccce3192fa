"""Show the forecast of a plan's campaigns: the dialling they need, their schedules and their headroom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from reconciler.model.dialling_forecast import Forecast, Headroom, Statistics
from reconciler.model.instants import format_instant
from reconciler.model.rule_input import Planned
from reconciler.views.plain_text import plain

MOST = 12
"""Lines at most: a reviewer reads no more of what is only an estimate. The whole of it is in the document."""


def describe_forecast(campaigns: Iterable[Planned]) -> Iterator[Text]:
    """The forecasts of a plan, those first that lack something; nothing where nothing can be said."""
    told = [lines for each in sorted(campaigns, key=_is_calm) if (lines := list(_iter_lines(each)))]
    if not told:
        return
    yield Text("Forecast, an estimate (docs/forecast.md):", "bold")
    used = 1
    for number, lines in enumerate(told):
        # one line is kept for those that are left out
        if used + len(lines) > MOST - (number < len(told) - 1):
            yield Text(f"  and {len(told) - number} more in the plan's JSON", "dim")
            return
        used += len(lines)
        yield from lines


def _is_calm(planned: Planned) -> bool:
    value = planned.forecast
    return value is None or (value.short is None and (value.headroom is None or value.headroom.points >= 0))


def _iter_lines(planned: Planned) -> Iterator[Text]:
    value, counted = planned.forecast, planned.statistics
    name = plain(str(planned.campaign.address))
    name += "" if planned.campaign.active else f" ({planned.campaign.status})"
    if value is None:
        return
    if value.hours is not None:
        yield Text.assemble(
            "  ", (name, "bold"), f"  {_describe_work(value)}; ", _describe_schedule(value, planned.campaign.repeats)
        )
    if counted is not None and counted.live_answered:
        over = value.headroom is not None and value.headroom.points < 0
        text = Text("     ") if value.hours is not None else Text.assemble("  ", (name, "bold"), "  ")
        yield text.append(f"{_describe_counted(counted)}{_describe_room(value.headroom)}", "yellow" if over else "")


def _describe_work(value: Forecast) -> str:
    return (
        f"{value.contacts:,} contacts: about {value.attempts:,} attempts, {value.answered:,} answered, "
        f"{_format_hours(value.hours)} of dialling"
    )


def _describe_schedule(value: Forecast, repeats: bool) -> tuple[str, str]:
    if value.short is not None:
        return f"{_format_hours(value.available)} are scheduled, {_format_hours(value.short)} too few", "yellow"
    if value.finish is not None:
        return f"done about {format_instant(value.finish)}", ""
    if value.available is not None:
        return "as long as what is left of its schedule", ""
    return "more than one window of its calendar" if repeats else "its schedule has no end", "dim"


def _describe_counted(value: Statistics) -> str:
    percent = f"{round(value.percent, 2):g} %"
    return f"abandoned {percent} of {value.live_answered:,} answered since {format_instant(value.since)}"


def _describe_room(value: Headroom | None) -> str:
    if value is None:
        return ""
    if value.points < 0:
        left = f"{-value.points:g} points above"
    else:
        left = f"{value.points:g} points left, or {value.calls:,} calls"
    rest = "" if value.rest is None else f"; the rest at most {value.rest:g} %"
    return f", ceiling {value.ceiling:g} %: {left}{rest}"


def _format_hours(hours: float | None) -> str:
    return f"{hours or 0:,.1f} h"
