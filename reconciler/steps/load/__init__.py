"""What do the manifests of a workspace say?

Files → YAML → parts → templates → schemas → references → each kind's own checks → the tenant that is meant. Every stage
tells all it finds, and a manifest goes as far as it can: one run shows every fault, each at its place.
Nothing here needs a network or a credential. The libraries are imported when something is loaded, not before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.address import Address
from reconciler.model.desired import Desired
from reconciler.model.kind import follow
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.resource import Path, Resource
from reconciler.model.settings import Workspace

if TYPE_CHECKING:
    from reconciler.steps.load.document import Document
    from reconciler.steps.load.references import Declared


def load(workspace: Workspace) -> Desired:
    """The resources that the manifests of a workspace declare, valid and in each other's company.

    Raises:
        BadInput: everything that is wrong with them, with the variables, or with the choice of tenant.
    """
    from reconciler.kinds import kinds
    from reconciler.kinds.workspace import settings as settings_of
    from reconciler.model.live import digest_of
    from reconciler.steps.load import choices, freshness, references, strictness

    documents, unread, problems = _read(workspace)
    declared, faults = _declare(documents, unread)
    catalogue, misfits = references.check(declared, kinds())
    problems += [*faults, *misfits, *strictness.check(catalogue)]
    problems += freshness.check(catalogue, workspace.now)
    if not documents:
        empty = Problem(Location("."), "no-manifests", "the files of this workspace hold no manifest")
        raise BadInput(problems or [empty])
    settings = settings_of(next(iter(catalogue.of_kind("Workspace")), None))
    chosen = choices.tenant(workspace, settings, catalogue, declared.names.get("Tenant", {}))
    if isinstance(chosen, Problem) and not declared.unread:
        problems.append(chosen)
    engine = choices.engine(workspace, settings, catalogue)
    if isinstance(engine, Problem):
        problems.append(engine)
    if problems or isinstance(chosen, Problem) or isinstance(engine, Problem):
        raise BadInput(problems)
    return Desired(
        catalogue=catalogue,
        settings=replace(strictness.applied(settings, catalogue), engine=engine),
        tenant=catalogue.get("Tenant", chosen),
        as_of=choices.moment(workspace, settings),
        now=workspace.now,
        manifests=digest_of([_fingerprint(catalogue.resources[address]) for address in sorted(catalogue.resources)]),
        root=workspace.root,
        scratch=workspace.scratch,
        prune=workspace.prune,
        refresh=workspace.refresh,
    )


def _read(workspace: Workspace) -> tuple[list[Document], set[str], list[Problem]]:
    """The documents of every file, rendered; the files that may hold more; what is wrong with them."""
    from reconciler.steps.load import files, parts, strictness, templates, yaml_nodes
    from reconciler.steps.load.supposed import suppose
    from reconciler.steps.load.variables import unused, variables

    sources, problems = files.read_manifests(workspace.root, (*workspace.variable_files, *workspace.floors))
    floors, faults = files.read_floors(workspace.root, workspace.floors)
    problems += faults
    unread = {problem.where.file for problem in problems if problem.where != files.WHOLE}
    values, faults = variables(workspace)
    problems += faults
    documents: list[Document] = []
    for source in sources:
        found, faults, whole = yaml_nodes.read(source.name, source.text)
        problems += faults
        documents += found
        if not whole:
            unread.add(source.name)
    documents, faults = parts.spread(documents)
    problems += faults
    for document in documents:
        problems += templates.render(document, values, _literal(document))
    for source in floors:  # as they are written: no value of a team's is put into them
        found, faults, _ = yaml_nodes.read(source.name, source.text)
        problems += [*faults, *strictness.misplaced(found)]
        documents += found
    problems += unused(workspace.variables, [source.text for source in sources])
    problems += suppose(documents, workspace.supposition)
    return documents, unread, problems


def _declare(documents: list[Document], unread: set[str]) -> tuple[Declared, list[Problem]]:
    """The resources of the documents that fit their schemas, and what is wrong with the others."""
    from reconciler.steps.load import schema
    from reconciler.steps.load.references import Declared, Manifest

    problems: list[Problem] = []
    names: dict[str, dict[str, list[Location]]] = {}
    manifests: list[Manifest] = []
    for document in documents:
        faults = schema.check(document)
        problems += faults
        document.spoiled |= {fault.where for fault in faults}
        kind, name = _identity(document)
        if kind is None or name is None:
            unread.add(document.file)
        else:
            places = names.setdefault(kind, {}).setdefault(name, [])
            # the parts of one manifest have one name
            places += {document.where("metadata", "name")} - set(places)
        if kind is not None:
            fits = document.sound and not faults
            manifests.append(Manifest(kind, document, _resource(document) if fits else None))
    return Declared(manifests, names, frozenset(unread)), problems


def _identity(document: Document) -> tuple[str | None, str | None]:
    """The kind and name that a document has, as far as they can be read and are valid."""
    from reconciler.kinds import kinds

    value: dict[str, Any] = document.value if isinstance(document.value, dict) else {}
    metadata = value.get("metadata")
    kind, name = value.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None
    known = isinstance(kind, str) and kind in kinds()
    readable = isinstance(name, str) and document.where("metadata", "name") not in document.spoiled
    return kind if known else None, name if readable else None


def _literal(document: Document) -> set[Path]:
    """The parts that the document's kind keeps as written."""
    from reconciler.kinds import kinds

    value: dict[str, Any] = document.value if isinstance(document.value, dict) else {}
    kind = kinds().get(str(value.get("kind")))
    paths = kind.literal if kind is not None else ()
    return {("spec", *steps) for path in paths for steps, _ in follow(value.get("spec"), path)}


def _resource(document: Document) -> Resource:
    metadata = document.value["metadata"]
    return Resource(
        address=Address(document.value["kind"], metadata["name"], document.part),
        spec=document.value["spec"],
        labels=metadata.get("labels", {}),
        annotations=metadata.get("annotations", {}),
        places=document.places,
    )


def _fingerprint(resource: Resource) -> list[Any]:
    part = [] if resource.address.part is None else [resource.address.part]
    return [
        resource.address.kind,
        resource.address.name,
        *part,
        dict(resource.labels),
        dict(resource.annotations),
        dict(resource.spec),
    ]
