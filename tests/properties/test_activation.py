"""Whatever is declared, whatever a tenant holds and whatever goes wrong: nothing dials a list that is empty or unread."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from reconciler.model.errors import ReconcilerError
from reconciler.simulator import Simulator
from reconciler.simulator.campaign_faults import is_activation
from reconciler.simulator.fault_kinds import KINDS, Serve, kind
from reconciler.simulator.request_log import Received
from reconciler.simulator.routing import Call, Reply
from tests.properties.episode import Program
from tests.properties.worlds import BUSY, MANAGED, World, worlds
from tests.sample import examples

EXAMPLES = int(os.environ.get("RECONCILER_EXAMPLES", "0"))
Mishap = tuple[str, dict[str, Any]]


@dataclass
class Asked:
    """By the id of each request that asked for a campaign to dial: its list, and who was on it as it arrived.

    What the tenant makes of the request does not matter: an empty list is refused there, and asking was wrong.
    """

    lists: dict[str, tuple[str, int]] = field(default_factory=dict)


def _note(call: Call) -> bool:
    if is_activation(call):
        store, body = call.tenant.store, call.parse_body()
        with store.lock:
            campaign = store.campaigns.get(call.path.rpartition("/")[2])
            list_id = str(body.get("listId") or (campaign.fields["listId"] if campaign is not None else ""))
            held = store.lists.get(list_id)
            store.part(Asked).lists[call.request_id] = (list_id, held.count if held is not None else 0)
    return False


if "note-activations" not in KINDS:

    @kind("note-activations", applies=_note)
    async def _note_activations(call: Call, serve: Serve) -> Reply:
        """Nothing goes wrong: it only notes."""
        return await serve()


def wrong(requests: Sequence[Received], asked: Asked) -> list[str]:
    """Every request of one apply that asked for a campaign to dial a list that is empty, or that was not read before.

    The list is asked for after the last write of anything; and its contacts, after they were last written.
    """
    found = []
    for place, request in enumerate(requests):
        if request.request_id not in asked.lists:
            continue
        list_id, size = asked.lists[request.request_id]
        told = f"{request.method} {request.path}"
        if not size:
            found.append(f"{told}: {list_id} is empty")
        before = [each for each in requests[:place] if _of(each) != _of(request)]
        after_writes = before[_after_last([each.is_write for each in before]) :]
        if not any(_reads(each, list_id) or _counts(each) for each in after_writes):
            found.append(f"{told}: {list_id} was not asked for after the last write")
        written = _after_last([each.is_write and _contacts(each, list_id) for each in before])
        if written and not any(_reads(each, list_id) for each in before[written:]):
            found.append(f"{told}: the contacts of {list_id} were not read after they were written")
    return found


def _of(request: Received) -> tuple[str, str, str]:
    return request.method, request.path, str(request.body)


def _after_last(chosen: Sequence[bool]) -> int:
    return max((place + 1 for place, each in enumerate(chosen) if each), default=0)


def _contacts(request: Received, list_id: str) -> bool:
    return request.path.endswith(f"/{list_id}/contacts")


def _reads(request: Received, list_id: str) -> bool:
    return request.method == "GET" and request.status == 200 and _contacts(request, list_id)


def _counts(request: Received) -> bool:
    return request.method == "GET" and request.status == 200 and request.path.endswith("/api/v1/lists")


@pytest.fixture(scope="module")
def tenant() -> Iterator[Simulator]:
    with Simulator() as started:
        yield started


CALLS = st.sampled_from([("GET", ""), ("PATCH", "/campaigns/"), ("POST", "/campaigns$"), ("DELETE", "/campaigns/")])
LISTS = st.sampled_from([("GET", "/lists$"), ("GET", "/contacts$"), ("POST", "/contacts$"), ("DELETE", "/contacts$")])
OTHER = {"abandonThreshold": 7.5, "wrapUpCode": "THEIRS"}


@st.composite
def mishaps(draw: st.DrawFn) -> Mishap:
    """Something that goes wrong, and when."""
    times, skip = draw(st.sampled_from([1, 1, 2, None])), draw(st.integers(0, 5))
    method, path = draw(CALLS | LISTS)
    call = {"method": method, "path": path, "times": times, "skip": skip}
    name = draw(st.sampled_from(["Calls 0", "Calls 1"]))
    someone = {"campaign": name, "changed": draw(st.sampled_from([OTHER, {"status": "paused"}, {"status": "active"}]))}
    some: list[Mishap] = [
        ("status", {"status": 503, **call}),
        ("status", {"status": 409, **call}),
        ("reset-before", call),
        ("reset-after", call),
        ("half-change", {"drops": ["abandonThreshold", "listId"], "times": times}),
        ("fail-activation", {"times": times}),
        ("fail-activation", {"form": "ignored", "times": times}),
        ("fail-activation", {"form": "altered", "changed": OTHER, "times": times}),
        ("meanwhile", {**someone, **call}),
        ("meanwhile", {**someone, **call, "removes": True}),
        # as a list is read, and not after it: between the reading and the asking nobody can look
        ("meanwhile", {"empties": draw(st.sampled_from(list(MANAGED.values()))), **call, **_WHEN_READ}),
    ]
    return draw(st.sampled_from(some))


_WHEN_READ = {"method": "GET", "path": "/lists$|/contacts$"}


class Watched:
    """A program and its tenant; everything that it asks for in one apply is looked at."""

    def __init__(self, program: Program, tenant: Simulator) -> None:
        self._program, self._tenant = program, tenant
        self.found: list[str] = []
        self.activations = 0

    def play(self, mishaps: Sequence[Mishap]) -> None:
        """What goes wrong from now on."""
        self._tenant.faults.clear()
        self._tenant.faults.add("note-activations", times=None)
        for name, parameters in mishaps:
            self._tenant.faults.add(name, **parameters)

    def planned_and_applied(self, prune: bool) -> None:
        """Plan and apply; what cannot be planned, or may not be applied, is not."""
        with suppress(ReconcilerError):
            plan = self._program.propose(prune)
            self._tenant.clear_requests()
            with suppress(ReconcilerError):
                self._program.commit(plan)
        self._judge()

    def resumed(self) -> None:
        """Go on with what was left."""
        self._tenant.clear_requests()
        with suppress(ReconcilerError):
            self._program.resume()
        self._judge()

    def _judge(self) -> None:
        asked = self._tenant.store.part(Asked)
        self.activations += len(asked.lists)
        self.found += wrong(self._tenant.requests(), asked)
        asked.lists.clear()


def watched(world: World, tenant: Simulator, first: Sequence[Mishap], later: Sequence[Mishap]) -> Watched:
    """Apply with the first mishaps, resume with the later ones, then without any; plan and apply anew."""
    world.fill(tenant)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder) / "workspace"
        root.mkdir()
        text = world.files(tenant).replace('"workers": 3', '"workers": 3, "attempts": 1')
        (root / "manifests.yaml").write_text(text, encoding="utf-8")
        seen = Watched(Program(root, tenant, stack), tenant)
        seen.play(first)
        seen.planned_and_applied(world.prune)
        seen.play(later)
        seen.resumed()
        seen.play(())
        seen.resumed()
        seen.planned_and_applied(world.prune)
    return seen


@settings(
    max_examples=examples(25),
    derandomize=not EXAMPLES,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds(), first=st.lists(mishaps(), max_size=3), later=st.lists(mishaps(), max_size=2))
def test_nothing_is_ever_asked_to_dial_a_list_that_is_empty_or_unread(
    tenant: Simulator, world: World, first: list[Mishap], later: list[Mishap]
) -> None:
    seen = watched(world, tenant, first, later)
    event(f"{min(seen.activations, 3)} activations or more")
    assert not seen.found


@pytest.mark.thin(1)
@pytest.mark.parametrize(
    ("first", "later"),
    [
        ([], []),
        ([("meanwhile", {"empties": MANAGED["one"], "times": None, **_WHEN_READ})], []),
        ([("fail-activation", {"times": None})], [("reset-after", {"path": "/campaigns/"})]),
    ],
    ids=["nothing", "emptied", "failed"],
)
def test_nothing_is_asked_to_dial_one_where_once_it_was(
    tenant: Simulator, first: list[Mishap], later: list[Mishap]
) -> None:
    assert not watched(BUSY, tenant, first, later).found


def test_a_plan_that_activates_is_among_what_is_looked_at(tenant: Simulator) -> None:
    assert watched(BUSY, tenant, [], []).activations == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(("size", "reads", "words"), [(0, True, "is empty"), (1, False, "was not asked for")])
def test_whoever_asks_without_looking_is_found(
    tenant: Simulator, method: str, size: int, reads: bool, words: str
) -> None:
    tenant.reset()
    tenant.store.add_contacts(["C1"])
    used = tenant.store.add_list("L", ["C1"])
    campaign = tenant.store.add_campaign("Calls", "L", dialType="preview", abandonThreshold=3.0, status="draft")
    tenant.store.drop_members(used, [] if size else ["C1"])
    tenant.faults.add("note-activations", times=None)
    import requests

    with requests.Session() as session:
        session.trust_env = False
        credentials = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "not-a-secret"}
        scope = "lists:read campaigns:read campaigns:write"
        token = session.post(tenant.token_url("lists"), data={**credentials, "scope": scope}).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        base = tenant.base_url("lists")
        if reads:
            session.get(f"{base}/lists")
        body: dict[str, Any] = {"status": "active"}
        if method == "POST":
            body |= {"name": "More", "listId": used.id, "dialType": "preview", "abandonThreshold": 3.0}
        session.request(method, f"{base}/campaigns" + (f"/{campaign.id}" if method == "PATCH" else ""), json=body)
    (found,) = wrong(tenant.requests(), tenant.store.part(Asked))
    assert words in found
