# tested by: tests/views/test_golden.py
"""Name the workspace, tenant and environment that something is about."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Meant:
    """What a command was about. `environment`: the one whose values templates got; None: none was chosen."""

    workspace: str
    tenant: str
    environment: str | None = None

    def __str__(self) -> str:
        chosen = "" if self.environment is None else f"environment {self.environment}, "
        return f"Tenant {self.tenant}, {chosen}workspace {self.workspace}"

    @property
    def document(self) -> dict[str, str | None]:
        """The same as JSON."""
        return asdict(self)
