# tested by: tests/rules/test_rules.py
"""Load what the law asks of abandoned calls, leg by leg: `safe_harbour.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from reconciler.model.rule import Source
from reconciler.model.safe_harbour import Harbour, Leg


@cache
def load_harbours() -> Mapping[str, Harbour]:
    """The law's safe harbour of each country that has one; each leg with its citation."""
    return {place: _parse_harbour(each) for each in _read() for place in each["places"]}


@cache
def load_harbour_sources() -> tuple[tuple[Leg, Source], ...]:
    """Every source of the file with the leg that it is of, in its order."""
    return tuple(
        (
            Leg(source["leg"]),
            Source(
                title=source["title"],
                citation=source["citation"],
                url=source["url"],
                effective=source.get("effective"),
                verified=source["verified"],
                note=source["note"],
            ),
        )
        for each in _read()
        for source in each["source"]
    )


@cache
def _read() -> tuple[Mapping[str, Any], ...]:
    text = (files("reconciler.rules") / "safe_harbour.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["harbour"])


def _parse_harbour(each: Mapping[str, Any]) -> Harbour:
    return Harbour(
        connect=each.get("connect"),
        # any message: what it says is no setting
        message="" if each.get("message") else None,
        ringing=each.get("ringing"),
        rings=each.get("rings"),
        do_not_call=each.get("do_not_call", False),
        sources={source["leg"]: source["citation"] for source in each["source"]},
    )
