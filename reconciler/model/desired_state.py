# tested by: tests/test_engines.py
"""Define the desired state: what the manifests declare."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from reconciler.model.notice import Notice
from reconciler.model.operator_bounds import Held
from reconciler.model.problem import Location
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address
from reconciler.model.run_reversal import Reversal
from reconciler.model.run_target import Meant
from reconciler.model.selection import Selection
from reconciler.model.workspace_settings import Settings


@dataclass(frozen=True, slots=True)
class Desired:
    """A loaded workspace.

    Attributes:
        tenant: the Tenant manifest that is meant; its credentials are not fetched yet.
        as_of: the moment that recency is counted from; now: the moment of this run. Both aware, UTC.
        manifests: the digest of every manifest as rendered: the same digest, the same wishes.
        root: the workspace's folder. scratch: an empty folder for the rows of this run.
        released: what the manifests say is to be managed no longer; it is none of the catalogue. release: what a person
            says so, as `NAME` or `Kind/NAME`; `all`: everything that is declared no longer.
        prune: whether marked objects that are declared no longer are to be deleted.
        refresh: whether interactions are read again that are kept from an earlier plan.
        environment: the one whose values templates got, if one was chosen.
        bounds: what manifests may name; they were held to it when they were loaded.
        ignored: how many YAML files `.reconcilerignore` leaves out.
        selection: what it was narrowed to. read_only: what is only read, as what was asked for refers to it.
        left_out: what is declared and not looked at; it is none of the catalogue.
        notices: what a person should know of the manifests, though nothing is wrong with them.
        back: the run to whose beginning the tenant is to go back; None: it is to be as the manifests declare.
    """

    catalogue: Catalogue
    settings: Settings
    tenant: Resource
    as_of: datetime
    now: datetime
    manifests: str
    root: Path
    scratch: Path
    prune: bool = False
    released: tuple[Resource, ...] = ()
    release: tuple[str, ...] = ()
    refresh: bool = False
    ignored: int = 0
    environment: str | None = None
    bounds: Held = field(default_factory=Held)
    selection: Selection = field(default_factory=Selection)
    read_only: frozenset[Address] = frozenset()
    left_out: tuple[Resource, ...] = ()
    notices: tuple[Notice, ...] = ()
    back: Reversal | None = None

    @property
    def meant(self) -> Meant:
        """Which workspace, tenant and environment it is of."""
        return Meant(self.settings.name, self.tenant.address.name, self.environment)

    @property
    def times(self) -> dict[Address, Location]:
        """Where it is said, by address, when something runs or of which moment it is."""
        found = {}
        for address, resource in self.catalogue.resources.items():
            for name in ("schedule", "asOf"):
                if name in resource.spec:
                    found[address] = resource.where("spec", name)
        return found
