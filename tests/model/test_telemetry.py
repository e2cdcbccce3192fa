"""Is nothing told that is not on the list, and nothing at all where nobody listens?"""

from __future__ import annotations

import pytest

from reconciler.model.telemetry import ALLOWED, Measured, listen, tell


def test_who_listens_is_told_until_it_ends_and_others_never() -> None:
    heard: list[Measured] = []
    tell("step", 1.0, contact="CUST0001")  # nobody listens: nothing is even looked at
    with listen(heard.append):
        tell("request", 0.5, method="GET", host="example.com", status=200)
    tell("request", 0.5, method="GET", host="example.com", status=200)
    assert heard == [Measured("request", 0.5, {"method": "GET", "host": "example.com", "status": 200})]


@pytest.mark.parametrize("name", ["contact", "phone", "path", "url", "list", "address", "message", "job"])
def test_what_may_name_somebody_is_told_of_nothing(name: str) -> None:
    assert not any(name in allowed for allowed in ALLOWED.values())
    with listen(lambda _: None), pytest.raises(ValueError, match=f"not to be told of a step: {name}"):
        tell("step", 1.0, **{name: "CUST0001"})
