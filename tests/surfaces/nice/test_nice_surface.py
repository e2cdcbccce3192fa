"""What NICE's published API is held to be: its logins, where a tenant's API is found, and what stands in its requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.cxone.auth import make_access
from reconciler.cxone.base_discovery import BaseUnknown
from reconciler.cxone.errors import NotFound, TokenRefused
from reconciler.cxone.transport import Transport
from reconciler.model.errors import ChunkTooLarge
from reconciler.model.row_wire import Trace
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.login import APPLICATION, Renewals
from reconciler.surfaces.nice import call_lists, uploads
from reconciler.surfaces.nice.api import check_version
from reconciler.surfaces.nice.endpoints import ENDPOINTS, Weight, make_call
from tests.conftest import Ended, Folder, manifest


@pytest.fixture
def short() -> Iterator[Simulator]:
    """A tenant whose tokens live for two seconds, so that each is renewed after one."""
    with Simulator(Options(token_lifetime=2)) as started:
        yield started


def transport_to(tenant: Simulator, **settings: Any) -> Transport:
    """A transport to the surface by an access key, unless it is told otherwise."""
    url = f"{tenant.url}/nice"
    given = {
        "client_id": tenant.options.client_id,
        "client_secret": Secret(tenant.options.client_secret),
        "token_url": f"{url}/authentication/v1/token/access-key",
        "parameters": {"issuer": url},
        **settings,
    }
    declared = DeclaredSurface("nice", credential_source="a test", pace=Pace(1e4, 1000), attempts=2, **given)
    return Transport(make_access(declared))


def asked(tenant: Simulator) -> list[str]:
    """The paths that were asked for."""
    return [each.path.removeprefix("/nice") for each in tenant.requests()]


def test_the_base_is_found_by_the_tokens_tenant_and_the_version_by_what_the_tenant_tells(tenant: Simulator) -> None:
    with transport_to(tenant) as transport:
        assert transport.base_url == f"{tenant.url}/nice/incontactAPI/services/v33.0"
        assert asked(tenant) == [
            "/authentication/v1/token/access-key",
            "/.well-known/cxone-configuration",
            "/incontactAPI/services/v33.0/apiversion",
        ]
        tenant.clear_requests()
        assert transport.call("GET", "/lists/call-lists", may_be_empty=True) is None
        assert asked(tenant) == ["/incontactAPI/services/v33.0/lists/call-lists"]


def test_a_version_that_is_declared_is_spoken_and_not_asked_for(tenant: Simulator) -> None:
    known = {"issuer": f"{tenant.url}/nice", "version": "34"}
    with transport_to(tenant, parameters=known) as transport:
        assert transport.base_url.endswith("/v34.0")
        assert not any(each.endswith("/apiversion") for each in asked(tenant))


def test_a_base_that_is_declared_is_not_looked_for(tenant: Simulator) -> None:
    with transport_to(tenant, base_url=f"{tenant.url}/nice//InContactAPI//services/v33.0") as transport:
        assert transport.call("GET", "/lists/call-lists", may_be_empty=True) is None


def test_a_tenant_of_an_older_version_is_refused_with_both_numbers(tenant: Simulator) -> None:
    tenant.store.part(Renewals).newest = 32
    with transport_to(tenant) as transport, pytest.raises(BaseUnknown, match="version 32 at most"):
        transport.call("GET", "/lists/call-lists")
    assert check_version({"version": "33"}) is None
    assert check_version({}) is None


def test_a_token_that_says_nothing_of_its_tenant_needs_a_manifest_that_does(tenant: Simulator) -> None:
    tenant.store.part(Renewals).tells = False
    with transport_to(tenant) as transport, pytest.raises(BaseUnknown) as failed:
        transport.call("GET", "/lists/call-lists")
    assert "area" in str(failed.value.hint)
    known = {"issuer": f"{tenant.url}/nice", "tenantId": "11eb0000-0000-4000-8000-000000000001"}
    with transport_to(tenant, parameters=known) as transport:
        assert transport.base_url.startswith(f"{tenant.url}/nice/")


@pytest.mark.parametrize("login", [None, "openId"])
def test_a_token_is_renewed_without_the_secret_before_it_ends(short: Simulator, login: str | None) -> None:
    url = f"{short.url}/nice"
    route: dict[str, Any] = {}
    if login is not None:
        route = {"login": login, "application": (APPLICATION[0], Secret(APPLICATION[1]))}
        route["token_url"] = f"{url}/.well-known/openid-configuration"
    with transport_to(short, **route) as transport:
        first = transport.tokens.obtain_token()
        assert transport.tokens.obtain_token() == first
        transport.tokens._clock = lambda base=transport.tokens._clock: base() + 1.5  # type: ignore[misc]
        second = transport.tokens.obtain_token()
        assert second != first
        assert asked(short)[-1] == ("/public/user/refresh" if login is None else "/auth/token")
        # what renewed it is spent: where another is refused, the key is used as at first
        short.store.part(Renewals).held.clear()
        transport.tokens._clock = lambda base=transport.tokens._clock: base() + 1.5  # type: ignore[misc]
        assert transport.tokens.obtain_token() not in (first, second)


def test_a_key_that_is_not_good_is_told_as_such_and_never_shown(tenant: Simulator) -> None:
    wrong = Secret("wrong-and-secret")
    with transport_to(tenant, client_secret=wrong) as transport, pytest.raises(TokenRefused) as failed:
        transport.call("GET", "/lists/call-lists")
    assert "wrong-and-secret" not in str(failed.value) + repr(failed.value)


def test_what_only_a_header_says_of_a_refusal_is_shown(tenant: Simulator) -> None:
    with transport_to(tenant) as transport, pytest.raises(NotFound) as failed:
        transport.call("GET", "/lists/call-lists/77")
    assert "call list" in str(failed.value.note)


@pytest.mark.parametrize(
    "value", [None, 1, 85.5, True, "gold", "85", "true", "null", "", '"', "[1]", [1, "a"], {"a": None}, "a,b\r\nc", "é"]
)
def test_an_attribute_is_read_as_it_was_written(value: Any) -> None:
    assert call_lists.read_cell(call_lists.write_cell(value)) == value


@pytest.mark.parametrize(
    ("told", "number"),
    [("2125550101", "+12125550101"), ("+442079460000", "+442079460000"), ("(212) 555-0101", "+12125550101")],
)
def test_ten_digits_are_a_number_of_the_north_american_plan(told: str, number: str) -> None:
    assert call_lists.make_e164(told) == number
    assert call_lists.make_e164("") is None


def test_a_file_has_crlf_and_the_columns_of_the_mapping_first() -> None:
    item = {"contactId": "C1", "phone": "+12125550101", "firstName": "Ada", "lastName": None, "data": {"tier": "gold"}}
    assert uploads.write_file([item]) == (
        b"contactId,phone,firstName,lastName,score,priority,tier\r\nC1,+12125550101,Ada,,,,gold\r\n"
    )


def test_a_file_of_more_than_256_mb_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    item = {"contactId": "C1", "phone": "+12125550101", "data": {"note": "x" * 100}}
    size = len(uploads.write_file([item]))
    monkeypatch.setattr(uploads, "MOST_BYTES", size)
    assert len(uploads.write_file([item])) == size
    monkeypatch.setattr(uploads, "MOST_BYTES", size - 1)
    with pytest.raises(ChunkTooLarge):
        uploads.write_file([item])


def test_of_a_lists_jobs_the_newest_is_found_that_nothing_else_is_known_to_have_made() -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    trace = Trace("7", "reference", now - timedelta(minutes=1), now, {"12"})
    jobs = [{"jobId": job, "listId": of} for job, of in ((9, 7), (12, 7), (11, 7), (13, 8))]
    assert uploads.find_upload({"uploadJobs": jobs}, trace) == "11"
    assert uploads.find_upload(None, trace) is None


def test_an_id_that_is_a_number_in_one_way_alone_is_sent_as_one() -> None:
    call = make_call("lists.remove", "7", body={})
    assert call.path == "/lists/call-lists/7/removeProspects"
    removed = uploads.LIST_UPLOAD.remove
    assert removed is not None
    told = removed("7", ["12", "012", "C1"]).body["prospectsToRemove"]
    assert [each["externalId"] for each in told] == [12, "012", "C1"]


def test_every_endpoint_says_how_surely_it_is_known_and_a_quirk_says_it_too() -> None:
    assert all(isinstance(each.weight, Weight) for each in ENDPOINTS.values())
    assert all(bool(each.quirk) == (each.known is not None) for each in ENDPOINTS.values())


def make_table() -> str:
    """Every request as `docs/nice.md` has it."""
    lines = ["| call | for | weight | quirk |", "|---|---|---|---|"]
    for each in ENDPOINTS.values():
        wrapper = f", in `{each.wrapper}`" if each.wrapper else ""
        quirk = f"{each.quirk} ({each.known})" if each.quirk else ""
        lines.append(f"| `{each.method} {each.path}`{wrapper} | {each.used_for} | {each.weight} | {quirk} |")
    return "\n".join(lines)


def test_the_page_has_every_call_with_its_weight_and_quirk(request: pytest.FixtureRequest) -> None:
    page = Path(__file__).parents[3] / "docs" / "nice.md"
    before, _, rest = page.read_text(encoding="utf-8").partition("## Every call\n\n")
    table, _, after = rest.partition("\n\n## Not verified")
    if request.config.getoption("--write-golden"):
        page.write_text(f"{before}## Every call\n\n{make_table()}\n\n## Not verified{after}", encoding="utf-8")
    else:
        assert table == make_table()


def test_a_tenants_manifest_may_log_in_by_openid_with_an_applications_id_and_secret(
    nice: Folder, tenant: Simulator, run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = """
credentials:
  clientId: {{env: CXONE_CLIENT_ID}}
  clientSecret: {{env: CXONE_CLIENT_SECRET}}
{application}
surfaces:
  nice: {{login: openId, issuer: "{url}/nice", rate: 5000, burst: 500}}
"""
    nice.write("tenant.yaml", manifest("Tenant", "embedded", spec.format(url=tenant.url, application="")))
    refused = run("plan")
    assert (refused.code, "an application's id and secret" in refused.err) == (64, True)
    application = "  applicationId: {env: CXONE_APPLICATION}\n  applicationSecret: {env: CXONE_APPLICATION_SECRET}"
    nice.write("tenant.yaml", manifest("Tenant", "embedded", spec.format(url=tenant.url, application=application)))
    for name, value in zip(("CXONE_APPLICATION", "CXONE_APPLICATION_SECRET"), APPLICATION, strict=True):
        monkeypatch.setenv(name, value)
    planned = run("plan")
    assert planned.code == 0, planned.said
    assert "/auth/token" in asked(tenant)
    assert "/authentication/v1/token/access-key" not in asked(tenant)


def test_a_tenth_of_a_percent_of_a_million_is_one_file_of_little_more_than_its_rows() -> None:
    rows: list[dict[str, Any]] = [
        {
            **{"contactId": f"C{n:07d}", "phone": f"+12125550{n % 100:03d}", "firstName": "Ada", "lastName": "Byron"},
            "data": {"score": 70 + n % 30, "priority": 1, "tier": "gold"},
        }
        for n in range(1000)
    ]
    own = ("contactId", "phone", "firstName", "lastName")
    told = ([*(row[name] for name in own), *row["data"].values()] for row in rows)
    delta = sum(len(",".join(map(str, each))) + 2 for each in told)
    assert len(rows) <= uploads.LIST_UPLOAD.way.usual
    assert len(uploads.write_file(rows)) <= 1.2 * delta
