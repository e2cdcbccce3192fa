"""Segment: source + score + intersect → one contact list per band."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reconciler.kinds import contact_list, contact_source, score_model
from reconciler.model.kind import Kind, Reference
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.rows import ContactsOf, InteractionsOf, MembersOf, RowQuery
from reconciler.model.score import RecencyFrequencyScore
from reconciler.model.segment import Delivery, Segment, Target

DEFAULT_CHUNK = 500


def segment(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Segment:
    """The segment that a valid manifest declares, with its source, score and lists looked up."""
    spec = resource.spec
    source = contact_source.source(catalogue.get("ContactSource", spec["source"]))
    score = score_model.score(catalogue.get("ScoreModel", spec["score"]), source.types or ())
    declared = spec["delivery"]
    attributes = tuple(sorted(declared.get("attributes", ())))
    interactions = None
    if isinstance(score, RecencyFrequencyScore):
        interactions = InteractionsOf(source.contacts, score.types, as_of - score.window, as_of)
    return Segment(
        address=resource.address,
        contacts=source.contacts,
        interactions=interactions,
        score=score,
        intersect=tuple(
            ContactsOf(contact_source.live_list(item), resource.where("spec", "intersect", index))
            for index, item in enumerate(spec.get("intersect", ()))
        ),
        targets=tuple(
            _target(catalogue.get("ContactList", spec["lists"][band.name]), band.name, attributes)
            for band in score.bands
            if band.name in spec["lists"]
        ),
        mirror=spec.get("membership", "upsert") == "mirror",
        delivery=Delivery(declared["method"], declared.get("chunkSize", DEFAULT_CHUNK), attributes),
    )


def _target(manifest: Resource, band: str, attributes: tuple[str, ...]) -> Target:
    name = contact_list.KIND.live_name(manifest)
    return Target(band, manifest.address, name, MembersOf(name, attributes))


def queries(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Iterable[RowQuery]:
    """The source's contacts, their interactions, the lists to intersect with, and who is on the lists now."""
    declared = segment(resource, catalogue, as_of)
    yield declared.contacts
    if declared.interactions is not None:
        yield declared.interactions
    yield from declared.intersect
    for target in declared.targets:
        yield target.members


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Source and score fit, the bands exist, a list serves one band alone, the method can do what is asked."""
    spec = resource.spec
    reads_interactions = "interactions" in catalogue.get("ContactSource", spec["source"]).spec
    model = catalogue.get("ScoreModel", spec["score"])
    scores_interactions = "recencyFrequency" in model.spec
    if reads_interactions != scores_interactions:
        needs = "interactions" if scores_interactions else "the engagement score of a contact list"
        has = "interactions" if reads_interactions else "a contact list without interactions"
        yield Problem(
            resource.where("spec", "score"),
            "score-without-data",
            f"ScoreModel {spec['score']!r} is made of {needs}; source {spec['source']!r} reads {has}",
            hint="choose a source and a score that fit each other",
        )
    bands = score_model.band_names(model)
    for band in spec["lists"]:
        if band not in bands:
            yield Problem(
                resource.where("spec", "lists", band),
                "unknown-band",
                f"ScoreModel {spec['score']!r} has no band {band!r}",
                hint=f"its bands are {', '.join(bands)}",
            )
    names = list(spec["lists"].values())
    for band, name in spec["lists"].items():
        if names.count(name) > 1:
            message = f"ContactList {name!r} is given to more than one band"
            yield Problem(resource.where("spec", "lists", band), "list-given-twice", message)
    yield from _shared_lists(resource, catalogue)
    delivery = spec["delivery"]
    if delivery["method"] == "contactIds" and delivery.get("attributes"):
        yield Problem(
            resource.where("spec", "delivery", "attributes"),
            "attributes-not-carried",
            "`contactIds` puts contacts on a list by id alone and cannot carry attributes",
            hint="use method `listContacts`, or leave `attributes` out",
        )


def _shared_lists(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    for other in catalogue.of_kind("Segment"):
        if other.address == resource.address:
            continue
        for band, name in resource.spec["lists"].items():
            if name in other.spec["lists"].values():
                yield Problem(
                    resource.where("spec", "lists", band),
                    "list-shared",
                    f"ContactList {name!r} is also filled by {other.address} ({other.where('spec', 'lists')})",
                    hint="give each segment lists of its own: two segments on one list undo each other",
                )


KIND = Kind(
    name="Segment",
    says="who belongs on which contact list",
    references=(
        Reference(("source",), "ContactSource"),
        Reference(("score",), "ScoreModel"),
        Reference(("lists", "*"), "ContactList"),
    ),
    queries=queries,
    check=check,
)
