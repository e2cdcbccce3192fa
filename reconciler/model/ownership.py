"""Whose is an object of the tenant?

An object made here carries a mark at the end of its description. The mark is put on and taken off at the border
to the wire; inside the tool a description is what a person wrote, and the owner is a field of its own.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"\s*\(managed-by: reconciler/([a-z0-9-]+)\)\s*$")


def worded(description: str) -> str:
    """A description as it is compared: a tenant may keep no blanks around it, and its own line breaks."""
    return "\n".join(description.splitlines()).strip()


def split_mark(description: str) -> tuple[str, str | None]:
    """A live description without its mark, `worded`, and the workspace that the mark names."""
    match = _MARK.search(description)
    return (worded(description[: match.start()]), match[1]) if match else (worded(description), None)


def with_mark(description: str, workspace: str) -> str:
    """A description as it is written to the tenant."""
    return f"{description} (managed-by: reconciler/{workspace})".lstrip()
