"""Whom a list's campaign would call: countries, zones and states as the numbering library has them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import phonenumbers
import pytest
from phonenumbers import geocoder, timezone

from reconciler.audience.campaigns import audience_by_place
from reconciler.audience.relations import engine
from reconciler.audience.staging import geography
from reconciler.model.campaign_audience import Exposure, Place, Unread
from reconciler.model.weekly_calendar import resolve_zone
from tests.audience.conftest import Written

COLUMNS = dict.fromkeys(("contactId", "e164", "country", "postalCode", "timezone"), "VARCHAR")


@pytest.fixture(autouse=True, params=[0, 1_000_000], ids=["by-the-engine", "one-by-one"])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short list is told one by one, and as a long one is."""
    monkeypatch.setattr(audience_by_place, "FEW", request.param)


def counted(backend: Any, written: Written, people: Sequence[Mapping[str, Any]]) -> Exposure:
    """The exposure of a list of these people."""
    rows = [{"contactId": f"CUST{number}", **each} for number, each in enumerate(people)]
    table = engine.read_rows(backend, written(rows, COLUMNS))
    return audience_by_place.count_by_place(backend, table)


def places(found: Exposure) -> dict[tuple[tuple[str, ...], tuple[str, ...]], int]:
    """The places by where they are."""
    return {(place.regions, place.zones): place.contacts for place in found.places}


def numbers(chance: random.Random) -> Iterator[phonenumbers.PhoneNumber]:
    """Valid numbers of every country and kind: the library's examples, and others of their lengths and beginnings."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            yield example
            text = str(example.national_number)
            for _ in range(6):
                keep = chance.randrange(len(text))
                changed = text[:keep] + "".join(chance.choice("0123456789") for _ in text[keep:])
                other = phonenumbers.PhoneNumber(
                    example.country_code,
                    int(changed),
                    italian_leading_zero=example.italian_leading_zero,
                    number_of_leading_zeros=example.number_of_leading_zeros,
                )
                if phonenumbers.is_valid_number(other):
                    yield other
    for area in range(201, 990):
        for _ in range(20):
            other = phonenumbers.PhoneNumber(1, int(f"{area}{chance.randrange(2_000_000, 10_000_000)}"))
            if phonenumbers.is_valid_number(other):
                yield other


def e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class TestOfNumbersAlone:
    @pytest.mark.thin
    def test_every_country_is_the_librarys(self, backend: Any, written: Written) -> None:
        chosen = list(numbers(random.Random(5)))
        assert len(chosen) > 8_000
        found = counted(backend, written, [{"e164": e164(each)} for each in chosen])
        said = Counter(phonenumbers.region_code_for_number(each) for each in chosen)
        nowhere = said.pop("001", 0) + said.pop(None, 0)
        assert found.countries == dict(said)
        assert found.unknown == nowhere
        assert found.contacts == len(chosen) == sum(place.contacts for place in found.places)

    @pytest.mark.thin
    def test_every_zone_is_the_librarys_or_there_are_too_many(self, backend: Any, written: Written) -> None:
        chosen = list(numbers(random.Random(6)))
        found = counted(backend, written, [{"e164": e164(each)} for each in chosen])
        said: Counter[tuple[str, ...]] = Counter()
        for each in chosen:
            # a mobile of the Caymans is no geographical number to the library, but its area code is of the Caymans
            by_digits = each.country_code == 1
            told = timezone.time_zones_for_geographical_number if by_digits else timezone.time_zones_for_number
            zones = tuple(sorted(told(each)))
            known = zones != (timezone.UNKNOWN_TIMEZONE,) and len(zones) <= geography.MOST_ZONES
            inland = phonenumbers.region_code_for_number(each) not in ("001", None)
            said[zones if known and inland else ()] += 1
        by_zones: Counter[tuple[str, ...]] = Counter()
        for place in found.places:
            by_zones[() if place.assumed else place.zones] += place.contacts
        assert by_zones == said

    def test_a_state_is_known_by_the_area_code(self, backend: Any, written: Written) -> None:
        found = counted(
            backend,
            written,
            [{"e164": "+14155550102"}, {"e164": "+18505550102"}, {"e164": "+19025550102"}, {"e164": "+442079460018"}],
        )
        assert places(found) == {
            (("US-CA",), ("America/Los_Angeles",)): 1,
            (("US-FL",), ("America/New_York",)): 1,
            (("CA-NS", "CA-PE"), ("America/Halifax",)): 1,
            (("GB",), ("Europe/London",)): 1,
        }

    def test_a_number_without_a_place_is_in_its_country_at_no_known_time(self, backend: Any, written: Written) -> None:
        found = counted(backend, written, [{"e164": "+18005550102"}, {"e164": None}, {"e164": "+80012345678"}])
        assert found.countries == {"US": 1}
        assert found.unknown == 2
        assert found.unplaced == 3
        toll_free, nobody = sorted(found.places, key=lambda place: place.contacts)
        assert (nobody.regions, nobody.zones, nobody.contacts) == ((), (), 2)
        assert (toll_free.regions, toll_free.assumed, toll_free.unread) == (("US",), True, False)
        assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} < set(toll_free.zones)

    def test_a_list_without_anybody_is_counted_too(self, backend: Any, written: Written) -> None:
        assert counted(backend, written, []) == Exposure(0, {}, 0)


class TestOfAddresses:
    def test_a_postal_code_adds_its_state_and_its_zones(self, backend: Any, written: Written) -> None:
        address = {"country": "us", "postalCode": "79901-1234"}
        found = counted(backend, written, [{"e164": "+14155550102", **address}])
        zones = ("America/Chicago", "America/Denver", "America/Los_Angeles")
        assert found.places == (Place(("US-CA", "US-TX"), zones, 1),)

    def test_a_postal_code_without_a_country_is_of_that_of_the_number(self, backend: Any, written: Written) -> None:
        found = counted(backend, written, [{"e164": "+16135550102", "postalCode": " k1a 0b1"}])
        assert found.places[0].regions == ("CA-ON",)
        assert "America/Toronto" in found.places[0].zones

    def test_a_time_zone_says_more_than_a_postal_code(self, backend: Any, written: Written) -> None:
        address = {"postalCode": "79901", "timezone": "America/Denver"}
        found = counted(backend, written, [{"e164": "+18005550102", **address}])
        assert found.places == (Place(("US-TX",), ("America/Denver",), 1),)

    def test_a_country_of_its_own_adds_its_law_and_its_zones(self, backend: Any, written: Written) -> None:
        found = counted(backend, written, [{"e164": "+14155550102", "country": "FR"}])
        assert found.places == (Place(("FR", "US-CA"), ("America/Los_Angeles", "Europe/Paris"), 1),)

    def test_a_code_of_a_neighbour_of_the_numbers_country_is_taken_along(self, backend: Any, written: Written) -> None:
        found = counted(backend, written, [{"e164": "+14155550102", "postalCode": "K1A 0B1"}])
        (place,) = found.places
        assert place.regions == ("CA-ON", "US-CA")
        assert {"America/Los_Angeles", "America/Toronto"} <= set(place.zones)
        assert found.unread == ()
        found = counted(backend, written, [{"e164": "+16135550102", "postalCode": "02134"}])
        assert found.places[0].regions == ("CA-ON", "US-MA")

    def test_the_country_of_an_address_decides_whose_code_it_is(self, backend: Any, written: Written) -> None:
        rows = [{"e164": "+12125550102", "country": "MX", "postalCode": "02134"}]
        (place,) = counted(backend, written, rows).places
        assert place.regions == ("MX", "US-NY")
        assert {"America/Mexico_City", "America/Tijuana", "America/New_York"} <= set(place.zones)

    @pytest.mark.parametrize(
        "code", ["2134", "02134", "02134-1234", "021341234", "2134-1234", "02134.0", "2134.0", "\u200b2134 ", "'02134"]
    )
    def test_a_code_is_read_however_it_is_written(self, backend: Any, written: Written, code: str) -> None:
        found = counted(backend, written, [{"e164": "+12125550102", "postalCode": code}])
        assert places(found) == {(("US-MA", "US-NY"), ("America/New_York",)): 1}
        assert found.unread == ()

    @pytest.mark.parametrize("code", ["m5v3l9", "M5V 3L9", "M5V-3L9", "M5V"])
    def test_a_canadian_code_is_read_however_it_is_written(self, backend: Any, written: Written, code: str) -> None:
        found = counted(backend, written, [{"e164": "+16135550102", "postalCode": code}])
        assert found.places[0].regions == ("CA-ON",)
        assert not found.places[0].unread

    def test_a_code_of_a_territory_is_there(self, backend: Any, written: Written) -> None:
        (place,) = counted(backend, written, [{"e164": "+12125550102", "postalCode": "901"}]).places
        assert (place.regions, place.zones) == (("PR", "US-NY"), ("America/New_York", "America/Puerto_Rico"))

    @pytest.mark.parametrize("code", ["9410", "ABCDE", "12", "941050", "09410", "KIA 0B1", "n/a"])
    def test_a_code_that_cannot_be_read_leaves_the_whole_country_open(
        self, backend: Any, written: Written, code: str
    ) -> None:
        found = counted(backend, written, [{"e164": "+12125550102", "postalCode": code}])
        assert found.unread == (Unread("postalCode", 1, (code,)),)
        (place,) = found.places
        assert place.unread
        assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} < set(place.zones)
        assert found.unplaced == 0

    @pytest.mark.parametrize(
        "zone",
        [
            "Pacific Standard Time",
            "Pacific Daylight Time",
            "(UTC-08:00) Pacific Time (US & Canada)",
            "(GMT-08:00) Pacific Standard Time (America/Los_Angeles)",
            "Pacific Time (US and Canada)",
            "PST",
            "pdt",
            "PT",
            "Pacific",
            "US/Pacific",
            "america/los angeles",
            "\u200bPST\u00a0",
        ],
    )
    def test_a_zone_is_read_however_it_is_written(self, backend: Any, written: Written, zone: str) -> None:
        found = counted(backend, written, [{"e164": "+12125550102", "timezone": zone}])
        (place,) = found.places
        assert found.unread == ()
        assert {resolve_zone(each) for each in place.zones} == {"America/Los_Angeles", "America/New_York"}

    @pytest.mark.parametrize(
        ("zone", "meant"),
        [
            ("MST", {"America/Denver", "America/Phoenix"}),
            ("CST", {"America/Chicago"}),
            ("-7", {"America/Denver", "America/Phoenix", "America/Los_Angeles"}),
            ("Etc/GMT+10", {"Pacific/Honolulu"}),
            ("Hawaiian Standard Time", {"Pacific/Honolulu"}),
        ],
    )
    def test_a_word_for_several_zones_is_all_of_them_that_are_in_the_country(
        self, backend: Any, written: Written, zone: str, meant: set[str]
    ) -> None:
        (place,) = counted(backend, written, [{"e164": "+12125550102", "timezone": zone}]).places
        assert meant <= set(place.zones)
        assert all(each.startswith(("America/", "Pacific/H")) for each in place.zones)

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", "EST5EDT!", "x" * 300, "UTC", "5", "Factory"])
    def test_a_zone_that_cannot_be_read_leaves_the_whole_country_open(
        self, backend: Any, written: Written, zone: str
    ) -> None:
        found = counted(backend, written, [{"e164": "+14155550102", "timezone": zone}])
        assert found.unread == (Unread("timezone", 1, (zone[:40],)),)
        (place,) = found.places
        assert (place.regions, place.unread) == (("US-CA",), True)
        assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} < set(place.zones)

    def test_a_country_that_cannot_be_read_leaves_that_of_the_number_open(self, backend: Any, written: Written) -> None:
        found = counted(backend, written, [{"e164": "+14155550102", "country": "Untied States"}])
        assert found.unread == (Unread("region", 1, ("Untied States",)),)
        assert "Pacific/Honolulu" in found.places[0].zones

    @pytest.mark.parametrize("word", ["United States", "usa", "US ", "u.s."])
    def test_a_country_is_read_however_it_is_written(self, backend: Any, written: Written, word: str) -> None:
        found = counted(backend, written, [{"e164": "+14155550102", "country": word, "postalCode": "10001"}])
        assert (found.places[0].regions, found.unread) == (("US-CA", "US-NY"), ())

    def test_what_is_blank_says_nothing(self, backend: Any, written: Written) -> None:
        blank = {"timezone": " ", "postalCode": "\u00a0", "country": ""}
        found = counted(backend, written, [{"e164": "+14155550102", **blank}])
        assert found.unread == ()
        assert found.places == (Place(("US-CA",), ("America/Los_Angeles",), 1),)

    def test_a_zone_and_a_code_that_disagree_are_both_taken_along(self, backend: Any, written: Written) -> None:
        address = {"postalCode": "10001", "timezone": "America/Los_Angeles"}
        (place,) = counted(backend, written, [{"e164": "+18005550102", **address}]).places
        assert place.zones == ("America/Los_Angeles", "America/New_York")

    def test_what_may_be_somebodys_number_or_mail_is_not_shown(self, backend: Any, written: Written) -> None:
        rows = [{"e164": "+14155550102", "timezone": each} for each in ("a@example.com", "415-555-0101", "later")]
        (unread,) = counted(backend, written, rows).unread
        assert (unread.contacts, sorted(unread.words)) == (3, ["later", "…", "…"])

    def test_a_country_of_several_zones_and_one_calling_code_with_others_has_all_of_its_own(
        self, backend: Any, written: Written
    ) -> None:
        (place,) = counted(backend, written, [{"e164": "+14155550102", "country": "KZ"}]).places
        assert {"Asia/Almaty", "Asia/Aqtau"} < set(place.zones)


class TestTheTable:
    def test_it_has_the_area_codes_of_the_librarys_geography(self) -> None:
        """A new area code comes with the library; then it belongs in `geography.toml`."""
        ours = {code for area in geography.load_areas().values() for code in area.codes}
        geographic = set()
        for code in range(201, 990):
            if any(_described(code, exchange) for exchange in ("2345678", "5550102", "4230102", "9870102")):
                geographic.add(str(code))
        assert ours == geographic

    def test_every_state_has_zones_and_postal_codes_of_its_own(self) -> None:
        assert len(geography.load_areas()) == 51 + 13
        starts = Counter(f"{name[:2]}{start}" for name, area in geography.load_areas().items() for start in area.postal)
        assert {start for start, times in starts.items() if times > 1} == {"CAX", "US834"}  # on both sides of a border
        assert all(area.zones and area.codes for area in geography.load_areas().values())


def _described(code: int, exchange: str) -> bool:
    number = phonenumbers.PhoneNumber(1, int(f"{code}{exchange}"))
    if phonenumbers.region_code_for_number(number) not in ("US", "CA"):
        return False
    said = geocoder.description_for_valid_number(number, "en")
    return bool(said) and said not in ("United States", "Canada")
