"""A campaign whose contacts get outcomes from a file, and the words to look at what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reconciler.simulator import Campaign, Simulator
from tests.conftest import Folder, manifest

TENANT = """
credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
surfaces:
  outbound: {{baseUrl: {url}/outbound/api/v2, tokenUrl: {url}/outbound/oauth/token, {pace}}}
  lists: {{baseUrl: {url}/lists/api/v1, tokenUrl: {url}/lists/oauth/token, {pace}}}
  dispositions:
    baseUrl: {url}/dispositions/api/v1/outbound
    tokenUrl: {url}/dispositions/api/v1/oauth2/token
    {own}
webhooks: {{allowPrivate: [127.0.0.1], allowHttp: [127.0.0.1]}}
"""
PACE = "rate: 5000, burst: 500, attempts: 3"
FAST = "campaignRate: 1000"
CODES = ("INTERESTED", "BUSY", "DO_NOT_CALL")
COLUMNS = "contactId: contact, outcome: outcome, agent: agent, notes: notes, timestamp: at"
HEADER = "contact,outcome,agent,notes,at"
CRM = "crm"


def contact(number: int) -> str:
    """The id of a contact."""
    return f"CUST{number:04d}"


def phone(number: int) -> str:
    """A number of the range that is kept for fiction."""
    return f"+1212555{100 + number % 100:04d}"


def row(number: int, outcome: str | None = None, at: str = "2026-06-30T12:00:00Z") -> str:
    """A line of the file: an outcome by an agent, with notes."""
    return f"{contact(number)},{outcome or CODES[number % len(CODES)]},A{number % 4},note {number},{at}"


def write_outcomes(folder: Folder, rows: Iterable[str], name: str = "outcomes.csv") -> None:
    """The file that outcomes come from."""
    folder.write(name, "\n".join([HEADER, *rows]) + "\n")


def campaign(tenant: Simulator, numbers: Iterable[int], name: str = "Evening") -> Campaign:
    """A campaign on a list of some contacts, each with a number of its own."""
    ids = {contact(n): phone(n) for n in numbers}
    tenant.store.add_contacts([{"id": each, "phoneNumber": number} for each, number in ids.items()])
    tenant.store.add_list(f"{name} list", list(ids))
    return tenant.store.add_campaign(name, f"{name} list", status="active")


def declare(
    folder: Folder,
    tenant: Simulator,
    *,
    name: str = "calls",
    campaign: str = "Evening",
    file: str = "outcomes.csv",
    columns: str = COLUMNS,
    extra: str = "",
    source: str = "",
    own: str = FAST,
    pace: str = PACE,
) -> None:
    """Manifests of a set for one campaign; `source` is added to the files, `extra` to the spec."""
    said = manifest("Tenant", "embedded", TENANT.format(url=tenant.url, pace=pace, own=own.replace("\n", "\n    ")))
    folder.write("tenant.yaml", said)
    files = f"files: {{paths: ['{file}'], format: csv, columns: {{{columns}}}{source}}}"
    spec = f"campaign: {{name: {campaign}}}\n{files}\n{extra}"
    folder.write(f"{name}.yaml", manifest("DispositionSet", name, spec))


def declare_feedback(folder: Folder, store: str = "data/asked") -> str:
    """A do-not-call list that outcomes feed; what to add to a set's spec."""
    folder.write("asked.yaml", manifest("SuppressionList", "asked", f"store: {store}\nmayBeginEmpty: true\nregion: US"))
    return "feedback: [{suppressionList: asked, outcomes: [DO_NOT_CALL]}]"


def declare_crm(folder: Folder, tenant: Simulator, more: str = "") -> None:
    """A webhook that is told of outcomes; its callbacks are signed."""
    spec = f"url: {tenant.url}/_webhooks/{CRM}\nevents: [disposition-update]\nsecret: {{env: CXONE_CLIENT_SECRET}}"
    folder.write("crm.yaml", manifest("Webhook", CRM, f"{spec}\nattempts: 1\nwithin: 2s\n{more}"))


def outcomes(tenant: Simulator, name: str = "Evening") -> dict[str, str | None]:
    """The outcome of each contact that was ever asked for or set."""
    found = tenant.dispositions.all(tenant.store.campaign_named(name).id)
    return {each.contact_id: each.outcome for each in found}


def patched(tenant: Simulator) -> list[str]:
    """The contacts of each write that was asked for, in order."""
    return [each.path.rpartition("/")[2] for each in tenant.requests() if each.method == "PATCH"]


def told(tenant: Simulator) -> dict[str, list[dict[str, Any]]]:
    """What the CRM was told, by the callback's key: whoever gets one twice knows it by that."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in tenant.webhooks():
        if each.name == CRM:
            body = each.body
            found[each.headers["idempotency-key"]] = body if isinstance(body, list) else [body]
    return found


def audited(folder: Folder) -> list[Mapping[str, Any]]:
    """The entries of the audit record on contacts."""
    lines = (folder.root / ".reconciler" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == "outcome"]


def kept(folder: Folder, store: str = "data/asked") -> list[str]:
    """The numbers that a do-not-call list keeps, those that are there twice among them."""
    files: Iterable[Path] = (folder.root / store).glob("*.jsonl")
    return sorted(json.loads(line)["phone"] for file in files for line in file.read_text().splitlines())
