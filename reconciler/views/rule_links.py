# tested by: tests/views/test_sarif.py
"""Link a rule to its page in the documentation."""

from __future__ import annotations

import re

PAGES = "https://cxone-reconciler.dev/docs/"
"""Where the documentation of this program is; the schemas of its manifests are beside it."""


def link_rule(rule: str, title: str | None) -> str:
    """The address of a rule's part of docs/rules.md, whose heading is `ID: title`; of one without title, the page's."""
    if title is None:
        return f"{PAGES}rules.md"
    return f"{PAGES}rules.md#{make_anchor(f'{rule}: {title}')}"


def link_codes() -> str:
    """The address of what each code means."""
    return f"{PAGES}codes.md"


def make_anchor(heading: str) -> str:
    """The name that code hosts give a heading: small letters, digits, `-` and `_`, and `-` for each blank."""
    return re.sub(r"[^a-z0-9_-]", "", heading.lower().replace(" ", "-"))
