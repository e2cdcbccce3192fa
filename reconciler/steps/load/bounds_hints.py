# tested by: tests/steps/load/test_operator_bounds_check.py
"""Suggest the lines of the operator's file that would allow what a manifest names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.model.operator_bounds import Held
from reconciler.model.url_destination import Destination

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")


@dataclass
class Used:
    """What manifests name, as far as bounds are concerned.

    Attributes:
        hosts: those that are spoken to, each with the secrets that are sent there.
        variables, files: secrets by where they are kept.
        lacking: the parts of the bounds that do not allow something.
    """

    hosts: dict[str, set[str]] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    clear: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)

    def add_host(self, *several: Destination) -> None:
        """Note hosts that are spoken to."""
        for there in several:
            self.hosts.setdefault(format_host(there), set())
        self.lacking.add("hosts")

    def note_secret(self, name: str, goes: Iterable[Destination], *, file: bool) -> None:
        """Note a secret, and the hosts that it is sent to."""
        (self.files if file else self.variables).add(name)
        for there in goes:
            self.hosts.setdefault(format_host(there), set()).add(name)

    def add_secret(self, name: str, goes: Sequence[Destination], *, file: bool) -> None:
        """The same of one that is refused: the host's entry allows it, where it is sent to one."""
        self.note_secret(name, goes, file=file)
        self.lacking.add("hosts" if goes else "files" if file else "variables")

    def add_file(self, name: str) -> None:
        """Note a file whose content is to be the operator's word."""
        self.files.add(name)
        self.lacking.add("files")

    def add_private(self, entry: str) -> None:
        """Note what may be private."""
        self.private.add(entry)
        self.lacking.add("private")

    def add_clear(self, host: str) -> None:
        """Note a host that is spoken to without TLS."""
        self.clear.add(host.lower())
        self.lacking.add("hosts")

    def add_place(self, place: str) -> None:
        """Note a place that is written."""
        self.places.add(place)
        self.lacking.add("places")

    def add_objects(self, place: str) -> None:
        """Note where objects are read."""
        self.objects.add(place)
        self.lacking.add("objects")


def format_host(there: Destination) -> str:
    """How an entry means a destination: this machine by its address alone, whatever the port is today."""
    return there.host if there.local and ":" not in there.host else f"[{there.host}]" if there.local else str(there)


def format_lines_to_add(used: Used, bounds: Held) -> str:
    """How the operator allows what is lacking: a block that holds what is used already, too."""
    lacking = set(used.lacking)
    if lacking and not bounds.each:
        # with bounds of its own a file speaks of hosts and secrets as well: this machine is no default any more
        lacking |= {"hosts"}
    parts = [f"{name}: {shown}" for name, shown in _iter_parts(used, bounds, lacking)]
    block = f"bounds: {{{', '.join(parts)}}}"
    if not bounds.each:
        head = "apiVersion: cxone.reconciler/v1, kind: Floor, metadata: {name: operator}"
        return (
            "if that is right, the operator allows it in a file outside the workspace, "
            f"named by `--floor FILE` or RECONCILER_FLOOR: {{{head}, spec: {{{block}}}}}"
        )
    return f"if that is right, the operator's file says in its `spec`: {block}"


def _iter_parts(used: Used, bounds: Held, lacking: set[str]) -> Iterable[tuple[str, str]]:
    if "variables" in lacking:
        yield "variables", _format_list([*_list_granted(bounds, "variables"), *sorted(used.variables)])
    if "files" in lacking:
        yield "secretFiles", _format_list([*_list_granted(bounds, "files"), *sorted(used.files)])
    if "hosts" in lacking:
        yield "hosts", _format_hosts(used, bounds)
    if "private" in lacking:
        yield "privateAddresses", _format_list([*_list_granted(bounds, "private"), *sorted(used.private)])
    if "places" in lacking:
        yield "places", _format_list([*_list_granted(bounds, "places"), *sorted(used.places)])
    if "objects" in lacking:
        yield "objects", _format_list([*_list_granted(bounds, "objects"), *sorted(used.objects)])


def _list_granted(bounds: Held, name: str) -> list[str]:
    return [entry for each in bounds.each for entry in getattr(each, name) or ()]


def _format_hosts(used: Used, bounds: Held) -> str:
    """The grants that there are, and one for each host that is not allowed as it is used."""
    needed = {host: set(secrets) for host, secrets in used.hosts.items()}
    for host in used.clear:
        if not any(each.startswith(f"http://{host}") for each in needed):
            needed.setdefault(f"http://{host}", set())
    shown = []
    for each in bounds.each:
        for grant in each.hosts or ():
            mine = needed.pop(grant.text, set())
            secrets = None if grant.secrets is None else [*grant.secrets, *sorted(mine - set(grant.secrets))]
            shown.append(_format_grant(grant.text, secrets))
    shown += [_format_grant(host, sorted(secrets)) for host, secrets in sorted(needed.items())]
    return f"[{', '.join(dict.fromkeys(shown))}]"


def _format_grant(host: str, secrets: list[str] | None) -> str:
    return (
        _format_text(host) if secrets is None else f"{{host: {_format_text(host)}, secrets: {_format_list(secrets)}}}"
    )


def _format_list(entries: Iterable[str]) -> str:
    return f"[{', '.join(map(_format_text, dict.fromkeys(entries)))}]"


def _format_text(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
