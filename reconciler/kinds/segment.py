"""Segment: source + score + intersect → one contact list per band."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from reconciler.kinds import contact_list, contact_source, score_model, suppression_list
from reconciler.model.countries import find_declared_country as country_of
from reconciler.model.kind import Kind, Reference
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import (
    SENT_AS,
    ContactsOf,
    InteractionsOf,
    MemberPhones,
    MembersOf,
    PeopleQuery,
    RowQuery,
)
from reconciler.model.score_model import RecencyFrequency
from reconciler.model.segment import BAND, SCORED, Cap, Delivery, Phones, Segment, Suppression, Target
from reconciler.model.source_parsing import make_live_list
from reconciler.model.source_specs import SalesforceFeed
from reconciler.surfaces import load_methods


def make_segment(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Segment:
    """The segment that a valid manifest declares, with its source, score and lists looked up."""
    spec = resource.spec
    declared = catalogue.get("ContactSource", spec["source"])
    source = contact_source.make_source(declared)
    score = score_model.make_score(catalogue.get("ScoreModel", spec["score"]), catalogue, source.types)
    delivery = spec["delivery"]
    attributes = _make_attributes(delivery, contact_source.list_attributes(declared))
    renamed = tuple((name, value) for name, value in attributes.items() if name != value)
    method = load_methods().get(delivery["method"])
    whole = method is None or method.way.makes_contacts
    wanted = Delivery(delivery["method"], delivery.get("chunkSize"), tuple(attributes), renamed, whole)
    suppress = _make_suppressions(resource, catalogue)
    return Segment(
        address=resource.address,
        contacts=source.contacts,
        interactions={
            measure: source.history
            or InteractionsOf(
                source.contacts, measure.types, as_of - measure.window, as_of, declared.where("spec", "interactions")
            )
            for measure in score.measures()
            if isinstance(measure, RecencyFrequency)
        },
        score=score,
        intersect=tuple(
            ContactsOf(make_live_list(item), resource.where("spec", "intersect", index))
            for index, item in enumerate(spec.get("intersect", ()))
        ),
        targets=tuple(
            _make_target(catalogue.get("ContactList", spec["lists"][band.name]), band.name, wanted, bool(suppress))
            for band in score.bands
            if band.name in spec["lists"]
        ),
        mirror=spec.get("membership", "upsert") == "mirror",
        delivery=wanted,
        phones=_make_phones(spec, source.contacts),
        suppress=suppress,
        cap=Cap(spec["cap"]["most"], spec["cap"].get("first", "highest-score")) if "cap" in spec else None,
    )


def _make_attributes(delivery: Mapping[str, Any], mapped: Collection[str]) -> dict[str, str]:
    """What is written with each contact, by the name that it has on a list; in the order of names."""
    found = {}
    for each in delivery.get("attributes", ()):
        name, value = _parse_attribute(each)
        found[name] = BAND if value == "band" and value not in mapped else value
    return dict(sorted(found.items()))


def _parse_attribute(attribute: str | Mapping[str, str]) -> tuple[str, str]:
    return (attribute, attribute) if isinstance(attribute, str) else (attribute["name"], attribute["value"])


def make_segments(catalogue: Catalogue, as_of: datetime) -> dict[Address, Segment]:
    """Every segment that the manifests declare, by its address."""
    return {each.address: make_segment(each, catalogue, as_of) for each in catalogue.of_kind(KIND.name)}


def _make_phones(spec: Mapping[str, Any], contacts: PeopleQuery) -> Phones | None:
    # a record of Salesforce without a valid phone is always out (contract, Salesforce)
    if "phones" not in spec and not spec.get("suppress") and not isinstance(contacts, SalesforceFeed):
        return None
    declared = spec.get("phones", {})
    return Phones(declared.get("rule", "valid"), country_of(declared.get("region")))


def _make_suppressions(resource: Resource, catalogue: Catalogue) -> tuple[Suppression, ...]:
    region = resource.spec.get("phones", {}).get("region")
    manifests = (catalogue.get("SuppressionList", name) for name in resource.spec.get("suppress", ()))
    return tuple(suppression_list.make_suppression(manifest, region) for manifest in manifests)


def _make_target(manifest: Resource, band: str, delivery: Delivery, suppresses: bool) -> Target:
    name = contact_list.KIND.live_name(manifest)
    read = suppresses or delivery.whole
    phones = MemberPhones(name, manifest.where(), needed=suppresses, compared=delivery.whole)
    return Target(
        band, manifest.address, name, MembersOf(name, delivery.attributes, delivery.whole), phones if read else None
    )


def queries(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Iterable[RowQuery]:
    """Contacts, interactions, lists to intersect with, do-not-call numbers, and who is on the lists now."""
    declared = make_segment(resource, catalogue, as_of)
    yield declared.contacts
    yield from declared.interactions.values()
    yield from declared.intersect
    for suppression in declared.suppress:
        yield from suppression.read
    for target in declared.targets:
        yield target.members
        if target.phones is not None:
            yield target.phones


def knows_all_phones(resource: Resource, catalogue: Catalogue) -> bool:
    """Whether the source itself says the phone of everybody who is on the segment's lists after an apply."""
    contacts = contact_source.make_source(catalogue.get("ContactSource", resource.spec["source"])).contacts
    said = isinstance(contacts, ContactsOf) or bool(getattr(contacts, "phones", ()))
    return said and resource.spec.get("membership") == "mirror"


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Source and score fit, the bands exist, a list serves one band alone, the method can do what is asked."""
    spec = resource.spec
    model = catalogue.get("ScoreModel", spec["score"])
    reads_interactions = "interactions" in catalogue.get("ContactSource", spec["source"]).spec
    if score_model.reads_interactions(model, catalogue) and not reads_interactions:
        yield Problem(
            resource.where("spec", "score"),
            "score-without-data",
            f"ScoreModel {spec['score']!r} is made of interactions; source {spec['source']!r} reads none",
            hint="add `interactions` to the source, or choose another score",
        )
    bands = score_model.list_band_names(model)
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
    yield from _check_shared_lists(resource, catalogue)
    yield from _check_delivery(resource, catalogue)


_NAMES = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
_TAKEN = ("contactId", "member", SENT_AS)


def _check_delivery(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """The method can do what is asked of it."""
    spec = resource.spec
    delivery = spec["delivery"]
    source = catalogue.get("ContactSource", spec["source"])
    offered = contact_source.list_attributes(source)
    names: set[str] = set()
    for index, each in enumerate(delivery.get("attributes", ())):
        place = resource.where("spec", "delivery", "attributes", index)
        name, value = _parse_attribute(each)
        if name.casefold() in names:
            yield Problem(place, "repeated-item", f"two attributes are named {name!r} on the list, in whatever case")
        names.add(name.casefold())
        if not _NAMES.match(name) or name in _TAKEN:
            hint = f"letters, digits and `_`, and not {', '.join(_TAKEN)}"
            yield Problem(place, "attribute-name", f"{name!r} cannot be an attribute on a list", hint=hint)
        elif value not in (*SCORED, "band", *offered):
            hint = f"there are {', '.join([*SCORED, 'band', *offered])}; add it to the source's `attributes`"
            yield Problem(place, "unknown-attribute", f"{source.address} maps no attribute {value!r}", hint=hint)
    method = load_methods().get(delivery["method"])
    way = None if method is None else method.way
    if way is not None and delivery.get("chunkSize", 0) > way.most:
        message = f"`{way.name}` carries at most {way.most:,} contacts a request"
        yield Problem(resource.where("spec", "delivery", "chunkSize"), "chunk-too-large", message)
    if way is not None and way.phones and _make_phones(spec, contact_source.make_source(source).contacts) is None:
        yield Problem(
            resource.where("spec", "delivery", "method"),
            "phones-needed",
            f"`{way.name}` sends each contact's number, and this segment reads none",
            hint="add `phones`, with the rule and the region that they are read by",
        )
    if way is not None and not way.attributes and delivery.get("attributes"):
        others = sorted(
            each for each, one in load_methods().items() if one.way.attributes and not one.way.makes_contacts
        )
        yield Problem(
            resource.where("spec", "delivery", "attributes"),
            "attributes-not-carried",
            f"`{way.name}` puts contacts on a list by id alone and cannot carry attributes",
            hint=f"use method {' or '.join(f'`{each}`' for each in others)}, or leave `attributes` out",
        )


def _check_shared_lists(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
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
    summary="who belongs on which contact list",
    references=(
        Reference(("source",), "ContactSource"),
        Reference(("score",), "ScoreModel"),
        Reference(("lists", "*"), "ContactList"),
        Reference(("suppress", "*"), "SuppressionList"),
    ),
    queries=queries,
    check=check,
)
