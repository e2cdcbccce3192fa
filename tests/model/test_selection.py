"""What does a selector choose?"""

from __future__ import annotations

import pytest

from reconciler.model.selection import Selection, parse_selector

KINDS = ("Campaign", "ContactList")


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("Campaign", ["Campaign/fl-1", "Campaign/ga-1"]),
        ("Campaign/fl-*", ["Campaign/fl-1"]),
        ("Campaign/FL ?", ["Campaign/fl-1"]),
        ("fl-*", ["Campaign/fl-1", "ContactList/fl-list"]),
        ("campaign", []),  # a name, in the case that it is written in
        ("label:team=out*", ["Campaign/ga-1"]),
        ("label:team", ["Campaign/ga-1", "ContactList/fl-list"]),
        ("label:team=OUT", []),
        ("[fg][la]-1", ["Campaign/fl-1", "Campaign/ga-1"]),
        ("Segment/fl-1", []),  # no kind of these: a name with a slash
    ],
)
def test_a_selector_chooses_by_kind_name_and_label(text: str, chosen: list[str]) -> None:
    held = {
        "Campaign/fl-1": (("fl-1", "FL 1"), {}),
        "Campaign/ga-1": (("ga-1", "Georgia"), {"team": "outbound"}),
        "ContactList/fl-list": (("fl-list", "FL list"), {"team": "lists"}),
    }
    selector = parse_selector(text, KINDS)
    found = [each for each, (names, labels) in held.items() if selector.matches(each.split("/")[0], names, labels)]
    assert found == chosen
    only, without = Selection((selector,)), Selection(exclude=(selector,))
    for each, (names, labels) in held.items():
        kind = each.split("/")[0]
        assert only.chooses(kind, names, labels) is (each in chosen)
        assert without.chooses(kind, names, labels) is (each not in chosen)


@pytest.mark.parametrize("text", ["", " ", "Campaign/", "label:", "label:=x", "label:team="])
def test_a_selector_that_names_nothing_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"nothing|no label"):
        parse_selector(text, KINDS)


def test_what_is_left_out_counts_more_than_what_is_asked_for_and_both_are_told() -> None:
    selection = Selection((parse_selector("fl-*", KINDS),), (parse_selector("Campaign/fl-2", KINDS),))
    assert [selection.chooses("Campaign", (name,), {}) for name in ("fl-1", "fl-2", "ga-1")] == [True, False, False]
    assert selection.words == ("--only fl-*", "--exclude Campaign/fl-2")
    assert (bool(selection), bool(Selection())) == (True, False)
