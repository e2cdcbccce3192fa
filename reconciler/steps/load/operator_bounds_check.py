"""Check that manifests name only what the operator's bounds allow.

It is asked before anything is requested or written, of everything at once. The kinds say what their manifests name
(`Kind.names`), and `model/operator_bounds.py` says what may be named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.bucket.object_urls import SCHEMES, NotAnAddress, parse_url, scheme_of
from reconciler.kinds import load_kinds
from reconciler.model.external_references import (
    ClearName,
    HostName,
    Named,
    ObjectName,
    PlaceName,
    PrivateName,
    SecretName,
)
from reconciler.model.operator_bounds import Held, list_names_of_file
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Resource
from reconciler.model.url_destination import Destination, parse_destination
from reconciler.model.well_known_names import NEVER, load_vendor_domains
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import ledger_symlinks
from reconciler.steps.load.bounds_hints import Used, format_host, format_lines_to_add

TOLD_ONCE = ("bad-host", "private-not-allowed")
"""What is not told of a place that has another fault already."""

_LONGEST = 10_000

Add = Callable[[Used], None]
"""Notes what a refused name would need among what is used."""

Refusal = tuple[Problem, Add | None]


def check(resources: Iterable[Resource], tenant: str, ledger: str, bounds: Held, workspace: Workspace) -> Problems:
    """Everything that manifests name and may not; of Tenants only the one that is meant is spoken to."""
    asked = [each for each in resources if each.address.kind != "Tenant" or each.address.name == tenant]
    named = [found for resource in asked for found in load_kinds()[resource.address.kind].names(resource)]
    if not any(isinstance(each, PlaceName) and each.url == ledger for each in named) or scheme_of(ledger) in SCHEMES:
        # a folder that no manifest names may be a link all the same
        named.append(
            PlaceName(
                f"file://{ledger_symlinks.HERE}",
                Location(ledger_symlinks.HERE),
                "the ledger, or what is kept beside it,",
            )
        )
    return Problems([*_Check(bounds, workspace, named).find_problems(), *ledger_symlinks.check(ledger, workspace.root)])


@dataclass
class _Check:
    """One look at everything that is named.

    Attributes:
        used: what is named and may be: lines that would allow something more hold it as well.
        sent: by host, what would be sent there of what may be named.
    """

    bounds: Held
    workspace: Workspace
    named: Sequence[Named]
    used: Used = field(default_factory=Used)
    sent: dict[Destination, set[str]] = field(default_factory=dict)

    def find_problems(self) -> Problems:
        """What may not be named, each with the lines that would allow all of it."""
        self._insist_on_one_kind_of_host()
        found = [refusal for each in self.named for refusal in self._check_named(each)]
        return Problems(dict.fromkeys(self._add_hint(*each) for each in found))

    def _add_hint(self, problem: Problem, add: Add | None) -> Problem:
        """The problem with the lines that would allow this, and nothing else that is refused."""
        if add is None:
            return problem
        used = deepcopy(self.used)
        add(used)
        return replace(problem, hint=format_lines_to_add(used, self.bounds))

    def _insist_on_one_kind_of_host(self) -> None:
        """By default a workspace is all on this machine, or on the vendor's hosts: never in part."""
        there = [_find_destination(each.url) for each in self.named if isinstance(each, HostName)]
        if self.bounds.default.local and any(
            each is not None and each.is_below(load_vendor_domains()) for each in there
        ):
            self.bounds = replace(self.bounds, default=replace(self.bounds.default, local=False))

    def _check_named(self, named: Named) -> Iterator[Refusal]:
        match named:
            case SecretName():
                yield from self._check_secret(named)
            case HostName():
                yield from self._check_host(named)
            case PrivateName(entry, where):
                if self.bounds.allows_private(entry):
                    self.used.private.add(entry)
                else:
                    message = f"manifests may not allow `{entry}`, which may be private, to webhooks"
                    yield _make_refusal(where, "private-not-allowed", message, lambda used: used.add_private(entry))
            case ClearName(host, where):
                if not self.bounds.allows_clear(host):
                    message = f"manifests may not allow `{host}` to be called without TLS"
                    yield _make_refusal(where, "host-not-allowed", message, lambda used: used.add_clear(host))
            case PlaceName():
                yield from self._check_place(named)
            case ObjectName():
                yield from self._check_objects(named)

    def _add_to_used(self, *several: Destination) -> Add:
        """What notes hosts, and what would be sent to them that may be named."""

        def add(used: Used) -> None:
            used.add_host(*several)
            for there in several:
                used.hosts[format_host(there)].update(self.sent.get(there, ()))

        return add

    def _check_host(self, named: HostName) -> Iterator[Refusal]:
        try:
            there = parse_destination(named.url)
        except ValueError as error:
            message = f"the address of {named.what} cannot be called: {error}"
            yield Problem(named.where, "bad-host", message, hint="write it as https://HOST/PATH"), None
            return
        if self.bounds.allows_host(there):
            self.used.add_host(there)
        else:
            message = f"manifests may not name the host {there} ({named.what})"
            yield _make_refusal(named.where, "host-not-allowed", message, self._add_to_used(there))
        beside = _find_destination(named.beside) if named.beside is not None else None
        if beside is not None and not self.bounds.allows_beside(there, beside):
            message = f"{there} ({named.what}) is not {beside}, and secrets of the one would be sent to the other"
            yield _make_refusal(named.where, "hosts-apart", message, self._add_to_used(there, beside))

    def _check_secret(self, named: SecretName) -> Iterator[Refusal]:
        goes = [there for each in named.goes if (there := self._find_receiver(each)) is not None]
        is_file = named.kept == "file"
        if is_file:
            found, inside = self._find_file(named.name)
            shown, what = tuple(list_names_of_file(found, inside)), f"the file {named.name}"
            allowed = self.bounds.allows_file(found, inside, goes)
        else:
            shown, what = (named.name,), f"the variable {named.name}"
            allowed = self.bounds.allows_variable(named.name, goes)

        def add(used: Used) -> None:
            used.add_secret(named.name, goes, file=is_file)

        if not allowed:
            message = f"manifests may not name {what} as the place of a secret"
            never = named.name in NEVER if not is_file else self.bounds.is_of_ledger(found)
            code = "file-not-allowed" if is_file else "variable-not-allowed"
            yield _make_refusal(named.where, code, message, None if never else add)
            return
        for there in goes:
            self.sent.setdefault(there, set()).add(named.name)
        known = [there for there in goes if self.bounds.allows_host(there)]
        forbidden = [there for there in known if self.bounds.forbids_sending(shown, there)]
        for there in forbidden:
            yield _make_refusal(
                named.where, "secret-not-sent-there", f"what is in {what} may not be sent to {there}", add
            )
        if not forbidden and known == goes:
            self.used.note_secret(named.name, goes, file=is_file)
        yield from self._check_content(named)

    def _check_content(self, named: SecretName) -> Iterator[Refusal]:
        if (
            named.holds == "url"
            and (url := self._read_content(named)) is not None
            and (there := _find_destination(url)) is not None
        ):
            if self.bounds.allows_host(there):
                self.used.add_host(there)
            else:
                message = f"callbacks may not be posted to {there}, where the URL that is kept here leads"
                yield _make_refusal(named.where, "host-not-allowed", message, self._add_to_used(there))
        if named.holds == "database" and named.kept == "file":
            found, inside = self._find_file(named.name)
            url = self._read_content(named)
            if url is not None and not url.startswith("sqlite:") and not self.bounds.trusts_file(found, inside):
                message = f"the file {named.name} names a database, and anybody could have written it"
                yield _make_refusal(
                    named.where, "database-not-allowed", message, lambda used: used.add_file(named.name)
                )

    def _find_receiver(self, named: str | SecretName) -> Destination | None:
        url = named if isinstance(named, str) else self._read_content(named)
        return None if url is None else _find_destination(url)

    def _find_file(self, name: str) -> tuple[Path, Path]:
        inside = self.workspace.root.resolve()
        return ledger_symlinks.resolve_path(inside, name), inside

    def _read_content(self, named: SecretName) -> str | None:
        """What a secret is that can be had without a network; it is shown nowhere."""
        if named.kept == "env":
            return self.workspace.environ.get(named.name) or None
        found, inside = self._find_file(named.name)
        if not self.bounds.allows_file(found, inside):
            return None
        try:
            with found.open(encoding="utf-8") as handle:
                return handle.read(_LONGEST).strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def _check_place(self, named: PlaceName) -> Iterator[Refusal]:
        place, shown = self._name_place(named.url)
        if place is not None and not self.bounds.allows_place(place):
            message = f"`{named.url}` is outside the workspace, where {named.what} would be written"
            yield _make_refusal(named.where, "place-not-allowed", message, lambda used: used.add_place(shown))

    def _name_place(self, url: str) -> tuple[str | None, str]:
        """A place as it is compared, and as the operator's file would name it; None where it is in the workspace."""
        if scheme_of(url) in SCHEMES:
            try:
                place = str(parse_url(url)).rstrip("/")
            except NotAnAddress:
                return None, url  # it is told where it is read
            return place, place
        inside = self.workspace.root.resolve()
        found = ledger_symlinks.resolve_path(inside, url.removeprefix("file://"))
        return (None, url) if found.is_relative_to(inside) else (found.as_posix(), f"file://{found.as_posix()}")

    def _check_objects(self, named: ObjectName) -> Iterator[Refusal]:
        try:
            url = parse_url(named.url)
        except NotAnAddress:
            return  # it is told where it is read
        fixed = url.key
        for wild in "*?[":
            fixed = fixed.partition(wild)[0]
        folder = fixed if fixed == url.key else fixed.rpartition("/")[0]
        place = f"{url.scheme}://{url.bucket}/{folder}".rstrip("/")
        if not self.bounds.allows_objects(place):
            message = f"manifests may not name objects of {place}"
            yield _make_refusal(named.where, "objects-not-allowed", message, lambda used: used.add_objects(place))


_NOTES: Mapping[str, str] = {
    "host-not-allowed": "by default those are the vendor's, by https; else what the operator's file says",
    "variable-not-allowed": "by default those are CXONE_…, RECONCILER_… and the tenant's own; the program's keys never",
    "file-not-allowed": "by default those are files of the workspace that are not hidden; those of the ledger never",
    "hosts-apart": "a token and its endpoints are on one host, on the vendor's, or on hosts that the operator named",
    "place-not-allowed": "by default everything is written below the workspace's folder",
    "secret-not-sent-there": "the operator's file says which secrets may be sent to that host",
}


def _make_refusal(where: Location, code: str, message: str, add: Add | None) -> Refusal:
    return Problem(where, code, message, note=_NOTES.get(code)), add


def _find_destination(url: str) -> Destination | None:
    try:
        return parse_destination(url)
    except ValueError:
        return None
