"""How are rows matched, and whose is each: what another client put there, numbers that move, ids that look different."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import delivery
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.delivery import contact, on_list, phone

Run = Callable[..., Ended]
TEN = range(10)


def write(folder: Folder, rows: Iterable[tuple[str, str]]) -> None:
    """The source: ids and phones."""
    lines = [f"{who},{number},Ada Example,a@example.com,gold,80" for who, number in rows]
    folder.write("crm.csv", "\n".join(["id,phone,name,email,tier,score", *lines]) + "\n")


def as_usual(numbers: Iterable[int] = TEN) -> list[tuple[str, str]]:
    return [(contact(n), phone(n)) for n in numbers]


def another_client_inserts(tenant: Simulator, numbers: Iterable[int], custom: Mapping[str, Any] | None = None) -> None:
    """Rows as a bulk insert of another client leaves them: found by phone, without our field; their data replaced."""
    store, target = tenant.store, tenant.store.list_named("Chosen")
    for n in numbers:
        known = [each for each in store.with_phone(phone(n)) if each in target.members] or store.with_phone(phone(n))
        found = known[0] if known else f"THEIRS-{n}"
        if not known:
            store.add_contacts([{"id": found, "phoneNumber": phone(n)}])
        store.put_members(target, {found: dict(custom or {"source": "theirs"})})


def counts(run: Run) -> tuple[int, int, int, int, int]:
    """What a plan says of the one list: live, adds, updates, removes, after."""
    (change,) = json.loads(run("plan", "--format", "json").out)["row_changes"]
    live, adds, updates, removes = (change[name] for name in ("live", "adds", "updates", "removes"))
    return live, adds, updates, removes, live + adds - removes


def may_change_all(folder: Folder) -> None:
    """Let a plan change every row of the list: so many at once are refused otherwise."""
    override = "{rule: LIM-UPDATES, object: 'Segment/chosen[engaged]', reason: 'its rows are adopted'}"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\noverrides: [{override}]"))


def numbers_on(tenant: Simulator, name: str = "Chosen") -> list[str]:
    """The phones of the rows of a list, one of each row."""
    members = tenant.store.list_named(name).members
    return sorted(str(tenant.store.contacts[each].phone_number) for each in members)


def filled(tenant: Simulator, folder: Folder, run: Run, method: str = "bulkInsert", **said: Any) -> None:
    """A list of ten that this program has filled."""
    delivery.known(tenant, method, TEN)
    write(folder, as_usual())
    delivery.declare(folder, tenant, method, **said)
    assert run("apply", "--yes").code == 0


def applied(run: Run, tenant: Simulator, size: int) -> None:
    """Apply: it ends well, the list is as large as it should be, and there is nothing more to do."""
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.out + ended.err
    assert len(tenant.store.list_named("Chosen").members) == size
    assert run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("theirs", [[0, 1], list(TEN)], ids=["two", "all"])
@pytest.mark.matrix(instead="test_a_number_that_moves_to_another_contact_is_one_change")
def test_rows_that_another_client_inserted_are_adopted_by_their_numbers(
    tenant: Simulator, folder: Folder, run: Run, theirs: list[int]
) -> None:
    filled(tenant, folder, run)
    another_client_inserts(tenant, theirs)
    assert counts(run) == (10, 0, len(theirs), 0, 10)
    assert f"{len(theirs)}  update: another client's row has its number" in run("plan").out
    may_change_all(folder)
    applied(run, tenant, 10)
    assert set(on_list(tenant)) == {contact(n) for n in TEN}


def test_a_number_that_moves_to_another_contact_is_one_change(tenant: Simulator, folder: Folder, run: Run) -> None:
    filled(tenant, folder, run)
    write(folder, [("B1", phone(1)), *as_usual(n for n in TEN if n != 1)])
    assert counts(run) == (10, 0, 1, 0, 10)
    assert "1  update: its number was another contact's" in run("plan").out
    applied(run, tenant, 10)
    assert set(on_list(tenant)) == {contact(n) for n in TEN if n != 1} | {"B1"}
    assert numbers_on(tenant) == sorted(phone(n) for n in TEN)


@pytest.mark.thin
@pytest.mark.parametrize("method", delivery.METHODS)
def test_ids_that_differ_by_what_nobody_sees_are_no_change(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    filled(tenant, folder, run, method)
    looks = itertools.cycle(["{} ", "\u200b{}", "{}\u00ad", "\ufeff{}\u2060", "\u00a0{}\t"])
    write(folder, [(look.format(who), number) for look, (who, number) in zip(looks, as_usual(), strict=False)])
    assert counts(run) == (10, 0, 0, 0, 10)


@pytest.mark.matrix(instead="test_ids_that_differ_by_what_nobody_sees_are_no_change")
def test_a_salesforce_id_of_15_characters_is_the_contact_that_the_tenant_has_by_18(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    tenant.store.add_contacts([{"id": "001A0000006Vm9rIAC", "phoneNumber": phone(1)}])
    tenant.store.add_list("Chosen", {"001A0000006Vm9rIAC": {"tier": "gold", "priority": 1}})
    write(folder, [("001A0000006Vm9r", phone(1)), ("001A0000006Vm9rIAC", phone(2)), (contact(3), phone(3))])
    delivery.known(tenant, "listContacts", [3])
    delivery.declare(folder, tenant, "listContacts")
    told = run("plan").out
    assert "duplicate of another row with its id" in told
    assert counts(run) == (1, 1, 0, 0, 2)
    applied(run, tenant, 2)
    assert set(tenant.store.list_named("Chosen").members) == {"001A0000006Vm9rIAC", contact(3)}


@pytest.mark.thin
@pytest.mark.parametrize("live", ["CHOSEN", "Chosen ", "Cho\u200bsen"], ids=ascii)
def test_a_list_is_not_made_beside_one_whose_name_only_looks_the_same(
    tenant: Simulator, folder: Folder, run: Run, live: str
) -> None:
    delivery.known(tenant, "contactIds", TEN)
    write(folder, as_usual())
    delivery.declare(folder, tenant, "contactIds")
    tenant.store.add_list(live, [contact(n) for n in TEN])
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert f"NAM-ALIKE  ContactList/chosen: ContactList 'Chosen' would be made beside {live!a}" in refused.out
    assert [each.name for each in tenant.store.lists.values()] == [live]


def test_two_manifests_may_not_declare_names_that_only_look_different(folder: Folder, run: Run) -> None:
    folder.write("one.yaml", manifest("ContactList", "one", "name: Callees"))
    folder.write("other.yaml", manifest("ContactList", "other", 'name: "CALLEES"'))
    refused = run("validate")
    assert refused.code == 64
    assert "has a name that looks the same in the tenant" in refused.err + refused.out


@pytest.mark.matrix(instead="test_a_number_that_moves_to_another_contact_is_one_change")
def test_a_method_that_is_chosen_by_size_finds_the_rows_by_its_own_key(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.model.delivery_method.MANY", 3)
    filled(tenant, folder, run, "auto")
    assert set(tenant.store.list_named("Chosen").members) != {contact(n) for n in TEN}
    another_client_inserts(tenant, range(4))
    assert counts(run) == (10, 0, 4, 0, 10)
    applied(run, tenant, 10)


def test_without_a_surface_that_tells_phones_nobody_unknown_is_removed_while_others_are_put(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    filled(tenant, folder, run)
    another_client_inserts(tenant, [0])
    declared = (folder.root / "tenant.yaml").read_text(encoding="utf-8").splitlines()
    folder.write("tenant.yaml", "\n".join(line for line in declared if "outbound:" not in line))
    refused = run("plan")
    assert refused.code == 1
    assert "1 rows to be removed have numbers that no surface of the tenant tells" in refused.err
    assert "declare the tenant's surface `outbound`" in refused.err


def test_a_row_that_may_reach_who_must_not_be_called_goes_before_another_contact_is_put_by_its_number(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    """Digits without a `+` have two readings here: one is the number of a contact, the other stands on a list."""
    delivery.declare(folder, tenant, "bulkInsert", attributes=())
    segment = (folder.root / "segment.yaml").read_text()
    folder.write("segment.yaml", segment.replace("{rule: valid}", "{rule: valid, region: DE}\n  suppress: [asked]"))
    files = "files: {paths: [asked.csv], format: csv, columns: {phone: number}}"
    folder.write(
        "asked.yaml", manifest("SuppressionList", "asked", f"{files}\nasOf: 2026-06-30T00:00:00Z\nmaxAge: 999d")
    )
    folder.write("asked.csv", "number\n+491713920010\n")
    write(folder, [*as_usual(), ("X1", "+49491713920010")])
    numbers = [phone(n) for n in TEN]
    rows = [{"id": f"THEIRS-{n}", "phoneNumber": each} for n, each in enumerate(["491713920010", *numbers])]
    tenant.store.add_contacts(rows)
    tenant.store.add_list("Chosen", [row["id"] for row in rows], description="(managed-by: reconciler/test)")
    may_change_all(folder)
    first = run("apply", "--yes")
    assert first.code == 0, first.err
    assert numbers_on(tenant) == sorted(numbers)
    assert run("apply", "--yes").code == 0
    assert numbers_on(tenant) == sorted([*numbers, "+49491713920010"])
    assert run("plan", "--detailed-exitcode").code == 0
