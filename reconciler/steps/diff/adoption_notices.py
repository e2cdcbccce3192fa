# tested by: tests/cli/test_adoption.py
"""Say which declared objects are nobody's, and stay so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.model.desired_state import Desired
from reconciler.model.notice import Notice
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.text_enumerations import format_count


def describe_adoptions(desired: Desired, changes: Sequence[ObjectChange]) -> Iterator[Notice]:
    """That objects are compared only, and that others are ours though their manifests say that they are not to be."""
    counted = Counter(each.address.kind for each in changes if each.unadopted and each.action is not Action.CREATE)
    if counted:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counted.items()))
        total = sum(counted.values())
        verbs = ("carries", "is") if total == 1 else ("carry", "are")
        words = (
            f"{format_count(total, 'declared object')} {verbs[0]} no owner's mark and {verbs[1]} not adopted ({kinds}):"
        )
        words += " compared, and never written; `adopt: false` is to be taken out to adopt"
        yield Notice("not_adopted", words, {"count": total, "kinds": dict(counted)})
    for change in changes:
        resource = desired.catalogue.resources.get(change.address)
        if resource is not None and resource.spec.get("adopt") is False and change.owner == desired.settings.name:
            where = str(resource.where("spec", "adopt"))
            words = f"{change.address} is this workspace's already: `adopt: false` can be taken out ({where})"
            yield Notice("adoption_declined", words, {"object": str(change.address), "where": where})
