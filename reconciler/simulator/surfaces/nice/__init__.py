# each tested by: tests/simulator/test_nice_tenant.py
"""The surface `nice`: NICE CXone's published API, as far as it is known, over the tenant's own store.

It is made from published facts. What the vendor does where these say nothing is not known; there it refuses what is
odd, and its docstrings say `ours`.
"""

from __future__ import annotations

from reconciler.simulator.surfaces.nice import (
    call_lists,
    campaigns,
    completed_contacts,
    contact_outcomes,
    dispositions,
    dnc_groups,
    login,
    skill_reports,
    skills,
    suppressed_contacts,
    uploads,
    workforce,
)
from reconciler.simulator.surfaces.nice.login import SURFACE

# `/lists/call-lists/jobs` is no list
ROUTES = (
    *login.ROUTES,
    *uploads.ROUTES,
    *call_lists.ROUTES,
    # `/skills/summary` is no skill, and `/contacts/completed` no contact
    *skill_reports.ROUTES,
    *skills.ROUTES,
    *campaigns.ROUTES,
    *dnc_groups.ROUTES,
    *suppressed_contacts.ROUTES,
    *dispositions.ROUTES,
    *contact_outcomes.ROUTES,
    *completed_contacts.ROUTES,
    *workforce.ROUTES,
)

__all__ = ["ROUTES", "SURFACE"]
