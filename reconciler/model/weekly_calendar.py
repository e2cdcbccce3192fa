"""Compute the windows of a weekly calendar in a time zone.

Clocks are set forward and back: a window holds only moments at which the clock of its place shows a time between its
hours. Where the clock shows a time twice, a window begins at the second and ends at the first; where it skips a time,
at the moment of the skip.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from reconciler.model.campaign import Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """A part of one day of the week (0 is Monday), in minutes of the local day: `start` ≤ minute < `end` ≤ 1440."""

    day: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Hours of a week in the time of a zone of the IANA database, without the days (local) that are holidays."""

    zone: str
    hours: tuple[Hours, ...]
    holidays: frozenset[date] = frozenset()

    def find_window(self, moment: datetime) -> Window:
        """The window that an aware moment is in, else the next one; UTC.

        Raises:
            ValueError: there is none, as the calendar has no hours; or there is no such zone.
            OverflowError: it would be after the last day of all calendars.
        """
        moment = moment.astimezone(UTC)
        place = load_zone(self.zone)
        yesterday = moment.astimezone(place).date() - timedelta(days=1)
        # every week has a window, but for holidays, which come to an end, and for an hour that the clock skips
        for ahead in range(7 * (len(self.holidays) + 3)):
            day = yesterday + timedelta(days=ahead)
            for start, end in self._iter_parts(day):
                starts, ends = _find_moment(place, day, start, late=True), _find_moment(place, day, end, late=False)
                if moment < ends and starts < ends:
                    return starts, ends
        raise ValueError("the calendar has no window")

    def _iter_parts(self, day: date) -> Iterator[tuple[int, int]]:
        """The hours of a day, those that adjoin as one."""
        if day in self.holidays:
            return
        hours = sorted(each for each in self.hours if each.day == day.weekday())
        while hours:
            first = hours.pop(0)
            end = first.end
            while hours and hours[0].start <= end:
                end = max(end, hours.pop(0).end)
            yield first.start, end


def parse_minutes(text: str) -> int:
    """A time of the day, `09:30`, in minutes; `24:00` is its end.

    Raises:
        ValueError: the text is no such time.
    """
    if text == "24:00":
        return _MIDNIGHT
    read = time.fromisoformat(text)
    return 60 * read.hour + read.minute


@cache
def load_zones() -> frozenset[str]:
    """The names of the IANA database. Of the package, not the machine's: the same plan is made on every machine."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


@cache
def load_zone(name: str) -> ZoneInfo:
    """A zone of the IANA database.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in load_zones():
        raise ValueError(f"there is no time zone {name!r}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _find_moment(place: ZoneInfo, day: date, minute: int, late: bool) -> datetime:
    """When the clock shows a time of a day: the later or the earlier moment where it does so twice."""
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    early, last = sorted(local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    shown = [each for each in (early, last) if each.astimezone(place).replace(tzinfo=None) == local]
    if shown:
        return shown[-1] if late else shown[0]
    while last - early > timedelta(seconds=1):
        middle = early + (last - early) / 2
        if middle.astimezone(place).replace(tzinfo=None) < local:
            early = middle
        else:
            last = middle
    return last.replace(microsecond=0)


@cache
def list_zones_in(country: str) -> frozenset[str]:
    """The zones of a country (ISO 3166-1 alpha-2), by the IANA database's `zone.tab`; none where it is no country."""
    return frozenset(zone for code, zone in _load_zone_table() if code == country)


@cache
def _load_zone_table() -> tuple[tuple[str, str], ...]:
    text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((row[0], row[2]) for row in rows)


@cache
def resolve_zone(name: str) -> str:
    """The zone that a name of the IANA database stands for: `US/Eastern` is America/New_York."""
    return _load_links().get(name, name)


@cache
def _load_links() -> dict[str, str]:
    text = (files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if line.startswith("L "))
    return {row[2]: row[1] for row in rows}
