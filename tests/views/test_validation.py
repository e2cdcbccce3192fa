"""Is it told that manifests are valid, and what for?"""

from __future__ import annotations

import json

from reconciler.model.notice import Notice
from reconciler.model.run_target import Meant
from reconciler.model.validation import Validated
from reconciler.views import validation

RENAMED = Notice(
    "earlier_spelling", "a name is another now", {"where": "floor.yaml:7:3", "setting": "firm", "now": "unwaivable"}
)


def test_one_and_many_manifests_are_told_with_what_they_are_meant_for() -> None:
    one = Validated(Meant("calls", "eu"), 1, 0, ".ignore")
    assert validation.text(one).plain == "1 manifest is valid; it is meant for tenant eu."
    many = Validated(Meant("calls", "eu", "prod"), 1200, 2, ".ignore", (RENAMED,))
    assert validation.text(many).plain == (
        "1,200 manifests are valid; they are meant for tenant eu, environment prod.\n2 YAML files are left out by .ignore.\n"
        "Notice: a name is another now"
    )
    assert json.loads(validation.machine(many)) == {
        "format_version": "2.0",
        "workspace": "calls",
        "tenant": "eu",
        "environment": "prod",
        "valid": True,
        "manifests": 1200,
        "ignored": 2,
        "notices": ["a name is another now"],
        "notice_details": [{"code": "earlier_spelling", "args": dict(RENAMED.args)}],
    }
