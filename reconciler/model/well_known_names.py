# tested by: tests/model/test_operator_bounds.py
"""Load well-known names: the vendor's domains, pipelines' variables, prefixes of other programs' secrets."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

OWN_PREFIXES = ("CXONE_", "RECONCILER_")
"""How variables begin that are this tool's, or hold what it is given."""

NEVER = frozenset(
    {
        *("RECONCILER_KEY", "RECONCILER_PREVIOUS_KEYS", "RECONCILER_TOKEN_KEY"),
        *("RECONCILER_EVIDENCE_KEY", "RECONCILER_TIMESTAMP_URL"),
        *("RECONCILER_FLOOR", "RECONCILER_WORKSPACE"),
        *(
            "RECONCILER_APPROVERS",
            "RECONCILER_AUTHOR",
            "RECONCILER_PULL_REQUEST",
            "RECONCILER_BOT",
            "RECONCILER_DIGEST",
        ),
    }
)
"""The program's own keys and settings: no manifest names them, whatever anybody's bounds say."""


def load_vendor_domains() -> tuple[str, ...]:
    """The domains below which the vendor's hosts are."""
    return tuple(each["domain"] for each in _load_data()["vendor"])


def load_pipeline_variables() -> tuple[str, ...]:
    """The variables that pipelines set for the programs that they run."""
    return tuple(each["variable"] for each in _load_data()["pipeline"])


def is_in_pipeline(environ: Mapping[str, str]) -> bool:
    """Whether a pipeline runs this program."""
    return any(environ.get(name) for name in load_pipeline_variables())


def find_tenant_prefix(tenant: str) -> str | None:
    """How the variables of a tenant begin; None where that is how those of other programs begin."""
    prefix = f"{tenant.upper().replace('-', '_')}_"
    foreign = [each["prefix"] for each in _load_data()["foreign"]]
    return None if any(prefix.startswith(each) or each.startswith(prefix) for each in foreign) else prefix


@cache
def _load_data() -> dict[str, list[dict[str, str]]]:
    text = (files("reconciler.model") / "known_names.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
