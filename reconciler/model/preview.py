# tested by: tests/views/test_preview.py
"""Define a preview: a plan applied to an embedded tenant that holds what the live one holds."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.errors import Exit, Refused, Stale
from reconciler.model.plan import Plan
from reconciler.model.report import Failure, Report
from reconciler.model.resource_address import Address


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the embedded tenant was filled with: objects, and members by their stand-ins.

    Attributes:
        introduced: contacts that no list held that was read, and that a list takes only if the tenant knows them: they
            were taken to be there and active.
    """

    lists: int
    campaigns: int
    members: int
    introduced: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """An object before and after: how many are on a list, or the status of a campaign; None: there is none."""

    kind: str
    name: str
    before: str | int | None
    after: str | int | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of a plan that a preview does not try, as it is not the tenant's: numbers for a do-not-call list."""

    address: Address
    numbers: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What came of a plan on the embedded tenant.

    Attributes:
        plan: as it was made for the live tenant. requests: that were sent to it, all of them to read.
        report: of the apply; None: it was refused, and `failure` says why.
        again: the plan after it, from the same manifests and sources: it has nothing left to do. None: there is none.
        unplanned: why there is none.
    """

    plan: Plan
    loaded: Loaded
    requests: int
    report: Report | None = None
    failure: Failure | None = None
    refusal: int = Exit.ERROR
    again: Plan | None = None
    unplanned: Failure | None = None
    shown: tuple[Shown, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """0 applied, and nothing is left to do · 2 applied, and something is · else as `apply` would end."""
        if self.report is None:
            return Exit(self.refusal)
        if self.report.exit_code is not Exit.DONE:
            return self.report.exit_code
        if self.again is None:
            return Exit.ERROR
        return Exit.DONE if self.again.empty else Exit.CHANGES


def find_exit(error: Exception) -> int:
    """With which code `apply` ends for an error."""
    return int(getattr(error, "exit_code", Exit.ERROR)) if isinstance(error, Refused | Stale) else int(Exit.ERROR)
