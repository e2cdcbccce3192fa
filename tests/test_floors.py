"""The picture in ARCHITECTURE.md stays true: floors, doors, and what may know what. Read with `ast`, nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from reconciler.kinds import load_kinds
from reconciler.surfaces import load_surfaces

PACKAGE = Path(__file__).parents[1] / "reconciler"

FLOORS = {
    "cli": 6,
    "__main__": 7,
    "flow": 5,
    "steps": 4,
    "views": 4,
    "kinds": 3,
    "rules": 3,
    "audience": 3,
    "cxone": 3,
    "ledger": 3,
    "code_hosts": 3,
    "bucket": 2,
    "surfaces": 2,
    "templates": 2,
    "model": 1,
    "__init__": 0,
}
"""What stands on which floor. Imports only go down, and rooms on one floor do not know each other."""

DOORS = {
    "click": ["cli"],
    "requests": ["cxone/http_attempt.py"],
    "urllib3": ["cxone/http_attempt.py", "cxone/timestamp_client.py", "cxone/webhook_http.py"],
    "certifi": ["cxone/event_socket.py", "cxone/timestamp_client.py", "cxone/webhook_http.py"],
    "yaml": ["steps/load"],
    "pathspec": ["steps/load/ignore_file.py"],
    "jsonschema": ["steps/load"],
    "referencing": ["steps/load"],
    "rapidfuzz": ["model/nearest_name.py"],
    "difflib": [],
    "cattrs": ["model/serialization.py"],
    "concurrent": ["model/worker_pool.py", "steps/apply/step_scheduling.py", "simulator"],
    "jinja2": ["steps/load", "views", "templates"],
    "deepdiff": ["steps/diff"],
    "phonenumbers": ["audience"],
    "ibis": ["audience"],
    "duckdb": ["audience/engines/duckdb_pool.py", "simulator"],
    "pandas": [],
    "pyarrow": ["audience"],
    "python_calamine": ["audience/sources/formats/xlsx.py"],
    "pyspark": ["audience/engines"],
    "py4j": ["audience/engines"],
    "sqlalchemy": ["audience"],
    "sqlglot": ["audience"],
    "psycopg": ["audience"],
    "rich": ["cli", "views"],
    "tzdata": ["model/weekly_calendar.py"],
    "holidays": ["model/public_holidays.py"],
    "pycountry": ["model/countries.py"],
    "obstore": ["bucket"],
    "aiohttp": ["simulator"],
    "websockets": ["cxone/event_socket.py"],
    "vcr": [],
    "opentelemetry": ["cli/otel_export.py"],
    "rfc3161_client": ["cxone/timestamp_client.py"],
    "cryptography": ["ledger/sealing.py", "ledger/evidence_key.py", "simulator/host_certificates.py"],
}
"""One library, one door: where each may be imported, below `reconciler/`."""

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}


@cache
def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


@cache
def tree(module: Path) -> ast.Module:
    """A module, read."""
    return ast.parse(module.read_text(encoding="utf-8"))


def place(module: Path) -> str:
    """Where a module stands, below the package."""
    return str(module.relative_to(PACKAGE))


def room(module: Path) -> str:
    """The room a module stands in: `steps`, `flow`, …"""
    first = module.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@cache
def imports(module: Path) -> Sequence[tuple[str, int]]:
    """Every module that a module imports, at its top or inside, with the line."""
    return tuple(_iter_imports(module))


def _iter_imports(module: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield each.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import"
            yield node.module or "", node.lineno
            if node.module is not None and node.module.startswith("reconciler"):
                for each in node.names:
                    yield f"{node.module}.{each.name}", node.lineno


def inner(module: Path) -> Iterator[tuple[str, str, int]]:
    """Every room of this program that a module imports, with the module imported and the line."""
    for name, line in imports(module):
        parts = name.split(".")
        if parts[0] == "reconciler" and len(parts) > 1 and parts[1] in {*FLOORS, "simulator"}:
            yield parts[1], name, line


def test_imports_only_go_down() -> None:
    wrong = [
        f"{place(module)}:{line}: {room(module)} imports {name}, which is not below it"
        for module in modules()
        for there, name, line in inner(module)
        if room(module) != "simulator" and there not in (room(module), "simulator")
        if FLOORS[there] >= FLOORS[room(module)]
    ]
    assert not wrong, wrong


def test_the_simulator_knows_nobody_and_only_the_door_knows_it() -> None:
    """It shares no code with the client, and only the cli may import it."""
    wrong = [
        f"{place(module)}:{line}: {room(module)} imports {name}"
        for module in modules()
        for there, name, line in inner(module)
        if (there != "simulator" if room(module) == "simulator" else there == "simulator" and room(module) != "cli")
    ]
    assert not wrong, wrong


def test_a_library_comes_in_by_its_door_alone() -> None:
    wrong = [
        f"{place(module)}:{line}: {name} may only be imported in {DOORS[name.split('.')[0]]}"
        for module in modules()
        for name, line in imports(module)
        if name.split(".")[0] in DOORS
        if not any(place(module) == door or place(module).startswith(f"{door}/") for door in DOORS[name.split(".")[0]])
    ]
    assert not wrong, wrong


def test_the_name_of_a_module_says_something() -> None:
    wrong = [
        place(module)
        for module in modules()
        if {*module.relative_to(PACKAGE).with_suffix("").parts} & NAMES_THAT_SAY_NOTHING
    ]
    assert not wrong, wrong


def test_the_docstring_of_a_module_says_which_question_it_answers() -> None:
    wrong = [place(module) for module in modules() if tree(module).body and not ast.get_docstring(tree(module))]
    assert not wrong, wrong


def test_the_views_know_only_the_nouns() -> None:
    for module in modules():
        if room(module) == "views":
            assert {there for there, _, _ in inner(module)} <= {"views", "model"}, module


def test_a_verb_imports_no_other_verb() -> None:
    for module in modules():
        if room(module) != "steps" or (module.parent == PACKAGE / "steps" and module.name == "__init__.py"):
            continue
        own = module.relative_to(PACKAGE).parts[1].removesuffix(".py")
        for there, name, line in inner(module):
            if there == "steps":
                assert name.split(".")[2] == own, f"{module}:{line}: {own} imports {name}"


def test_a_view_imports_no_other_view() -> None:
    """What two of them say alike stands in a module beside them that is no view."""
    files = (PACKAGE / "views").glob("*.py")
    views = {each.stem for each in files if "\nVIEWS = (" in each.read_text(encoding="utf-8")}
    assert len(views) > 20
    for module in modules():
        if room(module) == "views":
            known = {name.split(".")[2] for there, name, _ in inner(module) if there == "views" and name.count(".") > 1}
            assert not known & views - {module.stem}, module


def test_a_kind_imports_only_the_kinds_it_refers_to() -> None:
    files = {name: "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_") for name in load_kinds()}
    for name, kind in load_kinds().items():
        referred = {files[reference.kind] for reference in kind.references}
        module = PACKAGE / "kinds" / f"{files[name]}.py"
        imported = {n.split(".")[2] for there, n, _ in inner(module) if there == "kinds" and n.count(".") > 1}
        assert imported <= referred, f"{module} imports {imported - referred}, which it does not refer to"


def test_a_rule_reads_only_the_nouns() -> None:
    for module in modules():
        if room(module) == "rules" and module.name != "__init__.py":
            assert {there for there, _, _ in inner(module)} <= {"model"}, module


def test_planning_is_never_given_a_writer() -> None:
    for module in modules():
        if room(module) == "steps" and "apply" not in module.parts:
            assert "Writer" not in module.read_text(encoding="utf-8"), f"{module} speaks of a Writer"


def test_kinds_are_told_apart_by_their_facts_and_named_in_no_list() -> None:
    """A new kind is one file and one schema: outside its own file, those that refer to it, and rules, nobody does."""
    allowed_to_name = {
        "Workspace": {"steps/load"},
        "Tenant": {"steps/load"},
        "Segment": {"flow.py", "steps/load/what_if_values.py", "steps/explain.py"},
        "ScoreModel": {"steps/load/what_if_values.py"},
        "Campaign": {"cxone/campaign_reader.py", "model/before_after_states.py"},
        "ContactList": {
            "model/before_after_states.py",
            "cxone/reader.py",
            "cxone/list_methods.py",
            "cxone/writer.py",
            "steps/read_tenant",
            "audience/delivery/list_size.py",
            "kinds/segment.py",
            "kinds/campaign.py",
        },
    }
    for module in modules():
        if place(module).startswith(("kinds/", "surfaces/", "simulator/", "rules/")):
            continue
        texts = {
            node.value
            for node in ast.walk(tree(module))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for name in texts & set(load_kinds()):
            assert any(place(module).startswith(each) for each in allowed_to_name.get(name, ())), (
                f"{place(module)} names {name}"
            )


def test_no_step_knows_a_surface_by_name_or_what_an_api_calls_things() -> None:
    """Another API is added without a changed line in these: who asks which surface can do a thing asks the wires."""
    names = set(load_surfaces())
    for module in modules():
        if room(module) not in ("steps", "flow", "ledger", "cxone"):
            continue
        members = {node for each in ast.walk(tree(module)) if isinstance(each, ast.Compare) for node in ast.walk(each)}
        told = {node.value for node in members if isinstance(node, ast.Constant)}
        assert not told & names, f"{module} asks for a surface by its name: {told & names}"
        known = {name for there, name, _ in inner(module) if there == "surfaces"}
        allowed = {"reconciler.surfaces", "reconciler.surfaces.tells_phones", "reconciler.surfaces.list_companions"}
        if room(module) == "cxone":
            allowed |= {"reconciler.surfaces.load_surfaces", "reconciler.surfaces.load_methods"}
        assert known <= allowed, f"{module} knows {known}"
