"""What is each contact's score, and in which band is it?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reconciler.model.score import Band, RecencyFrequencyScore

_SECONDS_A_DAY = 86_400


def recency_and_frequency(interactions: Any, score: RecencyFrequencyScore, as_of: datetime) -> Any:
    """One row a contact with an interaction in the window: contactId, score (hundredths).

    The window is [as_of − window, as_of), times in UTC, `d` in fractional days (seconds ÷ 86,400).
    """
    import ibis

    end = int(as_of.timestamp())
    start = end - int(score.window.total_seconds())
    at = interactions["at"].epoch_seconds()
    chosen = interactions["type"].isin(score.types)
    counted = interactions.mutate(second=at).filter(chosen, at >= start, at < end)
    each = counted.group_by("contactId").agg(last=counted["second"].max(), n=counted.count())
    days = (ibis.literal(end) - each["last"]).cast("float64") / _SECONDS_A_DAY
    recency = ibis.greatest(ibis.literal(0.0), score.recency_start - score.recency_per_day * days)
    frequency = score.frequency_each * ibis.least(each["n"], ibis.literal(score.frequency_cap)).cast("float64")
    return each.select("contactId", score=((recency + frequency) * 100 + 0.5).floor().cast("int64"))


def band_of(score: Any, bands: tuple[Band, ...]) -> tuple[Any, Any]:
    """A score's band and that band's priority, as expressions; null below the lowest band."""
    import ibis

    falling = sorted(bands, key=lambda band: band.low, reverse=True)
    name = ibis.cases(*((score >= band.low, band.name) for band in falling), else_=ibis.null("string"))
    priority = ibis.cases(*((score >= band.low, band.priority) for band in falling), else_=ibis.null("int64"))
    return name, priority
