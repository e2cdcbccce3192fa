"""Tenant: surfaces, base URLs, rate limits, and where the credentials are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.model.api_surface import make_event_url
from reconciler.model.callback_hosts import parse_network
from reconciler.model.external_references import ClearName, HostName, Named, PrivateName, make_secret_name
from reconciler.model.instants import parse_duration
from reconciler.model.kind import Kind
from reconciler.model.nearest_name import find_nearest
from reconciler.model.operator_bounds import Held
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.secret import Secret
from reconciler.model.tenant import REPLY_SIZE, DeclaredSurface, Pace
from reconciler.model.weekly_calendar import load_zones
from reconciler.surfaces import load_surfaces as api_surfaces

_PARAMETERS = (
    "domain",
    "tenant",
    "org",
    "instance",
    "area",
    "cluster",
    "tenantId",
    "version",
    "issuer",
    "scheduleZone",
)
_UNITS = ("timeoutUnit", "ringingUnit", "messageMode")
"""What else a surface is told: none of it says which tenant is meant."""

_LONGEST_CREDENTIAL = 10_000


def make_surfaces(
    resource: Resource, environ: Mapping[str, str], root: Path, bounds: Held | None = None
) -> tuple[DeclaredSurface, ...]:
    """The surfaces of a tenant with their credentials fetched from the environment or from files.

    Raises:
        BadInput: every credential that is missing, at the place that refers to it.
    """
    problems = Problems()
    surfaces = []
    for name, spec in resource.spec["surfaces"].items():
        own = "credentials" in spec
        path = ("spec", "surfaces", name, "credentials") if own else ("spec", "credentials")
        credentials = spec.get("credentials") or resource.spec.get("credentials")
        if credentials is None:
            problems.append(_credentials_missing(resource, name))
            continue
        missing = _find_missing_part(resource, name, spec, credentials, path)
        if missing is not None:
            problems.append(missing)
            continue
        fetched = {
            part: fetch_secret(credentials[part], resource.where(*path, part), environ, root, bounds)
            for part in credentials
        }
        faults = [value for value in fetched.values() if isinstance(value, Problem)]
        problems += faults
        if not faults:
            surfaces.append(_make_surface(name, spec, credentials, fetched))
    problems.refuse()
    return tuple(surfaces)


def _find_missing_part(
    resource: Resource, name: str, spec: Mapping[str, Any], credentials: Mapping[str, Any], path: tuple[str, ...]
) -> Problem | None:
    """An application's id and secret, where the surface's way of logging in needs them and they are not there."""
    route = api_surfaces()[name].preset.routes.get(spec.get("login", ""))
    if route is None or not route.login.application or {"applicationId", "applicationSecret"} <= credentials.keys():
        return None
    message = f"the login `{spec['login']}` of surface {name!r} needs an application's id and secret"
    hint = "add `applicationId` and `applicationSecret` to the credentials, or leave `login` out"
    return Problem(resource.where(*path), "missing-credentials", message, hint=hint)


def identify_tenant(resource: Resource) -> str:
    """Which tenant a manifest means: its name, and where its surfaces are."""
    parts = ("baseUrl", *_PARAMETERS)
    places = {
        " ".join(str(spec[part]) for part in parts if part in spec) for spec in resource.spec["surfaces"].values()
    }
    return " ".join([resource.address.name, *sorted(places)])


def _make_surface(
    name: str, spec: Mapping[str, Any], credentials: Mapping[str, Any], fetched: Mapping[str, Any]
) -> DeclaredSurface:
    default = api_surfaces()[name].pace
    return DeclaredSurface(
        name=name,
        client_id=fetched["clientId"].reveal(),
        client_secret=fetched["clientSecret"],
        credential_source=" ".join(f"{how} {where}" for how, where in credentials["clientSecret"].items()),
        parameters={key: str(spec[key]) for key in (*_PARAMETERS, *_UNITS) if key in spec},
        base_url=spec.get("baseUrl"),
        token_url=spec.get("tokenUrl"),
        scope=spec.get("scope"),
        pace=Pace(
            spec.get("rate", default.rate), spec.get("burst", default.burst), spec.get("workers", default.workers)
        ),
        connect_timeout=parse_duration(spec.get("connectTimeout", "5s")).total_seconds(),
        read_timeout=parse_duration(spec.get("readTimeout", "30s")).total_seconds(),
        reply_timeout=_parse_seconds(spec.get("replyTimeout")),
        reply_size=spec["maxReply"] * 1024 * 1024 if "maxReply" in spec else REPLY_SIZE,
        attempts=spec.get("attempts", 6),
        events_url=spec.get("eventsUrl"),
        poll_only=spec.get("watch") == "poll",
        poll_every=_parse_seconds(spec.get("pollEvery")),
        job_limit=_parse_seconds(spec.get("jobTimeout")),
        campaign_rate=spec.get("campaignRate", 10),
        counts_reads=spec.get("countReads", True),
        login=spec.get("login"),
        application=(
            (fetched["applicationId"].reveal(), fetched["applicationSecret"])
            if {"applicationId", "applicationSecret"} <= fetched.keys()
            else None
        ),
    )


def _parse_seconds(duration: str | None) -> float | None:
    return None if duration is None else parse_duration(duration).total_seconds()


def _credentials_missing(resource: Resource, surface: str) -> Problem:
    return Problem(
        resource.where("spec", "surfaces", surface),
        "missing-credentials",
        f"surface {surface!r} of tenant {resource.address.name!r} has no credentials",
        hint="add `credentials` to the tenant's spec, or to this surface",
    )


def fetch_secret(
    reference: Mapping[str, str],
    place: Location,
    environ: Mapping[str, str],
    root: Path,
    bounds: Held | None = None,
) -> Secret | Problem:
    """What a `{env: …}` or `{file: …}` in a manifest refers to; or what is wrong with it, at its place.

    A file out of the workspace is read where the operator's bounds name it.
    """
    if "env" in reference:
        value = environ.get(reference["env"], "")
        if value:
            return Secret(value)
        message = f"the environment variable {reference['env']} is not set, or is empty"
        return Problem(place, "missing-credentials", message, hint=f"export {reference['env']}=… and run again")
    file = (root / reference["file"]).resolve()
    inside = root.resolve()
    if not file.is_relative_to(inside) and not (bounds and bounds.trusts_file(file, inside)):
        message = f"the credential file {reference['file']} is outside the workspace"
        return Problem(place, "path-outside-workspace", message, hint="keep it below the workspace, ignored by git")
    try:
        with file.open(encoding="utf-8") as handle:
            value = handle.read(_LONGEST_CREDENTIAL).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"the credential file {reference['file']} cannot be read"
        return Problem(place, "missing-credentials", message, note=reason)
    return Secret(value) if value else Problem(place, "missing-credentials", f"{reference['file']} is empty")


def names(resource: Resource) -> Iterator[Named]:
    """The hosts of its surfaces, where tokens belong with endpoints, its credentials, and what webhooks may reach."""
    for name, spec in resource.spec["surfaces"].items():
        at, preset = ("spec", "surfaces", name), api_surfaces()[name].preset
        parameter = next((each for each in _PARAMETERS if each in spec), "")
        held = {**preset.parameters, **{each: spec[each] for each in _PARAMETERS if each in spec}}
        route = preset.routes.get(spec.get("login", ""))
        base = spec.get("baseUrl") or preset.base_url.format_map(held)
        token = spec.get("tokenUrl") or (preset if route is None else route).token_url.format_map(held)
        yield HostName(base, resource.where(*at, "baseUrl" if "baseUrl" in spec else parameter), f"surface `{name}`")
        place = resource.where(*at, "tokenUrl" if "tokenUrl" in spec else parameter)
        yield HostName(token, place, f"the tokens of surface `{name}`", beside=base)
        events = spec.get("eventsUrl") or make_event_url(base, preset)
        if events is not None and spec.get("watch") != "poll":
            yield HostName(events, resource.where(*at, "eventsUrl"), f"the events of surface `{name}`", beside=base)
        own = "credentials" in spec
        credentials = spec.get("credentials") or resource.spec.get("credentials") or {}
        for part, reference in credentials.items():
            where = resource.where(*(at if own else ("spec",)), "credentials", part)
            yield make_secret_name(reference, where, token)
    for index, entry in enumerate(resource.spec.get("webhooks", {}).get("allowPrivate", ())):
        yield PrivateName(entry, resource.where("spec", "webhooks", "allowPrivate", index))
    for index, host in enumerate(resource.spec.get("webhooks", {}).get("allowHttp", ())):
        yield ClearName(host, resource.where("spec", "webhooks", "allowHttp", index))


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Surfaces of one API; what webhooks may reach is written as hosts, addresses and networks."""
    yield from _check_surfaces(resource)
    yield from _check_zones(resource)
    for index, entry in enumerate(resource.spec.get("webhooks", {}).get("allowPrivate", ())):
        try:
            parse_network(entry)
        except ValueError:
            yield Problem(
                resource.where("spec", "webhooks", "allowPrivate", index),
                "bad-network",
                "this is not a host, an address, or a network that may be private",
                note="a network is written with its first address and at most as wide as 10.0.0.0/8 or fc00::/7",
                hint="write a host such as hooks.internal, or a network such as 10.20.0.0/16",
            )


def _check_zones(resource: Resource) -> Iterator[Problem]:
    """The zone of a surface's schedules is one that there is."""
    for name, spec in resource.spec["surfaces"].items():
        zone = spec.get("scheduleZone")
        if zone is not None and zone not in load_zones():
            meant = find_nearest(zone, load_zones())
            hint = (
                f"did you mean {meant!a}?" if meant else "write a zone of the IANA database, such as America/New_York"
            )
            where = resource.where("spec", "surfaces", name, "scheduleZone")
            yield Problem(where, "unknown-time-zone", f"there is no time zone `{zone}`", hint=hint)


def _check_surfaces(resource: Resource) -> Iterator[Problem]:
    """The ids of one API mean others in another: a list of the one would be read through the other."""
    known = api_surfaces()
    first, *others = resource.spec["surfaces"]
    for name in others:
        if known[name].ids != known[first].ids:
            message = f"the surfaces `{first}` and `{name}` are of two APIs, whose ids are not the same"
            place = resource.where("spec", "surfaces", name)
            yield Problem(place, "surfaces-of-two-apis", message, hint="declare a Tenant for each")


KIND = Kind(
    name="Tenant",
    summary="surfaces, base URLs, rate limits, and where the credentials are kept",
    names=names,
    check=check,
)
