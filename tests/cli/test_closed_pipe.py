"""Whoever reads the output may go: an apply that has begun is finished all the same."""

from __future__ import annotations

import os
import subprocess
import sys

from reconciler.simulator import Simulator
from tests.conftest import Folder, manifest


def test_an_apply_whose_reader_has_gone_is_finished(tenant: Simulator, folder: Folder) -> None:
    texts = [manifest("ContactList", f"list-{number}", "type: outbound") for number in range(4)]
    folder.write("lists.yaml", "---\n".join(texts))
    command = [sys.executable, "-m", "reconciler", "apply", "--yes", "-w", str(folder.root)]
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        command, stdout=writer, stderr=writer, env={**os.environ, **tenant.environment()}, check=False
    )
    os.close(writer)
    assert ended.returncode == 0
    assert all(tenant.store.find_list(f"list-{number}") for number in range(4))
