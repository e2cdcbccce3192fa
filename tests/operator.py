"""The operator's file: what manifests may name, said outside of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VARIABLE = "RECONCILER_FLOOR"


def bounds_file(folder: Path, name: str = "operator", **bounds: Any) -> Path:
    """A file with these bounds, in a folder that is not the workspace's."""
    said = {
        "apiVersion": "cxone.reconciler/v1",
        "kind": "Floor",
        "metadata": {"name": name},
        "spec": {"bounds": bounds},
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(said), encoding="utf-8")
    return path
