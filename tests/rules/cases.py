"""How is the case of a rule read?

A case is a file `tests/cases/rules/RULE/SITUATION.yaml`: a situation, and under `finds` all that the rule finds in it, in
order: `object`, `says`, the same as `details`, and `waived` with the reason where a waiver sets it aside. Passing cases find nothing.

The situation is written in the nouns of `reconciler/model`, and holds only what differs from the defaults below:
`campaigns` (each with `campaign`, `change`, and what else `Planned` has), `others` (without a `change`), `objects`, `rows`, `outcomes` and `numbers` that
change, what is `undeclared`, and what else `Situation` has. `waivers` are `{rule, object, reason, until}`; `severities`, `unwaivable` and `max_waiver` (days) are of the floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from reconciler.model.campaign import Campaign
from reconciler.model.changes import Changes
from reconciler.model.finding import Finding, Severity
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import ObjectChange, Undeclared
from reconciler.model.outcome_change import NumbersChange, OutcomeChange
from reconciler.model.row_queries import Rows
from reconciler.model.rule_input import Planned, Situation, make_undeclared_planned
from reconciler.model.serialization import from_json, to_json
from reconciler.model.tables import MEMBER_CHANGES, NUMBER_CHANGES, OUTCOME_CHANGES
from reconciler.model.waiver_matching import waive
from reconciler.model.workspace_settings import Override, Settings
from reconciler.rules import collect_findings
from reconciler.rules.calling_hours_by_place import load_allowed_hours
from reconciler.rules.ceilings_by_jurisdiction import load_ceilings
from reconciler.rules.harbours_by_jurisdiction import load_harbours

CASES = Path(__file__).parents[1] / "cases" / "rules"

CAMPAIGN: Mapping[str, Any] = {
    "address": "Campaign/calls",
    "name": "Calls",
    "list": "People",
    "list_address": "ContactList/people",
    "dial_type": "predictive",
    "status": "active",
    "threshold": 3.0,
    "policy": "by-band",
    "band": "high",
    "starts": "2026-07-02T14:00:00+00:00",
    "ends": "2026-07-02T22:00:00+00:00",
    "windows": [["2026-07-02T14:00:00+00:00", "2026-07-02T22:00:00+00:00"]],
    "staffing": None,
}
AFTER: Mapping[str, Any] = {
    "name": "Calls",
    "dialType": "predictive",
    "list": "People",
    "abandonThreshold": 3.0,
    "status": "active",
}
CHANGE: Mapping[str, Any] = {
    "address": "Campaign/calls",
    "name": "Calls",
    "action": "create",
    "before": None,
    "after": AFTER,
    "references": [["ContactList", "People"]],
}
ROW: Mapping[str, Any] = {
    "address": "Segment/people[high]",
    "list_address": "ContactList/people",
    "list": "People",
    "method": "listContacts",
    "chunk_size": 500,
    "attributes": [],
    "live": 100,
    "adds": 0,
    "updates": 0,
    "removes": 0,
    "unchanged": 100,
    "digest": "sha256:1",
    "precondition": "sha256:2",
}


@dataclass(frozen=True)
class Case:
    """A situation of a rule, and what the rule finds in it."""

    file: Path

    @property
    def rule(self) -> str:
        return self.file.parent.name

    @property
    def content(self) -> dict[str, Any]:
        written: dict[str, Any] = to_json(yaml.safe_load(self.file.read_text(encoding="utf-8")))
        return written

    @property
    def expected(self) -> list[dict[str, Any]]:
        expected: list[dict[str, Any]] = self.content["finds"]
        return expected

    @property
    def shows(self) -> str:
        """What the case is an example of."""
        if not self.expected:
            return "passing"
        return "waived" if all("waived" in each for each in self.expected) else "failing"

    def found(self) -> list[dict[str, Any]]:
        """What the rule finds, written as a case expects it."""
        content = self.content
        content.pop("finds")
        settings = _settings(content)
        situation = _situation(content)
        today = situation.now.date()
        found = waive(collect_findings(situation, settings.severities), settings, today)
        return [_written(each) for each in found if each.rule == self.rule]

    def __str__(self) -> str:
        return f"{self.rule}: {self.file.stem}"


def cases() -> list[Case]:
    """Every case."""
    return [Case(file) for file in sorted(CASES.glob("*/*.yaml"))]


def _written(finding: Finding) -> dict[str, Any]:
    written: dict[str, Any] = {"object": str(finding.object), "says": finding.message}
    if finding.details:
        written["details"] = to_json(finding.details)
    if finding.waived is not None:
        written["waived"] = finding.waived
    if finding.severity is Severity.WARN:
        written["warns"] = True
    return written


def _settings(content: dict[str, Any]) -> Settings:
    max_waiver = content.pop("max_waiver", None)
    return Settings(
        severities={rule: Severity(said) for rule, said in content.pop("severities", {}).items()},
        overrides=tuple(from_json(Override, each) for each in content.pop("waivers", ())),
        unwaivable=frozenset(content.pop("unwaivable", ())),
        max_waiver=None if max_waiver is None else timedelta(days=max_waiver),
    )


def _situation(content: dict[str, Any]) -> Situation:
    campaigns = tuple(_planned(each) for each in content.pop("campaigns", ()))
    others = tuple(_other(each) for each in content.pop("others", ()))
    objects = tuple(_change(each) for each in content.pop("objects", ()))
    rows = tuple(_row(each) for each in content.pop("rows", ()))
    outcomes = tuple(_outcomes(each) for each in content.pop("outcomes", ()))
    numbers = tuple(_numbers(each) for each in content.pop("numbers", ()))
    everything = (*(each.change for each in campaigns), *objects)
    undeclared = tuple(from_json(Undeclared, each) for each in content.pop("undeclared", ()))
    changes = Changes(everything, rows, (), outcomes=outcomes, numbers=numbers, undeclared=undeclared)
    sizes = {tuple(name.split("/", 1)): size for name, size in content.pop("sizes", {}).items()}
    immutable = frozenset(tuple(each) for each in content.pop("immutable", ()))
    needed = {kind: frozenset(names) for kind, names in content.pop("needed", {}).items()}
    moment = "2026-07-01T12:00:00+00:00"
    values = {"now": moment, "as_of": moment, "workspace": "test", **content}
    # a case that says what the ceilings or hours are has those alone
    given: dict[str, Any] = {"ceilings": load_ceilings()} if "ceilings" not in content else {}
    given |= {"harbours": load_harbours()} if "harbours" not in content else {}
    given |= {"hours": load_allowed_hours()} if "hours" not in content else {}
    given |= {
        "changes": changes,
        "campaigns": campaigns,
        "sizes": sizes,
        "immutable": immutable,
        "needed": needed,
        "others": others,
    }
    return from_json(Situation, values, **given)


def _planned(each: dict[str, Any]) -> Planned:
    campaign = {**CAMPAIGN, **each.pop("campaign", {})}
    change = _change({"address": campaign["address"], "name": campaign["name"], **each.pop("change", {})})
    return from_json(Planned, {"campaign": campaign, **each}, change=change)


def _other(each: dict[str, Any]) -> Planned:
    found = make_undeclared_planned(from_json(Campaign, {**CAMPAIGN, **each.pop("campaign", {})}))
    return from_json(Planned, {"campaign": {**CAMPAIGN, **to_json(found.campaign)}, **each}, change=found.change)


def _change(each: dict[str, Any]) -> ObjectChange:
    written = {**CHANGE, **each}
    for side in ("before", "after"):  # what is said of one side is laid over the whole
        if side in each and each[side] is not None:
            written[side] = {**AFTER, **each[side]}
    return from_json(ObjectChange, written)


def _row(each: dict[str, Any]) -> RowChange:
    return from_json(RowChange, {**ROW, **each}, rows=Rows(Path("nowhere"), "parquet", MEMBER_CHANGES.types, 0))


def _outcomes(each: dict[str, Any]) -> OutcomeChange:
    rows = Rows(Path("nowhere"), "parquet", OUTCOME_CHANGES.types, 9)
    written = {"address": "DispositionSet/calls", "campaign": {"name": "Calls"}, "rate": 10, "source": 9}
    return from_json(OutcomeChange, {**written, "unchanged": 0, "digest": "sha256:1", **each}, rows=rows)


def _numbers(each: dict[str, Any]) -> NumbersChange:
    rows = Rows(Path("nowhere"), "parquet", NUMBER_CHANGES.types, 0)
    written = {"address": "SuppressionList/asked", "store": "data/asked", "digest": "sha256:1"}
    return from_json(NumbersChange, {**written, **each}, rows=rows)
