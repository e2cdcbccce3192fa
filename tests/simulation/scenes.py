"""Scenes for a seed to choose from: a tenant, the manifests that ask for something else, and what may be true of it.

Who is wanted on each list is said here once more, in plain Python: it is what the invariants are held against, and it
is not taken from the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

URL = "http://127.0.0.1:8080"
MARK = "(managed-by: reconciler/test)"
CHUNK = 4
AS_OF = "2026-07-01T00:00:00Z"
START, END = "2027-01-05T14:00:00Z", "2027-01-06T00:00:00Z"
SECRET = "canary-Kestrel-secret-77"
NAME = "Zenobia"
"""The first name of everybody here: nothing else that is ever written has it."""

Members = Mapping[str, Mapping[str, Any]]


def contact(number: int) -> str:
    """The id of a contact: a word that nothing else looks like."""
    return f"KX{number:04d}"


def phone(number: int) -> str:
    """A number of the range for fiction."""
    return f"+121255501{number:02d}"


@dataclass
class Scene:
    """What a run begins with, and what it is to come to.

    Attributes:
        before, after: who is on each list, by its name. campaigns: the fields of each, before and after, by its name;
            None: there is none.
        suppressed: contacts whose numbers are on the do-not-call list when the plan is made.
    """

    name: str
    method: str = "contactIds"
    membership: str = "mirror"
    wanted: tuple[int, ...] = tuple(range(18))
    there: tuple[int, ...] = (*range(5, 18), *range(20, 23))
    changed: tuple[int, ...] = ()
    listed: tuple[int, ...] = (3, 10)
    segment: bool = True
    list_is_there: bool = True
    campaign: str = "changed"
    two: bool = False
    refused: bool = False
    before: dict[str, set[str]] = field(default_factory=dict)
    after: dict[str, set[str]] = field(default_factory=dict)
    plan: Any = None
    desired: Any = None
    segments: Any = None
    undisturbed: Any = None
    campaigns: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    going: frozenset[str] = frozenset()

    @property
    def suppressed(self) -> set[str]:
        """Whom the do-not-call list names."""
        return {contact(n) for n in self.listed}

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return Path("scenes") / self.name.replace(" ", "-").replace(",", "")

    # -- the tenant ---------------------------------------------------------------------------------------------

    def build(self, tenant: Any) -> None:
        """Everything that is there before."""
        store = tenant.store
        known = range(30)
        store.add_contacts([{"id": contact(n), "phoneNumber": phone(n), **_named(n)} for n in known])
        if self.list_is_there:
            store.add_list("Chosen", self._members(self.there), description=MARK)
        store.add_list("Untouched", [contact(28), contact(29)], description="of somebody else")
        if self.two:
            store.add_list("Second", self._members(self.there[::2]), description=MARK)
        if self.campaign == "changed":
            store.add_campaign("Morning", "Chosen", **_fields(5.0))
        if self.campaign == "swapped":
            store.add_list("Old", [contact(n) for n in range(6)], description="")
            store.add_campaign("Morning", "Old", **_fields(5.0))
        if self.campaign == "pruned":
            store.add_list("Gone", [], description=MARK)
            store.add_campaign("Evening", "Gone", **{**_fields(5.0), "status": "paused"})

    def _members(self, numbers: Iterable[int]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for n in numbers:
            data: dict[str, Any] = (
                {} if self.method == "contactIds" else {"tier": "old" if n in self.changed else "gold"}
            )
            if self.method == "bulkInsert":
                data["contactId"] = contact(n)
            found[contact(n)] = data
        return found

    # -- the manifests ------------------------------------------------------------------------------------------

    def write(self, write: Callable[[str, str], object]) -> None:
        """The manifests, and the files that they name."""
        pace = "rate: 5000, burst: 500, attempts: 3"
        jobs = "pollEvery: 1s, watch: poll"
        spec = f"""
credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
surfaces:
  outbound: {{baseUrl: {URL}/outbound/api/v2, tokenUrl: {URL}/outbound/oauth/token, {pace}}}
  lists: {{baseUrl: {URL}/lists/api/v1, tokenUrl: {URL}/lists/oauth/token, {pace}}}
  bulk: {{baseUrl: {URL}/bulk/api/v2, tokenUrl: {URL}/bulk/api/v2/oauth2/token, {pace}, {jobs}}}
  contacts: {{baseUrl: {URL}/contacts/v2/contact-center, tokenUrl: {URL}/contacts/oauth2/token, {pace}, pollEvery: 1s}}
"""
        write("tenant.yaml", _manifest("Tenant", "embedded", spec))
        write("workspace.yaml", _manifest("Workspace", "test", f"asOf: {AS_OF}"))
        write("crm.csv", self.source())
        write("registry.csv", registry(self.listed))
        columns = "{contactId: id, phone: phone, name: name, engagementScore: score}"
        files = f"files: {{paths: [crm.csv], format: csv, columns: {columns}, attributes: {{tier: tier}}}}"
        write("source.yaml", _manifest("ContactSource", "crm", files))
        write("score.yaml", _manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))
        listed = "files: {paths: [registry.csv], format: csv, columns: {phone: number}}\nasOf: " + AS_OF
        write("registry.yaml", _manifest("SuppressionList", "registry", listed))
        if self.segment:
            self._write_segment(write, "chosen", "Chosen")
        else:
            write("list-chosen.yaml", _manifest("ContactList", "chosen", "name: Chosen"))
        if self.two:
            self._write_segment(write, "second", "Second")
        if self.campaign in ("changed", "new", "swapped"):
            write("policy.yaml", _manifest("AbandonmentPolicy", "strict", "thresholds: {all: 3}"))
            said = (
                "name: Morning\ndialType: predictive\nlist: chosen\nabandonment: {policy: strict, band: all}\n"
                f"wrapUpCode: SOLD\nschedule: {{start: '{START}', end: '{END}'}}\nstatus: active\n"
                "predictive: {targetAnswerRate: 0.3, maxCallsInProgress: 10}"
            )
            write("campaign.yaml", _manifest("Campaign", "morning", said))

    def _write_segment(self, write: Callable[[str, str], object], name: str, title: str) -> None:
        attributes = "[]" if self.method == "contactIds" else "[tier]"
        write(f"list-{name}.yaml", _manifest("ContactList", name, f"name: {title}"))
        segment = (
            f"source: crm\nscore: engaged\nlists: {{engaged: {name}}}\nmembership: {self.membership}\n"
            f"{'suppress: [registry]' if self.listed else ''}\nphones: {{rule: valid}}\n"
            f"delivery: {{method: {self.method}, chunkSize: {CHUNK}, attributes: {attributes}}}"
        )
        write(f"segment-{name}.yaml", _manifest("Segment", name, segment))

    def source(self) -> str:
        """The contacts that are wanted."""
        rows = [f"{contact(n)},{phone(n)},{NAME} Quill{n:02d},gold,80" for n in self.wanted]
        return "\n".join(["id,phone,name,tier,score", *rows]) + "\n"

    # -- what is to be ------------------------------------------------------------------------------------------

    def foresee(self) -> None:
        """Who is on each list before and after, by the scene's own words."""
        wanted = {contact(n) for n in self.wanted} - self.suppressed
        every = {"Chosen": set(map(contact, self.there)) if self.list_is_there else set()}
        if self.two:
            every["Second"] = set(map(contact, self.there[::2]))
        if not self.segment:
            every = {}
        self.before = every
        old = {"changed": "Chosen", "swapped": "Old", "pruned": "Gone"}.get(self.campaign)
        name = "Evening" if self.campaign == "pruned" else "Morning"
        if self.campaign:
            new = [] if self.campaign == "pruned" else [_settings(name, "Chosen", 3.0)]
            self.campaigns = {name: [_settings(name, old, 5.0) if old else {}, *new]}
        self.after = {
            name: set(wanted) if self.membership == "mirror" else (members - self.suppressed) | wanted
            for name, members in every.items()
        }
        if self.refused:
            self.after = {name: set(members) for name, members in every.items()}


def registry(numbers: Iterable[int]) -> str:
    """The do-not-call file: somebody who is no contact, and some of the contacts."""
    return "\n".join(["number", "+12125550199", *(phone(n) for n in numbers)]) + "\n"


def _named(number: int) -> dict[str, str]:
    return {"name": f"{NAME} Quill{number:02d}", "firstName": NAME, "lastName": f"Quill{number:02d}"}


def _fields(threshold: float) -> dict[str, Any]:
    return {
        "dialType": "predictive",
        "abandonThreshold": threshold,
        "startTime": START,
        "endTime": END,
        "status": "active",
        "wrapUpCode": "SOLD",
        "description": MARK,
        "predictiveDialingSettings": {"targetAnswerRate": 0.3, "maxCallsInProgress": 10},
    }


def _settings(name: str, on: str, threshold: float) -> dict[str, Any]:
    fields = {key: value for key, value in _fields(threshold).items() if key not in ("status", "description")}
    return {"name": name, "list": on, **fields}


def _manifest(kind: str, name: str, spec: str) -> str:
    indented = "\n".join(f"  {line}" for line in spec.strip().splitlines())
    return f"apiVersion: cxone.reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{indented}\n"


def list_scenes() -> list[Scene]:
    """Every scene."""
    return [
        Scene("ids", listed=()),
        Scene("ids, suppressed", campaign=""),
        Scene("attributes", method="listContacts", changed=(6, 7, 8), listed=()),
        Scene("bulk", method="bulkInsert", changed=(6, 7)),
        Scene("batch", method="contactBatch", changed=(6, 7)),
        Scene("upsert", method="contactBatch", membership="upsert", changed=(6, 7)),
        Scene("new", method="bulkInsert", list_is_there=False, there=(), campaign="new"),
        Scene("swapped", method="bulkInsert", campaign="swapped"),
        Scene("refused", there=tuple(range(8, 26)), campaign="", refused=True),
        Scene("two", two=True, listed=()),
        Scene("campaign alone", segment=False, listed=()),
        Scene("pruned", campaign="pruned", going=frozenset({"Gone"}), listed=()),
    ]
