"""Operators extend the reference tables; every process takes an import up, whole or not at all."""

import pytest

from portnet.domain.reference.reference_table import FaultyTable, Table
from portnet.reference import load_shipped
from portnet.services.desk.anomaly import DESK
from portnet.services.desk.reference import ReferenceTables
from portnet.storage.repositories.reference import ReferenceRepository
from tests.support.world import World, open_world

HEADER = "code,fr,ar,en,source,verified\n"
NEW = "020,Admission temporaire,القبول المؤقت,Temporary admission,ADII,true\n"
CHANGED = "010,Consommation,الاستهلاك,Release for home use,ADII,true\n"


def tables(world: World) -> ReferenceTables:
    agencies = world.catalogue.agencies
    reader = ReferenceRepository(world.database)
    return ReferenceTables(load_shipped(agencies), agencies, reader, world.units, world.clock)


async def test_an_import_adds_and_replaces_and_the_next_one_takes_its_place(world: World) -> None:
    own = tables(world)
    shipped = own.current.regimes
    assert (
        await own.import_table("console:x", Table.REGIMES, (HEADER + NEW + CHANGED).encode()) == 2
    )
    assert own.current.regimes["020"].label.en == "Temporary admission"
    assert own.current.regimes["010"].label.en == "Release for home use"
    assert own.current.regimes["060"] == shipped["060"]
    await own.import_table("console:x", Table.REGIMES, (HEADER + NEW).encode())
    assert own.current.regimes["010"] == shipped["010"]
    trail = await world.select("SELECT company, action, subject FROM audit ORDER BY seq")
    assert [tuple(row[i] for i in range(3)) for row in trail] == [
        (DESK, "reference.imported", "regimes/2"),
        (DESK, "reference.imported", "regimes/1"),
    ]


async def test_another_process_takes_it_up_and_a_new_one_begins_with_it(
    world: World, migrated_url: str
) -> None:
    async with open_world(migrated_url, clock=world.clock, lane=1, populate=False) as other:
        theirs = tables(other)
        await theirs.refresh()
        before = theirs.current
        await theirs.refresh()
        assert theirs.current is before
        await tables(world).import_table("console:x", Table.REGIMES, (HEADER + NEW).encode())
        await theirs.refresh()
        assert "020" in theirs.current.regimes
        begun = tables(other)
        await begun.refresh()
        assert "020" in begun.current.regimes


async def test_one_bad_line_and_nothing_is_imported(world: World) -> None:
    own = tables(world)
    with pytest.raises(FaultyTable, match="line 3, code"):
        await own.import_table("console:x", Table.REGIMES, (HEADER + NEW + NEW).encode())
    assert "020" not in own.current.regimes
    assert await world.column("SELECT code FROM reference_row") == []
    assert await world.column("SELECT action FROM audit") == []


async def test_an_office_may_stand_at_a_place_that_was_imported(world: World) -> None:
    own = tables(world)
    place = "code,kind,fr,ar,en,source,verified\nMARBA,CITY,Rabat,الرباط,Rabat,UNECE,true\n"
    office = (
        "code,agency,place,bureau,phone,hours,ramadan_hours,fr,ar,en,source,verified\n"
        "OC-RBA,OC,MARBA,,,Mon-Fri 08:30-16:30,,Office des Changes,مكتب الصرف,OC,ours,false\n"
    )
    with pytest.raises(FaultyTable, match="MARBA is not known"):
        await own.import_table("console:x", Table.OFFICES, office.encode())
    await own.import_table("console:x", Table.PLACES, place.encode())
    await own.import_table("console:x", Table.OFFICES, office.encode())
    found = own.current.office("OC", None)
    assert found is not None
    assert found.place == "MARBA"
