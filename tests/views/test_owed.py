"""Is it told how many contacts the lists would not take?"""

from __future__ import annotations

import json

from reconciler.model.meant import Meant
from reconciler.model.owed_count import OwedCount
from reconciler.views import owed

MEANT = Meant("calls", "eu")


def test_each_reason_is_told_with_its_count_and_how_often_it_was_tried() -> None:
    counted = [OwedCount("VIP", "rejected", 1, "BAD_PHONE", 1200), OwedCount("VIP", "deferred", 3, "BUSY", 2)]
    assert owed.text(counted, MEANT).plain.splitlines() == [
        "Tenant eu, workspace calls:",
        "    1,200  VIP: rejected once: BAD_PHONE",
        "        2  VIP: deferred 3 times: BUSY",
    ]
    document = json.loads(owed.machine(counted, MEANT))
    assert [each["contacts"] for each in document["owed"]] == [1200, 2]
    assert document["tenant"] == "eu"


def test_nobody_owed_is_told_as_that() -> None:
    assert owed.text([], MEANT).plain.endswith("No contact is pending retry.")
    assert json.loads(owed.machine([], MEANT))["owed"] == []
