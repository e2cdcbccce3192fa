"""Which ids mean the same contact? `model.unseen` says it of one text, this of a column."""

from __future__ import annotations

from functools import cache
from typing import Any

from reconciler.model import unseen


@cache
def _composed() -> Any:
    """Unicode's normal form C, as the engine that reads every source and the wire has it."""
    import ibis

    @ibis.udf.scalar.builtin(name="nfc_normalize", signature=(("string",), "string"))
    def composed(text):  # type: ignore[no-untyped-def]
        ...

    return composed


def contact(text: Any) -> Any:
    """Whose id it is: two ids are the same contact's where this is the same. One of blanks alone stays as it is."""
    import ibis

    return ibis.coalesce(_same(clean(text)), text)


def clean(text: Any) -> Any:
    """An id without what nobody sees; null where nothing is left."""
    import ibis

    bare = text.re_replace(f"[{unseen.unseen()}]+", "").re_replace(f"[{unseen.blanks()}]+", " ")
    # most are plain, and are not looked at twice
    return ibis.ifelse(text.re_search(unseen.SEEN), text, _composed()(bare.strip())).nullif("")


def _same(text: Any) -> Any:
    """A Salesforce id of 18 characters by its first 15, any other as it is."""
    import ibis

    # the cheapest question first: each is only asked of what is left
    right = ibis.ifelse(text.substr(15, 3) == _suffix(text), text.substr(0, 15), text)
    return ibis.ifelse(text.length() == 18, ibis.ifelse(text.re_search(unseen.FORMS), right, text), text)


def _suffix(text: Any) -> Any:
    import ibis

    suffix = ibis.literal("")
    for start in (0, 5, 10):
        letters = [text.substr(start + n, 1) for n in range(5)]
        capitals = [
            ibis.ifelse((each >= "A") & (each <= "Z"), ibis.literal(1 << n, "int64"), ibis.literal(0, "int64"))
            for n, each in enumerate(letters)
        ]
        place = capitals[0] + capitals[1] + capitals[2] + capitals[3] + capitals[4]
        suffix = suffix + ibis.literal(unseen.SUFFIXES).substr(place, 1)
    return suffix
