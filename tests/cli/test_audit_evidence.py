"""Does an auditor verify a pack without the program, and is every way of tampering with one found?"""

from __future__ import annotations

import base64
import hashlib
import json
import runpy
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder
from tests.made_once import MadeOnce
from tests.stamps import Authority

Run = Callable[..., Ended]
Files = dict[str, bytes]
VERIFIER = Path(__file__).parents[2] / "tools" / "verify_evidence.py"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeOnce]:
    """The tenant and the workspace that the tests share."""
    shared = MadeOnce(tmp_path_factory.mktemp("once"))
    yield shared
    shared.close()


@pytest.fixture
def tenant(once: MadeOnce) -> Simulator:
    """The embedded tenant."""
    return once.tenant


@pytest.fixture
def folder(once: MadeOnce, tenant: Simulator, monkeypatch: pytest.MonkeyPatch, run_plainly: Any) -> Folder:
    """A workspace of which two plans were applied, from a saved plan and without one; packs and a proof beside it."""
    made = once.empty(monkeypatch)

    def make() -> None:
        scene.whole(tenant, made)
        plan = made.root / "first.plan"
        assert run_plainly(made, "plan", "--out", str(plan)).code == 0
        folder = made.root.parent / "tsa"
        folder.mkdir()
        with closing(Authority(folder)) as authority, monkeypatch.context() as patched:
            patched.setenv("RECONCILER_TIMESTAMP_URL", authority.url)
            assert run_plainly(made, "apply", str(plan)).code == 0
        monkeypatch.setenv("RECONCILER_TIMESTAMP_URL", authority.url)  # nobody is there any more
        scene.declare_campaign(made, name="Late")
        late = run_plainly(made, "apply", "--yes")
        assert (late.code, "is not confirmed: the time-stamping authority cannot be reached" in late.err) == (0, True)
        name = json.loads(run_plainly(made, "audit", "list", "--format", "json").out)["runs"][0]["run"]
        proof = str(made.root / "proof.json")
        assert run_plainly(made, "audit", "prove", scene.contact(3), "--run", name, "--out", proof).code == 0
        pack = str(made.root / "pack.zip")
        assert run_plainly(made, "audit", "export", "--out", pack, "--leaves", "--proof", proof).code == 0

    once.made(make)
    return made


@pytest.fixture
def run_plainly(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command line on a folder that is given."""
    from reconciler.cli import run as run_program

    def run_on(folder: Folder, *arguments: str) -> Ended:
        capsys.readouterr()
        code = run_program([*arguments, "-w", str(folder.root)])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run_on


def verify(pack: Path, *arguments: str) -> Ended:
    """What the second program says, in an interpreter that knows nothing of the first."""
    words = [sys.executable, "-I", str(VERIFIER), str(pack), *arguments]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def read(pack: Path) -> Files:
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(files: Files, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


class Signing:
    """Whoever tampers with a pack, and signs as they can: with the workspace's own key, or with another."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.name = hashlib.sha256(der).hexdigest()

    @property
    def pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def envelope(self, payload: bytes) -> bytes:
        kind = b"application/vnd.in-toto+json"
        signature = self.key.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
        told = {"keyid": self.name, "sig": base64.b64encode(signature).decode()}
        whole = {"payload": base64.b64encode(payload).decode(), "payloadType": kind.decode(), "signatures": [told]}
        return json.dumps(whole).encode()

    def sign_again(self, files: Files) -> Files:
        """A pack that lists its files as they are now, and is signed."""
        listed = json.loads(files["pack.json"])
        parts = {name: content for name, content in files.items() if name not in ("pack.json", "pack.dsse.json")}
        listed["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
        listed["key"] = self.name
        pack = json.dumps(listed).encode()
        statement = json.loads(base64.b64decode(json.loads(files["pack.dsse.json"])["payload"]))
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(pack).hexdigest()
        return {**parts, "pack.json": pack, "pack.dsse.json": self.envelope(json.dumps(statement).encode())}


@pytest.fixture
def owner(folder: Folder) -> Signing:
    """Whoever has the workspace's key."""
    seed = (folder.root / ".reconciler" / "evidence.key").read_text().strip()
    return Signing(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)))


def find(files: Files, prefix: str) -> str:
    return next(name for name in sorted(files) if name.startswith(prefix))


def change(files: Files, prefix: str, old: bytes, new: bytes) -> None:
    name = find(files, prefix)
    assert old in files[name]
    files[name] = files[name].replace(old, new, 1)


def edit_statement(files: Files, kind: str, edit: Callable[[Any], None], signing: Signing | None = None) -> None:
    """Change what a statement says; signed by somebody, or with the signature that it had."""
    name = find(files, "statements/")
    lines = files[name].splitlines()
    for place, line in enumerate(lines):
        told = json.loads(line)
        statement = json.loads(base64.b64decode(told["payload"]))
        if kind in statement["predicateType"]:
            edit(statement)
            payload = json.dumps(statement).encode()
            told["payload"] = base64.b64encode(payload).decode()
            lines[place] = json.dumps(told).encode() if signing is None else signing.envelope(payload)
            break
    files[name] = b"\n".join(lines) + b"\n"


def drop_lines(files: Files, prefix: str, wanted: Callable[[bytes], bool]) -> None:
    name = find(files, prefix)
    files[name] = b"".join(line + b"\n" for line in files[name].splitlines() if wanted(line))


def is_of(kind: str) -> Callable[[bytes], bool]:
    return lambda line: kind not in json.loads(base64.b64decode(json.loads(line)["payload"]))["predicateType"]


def edit_proof(files: Files, edit: Callable[[Any], None]) -> None:
    name = find(files, "proofs/")
    told = json.loads(files[name])
    edit(told["leaves"][0])
    files[name] = json.dumps(told).encode()


def test_a_pack_that_nobody_touched_is_whole_and_holds_what_an_auditor_asks_for(folder: Folder, owner: Signing) -> None:
    ended = verify(folder.root / "pack.zip", "--key", owner.name, "--contact", scene.contact(3))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == "The pack is whole."
    assert "Segment/chosen out below_threshold 75" in ended.out
    assert ended.out.count("\nok    time ") == 1
    assert "2 signed, 2 computed from their leaves" in ended.out
    files = read(folder.root / "pack.zip")
    assert b"Evidence of" in files["index.html"]
    assert files["runs.csv"].count(b",finished,0,yes,") == 2
    assert b"Campaign/late,abandonThreshold,3" in files["settings.csv"]
    assert b",Segment/chosen,out,,below_threshold," in files["left_out.csv"]
    assert b",LIM-REMOVALS,refuse,nothing found," in files["rules.csv"]
    assert b",Segment/chosen[engaged],done,25," in files["outcomes.csv"]
    days = json.loads(files["configuration/days.json"])
    assert {each["run"] for each in days} <= set(json.loads(files["pack.json"])["runs"])
    state = json.loads(files[days[-1]["file"]])
    assert state["objects"]["Campaign/late"]["state"] == "in_force"
    assert state["lists"]["Segment/chosen[engaged]"]["contacts"] == 25


def test_nobody_is_named_in_a_pack_or_a_proof_and_a_token_tells_nothing_without_its_key(folder: Folder) -> None:
    content = b"".join(read(folder.root / "pack.zip").values())
    for number in range(100):
        assert scene.contact(number).encode() not in content
        assert scene.phone(number).removeprefix("+1").encode() not in content


def test_the_same_ledger_and_days_make_the_same_bytes(folder: Folder, run: Run) -> None:
    first, second = folder.root / "one.zip", folder.root / "two.zip"
    for each in (first, second):
        assert run("audit", "export", "--out", str(each)).code == 0
    assert first.read_bytes() == second.read_bytes()


def find_imprint(stamp: bytes) -> bytes:
    """The SHA-256 that a time-stamp was put on."""
    return stamp.partition(bytes.fromhex("060b2a864886f70d0109100104"))[2].partition(b"\x04\x20")[2][:32]


def move_stamp(files: Files) -> Files:
    """The time-stamp of one run under the name of the other."""
    first, second = json.loads(files["pack.json"])["runs"]
    return {name.replace(first, second) if name.startswith("timestamps/") else name: c for name, c in files.items()}


def forge(files: Files, owner: Signing, stranger: Signing) -> dict[str, Callable[[], Files]]:
    """Each way of tampering: what comes of it, signed again by whoever could."""

    def with_change(prefix: str, old: bytes, new: bytes) -> Files:
        change(files, prefix, old, new)
        return files

    def with_edit(kind: str, edit: Callable[[Any], None], signing: Signing | None) -> Files:
        edit_statement(files, kind, edit, signing)
        return owner.sign_again(files)

    def without(prefix: str, wanted: Callable[[bytes], bool]) -> Files:
        drop_lines(files, prefix, wanted)
        return owner.sign_again(files)

    def with_proof(edit: Callable[[Any], None]) -> Files:
        edit_proof(files, edit)
        return owner.sign_again(files)

    def set_in(*path: str, to: Any) -> Callable[[Any], None]:
        def edit(told: Any) -> None:
            for step in path[:-1]:
                told = told[step]
            told[path[-1]] = to

        return edit

    def swap_lines() -> Files:
        lines = files["audit.jsonl"].splitlines()
        lines[1], lines[2] = lines[2], lines[1]
        files["audit.jsonl"] = b"\n".join(lines) + b"\n"
        return owner.sign_again(files)

    def sign_by_stranger() -> Files:
        files[f"keys/{stranger.name}.pem"] = stranger.pem
        return stranger.sign_again(files)

    def drop_statements() -> Files:
        return {name: content for name, content in files.items() if not name.startswith("statements/")}

    leaf = find(files, "leaves/")
    return {
        "a figure in a table is changed": lambda: with_change("outcomes.csv", b"],done,25,", b"],done,24,"),
        "a file is added": lambda: {**files, "more.csv": b"a\n"},
        "a file is taken out": lambda: {n: c for n, c in files.items() if n != "suppressions.csv"},
        "the list of files is written anew without its signature": lambda: {
            **owner.sign_again(files | {"rules.csv": b"rule\n"}),
            "pack.dsse.json": files["pack.dsse.json"],
        },
        "everything is signed again by a stranger": sign_by_stranger,
        "a signature of a stranger whose key is not there": lambda: owner.sign_again(
            {n: stranger.envelope(b"{}") if n.startswith("statements/") else c for n, c in files.items()}
        ),
        "a statement says something else under its signature": lambda: with_edit(
            "/apply/", set_in("predicate", "exit_code", to=5), None
        ),
        "rules are said to have refused": lambda: with_edit(
            "verification_summary", set_in("predicate", "verificationResult", to="FAILED"), owner
        ),
        "an apply is signed with another ending": lambda: with_edit(
            "/apply/", set_in("predicate", "exit_code", to=5), owner
        ),
        "an apply is signed with another tree": lambda: with_edit(
            "/apply/", set_in("predicate", "contacts", "root", to="00" * 32), owner
        ),
        "an apply is signed with another audit record": lambda: with_edit(
            "/apply/", set_in("predicate", "audit", "head", to="00" * 32), owner
        ),
        "a statement is about another plan": lambda: with_edit(
            "/plan/", lambda told: told["subject"][0]["digest"].update(sha256="00" * 32), owner
        ),
        "a plan is changed": lambda: owner.sign_again(with_change("plans/", b'"workspace"', b'"workspaces"')),
        "the statement of the rules is taken out": lambda: without("statements/", is_of("verification_summary")),
        "the statement of an apply is taken out": lambda: without("statements/", is_of("/apply/")),
        "every statement is taken out": lambda: owner.sign_again(drop_statements()),
        "an entry of the audit record is changed": lambda: owner.sign_again(with_change("audit", b"done", b"fine")),
        "an entry of the audit record is taken out": lambda: without("audit", lambda line: b'"number":3,' not in line),
        "entries of the audit record are swapped": swap_lines,
        "a run is taken out of the audit record": lambda: without("audit", lambda line: b'"started"' not in line),
        "a leaf is changed": lambda: owner.sign_again(with_change(leaf, b'"out"', b'"in"')),
        "a leaf is taken out": lambda: owner.sign_again({**files, leaf: files[leaf].partition(b"\n")[2]}),
        "a time-stamp is of something else": lambda: owner.sign_again(
            {n: c.replace(find_imprint(c), bytes(32)) if n.startswith("timestamps/") else c for n, c in files.items()}
        ),
        "a time-stamp is of another run": lambda: owner.sign_again(move_stamp(files)),
        "a proof tells another reason": lambda: with_proof(
            lambda each: each.update(leaf=each["leaf"].replace("below_threshold", "suppressed"))
        ),
        "a proof names another place": lambda: with_proof(lambda each: each.update(index=each["index"] ^ 1)),
        "a path of a proof is cut": lambda: with_proof(lambda each: each["path"].pop()),
        "a path of a proof is changed": lambda: with_proof(lambda each: each["path"].__setitem__(0, "00" * 32)),
    }


def test_every_way_of_tampering_is_found(folder: Folder, owner: Signing, tmp_path: Path) -> None:
    stranger = Signing(Ed25519PrivateKey.generate())
    ways = list(forge(read(folder.root / "pack.zip"), owner, stranger))
    assert len(ways) >= 12
    checks = runpy.run_path(str(VERIFIER))["checks"]
    for way in ways:
        pack = write(forge(read(folder.root / "pack.zip"), owner, stranger)[way](), tmp_path / "tampered.zip")
        with pytest.raises(Exception) as found:
            list(checks(pack, [owner.name], [], None, None))
        assert not isinstance(found.value, AssertionError), way
    ended = verify(pack, "--key", owner.name)
    assert (ended.code, ended.err[:6]) == (1, "FAIL  ")


def test_what_the_owner_signs_again_unchanged_is_whole(folder: Folder, owner: Signing, tmp_path: Path) -> None:
    pack = write(owner.sign_again(read(folder.root / "pack.zip")), tmp_path / "again.zip")
    assert verify(pack, "--key", owner.name).code == 0


@pytest.mark.parametrize(("field", "value"), [("--contact", scene.contact(4)), ("--number", scene.phone(4))])
def test_a_proof_about_somebody_else_is_none(folder: Folder, field: str, value: str) -> None:
    ended = verify(folder.root / "pack.zip", field, value)
    assert ended.code == 1
    assert "a proof is about another" in ended.err


def test_the_verifier_is_short_and_knows_nothing_of_the_program() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert "reconciler." not in "".join(line for line in text.splitlines() if "import" in line)


def test_days_without_a_run_make_a_pack_of_what_was_in_force(folder: Folder, run: Run, owner: Signing) -> None:
    early = folder.root / "early.zip"
    ended = run("audit", "export", "--from", "2020-01-01", "--to", "2020-01-02", "--out", str(early))
    assert ended.code == 0
    assert "0 runs" in ended.out
    assert verify(early, "--key", owner.name).code == 0
    assert run("audit", "export", "--from", "2020-01-02", "--to", "2020-01-01", "--out", str(early)).code == 64


def test_what_is_kept_of_a_run_is_listed_and_shown(folder: Folder, run: Run) -> None:
    listed = run("audit", "list").out
    assert "3 signed statements; " in listed
    name = listed.split()[0]
    shown = run("audit", "show", name).out
    assert "Segment/chosen: out, below_threshold 75: 75" in shown
    assert "https://slsa.dev/verification_summary/v1" in shown
    assert run("audit", "show", "20200101T000000.000000-aaaaaa").code == 1


def test_a_contact_that_a_run_did_not_see_and_a_run_that_is_not_there_prove_nothing(folder: Folder, run: Run) -> None:
    name = run("audit", "list").out.split()[0]
    ended = run("audit", "prove", "NOBODY", "--run", name)
    assert (ended.code, "decided nothing about that contact" in ended.err) == (1, True)
    assert "NOBODY" not in ended.err
    assert run("audit", "prove", scene.contact(3), "--run", "20200101T000000.000000-aaaaaa").code == 1
