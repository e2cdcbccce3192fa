"""What the operator says that manifests may name, and what holds where nothing is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.workspace_options import FLOOR_VARIABLE
from reconciler.ledger.record_store_interface import KEY_VARIABLE
from reconciler.ledger.sealing import VARIABLE
from reconciler.model.operator_bounds import Bounds, Held, make_bounds
from reconciler.model.url_destination import parse_destination
from reconciler.model.well_known_names import NEVER, find_tenant_prefix, is_in_pipeline

PACKAGE = Path(__file__).parents[2] / "reconciler"
INSIDE = Path("/srv/space")
VENDOR = parse_destination("https://acme.cxone.com/api/v2")
OTHER = parse_destination("https://hooks.example.com/x")
HERE = parse_destination("http://127.0.0.1:8642/x")


def held(*said: dict[str, Any], tenant: str = "production", local: bool = False) -> Held:
    ledger = (INSIDE / ".reconciler", INSIDE / "ledger")
    return Held(Bounds(tenant=tenant, local=local, ledger=ledger), tuple(map(make_bounds, said)))


def test_by_default_variables_are_this_tools_and_those_of_the_tenant_that_is_meant() -> None:
    allowed = held(tenant="prod-eu").allows_variable
    assert all(map(allowed, ("CXONE_CLIENT_SECRET", "RECONCILER_WEBHOOK", "PROD_EU_CLIENT_ID")))
    assert not any(
        map(allowed, ("PROD_CLIENT_ID", "STAGE_SECRET", "AWS_SECRET_ACCESS_KEY", "HOME", "XCXONE_A", "cxone_a"))
    )


@pytest.mark.parametrize("tenant", ["aws", "github", "azure", "ci", "google", "pgsql", "aws-secret", "vault"])
def test_a_tenant_that_is_called_as_another_program_has_no_variables_of_its_own(tenant: str) -> None:
    assert find_tenant_prefix(tenant) is None
    assert not held(tenant=tenant).allows_variable(f"{tenant.upper().replace('-', '_')}_TOKEN")


def test_the_programs_own_keys_and_settings_are_named_by_no_manifest_whatever_anybody_says() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert set(re.findall(r'"(RECONCILER_[A-Z_]*[A-Z])"', source)) == NEVER, "what the program reads for itself"
    assert {KEY_VARIABLE, VARIABLE, FLOOR_VARIABLE} <= NEVER
    everything = held({"variables": ["*"], "hosts": [{"host": "hooks.example.com", "secrets": ["*"]}]})
    assert everything.allows_variable("ANYTHING")
    assert not any(everything.allows_variable(name, [OTHER]) or held().allows_variable(name) for name in NEVER)


def test_by_default_hosts_are_the_vendors_by_tls_and_this_machine_only_where_that_is_said() -> None:
    assert held().allows_host(VENDOR)
    for url in (
        "http://acme.cxone.com/",
        "https://cxone.com.evil.example/",
        "https://evilcxone.com/",
        "https://a.cxone.com:9/",
    ):
        assert not held().allows_host(parse_destination(url))
    assert not held().allows_host(HERE) and held(local=True).allows_host(HERE)
    assert not held({}, local=False).allows_host(HERE)


def test_a_token_and_its_endpoints_are_on_one_host_or_on_hosts_that_belong_together() -> None:
    login = parse_destination("https://login.nicecxone.com/token")
    assert held().allows_beside(login, VENDOR)
    assert not held(local=True).allows_beside(parse_destination("http://127.0.0.1:9/"), HERE)
    assert not held(local=True).allows_beside(VENDOR, HERE)
    named = held({"hosts": ["hooks.example.com", "acme.cxone.com"]})
    assert named.allows_beside(OTHER, VENDOR) and not named.allows_beside(login, VENDOR)


def test_a_secret_goes_only_to_hosts_of_which_the_operator_says_so() -> None:
    said = held({"hosts": ["acme.cxone.com", {"host": "hooks.example.com", "secrets": ["CRM_*", "secrets/crm"]}]})
    assert said.allows_variable("CRM_KEY", [OTHER]) and not said.allows_variable("CRM_KEY")
    assert not said.allows_variable("CRM_KEY", [VENDOR]) and not said.allows_variable("CRM_KEY", [OTHER, VENDOR])
    assert said.forbids_sending(("CXONE_CLIENT_SECRET",), OTHER)
    assert not said.forbids_sending(("CXONE_CLIENT_SECRET",), VENDOR)
    assert held({"hosts": [{"host": "hooks.example.com", "secrets": []}]}).forbids_sending(("CXONE_A",), OTHER)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("secrets/crm", True),
        ("crm.key", True),
        (".git/config", False),
        (".env", False),
        ("a/.hidden/b", False),
        (".reconciler/plan.key", False),
        ("ledger/token.key", False),
        ("../other", False),
        ("/run/secrets/crm", False),
    ],
)
def test_by_default_secrets_are_in_files_of_the_workspace_that_are_neither_hidden_nor_the_ledgers(
    name: str, allowed: bool
) -> None:
    found = (
        Path(*[part for part in (INSIDE / name).parts if part != ".."]) if ".." not in name else INSIDE.parent / "other"
    )
    assert held().allows_file(found, INSIDE) is allowed
    assert not held({"secretFiles": ["**"]}).allows_file(INSIDE / "ledger/token.key", INSIDE)


def test_the_operator_may_name_files_anywhere_and_then_no_others() -> None:
    said = held({"secretFiles": ["/run/secrets/*", "secrets/*"]})
    assert said.allows_file(Path("/run/secrets/crm"), INSIDE) and said.trusts_file(Path("/run/secrets/crm"), INSIDE)
    assert not said.allows_file(Path("/run/secrets/a/b"), INSIDE) and not said.allows_file(INSIDE / "crm.key", INSIDE)
    assert not held().trusts_file(INSIDE / "secrets/crm", INSIDE)


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("s3://ledgers/starter", True),
        ("s3://ledgers/starter/a", True),
        ("s3://ledgers/starters", False),
        ("s3://ledgers", False),
        ("gs://ledgers/starter", False),
        ("/var/lib/reconciler/a", True),
        ("/var/lib/reconciler2", False),
        ("/var/lib", False),
    ],
)
def test_a_place_is_written_only_at_or_below_one_that_is_named(place: str, allowed: bool) -> None:
    said = {"places": ["s3://ledgers/starter/", "file:///var/lib/reconciler"]}
    assert held(said).allows_place(place) is allowed
    assert not held().allows_place(place)


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("10.20.0.0/16", True),
        ("10.20.3.4", True),
        ("10.0.0.0/8", False),
        ("10.21.0.0/16", False),
        ("hooks.internal", True),
        ("HOOKS.internal", True),
        ("other.internal", False),
        ("fd00::/8", False),
        ("300.1.1.1", False),
    ],
)
def test_what_may_be_private_is_within_what_is_named(entry: str, allowed: bool) -> None:
    assert held({"privateAddresses": ["10.20.0.0/16", "hooks.internal"]}).allows_private(entry) is allowed
    assert not held().allows_private(entry)


def test_this_machine_may_be_private_to_itself_by_default() -> None:
    assert all(map(held(local=True).allows_private, ("127.0.0.1", "localhost", "127.0.0.0/8", "::1")))
    assert not any(map(held(local=True).allows_private, ("10.0.0.1", "::/0", "169.254.169.254")))


def test_of_several_files_all_hold() -> None:
    one = {"hosts": ["acme.cxone.com", "hooks.example.com"]}
    both = held(one, {"hosts": ["acme.cxone.com"], "variables": ["CXONE_*"]}, {"variables": ["CXONE_CLIENT_*"]})
    assert both.allows_host(VENDOR) and not both.allows_host(OTHER)
    assert both.allows_variable("CXONE_CLIENT_ID") and not both.allows_variable("CXONE_OTHER")
    assert not both.allows_variable("PRODUCTION_A"), "what a file says stands in the place of the default"


def test_a_pipeline_is_known_by_its_own_variables() -> None:
    assert is_in_pipeline({"GITHUB_ACTIONS": "true"}) and is_in_pipeline({"JENKINS_URL": "https://ci.example.com/"})
    assert not is_in_pipeline({"HOME": "/root", "GITLAB_CI": ""})
