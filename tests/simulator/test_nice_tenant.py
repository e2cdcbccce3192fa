"""Does the embedded tenant answer and refuse as NICE's published API is known to?"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from reconciler.simulator import JobPace, Options, Simulator
from reconciler.simulator.surfaces.nice.login import APPLICATION
from reconciler.simulator.surfaces.nice.skill_store import Skills

V33 = "/incontactAPI/services/v33.0"
CREATE = {"listName": "Chosen", "externalIdColumn": "id", "firstNameColumn": "first", "scoreColumn": "score"}
MAPPING = {"destinationMappings": [{"fieldName": "PhoneNumber", "fieldValue": "tel"}]}
UPLOAD = {"forceOverwrite": False, "expirationDate": "2027-01-01", "startSkill": False, "sendEmail": False}


class Client:
    """Sends one request at a time, and gives the reply as it is."""

    def __init__(self, tenant: Simulator) -> None:
        self.url, self.session = f"{tenant.url}/nice", requests.Session()
        self.session.trust_env = False
        key = {"accessKeyId": "demo-client", "accessKeySecret": "not-a-secret"}
        self.granted = self.session.post(f"{self.url}/authentication/v1/token/access-key", json=key).json()
        self.session.headers["Authorization"] = f"Bearer {self.granted['access_token']}"

    def send(self, method: str, path: str, body: Any = None, base: str = V33, **query: Any) -> requests.Response:
        options = {} if body is None else {"json": body}
        return self.session.request(method, self.url + base + path, params=query, **options)

    def make_list(self) -> int:
        reply = self.send("POST", "/lists/call-lists", MAPPING, **CREATE)
        assert reply.status_code == 200, reply.text
        return int(reply.json()["listId"])

    def upload(self, list_id: int, *lines: str, **more: Any) -> requests.Response:
        content = "".join(f"{line}\r\n" for line in ("id,first,tel,score,tier", *lines))
        file = base64.b64encode(content.encode()).decode()
        return self.send("POST", f"/lists/call-lists/{list_id}/upload", {**UPLOAD, "listFile": file, **more})


@pytest.fixture
def tenant() -> Iterator[Simulator]:
    """An empty tenant."""
    with Simulator(Options()) as started:
        yield started


@pytest.fixture
def client(tenant: Simulator) -> Iterator[Client]:
    made = Client(tenant)
    yield made
    made.session.close()


def records(client: Client, list_id: int, **query: Any) -> list[dict[str, Any]]:
    """The records of a list."""
    reply = client.send("GET", f"/lists/call-lists/{list_id}", includeRecords="true", **query)
    return list(reply.json()["resultSet"]["contactRecords"])


@pytest.mark.parametrize("base", [V33, "/inContactAPI/services/v20.0", "/InContactAPI//services/v34.0"])
def test_the_casing_of_the_base_varies_and_a_double_slash_is_taken(client: Client, base: str) -> None:
    assert client.send("GET", "/apiversion", base=base).status_code == 200
    assert client.send("GET", "/apiversion", base=base.replace("api", "apo").replace("API", "apo")).status_code == 404
    assert client.send("GET", "/apiversion", base="/incontactAPI/services/v19.0").status_code == 404


def test_both_routes_of_an_access_key_lead_to_a_token_and_a_renewal_is_good_once(client: Client) -> None:
    found = client.session.get(f"{client.url}/.well-known/openid-configuration").json()["token_endpoint"]
    form = {"grant_type": "password", "username": "demo-client", "password": "not-a-secret"}
    assert requests.post(found, data=form, auth=APPLICATION, timeout=5).json()["expires_in"] == 3600
    assert requests.post(found, data=form, auth=("other", "x"), timeout=5).status_code == 401
    told = {"token": client.granted["refresh_token"]}
    renewed = client.session.post(f"{client.url}/public/user/refresh", json=told)
    assert set(renewed.json()) == {
        *("token", "refreshToken", "tokenExpirationTimeSec", "refreshTokenExpirationTimeSec"),
    }
    assert client.session.post(f"{client.url}/public/user/refresh", json=told).status_code == 400


def test_a_refusal_has_one_of_two_forms_and_a_header_and_of_a_404_the_header_alone(client: Client) -> None:
    missing = client.send("GET", "/lists/call-lists/99")
    assert (missing.status_code, missing.content) == (404, b"")
    assert "call list" in missing.headers["icStatusDescription"]
    odd = client.send("GET", "/lists/call-lists", top=0)
    assert (odd.status_code, set(odd.json())) == (400, {"error", "errorDescription"})
    nobody = requests.get(f"{client.url}{V33}/lists/call-lists", timeout=5)
    assert (nobody.status_code, set(nobody.json())) == (401, {"error", "error_description"})


def test_no_lists_are_told_by_204_and_pages_by_skip_and_top(client: Client) -> None:
    assert client.send("GET", "/lists/call-lists").status_code == 204
    list_id = client.make_list()
    told = client.send("GET", "/lists/call-lists", skip=0, top=1).json()
    assert (told["totalRecords"], [each["listId"] for each in told["callingLists"]]) == (1, [list_id])
    assert client.send("GET", "/lists/call-lists", skip=1, top=1).status_code == 204


def test_a_list_is_a_mapping_in_the_query_and_its_name_is_its_own(client: Client) -> None:
    assert client.send("POST", "/lists/call-lists", MAPPING, listName="X").status_code == 400
    assert client.send("POST", "/lists/call-lists", {}, **CREATE).status_code == 400
    assert client.send("POST", "/lists/call-lists", MAPPING, **CREATE, colour="red").status_code == 400
    client.make_list()
    assert client.send("POST", "/lists/call-lists", MAPPING, **CREATE).status_code == 409


def test_an_upload_changes_the_records_it_knows_and_its_job_tells_no_row(client: Client) -> None:
    list_id = client.make_list()
    job = client.upload(list_id, "C1,Ada,2125550101,80,gold", "C2,Bo,+442079460000,,", "C3,Cy,555,1,").json()["jobId"]
    told = client.send("GET", f"/lists/call-lists/jobs/{job}").json()["uploadJobs"]
    assert [(each["isComplete"], each["isCancelled"], each["listId"]) for each in told] == [(True, False, list_id)]
    client.upload(list_id, "C1,Ada,2125550102,90,silver")
    counted = client.send("GET", f"/lists/call-lists/{list_id}").json()["resultSet"]
    assert (counted["validRecords"], counted["invalidRecords"], counted["totalRecords"]) == (2, 1, 3)
    first, second = records(client, list_id)
    assert (first["score"], first["firstName"], second["score"]) == ("90", "Ada", "")
    assert first["destinations"][0]["formattedDestination"] == "+12125550102"
    assert first["otherFields"] == [{"fieldName": "tier", "fieldMapping": "", "fieldValue": "silver"}]


@pytest.mark.parametrize(
    ("field", "value"),
    [("listFile", "not base64!"), ("expirationDate", "01/02/2027"), ("skillId", 0), ("colour", "red")],
)
def test_an_odd_upload_is_refused(client: Client, field: str, value: Any) -> None:
    assert client.upload(client.make_list(), "C1,Ada,2125550101,80,", **{field: value}).status_code == 400


def test_a_file_needs_the_columns_of_the_mapping_and_crlf(client: Client) -> None:
    list_id = client.make_list()
    for content in ("id,first\r\nC1,Ada\r\n", "id,tel\nC1,2125550101\n"):
        file = base64.b64encode(content.encode()).decode()
        reply = client.send("POST", f"/lists/call-lists/{list_id}/upload", {**UPLOAD, "listFile": file})
        assert reply.status_code == 400


def test_jobs_are_listed_for_a_window_that_must_be_given(client: Client) -> None:
    list_id = client.make_list()
    client.upload(list_id, "C1,Ada,2125550101,80,")
    assert client.send("GET", "/lists/call-lists/jobs", startDate="2020-01-01T00:00:00Z").status_code == 400
    window = {"startDate": "2020-01-01T00:00:00Z", "endDate": "2099-01-01T00:00:00Z"}
    assert client.send("GET", "/lists/call-lists/jobs", **window).json()["totalRecords"] == 1
    window["endDate"] = "2021-01-01T00:00:00Z"
    assert client.send("GET", "/lists/call-lists/jobs", **window).status_code == 204


def test_a_job_that_is_under_way_is_neither_complete_nor_cancelled() -> None:
    with Simulator(Options(jobs=JobPace(polls=2))) as tenant:
        client = Client(tenant)
        job = client.upload(client.make_list(), "C1,Ada,2125550101,80,").json()["jobId"]
        told = [client.send("GET", f"/lists/call-lists/jobs/{job}").json()["uploadJobs"][0] for _ in range(2)]
        assert [(each["isComplete"], each["isCancelled"]) for each in told] == [(False, False), (True, False)]


def test_a_record_that_was_taken_off_is_still_told_as_such(client: Client) -> None:
    list_id = client.make_list()
    client.upload(list_id, "C1,Ada,2125550101,80,", "7,Bo,2125550102,80,")
    off = {"prospectsToRemove": [{"externalId": 7}]}
    told = client.send("DELETE", f"/lists/call-lists/{list_id}/removeProspects", off).json()
    assert told == {"successfulRecords": [{"externalId": "7", "resultCode": "Success"}], "failedRecords": []}
    assert {each["externalId"]: each["icSourceRemoved"] for each in records(client, list_id)} == {
        "C1": False,
        "7": True,
    }
    assert records(client, list_id, updatedSince="2020-01-01T00:00:00Z")
    assert records(client, list_id, updatedSince="2099-01-01T00:00:00Z") == []


SKILL = {"skillName": "Chosen", "mediaTypeId": 4, "isOutbound": True, "outboundStrategy": "Personal Connection"}


def make_skill(client: Client, tenant: Simulator, **more: Any) -> int:
    """A skill with its campaign."""
    campaign = client.send("POST", "/campaigns", {"name": "Chosen"}).json()["id"]
    told = client.send("POST", "/skills", {"skills": [{**SKILL, "campaignId": campaign, **more}]}).json()
    assert told == {"errorCount": 0, "skillsResults": [{"success": True, "error": ""}]}
    return tenant.store.part(Skills).skill_named("Chosen").number


def test_a_campaign_is_flat_from_33_on_and_the_shape_of_another_version_is_answered_with_500(client: Client) -> None:
    old, flat = {"campaigns": [{"campaignName": "X"}]}, {"name": "X"}
    v32 = V33.replace("33", "32")
    assert client.send("POST", "/campaigns", old).status_code == 500
    assert client.send("POST", "/campaigns", flat, base=v32).status_code == 500
    made = client.send("POST", "/campaigns", flat).json()["id"]
    assert client.send("GET", f"/campaigns/{made}").json()["name"] == "X"
    assert client.send("GET", f"/campaigns/{made}", base=v32).json()["campaignName"] == "X"
    assert client.send("POST", "/campaigns", flat).status_code == 409
    assert client.send("PATCH", f"/campaigns/{made}/status", isActive="false").status_code == 200
    assert client.send("GET", "/campaigns", searchString="x").json()["campaigns"][0]["isActive"] is False
    assert client.send("GET", "/campaigns", searchString="y").status_code == 204


def test_a_skill_is_refused_in_a_result_of_its_own_and_has_no_id_there(client: Client, tenant: Simulator) -> None:
    make_skill(client, tenant)
    told = client.send("POST", "/skills", {"skills": [{**SKILL, "campaignId": 501}, {**SKILL, "campaignId": 99}]})
    assert told.status_code == 200
    assert (told.json()["errorCount"], [each["success"] for each in told.json()["skillsResults"]]) == (
        2,
        [False, False],
    )


def test_a_new_skill_is_told_after_a_while_and_never_deleted(client: Client, tenant: Simulator) -> None:
    tenant.store.part(Skills).lag = 1
    number = make_skill(client, tenant)
    assert client.send("GET", "/skills", searchString="cho").status_code == 204
    assert [each["skillId"] for each in client.send("GET", "/skills", searchString="cho").json()["skills"]] == [number]
    assert client.send("DELETE", f"/skills/{number}").status_code == 405
    assert client.send("POST", f"/skills/{number}/start").status_code == 204
    assert client.send("PUT", f"/skills/{number}", {"skill": {"isActive": False}}).status_code == 409
    assert client.send("POST", f"/skills/{number}/stop", force="false").status_code == 204
    assert client.send("PUT", f"/skills/{number}", {"skill": {"isActive": False}}).json()["success"] is True
    assert client.send("PUT", f"/skills/{number}", {"isActive": False}).status_code == 400
    assert client.send("PUT", f"/skills/{number}", {"skill": {"mediaTypeId": 4}}).status_code == 400


def test_one_skill_is_told_flat_or_in_a_list(client: Client, tenant: Simulator) -> None:
    held = tenant.store.part(Skills)
    numbers = [held.add(f"Skill {n}").number for n in range(2)]
    told = [client.send("GET", f"/skills/{each}").json() for each in numbers]
    assert sorted("skills" in each for each in told) == [False, True]


def parameters(client: Client, number: int) -> Any:
    """The blocks of a skill."""
    return client.send("GET", f"/skills/{number}/parameters").json()


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (
            "general-settings",
            {"generalSettings": {"aggressiveness": "4", "waitTimeFactor": 1, "abandonRateCutoff": None}},
            {"generalSettings": {"aggressiveness": 4.0, "waitTimeFactor": True}},
        ),
        (
            "cpa-management",
            {"cpaSettings": {"enableCPALogging": True, "exceptions": [{"attempt_No": 1, "ansMachineDetMode": 2}]}},
            {"cpaSettings": {"enableCPALogging": "True", "exceptions": [{"attemptNo": 1, "ansMachineDetMode": 2}]}},
        ),
        ("xs-settings", {"xsSettings": {"xsScriptID": 7}}, {"xsSettings": {"xsScriptId": 7}}),
        (
            "cadence-settings",
            {"attemptMode": "Sequential", "maximumAttempts": [{"fieldName": "PhoneNumber", "attempts": 3}]},
            {"cadenceSettings": {"cadenceMaximumAttempts": [{"label": "PhoneNumber", "maxAttempts": 3}]}},
        ),
        (
            "list-management",
            {"displayField1Name": "tier", "displayField2Name": "score"},
            {"listManagementSettings": {"displayField1Name": "tier", "displayField2NAme": "score"}},
        ),
        ("retry-settings", {"retrySettings": {"maximumAttempts": 3}}, {"retrySettings": {"maximumAttempts": 3}}),
        (
            "delivery-preferences",
            {"deliveryPreferences": {"showPreviewButtonSnooze": True}},
            {"deliveryPreferences": {"showPreviewButtonSnooze": True}},
        ),
        (
            "time-zones",
            {"timeZoneSettings": [{"standardName": "Eastern Standard Time", "startTime": "08:00"}]},
            {"timeZoneSettings": [{"name": "Eastern Standard Time", "startTime": "08:00"}]},
        ),
    ],
)
def test_a_block_is_told_otherwise_than_it_is_written(
    client: Client, tenant: Simulator, path: str, body: Any, told: Any
) -> None:
    number = make_skill(client, tenant)
    assert client.send("PUT", f"/skills/{number}/parameters/{path}", body).status_code == 204
    assert parameters(client, number) | told == parameters(client, number)
    assert client.send("PUT", f"/skills/{number}/parameters/{path}", {"colour": "red"}).status_code == 400
    wrapped = {"other": body} if set(body) & {"attemptMode", "displayField1Name"} else next(iter(body.values()))
    assert client.send("PUT", f"/skills/{number}/parameters/{path}", wrapped).status_code == 400


def test_a_week_is_written_flat_and_told_as_days_and_an_upload_makes_a_skill_dial_its_list(
    client: Client, tenant: Simulator
) -> None:
    number, list_id = make_skill(client, tenant), client.make_list()
    week = {"isScheduled": True, "mondayIsActive": True, "mondayStartTime": "09:00", "mondayEndTime": "17:00"}
    client.send("PUT", f"/skills/{number}/parameters/schedule-settings", {"scheduleSettings": week})
    client.upload(list_id, skillId=number)
    told = parameters(client, number)
    monday = {"day": "Monday", "active": True, "startTime": "09:00", "endTime": "17:00"}
    assert monday in told["scheduleSettings"]["schedules"]
    assert told["callingLists"] == [{"id": list_id, "name": "Chosen"}]
    skills = client.send("GET", f"/lists/call-lists/{list_id}").json()["resultSet"]["skills"]
    assert skills == [{"skillId": number}]
    assert client.send("DELETE", f"/lists/call-lists/{list_id}").status_code == 409


def make_group(client: Client) -> int:
    """A do-not-call group."""
    told = client.send("POST", "/dnc-groups", {"dncGroupName": "Company", "dncGroupDescription": "x"}).json()
    return int(told["dncGroups"][0]["dncGroupId"])


def test_a_group_is_changed_by_query_and_told_in_a_result_set(client: Client) -> None:
    assert client.send("GET", "/dnc-groups").status_code == 204
    number = make_group(client)
    assert client.send("POST", "/dnc-groups", {"dncGroupName": "Company"}).status_code == 409
    assert client.send("PUT", f"/dnc-groups/{number}", dncGroupName="Ours").status_code == 200
    assert client.send("PUT", f"/dnc-groups/{number}", {"dncGroupName": "Ours"}).status_code == 400
    told = client.send("GET", "/dnc-groups").json()["resultSet"]
    assert (told["totalGroups"], told["dncGroups"][0]["dncGroupName"]) == (1, "Ours")
    assert client.send("GET", f"/dnc-groups/{number}").json()["resultSet"]["dncGroups"][0]["dncGroupId"] == number


def test_a_number_is_added_as_a_number_expires_as_text_and_is_looked_for_in_the_query(client: Client) -> None:
    number = make_group(client)
    path = f"/dnc-groups/{number}/records"
    added = client.send("POST", path, {"dncGroupRecords": [{"phoneNumber": 2125550101}, {"phoneNumber": 5}]}).json()
    assert (added["resultSet"]["errorCount"], [each["success"] for each in added["resultSet"]["recordResults"]]) == (
        1,
        [True, False],
    )
    assert client.send("POST", path, {"dncGroupRecords": [{"phoneNumber": "2125550101"}]}).status_code == 400
    gone = client.send("DELETE", path, {"dncGroupRecords": [{"phoneNumber": "2125550101"}]}).json()
    assert gone["errorCount"] == 0
    # it expired, and is still there
    (row,) = client.send("GET", path).json()["resultSet"]["dncRecords"]
    assert row["expiredDate"]
    found = client.send("POST", "/dnc-groups/search", phoneNumber="2125550101").json()["searchResults"]
    assert [each["dncGroupId"] for each in found] == [number]


@pytest.mark.parametrize("role", ["scrubbed", "contributing"])
def test_skills_are_scrubbed_against_a_group_or_contribute_to_it(client: Client, tenant: Simulator, role: str) -> None:
    number, skill = make_group(client), make_skill(client, tenant)
    path = f"/dnc-groups/{number}/{role}-skills"
    assert client.send("POST", f"{path}/{skill}").status_code == 204
    told = client.send("GET", path, skip=0, top=10).json()
    assert (told["totalRecords"], told[f"{role}Skills"]) == (1, [{"skillId": skill, "skillName": "Chosen"}])
    assert client.send("POST", f"{path}/77").status_code == 404
    assert client.send("DELETE", f"{path}/{skill}").status_code == 204
    assert client.send("GET", path).json()["totalRecords"] == 0


def test_what_is_in_the_store_already_is_told_as_skills_of_its_lists(client: Client, tenant: Simulator) -> None:
    tenant.store.add_contacts(["C1"])
    held = tenant.store.add_list("Evening", ["C1"])
    tenant.store.add_campaign("Evening", "Evening", dialType="predictive", status="active", abandonThreshold=3.0)
    (told,) = client.send("GET", "/skills").json()["skills"]
    assert (told["skillName"], told["isRunning"], told["outboundStrategy"]) == ("Evening", True, "Personal Connection")
    blocks = parameters(client, told["skillId"])
    assert blocks["generalSettings"]["abandonRateCutoff"] == 3.0
    assert [each["name"] for each in blocks["callingLists"]] == [held.name]
    assert len(client.send("GET", "/skills").json()["skills"]) == 1


def test_a_file_has_as_many_rows_and_bytes_as_it_may_and_not_one_more(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_id, lines = client.make_list(), [f"C{n},Ada,21255501{n:02d},80,gold" for n in range(3)]
    monkeypatch.setattr("reconciler.simulator.surfaces.nice.uploads.MOST_RECORDS", 3)
    assert client.upload(list_id, *lines).status_code == 200
    assert client.upload(list_id, *lines, "C3,Ada,2125550103,80,gold").status_code == 413
    size = len("".join(f"{line}\r\n" for line in ("id,first,tel,score,tier", *lines)))
    monkeypatch.setattr("reconciler.simulator.surfaces.nice.uploads.MOST_BYTES", size)
    assert client.upload(list_id, *lines).status_code == 200
    monkeypatch.setattr("reconciler.simulator.surfaces.nice.uploads.MOST_BYTES", size - 1)
    assert client.upload(list_id, *lines).status_code == 413
