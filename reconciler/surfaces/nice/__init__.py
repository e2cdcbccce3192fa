# each tested by: tests/surfaces/nice/test_nice_surface.py
"""The surface `nice`: NICE CXone's published API. Skills dial, campaigns report, a list is a mapping and its uploads.

How surely each fact is known its place says; `endpoints.py` has every request.
"""

from __future__ import annotations

from reconciler.model.api_surface import ApiSurface
from reconciler.model.tenant import Pace
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, PRESET
from reconciler.surfaces.nice.attempts import ATTEMPTS
from reconciler.surfaces.nice.call_lists import CALL_LIST
from reconciler.surfaces.nice.campaigns import CAMPAIGN
from reconciler.surfaces.nice.contact_outcomes import OUTCOMES
from reconciler.surfaces.nice.dnc_groups import DNC_GROUP
from reconciler.surfaces.nice.shared_skills import SKILL_WIRE
from reconciler.surfaces.nice.uploads import LIST_UPLOAD

SURFACE = ApiSurface(
    NAME_OF_SURFACE,
    PRESET,
    wires={"ContactList": CALL_LIST, "Campaign": CAMPAIGN, "Skill": SKILL_WIRE, "DncGroup": DNC_GROUP},
    methods=(LIST_UPLOAD,),
    history=ATTEMPTS,
    outcomes=OUTCOMES,
    # ours: how often it may be called is not published
    pace=Pace(rate=10.0, burst=10, workers=4),
    ids="nice",
)
