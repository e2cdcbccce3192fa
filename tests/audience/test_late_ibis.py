"""What makes relations is loaded when the first one is made, by whichever thread asks first."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
import reconciler.flow, reconciler.cli.runtime, reconciler.cli.plan
assert "ibis.expr" not in sys.modules and "sqlglot" not in sys.modules
from concurrent.futures import ThreadPoolExecutor
import ibis
with ThreadPoolExecutor(8) as pool:
    made = list(pool.map(lambda number: ibis.literal(number).type(), range(64)))
assert len({str(each) for each in made}) == 1, made
import ibis.expr.operations
assert sys.modules["ibis"].literal is ibis.literal
"""


def test_loading_the_program_loads_no_ibis_and_the_first_use_of_it_does_from_any_thread() -> None:
    ended = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
