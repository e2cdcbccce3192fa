"""Write notices as JSON, and read them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.notice import Notice
from reconciler.model.reason_json import make_counted_document, read_counted


def make_notices_document(notices: Iterable[Notice]) -> dict[str, Any]:
    """The sentences, and beside them in the same order what each is made of: nothing has to read a sentence."""
    told = list(notices)
    return {"notices": [each.message for each in told], "notice_details": [_details(each) for each in told]}


def _details(notice: Notice) -> dict[str, Any]:
    faults = {"faults": make_counted_document(notice.faults)} if notice.faults else {}
    return {"code": notice.code, "args": dict(notice.args), **faults}


def read_notices(document: Mapping[str, Any]) -> tuple[Notice, ...]:
    """The notices that `make_notices_document` wrote.

    Raises:
        ValueError, KeyError: they are written otherwise.
    """
    both = zip(document["notices"], document["notice_details"], strict=True)
    return tuple(
        Notice(each["code"], message, each["args"], read_counted(each.get("faults", ()))) for message, each in both
    )
