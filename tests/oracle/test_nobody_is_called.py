"""After an apply nobody is on a list whose number is on a do-not-call list, however both were written.

The oracle knows who is who before anything is written down, so it needs none of the program's reading. What the program
cannot read it may refuse, aloud and with the place: then those entries are taken away and it is tried again. Nothing may
be missed in silence, and nobody may be left out who is on no such list.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import pytest

from reconciler.simulator import Simulator
from tests.conftest import PAIRS, Ended, Folder, manifest
from tests.oracle.shapes import AS_OF, FILES, PLACES, Entry, Place, Shape
from tests.oracle.subscribers import CODE_ALONE, DAMAGES, REGIONS, WAYS, reads, subscribers
from tests.s3 import S3
from tests.sample import turns


def _of_files(shape: Shape) -> Place:
    return lambda folder, entries, tenant: shape(folder, entries)


SHAPES: dict[str, Place] = {**{name: _of_files(shape) for name, shape in FILES.items()}, **PLACES}
_TURNS = 2 * turns()
PLAIN = ("E.164", "international", "a link", "dots", "blanks around")
"""Ways that say the country: there is one reading, and nobody else can be meant."""


@dataclass(frozen=True)
class World:
    """People, and who of them must not be called.

    Attributes:
        contacts: id, phone and region of each. entries: what stands on the do-not-call list, one for each of
            `suppressed`. unread: entries that no plan reads as the line that they were made of, and how its contact has it.
        free: people on no list. plain: those of them whose number has one reading.
    """

    contacts: list[tuple[str, str, str]]
    entries: list[Entry]
    suppressed: set[str]
    unread: list[tuple[Entry, str]]
    free: set[str]
    plain: set[str]


@cache
def world(turn: int = 0) -> World:
    """A contact for every second pair of ways in each country; and one a way, of whom nobody says anything.

    Which ways meet each other goes by turns; so does, where there is little time, which countries a shape meets. Every
    shape meets each of its countries in each way of writing.
    """
    found = World([], [], set(), [], set(), set())
    for place, region in enumerate(REGIONS):
        if place % turns() != turn % turns():
            continue
        every = list(product(WAYS, WAYS))
        pairs = [pair for at, pair in enumerate(every) if (at + at // len(WAYS) + place) % 2 == turn % 2]
        lines = list(subscribers(region, len(pairs) + len(WAYS)))
        for number, ((entry, contact), line) in enumerate(zip(pairs, lines, strict=False)):
            text = WAYS[entry](line)
            if entry != CODE_ALONE and not reads(line, text):
                found.unread.append((Entry(text, region), WAYS[contact](line)))
                continue
            found.contacts.append((f"{region}-{number}", WAYS[contact](line), region))
            found.entries.append(Entry(text, region))
            found.suppressed.add(f"{region}-{number}")
        for number, (way, line) in enumerate(zip(WAYS, lines[len(pairs) :], strict=True)):
            found.contacts.append((f"{region}-free-{number}", WAYS[way](line), region))
            found.free.add(f"{region}-free-{number}")
            if way in PLAIN:
                found.plain.add(f"{region}-free-{number}")
    return found


def declare(folder: Folder, tenant: Simulator, contacts: Sequence[tuple[str, str, str]], lists: Iterable[str]) -> None:
    """A segment of some people, and the do-not-call lists that it is held against."""
    tenant.store.add_contacts([{"id": contact} for contact, _, _ in contacts])
    rows = "".join(f'{contact},"{phone}",{region}\n' for contact, phone, region in contacts)
    folder.write("people.csv", "id,phone,land\n" + rows)
    source = "files: {paths: [people.csv], format: csv, columns: {contactId: id, phone: phone, region: land}}"
    folder.write("source.yaml", manifest("ContactSource", "people", source))
    folder.write("score.yaml", manifest("ScoreModel", "all", "engagement: {threshold: 0}"))
    folder.write("list.yaml", manifest("ContactList", "callees", "name: Callees"))
    spec = (
        "source: people\nscore: all\nlists: {engaged: callees}\nphones: {rule: valid}\n"
        f"suppress: [{', '.join(lists)}]\ndelivery: {{method: listContacts}}"
    )
    folder.write("segment.yaml", manifest("Segment", "callees", spec))


@pytest.mark.thin(4)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_nobody_on_a_do_not_call_list_is_put_on_a_list(
    tenant: Simulator,
    folder: Folder,
    run: Callable[..., Ended],
    shape: Place,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("CXONE_DNC_URL", "sqlite:///dnc.db")
    people = world(list(SHAPES.values()).index(shape) % _TURNS)
    specs = shape(folder.root, people.entries, tenant)
    for name, spec in specs.items():
        folder.write(f"{name}.yaml", manifest("SuppressionList", name, spec))
    declare(folder, tenant, people.contacts, specs)

    applied = run("apply", "--yes")

    assert applied.code == 0, applied.out[-3000:] + applied.err[-3000:]
    called = set(tenant.store.list_named("Callees").members)
    missed = sorted(called & people.suppressed)
    assert not missed, f"{len(missed)} of {len(people.suppressed)} are called all the same: {missed[:20]}"
    left = sorted(people.plain - called)
    assert not left, f"{len(left)} are left out of whom nobody said anything: {left[:20]}"
    # a text with two readings may be somebody else's number too; that must be rare
    assert len(people.free - called) * 50 <= len(people.free)
    record_property(PAIRS, len(people.suppressed))


def test_what_is_no_whole_number_is_refused_and_counted(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    """Each way to damage a number has a do-not-call list of its own; one run is held to all of them."""
    counts: dict[str, int] = {}
    for at, (damage, change) in enumerate(DAMAGES.items()):
        lines = [(region, line) for region in REGIONS for line in subscribers(region, 2)]
        damaged = [(region, text) for region, line in lines if (text := change(line)) is not None]
        assert damaged, damage
        readable = world().entries[: 3 * len(damaged)]
        entries = [*readable, *(Entry(text, region) for region, text in damaged)]
        (spec,) = FILES["comma"](folder.root, entries).values()
        name = f"list-{at:02d}"
        (folder.root / "dnc.csv").rename(folder.root / f"{name}.csv")
        folder.write(f"{name}.yaml", manifest("SuppressionList", name, spec.replace("dnc.csv", f"{name}.csv")))
        counts[name] = len(damaged)
    declare(folder, tenant, world().contacts[:100], counts)

    applied = run("apply", "--yes")

    assert applied.code == 3, applied.out[-3000:] + applied.err[-3000:]
    found = [line for line in applied.out.splitlines() if "DNC-UNREADABLE" in line]
    told = {name: [line for line in found if name in line] for name in counts}
    for (name, count), damage in zip(counts.items(), DAMAGES, strict=True):
        assert len(told[name]) == 1, f"{damage}: {found}"
        assert f" {count:,} of" in told[name][0], damage
    assert tenant.store.find_list("Callees") is None


def test_what_no_plan_reads_is_refused_or_suppresses(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    lines = world().unread
    (spec,) = FILES["comma"](folder.root, [each for each, _ in lines]).values()
    folder.write("dnc.yaml", manifest("SuppressionList", "dnc", spec))
    free = [each for each in world().contacts if each[0] in world().plain]
    contacts = [(f"unread-{at}", contact, entry.region) for at, (entry, contact) in enumerate(lines)]
    declare(folder, tenant, [*contacts, *free], ["dnc"])

    applied = run("apply", "--yes")

    called = () if tenant.store.find_list("Callees") is None else tenant.store.list_named("Callees").members
    assert applied.code in (0, 3), applied.err
    assert not [contact for contact in called if contact.startswith("unread-")]


def test_nobody_on_a_list_in_an_object_store_is_put_on_a_list(
    tenant: Simulator,
    folder: Folder,
    run: Callable[..., Ended],
    s3_here: S3,
    record_property: Callable[[str, object], None],
) -> None:
    people, bucket = world(), s3_here.bucket()
    FILES["gzipped"](folder.root, people.entries)
    s3_here.put(bucket, "lists/dnc.csv.gz", (folder.root / "dnc.csv.gz").read_bytes())
    where = f"{{paths: ['s3://{bucket}/lists/*.gz'], format: csv, columns: {{phone: number, region: land}}}}"
    folder.write("dnc.yaml", manifest("SuppressionList", "dnc", f"asOf: {AS_OF}\nfiles: {where}"))
    declare(folder, tenant, people.contacts, ["dnc"])

    applied = run("apply", "--yes")

    assert applied.code == 0, applied.err
    assert not set(tenant.store.list_named("Callees").members) & people.suppressed
    record_property(PAIRS, len(people.suppressed))


def test_the_registrys_own_file_suppresses_its_first_number_too(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    """`area code,number`, no header, in an archive, as the US registry hands it out."""
    lines = list(subscribers("US", 200))
    rows = "".join(f"{line.national[:3]},{line.national[3:]}\n" for line in lines[:100])
    with zipfile.ZipFile(folder.root / "2026-06.zip", "w") as archive:
        archive.writestr("2026-06.txt", rows)
    columns = "{phone: {join: ['1', '2']}}"
    files = f"{{paths: ['*.zip'], format: csv, header: false, columns: {columns}}}"
    folder.write("dnc.yaml", manifest("SuppressionList", "dnc", f"asOf: {AS_OF}\nregion: US\nfiles: {files}"))
    ways = list(WAYS.values())
    contacts = [(f"C{at}", ways[at % len(ways)](line), "US") for at, line in enumerate(lines)]
    declare(folder, tenant, contacts, ["dnc"])

    assert run("apply", "--yes").code == 0
    assert set(tenant.store.list_named("Callees").members) == {f"C{at}" for at in range(100, 200)}


def test_there_are_enough_pairs_countries_ways_and_shapes() -> None:
    pairs = sum(len(world(number % _TURNS).suppressed) for number in range(len(SHAPES)))
    assert (len(REGIONS) >= 60, len(WAYS) >= 12, len(FILES) >= 10) == (True, True, True)
    assert pairs * turns() >= 100_000
    met = {each.region for turn in range(_TURNS) for each in world(turn).entries}
    assert met == set(REGIONS)
