"""Keep callbacks that are not delivered yet.

One record of JSON lines, only ever added to: a callback, then what became of each sending. It holds what was to be
sent and no secret; the record of a run that was killed between writing and sending is found by the next `resend`.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from reconciler.ledger.record_store_interface import Records
from reconciler.model.errors import LedgerError
from reconciler.model.reason import Reason
from reconciler.model.reason_json import make_reason_document, read_named
from reconciler.model.webhook import Callback, Event, Receipt, Waiting

FILE = "webhooks/outbox.jsonl"


class Outbox:
    """The callbacks of a workspace. Methods may be called from several threads."""

    def __init__(self, store: Records) -> None:
        self._store = store
        self._guard = threading.Lock()

    def keep(self, callback: Callback) -> None:
        """Write a callback down, before it is sent; one that is there already is replaced, now that it has a body.

        Raises:
            LedgerError: it could not be written.
        """
        self._append(_describe_callback(callback))

    def record(self, receipt: Receipt) -> None:
        """Write down what became of a sending.

        Raises:
            LedgerError: it could not be written.
        """
        entry = "delivered" if receipt.delivered else "failed"
        key = receipt.callback.key
        why = None if receipt.why is None else make_reason_document(receipt.why)
        self._append({"entry": entry, "key": key, "attempts": receipt.attempts, "why": why})

    def forget(self, key: str) -> None:
        """Give a callback up."""
        self._append({"entry": "forgotten", "key": key})

    def list_waiting(self) -> list[Waiting]:
        """What is still to be delivered, the oldest first.

        Raises:
            LedgerError: the record cannot be read.
        """
        found: dict[str, Waiting] = {}
        for entry in self._iter_entries():
            key, before = entry["key"], found.get(entry["key"])
            if entry["entry"] == "callback":
                found[key] = (
                    replace(before, callback=_parse_callback(entry))
                    if before
                    else Waiting(_parse_callback(entry), 0, None)
                )
            elif entry["entry"] == "failed" and before:
                tries = before.attempts + entry["attempts"]
                found[key] = replace(before, attempts=tries, why=_parse_why(entry["why"]))
            else:
                found.pop(key, None)
        return list(found.values())

    def count_callbacks(self, webhook: str, event: Event, subject: str) -> int:
        """How many callbacks of an event there were about one run or plan, delivered or not."""
        about = {"entry": "callback", "webhook": webhook, "event": event.value, "subject": subject}
        return len({entry["key"] for entry in self._iter_entries() if about.items() <= entry.items()})

    def knows(self, key: str) -> bool:
        """Whether there was a callback with this key, delivered or not."""
        return any(entry["key"] == key for entry in self._iter_entries())

    def filter_known(self, keys: Collection[str]) -> set[str]:
        """Those of some keys that there was a callback with."""
        return {entry["key"] for entry in self._iter_entries() if entry["key"] in keys}

    def _iter_entries(self) -> Iterator[Mapping[str, Any]]:
        for number, line in enumerate(self._store.scan_lines(FILE), start=1):
            try:
                entry = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                where, hint = f"{FILE}:{number}", "take the line away; its callback is lost"
                raise LedgerError("a line of the ledger cannot be read", where=where, hint=hint) from error
            yield entry

    def _append(self, entry: Mapping[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._guard:
            self._store.append(FILE, orjson.dumps({**entry, "at": at}))


def _parse_why(why: Mapping[str, Any] | str) -> Reason:
    """Why a sending failed; earlier versions recorded a sentence."""
    return Reason("not_delivered", (why,)) if isinstance(why, str) else read_named(why)


def _describe_callback(callback: Callback) -> dict[str, Any]:
    return {
        "entry": "callback",
        "key": callback.key,
        "webhook": callback.webhook,
        "event": callback.event.value,
        "subject": callback.subject,
        "created": callback.created.isoformat(),
        "content_type": callback.content_type,
        "payload": dict(callback.payload) if callback.body is None else None,
        "body": callback.body,
    }


def _parse_callback(entry: Mapping[str, Any]) -> Callback:
    return Callback(
        key=entry["key"],
        webhook=entry["webhook"],
        event=Event(entry["event"]),
        subject=entry["subject"],
        created=datetime.fromisoformat(entry["created"]),
        content_type=entry["content_type"],
        payload=entry["payload"] or {},
        body=entry["body"],
    )
