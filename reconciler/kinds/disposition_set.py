"""DispositionSet: the outcomes that contacts of a campaign are to have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.kinds import suppression_list
from reconciler.model.disposition import MATRIX, STANDARD, DispositionSet, Feedback, Meaning
from reconciler.model.kind import Kind, Reference
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.row_queries import CampaignPhones, LiveCampaign, OutcomesOf, RowQuery
from reconciler.model.source_parsing import check_files, iter_names_of_rows, make_file_paths, make_pairs, make_sql_query
from reconciler.model.source_specs import DispositionFeed, FileDispositions, SqlDispositions

_FEEDS = ("files", "sql")


def make_disposition_set(resource: Resource, catalogue: Catalogue) -> DispositionSet:
    """The set that a valid manifest declares, with the do-not-call lists that it feeds looked up."""
    spec = resource.spec
    campaign = LiveCampaign(spec["campaign"].get("name"), spec["campaign"].get("id"))
    feed = _make_feed(resource)
    where = resource.where("spec", "campaign")
    feedback = tuple(_make_feedback(each, catalogue) for each in spec.get("feedback", ()))
    phones = CampaignPhones(campaign, where) if feedback and "phone" not in dict(feed.columns) else None
    live = OutcomesOf(campaign, feed, where)
    return DispositionSet(resource.address, campaign, feed, live, _make_matrix(resource), feedback, phones)


def make_disposition_sets(catalogue: Catalogue) -> tuple[DispositionSet, ...]:
    """Every set that is declared, in the order of their names."""
    return tuple(make_disposition_set(resource, catalogue) for resource in catalogue.of_kind(KIND.name))


def _make_matrix(resource: Resource) -> Mapping[str, Meaning]:
    declared = resource.spec.get("outcomes", {})
    own = {code: Meaning(each["category"], each.get("final", False)) for code, each in declared.items()}
    return {**MATRIX, **own}


def _make_feed(resource: Resource) -> DispositionFeed:
    (name,) = (name for name in _FEEDS if name in resource.spec)
    spec = resource.spec[name]
    columns = make_pairs(spec["columns"])
    custom, on_invalid = make_pairs(spec.get("customFields", {})), spec.get("onInvalid", "refuse")
    codes, where = tuple(sorted(_make_matrix(resource))), resource.where("spec", name)
    if name == "files":
        return FileDispositions(
            **make_file_paths(spec), columns=columns, custom=custom, codes=codes, on_invalid=on_invalid, where=where
        )
    return SqlDispositions(
        **make_sql_query(spec), columns=columns, custom=custom, codes=codes, on_invalid=on_invalid, where=where
    )


def feeds(resource: Resource) -> Iterable[DispositionFeed]:
    """Where its outcomes are read."""
    return (_make_feed(resource),)


def _make_feedback(spec: Mapping[str, object], catalogue: Catalogue) -> Feedback:
    manifest = catalogue.get("SuppressionList", str(spec["suppressionList"]))
    declared = suppression_list.make_suppression(manifest, None)
    outcomes = tuple(sorted(str(each) for each in _list_outcomes(spec["outcomes"])))
    return Feedback(outcomes, declared, str(manifest.spec["store"]))


def _list_outcomes(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()


def queries(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Iterable[RowQuery]:
    """The outcomes, those that the contacts have now, and their numbers where they are needed."""
    declared = make_disposition_set(resource, catalogue)
    yield declared.feed
    yield declared.live
    if declared.phones is not None:
        yield declared.phones
    for each in declared.feedback:
        yield from each.list.read


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """One source; outcomes and custom fields named as they may be; feedback to lists that take some, once each."""
    spec = resource.spec
    given = [name for name in _FEEDS if name in spec]
    if len(given) != 1:
        words = f"{' and '.join(given)} are given" if given else "none is given"
        message = f"a DispositionSet reads its outcomes in one way: {', '.join(_FEEDS)}; {words}"
        yield Problem(resource.where("spec"), "source-unclear", message)
        return
    if "files" in given:
        yield from check_files(resource, "files")
    standard = {name.casefold() for name in STANDARD}
    for name in spec[given[0]].get("customFields", {}):
        if name.casefold() in standard:
            place = resource.where("spec", given[0], "customFields", name)
            hint = f"choose another name than {', '.join(sorted(STANDARD))}"
            yield Problem(place, "field-taken", f"the custom field {name!r} is a field of every disposition", hint=hint)
    for name in ("phone", "region"):
        if name in spec[given[0]]["columns"] and not spec.get("feedback"):
            message = f"`{name}` means nothing without `feedback`: outcomes are set by the contact's id"
            place = resource.where("spec", given[0], "columns", name)
            yield Problem(place, "without-effect", message, hint="leave it out, or say which outcomes `feedback` adds")
    yield from _check_feedback(resource, catalogue)
    yield from _check_shared_campaigns(resource, catalogue)


def _check_feedback(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    matrix = _make_matrix(resource)
    seen: set[str] = set()
    for index, each in enumerate(resource.spec.get("feedback", ())):
        name = each["suppressionList"]
        place = resource.where("spec", "feedback", index)
        if "store" not in catalogue.get("SuppressionList", name).spec:
            hint = f"give SuppressionList {name!r} a `store`, the folder in which it keeps what is added"
            message = f"SuppressionList {name!r} has no place for numbers that are added to it"
            yield Problem(place, "list-without-store", message, hint=hint)
        if name in seen:
            yield Problem(place, "list-fed-twice", f"SuppressionList {name!r} is fed twice by this set")
        seen.add(name)
        for number, code in enumerate(each["outcomes"]):
            if code not in matrix:
                at = resource.where("spec", "feedback", index, "outcomes", number)
                hint = f"there are {', '.join(sorted(matrix))}; add it to `outcomes`"
                yield Problem(at, "unknown-outcome", f"there is no outcome {code!r}", hint=hint)


def _check_shared_campaigns(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Two sets that read the same rows of one campaign would each count the other's as its own."""
    for other in catalogue.of_kind(KIND.name):
        same = other.spec["campaign"] == resource.spec["campaign"]
        if other.address < resource.address and same and _list_feeds(other) == _list_feeds(resource):
            message = f"{other.address} sets the same outcomes in the same campaign"
            yield Problem(resource.where("spec"), "set-twice", message, hint="keep one of them")


def _list_feeds(resource: Resource) -> list[object]:
    return [resource.spec.get(name) for name in _FEEDS]


KIND = Kind(
    name="DispositionSet",
    summary="outcomes to set on contacts of a campaign",
    references=(Reference(("feedback", "*", "suppressionList"), "SuppressionList"),),
    queries=queries,
    feeds=feeds,
    names=iter_names_of_rows,
    check=check,
    keeps_out=True,
)
