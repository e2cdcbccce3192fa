"""Another API's rows are in its file as well: a segment is delivered through it, read back, and taken off again."""

from __future__ import annotations

from typing import Any

from tests.surfaces.conftest import Workspace
from tests.surfaces.desk import Desk
from tests.surfaces.test_another_api import applied, done, nothing_to_do, planned

COLUMNS = "{contactId: id, phone: phone, engagementScore: points}"
SEGMENT = """
source: crm
score: engaged
lists: {{engaged: gold}}
phones: {{rule: possible, region: US}}
membership: mirror
delivery: {{method: {method}, attributes: [score]}}
"""


def people(workspace: Workspace, rows: dict[str, tuple[str, float]]) -> None:
    """The source: by id, a number and points."""
    lines = [f"{name},{number},{points}" for name, (number, points) in rows.items()]
    (workspace.root / "people.csv").write_text("id,phone,points\n" + "".join(f"{line}\n" for line in lines))


def declare(workspace: Workspace, method: str = "auto") -> None:
    """A list, a source, a score and a segment."""
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactSource", "crm", f"files: {{paths: [people.csv], format: csv, columns: {COLUMNS}}}")
    workspace.write("ScoreModel", "engaged", "engagement: {threshold: 75}")
    workspace.write("Segment", "best", SEGMENT.format(method=method))


def number(last: int) -> str:
    """A number that is kept for fiction."""
    return f"+121255501{last:02d}"


def held(desk: Desk) -> dict[str, dict[str, Any]]:
    """Who is in the group `Gold`."""
    return desk.people.get(desk.called("Gold")["objId"], {})


SIX = {f"C{n}": (number(n), 80.0 + n) for n in range(6)}


def test_a_segment_is_delivered_read_back_changed_and_taken_off(workspace: Workspace, desk: Desk) -> None:
    declare(workspace)
    people(workspace, {**SIX, "C9": (number(9), 10.0)})
    document = planned(workspace)
    (row_change,) = document["row_changes"]
    delivery = row_change["delivery"]
    assert (delivery["method"], delivery["chosen"]["code"]) == ("groupPeople", "contacts_from_outside")
    done(workspace.run("apply", "--yes"))
    # by its limit of four in two requests, each with the number and the attribute
    assert [each.partition("?")[0] for each in desk.writes] == [
        "POST /groups",
        "PUT /groups/people",
        "PUT /groups/people",
    ]
    assert {name: (each["tel"], each["more"]["score"]) for name, each in held(desk).items()} == SIX
    nothing_to_do(workspace, desk)

    # a score and a number change, one is put, one is taken off: what is there is read, page by page, and nobody else
    people(workspace, {**SIX, "C0": (number(0), 99.0), "C1": (number(71), 81.0), "C6": (number(6), 86.0)})
    held(desk)["C7"] = {"person": "C7", "tel": number(7), "state": "ACTIVE", "more": {}}
    applied(workspace, desk)
    assert {name: (each["tel"], each["more"]["score"]) for name, each in held(desk).items()} == {
        **SIX, "C0": (number(0), 99.0), "C1": (number(71), 81.0), "C6": (number(6), 86.0)
    }  # fmt: skip
    nothing_to_do(workspace, desk)
