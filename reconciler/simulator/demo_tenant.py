"""Make the demonstration tenant from a seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.simulator.call_statistics import Calls
from reconciler.simulator.interaction_history import microseconds
from reconciler.simulator.store import Store
from reconciler.simulator.stored_records import ACTIVE

CONTACTS = 20_000
VOICE = 100_000
CHATS = 5_000
DAYS = 120
MARK = "(managed-by: reconciler/starter)"

# month and day of the public holidays that can fall on a Wednesday, in any state
_HOLIDAYS = {(1, 1), (6, 19), (7, 4), (7, 24), (11, 11), (12, 24), (12, 25)}

# Geographic area codes of the United States. With 555-0100 to 555-0199, the numbers kept for fiction, each
# gives a hundred numbers that are nobody's.
_AREA_CODES = [
    *(201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228),
    *(229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302),
    *(303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330),
    *(331, 334, 336, 337, 339, 346, 347, 351, 352, 360, 361, 385, 386, 401, 402, 404, 405, 406, 407, 408),
    *(409, 410, 412, 413, 414, 415, 417, 419, 423, 424, 425, 430, 432, 434, 435, 440, 443, 458, 469, 470),
    *(475, 478, 479, 480, 484, 501, 502, 503, 504, 505, 507, 508, 509, 510, 512, 513, 515, 516, 517, 518),
    *(520, 530, 531, 534, 539, 540, 541, 551, 559, 561, 562, 563, 567, 570, 571, 573, 574, 575, 580, 585),
    *(586, 601, 602, 603, 605, 606, 607, 608, 609, 610, 612, 614, 615, 616, 617, 618, 619, 620, 623, 626),
    *(630, 631, 636, 641, 646, 650, 651, 657, 660, 661, 662, 667, 669, 678, 681, 682, 701, 702, 703, 704),
    *(706, 707, 708, 712, 713, 714, 715, 716, 717, 718, 719, 720, 724, 725, 727, 731, 732, 734, 737, 740),
    *(747, 754, 757, 760, 762, 763, 765, 769, 770, 772, 773, 774, 775, 779, 781, 785, 786, 801, 802, 803),
]


def populate(store: Store, as_of: datetime, *, seed: int = 0) -> None:
    """Fill an empty store with the demonstration tenant, as it stands at `as_of` (aware)."""
    chance = random.Random(seed)  # noqa: S311 - invention, not secrecy
    with store.lock:
        ids = _contacts(store, chance)
        _interactions(store, chance, ids, as_of)
        _lists(store, chance, ids, as_of)


def history_score(store: Store, contact_id: str, as_of: datetime, *, window: int = 90) -> float:
    """`max(0, 50 − 0.5·d) + 2.5·min(n, 20)` over the voice interactions of the last `window` days."""
    start, end = microseconds(as_of - timedelta(days=window)), microseconds(as_of)
    starts = [row[0] for row in store.history.of(contact_id) if row[2] == "voice" and start <= row[0] < end]
    if not starts:
        return 0.0
    days = (end - starts[-1]) / 86_400_000_000
    return round(max(0.0, 50 - 0.5 * days) + 2.5 * min(len(starts), 20), 2)


def next_window(after: datetime) -> dict[str, str]:
    """Start and end of the next four hours, a day or more from now, in which all of these numbers may be called."""
    day = after + timedelta(days=1)
    while day.weekday() != 2 or (day.month, day.day) in _HOLIDAYS:
        day += timedelta(days=1)
    return {"startTime": f"{day:%Y-%m-%d}T17:00:00Z", "endTime": f"{day:%Y-%m-%d}T21:00:00Z"}


def _contacts(store: Store, chance: random.Random) -> list[str]:
    numbers = chance.sample(range(len(_AREA_CODES) * 100), CONTACTS)
    rows: list[dict[str, Any]] = []
    for index, number in enumerate(numbers, start=1):
        area, line = _AREA_CODES[number // 100], number % 100
        row: dict[str, Any] = {
            "id": f"C{index:06d}",
            "phoneNumber": f"+1{area}55501{line:02d}",
            "status": ACTIVE,
        }
        if chance.random() < 0.06:
            row["status"] = chance.choice(["ARCHIVED", "INACTIVE"])
        if chance.random() < 0.95:
            row["engagementScore"] = min(100, max(0, round(chance.gauss(62, 22))))
        rows.append(row)
    store.add_contacts(rows)
    return [row["id"] for row in rows]


def _interactions(store: Store, chance: random.Random, ids: list[str], as_of: datetime) -> None:
    """Few contacts call often: the weights fall off as a Pareto distribution does."""
    weights = [min(2500, chance.paretovariate(0.8)) for _ in ids]
    end, span = microseconds(as_of.replace(microsecond=0)), DAYS * 86_400
    for kind, count in (("voice", VOICE), ("chat", CHATS)):
        for index, contact_id in enumerate(chance.choices(ids, weights, k=count), start=1):
            start = end - chance.randrange(1, span) * 1_000_000
            store.history.add(contact_id, f"{kind[0].upper()}{index:07d}", start, kind)


def _lists(store: Store, chance: random.Random, ids: list[str], as_of: datetime) -> None:
    contacts = store.contacts
    store.add_list("All customers", ids, description="Every customer we know")
    active = [key for key in ids if contacts[key].status == ACTIVE]
    invited = sorted(chance.sample(active, 8_700) + chance.sample(sorted(set(ids) - set(active)), 300))
    store.add_list("Spring offer - invited", invited, description="Customers invited to the spring offer")
    keen = [key for key in invited if contacts[key].status == ACTIVE and (contacts[key].engagement_score or 0) >= 75]
    # what is on the list although it should not be: what the first plan will take off
    others = sorted(set(active) - set(keen))
    loyal = sorted(chance.sample(keen, 900) + chance.sample(others, 300))
    store.add_list("Spring offer - loyal", loyal, description="Loyal customers for the spring offer")
    # as a plan scores them that is told no other moment
    midnight = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    scores = {key: history_score(store, key, midnight) for key in active}
    high = [key for key in active if scores[key] >= 70]
    dropped = [key for key in active if 55 <= scores[key] < 70]
    called = sorted(chance.sample(high, 110) + chance.sample(dropped, 40))
    # every other has a score of some days ago: those that dropped out were high when they were put on
    old = {key: round(max(70.0, scores[key] - chance.uniform(0, 4)), 2) for key in called}
    kept = [key for key in called if scores[key] >= 70][::2]
    data = {key: {"priority": 1, "score": each} for key, each in {**old, **{key: scores[key] for key in kept}}.items()}
    store.add_list("History - high", data, description=f"Called first {MARK}")
    made = store.add_campaign(
        "History - high",
        "History - high",
        description=MARK,
        dialType="predictive",
        abandonThreshold=6.0,
        wrapUpCode="HISTORY_HIGH",
        status="active",
        **next_window(midnight),
        predictiveDialingSettings={
            "targetAnswerRate": 0.35,
            "maxCallsInProgress": 40,
            "agentAvailabilityFactor": 0.9,
        },
    )
    store.part(Calls).set(made.id, attempts=12_650, live_answered=4_210, abandoned=88)
