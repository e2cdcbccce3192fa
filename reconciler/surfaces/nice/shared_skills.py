"""Our Skill is a skill whose blocks are declared one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.ownership_mark import TextMark
from reconciler.model.surface_wire import Wire
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, SCOPE
from reconciler.surfaces.nice.endpoints import make_call
from reconciler.surfaces.nice.skill_blocks import PARTS
from reconciler.surfaces.nice.skills import (
    CAMPAIGN_OF,
    PAGES,
    PHONE_CALL,
    REQUESTS,
    SKILL,
    Tag,
    is_another,
    put_tag,
    read_notes,
)


def read_skill(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a skill's own fields say."""
    description, _ = read_notes(body)
    told = body.get("outboundStrategy")
    return {"description": description} | ({} if told is None else {"strategy": str(told)})


def write_skill(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A skill's own fields; its notes say that it is one of these."""
    body: dict[str, Any] = {"mediaTypeId": PHONE_CALL, "isOutbound": True}
    if "name" in fields:
        body["skillName"] = fields["name"]
    if "description" in fields:
        body["notes"] = put_tag(str(fields["description"]), Tag("skill"))
    if "strategy" in fields:
        body["outboundStrategy"] = fields["strategy"]
    return body


SKILL_WIRE = Wire(
    name=NAME_OF_SURFACE,
    path="/skills",
    pages=PAGES,
    read_scope=SCOPE,
    write_scope=SCOPE,
    one=lambda skill_id: make_call("skills.one", skill_id),
    find=lambda name: {"searchString": name},
    query={"mediaTypeId": PHONE_CALL},
    shape=SKILL,
    id_field="skillId",
    name_field="skillName",
    requests=REQUESTS,
    ownership=TextMark(),
    companions=(CAMPAIGN_OF,),
    holds=frozenset({"name", "description", "strategy", *PARTS}),
    read=read_skill,
    write=write_skill,
    gone=is_another("skill"),
    parts=tuple(PARTS.values()),
)
