"""Is what a run decided kept, signed and proved, and nothing of a plan that decides on nobody?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from reconciler import __version__
from reconciler.ledger.folder_records import open_store
from reconciler.ledger.journal import Run
from reconciler.ledger.ledger import Ledger
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.audit_anchor import Anchor
from reconciler.model.contact_tokens import Tokens
from reconciler.model.errors import LedgerError
from reconciler.model.plan import Budget, Plan
from reconciler.model.report import Report
from reconciler.model.secret import Secret
from reconciler.model.workspace_settings import Engine, Settings
from reconciler.steps.apply.run_attestation import Attestation
from reconciler.steps.keep_decisions import keep_decisions
from reconciler.steps.prove import forget_contact, prove_contact
from tests.audience.evidence.test_contact_tree import decided

NOW = datetime(2026, 7, 2, tzinfo=UTC)
TOKENS = Tokens(Secret("k" * 40))
PLAN = Plan("test", "embedded", {}, "sha256:0", NOW, __version__, (), (), (), (), (), Budget(0, 0, 0), NOW)
NAME = "20260702T080000.000000-abcdef"


class Ran:
    """A run as what is signed at its end asks for it."""

    name, anchor = NAME, Anchor(2, "ab" * 32)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(open_store("file://ledger", tmp_path))


def attest(ledger: Ledger, plan: Plan, scratch: Path, **terms: Any) -> Attestation:
    """What is signed of an apply of a plan."""
    settings = Settings("test", engine=Engine())
    options: dict[str, Any] = {"tokens": TOKENS, "clock": lambda: NOW, **terms}
    given = ApplyOptions("", "", {}, settings, NOW, scratch, cast("Any", None), Event(), **options)
    return Attestation(plan, ledger, given)


def test_a_plan_that_does_nothing_keeps_nobody() -> None:
    assert keep_decisions(PLAN, cast("Any", ("somebody",)), cast("Any", None)) is PLAN


def test_what_a_run_decided_is_signed_and_one_contact_of_it_is_proved(ledger: Ledger, tmp_path: Path) -> None:
    plan = replace(PLAN, decided=(decided(tmp_path, 7),))
    attestation = attest(ledger, plan, tmp_path)
    told = attestation.begin(NAME)
    attestation.end(cast("Run", Ran()), Report(NAME, (), 0))
    proof = prove_contact(ledger, Engine(), TOKENS, NAME, "CUST0003'\"ü", tmp_path)
    assert (proof["size"], proof["root"]) == (7, told["tree"]["root"])
    kept = ledger.evidence.read(NAME)
    assert [json.loads(each)["signatures"][0]["keyid"] for each in kept.envelopes] == [ledger.signer.fingerprint] * 3
    assert kept.tree is not None
    assert kept.tree.root == proof["root"]
    assert forget_contact(ledger, Engine(), TOKENS, "CUST0003'\"ü", tmp_path, "a request", "ana")
    with pytest.raises(LedgerError, match="was forgotten since"):
        prove_contact(ledger, Engine(), TOKENS, NAME, "CUST0003'\"ü", tmp_path)


def test_what_was_altered_since_it_was_signed_proves_nothing(ledger: Ledger, tmp_path: Path) -> None:
    attest(ledger, replace(PLAN, decided=(decided(tmp_path, 7),)), tmp_path).begin(NAME)
    other = NAME.replace("abcdef", "abcdee")
    attest(ledger, replace(PLAN, decided=(decided(tmp_path, 6),)), tmp_path).begin(other)
    runs = tmp_path / "ledger" / "runs"
    (runs / NAME / "contacts.sealed").write_bytes((runs / other / "contacts.sealed").read_bytes())
    with pytest.raises(LedgerError, match="cannot be trusted"):
        prove_contact(ledger, Engine(), TOKENS, NAME, "CUST0003'\"ü", tmp_path)


def test_a_plan_that_does_not_say_whom_it_decided_on_has_no_tree(ledger: Ledger, tmp_path: Path) -> None:
    assert attest(ledger, PLAN, tmp_path).begin(NAME) == {}
    assert ledger.evidence.read(NAME).tree is None
    with pytest.raises(LedgerError, match="nothing can be proved"):
        prove_contact(ledger, Engine(), TOKENS, NAME, "CUST0003'\"ü", tmp_path)


def test_a_time_that_is_confirmed_is_kept_with_what_it_is_of_and_one_that_is_not_ends_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    asked: list[bytes] = []

    def stamp(content: bytes) -> bytes | None:
        asked.append(content)
        return b"stamp" if len(asked) == 1 else None

    attestation = attest(ledger, PLAN, tmp_path, stamp=stamp)
    attestation.begin(NAME)
    attestation.end(cast("Run", Ran()), Report(NAME, (), 0))
    assert ledger.evidence.read(NAME).stamp == b"stamp"
    assert ledger.evidence.read(NAME).envelopes[-1] == asked[0]
    attestation.end(cast("Run", Ran()), Report(NAME, (), 0))
    assert ledger.evidence.read(NAME).stamp is None  # it was of what had been signed before
