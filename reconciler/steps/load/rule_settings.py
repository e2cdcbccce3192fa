# tested by: tests/cli/test_strictness.py
"""Apply floors, severities, ceilings and waivers to the settings of rules, and check them.

Rules are known here, so that a waiver of none is told with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.audience.staging import geography
from reconciler.kinds import abandonment_policy, floor, workspace
from reconciler.model.ceiling import ELSEWHERE
from reconciler.model.countries import find_country
from reconciler.model.finding import Severity
from reconciler.model.nearest_name import suggest
from reconciler.model.nearest_name import suggest_country as suggest_place
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.workspace_settings import Settings
from reconciler.rules import load_rules
from reconciler.rules.ceilings_by_jurisdiction import load_ceilings
from reconciler.steps.load.manifest_document import Document


def apply_floors(settings: Settings, catalogue: Catalogue) -> Settings:
    """The settings with the waivers of every policy, on every floor."""
    policies = catalogue.of_kind(abandonment_policy.KIND.name)
    waived = tuple(waiver for policy in policies for waiver in abandonment_policy.iter_waivers(policy))
    settings = replace(settings, overrides=(*settings.overrides, *waived))
    for each in catalogue.of_kind(floor.KIND.name):
        settings = floor.make_floor(each).apply(settings)
    return settings


def check(catalogue: Catalogue) -> Iterator[Problem]:
    """Rules that there are not, what is made less strict, and waivers that cannot be."""
    for resource in catalogue.of_kind(workspace.KIND.name):
        yield from _check_severities(resource)
        yield from _check_waivers(resource, "overrides")
    for resource in catalogue.of_kind(floor.KIND.name):
        yield from _check_severities(resource)
        for number, rule in enumerate(resource.spec.get("unwaivable", ())):
            yield from _find_unknown(resource, rule, "unwaivable", number)
        yield from _check_countries(resource)
    for resource in catalogue.of_kind(abandonment_policy.KIND.name):
        yield from _check_waivers(resource, "waivers")
        yield from _check_ceilings(resource)
        yield from _check_countries(resource)


def find_misplaced(documents: Iterable[Document]) -> Iterator[Problem]:
    """What a file of floors holds besides floors."""
    for document in documents:
        kind = document.value.get("kind") if isinstance(document.value, dict) else None
        if kind != floor.KIND.name:
            message = f"a file of floors holds manifests of `kind: {floor.KIND.name}` alone"
            yield Problem(document.locate("kind"), "not-a-floor", message, hint="put the others into the workspace")


def _find_unknown(resource: Resource, rule: str, *path: str | int) -> Iterator[Problem]:
    if rule not in load_rules():
        hint = suggest(rule, load_rules())
        yield Problem(resource.where("spec", *path), "unknown-rule", f"there is no rule `{rule}`", hint=hint)


def _check_severities(resource: Resource) -> Iterator[Problem]:
    for rule, said in resource.spec.get("severities", {}).items():
        yield from _find_unknown(resource, rule, "severities", rule)
        if rule in load_rules() and load_rules()[rule].severity is Severity.REFUSE and said == Severity.WARN:
            message = f"{rule} refuses, and a severity can only be raised"
            hint = "waive it for one object, with a reason and a last day"
            yield Problem(resource.where("spec", "severities", rule), "severity-lowered", message, hint=hint)


def _check_waivers(resource: Resource, place: str) -> Iterator[Problem]:
    for number, each in enumerate(resource.spec.get(place, ())):
        yield from _find_unknown(resource, each["rule"], place, number, "rule")
        rule = load_rules().get(each["rule"])
        if rule is None:
            continue
        if not rule.waivable:
            message = f"{rule.id} cannot be waived: {rule.title}"
            yield Problem(resource.where("spec", place, number, "rule"), "not-waivable", message)
        elif rule.ends and "until" not in each:
            message = f"a waiver of {rule.id} must set `until`"
            hint = "add `until: 2026-12-31`, the last day on which it is right"
            yield Problem(resource.where("spec", place, number), "waiver-without-end", message, hint=hint)


def _check_countries(resource: Resource) -> Iterator[Problem]:
    """What is said of a country that no number is of would hold for nobody; of two of one country one would be lost."""
    yield from _check_places(resource, "ceilings", "ceiling")
    yield from _check_places(resource, "safeHarbour", "safe harbour")


def _check_places(resource: Resource, field: str, what: str) -> Iterator[Problem]:
    named: dict[str, str] = {}
    for place in resource.spec.get(field, {}):
        if place == ELSEWHERE:
            continue
        code, where = find_country(place), resource.where("spec", field, place)
        if code is None:
            shown = suggest_place(place)
            yield Problem(where, "unknown-region", f"unknown region `{place}` in `spec.{field}`", hint=shown)
        elif code not in geography.load_countries():
            message = f"there is no country `{place}` that a number can be of, and the {what} would hold for nobody"
            yield Problem(where, "unknown-country", message, hint="leave it out")
        elif code in named:
            message = f"`{named[code]}` and `{place}` are one country, and have a {what} each"
            yield Problem(where, "country-twice", message, hint="leave one of them out")
        else:
            named[code] = place


def _check_ceilings(resource: Resource) -> Iterator[Problem]:
    known = load_ceilings()
    declared = abandonment_policy.make_ceilings(resource)
    for place in resource.spec.get("ceilings", {}):
        code = find_country(place) or place
        allowed, ceiling = known.get(code), declared[code]
        if allowed is not None and ceiling.percent > allowed.percent:
            yield Problem(
                resource.where("spec", "ceilings", place),
                "ceiling-loosened",
                f"the ceiling of {code} is {allowed.percent:g} %, and a policy can only lower it",
                note=allowed.source,
                hint="leave it out; a threshold above it needs a waiver",
            )
