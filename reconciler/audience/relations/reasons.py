# tested by: tests/audience/decision/test_suppression.py
"""How is a reason written in a relation? As the code and the arguments of `model/reason.py`; no words."""

from __future__ import annotations

from typing import Any

from reconciler.model.reason import CODES, LIST, REASON, Reason


def make_reason(code: str, *args: Any) -> Any:
    """A reason with these arguments, texts or columns of texts; null where one of them is null.

    Raises:
        ValueError: there is no such code, or it takes other arguments.
    """
    import ibis

    Reason(code, tuple("" for _ in args))
    values = [ibis.literal(each) if isinstance(each, str) else each for each in args]
    written = ibis.array(values) if values else ibis.literal([], "array<string>")
    made = ibis.struct({"code": ibis.literal(code), "args": written})
    for value, given in zip(values, args, strict=True):
        if not isinstance(given, str):
            made = ibis.ifelse(value.isnull(), no_reason(), made)
    return made


def make_list_reason(code: str, args: Any) -> Any:
    """A reason whose arguments are those of a column of arrays, which may be empty.

    Raises:
        ValueError: its only argument is no list.
    """
    import ibis

    if list(CODES[code].values()) != [LIST]:
        raise ValueError(f"{code} does not take a list")
    return ibis.struct({"code": ibis.literal(code), "args": args})


def no_reason() -> Any:
    """No reason."""
    import ibis

    return ibis.null(REASON)


def first_reason(*branches: tuple[Any, Any], default: Any = None) -> Any:
    """The reason of the first condition that holds; else the default, or none."""
    import ibis

    return ibis.cases(*branches, else_=no_reason() if default is None else default)


def read_reason(value: Any) -> Reason:
    """The reason in a cell."""
    return Reason(value["code"], tuple(value["args"]))
