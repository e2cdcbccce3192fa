"""How long does `reconciler validate` take, start-up included, next to starting Python and importing its libraries?

Every figure is the median of several fresh processes; the ratios are what to compare, as machines differ.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 7
CONTACT_LIST = """apiVersion: cxone.reconciler/v1
kind: ContactList
metadata: {{name: list-{number}}}
spec: {{name: List {number}, description: "{{{{ what | default('a list') }}}}"}}
"""


def seconds(*arguments: str) -> float:
    """The median wall time of a Python process with these arguments."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        many = Path(folder)
        (many / "tenant.yaml").write_text((ROOT / "segments" / "tenant.yaml").read_text())
        for number in range(1000):
            (many / f"{number:04d}.yaml").write_text(CONTACT_LIST.format(number=number))
        bare = seconds("-c", "pass")
        figures = {
            "python -c pass": bare,
            "import yaml, jsonschema, jinja2, click": seconds("-c", "import yaml, jsonschema, jinja2, click"),
            "validate the starter workspace (16 manifests)": seconds("-m", "reconciler", "validate", "-w", "segments"),
            "validate 1,001 manifests in as many files": seconds("-m", "reconciler", "validate", "-w", folder),
        }
    for words, figure in figures.items():
        print(f"{figure * 1000:7.0f} ms  {figure / bare:5.1f} x  {words}")


if __name__ == "__main__":
    main()
