# tested by: tests/surfaces/test_surfaces.py
"""The surface `dispositions`: the outcome of one contact in one campaign, and who holds the contact.

Contract, section dispositions: at most 50 requests at once, and 10 a second about each campaign. It holds no objects
of a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.api_surface import ApiSurface, Preset
from reconciler.model.disposition import Standing, make_code
from reconciler.model.reply_shape import INSTANT, NAME, TEXT, Shape, may, needs
from reconciler.model.row_wire import Outcomes
from reconciler.model.surface_wire import Call, in_path
from reconciler.model.tenant import Pace
from reconciler.model.vendor_values import translate_or_keep


def _path(campaign_id: str, contact: str) -> str:
    return f"/campaigns/{in_path(campaign_id)}/contacts/{in_path(contact)}"


def read_standing(body: Mapping[str, Any]) -> Standing:
    """Where a contact stands; a state that is not known stays as it is."""
    state = translate_or_keep("contact_state", body["state"]).upper()
    return Standing(state, make_code(body.get("outcomeCode")), body.get("dispositionTimestamp"))


OUTCOMES = Outcomes(
    surface="dispositions",
    read_scope="outbound:contact:write",
    write_scope="outbound:disposition:write",
    one=lambda campaign_id, contact: Call("GET", _path(campaign_id, contact)),
    # nothing is written on a guess: where no state is told, there is nothing to go by
    shape=Shape({"state": needs(NAME), "outcomeCode": may(TEXT), "dispositionTimestamp": may(INSTANT)}),
    read=read_standing,
    write=lambda campaign_id, contact, body: Call("PATCH", _path(campaign_id, contact), body=body),
)

SURFACE = ApiSurface(
    "dispositions",
    Preset(
        "https://{instance}.niceincontact.com/api/v1/outbound",
        "https://{instance}.niceincontact.com/api/v1/oauth2/token",
        "form",
        "outbound:campaign:write outbound:contact:write outbound:disposition:write",
        60,
    ),
    # at most 50 at once, and the limit is each campaign's (contract)
    pace=Pace(rate=500, burst=50, workers=50),
    outcomes=OUTCOMES,
)
