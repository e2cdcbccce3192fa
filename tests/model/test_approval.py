"""Who is missing? People are counted, and not keys; a group is what the policy says; authors fail closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.approval import (
    Approvals,
    CheckedApproval,
    describe_shortfall,
    find_authors,
    find_shortfalls,
    join_people,
    make_audit_document,
    read_audit_document,
)
from reconciler.model.approval_policy import Need, Policy, Trigger
from reconciler.model.origin import Origin
from tests.views.plans import plan

BY = "Floor/operator"
GROUPS = {"dialling": ("ana", "bo", "cy"), "compliance": ("di",)}
USERS = {"ana-k": "ana", "bo-h": "bo", "eve-h": "eve"}


def need(count: int = 1, group: str = "dialling", *, other: bool = False) -> Need:
    return Need(group, BY, count, len(GROUPS[group]), (Trigger("always"),), other)


def gave(*principals: str, of: str = BY, key: str = "SHA256:x", **said: Any) -> CheckedApproval:
    return CheckedApproval(of, "signature", key, principals, **said)


def lacks(*given: CheckedApproval, need: Need, authors: tuple[str, ...] = ()) -> list[str]:
    policy = Policy(BY, True, groups=GROUPS, users=USERS)
    found = find_shortfalls([need], [policy], Approvals(given, authors))
    return [line for each in found for line in describe_shortfall(each)]


def test_what_is_missing_is_told_with_who_could_still_be_asked() -> None:
    assert lacks(need=need(2)) == ["2 of group dialling must approve, 0 did; still to be asked: ana, bo, cy"]
    assert lacks(gave("bo"), need=need(2)) == [
        "2 of group dialling must approve, 1 did (bo approved); still to be asked: ana, cy"
    ]
    assert lacks(gave("bo"), gave("cy"), need=need(2)) == []


def test_an_approval_that_does_not_count_and_one_of_another_policy_are_nobodys() -> None:
    assert lacks(gave("bo", fault="altered"), need=need())
    assert lacks(gave("bo", of="Floor/team"), need=need())
    assert lacks(gave("di"), need=need())
    assert not lacks(gave("di"), need=need(1, "compliance"))


def test_the_same_person_counts_once_with_two_keys_and_by_two_ways() -> None:
    review = CheckedApproval(BY, "review", "bo-h", ("bo",))
    assert lacks(gave("bo", key="SHA256:1"), gave("bo", key="SHA256:2"), review, need=need(2))


def test_whoever_share_a_key_are_one_person() -> None:
    assert lacks(gave("ana", "bo"), need=need(2))
    assert lacks(gave("ana", "bo"), gave("bo"), gave("ana"), need=need(2))
    assert not lacks(gave("ana", "bo"), gave("cy"), need=need(2))


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True), max_size=6))
def test_no_name_is_of_two_people_and_there_are_never_more_people_than_approvals(several: list[list[str]]) -> None:
    people = join_people([gave(*each) for each in several])
    assert sum(map(len, people)) == len(frozenset().union(*people))
    assert len(people) <= len(several)
    assert frozenset().union(*people) == {name for each in several for name in each}


class TestAuthors:
    def test_who_wrote_a_change_is_not_the_only_one_who_approves_it(self) -> None:
        strict = need(1, other=True)
        assert lacks(gave("ana"), need=strict, authors=("Ana-K",)) == [
            "of group dialling only the author of the change approved (ana)"
        ]
        assert not lacks(gave("bo"), need=strict, authors=("ana-k",))
        assert not lacks(gave("ana"), gave("bo"), need=replace(strict, count=2), authors=("ana-k",))
        assert not lacks(gave("ana"), need=need(1), authors=("ana-k",))

    def test_of_two_authors_both_alone_are_not_enough(self) -> None:
        strict = need(2, other=True)
        assert lacks(gave("ana"), gave("bo"), need=strict, authors=("ana-k", "bo-h"))
        assert not lacks(gave("ana"), gave("cy"), need=strict, authors=("ana-k", "bo-h"))

    @pytest.mark.parametrize("authors", [(), ("somebody",), ("bo-h", "somebody"), ("ana",)])
    def test_an_author_whom_nobody_knows_is_refused_where_the_policy_asks(self, authors: tuple[str, ...]) -> None:
        assert lacks(gave("ana"), gave("bo"), gave("cy"), need=need(1, other=True), authors=authors) == [
            "group dialling must not be the author alone, and it is not known who of its people wrote the change"
        ]
        assert not lacks(gave("ana"), need=need(1), authors=authors)

    def test_an_author_in_no_group_is_known_and_another(self) -> None:
        assert not lacks(gave("ana"), need=need(1, other=True), authors=("eve-h",))

    def test_who_shares_a_key_with_the_author_is_the_author(self) -> None:
        assert lacks(gave("ana", "bo"), need=need(1, other=True), authors=("bo-h",))

    def test_the_author_is_who_the_plan_says_and_who_the_apply_says_as_the_first_may_be_forged(self) -> None:
        planned = replace(plan(), origin=Origin(commit="a" * 40, author="ana-k"))
        assert find_authors(planned, None) == ("ana-k",)
        assert find_authors(planned, Origin(commit="b" * 40, author="bo-h")) == ("ana-k", "bo-h")
        assert find_authors(planned, Origin(author="ana-k")) == ("ana-k",)
        assert find_authors(planned, Origin(commit="b" * 40)) == ("ana-k",)
        assert find_authors(plan(), Origin(author="bo-h")) == ("bo-h",)
        assert find_authors(plan(), None) == ()


def test_the_audit_record_tells_each_approval_and_reads_it_back() -> None:
    given = (gave("bo", at="2026-07-01T12:00:00Z"), CheckedApproval(BY, "review", "eve-h", fault="no_member"))
    told = make_audit_document([need(1)], Approvals(given, ("ana-k",)))
    assert make_audit_document([], Approvals()) == {}
    assert make_audit_document([], Approvals(given))["approvals"]["given"] == told["approvals"]["given"]
    assert read_audit_document(told["approvals"]) == told["approvals"]
    assert [each["fault"] for each in told["approvals"]["given"]] == [None, "no_member"]
    assert read_audit_document(None) is None
    several: tuple[Any, ...] = ({}, {"given": [{}], "needed": [], "authors": []}, 7)
    for altered in several:
        with pytest.raises((ValueError, TypeError, KeyError)):
            read_audit_document(altered)
