# tested by: tests/simulator/test_dialler.py
"""Inject faults between a client's read of a contact and its write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.simulator.dialler import READY, Stage
from reconciler.simulator.fault_kinds import Serve, kind

if TYPE_CHECKING:
    from reconciler.simulator.routing import Call, Reply

_CONTACT = re.compile(r"/dispositions/.*/campaigns/(?P<campaign>[^/]+)/contacts/(?P<contact>.+)")


def _is_of_a_contact(call: Call) -> bool:
    return _CONTACT.fullmatch(call.path) is not None


def _parse_contact_path(call: Call) -> tuple[str, str]:
    match = _CONTACT.fullmatch(call.path)
    assert match is not None  # noqa: S101 - `applies` has seen to it
    return match["campaign"], match["contact"]


@kind("taken-contact", _is_of_a_contact)
async def _take_contact(
    call: Call, serve: Serve, state: str = "DIALING", reads: int | None = None, seconds: float | None = None
) -> Reply:
    """The dialler takes the contact just before the call arrives; it is let go after so many reads or seconds."""
    campaign_id, contact_id = _parse_contact_path(call)
    call.tenant.dispositions.script(campaign_id, Stage(state, reads, seconds), Stage(READY), contacts=[contact_id])
    return await serve()


@kind("other-outcome", _is_of_a_contact)
async def _set_other_outcome(call: Call, serve: Serve, outcome: str = "BUSY", agent: str = "somebody") -> Reply:
    """Somebody sets an outcome just before the call arrives."""
    campaign_id, contact_id = _parse_contact_path(call)
    call.tenant.dispositions.write(campaign_id, contact_id, outcome, agent_id=agent)
    return await serve()
