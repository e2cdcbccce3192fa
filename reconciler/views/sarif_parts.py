# tested by: tests/views/test_sarif.py
"""Compose the parts that every SARIF 2.1.0 document of this program has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from reconciler.model.problem import Location
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.rule_links import PAGES

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ACTIVE = re.compile(r"\](?=\()|\{(?=\d+\})")
"""What a reader of SARIF takes for a link or a placeholder: sections 3.11.6 and 3.11.5."""


def make_document(
    version: str,
    rules: Sequence[Mapping[str, Any]],
    results: Iterable[Mapping[str, Any]],
    *,
    invocation: Mapping[str, Any],
    **more: Any,
) -> str:
    """A document of one run of this program."""
    driver = {"name": "reconciler", "version": version, "informationUri": PAGES, "rules": list(rules)}
    run = {
        "tool": {"driver": driver},
        **{name: value for name, value in more.items() if name == "automationDetails"},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": list(results),
        **{name: value for name, value in more.items() if name != "automationDetails"},
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def describe_place(place: Location) -> dict[str, Any]:
    """A place in a file, as a physical location."""
    region: dict[str, Any] = {"startLine": place.line} if place.line else {}
    if place.line and place.column:
        region["startColumn"] = place.column
    uri = quote(place.file.encode("utf-8", "replace"), safe="/")
    return {"artifactLocation": {"uri": uri}, **({"region": region} if region else {})}


def escape(text: str) -> str:
    """A text of somebody else that is no link, no placeholder, and one line."""
    return _ACTIVE.sub(lambda found: f"\\u{ord(found.group()):04x}", plain(text))
