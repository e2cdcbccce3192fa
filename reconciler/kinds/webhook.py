"""Webhook: who is called back when a plan was made, a run has ended, or its jobs are over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.model.callback_hosts import Allowance, make_allowance
from reconciler.model.external_references import HostName, Named, SecretName, make_secret_name
from reconciler.model.instants import parse_duration
from reconciler.model.kind import Kind
from reconciler.model.operator_bounds import Held
from reconciler.model.problem import BadInput, Location, Problem, Problems
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.secret import Secret
from reconciler.model.url_destination import parse_destination
from reconciler.model.url_parts import Endpoint, parse_endpoint
from reconciler.model.webhook import Event, Kept, Receiver, Webhook

_JSON = "application/json"
_LONGEST = {"timeout": 30, "within": 300}
"""Seconds: an apply waits for its webhooks no longer than this."""

_OURS = ("x-reconciler-", "proxy-", "sec-", "x-forwarded-")
_NEVER = frozenset(
    {
        *("host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "te"),
        *("keep-alive", "upgrade", "expect", "trailer", "cookie", "forwarded", "via", "idempotency-key"),
        *("user-agent", "accept-encoding"),
    }
)
_SECRET = frozenset({"authorization"})


def make_webhooks(catalogue: Catalogue) -> tuple[Webhook, ...]:
    """The webhooks that valid manifests declare, in the order of their names."""
    return tuple(_make_webhook(resource) for resource in catalogue.of_kind("Webhook"))


def _make_webhook(resource: Resource) -> Webhook:
    spec = resource.spec
    kept = {
        name: Kept(_format_reference(where), resource.where("spec", "secretHeaders", name))
        for name, where in spec.get("secretHeaders", {}).items()
    }
    return Webhook(
        name=resource.address.name,
        events=frozenset(Event(name) for name in spec["events"]),
        url=spec["url"]
        if "url" in spec
        else Kept(_format_reference(spec["urlFrom"]), resource.where("spec", "urlFrom")),
        body=spec.get("body"),
        content_type=spec.get("contentType", _JSON),
        labels=dict(resource.labels),
        headers={**spec.get("headers", {}), **kept},
        secret=Kept(_format_reference(spec["secret"]), resource.where("spec", "secret")) if "secret" in spec else None,
        attempts=spec.get("attempts", 5),
        timeout=_parse_seconds(spec.get("timeout", "10s")),
        within=_parse_seconds(spec.get("within", "30s")),
        batch=spec.get("batch"),
    )


def make_receiver(webhook: Webhook, allowed: Allowance, fetch: Callable[[str, Location], Secret]) -> Receiver:
    """A webhook with what is secret of it fetched anew.

    Raises:
        BadInput: everything that is not where the manifest says it is kept.
    """
    problems = Problems()

    def open_value(value: str | Kept) -> Secret:
        if isinstance(value, str):
            return Secret(value)
        opened: list[Secret] = []
        with problems.collect():
            opened.append(fetch(value.reference, value.where))
        return opened[0] if opened else Secret("")

    found = Receiver(
        url=open_value(webhook.url),
        headers={name: open_value(value) for name, value in webhook.headers.items()},
        secret=None if webhook.secret is None else open_value(webhook.secret),
        allowance=allowed,
        attempts=webhook.attempts,
        timeout=webhook.timeout,
        within=webhook.within,
    )
    problems.refuse()
    return found


def refuse_receiver(webhook: Webhook, found: Receiver, bounds: Held) -> None:
    """Hold the URL that was fetched to the operator's bounds, for it may have been kept outside of the manifests.

    Raises:
        BadInput: nothing may be posted there, or not what is secret of the webhook.
    """
    if isinstance(webhook.url, str):
        return  # it was held to them when the manifests were loaded
    try:
        there = parse_destination(found.url.reveal())
    except ValueError:
        return  # it is told when it is called
    kept = [each for each in (*webhook.headers.values(), webhook.secret) if isinstance(each, Kept)]
    names = [each.reference.partition(" ")[2] for each in kept]
    if not bounds.allows_host(there) or any(bounds.forbids_sending((name,), there) for name in names):
        message = f"callbacks of webhook {webhook.name!r} may not be posted to {there}, or not with its secrets"
        raise BadInput([Problem(webhook.url.where, "host-not-allowed", message, hint="docs/bounds.md")])


def _format_reference(kept: Mapping[str, str]) -> str:
    return " ".join(f"{how} {where}" for how, where in kept.items())


def _parse_seconds(text: str) -> float:
    return parse_duration(text).total_seconds()


def make_context(webhook: Webhook, event: Event, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a body's template can speak of."""
    return {
        "event": event.value,
        "payload": dict(payload),
        "webhook": {"name": webhook.name, "labels": dict(webhook.labels)},
    }


def names(resource: Resource) -> Iterator[Named]:
    """Where callbacks are posted, and what is secret of them: all of it goes there."""
    spec = resource.spec
    there: str | SecretName
    if "url" in spec:
        there = spec["url"]
        yield HostName(spec["url"], resource.where("spec", "url"), "callbacks")
    else:
        there = make_secret_name(spec["urlFrom"], resource.where("spec", "urlFrom"), holds="url")
        yield there
    for name, reference in spec.get("secretHeaders", {}).items():
        yield make_secret_name(reference, resource.where("spec", "secretHeaders", name), there)
    if "secret" in spec:
        yield make_secret_name(spec["secret"], resource.where("spec", "secret"), there)


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """The address may be called, the headers may be set, and the template makes a body of every event."""
    if {"url", "urlFrom"} <= resource.spec.keys():
        yield Problem(
            resource.where("spec", "urlFrom"),
            "two-urls",
            "`url` and `urlFrom` both say where callbacks are posted",
            hint="keep one of them",
        )
    elif "url" in resource.spec:
        yield from _check_url(
            resource, [make_allowance(each.spec.get("webhooks", {})) for each in _list_tenants(catalogue)]
        )
    if "batch" in resource.spec and Event.OUTCOMES not in resource.spec["events"]:
        message = f"`spec.batch` means nothing to a webhook that is not told of {Event.OUTCOMES}"
        yield Problem(resource.where("spec", "batch"), "setting-not-used", message, hint="leave it out")
    yield from _check_headers(resource)
    for name, most in _LONGEST.items():
        if name in resource.spec and not 0 < _parse_seconds(resource.spec[name]) <= most:
            message = f"`spec.{name}` must be from 1s to {most}s"
            yield Problem(resource.where("spec", name), "out-of-range", message)
    if "body" in resource.spec:
        yield from _check_body(resource, _make_webhook(resource))


def _list_tenants(catalogue: Catalogue) -> Iterable[Resource]:
    return catalogue.of_kind("Tenant")


def _check_url(resource: Resource, allowances: Iterable[Allowance]) -> Iterator[Problem]:
    """The address is printed in none of these: it may come from a variable, and its query may be a secret."""
    where, tenants = resource.where("spec", "url"), list(allowances)
    try:
        there = parse_endpoint(resource.spec["url"])
    except ValueError as error:
        yield Problem(where, "bad-url", f"`spec.url` cannot be called: {error}")
        return
    if not there.tls and not any(there.host in each.plain for each in tenants):
        yield Problem(
            where,
            "url-without-tls",
            "`spec.url` is http, and no Tenant allows that for its host",
            note="what is sent could be read and altered on the way",
            hint="use https, or add the host to `webhooks.allowHttp` of the Tenant",
        )
    if tenants and all(_refuse_literal(each, there) for each in tenants):
        yield Problem(
            where,
            "private-address",
            "`spec.url` leads to an address that is not public, and no Tenant allows it",
            hint="add the host, or a network such as 10.20.0.0/16, to `webhooks.allowPrivate` of the Tenant",
        )


def _refuse_literal(allowed: Allowance, there: Endpoint) -> str | None:
    """The kind of address that a host is itself and may not be; names are looked up when something is sent."""
    try:
        return allowed.find_refused(there.host, "127.0.0.1" if there.host == "localhost" else there.host)
    except ValueError:
        return None


def _check_headers(resource: Resource) -> Iterator[Problem]:
    seen: set[str] = set()
    for part in ("headers", "secretHeaders"):
        for name in resource.spec.get(part, {}):
            where, lower = resource.where("spec", part, name), name.lower()
            if lower in _NEVER or lower.startswith(_OURS):
                message = f"the header `{name}` cannot be set by a manifest"
                yield Problem(where, "header-not-allowed", message, note="it is set for each request, or steers it")
            elif lower in _SECRET and part == "headers":
                message = f"the header `{name}` holds a secret, and manifests hold none"
                hint = f"write it under `secretHeaders`, as {name}: {{env: NAME}}"
                yield Problem(where, "secret-in-manifest", message, hint=hint)
            if lower in seen:
                yield Problem(where, "header-twice", f"the header `{name}` is set twice")
            seen.add(lower)


def _check_body(resource: Resource, webhook: Webhook) -> Iterator[Problem]:
    from reconciler.model.callback_payloads import SAMPLES
    from reconciler.templates.callback_bodies import BadTemplate, render

    faults: dict[str, list[str]] = {}
    for event in sorted(webhook.events):
        try:
            render(str(webhook.body), make_context(webhook, event, SAMPLES[event]), webhook.content_type)
        except BadTemplate as error:
            faults.setdefault(str(error), []).append(event.value)
    for fault, events in faults.items():
        message = f"the template makes no body for {', '.join(events)}: {fault}"
        hint = "docs/webhooks.md lists what a template can speak of"
        yield Problem(resource.where("spec", "body"), "bad-template", message, hint=hint)


KIND = Kind(
    name="Webhook",
    summary="who is called back, about what",
    names=names,
    check=check,
    literal=(("body",),),
)
