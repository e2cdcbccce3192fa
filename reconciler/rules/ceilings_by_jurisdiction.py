# tested by: tests/rules/test_rules.py
"""Load the abandonment ceilings of jurisdictions: `jurisdictions.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from reconciler.model.ceiling import Ceiling
from reconciler.model.rule import Jurisdiction, Source


@cache
def load_jurisdictions() -> tuple[Jurisdiction, ...]:
    """Every jurisdiction of the file, in its order."""
    text = (files("reconciler.rules") / "jurisdictions.toml").read_text(encoding="utf-8")
    return tuple(_parse_jurisdiction(each) for each in tomllib.loads(text)["jurisdiction"])


def load_ceilings() -> Mapping[str, Ceiling]:
    """The ceiling of each place that has one."""
    found: dict[str, Ceiling] = {}
    for each in load_jurisdictions():
        source = ", ".join(source.citation for source in each.sources)
        found |= dict.fromkeys(each.places, Ceiling(each.percent, each.measured, source, each.internal))
    return found


def _parse_jurisdiction(each: Mapping[str, Any]) -> Jurisdiction:
    sources = tuple(
        Source(
            title=source["title"],
            citation=source["citation"],
            url=source["url"],
            effective=source.get("effective"),
            verified=source["verified"],
            note=source["note"],
        )
        for source in each["source"]
    )
    return Jurisdiction(
        name=each["name"],
        places=tuple(each["places"]),
        percent=each["percent"],
        measured=each["measured"],
        internal=each["internal"],
        sources=sources,
    )
