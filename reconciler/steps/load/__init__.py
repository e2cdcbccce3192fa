"""Load the manifests of a workspace.

Files → YAML → parts → templates → schemas → references → each kind's own checks → the tenant that is meant. Every stage
tells all it finds, and a manifest goes as far as it can: one run shows every fault, each at its place, causes first.
Nothing here needs a network or a credential. The libraries are imported when something is loaded, not before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.desired_state import Desired
from reconciler.model.kind import iter_values_at
from reconciler.model.problem import BadInput, Location, Problem, Problems, Stage
from reconciler.model.resource import Path, Resource
from reconciler.model.resource_address import Address
from reconciler.model.workspace_settings import Workspace

if TYPE_CHECKING:
    from reconciler.steps.load.manifest_document import Document
    from reconciler.steps.load.problem_collector import Collected
    from reconciler.steps.load.references import Declared
    from reconciler.steps.load.template_variables import Environment


def load(workspace: Workspace, *, look_for_files: bool = False, within_bounds: bool = True) -> Desired:
    """The resources that the manifests of a workspace declare, valid and in each other's company.

    Args:
        look_for_files: whether a file of the workspace that a manifest names and that is not there is a problem.
        within_bounds: whether what manifests name of the world outside is held to the operator's file. Where it is not,
            nothing may be asked or read by what they name.

    Raises:
        BadInput: everything that is wrong with them, with the variables, or with the choice of tenant.
    """
    from reconciler.kinds import load_kinds
    from reconciler.kinds.workspace import make_settings as settings_of
    from reconciler.model.json_digest import compute_digest
    from reconciler.steps.load import (
        approval_policies,
        condition_check,
        dnc_date_check,
        local_files,
        narrowing,
        operator_bounds_check,
        operator_files,
        references,
        release_check,
        rename_check,
        rule_settings,
        run_choices,
    )
    from reconciler.steps.load.problem_collector import Collected

    found = Collected()
    documents, ignored, environment = _read(workspace, found)
    declared = _declare(documents, found)
    checked = references.check(declared, load_kinds())
    catalogue = checked.catalogue
    found.add(
        Stage.REFERENCES,
        [*checked.links, *release_check.check(catalogue, load_kinds()), *rename_check.check(catalogue, load_kinds())],
    )
    found.add_following(Stage.REFERENCES, checked.following)
    found.add(Stage.CHECKS, [*checked.own, *rule_settings.check(catalogue)])
    found.add(Stage.CHECKS, dnc_date_check.check(catalogue, workspace.now))
    found.add(Stage.CHECKS, condition_check.check(catalogue))
    if look_for_files:
        found.add(Stage.CHECKS, local_files.check(checked.sound, load_kinds(), workspace.root))
    if not documents:
        empty = Problem(Location("."), "no-manifests", "the files of this workspace hold no manifest")
        Problems(found.problems or [empty]).refuse()
    settings = settings_of(next(iter(catalogue.of_kind("Workspace")), None))
    chosen = run_choices.choose_tenant(workspace, settings, catalogue, declared.names.get("Tenant", {}), environment)
    if isinstance(chosen, Problem):
        elsewhere = found.unread and found.unread.may_declare("Tenant")
        elsewhere = elsewhere or (workspace.environment is not None and environment is None)
        (found.add_following if elsewhere else found.add)(Stage.REFERENCES, [chosen])
    floors = [each.resource for each in declared.manifests if each.document.operator and each.resource is not None]
    own = [each.resource for each in declared.manifests if not each.document.operator and each.resource is not None]
    meant = "" if isinstance(chosen, Problem) else chosen
    held, faults = operator_files.read_bounds(floors, workspace, meant, settings.ledger)
    reached = [each for each in declared.manifests if each.document.operator and each.document.with_manifests]
    in_git = operator_files.find_reached(each.resource for each in reached if each.resource is not None)
    found.add(Stage.CHECKS, [*faults, *operator_files.find_misplaced(own), *in_git])
    approvals = approval_policies.read_policies(catalogue, declared.manifests, workspace)
    found.add(Stage.CHECKS, approvals.problems)
    found.add_following(Stage.CHECKS, approvals.following)
    if not faults and within_bounds:
        told = {problem.where for problem in found.problems}
        beyond = operator_bounds_check.check(catalogue.resources.values(), meant, settings.ledger, held, workspace)
        found.add(
            Stage.CHECKS,
            [each for each in beyond if each.code not in operator_bounds_check.TOLD_ONCE or each.where not in told],
        )
    engine = run_choices.choose_engine(workspace, settings, catalogue)
    if isinstance(engine, Problem):
        found.add(Stage.CHECKS, [engine])
    found.refuse()
    kept, released = release_check.split_released(catalogue)
    if isinstance(chosen, Problem) or isinstance(engine, Problem):
        raise TypeError("it was refused before")
    left = narrowing.narrow(kept, workspace.selection, load_kinds())
    found.notices += narrowing.describe_kept(left)
    return Desired(
        catalogue=left.catalogue,
        released=() if workspace.selection else released,
        selection=workspace.selection,
        read_only=left.read_only,
        left_out=left.left_out,
        release=workspace.release,
        settings=replace(rule_settings.apply_floors(settings, catalogue), engine=engine, approvals=approvals.policies),
        tenant=catalogue.get("Tenant", chosen),
        as_of=run_choices.choose_moment(workspace, settings),
        now=workspace.now,
        manifests=compute_digest(
            [_fingerprint(catalogue.resources[address]) for address in sorted(catalogue.resources)]
        ),
        root=workspace.root,
        scratch=workspace.scratch,
        prune=workspace.prune,
        refresh=workspace.refresh,
        ignored=ignored,
        environment=workspace.environment,
        bounds=held,
        notices=tuple(found.notices),
    )


def _read(workspace: Workspace, found: Collected) -> tuple[list[Document], int, Environment | None]:
    """The documents of every file, rendered, how many files are left out, and the environment that was chosen.

    What is wrong with any of them is found.

    Raises:
        BadInput: nothing of the workspace is a manifest.
    """
    from reconciler.steps.load import foreign_yaml, manifest_files, manifest_parts, rule_settings, templates, yaml_nodes
    from reconciler.steps.load.ignore_file import IGNORE_FILE
    from reconciler.steps.load.problem_collector import group_by_place
    from reconciler.steps.load.template_variables import find_unused, read_variables
    from reconciler.steps.load.what_if_values import suppose

    sources, problems, ignored = manifest_files.read_manifests(
        workspace.root, (*workspace.variable_files, *workspace.floors)
    )
    floors, faults = manifest_files.read_floors(workspace.root, workspace.floors)
    problems += faults
    for problem in problems:
        if problem.where.file not in (manifest_files.WHOLE.file, IGNORE_FILE):
            found.unread.add(problem.where.file, None)
    values, of_values = read_variables(workspace)
    documents: list[Document] = []
    in_texts = Problems()
    for source in sources:
        several, faults, whole = yaml_nodes.read(source.name, source.text)
        in_texts += faults
        documents += several
        if not whole:
            found.unread.add(source.name, source.text)
    documents, others = foreign_yaml.separate(documents)
    nothing = None if documents or problems else foreign_yaml.describe_no_workspace(sources, others, in_texts)
    if nothing is not None:
        raise BadInput([nothing, *of_values])
    found.add(Stage.READING, [*problems, *of_values, *in_texts])
    found.add(Stage.SCHEMAS, foreign_yaml.describe_foreign(others))
    documents, faults = manifest_parts.spread(documents)
    of_templates = [*faults, *find_unused(workspace.variables, [source.text for source in sources])]
    for document in documents:
        of_templates += templates.render(document, values, _literal(document))
    for source in floors:  # as they are written: no value of a team's is put into them
        several, faults, _ = yaml_nodes.read(source.name, source.text)
        found.add(Stage.READING, faults)
        found.add(Stage.SCHEMAS, rule_settings.find_misplaced(several))
        for document in several:
            document.operator, document.with_manifests = source.apart, source.with_manifests
        documents += several
    found.origins = group_by_place(document.origins for document in documents)
    found.add(Stage.RENDERING, [*of_templates, *suppose(documents, workspace.supposition)])
    found.texts = {source.name: source.text for source in (*sources, *floors)}
    return documents, ignored, values.environment


def _declare(documents: list[Document], found: Collected) -> Declared:
    """The resources of the documents that fit their schemas; what is wrong with the others is found."""
    from reconciler.steps.load import earlier_spellings, schema_check
    from reconciler.steps.load.references import Declared, Manifest

    names: dict[str, dict[str, list[Location]]] = {}
    manifests: list[Manifest] = []
    for document in documents:
        notices, twice = earlier_spellings.respell(document)
        found.notices += [each for each in notices if each not in found.notices]
        faults = [*twice, *schema_check.check(document)]
        found.add(Stage.SCHEMAS, faults)
        document.spoiled |= {fault.where for fault in faults}
        kind, name = _identity(document)
        if kind is None or name is None:
            found.unread.add(document.file, found.texts.get(document.file))
        else:
            places = names.setdefault(kind, {}).setdefault(name, [])
            # the parts of one manifest have one name
            places += {document.locate("metadata", "name")} - set(places)
        if kind is not None:
            fits = document.sound and not faults
            manifests.append(Manifest(kind, document, _resource(document) if fits else None))
    return Declared(manifests, names, found.unread)


def _identity(document: Document) -> tuple[str | None, str | None]:
    """The kind and name that a document has, as far as they can be read and are valid."""
    from reconciler.kinds import load_kinds

    value: dict[str, Any] = document.value if isinstance(document.value, dict) else {}
    metadata = value.get("metadata")
    kind, name = value.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None
    known = isinstance(kind, str) and kind in load_kinds()
    readable = isinstance(name, str) and document.locate("metadata", "name") not in document.spoiled
    return kind if known else None, name if readable else None


def _literal(document: Document) -> set[Path]:
    """The parts that the document's kind keeps as written."""
    from reconciler.kinds import load_kinds

    value: dict[str, Any] = document.value if isinstance(document.value, dict) else {}
    kind = load_kinds().get(str(value.get("kind")))
    paths = kind.literal if kind is not None else ()
    return {("spec", *steps) for path in paths for steps, _ in iter_values_at(value.get("spec"), path)}


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
