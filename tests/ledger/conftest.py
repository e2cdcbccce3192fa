"""Ledgers in a folder and in a bucket: what is promised is promised of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.ledger.folder_records import open_store
from reconciler.ledger.record_store_interface import Records
from tests.s3 import S3

Opened = Callable[[], Records]


@pytest.fixture
def bucket(s3_here: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket; a store that fails is given up soon."""
    monkeypatch.setattr("reconciler.bucket.object_client.ATTEMPTS", 2)
    return s3_here.bucket()


@pytest.fixture(params=["folder", "bucket"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Open one empty ledger, as often as one likes: each time as another process would."""
    url = "file://ledger" if request.param == "folder" else f"s3://{request.getfixturevalue('bucket')}/team/ledger"
    return lambda: open_store(url, tmp_path)
