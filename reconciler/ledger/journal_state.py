# tested by: tests/ledger/test_journal.py
"""Tell from the lines of a journal what a run has written, what it has not, and what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reconciler.model.reason_json import read_named
from reconciler.model.report import JobEnd, Outcome, StepResult
from reconciler.model.resource_address import Address

_ATTEMPT = re.compile(r"[~?]")
"""What stands in a key between a piece and a later sending of it, or the trial of one of its rows."""


class JournalState:
    """What the lines of one run say, as far as they go. It may be asked from several threads, and is told by one."""

    def __init__(self) -> None:
        self._done: dict[str, Mapping[str, Any]] = {}
        self._intended: dict[str, Mapping[str, Any]] = {}
        self._jobs: dict[str, str] = {}
        self._pieces: dict[str, str] = {}
        self._ended: dict[str, JobEnd] = {}
        self._without: dict[str, frozenset[str]] = {}

    @property
    def begun(self) -> bool:
        """Whether something may have been written."""
        return bool(self._intended)

    def remember(self, entry: Mapping[str, Any]) -> None:
        """Take what a line of the journal says."""
        if entry["event"] == "intent":
            self._intended[entry["key"]] = entry
        elif entry["event"] == "done":
            self._done[entry["key"]] = entry
        elif entry["event"] == "submitted":
            self._jobs[entry["key"]] = entry["job"]
            self._pieces.setdefault(entry["job"], entry["key"])
        elif entry["event"] == "without":
            self._without[entry["key"]] = frozenset(entry["contacts"])
        elif entry["event"] == "ended":
            at = datetime.fromisoformat(entry["ended"])
            self._ended[entry["job"]] = JobEnd(entry["job"], entry["status"], entry["progress"], at)

    def find_intent(self, key: str) -> Mapping[str, Any] | None:
        """What was recorded of a write ahead of it, by this run or before it was resumed."""
        return self._intended.get(key)

    def may_have_begun(self, address: Address) -> bool:
        """Whether something of an object or a list may have been written before this run was resumed."""
        text, later = str(address), str(address.activation)
        return any(key == text or key.startswith((f"{text}#", f"{text}!", f"{later}!")) for key in list(self._intended))

    def find_outcome(self, key: str) -> Mapping[str, Any] | None:
        """What was recorded of a write that is known to have taken effect."""
        return self._done.get(key)

    def find_result(self, address: Address) -> StepResult | None:
        """How a step ended that is done."""
        told = self._done.get(str(address))
        if told is None:
            return None
        why, words = read_named(told["why"]) if "why" in told else None, told.get("words", "")
        return StepResult(address, Outcome.DONE, words, told["rows"], told["rejected"], why=why)

    def has_intent(self, key: str) -> bool:
        """Whether a write may have been sent before: it was recorded ahead, by this run or before it was resumed."""
        return key in self._intended

    def list_write_ops(self, address: Address) -> list[str]:
        """The writes of a step that were recorded ahead, by this run or before it was resumed, in words."""
        prefix = f"{address}!"
        return [key.rpartition(":")[2] for key in list(self._intended) if key.startswith(prefix)]

    def find_left_out(self, key: str) -> frozenset[str]:
        """Whom of a piece the last write left out."""
        return self._without.get(key, frozenset())

    def find_job(self, key: str) -> str | None:
        """The job that was made of a write, if it is known."""
        return self._jobs.get(key)

    def find_sent(self, key: str) -> datetime | None:
        """When a write was first to be sent, where that is recorded."""
        at = self._intended.get(_ATTEMPT.split(key)[0], {}).get("sending")  # `at` is of what the audit record tells too
        return None if at is None else datetime.fromisoformat(at)

    @property
    def jobs(self) -> frozenset[str]:
        """The jobs of which it is recorded what they were made of."""
        return frozenset(list(self._pieces))

    def find_piece(self, job_id: str) -> str | None:
        """The write that a job was made of, if one is recorded."""
        return self._pieces.get(job_id)

    def is_aborted(self, job_id: str) -> bool:
        """Whether a job is known to have been aborted, by this run or before it was resumed."""
        return job_id in self._ended and self._ended[job_id].status == "ABORTED"

    def is_ended(self, job_id: str) -> bool:
        """Whether it is recorded how a job ended."""
        return job_id in self._ended

    def list_jobs(self) -> tuple[JobEnd, ...]:
        """The jobs that the tenant has made for this run; of one that is not known to be over, that it was begun."""
        now = datetime.now(UTC)
        return tuple(
            replace(self._ended[job], replaced=self._is_replaced(key))
            if job in self._ended
            else JobEnd(job, "SUBMITTED", None, now)
            for key, job in list(self._jobs.items())
        )

    def _is_replaced(self, name: str) -> bool:
        """Whether every row of a job was decided by others after it.

        By those of the parts that its piece was sent again in, or by the one that was begun when it was aborted.
        """
        place, mark, tail = name.rpartition("#")
        piece = f"{place}{mark}{_ATTEMPT.split(tail)[0]}"
        if self._done.get(piece, {}).get("split"):
            return self._is_decided(piece)
        later = [each for each in list(self._jobs) if each.startswith(f"{piece}~")]
        return "?" not in tail and bool(later) and later[-1] != name

    def _is_decided(self, piece: str) -> bool:
        """Whether every row of a piece is: in one of its parts, where it was cut into such."""
        done = self._done.get(piece)
        if done is None or not done["split"]:
            return done is not None
        parts = [name for name in list(self._intended) if name.rpartition("/")[0] == piece]
        return not self._count_in_no_part(piece) and all(map(self._is_decided, parts))

    def count_rows(self, address: Address) -> tuple[int, int, int, int]:
        """Of the rows of a step that are decided: how many are written, rejected, not known to be either, left out."""
        begun = {key: entry for key, entry in list(self._intended.items()) if key.startswith(f"{address}#")}
        ended = [self._done[key] for key in begun if key in self._done]
        unknown = sum(entry["rows"] for key, entry in begun.items() if key not in self._done)
        unknown += sum(self._count_in_no_part(key) for key in begun if self._done.get(key, {}).get("unsure"))
        rows, rejected = sum(each["rows"] for each in ended), sum(len(each["rejected"]) for each in ended)
        return rows, rejected, unknown, sum(each.get("suppressed", 0) for each in ended)

    def count_phase(self, address: Address, phase: str) -> int:
        """Rows of one phase of a step that are written, or of which nobody knows whether they are."""
        begun = {key: entry for key, entry in list(self._intended.items()) if key.startswith(f"{address}#{phase}:")}
        written = sum(self._done[key]["rows"] for key in begun if key in self._done)
        unknown = sum(entry["rows"] for key, entry in begun.items() if key not in self._done)
        unsure = (key for key in begun if self._done.get(key, {}).get("unsure"))
        return int(written + unknown + sum(map(self._count_in_no_part, unsure)))

    def _count_in_no_part(self, key: str) -> int:
        """Rows of a piece whose job may have written them, and that are not yet sent again in a part of it."""
        parts = [entry["rows"] for name, entry in list(self._intended.items()) if name.rpartition("/")[0] == key]
        return int(self._intended[key]["rows"] - len(self._done[key]["rejected"]) - sum(parts))

    def list_ended_pieces(self, address: Address) -> list[Mapping[str, Any]]:
        """What was recorded of each piece of a step that is decided."""
        return [entry for key, entry in list(self._done.items()) if key.startswith(f"{address}#")]
