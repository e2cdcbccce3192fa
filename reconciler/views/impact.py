"""Describe the impact of a plan in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from reconciler.model.impact import BandMove, CampaignImpact, Concentration, DataAge, Impact, NearThreshold, Value
from reconciler.model.instants import format_instant
from reconciler.model.text_enumerations import count_shown
from reconciler.views.plain_text import plain

MOST = 8
"""Lines of each part at most: the whole of it is in the plan's document."""

_MET = 3
"""Campaigns that are named with which one shares people."""

_CHANGED = {"added": "those added", "removed": "those removed", "moved": "those who change bands"}


def describe_impact(impact: Impact) -> Iterator[Text]:
    """The blast radius, whom campaigns start and stop calling, and where that is concentrated."""
    yield Text(f"Impact (docs/impact.md): {describe_blast(impact)}", "bold")
    parts = (
        [describe_campaign(each) for each in sorted(impact.campaigns, key=weight)],
        list(describe_overlaps(impact)),
        [describe_move(each) for each in impact.bands],
        [describe_concentration(each) for each in impact.concentration],
        [words for each in impact.near if (words := describe_near(each))],
        [words for each in impact.data if (words := describe_age(each))],
    )
    for lines in parts:
        shown = count_shown(len(lines), MOST)
        yield from (Text(plain(f"  {line}")) for line in lines[:shown])
        if lines[shown:]:
            yield Text(f"  and {len(lines) - shown} more in the plan's JSON", "dim")


def describe_blast(impact: Impact) -> str:
    """The one number, and what it is made of."""
    blast = impact.blast
    made = [
        f"{many:,} {words}"
        for many, words in (
            (blast.starts, "start being called"),
            (blast.stops, "stop being called"),
            (blast.moves, "are called by another list"),
            (blast.treated, "are called differently"),
        )
        if many
    ]
    called = f"{blast.called_before:,} called before, {blast.called_after:,} after"
    known = "" if blast.known else "; a list that nobody could read counts by its size"
    resting = [each for each in impact.campaigns if each.at_rest]
    joins, leaves = (sum(getattr(each, name) for each in resting) for name in ("starts", "stops"))
    later = f"; campaigns that do not dial yet: +{joins:,} -{leaves:,}" if joins or leaves else ""
    made_of = ", ".join(made) or "nobody is called differently"
    return f"blast radius {blast.percent:g} %: {made_of} ({called}{known}){later}"


def weight(campaign: CampaignImpact) -> tuple[bool, int, str]:
    """Whose calling changes most comes first; what is at rest last."""
    return campaign.at_rest, -(campaign.starts + campaign.stops + campaign.moves), str(campaign.address)


def describe_campaign(campaign: CampaignImpact) -> str:
    """Whom one campaign starts and stops calling."""
    before, after = ("?" if each is None else f"{each:,}" for each in (campaign.before, campaign.after))
    words = f"{campaign.address}: {before} → {after} people ({_counts(campaign)})"
    if campaign.at_rest:
        words += ", does not dial yet"
    elif campaign.dials_before != campaign.dials_after:
        words += ", begins to dial" if campaign.dials_after else ", no longer dials"
    if campaign.shared:
        words += f"; {campaign.shared:,} of those who start are called by another campaign as well"
    if campaign.hours_before is not None and campaign.hours_after is not None:
        words += f"; about {campaign.hours_before:,g} → {campaign.hours_after:,g} h of dialling"
    return words


def _counts(campaign: CampaignImpact) -> str:
    counts = [f"+{campaign.starts:,}", f"-{campaign.stops:,}"]
    counts += [f"{campaign.moves:,} by another of its lists"] if campaign.moves else []
    counts += [f"{campaign.treated:,} called differently"] if campaign.treated else []
    return ", ".join(counts)


def describe_overlaps(impact: Impact) -> Iterator[str]:
    """With which others each campaign that changes would call the same people, and how many."""
    for address in dict.fromkeys(each.address for each in impact.overlaps):
        mine = [each for each in impact.overlaps if each.address == address]
        met = [f"{each.people:,} with {each.campaign!r}" for each in mine[:_MET]]
        more = f" and with {len(mine) - _MET} more" if mine[_MET:] else ""
        yield f"{address}: calls people whom others call as well, by contact or number: {', '.join(met)}{more}"


def describe_move(move: BandMove) -> str:
    """How many go from one band to another."""
    before, after = (each or "not called" for each in (move.before, move.after))
    return f"{move.segment}: {before} → {after}: {move.people:,}"


def describe_concentration(found: Concentration) -> str:
    """Where a change is concentrated, in a sentence."""
    held = "in the source" if found.change == "added" else "called before"
    where = " and ".join(map(describe_value, found.where))
    share = f"{found.share} % of {_CHANGED[found.change]} have {where}"
    return f"{found.segment}: {share}, {found.lift:g} × their share ({found.base:g} % of those {held})"


def describe_value(value: Value) -> str:
    """What people have in common."""
    return f"no {value.of}" if value.value is None else f"{value.of} = {value.value}"


def describe_near(near: NearThreshold) -> str:
    """Who stands near the lower edge of a band."""
    below, above = f"{_count(near.below_5)} within 5 points below", f"{_count(near.above_5)} above"
    wider = f"within 10: {_count(near.below_10)} and {_count(near.above_10)}"
    return f"{near.segment}: near {near.edge:g} (band {near.band}): {below}, {above}; {wider}"


def _count(many: int | None) -> str:
    return "(few)" if many is None else f"{many:,}"


_BASES = {"modified": "as written; ", "committed": "as committed; ", "declared": "as declared; "}


def describe_age(age: DataAge) -> str:
    """How old some data is; nothing of what was read when the plan was made."""
    if age.basis == "read":
        return ""
    if age.oldest is None or age.newest is None:
        return f"{age.segment}: {age.what}: nobody knows how old ({age.source})"
    span = format_instant(age.newest)
    span = span if age.oldest == age.newest else f"{format_instant(age.oldest)} to {span}"
    return f"{age.segment}: {age.what} of {span} ({_BASES.get(age.basis, '')}{age.source})"
