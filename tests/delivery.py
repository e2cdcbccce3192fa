"""A workspace whose segment can be delivered in each way: contacts of a file, with numbers of their own."""

from __future__ import annotations

from collections.abc import Container, Iterable

from reconciler.simulator import Simulator
from tests.conftest import Folder, manifest

METHODS = ("contactIds", "listContacts", "bulkInsert", "contactBatch")
EVERY = (*METHODS, "listUpload")
"""With the one of NICE's published API."""

NICE = """
credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
surfaces:
  nice:
    {{tokenUrl: "{url}/nice/authentication/v1/token/access-key", issuer: "{url}/nice", {settings}}}
"""

TENANT = """
credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
surfaces:
  outbound: {{baseUrl: {url}/outbound/api/v2, tokenUrl: {url}/outbound/oauth/token, {pace}}}
  lists: {{baseUrl: {url}/lists/api/v1, tokenUrl: {url}/lists/oauth/token, {pace}}}
  bulk: {{baseUrl: {url}/bulk/api/v2, tokenUrl: {url}/bulk/api/v2/oauth2/token, {pace}, {jobs}}}
  contacts: {{baseUrl: {url}/contacts/v2/contact-center, tokenUrl: {url}/contacts/oauth2/token, {pace}, pollEvery: 1s}}
"""
PACE = "rate: 5000, burst: 500, attempts: 3"
JOBS = "pollEvery: 1s, watch: poll"


def contact(number: int) -> str:
    """The id of a contact."""
    return f"C{number:04d}"


def phone(number: int) -> str:
    """A number of the range for fiction, of an area code each."""
    return f"+1{_AREAS[number // 100 % len(_AREAS)]}55501{number % 100:02d}"


_AREAS = (212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234, 239, 240, 248, 251, 252, 253)


def write_contacts(folder: Folder, numbers: Iterable[int], silver: Container[int] = ()) -> None:
    """The file that contacts come from: of the tier gold, but for some."""
    tiers = {n: "silver" if n in silver else "gold" for n in numbers}
    lines = [f"{contact(n)},{phone(n)},Ada Example {n},a{n}@example.com,{tier},80" for n, tier in tiers.items()]
    folder.write("crm.csv", "\n".join(["id,phone,name,email,tier,score", *lines]) + "\n")


def declare(
    folder: Folder,
    tenant: Simulator,
    method: str,
    *,
    chunk: int | None = 10,
    attributes: Iterable[str] = ("priority", "tier"),
    pace: str = PACE,
    jobs: str = JOBS,
    membership: str = "mirror",
) -> None:
    """Manifests of a segment on one list, delivered by a method; an attribute by a method that can write some."""
    said = [] if method == "contactIds" else list(attributes)
    size = "" if chunk is None else f", chunkSize: {chunk}"
    if method == "listUpload":
        spec = NICE.format(url=tenant.url, settings=f"{pace}, {jobs}")
    else:
        spec = TENANT.format(url=tenant.url, pace=pace, jobs=jobs)
    folder.write("tenant.yaml", manifest("Tenant", "embedded", spec))
    columns = "{contactId: id, phone: phone, name: name, email: email, engagementScore: score}"
    files = f"files: {{paths: [crm.csv], format: csv, columns: {columns}, attributes: {{tier: tier}}}}"
    folder.write("source.yaml", manifest("ContactSource", "crm", files))
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    folder.write(
        "segment.yaml",
        manifest(
            "Segment",
            "chosen",
            f"""
source: crm
score: engaged
lists: {{engaged: chosen}}
membership: {membership}
phones: {{rule: valid}}
delivery: {{method: {method}{size}, attributes: {said}}}
""",
        ),
    )


def known(tenant: Simulator, method: str, numbers: Iterable[int]) -> None:
    """Make contacts known to the tenant, where the method cannot."""
    if method in ("contactIds", "listContacts"):
        tenant.store.add_contacts([{"id": contact(n), "phoneNumber": phone(n)} for n in numbers])


def on_list(tenant: Simulator, name: str = "Chosen") -> dict[str, dict[str, object]]:
    """Who is on a list by the id that we know them by, with what is kept with each."""
    members = tenant.store.list_named(name).members
    return {str(data.get("contactId", contact_id)): dict(data) for contact_id, data in members.items()}
