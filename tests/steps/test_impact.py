"""Whom a plan starts and stops calling: people are followed, and nobody is counted twice."""

from __future__ import annotations

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
from tests.conftest import Folder, manifest
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
    """Ten are exchanged between the lists, ten are new."""
    people(tenant, 100)
    waves(folder)
    for band, those in (("High", range(50, 90)), ("Low", range(50))):
        tenant.store.add_list(band, [contact(number) for number in those])
        live_campaign(tenant, f"Wave {band.lower()}", band)
    impact = measure()
    assert moved(impact) == {("high", "low"): 10, (None, "high"): 10}
    assert told(impact) == {"wave": (90, 10, 0, 10, 100)}
    assert impact.blast == blast_radius(90, 10, 0, 10, 0)
    near = {each.edge: (each.below_5, each.below_10, each.above_5, each.above_10) for each in impact.near}
    assert near == {60.0: (5, 10, 5, 10)}
    (scores,) = impact.scores
    assert [(each.band, each.edge) for each in scores.edges] == [("high", 60.0)]
    assert (scores.start, scores.width, scores.outside) == (0.0, 5.0, (0,) * 20)
    assert scores.inside == (5,) * 20


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
    assert [(each.what, each.oldest) for each in impact.data] == [("contacts", None)]
