"""How long does a preview of a hundred thousand members take, from the manifests to the second plan?

An embedded tenant in this process is the live one: a list with the members, and 90 % of them in the file that a
segment is declared by, so that a tenth leaves it, a tenth joins it, and a twentieth gets another attribute. Numbers are
those that are kept for fiction: several contacts have one. `reconciler preview`, with
the tenant that it makes, runs in a process of its own.

    python benchmarks/preview.py [MEMBERS]     100,000 when left out

What is asked is that it takes at most 60 seconds, that the plan applies and leaves nothing to do, and that the live
tenant was asked for nothing but reads.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from reconciler.simulator import Simulator

SECONDS = 60.0
AREAS = (212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234, 239, 240, 248, 251, 252, 253)
MARK = "(managed-by: reconciler/test)"
HEAD = "apiVersion: cxone.reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n{spec}\n"
START, END = "2027-01-05T18:00:00Z", "2027-01-05T23:00:00Z"
SURFACES = "    {name}: {{baseUrl: {base}, tokenUrl: {token}, rate: 10000, burst: 1000}}"


def fill(tenant: Simulator, members: int) -> None:
    """A list of the members with what is kept with each, and a campaign that dials it."""
    tenant.store.add_contacts(
        {"id": f"C{n:08d}", "phoneNumber": f"+1{AREAS[n // 100 % len(AREAS)]}55501{n % 100:02d}", "engagementScore": 80}
        for n in range(members * 11 // 10)
    )
    held = {f"C{n:08d}": {"priority": 1, "tier": "gold"} for n in range(members)}
    tenant.store.add_list("Chosen", held, description=MARK)
    fields = {"dialType": "predictive", "abandonThreshold": 3.0, "startTime": START, "endTime": END, "status": "active"}
    settings = {"targetAnswerRate": 0.3, "maxCallsInProgress": 10}
    tenant.store.add_campaign(
        "Evening", "Chosen", **fields, wrapUpCode="SOLD", description=MARK, predictiveDialingSettings=settings
    )


def declare(folder: Path, tenant: Simulator, members: int) -> None:
    """The manifests, and the file of contacts."""
    rows = (f"C{n:08d},{'silver' if n % 20 == 0 else 'gold'},80" for n in range(members // 10, members * 11 // 10))
    (folder / "crm.csv").write_text("\n".join(["id,tier,score", *rows]) + "\n")
    surfaces = "\n".join(
        SURFACES.format(name=name, base=tenant.base_url(name), token=tenant.token_url(name))
        for name in ("outbound", "lists")
    )
    credentials = "{clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: CXONE_CLIENT_SECRET}}"
    columns = "{contactId: id, engagementScore: score}"
    specs = {
        ("Tenant", "embedded"): f"  credentials: {credentials}\n  surfaces:\n{surfaces}",
        ("Workspace", "test"): "  asOf: 2026-07-01T00:00:00Z\n  limits: {removals: 50, updates: 50}",
        ("ContactSource", "crm"): "  files: {paths: [crm.csv], format: csv, columns: "
        f"{columns}, attributes: {{tier: tier}}}}",
        ("ScoreModel", "engaged"): "  engagement: {threshold: 75}",
        ("ContactList", "chosen"): "  name: Chosen",
        ("Segment", "chosen"): "  source: crm\n  score: engaged\n  lists: {engaged: chosen}\n  membership: mirror\n"
        "  delivery: {method: listContacts, chunkSize: 1000, attributes: [priority, tier]}",
    }
    for (kind, name), spec in specs.items():
        (folder / f"{kind}-{name}.yaml").write_text(HEAD.format(kind=kind, name=name, spec=spec))


def main() -> int:
    """Print one line; 1 where it takes longer than it may, or is not what it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("members", nargs="?", type=int, default=100_000)
    members = parser.parse_args().members
    with tempfile.TemporaryDirectory() as place, Simulator() as tenant:
        fill(tenant, members)
        declare(Path(place), tenant, members)
        command = [sys.executable, "-m", "reconciler", "preview", "-w", place, "--format", "json"]
        began = time.perf_counter()
        ended = subprocess.run(
            command, env={**os.environ, **tenant.environment()}, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - began
        writes = len(tenant.requests().writes())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        print(ended.stdout[-3000:], ended.stderr[-3000:])
        return 1
    told = json.loads(ended.stdout)
    print(
        f"{told['loaded']['members']:,} members, {told['plan']['contacts']}: {seconds:.1f} s, "
        f"{used.ru_utime + used.ru_stime:.1f} s of processors, {used.ru_maxrss / 1024:.0f} MB; "
        f"second plan empty: {told['second_plan']['empty']}; writes to the live tenant: {writes}"
    )
    return int(seconds > SECONDS or not told["second_plan"]["empty"] or writes > 0)


if __name__ == "__main__":
    sys.exit(main())
