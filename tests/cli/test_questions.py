"""What a person may ask without changing anything: why a contact is where it is, and what a supposed number would do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest
from tests.scene import declare_campaign, live_campaign

Run = Callable[..., Ended]

SCORES = {"C00001": 95, "C00002": 85, "C00003": 75, "C00004": 65, "C00005": 55}
MODEL = "engagement: {bands: [{name: high, from: 80}, {name: low, from: 60}]}"
SEGMENT = """
source: everybody
score: engaged
intersect: [{name: Invited}]
suppress: [asked-us]
phones: {region: US}
lists: {high: high, low: low}
membership: mirror
delivery: {method: listContacts, attributes: [priority, score]}
"""


@pytest.fixture(autouse=True)
def scene(tenant: Simulator, folder: Folder) -> None:
    """Five customers, one of whom asked not to be called; one is on the wrong list."""
    phones = {name: f"+1415555010{n}" for n, name in enumerate(SCORES, start=1)}
    tenant.store.add_contacts(
        [{"id": name, "engagementScore": score, "phoneNumber": phones[name]} for name, score in SCORES.items()]
    )
    for name, members in (("Everybody", list(SCORES)), ("Invited", list(SCORES)[:4]), ("Asked us", ["C00002"])):
        tenant.store.add_list(name, members)
    tenant.store.add_list("high", ["C00003"], description="(managed-by: reconciler/test)")
    texts = [
        manifest("ContactSource", "everybody", "contactList: {name: Everybody}"),
        manifest("SuppressionList", "asked-us", "contactList: {name: Asked us}"),
        manifest("ScoreModel", "engaged", MODEL),
        manifest("ContactList", "high", "type: outbound"),
        manifest("ContactList", "low", "type: outbound"),
        manifest("Segment", "callers", SEGMENT),
    ]
    folder.write("segments.yaml", "---\n".join(texts))


@pytest.mark.thin
@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("C00001", ["active", "list 'Invited'", "is on it", "95", "in, band high", "score 95.0 puts it in high"]),
        ("C00002", ["its number is on asked-us", "out: suppressed by asked-us"]),
        ("C00003", ["in, band low", "is on it now", "a plan would remove it", "moves it from high to low"]),
        ("C00005", ["is not on it", "out: not on list 'Invited'"]),
    ],
)
def test_a_contact_is_followed_from_its_row_to_its_list(run: Run, contact: str, told: list[str]) -> None:
    ended = run("explain", "contact", contact, "--segment", "callers")
    assert ended.code == 0, ended.err
    assert all(words in ended.out for words in told), ended.out
    assert "41555501" not in re.sub(r"[^0-9a-z]", "", ended.out)  # a token may have any three digits in it
    assert contact not in ended.out


@pytest.mark.matrix(instead="test_a_contact_is_followed_from_its_row_to_its_list")
def test_an_explanation_can_be_read_by_a_program(run: Run) -> None:
    explained = json.loads(run("explain", "contact", "C00002", "--segment", "callers", "--format", "json").out)
    assert explained["segment"] == "Segment/callers"
    suppressed = {"code": "suppressed", "args": {"by": "asked-us"}}
    assert {"name": "verdict", "subject": "", "facts": [suppressed], "planned": None} in explained["stages"]


def test_a_score_that_is_marked_sensitive_is_not_told_even_when_it_is_asked_for(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("people.csv", "id,points,phone\n" + "".join(f"{each},91.25,+14155550109\n" for each in SCORES))
    columns = "columns: {contactId: id, engagementScore: points, phone: phone}"
    marked = "attributes: {health: {column: points, sensitive: true}}"
    text = manifest(
        "ContactSource", "everybody", f"files:\n  paths: [people.csv]\n  format: csv\n  {columns}\n  {marked}"
    )
    whole = (folder.root / "segments.yaml").read_text(encoding="utf-8")
    folder.write(
        "segments.yaml", whole.replace(manifest("ContactSource", "everybody", "contactList: {name: Everybody}"), text)
    )
    tenant.store.put_members(tenant.store.list_named("high"), {"C00003": {"score": 91.25}})
    ended = run("explain", "contact", "C00003", "--segment", "callers")
    assert ended.code == 0, ended.err
    assert "not told: the mapping marks it sensitive" in ended.out
    assert "91.25" not in ended.out
    assert "91.25" not in run("explain", "contact", "C00003", "--segment", "callers", "--format", "json").out


@pytest.mark.matrix(instead="test_a_contact_is_followed_from_its_row_to_its_list")
@pytest.mark.parametrize(("contact", "hint"), [("c-18b70a4d2031", "one workspace's key"), ("C0", "or its token")])
def test_a_contact_that_nobody_knows_is_told(run: Run, contact: str, hint: str) -> None:
    ended = run("explain", "contact", contact, "--segment", "callers")
    assert ended.code == 64
    assert "neither the source nor the lists of Segment/callers have such a contact" in ended.err
    assert hint in ended.err


@pytest.mark.parametrize("contact", ["C00001", "C00002", "C00003"])
@pytest.mark.matrix(instead="test_a_contact_is_followed_from_its_row_to_its_list")
def test_a_contact_is_found_by_the_token_by_which_a_plan_speaks_of_it(run: Run, contact: str) -> None:
    by_id = json.loads(run("explain", "contact", contact, "--segment", "callers", "--format", "json").out)
    token = by_id["contact"].split()[0]
    assert token.startswith("c-")
    ended = run("explain", "contact", token, "--segment", "callers", "--format", "json")
    assert (ended.code, json.loads(ended.out)) == (0, by_id)


def test_a_segment_that_is_not_there_is_told(run: Run) -> None:
    ended = run("explain", "contact", "C00001", "--segment", "caller")
    assert ended.code == 64
    assert "did you mean `callers`?" in ended.err


def test_each_value_of_a_number_says_who_would_be_in_entering_leaving_and_moving(tenant: Simulator, run: Run) -> None:
    ended = run("what-if", "segment/callers", "--set", "score.bands.high.from=70..100:15", "--format", "json")
    assert ended.code == 0, ended.err
    rows = json.loads(ended.out)["rows"]
    assert rows == [
        {"value": 70, "in": 3, "bands": {"high": 2, "low": 1}, "entering": 2, "leaving": 0, "moving": 0},
        {"value": 85, "in": 3, "bands": {"high": 1, "low": 2}, "entering": 2, "leaving": 0, "moving": 1},
        {"value": 100, "in": 3, "bands": {"low": 3}, "entering": 2, "leaving": 0, "moving": 1},
    ]
    assert not tenant.requests().writes()


@pytest.mark.matrix(instead="test_each_value_of_a_number_says_who_would_be_in_entering_leaving_and_moving")
def test_a_table_and_a_chart_are_for_people(run: Run) -> None:
    table = run("what-if", "segment/callers", "--set", "cap.most=1..2:1").out
    assert "Segment/callers: cap.most" in table
    chart = run("what-if", "segment/callers", "--set", "cap.most=1..2:1", "--format", "chart").out
    assert chart.splitlines()[1] == "Segment/callers: contacts in, by cap.most"
    assert chart.splitlines()[2].startswith("1 │████")


@pytest.mark.parametrize(
    ("segment", "setting", "told"),
    [
        ("segment/callers", "score.bands.hihg.from=60", "did you mean `high`?"),
        ("segment/caller", "cap.most=1", "did you mean `callers`?"),
        ("segment/callers", "membership=1", "is not a number"),
        ("segment/callers", "score.bands.high.from=900", "no contact can score 900"),
        ("segment/callers", "score.bands.high.from=60", "overlap"),
        ("segment/callers", "membership.x.y=5", "leads into something that has no parts"),
        ("callers", "cap.most=1", "name the segment as segment/NAME"),
        ("segment/callers", "cap.most", "write SETTING=VALUE"),
        ("segment/callers", "cap.most=5..1:1", "a range goes up"),
        ("segment/callers", "cap.most=1..1000:1", "at most 200"),
        ("segment/callers", "cap.most=a..b:c", "numbers"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_before_anything_is_read(
    tenant: Simulator, run: Run, segment: str, setting: str, told: str
) -> None:
    ended = run("what-if", segment, "--set", setting)
    assert ended.code == 64
    assert told in ended.err
    assert len(tenant.requests()) == 0


@pytest.mark.parametrize(
    "question",
    [
        ("explain", "contact", "C00002", "--segment", "callers"),
        ("what-if", "segment/callers", "--set", "cap.most=1..2:1"),
    ],
    ids=["explain", "what-if"],
)
@pytest.mark.matrix(instead="test_each_value_of_a_number_says_who_would_be_in_entering_leaving_and_moving")
def test_a_question_reads_nothing_for_the_sake_of_campaigns(
    tenant: Simulator, folder: Folder, run: Run, question: tuple[str, ...]
) -> None:
    tenant.store.add_list("Own", ["C00001"])
    tenant.store.add_list("Others", ["C00003"])
    folder.write("own.yaml", manifest("ContactList", "own", "name: Own"))
    declare_campaign(folder, on="own")
    live_campaign(tenant, "Evening", "Own")
    live_campaign(tenant, "Theirs", "Others", description="made by hand")

    def asked() -> tuple[bool, bool, bool]:
        paths = [each.path for each in tenant.requests()]
        tenant.clear_requests()
        lists = [f"/contactlists/{tenant.store.list_named(name).id}/contacts" for name in ("Own", "Others")]
        own, others = (any(path.endswith(each) for path in paths) for each in lists)
        return any(path.endswith("/statistics") for path in paths), own, others

    assert run("plan").code == 0
    assert asked() == (True, True, True)
    assert run(*question).code == 0
    assert asked() == (False, False, False)
