"""Is what ties a contact to what was decided about it gone, and everything else as it was?"""

from __future__ import annotations

import runpy
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder

VERIFIER = Path(__file__).parents[2] / "tools" / "verify_evidence.py"


def test_a_contact_that_is_forgotten_is_proved_no_more_and_others_are(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    assert run("apply", "--yes").code == 0
    name = run("audit", "list").out.split()[0]
    root = run("audit", "show", name).out.partition("root ")[2][:64]
    before = (folder.root / ".reconciler" / "runs" / name / "contacts.sealed").read_bytes()
    proofs = [folder.root / f"proof-{number}.json" for number in (3, 4)]
    assert run("audit", "prove", scene.contact(3), "--run", name, "--out", str(proofs[0])).code == 0
    assert run("forget", scene.contact(3), "--reason", "why").code == 64
    asked = ("forget", scene.contact(3), "--reason", "request 17 of July")
    assert "salt is erased" in run(*asked).out
    assert "Nothing is kept of that contact" in run(*asked).out
    gone = run("audit", "prove", scene.contact(3), "--run", name)
    assert (gone.code, "was forgotten since" in gone.err) == (1, True)
    assert run("audit", "prove", scene.contact(4), "--run", name, "--out", str(proofs[1])).code == 0
    # the second program finds both proofs true: that about another, and the one that was given out before
    pack = folder.root / "pack.zip"
    assert run("audit", "export", "--out", str(pack), "--leaves").code == 0
    checks = runpy.run_path(str(VERIFIER))["checks"]
    for number, proof in zip((3, 4), proofs, strict=True):
        told = dict(checks(pack, None, [proof], scene.contact(number), None))
        assert told["proof"].startswith(name)
    with pytest.raises(ValueError, match="proof"):
        list(checks(pack, None, [proofs[0]], scene.contact(4), None))
    with zipfile.ZipFile(pack) as archive:
        assert scene.contact(3).encode() not in b"".join(map(archive.read, archive.namelist()))
    assert run("audit", "show", name).out.partition("root ")[2][:64] == root
    assert (folder.root / ".reconciler" / "runs" / name / "contacts.sealed").read_bytes() == before
    record = (folder.root / ".reconciler" / "audit.jsonl").read_text()
    assert record.count('"event":"forgotten"') == 2
    assert "request 17 of July" in record
    assert scene.contact(3) not in record
    assert run("audit", "verify").code == 0
