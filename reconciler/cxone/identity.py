"""Which id has a thing that the tenant tells of? Numbers or text on the wire; text inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.cxone.faults import Unexpected


def id_in(body: object, field: str, url: str, method: str = "GET") -> str:
    """The id in a field of a reply, as text.

    Raises:
        Unexpected: it is no id: neither a whole number nor text.
    """
    found = body.get(field) if isinstance(body, Mapping) else None
    if not is_id(found):
        raise not_an_id(found, field, url, method)
    return str(found)


def is_id(value: object) -> bool:
    """Whether this is an id: text that is not empty, or a whole number."""
    return (isinstance(value, str) and value.strip() != "") or (isinstance(value, int) and value.__class__ is not bool)


def check_ids(rows: Iterable[Any], field: str, url: str, method: str = "GET") -> None:
    """Look at the kinds of a page's ids, not at each: they become text when the page is read.

    Raises:
        Unexpected: a row has none, or is no row.
    """
    kinds = {type(row.get(field)) if isinstance(row, Mapping) else Ellipsis for row in rows}
    if not kinds <= {str, int}:
        odd = next(row for row in rows if not isinstance(row, Mapping) or type(row.get(field)) not in (str, int))
        raise not_an_id(odd.get(field) if isinstance(odd, Mapping) else odd, field, url, method)


def not_an_id(found: object, field: str, url: str, method: str = "GET") -> Unexpected:
    """What is said of what stands where an id should be; not what it is, but of which kind."""
    return Unexpected(
        f"the field {field!r} of a reply is no id",
        method=method,
        url=url,
        note=f"it is {_KINDS.get(type(found), 'nothing that JSON has')}; ids are text or whole numbers",
        hint="check that the surface's base URL is right, or ask whoever runs the tenant",
    )


_KINDS = {
    type(None): "absent or null",
    bool: "a boolean",
    float: "a number with a fraction, or too great to be exact",
    dict: "an object",
    list: "a list",
    str: "text where a row should be",
    int: "a whole number where a row should be",
}
