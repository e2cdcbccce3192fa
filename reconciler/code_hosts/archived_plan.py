# tested by: tests/code_hosts/test_github.py
"""Take the saved plan out of the archive in which a code host gives a run's files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from reconciler.code_hosts.code_host import CodeHostError
from reconciler.code_hosts.http_exchange import LARGEST_FILE

PLAN = "change.plan"
"""Its name among the files that a pipeline keeps."""


def unpack_plan(content: bytes, into: Path) -> None:
    """Write the plan of an archive to a file that only its owner may read.

    Raises:
        CodeHostError: the archive is none, or has no plan.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            part = archive.getinfo(PLAN)
            if part.file_size > LARGEST_FILE:
                raise CodeHostError(f"the plan is larger than {LARGEST_FILE:,} bytes")
            write_plan(archive.read(part), into)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise CodeHostError(f"what the pipeline has kept holds no {PLAN}") from error


def write_plan(content: bytes, into: Path) -> None:
    """Write a plan to a file that only its owner may read."""
    into.touch(mode=0o600)
    into.chmod(0o600)
    into.write_bytes(content)
