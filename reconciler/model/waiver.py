"""Which findings are set aside today, by whom, and until when?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from reconciler.model.finding import Finding
from reconciler.model.judged import Waived
from reconciler.model.settings import Override


def waive(
    found: Iterable[Finding], overrides: Iterable[Override], today: date, firm: frozenset[str]
) -> tuple[Finding, ...]:
    """The findings, each with the reason of the waiver that sets it aside today, if one does.

    Nothing sets aside what a rule in `firm` finds.
    """
    held = {(each.rule, each.object): each for each in overrides if _holds(each, today)}
    return tuple(_judged(finding, held, firm) for finding in found)


def waivers(found: Iterable[Finding], overrides: Iterable[Override], today: date) -> Iterator[Waived]:
    """Every waiver of the manifests: whether it holds today, and whether it sets a finding aside."""
    used = {(finding.rule, str(part)) for finding in found for part in (finding.object, finding.object.resource)}
    for each in overrides:
        holds = _holds(each, today)
        needed = holds and (each.rule, each.object) in used
        yield Waived(each.rule, each.object, each.reason, each.by, each.until, holds, needed)


def _holds(each: Override, today: date) -> bool:
    return each.until is None or today <= each.until


def _judged(finding: Finding, held: dict[tuple[str, str], Override], firm: frozenset[str]) -> Finding:
    if finding.rule in firm:
        return replace(finding, waived=None, until=None, waivable=False)
    if not finding.waivable:
        return finding
    exact = held.get((finding.rule, str(finding.object)))
    waiver = exact or held.get((finding.rule, str(finding.object.resource)))
    return replace(finding, waived=waiver and waiver.reason, until=waiver and waiver.until)
