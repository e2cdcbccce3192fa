"""How manifests fit together, with kinds made for the purpose."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.kind import Kind, Reference
from reconciler.model.paging import TokenPages
from reconciler.model.problem import Location, Problem
from reconciler.model.resource import Catalogue, Path, Resource
from reconciler.model.resource_address import Address
from reconciler.model.surface_wire import Call, Wire, rest
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.references import Declared, Manifest, check

SURFACE = Wire(
    "lists",
    "/things",
    TokenPages(),
    "read",
    "write",
    one=lambda each: Call("GET", f"/things/{each}"),
    requests=rest("/things"),
)


def objects(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """A check that follows its references two deep, as it may when all of them hold."""
    for name in resource.spec.get("needs", ()):
        for deeper in catalogue.get("Thing", name).spec.get("needs", ()):
            catalogue.get("Thing", deeper)
    yield Problem(resource.where("spec"), "checked", f"{resource.address} was checked")


KINDS = {
    "Thing": Kind("Thing", "a thing", (Reference(("needs", "*"), "Thing"),), (SURFACE,), check=objects),
    "Note": Kind("Note", "a note", (Reference(("about",), "Thing"),)),
}


def manifest(name: str, *needs: str, kind: str = "Thing", valid: bool = True, live: str | None = None) -> Manifest:
    spec: dict[str, object] = {"needs": list(needs)} if kind == "Thing" else {"about": needs[0]}
    if live is not None:
        spec["name"] = live
    places: dict[Path, Location] = {(): Location(name, 1, 1), ("spec",): Location(name, 2, 1)}
    places |= {("spec", "needs", index): Location(name, 3 + index, 1) for index in range(len(needs))}
    document = Document(name, {"spec": spec}, places)
    return Manifest(kind, document, Resource(Address(kind, name), spec, places=places) if valid else None)


def faults(*manifests: Manifest) -> list[str]:
    names: dict[str, dict[str, list[Location]]] = {}
    for one in manifests:
        names.setdefault(one.kind, {}).setdefault(one.document.file, []).append(one.document.locate())
    catalogue, links, _, own, _ = check(Declared(manifests, names), KINDS)
    assert list(catalogue.resources) == sorted(catalogue.resources)
    return [f"{problem.where} {problem.code} {problem.message}" for problem in [*links, *own]]


def test_a_kind_is_asked_of_every_resource_whose_references_hold() -> None:
    assert faults(manifest("b", "a"), manifest("a"), manifest("n", "a", kind="Note")) == [
        "a:2:1 checked Thing/a was checked",
        "b:2:1 checked Thing/b was checked",
    ]


def test_a_kind_is_not_asked_where_a_reference_far_below_is_missing() -> None:
    assert faults(manifest("a", "b"), manifest("b", "c"), manifest("c", "d")) == [
        "c:3:1 unknown-reference no manifest declares Thing `d`"
    ]


def test_a_kind_is_not_asked_where_a_reference_is_to_a_manifest_that_is_not_valid() -> None:
    assert faults(manifest("a", "b"), manifest("b", valid=False)) == []


def test_a_circle_is_told_once_at_its_first_reference() -> None:
    assert faults(manifest("c", "a"), manifest("a", "x", "b"), manifest("b", "c"), manifest("x")) == [
        "a:4:1 reference-cycle Thing/a refers to itself: Thing/a → Thing/b → Thing/c → Thing/a",
        "x:2:1 checked Thing/x was checked",
    ]


def test_each_circle_is_told() -> None:
    found = faults(manifest("a", "a"), manifest("b", "c"), manifest("c", "b"))
    assert sorted(found) == [
        "a:3:1 reference-cycle Thing/a refers to itself: Thing/a → Thing/a",
        "b:3:1 reference-cycle Thing/b refers to itself: Thing/b → Thing/c → Thing/b",
    ]


def test_a_chain_of_thousands_is_no_circle() -> None:
    chain = [manifest(f"t{number:05}", f"t{number + 1:05}") for number in range(3000)]
    assert len(faults(*chain, manifest("t03000"))) == 3001


def test_only_objects_of_the_tenant_have_live_names() -> None:
    same = [manifest("a", live="One"), manifest("n", "a", kind="Note", live="One"), manifest("b", live="One")]
    assert [fault for fault in faults(*same) if "duplicate" in fault] == [
        "b:2:1 duplicate-live-name Thing/a has the same name in the tenant (a:2:1)"
    ]


def test_a_duration_that_cannot_be_read_is_a_problem_of_its_manifest() -> None:
    def too_long(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
        int("9" * 10_000)
        return ()

    problems = check(Declared([manifest("a")]), {"Thing": Kind("Thing", "a thing", check=too_long)}).own
    assert [(problem.code, problem.where) for problem in problems] == [("out-of-range", Location("a", 2, 1))]
