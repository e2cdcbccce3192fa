"""An approval counts for whom the policy's file gives the key to, of this plan, now; every other is told with its fault.

The keys and signatures are real ones, of `ssh-keygen`.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.ledger import approval_records
from reconciler.ledger.folder_records import Store
from reconciler.ledger.ssh_signatures import NAMESPACE, NoSigner, SshKeygen, read_signature
from reconciler.model.approval import CheckedApproval, NotAnApproval, SignedApproval, Statement, read_approval
from reconciler.model.approval_policy import Policy
from reconciler.model.origin import Origin
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.reviews import NotReviews, read_reviews
from reconciler.steps.verify_approvals import verify_approvals
from tests.security_keys import TYPES, SecurityKey
from tests.ssh_keys import AT, Keys, needs_ssh
from tests.views.plans import plan

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GROUPS = {"dialling": ("ana", "bo"), "compliance": ("di",)}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


def statement(value: Plan, **other: str | None) -> Statement:
    made = Statement(plan_digest(value), value.workspace, value.tenant, value.environment, "whoever", AT)
    return replace(made, **other)  # type: ignore[arg-type]


def policy(signers: str | None = None, **said: object) -> Policy:
    return Policy("Floor/operator", True, groups=GROUPS, signers=signers, **said)  # type: ignore[arg-type]


def checked(keys: Keys, policy: Policy, *approvals: SignedApproval, of: Plan | None = None) -> list[CheckedApproval]:
    contents = [each.document() for each in approvals]
    return list(verify_approvals(of or plan(), [policy], contents, (), keys.program))


@needs_ssh
class TestSignatures:
    def test_the_signer_is_whom_the_file_gives_the_key_to_and_not_who_the_statement_says(self, keys: Keys) -> None:
        approval = keys.sign(statement(plan(), principal="di"), "ana-key")
        (found,) = checked(keys, policy(keys.signers(ana="ana-key", di="di-key")), approval)
        assert (found.principals, found.fault) == (("ana",), None)
        assert found.key.startswith("SHA256:")
        assert found.at == "2026-07-01T12:00:00Z"

    @pytest.mark.parametrize(
        ("other", "fault"),
        [
            ({"plan": "sha256:" + "0" * 64}, "other_plan"),
            ({"workspace": "another"}, "other_workspace"),
            ({"tenant": "another"}, "other_workspace"),
            ({"environment": "prod"}, "other_workspace"),
        ],
    )
    def test_an_approval_of_something_else_does_not_count(self, keys: Keys, other: dict[str, str], fault: str) -> None:
        (found,) = checked(keys, policy(keys.signers(ana="ana-key")), keys.sign(statement(plan(), **other), "ana-key"))
        assert (found.principals, found.fault) == ((), fault)

    def test_a_signature_that_was_made_for_something_else_does_not_count(self, keys: Keys) -> None:
        for namespace in ("git", "file", "plan-approval", NAMESPACE.upper()):
            approval = keys.sign(statement(plan()), "ana-key", namespace)
            (found,) = checked(keys, policy(keys.signers(ana="ana-key")), approval)
            assert found.fault == "other_namespace"

    def test_a_statement_that_was_changed_after_it_was_signed_does_not_count(self, keys: Keys) -> None:
        other = keys.sign(statement(plan(), plan="sha256:" + "0" * 64), "ana-key")
        forged = SignedApproval(statement(plan()).message(), other.signature)
        (found,) = checked(keys, policy(keys.signers(ana="ana-key")), forged)
        assert found.fault == "altered"

    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ("", None),
            (f'namespaces="{NAMESPACE}"', None),
            (f'namespaces="git,{NAMESPACE}"', None),
            ('namespaces="*"', None),
            ('namespaces="git"', "not_valid_now"),
            ('valid-after="20200101"', None),
            ('valid-after="20990101"', "not_valid_now"),
            ('valid-before="20990101"', None),
            ('valid-before="20200101"', "not_valid_now"),
        ],
    )
    def test_namespaces_and_dates_of_the_file_hold(self, keys: Keys, options: str, fault: str | None) -> None:
        signers = keys.signers(ana=f"{options} ana-key".strip())
        (found,) = checked(keys, policy(signers), keys.sign(statement(plan()), "ana-key"))
        assert found.fault == fault

    def test_a_key_that_the_file_has_no_more_counts_no_more(self, keys: Keys) -> None:
        (found,) = checked(keys, policy(keys.signers(bo="bo-key")), keys.sign(statement(plan()), "ana-key"))
        assert found.fault == "unknown_key"

    @pytest.mark.parametrize("type", TYPES)
    def test_a_key_of_a_security_key_counts_as_any_other(self, keys: Keys, type: str) -> None:
        """Made as OpenSSH's formats say, and checked by `ssh-keygen` itself."""
        ours, other = SecurityKey(type), SecurityKey(type)
        approval, signers = ours.sign(statement(plan()), NAMESPACE), f"ana {ours.line}\n"
        (found,) = checked(keys, policy(signers), approval)
        assert (found.principals, found.fault) == (("ana",), None)
        forged = SignedApproval(statement(plan(), tenant="another").message(), approval.signature)
        for signed, by, fault in (
            (approval, f"ana {other.line}\n", "unknown_key"),
            (approval, f'ana namespaces="git" {ours.line}\n', "not_valid_now"),
            (ours.sign(statement(plan()), "git"), signers, "other_namespace"),
            (replace(forged, message=statement(plan(), principal="di").message()), signers, "altered"),
        ):
            (found,) = checked(keys, policy(by), signed)
            assert (found.principals, found.fault) == ((), fault)

    @pytest.mark.parametrize("type", TYPES)
    def test_a_security_key_that_nobody_touched_approves_nothing(self, keys: Keys, type: str) -> None:
        ours = SecurityKey(type)
        (found,) = checked(keys, policy(f"ana {ours.line}\n"), ours.sign(statement(plan()), NAMESPACE, flags=0))
        assert (found.principals, found.fault) == ((), "untouched")

    def test_a_revoked_key_counts_no_more(self, keys: Keys, tmp_path: Path) -> None:
        approval = keys.sign(statement(plan()), "ana-key")
        signers = keys.signers(ana="ana-key")
        listed = f"{keys.public('ana-key')}\n".encode()
        krl = tmp_path / "krl"
        public = str(keys.private("ana-key").with_suffix(".pub"))
        subprocess.run(["ssh-keygen", "-q", "-k", "-f", str(krl), public], check=True)
        for revoked in (listed, krl.read_bytes()):
            (found,) = checked(keys, policy(signers, revoked=revoked), approval)
            assert found.fault == "revoked"
        (found,) = checked(keys, policy(signers, revoked=f"{keys.public('bo-key')}\n".encode()), approval)
        assert found.fault is None

    def test_who_is_in_no_group_is_told_so(self, keys: Keys) -> None:
        (found,) = checked(keys, policy(keys.signers(eve="eve-key")), keys.sign(statement(plan()), "eve-key"))
        assert (found.principals, found.fault) == (("eve",), "no_member")

    def test_whoever_shares_a_key_is_told_with_all_names(self, keys: Keys) -> None:
        signers = f"ana,bo {keys.public('shared')}\ndi {keys.public('shared')}\n"
        (found,) = checked(keys, policy(signers), keys.sign(statement(plan()), "shared"))
        assert set(found.principals) == {"ana", "bo", "di"}

    def test_a_certificate_of_an_authority_that_the_file_names_is_of_whom_it_says(
        self, keys: Keys, tmp_path: Path
    ) -> None:
        path = tmp_path / "by-authority"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        words = ["ssh-keygen", "-q", "-s", str(keys.private("authority")), "-I", "id", "-n", "bo", f"{path}.pub"]
        subprocess.run(words, check=True)
        message = statement(plan()).message()
        signature = keys.program.sign(message, path.with_name("by-authority-cert.pub"))
        signers = f"* cert-authority {keys.public('authority')}\n"
        (found,) = checked(keys, policy(signers), SignedApproval(message, signature))
        assert (found.principals, found.fault) == (("bo",), None)
        subprocess.run([*words[:6], f"{path}.pub"], check=True)  # one that names nobody, and so anybody
        signature = keys.program.sign(message, path.with_name("by-authority-cert.pub"))
        (found,) = checked(keys, policy(signers), SignedApproval(message, signature))
        assert (found.principals, found.fault) == ((), "unknown_key")

    def test_each_policy_goes_by_its_own_file(self, keys: Keys) -> None:
        team = replace(policy(keys.signers(ana="eve-key")), by="Floor/team", operator=False)
        contents = [keys.sign(statement(plan()), "eve-key").document()]
        policies = [policy(keys.signers(ana="ana-key")), team]
        found = verify_approvals(plan(), policies, contents, (), keys.program)
        assert [(each.of, each.fault) for each in found] == [("Floor/operator", "unknown_key"), ("Floor/team", None)]

    def test_a_key_with_a_passphrase_that_nobody_gives_signs_nothing_and_its_place_is_not_told(
        self, keys: Keys
    ) -> None:
        path = keys.private("locked", "a passphrase of the tests")
        program = SshKeygen(keys.folder / "scratch", {"PATH": "/usr/bin:/bin", "SSH_ASKPASS_REQUIRE": "force"})
        with pytest.raises(NoSigner) as caught:
            program.sign(b"x", path)
        told = f"{caught.value} {caught.value.note} {caught.value.hint}"
        assert str(path) not in told
        assert "locked" not in told

    def test_without_the_program_nothing_is_checked_and_nothing_counts(self, keys: Keys, tmp_path: Path) -> None:
        contents = [keys.sign(statement(plan()), "ana-key").document()]
        with pytest.raises(NoSigner):
            verify_approvals(
                plan(), [policy(keys.signers(ana="ana-key"))], contents, (), SshKeygen(tmp_path, {"PATH": "/nowhere"})
            )

    def test_a_signature_says_its_key_and_namespace(self, keys: Keys) -> None:
        found = read_signature(keys.sign(statement(plan()), "ana-key").signature)
        assert f"ssh-ed25519 {found.blob}" == keys.public("ana-key")
        assert found.namespace == NAMESPACE
        listed = subprocess.run(
            ["ssh-keygen", "-l", "-f", str(keys.private("ana-key"))], check=True, capture_output=True, text=True
        )
        assert found.fingerprint in listed.stdout


GARBAGE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b'{"statement": 1, "signature": 2}',
    b'{"statement": "{}", "signature": "x"}',
    b'{"statement": "{}", "signature": "x", "more": "y"}',
    b'{"statement": "[]", "signature": "-----BEGIN SSH SIGNATURE-----\\n!!\\n-----END SSH SIGNATURE-----"}',
    json.dumps({"statement": statement(plan()).message().decode(), "signature": "none"}).encode(),
    b"\xff\xfe",
    b"x" * 100_000,
]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_approval_is_told_and_counts_for_nobody(tmp_path: Path, content: bytes) -> None:
    found = verify_approvals(plan(), [policy("")], [content], (), SshKeygen(tmp_path, {}))
    assert [(each.fault, each.principals) for each in found] == [("unreadable", ())]


@settings(max_examples=80, derandomize=True, database=None, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_whatever_lies_there_is_read_or_refused(content: bytes) -> None:
    try:
        read = read_approval(content)
        read.read_statement()
        read_signature(read.signature)
    except (NotAnApproval, ValueError):
        return
    raise AssertionError(content)


def test_a_statement_comes_back_as_it_was_signed() -> None:
    made = statement(plan(), environment="prod")
    again = read_approval(SignedApproval(made.message(), "signature").document())
    assert again.read_statement() == made
    assert again.message == made.message()
    told = json.loads(made.message())
    for changed in ({**told, "format": "2"}, {**told, "more": 1}, {**told, "plan": 1}, {**told, "at": "never"}):
        with pytest.raises(NotAnApproval):
            SignedApproval(json.dumps(changed).encode(), "x").read_statement()


def test_approvals_are_kept_in_the_ledger_and_beside_the_plan_and_read_once(tmp_path: Path) -> None:
    store, file, digest = Store("file://ledger", tmp_path), tmp_path / "a.plan", "sha256:ab"
    one, two = (SignedApproval(statement(plan(), principal=who).message(), who) for who in ("ana", "bo"))
    approval_records.record(store, digest, one)
    written = approval_records.write(file, one)
    approval_records.write(file, two)
    assert approval_records.read(store, digest, file) == [one.document(), *[two.document()]]
    assert approval_records.read(store, digest) == [one.document()]
    assert approval_records.read(store, "sha256:cd", tmp_path / "b.plan") == []
    assert written.parent == tmp_path / "a.plan.approvals"
    (written.parent / "z.json").write_bytes(b"x" * 70_000)
    (written.parent / "folder.json").mkdir()
    (written.parent / "notes.txt").write_text("no approval", encoding="utf-8")
    assert len(approval_records.read(store, digest, file)) == 3


def test_an_approval_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.plan.approvals").write_text("a file", encoding="utf-8")
    with pytest.raises(approval_records.NotKept):
        approval_records.write(tmp_path / "a.plan", SignedApproval(b"{}", "x"))


def review(user: str, state: str, commit: str = COMMIT, at: str = "2026-07-01T12:00:00Z") -> dict[str, object]:
    """As GitHub writes one."""
    return {"id": 7, "user": {"login": user, "id": 1}, "state": state, "commit_id": commit, "submitted_at": at}


def faults(document: object, /, *, commit: str | None = COMMIT, **said: object) -> dict[str, str | None]:
    value = replace(plan(), origin=Origin(commit=commit, author="ana-k"))
    given = {"reviews": True, "users": {"bo-h": "bo", "eve-h": "eve"}, **said}
    read = read_reviews(json.dumps(document).encode(), "reviews.json")
    found = verify_approvals(value, [policy(**given)], [], read, SshKeygen(Path("/nowhere"), {}))  # type: ignore[arg-type]
    return {each.key: each.fault for each in found}


def test_a_review_counts_where_the_policy_trusts_it_for_whom_the_policy_says_of_the_plans_own_commit() -> None:
    approved = [review("Bo-H", "APPROVED")]
    assert faults(approved) == {"Bo-H": None}
    assert faults({"reviews": [{"user": "bo-h", "state": "approved", "commit": COMMIT.upper()}]}) == {"bo-h": None}
    assert faults(approved, reviews=False) == {"Bo-H": "not_trusted"}
    assert faults(approved, users={}) == {"Bo-H": "unknown_user"}
    assert faults(approved, commit=None) == {"Bo-H": "commit_unknown"}
    assert faults(approved, commit="f" * 40) == {"Bo-H": "other_commit"}
    assert faults([review("bo-h", "APPROVED", COMMIT[:12])]) == {"bo-h": "other_commit"}
    assert faults([review("eve-h", "APPROVED")]) == {"eve-h": "no_member"}
    assert faults([review("bo", "APPROVED")]) == {"bo": "unknown_user"}


@pytest.mark.parametrize(
    "user", ["bos-\u212a", "bo\u017f-k", "BO\u017f-\u212a", "\uff42os-k", "bos\u200b-k", "b\u043es-k"]
)
def test_a_user_whose_name_only_looks_like_another_is_somebody_else(user: str) -> None:
    known = {"bos-k": "bo"}
    assert faults([review(user, "APPROVED")], users=known) == {user: "unknown_user"}
    said = [review("bos-k", "CHANGES_REQUESTED"), review(user, "APPROVED", at="2026-07-01T12:05:00Z")]
    assert faults(said, users=known) == {"bos-k": "not_approved", user: "unknown_user"}
    assert policy(users=known).find_principal(user) is None


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        (["APPROVED"], True),
        (["APPROVED", "COMMENTED"], True),
        (["APPROVED", "CHANGES_REQUESTED"], False),
        (["APPROVED", "DISMISSED"], False),
        (["CHANGES_REQUESTED", "APPROVED"], True),
        (["APPROVED", "A_WORD_OF_TOMORROW"], False),
        (["DISMISSED"], False),
    ],
)
def test_the_last_word_of_a_user_counts_and_an_unknown_word_is_no_approval(states: list[str], counts: bool) -> None:
    said = [review("bo-h", state, at=f"2026-07-01T12:0{number}:00Z") for number, state in enumerate(states)]
    assert faults(said) == {"bo-h": None if counts else "not_approved"}
    assert faults(said[::-1]) == {"bo-h": None if counts else "not_approved"}  # the moment decides, and not the place


def test_of_moments_with_several_offsets_the_later_one_counts_and_one_that_nobody_can_read_is_refused() -> None:
    taken_back = [
        review("bo-h", "APPROVED", at="2026-07-01T12:30:00+02:00"),
        review("bo-h", "CHANGES_REQUESTED", at="2026-07-01T11:00:00Z"),
    ]
    assert faults(taken_back) == faults(taken_back[::-1]) == {"bo-h": "not_approved"}
    for moment in ("yesterday", "2026-07-01T12:30:00", "0001-01-01T00:00:00+23:59"):
        with pytest.raises(NotReviews) as caught:
            read_reviews(json.dumps([review("bo-h", "APPROVED", at=moment)]).encode(), "reviews.json")
        assert "its review 1 does not say its moment" in str(caught.value.note)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"7", b'{"reviews": {}}', b"[7]", b"[{}]", b'[{"user": 7, "state": "x", "commit": "y"}]']
)
def test_what_is_no_document_of_reviews_is_refused(content: bytes) -> None:
    with pytest.raises(NotReviews) as caught:
        read_reviews(content, "reviews.json")
    assert caught.value.exit_code == 64
    assert caught.value.hint


def test_a_review_of_an_account_that_is_gone_is_nobodys() -> None:
    gone = {"user": None, "state": "APPROVED", "commit_id": COMMIT, "submitted_at": "2026-07-01T12:00:00Z"}
    assert faults([gone]) == {"": "unknown_user"}
