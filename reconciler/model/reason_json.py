# tested by: tests/model/test_reason.py
"""Write reasons and their counts as JSON, and read them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.list_change import Sample
from reconciler.model.reason import Counted, Reason, Share, read_reason


def make_reason_document(reason: Reason) -> dict[str, Any]:
    """The code, and the arguments by their names."""
    return {"code": reason.code, "args": reason.name_arguments()}


def make_counted_document(counted: Iterable[Counted]) -> list[dict[str, Any]]:
    """Reasons with their counts; of rows that change, with what is done with them."""
    return [
        {
            **({} if each.action is None else {"action": each.action}),
            **make_reason_document(each.reason),
            "count": each.count,
        }
        for each in counted
    ]


def make_shares_document(shares: Iterable[Share]) -> list[dict[str, Any]]:
    """Values with their counts; several that are counted together have `others` instead of a value."""
    return [
        {"others": s.others, "count": s.count} if s.others else {"value": s.value, "count": s.count} for s in shares
    ]


def make_samples_document(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """Examples; nothing personal is in them."""
    return [
        {
            "contact": each.token,
            "hint": each.hint,
            "action": each.action,
            **make_reason_document(each.reason),
            "score": each.score,
            "was": each.was,
        }
        for each in samples
    ]


def read_named(each: Mapping[str, Any]) -> Reason:
    """The reason that `make_reason_document` wrote."""
    return read_reason(each["code"], each["args"])


def read_counted(counted: Iterable[Mapping[str, Any]]) -> tuple[Counted, ...]:
    """What `make_counted_document` wrote."""
    return tuple(Counted(read_named(each), each["count"], each.get("action")) for each in counted)


def read_shares(shares: Iterable[Mapping[str, Any]]) -> tuple[Share, ...]:
    """What `make_shares_document` wrote."""
    return tuple(Share(each.get("value", ""), each["count"], each.get("others", 0)) for each in shares)


def read_samples(samples: Iterable[Mapping[str, Any]]) -> tuple[Sample, ...]:
    """What `make_samples_document` wrote."""
    return tuple(
        Sample(each["contact"], each["hint"], each["action"], read_named(each), each["score"], each["was"])
        for each in samples
    )
