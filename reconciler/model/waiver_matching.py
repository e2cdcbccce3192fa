# tested by: tests/rules/test_rules.py
"""Match waivers to findings, and say which are unused or do not hold today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from reconciler.model.finding import Finding
from reconciler.model.reason import Reason
from reconciler.model.rule_results import Waived
from reconciler.model.workspace_settings import Override, Settings


def waive(found: Iterable[Finding], settings: Settings, today: date) -> tuple[Finding, ...]:
    """The findings, each with the reason of the waiver that sets it aside today, if one does."""
    held = {
        (each.rule, each.object): each for each in settings.overrides if _explain_lapsed(each, settings, today) is None
    }
    return tuple(_check_waived(finding, held, settings) for finding in found)


def list_waivers(found: Iterable[Finding], settings: Settings, today: date) -> Iterator[Waived]:
    """Every waiver of the manifests: why it does not hold today, if so, and whether it sets a finding aside."""
    told = {(finding.rule, str(part)) for finding in found for part in (finding.object, finding.object.resource)}
    for each in settings.overrides:
        lost = _explain_lapsed(each, settings, today)
        used = lost is None and (each.rule, each.object) in told
        yield Waived(each.rule, each.object, each.reason, each.by, each.until, lost, used)


def _explain_lapsed(each: Override, settings: Settings, today: date) -> Reason | None:
    """Why a waiver does not hold."""
    if each.until is not None and each.until < today:
        return Reason("waiver_expired", (each.until.isoformat(),))
    if each.rule in settings.unwaivable:
        return Reason("rule_unwaivable", (each.rule,))
    longest = settings.max_waiver
    if longest is not None and (each.until is None or each.until - today > longest):
        return Reason("waiver_too_long", (f"{longest / timedelta(days=1):g}",))
    return None


def _check_waived(finding: Finding, held: dict[tuple[str, str], Override], settings: Settings) -> Finding:
    if finding.rule in settings.unwaivable:
        return replace(finding, waived=None, until=None, waivable=False)
    if not finding.waivable:
        return finding
    exact = held.get((finding.rule, str(finding.object)))
    waiver = exact if exact is not None else held.get((finding.rule, str(finding.object.resource)))
    if waiver is None:
        return replace(finding, waived=None, until=None)
    return replace(finding, waived=waiver.reason, until=waiver.until)
