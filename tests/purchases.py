"""Purchases of many customers: the CDNOW sample where it is at hand, and always a cut that is made from a seed.

The cut is made to look like the sample: most customers buy once, early on, a few go on for months. It has numbers of its
own, which the tests state.
"""

from __future__ import annotations

import csv
import os
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

CDNOW = Path(
    os.environ.get("RECONCILER_CDNOW", Path(__file__).parents[2] / "shared" / "data" / "cdnow-interactions.csv")
)
"""69,659 purchases of 23,544 customers, known from the recency/frequency literature; it is not in the repository."""

_FIRST = datetime(2021, 1, 1, tzinfo=UTC)
_DAYS = 545
_COLUMNS = ("id", "startTime", "contactId")


@dataclass(frozen=True)
class Numbers:
    """What a programme finds in some purchases.

    Attributes:
        contacts: customers. bands: how many are in each. total: the sum of all scores.
    """

    contacts: int
    bands: dict[str, int]
    total: float

    @property
    def called(self) -> int:
        """Customers in any band."""
        return sum(self.bands.values())


KNOWN = {
    "seed": Numbers(2_400, {"high": 10, "medium": 175, "low": 77}, 12_046.5),
    "cdnow": Numbers(23_544, {"high": 28, "medium": 1_362, "low": 1_911}, 115_714.5),
}
"""Of the history programme (`cases/cdnow`) as of 1 July 2022."""


def write(target: Path, customers: int = 2_400, seed: int = 20_220_701) -> Path:
    """Write the cut as `id,startTime,contactId`, one line a purchase."""
    chance = random.Random(seed)
    with target.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        number = 0
        for customer in range(1, customers + 1):
            day = chance.randrange(90)
            stays = 0.6 + 0.395 * chance.random()
            pause = 1 + chance.randrange(40)
            while day < _DAYS:
                rows.writerow(
                    (f"p-{number:06}", f"{_FIRST + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}", f"{customer:05}")
                )
                number += 1
                if chance.random() > stays:
                    break
                day += 1 + int(chance.expovariate(1 / pause))
    return target


def count(file: Path, as_of: datetime, window: int = 90) -> Numbers:
    """What the programme has to find, told by the contract's own formula, customer by customer."""
    customers = set()
    times: dict[str, list[datetime]] = defaultdict(list)
    with file.open(encoding="utf-8") as lines:
        for each in csv.DictReader(lines):
            moment = datetime.fromisoformat(each["startTime"])
            customers.add(each["contactId"])
            if as_of - timedelta(days=window) <= moment < as_of:
                times[each["contactId"]].append(moment)
    bands, total = {"high": 0, "medium": 0, "low": 0}, 0.0
    for moments in times.values():
        days = (as_of - max(moments)).total_seconds() / 86_400
        score = max(0.0, 50 - 0.5 * days) + 2.5 * min(len(moments), 20)
        bands["high" if score >= 70 else "medium" if score >= 40 else "low"] += 1
        total += score
    return Numbers(len(customers), bands, total)
