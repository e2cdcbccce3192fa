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
    """A Salesforce id of 18 characters by its first 15, any other as it is.

    A text is named as seldom as can be: what it is made by is written out at every place, and an expression of
    thousands takes longer to read than the rows.
    """
    import ibis

    capitals = text.substr(0, 15).translate(_LETTERS, _CAPITALS)
    right = ibis.literal(True)
    for group in range(3):
        told = ibis.literal(",") + capitals.substr(5 * group, 5) + text.substr(15 + group, 1) + ","
        right = right & _listed().contains(told)
    # the cheapest question first: each is only asked of what is left
    salesforce = ibis.ifelse(text.length() == 18, text.re_search(unseen.FORMS), False)
    return ibis.ifelse(salesforce, ibis.ifelse(right, text.substr(0, 15), text), text)


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CAPITALS = "1" * 26 + "0" * 36


def _listed() -> Any:
    """Every group of five letters, 1 for a capital, with the character that tells it: the first letter counts one."""
    import ibis

    groups = (f"{number:05b}"[::-1] + suffix for number, suffix in enumerate(unseen.SUFFIXES))
    return ibis.literal(f",{','.join(groups)},")
