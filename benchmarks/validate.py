"""How long does `reconciler validate` take, start-up included, next to starting Python and importing its libraries?

Every figure is the median of several fresh processes; the ratios are what to compare, as machines differ.
"""

from __future__ import annotations

import argparse
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
ONE_LINE = "{{apiVersion: cxone.reconciler/v1, kind: ContactList, metadata: {{name: list-{number}}}, spec: {{}}}}\n"


def seconds(*arguments: str, code: int = 0) -> float:
    """The median wall time of a Python process with these arguments, which ends with this exit code."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        ended = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, cwd=ROOT)
        taken.append(time.perf_counter() - start)
        if ended.returncode != code:
            raise SystemExit(f"it ended with {ended.returncode}: {ended.stderr.decode()[:500]}")
    return statistics.median(taken)


def main() -> None:
    """Print the figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
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
        for number in range(1000, 9999):
            (many / f"{number:04d}.yaml").write_text(ONE_LINE.format(number=number))
        words = "validate 10,000 manifests, 9,000 of one line"
        figures[words] = seconds("-m", "reconciler", "validate", "-w", folder)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "nonsense.yaml").write_text("{" * 1024 * 1024)
        figures["refuse 1 MiB of `{`"] = seconds("-m", "reconciler", "validate", "-w", folder, code=64)
    for words, figure in figures.items():
        print(f"{figure * 1000:7.0f} ms  {figure / bare:5.1f} x  {words}")


if __name__ == "__main__":
    main()
