"""A small tenant and a workspace for it that together use every kind of change, and the words to look at them with."""

from __future__ import annotations

from typing import Any

from reconciler.simulator import Simulator
from tests.conftest import Folder, manifest

MARK = "(managed-by: reconciler/test)"
PREDICTIVE = {"targetAnswerRate": 0.3, "maxCallsInProgress": 10}
START, END = "2027-01-05T14:00:00Z", "2027-01-06T00:00:00Z"

WAVES = """
apiVersion: cxone.reconciler/v1
kind: ScoreModel
metadata: {name: waves}
spec: {engagement: {bands: [{name: high, from: 60}, {name: low, from: 0}]}}
"""


def contact(number: int) -> str:
    """The id of a contact: nothing else that is ever printed looks like it."""
    return f"CUST{number:04d}"


def phone(number: int) -> str:
    """A number of the range that is kept for fiction."""
    return f"+1212555{100 + number % 100:04d}"


def people(tenant: Simulator, count: int, *, name: str = "All customers") -> list[str]:
    """Contacts 0 … count-1 on a list of all; number n has the engagement score n modulo 100."""
    ids = [contact(number) for number in range(count)]
    rows: list[dict[str, Any]] = [
        {"id": each, "engagementScore": number % 100, "phoneNumber": phone(number)} for number, each in enumerate(ids)
    ]
    tenant.store.add_contacts(rows)
    tenant.store.add_list(name, ids)
    return ids


def declare_source(folder: Folder, *, name: str = "All customers") -> None:
    """The source `all`, and the score `engaged`: 75 and more."""
    folder.write("source.yaml", manifest("ContactSource", "all", f"contactList: {{name: '{name}'}}"))
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))


def declare_segment(folder: Folder, *, membership: str = "mirror", chunk: int = 500, extra: str = "") -> None:
    """Segment `chosen` puts the engaged on list `Chosen` by their ids."""
    declare_source(folder)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    delivery = f"{{method: contactIds, chunkSize: {chunk}}}"
    spec = f"source: all\nscore: engaged\nlists: {{engaged: chosen}}\nmembership: {membership}\ndelivery: {delivery}"
    folder.write("segment.yaml", manifest("Segment", "chosen", f"{spec}\n{extra}"))


def declare_campaign(folder: Folder, *, name: str = "Evening", on: str = "chosen", status: str = "active") -> None:
    """A predictive campaign on a list."""
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", "thresholds: {all: 3}"))
    spec = (
        f"name: {name}\ndialType: predictive\nlist: {on}\nabandonment: {{policy: strict, band: all}}\n"
        f"wrapUpCode: SOLD\nschedule: {{start: '{START}', end: '{END}'}}\nstatus: {status}\n"
        "predictive: {targetAnswerRate: 0.3, maxCallsInProgress: 10}"
    )
    folder.write(f"campaign-{name.lower()}.yaml", manifest("Campaign", name.lower(), spec))


def live_campaign(tenant: Simulator, name: str, on: str, **changed: Any) -> None:
    """A campaign that is in the tenant already, made by this workspace."""
    fields: dict[str, Any] = {
        "dialType": "predictive",
        "abandonThreshold": 3.0,
        "startTime": START,
        "endTime": END,
        "status": "active",
        "wrapUpCode": "SOLD",
        "description": MARK,
        "predictiveDialingSettings": dict(PREDICTIVE),
    }
    tenant.store.add_campaign(name, on, **{**fields, **changed})


def whole(tenant: Simulator, folder: Folder) -> None:
    """Everything at once, small: two lists filled by the two methods, one of them new; two campaigns, one new."""
    people(tenant, 100)
    declare_segment(folder, chunk=10)
    declare_campaign(folder)
    folder.write("waves.yaml", WAVES)
    folder.write("high.yaml", manifest("ContactList", "high", "name: High"))
    delivery = "{method: listContacts, attributes: [priority, score], chunkSize: 10}"
    spec = f"source: few\nscore: waves\nlists: {{high: high}}\nmembership: mirror\ndelivery: {delivery}"
    folder.write("high-segment.yaml", manifest("Segment", "high", spec))
    folder.write("few.yaml", manifest("ContactSource", "few", "contactList: {name: Few}"))
    tenant.store.add_list("Few", [contact(number) for number in range(50, 90)])
    # 24 of the 30 that belong there, 4 of them with an old score, and 4 that belong there no longer
    on_it = {contact(number): {"priority": 1, "score": float(number)} for number in range(60, 80)}
    on_it |= {contact(number): {"priority": 1, "score": 1.0} for number in range(80, 84)}
    on_it |= {contact(number): {"priority": 1, "score": 70.0} for number in range(50, 54)}
    tenant.store.add_list("High", on_it, description=MARK)
    live_campaign(tenant, "Morning", "High", abandonThreshold=5.0)
    declare_campaign(folder, name="Morning", on="high")


def state(tenant: Simulator) -> dict[str, Any]:
    """What the tenant holds, in names: ids and dates left out."""
    store = tenant.store
    names = {each.id: each.name for each in store.lists.values()}
    lists = [
        {"name": each.name, "description": each.description, "members": dict(sorted(each.members.items()))}
        for each in store.lists.values()
    ]
    campaigns = [{**each.fields, "listId": names.get(each.fields["listId"], "?")} for each in store.campaigns.values()]
    return {
        "lists": sorted(lists, key=lambda each: str(each["name"])),
        "campaigns": sorted(campaigns, key=lambda each: str(each["name"])),
    }


def members(tenant: Simulator, name: str) -> set[str]:
    """Who is on a list."""
    return set(tenant.store.list_named(name).members)
