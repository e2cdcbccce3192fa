"""What does a small change of a large list cost on NICE's published API: uploads, bytes, requests?

The tenant is the simulator, in this process. A list of ROWS is filled by uploads; then one row in SHARE changes, and
what is sent and asked for is counted. Bytes are held against those of the changed rows alone, a line each, without the
line of the columns: of the file, and of the request, in which it stands in base64 (four bytes for three).

    python benchmarks/uploads.py [ROWS] [--share SHARE] [--json]

ROWS is 100,000 and SHARE 1,000: one row in a thousand. Exit code 1: a ceiling was passed (2 uploads, 1.2 times the
bytes of the delta), or not every change arrived.
"""

from __future__ import annotations

import argparse
import base64
import csv
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler.cli import run
from reconciler.simulator import Options, Simulator
from reconciler.simulator.request_log import RequestList
from reconciler.simulator.surfaces.nice.call_lists import Mappings

MOST_UPLOADS, MOST_BYTES = 2, 1.2
COLUMNS = ("id", "phone", "firstName", "lastName", "score", "tier")
MANIFESTS = """
apiVersion: cxone.reconciler/v1
kind: Workspace
metadata: {{name: benchmark}}
spec: {{asOf: 2026-07-01T00:00:00Z}}
---
apiVersion: cxone.reconciler/v1
kind: Tenant
metadata: {{name: embedded}}
spec:
  credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
  surfaces:
    nice:
      tokenUrl: "{url}/nice/authentication/v1/token/access-key"
      issuer: "{url}/nice"
      rate: 5000
      burst: 500
      pollEvery: 1s
---
apiVersion: cxone.reconciler/v1
kind: ContactSource
metadata: {{name: crm}}
spec:
  files:
    paths: [crm.csv]
    format: csv
    columns: {{contactId: id, phone: phone, firstName: firstName, lastName: lastName, engagementScore: score}}
    attributes: {{tier: tier}}
---
apiVersion: cxone.reconciler/v1
kind: ScoreModel
metadata: {{name: engaged}}
spec: {{engagement: {{threshold: 50}}}}
---
apiVersion: cxone.reconciler/v1
kind: ContactList
metadata: {{name: chosen}}
spec: {{name: Chosen}}
---
apiVersion: cxone.reconciler/v1
kind: Segment
metadata: {{name: chosen}}
spec:
  source: crm
  score: engaged
  lists: {{engaged: chosen}}
  membership: mirror
  # numbers made up by counting are no people's: whether they are in use is not asked
  phones: {{rule: possible}}
  delivery: {{method: listUpload, attributes: [score, tier]}}
"""


def rows(count: int, changed: int) -> Iterator[tuple[str, ...]]:
    """Contacts, a line each; every so many are of another tier; none, where that is 0."""
    for number in range(count):
        tier = "silver" if changed and number % changed == 0 else "gold"
        phone = f"+1{201 + number // 10_000 % 700}555{number % 10_000:04}"
        yield f"C{number:08}", phone, "Ada", f"Example{number}", "80", tier


def write_source(folder: Path, count: int, changed: int) -> None:
    """The file that contacts come from."""
    with (folder / "crm.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        lines.writerows(rows(count, changed))


def measure_delta(count: int, changed: int) -> int:
    """The bytes of the rows that change, a line each."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(row for row in rows(count, changed) if row[-1] == "silver")
    return len(text.getvalue().encode())


def apply(folder: Path) -> float:
    """Apply the manifests; the processor's seconds of client and tenant together."""
    began, said = time.process_time(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = run(["apply", "--yes", "-w", str(folder)])
    if code != 0:
        sys.exit(f"it ended with {code}: {said.getvalue()[-2000:]}")
    return time.process_time() - began


def count(requests: RequestList, delta: int) -> dict[str, Any]:
    """What was sent and asked for."""
    uploads = [each for each in requests if each.path.endswith("/upload")]
    files = [len(base64.b64decode(each.body["listFile"])) for each in uploads]
    wire = sum(len(each.body["listFile"]) for each in uploads)
    read = [each for each in requests if "includeRecords" in each.query]
    return {
        "uploads": len(uploads),
        "delta_bytes": delta,
        "file_bytes": sum(files),
        "file_ratio": round(sum(files) / delta, 3),
        "request_ratio": round(wire / delta, 3),
        "pages_read_whole": sum("updatedSince" not in each.query for each in read),
        "pages_read_back": sum("updatedSince" in each.query for each in read),
        "requests": len(requests),
    }


def age(tenant: Simulator) -> None:
    """What is on the list was put there an hour ago."""
    target = tenant.store.list_named("Chosen")
    kept, ago = tenant.store.part(Mappings).of(target.id), timedelta(hours=1)
    kept.written.update({name: moment - ago for name, moment in kept.written.items()})
    target.modified -= ago


def main() -> int:
    """Fill, change, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--share", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, Simulator(Options()) as tenant:
        os.environ.update(tenant.environment())
        folder = Path(root)
        (folder / "manifests.yaml").write_text(MANIFESTS.format(url=tenant.url), encoding="utf-8")
        write_source(folder, given.rows, 0)
        apply(folder)
        age(tenant)
        write_source(folder, given.rows, given.share)
        tenant.clear_requests()
        seconds = apply(folder)
        told = count(tenant.requests(), measure_delta(given.rows, given.share))
        silver = sum(each.get("tier") == "silver" for each in tenant.store.list_named("Chosen").members.values())
    told |= {"rows": given.rows, "changed": silver, "processor_seconds": round(seconds, 1)}
    print(json.dumps(told) if given.json else "\n".join(f"{name:20} {value:,}" for name, value in told.items()))
    return int(
        told["uploads"] > MOST_UPLOADS or told["file_ratio"] > MOST_BYTES or silver != -(-given.rows // given.share)
    )


if __name__ == "__main__":
    sys.exit(main())
