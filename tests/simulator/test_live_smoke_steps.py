"""The embedded tenant takes the steps that a public client takes against live tenants, as far as they are of dialling.

outboundani/cxone-mcp (MIT) has a script that is run against live tenants, scripts/live-smoke.mjs: what it asks for and
expects of logins, lists, skills, campaigns, do-not-call groups and dispositions is the best evidence of writing that there
is. These are requests of ours in the same steps, at the same hosts, paths and versions, and in the same shapes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.skill_store import Skills


class Client:
    """A client that finds its tenant by its token, and speaks version 30 unless a step says another."""

    def __init__(self, tenant: Simulator) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.proxies, self.session.verify = {"https": tenant.proxy_url}, str(tenant.authority)
        key = {"accessKeyId": "demo-client", "accessKeySecret": "not-a-secret"}
        granted = self.session.post(
            "https://na1.nice-incontact.com/authentication/v1/token/access-key", json=key
        ).json()
        part = granted["id_token"].split(".")[1]
        self.claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        found = self.session.get(
            "https://cxone.niceincontact.com/.well-known/cxone-configuration",
            params={"tenantId": self.claims["tenantId"]},
        ).json()
        self.base = found["api_endpoint"].rstrip("/")
        self.session.headers["Authorization"] = f"Bearer {granted['access_token']}"
        self.session.headers["Accept"] = "application/json"

    def ask(self, method: str, path: str, body: Any = None, version: str = "v30.0", **query: Any) -> Any:
        """The answer; `{"ok": True}` where it has no body."""
        url = f"{self.base}/inContactAPI/services/{version}/{path}"
        reply = self.session.request(method, url, params=query, json=body)
        assert reply.ok, (method, path, reply.status_code, reply.text, reply.headers.get("icStatusDescription"))
        return reply.json() if reply.content else {"ok": True}

    def list_all(self, path: str, key: str) -> list[Any]:
        """All rows, by pages of a hundred at most."""
        found: list[Any] = []
        while True:
            told = self.ask("GET", path, top=100, skip=len(found))
            rows = told.get(key) or []
            found += rows
            if not rows or len(found) >= told.get("totalRecords", len(found) + 1):
                return found


@pytest.fixture
def tenant() -> Iterator[Simulator]:
    """A tenant as its vendor's hosts, whose new skills lag."""
    with Simulator(Options(surfaces=frozenset({"nice"}), as_host=True)) as started:
        started.store.part(Skills).lag = 1
        yield started


def test_the_steps_of_a_live_smoke_test(tenant: Simulator) -> None:
    client = Client(tenant)
    # check_connection, get_business_unit
    assert client.claims["icBUId"] == client.ask("GET", "business-unit")["businessUnits"][0]["businessUnitId"]
    assert client.ask("GET", "agents", top=1)["totalRecords"] == 3
    assert any("Phone" in each["mediaTypeName"] for each in client.ask("GET", "media-types")["mediaTypes"])
    # create_campaign is flat at v33, and told at v30 as it was before
    made = client.ask("POST", "campaigns", {"name": "Smoke", "isActive": True}, version="v33.0")
    (campaign,) = client.list_all("campaigns", "campaigns")
    assert (campaign["campaignId"], campaign["campaignName"]) == (made["id"], "Smoke")
    # create_skill: inbound ones need a service level, all of them a campaign; 200 can carry a failure
    inbound = {
        "serviceLevelThreshold": 30,
        "serviceLevelGoal": 80,
        "enableShortAbandon": False,
        "shortAbandonThreshold": 15,
    }
    dialler = {"isOutbound": True, "outboundStrategy": "Personal Connection", "callerIdOverride": "2125550100"}
    for name, more in (("Smoke in", inbound), ("Smoke out", dialler)):
        body = {"skillName": name, "mediaTypeId": 4, "campaignId": made["id"], **more}
        assert client.ask("POST", "skills", {"skills": [body]})["skillsResults"][0]["success"] is True
    # resolveSkill: a new one lags, and is asked for again
    names = {each["skillName"]: each["skillId"] for each in client.list_all("skills", "skills")}
    names = names or {each["skillName"]: each["skillId"] for each in client.list_all("skills", "skills")}
    skill = names["Smoke out"]
    assigned = client.ask("POST", f"campaigns/{made['id']}/skills", {"skills": [{"skillId": names["Smoke in"]}]})
    assert assigned["assignedSkills"] == [names["Smoke in"]]
    # configure_outbound_skill: a part of the retries, a whole week
    retries = {"maximumAttempts": 3, "minimumRetryMinutes": 240}
    client.ask("PUT", f"skills/{skill}/parameters/retry-settings", {"retrySettings": retries})
    days = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    week: dict[str, Any] = {"isScheduled": True}
    for day in days:
        on = day not in ("sunday", "saturday")
        week |= {
            f"{day}IsActive": on,
            f"{day}StartTime": "09:00" if on else "00:00",
            f"{day}EndTime": "19:00" if on else "00:00",
        }
    client.ask("PUT", f"skills/{skill}/parameters/schedule-settings", {"scheduleSettings": week})
    told = client.ask("GET", f"skills/{skill}")
    told = (told.get("skills") or [told])[0]
    assert (told["isOutbound"], told["isRunning"]) == (True, False)
    blocks = client.ask("GET", f"skills/{skill}/parameters")
    assert blocks["retrySettings"] == retries
    assert sum(each["active"] for each in blocks["scheduleSettings"]["schedules"]) == 5
    # create_dispositions
    body = {"dispositions": [{"dispositionName": "Smoke", "isPreviewDisposition": False}]}
    client.ask("POST", "dispositions", body)
    assert "Smoke" in {each["dispositionName"] for each in client.list_all("dispositions", "dispositions")}
    # create_dnc_group, with a number and a skill that it scrubs
    group = client.ask("POST", "dnc-groups", {"dncGroupName": "Smoke"})["dncGroups"][0]["dncGroupId"]
    client.ask("POST", f"dnc-groups/{group}/records", {"dncGroupRecords": [{"phoneNumber": 2125550101}]})
    client.ask("POST", f"dnc-groups/{group}/scrubbed-skills/{skill}")
    groups = client.ask("GET", "dnc-groups")["resultSet"]["dncGroups"]
    assert [each["dncGroupName"] for each in groups] == ["Smoke"]
    # upload_call_list: the last line has no end; the skill that is to dial it is named, and is not started
    made = client.ask(
        "POST",
        "lists/call-lists",
        {"destinationMappings": [{"fieldName": "PhoneNumber", "fieldValue": "phone"}]},
        listName="Smoke",
        externalIdColumn="external_id",
        firstNameColumn="first_name",
        lastNameColumn="last_name",
    )
    file = "external_id,phone,first_name,last_name\r\nT1,2125550111,Test,One\r\nT2,2125550112,Test,Two"
    client.ask(
        "POST",
        f"lists/call-lists/{made['listId']}/upload",
        {
            "listFile": base64.b64encode(file.encode()).decode(),
            "fileName": "Smoke.csv",
            "skillId": skill,
            "forceOverwrite": True,
            "expirationDate": "2099-01-31",
            "startSkill": False,
            "sendEmail": False,
        },
    )
    (held,) = client.ask("GET", "lists/call-lists")["callingLists"]
    assert (held["listName"], held["validRecords"], held["invalidRecords"]) == ("Smoke", 2, 0)
    assert client.ask("GET", f"skills/{skill}/parameters")["callingLists"] == [{"id": made["listId"], "name": "Smoke"}]
    assert tenant.store.part(Skills).skill_named("Smoke out").running is False
