"""Who must approve is read from the floors, with the files that say whose each key is, or refused with every fault."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.model.approval_policy import Policy
from tests.steps.load.test_operator_bounds_check import codes, opened, refused, tenant

V = "apiVersion: cxone.reconciler/v1\nkind: "
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample"
SIGNERS = f"ana {KEY}\nbo {KEY}1\ndi {KEY}2\n"
GROUPS = "groups: {dialling: [ana, bo], compliance: [di]}"
ASKS = "requirements: [{when: {blastRadius: 10}, needs: {count: 2, group: dialling}}]"


def floor(spec: str, name: str = "operator") -> str:
    return f"{V}Floor\nmetadata: {{name: {name}}}\nspec:\n  approvals: {{{spec}}}\n"


def operator(folder: Path, spec: str, signers: str | None = SIGNERS) -> Path:
    home = folder / "operator"
    home.mkdir(exist_ok=True)
    if signers is not None:
        (home / "signers").write_text(signers, encoding="utf-8")
    (home / "floor.yaml").write_text(floor(spec), encoding="utf-8")
    return home / "floor.yaml"


def policies(folder: Path, text: str, *floors: Path) -> dict[str, Policy]:
    return {each.by: each for each in opened(folder, text, *floors).settings.approvals}


def test_a_policy_is_read_with_the_content_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "operator").mkdir()
    (tmp_path / "operator" / "revoked").write_text(f"{KEY}9\n", encoding="utf-8")
    spec = f"{ASKS}, {GROUPS}, allowedSigners: signers, revokedKeys: revoked, users: {{ana-k: ana}}, "
    spec += "reviews: {trusted: true}, notOnlyAuthor: true"
    found = policies(tmp_path, tenant(), operator(tmp_path, spec))["Floor/operator"]
    assert found.operator
    assert found.signers == SIGNERS
    assert found.revoked == f"{KEY}9\n".encode()
    assert (found.reviews, found.not_only_author) == (True, True)
    assert found.find_principal("Ana-K") == "ana"
    assert found.find_principal("bo") is None  # an account of a principal's name may be anybody's
    assert found.find_principal("eve") is None
    ((requirement),) = found.requirements
    assert (requirement.count, requirement.group, requirement.when.blast_radius) == (2, "dialling", 10)


def test_the_workspace_may_ask_for_more_people_of_the_operators_groups_and_for_its_own(tmp_path: Path) -> None:
    more = "requirements: [{needs: {count: 1, group: compliance}}, {needs: {count: 1, group: team}}], "
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "team").write_text(f"cy {KEY}7\n", encoding="utf-8")
    text = tenant() + "---\n" + floor(f"{more}groups: {{team: [cy]}}, allowedSigners: team", "team")
    found = policies(tmp_path, text, operator(tmp_path, f"{ASKS}, {GROUPS}, allowedSigners: signers"))
    assert [(each.group, each.of) for each in found["Floor/team"].requirements] == [
        ("compliance", "Floor/operator"),
        ("team", "Floor/team"),
    ]
    assert not found["Floor/team"].operator
    assert found["Floor/operator"].groups["dialling"] == ("ana", "bo")


def test_a_group_that_the_workspace_names_as_the_operator_does_is_its_own_and_changes_nothing_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "own").write_text(f"eve {KEY}7\n", encoding="utf-8")
    spec = "requirements: [{needs: {count: 1, group: dialling}}], groups: {dialling: [eve]}, allowedSigners: own"
    text = tenant() + "---\n" + floor(spec, "team")
    found = policies(tmp_path, text, operator(tmp_path, f"{ASKS}, {GROUPS}, allowedSigners: signers"))
    assert found["Floor/operator"].groups["dialling"] == ("ana", "bo")
    assert [each.of for each in found["Floor/operator"].requirements] == ["Floor/operator"]
    assert [each.of for each in found["Floor/team"].requirements] == ["Floor/team"]


def test_everything_that_is_wrong_is_told_at_once_each_at_its_place(tmp_path: Path) -> None:
    spec = (
        "requirements: [{needs: {count: 1, group: dialing}}, {needs: {count: 3, group: dialling}}, "
        "{when: {rules: [ABN-999], kinds: [Campain]}, needs: {count: 2, group: compliance}}], "
        f"{GROUPS}, allowedSigners: signers, revokedKeys: nowhere"
    )
    found = refused(tmp_path, tenant(), operator(tmp_path, spec, f"* {KEY}\nana {KEY}\nbo\n"))
    assert sorted(each.code for each in found) == [
        "bad-signer",
        "bad-signer",
        "file-unreadable",
        "group-too-small",
        "group-too-small",
        "unknown-group",
        "unknown-kind",
        "unknown-rule",
    ]
    assert {each.where.line for each in found if each.code == "bad-signer"} == {1, 3}
    assert all(each.where.line for each in found)
    assert all(each.hint for each in found if each.code != "file-unreadable")


@pytest.mark.parametrize(
    ("spec", "signers", "code"),
    [
        (f"{ASKS}, {GROUPS}", None, "no-way-to-approve"),
        (f"{ASKS}, {GROUPS}, reviews: {{trusted: false}}", None, "no-way-to-approve"),
        (f"{ASKS}, {GROUPS}, allowedSigners: signers", None, "file-unreadable"),
        (f"{ASKS}, {GROUPS}, allowedSigners: signers", "# nobody yet\n", "no-signers"),
        (f"{ASKS}, {GROUPS}, allowedSigners: signers", f"ana {KEY}\n", "group-unable"),
        (f"{ASKS}, {GROUPS}, users: {{b: bo}}, allowedSigners: signers", f"ana {KEY}\n", "group-unable"),
    ],
)
def test_a_policy_that_nobody_could_satisfy_is_refused(
    tmp_path: Path, spec: str, signers: str | None, code: str
) -> None:
    assert code in codes(refused(tmp_path, tenant(), operator(tmp_path, spec, signers)))


@pytest.mark.parametrize(
    ("spec", "signers"),
    [
        (f"{ASKS}, {GROUPS}, users: {{b: bo}}, reviews: {{trusted: true}}, allowedSigners: signers", f"ana {KEY}\n"),
        (f"{ASKS}, {GROUPS}, users: {{a: ana, b: bo}}, reviews: {{trusted: true}}", None),
        (f"{ASKS}, groups: {{dialling: [ana, bo, cy]}}, allowedSigners: signers", f"ana {KEY}\nbo {KEY}1\n"),
        (f"{ASKS}, groups: {{dialling: [a@x.example, b@x.example]}}, allowedSigners: signers",
         f"*@x.example cert-authority {KEY}\n"),
    ],
)  # fmt: skip
def test_so_many_who_can_approve_by_any_way_are_enough(tmp_path: Path, spec: str, signers: str | None) -> None:
    assert len(policies(tmp_path, tenant(), operator(tmp_path, spec, signers))) == 1


def test_keys_may_stand_in_the_floor_itself_beside_those_of_the_file(tmp_path: Path) -> None:
    inline = f'signers: ["bo {KEY}1", "cy {KEY}2"]'
    found = policies(tmp_path, tenant(), operator(tmp_path, f"{ASKS}, {GROUPS}, {inline}, allowedSigners: signers"))
    assert found["Floor/operator"].signers == f"{SIGNERS}bo {KEY}1\ncy {KEY}2\n"
    alone = f'{ASKS}, {GROUPS}, signers: ["bo {KEY}1", "ana {KEY}2"]'
    assert policies(tmp_path, tenant(), operator(tmp_path, alone, None))["Floor/operator"].signers
    wrong = refused(tmp_path, tenant(), operator(tmp_path, f'{ASKS}, {GROUPS}, signers: ["* {KEY}1", "bo"]', None))
    assert [each.code for each in wrong].count("bad-signer") == 2


def test_a_user_of_two_spellings_is_refused_as_the_host_tells_no_case_apart(tmp_path: Path) -> None:
    spec = f"{ASKS}, {GROUPS}, users: {{Ana-K: ana, ana-k: bo}}, allowedSigners: signers"
    assert codes(refused(tmp_path, tenant(), operator(tmp_path, spec))) == {"user-twice"}


def test_a_floor_of_the_workspace_cannot_say_that_reviews_are_believed(tmp_path: Path) -> None:
    spec = "groups: {team: [cy]}, users: {c: cy}, reviews: {trusted: true}"
    found = refused(tmp_path, tenant() + "---\n" + floor(spec, "team"))
    assert codes(found) == {"reviews-in-manifests"}


def test_the_operators_keys_are_in_no_file_that_the_manifests_reach(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "signers").write_text(SIGNERS, encoding="utf-8")
    inside = operator(tmp_path, f"{ASKS}, {GROUPS}, allowedSigners: ../workspace/signers")
    assert codes(refused(tmp_path, tenant(), inside)) == {"signers-in-manifests"}
    (tmp_path / "operator" / "link").symlink_to(tmp_path / "workspace" / "signers")
    linked = operator(tmp_path, f"{ASKS}, {GROUPS}, allowedSigners: link")
    assert codes(refused(tmp_path, tenant(), linked)) == {"signers-in-manifests"}


def test_the_operators_keys_are_in_no_file_that_git_has_beside_the_manifests(tmp_path: Path) -> None:
    floor_file = operator(tmp_path, f"{ASKS}, {GROUPS}, allowedSigners: signers")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert len(policies(tmp_path, tenant(), floor_file)) == 1
    subprocess.run(["git", "-C", str(tmp_path), "add", "operator/signers"], check=True)
    assert codes(refused(tmp_path, tenant(), floor_file)) == {"signers-in-manifests"}


def test_a_floor_that_git_has_beside_the_manifests_is_the_workspaces(tmp_path: Path) -> None:
    floor_file = operator(tmp_path, f"{ASKS}, {GROUPS}, allowedSigners: signers")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "operator"], check=True)
    assert not policies(tmp_path, tenant(), floor_file)["Floor/operator"].operator


def test_a_floor_of_the_workspace_reads_no_file_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(SIGNERS, encoding="utf-8")
    spec = f"{ASKS}, {GROUPS}, allowedSigners: ../elsewhere"
    assert "path-outside-workspace" in codes(refused(tmp_path, tenant() + "---\n" + floor(spec, "team")))
    (tmp_path / "workspace" / "link").symlink_to(tmp_path / "elsewhere")
    linked = f"{ASKS}, {GROUPS}, allowedSigners: link"
    assert "path-outside-workspace" in codes(refused(tmp_path, tenant() + "---\n" + floor(linked, "team")))


def test_of_two_operators_with_a_group_of_one_name_none_is_taken(tmp_path: Path) -> None:
    first = operator(tmp_path, f"{ASKS}, {GROUPS}, allowedSigners: signers")
    second = tmp_path / "operator" / "second.yaml"
    second.write_text(floor(f"{GROUPS}, allowedSigners: signers", "second"), encoding="utf-8")
    text = tenant() + "---\n" + floor("requirements: [{needs: {count: 1, group: compliance}}], groups: {}", "team")
    found = refused(tmp_path, text, first, second)
    assert codes(found) == {"group-of-several"}
    assert found[0].hint
