# tested by: tests/views/test_views.py
"""Define what a view is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rich.text import Text

Subject = Literal[
    "plan",
    "report",
    "contact",
    "rules",
    "rule",
    "what-if",
    "preview",
    "error",
    "callbacks",
    "validation",
    "pending",
    "lock",
    "audit",
    "audit-log",
    "evidence",
    "approvals",
    "imported",
]
"""What can be shown."""


@dataclass(frozen=True, slots=True)
class View:
    """How one thing is shown in one format.

    Attributes:
        format: the word after `--format`. subject: what is shown.
        render: makes it of the nouns: `Text` for a terminal, which wraps it; a `str` is printed as it is, in UTF-8.
        links: whether it takes an address at which the whole is, as it may have to cut something.
        whole: of a plan, whether somebody is to judge it by this view alone: then it says all that decides, such as
            whose approval it needs. One of findings alone, or in the form of another tool, is not.
    """

    format: str
    subject: Subject
    render: Callable[..., Text | str]
    links: bool = False
    whole: bool = False
