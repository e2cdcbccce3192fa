"""Where NICE's API is not as it seems, the embedded tenant is not either, and this program reads and writes it so.

The quirks are a file, tests/cases/nice/quirks.yaml, whose head says its form; `docs/nice.md` lists them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.skill_store import Skills
from reconciler.surfaces.nice.endpoints import ENDPOINTS, Weight

ROOT = Path(__file__).parents[3]
FILE = ROOT / "tests" / "cases" / "nice" / "quirks.yaml"
QUIRKS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
KEYS = {"quirk", "weight", "source", "world", "steps", "read", "made"}
STEP_KEYS = {
    *("request", "base", "version", "query", "body", "form", "nobody", "status", "has", "hasnt", "kept", "header"),
    *("empty", "accept"),
}
CSV = base64.b64encode(b"id,tel\r\nC1,2125550101\r\n").decode()
MAPPING = {"destinationMappings": [{"fieldName": "PhoneNumber", "fieldValue": "tel"}]}
ANY: Mapping[str, Callable[[Any], bool]] = {
    "<text>": lambda value: isinstance(value, str) and value != "",
    "<number>": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "<truth>": lambda value: isinstance(value, bool),
}


class World:
    """An embedded tenant, a client of it, and what is known by name: ids, and what answers told."""

    def __init__(self, tenant: Simulator) -> None:
        self.tenant, self.url = tenant, f"{tenant.url}/nice"
        self.session = requests.Session()
        self.session.trust_env = False
        self.known: dict[str, Any] = {"file": CSV}

    def log_in(self) -> None:
        """Log in by an access key."""
        key = {"accessKeyId": "demo-client", "accessKeySecret": "not-a-secret"}
        granted = self.session.post(f"{self.url}/authentication/v1/token/access-key", json=key).json()
        self.session.headers["Authorization"] = f"Bearer {granted['access_token']}"

    def make(self, what: str) -> None:
        """Put something into the tenant."""
        skills = self.tenant.store.part(Skills)
        match what:
            case "list":
                query = {"listName": "Chosen", "externalIdColumn": "id"}
                told = self.ask({"request": "POST /lists/call-lists", "query": query, "body": MAPPING})
                self.known["list"] = told.json()["listId"]
            case "skill":
                number = len(skills.held) + 1
                self.known[f"skill{number}" if number > 1 else "skill"] = skills.add(f"Skill {number}").number
            case "group":
                told = self.ask({"request": "POST /dnc-groups", "body": {"dncGroupName": "Company"}})
                self.known["group"] = told.json()["dncGroups"][0]["dncGroupId"]
            case "campaign":
                told = self.ask({"request": "POST /campaigns", "body": {"name": "Spring"}})
                self.known["campaign"] = told.json()["id"]
            case "contact":
                store = self.tenant.store
                store.add_contacts(["C1"])
                store.add_list("Chosen", ["C1"])
                store.add_interactions([{"id": "V1", "startTime": "2026-03-01T12:00:00Z", "contactId": "C1"}])
            case "lag":
                skills.lag = 1
            case _:
                raise AssertionError(f"nothing in the world is called {what}")

    def ask(self, step: Mapping[str, Any]) -> requests.Response:
        """The answer to the request of a step."""
        method, _, path = str(self.fill(step["request"])).partition(" ")
        base = step.get("base", f"/incontactAPI/services/v{step.get('version', 33)}.0")
        where = path[1:] if path.startswith("//") else base + path
        query = {
            name: str(value).lower() if value in (True, False) else value
            for name, value in step.get("query", {}).items()
        }
        return self.session.request(
            method,
            self.url + where,
            params=self.fill(query),
            json=self.fill(step.get("body")),
            data=step.get("form"),
            headers={
                **({"Authorization": ""} if step.get("nobody") else {}),
                **({"Accept": step["accept"]} if "accept" in step else {}),
            },
        )

    def fill(self, value: Any) -> Any:
        """A value with what is known in the place of `{name}`; `{name:number}` is a number."""
        if isinstance(value, dict):
            return {name: self.fill(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if not isinstance(value, str):
            return value
        if value.endswith(":number}"):
            return int(self.known[value[1:].partition(":")[0]])
        return value.format_map({name: str(each) for name, each in self.known.items()}) if "{" in value else value


def find_part(body: Any, path: str) -> Any:
    """A part of an answer: `dncGroups.0.dncGroupId`."""
    return reduce(lambda held, step: held[int(step)] if step.isdecimal() else held[step], path.split("."), body)


def find_other(wanted: Any, told: Any, path: str = "$") -> Iterator[str]:
    """Where what was told is not as it is wanted, which may be less of it."""
    if isinstance(wanted, str) and wanted in ANY:
        if not ANY[wanted](told):
            yield f"{path}: {told!r} is not {wanted}"
    elif isinstance(wanted, dict) and isinstance(told, Mapping):
        for name, each in wanted.items():
            yield from find_other(each, told[name], f"{path}.{name}") if name in told else [f"{path}: no {name}"]
    elif isinstance(wanted, list) and isinstance(told, list) and len(wanted) == len(told):
        for index, (each, other) in enumerate(zip(wanted, told, strict=True)):
            yield from find_other(each, other, f"{path}[{index}]")
    elif wanted != told or isinstance(wanted, bool) != isinstance(told, bool):
        yield f"{path}: {told!r}, and not {wanted!r}"


@pytest.fixture(scope="module")
def started() -> Iterator[Simulator]:
    """A tenant that answers as NICE's API alone."""
    with Simulator(Options(surfaces=frozenset({"nice"}))) as tenant:
        yield tenant


@pytest.fixture
def world(started: Simulator) -> Iterator[World]:
    """An empty tenant, and a client that is logged in."""
    started.reset()
    made = World(started)
    made.log_in()
    yield made
    made.session.close()


def find_function(name: str) -> Any:
    """A function of this program's surface: `skills.refuse`."""
    module, *names = name.split(".")
    held: Any = import_module(f"reconciler.surfaces.nice.{module}")
    return reduce(lambda of, each: of[each] if isinstance(of, Mapping) else getattr(of, each), names, held)


@pytest.mark.parametrize("quirk", QUIRKS, ids=[each["quirk"].replace(" ", "-")[:60] for each in QUIRKS])
def test_the_embedded_tenant_has_it_and_this_program_reads_and_writes_it_so(
    quirk: dict[str, Any], world: World
) -> None:
    assert set(quirk) <= KEYS, set(quirk) - KEYS
    for what in quirk.get("world", ()):
        world.make(what)
    answer: Any = None
    for step in quirk["steps"]:
        assert set(step) <= STEP_KEYS, set(step) - STEP_KEYS
        reply = world.ask(step)
        assert reply.status_code == step.get("status", 200), (step["request"], reply.text)
        answer = reply.json() if reply.content else None
        assert (answer is None) or not step.get("empty"), step["request"]
        assert list(find_other(step.get("has", {}), answer or {})) == [], step["request"]
        assert [each for each in step.get("hasnt", ()) if each in answer] == [], step["request"]
        for name, words in step.get("header", {}).items():
            assert words in reply.headers[name]
        world.known.update({name: find_part(answer, path) for name, path in step.get("kept", {}).items()})
    if "read" in quirk:
        check_reading(quirk["read"], answer)
    if "made" in quirk:
        check_request(quirk, world)


def put_answer(given: Any, answer: Any) -> Any:
    """What a function is given, with the answer in its place."""
    if isinstance(given, list):
        return [put_answer(each, answer) for each in given]
    return answer if given == "<answer>" else given


def check_reading(read: Mapping[str, Any], answer: Any) -> None:
    """This program makes of an answer what the quirk says."""
    part = find_part(answer, read["part"]) if "part" in read else answer
    given = [put_answer(each, part) for each in read.get("with", ["<answer>"])]
    made = find_function(read["by"])(*given)
    if "shows" in read:
        assert read["shows"] in str(made)
    else:
        assert list(find_other(read["gives"], made)) == []


def check_request(quirk: Mapping[str, Any], world: World) -> None:
    """The table of this program's requests has the method, the path and the wrapper of a request of the quirk."""
    made, entry = quirk["made"], ENDPOINTS[quirk["made"]["entry"]]
    step = quirk["steps"][made.get("at", -1)]
    call = entry.call(*(str(world.fill(each)) for each in made.get("ids", ())))
    assert f"{call.method} {call.path}" == world.fill(step["request"])
    body = step.get("body")
    assert entry.wrapper in ("", *(body or {}))
    if entry.wrapper:
        assert list(body) == [entry.wrapper]
    assert int(step.get("status", 200)) < 400, "what is refused is no request that this program should make"


def test_each_says_how_surely_and_from_where_it_is_known() -> None:
    assert len(QUIRKS) >= 25
    assert len({each["quirk"] for each in QUIRKS}) == len(QUIRKS)
    assert all(each["weight"] in list(Weight) and each["source"] for each in QUIRKS)
    assert {each["weight"] for each in QUIRKS} == {"spec", "client", "inferred"}


def make_table() -> str:
    """The quirks as `docs/nice.md` has them."""
    lines = ["| quirk | weight | source |", "|---|---|---|"]
    lines += [
        f"| {each['quirk']} | {each['weight']} | {each['source'].replace('|', chr(92) + '|')} |" for each in QUIRKS
    ]
    return "\n".join(lines)


def test_the_page_lists_them(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs" / "nice.md"
    before, _, rest = page.read_text(encoding="utf-8").partition("## Quirks\n\n")
    words, _, more = rest.partition("\n\n")
    told, _, after = more.partition("\n\n")
    if request.config.getoption("--write-golden"):
        page.write_text(f"{before}## Quirks\n\n{words}\n\n{make_table()}\n\n{after}", encoding="utf-8")
    else:
        assert told == make_table()


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {}),
        ([1], [1, 2]),
        ("<text>", ""),
        ("<number>", True),
        ("<truth>", 1),
        ({"a": [{"b": "<text>"}]}, {"a": [{"b": 1}]}),
        (None, 0),
    ],
)
def test_what_is_otherwise_is_found(wanted: Any, told: Any) -> None:
    assert list(find_other(wanted, told))
