"""Whom a plan starts and stops calling: people are followed, and nobody is counted twice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.cli.runtime import LocalRuntime
from reconciler.model.impact import Impact, blast_radius
from reconciler.model.workspace_settings import Workspace
from reconciler.simulator import Simulator
from reconciler.steps.load import load
from tests.conftest import Ended, Folder, manifest
from tests.scene import (
    END,
    START,
    WAVES,
    contact,
    declare_campaign,
    declare_segment,
    declare_source,
    live_campaign,
    people,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

Measure = Callable[..., Impact]


@pytest.fixture
def measure(folder: Folder, tmp_path: Path) -> Measure:
    """What a plan of the workspace means for people."""
    numbers = count()

    def planned(*, prune: bool = False) -> Impact:
        scratch = tmp_path / f"scratch-{next(numbers)}"
        scratch.mkdir()
        workspace = Workspace(folder.root, scratch, NOW, os.environ, prune=prune)
        with LocalRuntime(workspace) as world:
            found = flow.propose(load(workspace), world).impact
        assert found is not None
        return found

    return planned


def told(impact: Impact) -> dict[str, tuple[int | None, int, int, int, int | None]]:
    """Of each campaign: before, starts, stops, moves, after."""
    return {
        each.address.name: (each.before, each.starts, each.stops, each.moves, each.after) for each in impact.campaigns
    }


def moved(impact: Impact) -> dict[tuple[str | None, str | None], int]:
    return {(each.before, each.after): each.people for each in impact.bands}


def waves(folder: Folder) -> None:
    """A campaign with two bands, `high` from 60, on the lists `High` and `Low`."""
    declare_source(folder)
    folder.write("waves.yaml", WAVES)
    for band in ("high", "low"):
        folder.write(f"list-{band}.yaml", manifest("ContactList", band, f"name: {band.title()}"))
    campaign = (
        "name: 'Wave {{ band }}'\ndialType: predictive\nsegment: {name: waves, band: '{{ band }}'}\nwrapUpCode: SOLD\n"
        f"schedule: {{start: '{START}', end: '{END}'}}\nstatus: active\nabandonment: {{policy: strict}}\n"
        "predictive: {targetAnswerRate: 0.3, maxCallsInProgress: 10}\nperBand: {high: {}, low: {}}"
    )
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", "thresholds: {high: 3, low: 3}"))
    folder.write("wave.yaml", manifest("Campaign", "wave", campaign))
    spec = (
        "source: all\nscore: waves\nlists: {high: high, low: low}\nmembership: mirror\ndelivery: {method: contactIds}"
    )
    folder.write("segment.yaml", manifest("Segment", "waves", spec))


def test_who_is_put_on_a_list_that_is_dialled_starts_being_called(
    tenant: Simulator, folder: Folder, measure: Measure
) -> None:
    """Of 100 people 25 have 75 points and more; 20 of those are on the list, and 5 others."""
    people(tenant, 100)
    declare_segment(folder)
    declare_campaign(folder)
    tenant.store.add_list("Chosen", [contact(number) for number in range(70, 95)])
    live_campaign(tenant, "Evening", "Chosen")
    impact = measure()
    assert told(impact) == {"evening": (25, 5, 5, 0, 25)}
    assert moved(impact) == {(None, "engaged"): 5, ("engaged", None): 5}
    assert (impact.blast.called_before, impact.blast.called_after) == (25, 25)
    assert impact.blast == blast_radius(25, 5, 5, 0, 0)
    assert impact.blast.percent == 30.0


def test_who_moves_between_the_bands_of_one_campaign_goes_on_being_called(
    tenant: Simulator, folder: Folder, measure: Measure
) -> None:
    """Twenty are exchanged between the lists, twenty are new."""
    people(tenant, 200)
    waves(folder)
    for band, those in (("High", range(50, 90)), ("Low", range(50))):
        tenant.store.add_list(band, [contact(more + number) for number in those for more in (0, 100)])
        live_campaign(tenant, f"Wave {band.lower()}", band)
    impact = measure()
    assert moved(impact) == {("high", "low"): 20, (None, "high"): 20}
    assert told(impact) == {"wave": (180, 20, 0, 20, 200)}
    assert impact.blast == blast_radius(180, 20, 0, 20, 0)
    near = {each.edge: (each.below_5, each.below_10, each.above_5, each.above_10) for each in impact.near}
    assert near == {60.0: (10, 20, 10, 20)}
    (scores,) = impact.scores
    assert [(each.band, each.edge) for each in scores.edges] == [("high", 60.0)]
    assert (scores.start, scores.width, scores.outside) == (0.0, 5.0, (0,) * 20)
    assert scores.inside == (10,) * 20


def test_a_campaign_that_ceases_to_dial_stops_everybody_and_one_that_begins_starts_everybody(
    tenant: Simulator, folder: Folder, measure: Measure
) -> None:
    """Nobody's row changes. One list is dialled by both, in turn: then nobody starts or stops who is called at all."""
    people(tenant, 100)
    declare_segment(folder)
    tenant.store.add_list("Chosen", [contact(number) for number in range(75, 100)])
    declare_campaign(folder, status="paused")
    declare_campaign(folder, name="Morning")
    live_campaign(tenant, "Evening", "Chosen")
    impact = measure()
    assert told(impact) == {"evening": (25, 0, 25, 0, 0), "morning": (0, 25, 0, 0, 25)}
    assert impact.bands == ()
    assert (impact.blast.starts, impact.blast.stops, impact.blast.called_before) == (0, 0, 25)


@pytest.mark.parametrize(
    ("counts", "percent"),
    [
        ((0, 0, 0, 0, 0), 0.0),
        ((100, 0, 0, 0, 0), 0.0),
        ((0, 100, 0, 0, 0), 100.0),
        ((100, 0, 100, 0, 0), 50.0),
        ((100, 100, 100, 0, 0), 150.0),
        ((100, 0, 0, 10, 10), 5.0),
        ((1_000_000, 1, 0, 0, 0), 0.1),
    ],
)
def test_the_blast_radius_is_its_formula(counts: tuple[int, int, int, int, int], percent: float) -> None:
    """Nobody called · the same · a first list · everybody stops · all exchanged · a quarter each · never quite nothing."""
    assert blast_radius(*counts).percent == percent


def test_a_plan_says_where_it_is_concentrated_and_nothing_of_what_is_sensitive(
    tenant: Simulator, folder: Folder, measure: Measure
) -> None:
    """Of 200 contacts in a file 60 fall below the threshold, all of them of one branch, and of one faith."""
    people(tenant, 200)
    declare_segment(folder)
    tenant.store.add_list("Chosen", [contact(number) for number in range(200)])
    rows = [f"{contact(n)},{10 if n < 60 else 90},{'south' if n < 60 else 'north'},{n < 60}" for n in range(200)]
    folder.write("people.csv", "\n".join(["id,points,office,belief", *rows]) + "\n")
    source = (
        "files:\n  paths: [people.csv]\n  format: csv\n  columns: {contactId: id, engagementScore: points}\n"
        "  attributes: {branch: office, faith: {column: belief, sensitive: true}, view: belief}"
    )
    folder.write("source.yaml", manifest("ContactSource", "all", source))
    impact = measure()
    assert moved(impact) == {("engaged", None): 60}
    told = [(each.change, [(one.of, one.value) for one in each.where], each.share) for each in impact.concentration]
    assert told == [("removed", [("branch", "south")], 100)]
    assert [(each.what, each.basis, each.oldest is None) for each in impact.data] == [("contacts", "modified", False)]


def test_few_people_near_a_threshold_are_not_counted_and_neither_are_those_of_a_step(
    tenant: Simulator, folder: Folder, measure: Measure
) -> None:
    """Five have each five points: below 75 and above it stand five, and ten with the next five."""
    people(tenant, 100)
    declare_segment(folder)
    declare_campaign(folder)
    impact = measure()
    (near,) = impact.near
    assert (near.below_5, near.below_10, near.above_5, near.above_10) == (None, 10, None, 10)
    assert impact.scores == ()


def test_whoever_shares_a_number_with_somebody_on_another_campaigns_list_is_an_overlap(
    tenant: Simulator, folder: Folder, measure: Measure
) -> None:
    """Nobody is on both lists; the numbers of 80 to 89 are also those of ten others."""
    people(tenant, 100)
    others = [f"OTHER{number:04d}" for number in range(80, 90)]
    tenant.store.add_contacts(
        {"id": each, "phoneNumber": f"+1212555{100 + number:04d}"} for number, each in enumerate(others, start=80)
    )
    tenant.store.add_list("Others", others)
    live_campaign(tenant, "Morning", "Others")
    declare_segment(folder)
    declare_campaign(folder)
    impact = measure()
    assert {each.shared for each in impact.campaigns} == {0}
    assert [(each.address.name, each.campaign, each.people) for each in impact.overlaps] == [("evening", "Morning", 10)]


def test_a_score_that_is_marked_sensitive_is_in_no_count_and_in_no_example(
    folder: Folder, tenant: Simulator, run: Callable[..., Ended]
) -> None:
    people(tenant, 200)
    declare_segment(folder)
    rows = [f"{contact(n)},{70.25 if n < 100 else 80.5}" for n in range(200)]
    folder.write("people.csv", "\n".join(["id,points", *rows]) + "\n")
    columns = "columns: {contactId: id, engagementScore: points}"
    files = f"files:\n  paths: [people.csv]\n  format: csv\n  {columns}"
    told = {}
    for sensitive in (False, True):
        marked = "\n  attributes: {health: {column: points, sensitive: true}}" if sensitive else ""
        folder.write("source.yaml", manifest("ContactSource", "all", files + marked))
        document = json.loads(run("plan", "--format", "json").out)
        (change,) = document["row_changes"]
        examples = [(each["score"], each["was"]) for each in change["samples"]]
        assert examples
        told[sensitive] = (bool(document["impact"]["near"]), bool(document["impact"]["scores"]), set(examples))
        words = json.dumps(document) + run("plan").out
        assert ("80.5" in words) is not sensitive
    assert told == {False: (True, True, {(80.5, None)}), True: (False, False, {(None, None)})}
