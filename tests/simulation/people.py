"""People who change things by hand while a run is under way, and what may not be held against the run because of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation import scenes
from tests.simulation.scenes import contact

if TYPE_CHECKING:
    from tests.simulation.world import World


def edit_by_hand(world: World, edit: str) -> None:
    """Do it to the tenant, or to the do-not-call source."""
    store, chance = world.tenant.store, world.faults
    world.tell(f"somebody: {edit}")
    found = store.find_list("Chosen")
    campaign = store.find_campaign("Morning")
    if edit == "add" and found is not None:
        who = contact(chance.choice((24, 25)))
        store.put_members(found, [who])
        world.by_hand.add(who)
    elif edit == "take off" and found is not None and found.members:
        who = chance.choice(sorted(found.members))
        store.drop_members(found, [who])
        world.by_hand.add(who)
    elif edit == "archive":
        who = contact(chance.choice((0, 1, 7, 12)))
        store.change_contact(who, status="ARCHIVED")
        world.by_hand.add(who)
    elif edit == "threshold" and campaign is not None:
        store.change_campaign(campaign, abandonThreshold=4.0)
        world.changed_by_hand.add(campaign.fields["name"])
    elif edit == "pause" and campaign is not None:
        store.change_campaign(campaign, status="paused")
        world.changed_by_hand.add(campaign.fields["name"])
    elif edit == "suppress" and world.plot.scene.listed:
        who_number = chance.choice((1, 4, 8, 15, 21))
        world.suppressed_at.setdefault(contact(who_number), world.scheduler.now)
        numbers = sorted({*world.plot.scene.listed, *(int(each[2:]) for each in world.suppressed_at)})
        path = world.plot.scene.root / "registry.csv"
        path.write_text(scenes.registry(numbers), encoding="utf-8")
    elif edit == "make" and found is None:
        made = store.add_list("Chosen", [contact(28), contact(29)], description="of somebody else")
        world.by_hand |= set(made.members)
        world.of_others[made.id] = describe_list(made)
    else:
        return
    world.edits += 1


def describe_list(held: Any) -> tuple[object, ...]:
    """All of a list, so that whoever writes to it is seen."""
    return held.name, held.description, tuple(sorted(held.members))


EDITS = ("add", "take off", "archive", "threshold", "pause", "suppress", "suppress", "suppress", "make")
