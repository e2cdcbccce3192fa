# each tested by: tests/rules/test_rules.py
"""The rules: which are there, and what do they say of a situation?

A rule is a module of this package that sets `RULE`; nothing lists them. A rule reads only the nouns, and knows no
other rule: whatever it needs to know of the world is in the situation.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule

if TYPE_CHECKING:
    from reconciler.model.rule_input import Situation


@cache
def load_rules() -> Mapping[str, Rule]:
    """Every rule, by its id, in the order of the ids."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found = [rule for rule in (getattr(module, "RULE", None) for module in modules) if isinstance(rule, Rule)]
    return MappingProxyType({rule.id: rule for rule in sorted(found, key=lambda rule: rule.id)})


def severity_of(rule: Rule, raised: Mapping[str, Severity]) -> Severity:
    """The severity of a rule where some are raised; nothing lowers one."""
    return Severity.REFUSE if Severity.REFUSE in (rule.severity, raised.get(rule.id)) else Severity.WARN


def collect_findings(
    situation: Situation, raised: Mapping[str, Severity], *, starting: bool = False
) -> Iterator[Finding]:
    """Everything that the rules find; `starting`: those alone that are asked when a campaign is set to work."""
    for rule in load_rules().values():
        if starting and not rule.starting:
            continue
        severity = severity_of(rule, raised)
        for finding in rule.check(situation):
            yield replace(finding, severity=severity, waivable=finding.waivable and rule.waivable)
