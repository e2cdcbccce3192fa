"""What becomes of a manifest that is made, and then changed?

Made; nothing left to do; changed, exactly as expected; refused, or written to the letter; nothing left to do.

A case is a folder `tests/cases/kinds/KIND/SITUATION/`. `expected.yaml` names the `start` it is made from, and says what
the change shows: `objects`, `rows`, `findings`, and words of the text (`says`); what is left out must be absent.
`told` says which bodies the tenant's receivers got by the apply.
`after.yaml` has the manifests that change, `before.yaml` what the start lacks; `*.csv` are files of the workspace.
`beforehand` is in the tenant from the beginning, `meanwhile` happens there between the two; `refused` ends with a refusal, `elsewhere` in another tenant; `recorded` has a cassette as well.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from reconciler.cli import run as run_program
from reconciler.kinds import load_kinds
from reconciler.simulator import Simulator
from reconciler.simulator.salesforce_org import Organisation
from reconciler.simulator.store import Store
from tests import sealed
from tests.conftest import Ended
from tests.words import row_described

CASES = Path(__file__).parents[1] / "cases" / "kinds"
STATE: Mapping[str, Any] = json.loads((CASES / "tenant.json").read_text(encoding="utf-8"))
"""What every tenant holds before a case begins."""

Run = Callable[..., Ended]


@dataclass(frozen=True)
class Case:
    """A situation of a kind."""

    folder: Path

    @property
    def kind(self) -> str:
        return self.folder.parent.name

    @property
    def expected(self) -> dict[str, Any]:
        document: dict[str, Any] = yaml.safe_load((self.folder / "expected.yaml").read_text(encoding="utf-8"))
        return document

    @property
    def changes(self) -> bool:
        """Whether the change goes all the way to the tenant."""
        return bool({"objects", "rows", "told"} & self.expected.keys()) and "refused" not in self.expected

    def before(self) -> str:
        start = CASES / "starts" / f"{self.expected['start']}.yaml"
        return overlaid(CASES / "defaults.yaml", start, self.folder / "before.yaml")

    def after(self) -> str:
        start = CASES / "starts" / f"{self.expected['start']}.yaml"
        return overlaid(CASES / "defaults.yaml", start, self.folder / "before.yaml", self.folder / "after.yaml")

    def __str__(self) -> str:
        return f"{self.kind}: {self.folder.name}"


def cases() -> list[Case]:
    """Every case."""
    return [Case(path.parent) for path in sorted(CASES.glob("*/*/expected.yaml"))]


def overlaid(*files: Path) -> str:
    """The manifests of some files, the later in the place of the earlier of the same kind and name."""
    held: dict[tuple[str, str], str] = {}
    for file in files:
        texts = re.split(r"^---$", file.read_text(encoding="utf-8"), flags=re.MULTILINE) if file.exists() else []
        for text in texts:
            manifest = yaml.safe_load(text)
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            held[kind, "" if load_kinds()[kind].single else name] = text.strip()
    return "\n---\n".join(held.values()) + "\n"


def command_line(root: Path, capsys: pytest.CaptureFixture[str], url: str, other: str) -> Run:
    """Run a command line on the workspace in `root`: `run("plan", "--out", "x")`."""
    addresses = {"cxone": url, "other": other}

    def where() -> list[str]:
        written = (root / "manifests.yaml").read_text(encoding="utf-8")
        asked = [f"{name}={value}" for name, value in addresses.items() if re.search(rf"{{{{ {name}\b", written)]
        return ["-w", str(root), *(word for pair in asked for word in ("--var", pair))]

    def run(command: str, *arguments: str) -> Ended:
        capsys.readouterr()
        code = run_program([command, *arguments, *(where() if command != "show" else ())])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    root.mkdir(exist_ok=True)
    return run


def fill(store: Store, state: Mapping[str, Any]) -> None:
    """Put contacts, interactions, lists and campaigns in a tenant, and records in the organisation of Salesforce beside it."""
    store.add_contacts(state.get("contacts", ()))
    store.add_interactions(state.get("interactions", ()))
    for each in state.get("lists", ()):
        store.add_list(each["name"], each["members"], description=each["description"])
    for each in state.get("campaigns", ()):
        store.add_campaign(each["name"], each["list"], status=each["status"])
    for name, records in state.get("salesforce", {}).items():
        store.part(Organisation).load(name, records)


def walk(case: Case, root: Path, run: Run, *tenants: Simulator) -> None:
    """Take a case through its cycle; with no tenants, what is sent cannot be looked at and only the plans are."""
    expected = case.expected
    manifests, saved = root / "manifests.yaml", root.parent / "change.plan"
    manifests.write_text(case.before(), encoding="utf-8")
    for file in case.folder.iterdir():
        if file.suffix != ".yaml":
            shutil.copy(file, root)
    for tenant in tenants:
        fill(tenant.store, expected.get("beforehand", {}))
    first = root.parent / "first.plan"
    made = document(run("plan", "--format", "json", "--out", str(first)))
    assert set(shown(made, {})["objects"]) == _with_objects(case.before())
    done(run("apply", str(first)))
    nothing_to_do(run, tenants)

    manifests.write_text(case.after(), encoding="utf-8")
    for tenant in tenants[:1]:
        fill(tenant.store, expected.get("meanwhile", {}))
    before = len(tenants[0].webhooks()) if tenants else 0
    for tenant in tenants:
        tenant.clear_requests()
    planned = document(run("plan", "--format", "json", "--out", str(saved)))
    wanted = {name: expected[name] for name in ("objects", "rows", "findings") if name in expected}
    changed = shown(planned, rows_of(saved, root))
    # of rules that only warn a case says what it is about: one more rule changes none of them
    named = [each.partition(" ")[0] for each in wanted.get("findings", ())]
    warnings = {each["rule"] for each in planned["findings"] if each["severity"] == "warn"} - set(named)
    changed["findings"] = [each for each in changed["findings"] if each.partition(" ")[0] not in warnings]
    assert changed == {"objects": {}, "rows": {}, "findings": [], **wanted}
    text = run("show", str(saved)).out
    absent = [words for words in expected.get("says", ()) if words not in text]
    assert absent == [], text

    ended = run("apply", str(saved))
    assert ended.code == (3 if "refused" in expected else 0), ended.err
    written = 0 if "refused" in expected else sum(each["writes"] for each in planned["order"])
    assert "refused" in expected or written == planned["request_budget"]["writes"]
    # what came within a second of the plan's own reads may be told to wait, and is sent again
    sent = [str(call) for tenant in tenants for call in tenant.requests().writes() if call.status != 429]
    assert not tenants or len(sent) == written, sent
    for tenant in tenants[:1]:
        told: dict[str, list[Any]] = {}
        for each in tenant.webhooks()[before:]:
            told.setdefault(each.name, []).append(each.body)
        assert told == expected.get("told", {})
    if "elsewhere" in expected:
        assert not any(tenant.requests() for tenant in tenants[:1])
    if "refused" not in expected:
        nothing_to_do(run, tenants)


def document(ended: Ended) -> dict[str, Any]:
    """The plan that a command printed."""
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def done(ended: Ended) -> None:
    """A command came to a good end."""
    assert ended.code == 0, ended.out + ended.err


def nothing_to_do(run: Run, tenants: tuple[Simulator, ...]) -> None:
    """A plan is empty, and making it writes nothing."""
    for tenant in tenants:
        tenant.clear_requests()
    ended = run("plan", "--detailed-exitcode")
    assert ended.code == 0, ended.out + ended.err
    assert "No changes" in ended.out
    assert not any(tenant.requests().writes() for tenant in tenants)


def rows_of(saved: Path, root: Path) -> dict[str, dict[str, list[str]]]:
    """The contacts of each action, by the name of the file of rows in a saved plan."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, content in sealed.rows(saved, root).items():
        if not name.endswith(".reached.parquet"):
            file = saved.parent / "opened.parquet"
            file.write_bytes(content)
            with duckdb.connect() as database:
                contacts = database.execute(
                    "select action, contactId from read_parquet(?) order by all", [str(file)]
                ).fetchall()
            actions = found.setdefault(name, {})
            for action, contact in contacts:
                actions.setdefault(action, []).append(contact)
    return found


def shown(plan: Mapping[str, Any], rows: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Any]:
    """What a plan would do, as `expected.yaml` writes it."""
    objects = {}
    for change in plan["resource_changes"]:
        actions = change["change"]["actions"]
        action = "replace" if actions == ["delete", "create"] else actions[0]
        if action != "no-op":
            fields = {each["path"]: [each["before"], each["after"]] for each in change["fields"]}
            objects[change["address"]] = {"adopt" if change["adopts"] else action: fields}
    lists = {change["address"]: _rows(change, rows) for change in plan["row_changes"] if change["rows"]["count"]}
    return {"objects": objects, "rows": lists, "findings": [_finding(each) for each in plan["findings"]]}


def _rows(change: Mapping[str, Any], rows: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Any]:
    contacts = rows.get(change["rows"]["file"], {})
    for action, count in (("add", "adds"), ("update", "updates"), ("remove", "removes"), ("set", "sets")):
        assert not rows or change.get(count, 0) == len(contacts.get(action, ()))
    words = {row_described(each): each["count"] for each in change["reasons"]}
    unchanged = {"unchanged": change["unchanged"]} if change.get("unchanged") else {}
    return {**contacts, **unchanged, "words": words}


def _finding(finding: Mapping[str, Any]) -> str:
    aside = f"; waived: {finding['waived']}" if finding["waived"] else ""
    return f"{finding['rule']} {finding['object']}: {finding['message']}{aside}"


def _with_objects(manifests: str) -> set[str]:
    """The addresses of what the manifests declare, of the kinds that have objects in a tenant."""
    return {
        f"{each['kind']}/{each['metadata']['name']}{part}"
        for each in yaml.safe_load_all(manifests)
        if load_kinds()[each["kind"]].surfaces
        for part in _parts(each)
    }


def _parts(manifest: Mapping[str, Any]) -> list[str]:
    each = load_kinds()[manifest["kind"]].for_each
    return [f"[{part}]" for part in manifest["spec"].get(each.field, ())] or [""] if each is not None else [""]
