"""The tariff is searched alike on both engines; a full one is loaded beside it, and shown whole or not at all."""

import pytest

from portnet.domain.reference.reference_table import FaultyTable, Table
from portnet.domain.reference.references import references
from portnet.ports.declaring.tariff import TariffEditionGone
from portnet.ports.unit_of_work import TariffInForce
from portnet.reference import load_shipped, load_tariff
from portnet.services.declaring.tariff import Tariff
from portnet.storage.repositories.declaring.tariff import TariffRepository
from tests.support.world import World

HEADER = "code,fr,ar,en,source,verified\n"
BEER = "2203001000,Bières de malt,جعة الشعير,Beer made from malt,ADII,true\n"
ROUND = "0702001000,Tomates rondes du tarif,طماطم مستديرة,Round tomatoes,ADII,true\n"


async def tariff(world: World) -> Tariff:
    repository = TariffRepository(world.database)
    made = Tariff(load_tariff(), repository, repository, world.units, world.clock)
    await made.keep(references(load_shipped(world.catalogue.agencies)).headings)
    return made


async def codes(own: Tariff, text: str, first: int = 10) -> list[str]:
    return [line.code for line in await own.search(text, first)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0702", ["0702", "070200", "0702001000", "0702002000"]),
        ("07.02", ["0702", "070200", "0702001000", "0702002000"]),
        ("070", ["0702", "070200", "0702001000", "0702002000", "0709", "070960"]),
        ("٠٧٠٢٠٠", ["070200", "0702001000", "0702002000"]),
        ("toma", ["0702", "070200", "0702001000", "0702002000"]),
        ("TOMATES", ["0702", "070200", "0702001000", "0702002000"]),
        ("tomatoes fresh", ["0702", "070200", "0702001000", "0702002000"]),
        ("tomate cerise", ["0702002000"]),
        ("طماطم", ["0702", "070200", "0702001000", "0702002000"]),
        ("الطماطم", ["0702", "070200", "0702001000", "0702002000"]),
        ("طَماطِم كرزيّة", ["0702002000"]),
        ("poulpe", ["030752", "0307520000"]),
        ("octopus", ["030752", "0307520000"]),
        ("أخطبوط", ["030752", "0307520000"]),
        ("اخطبوط", ["030752", "0307520000"]),
        ("ble", ["1001990019", "1001", "100119", "100199"]),
        # What begins so stands before what only holds it.
        ("machines", ["84", "8422", "842240", "8422400000", "8438", "843880", "8479", "847989", "8479899000", "85"]),
        ("farine de poisson", ["2301", "230120", "2301200000"]),
        ("huile", ["1507", "150710", "1509", "150920", "2710", "271019", "15", "230400", "27"]),
        ("zebra", []),
        ("tomate zebra", []),
        ("'; DROP TABLE tariff_line; --", []),
        ('" * ^ NEAR(', []),
        ("", []),
        ("99", []),
        ("99999999999999999999", []),
    ],
)  # fmt: skip
async def test_a_line_is_found_by_its_code_or_words_in_three_languages(
    world: World, text: str, found: list[str]
) -> None:
    assert await codes(await tariff(world), text) == found


async def test_only_as_many_as_were_asked_for(world: World) -> None:
    assert await codes(await tariff(world), "machines", 2) == ["84", "8422"]


async def test_a_full_tariff_takes_the_place_of_the_last_and_keeps_what_we_ship(
    world: World,
) -> None:
    own = await tariff(world)
    assert await own.import_file("console:x", (HEADER + BEER + ROUND).encode(), {}) == 2
    [beer] = await own.search("biere", 10)
    assert (beer.code, beer.verified, beer.label.en) == ("2203001000", True, "Beer made from malt")
    [line] = await own.search("0702001000", 1)
    assert (line.label.fr, line.verified) == ("Tomates rondes du tarif", True)
    assert await codes(own, "poulpe") == ["0307520000"]
    headings = references(load_shipped(world.catalogue.agencies)).headings
    await own.keep({**headings})
    assert await codes(own, "poulpe") == ["030752", "0307520000"]
    [line] = await own.search("0702001000", 1)
    assert line.label.fr == "Tomates rondes du tarif"
    await own.import_file("console:x", (HEADER + BEER).encode(), headings)
    [line] = await own.search("0702001000", 1)
    assert not line.verified
    assert len(await world.select("SELECT edition FROM tariff_edition")) == 1
    trail = await world.column("SELECT subject FROM audit ORDER BY seq")
    assert trail == ["tariff/2", "tariff/1"]


async def test_more_lines_than_one_batch_are_all_there(world: World) -> None:
    own = await tariff(world)
    lines = "".join(
        f"{8500000000 + n},Article n{n},صنف,Article {n},made up,false\n" for n in range(2_345)
    )
    assert await own.import_file("console:x", (HEADER + lines).encode(), {}) == 2_345
    assert await codes(own, "article n2344") == ["8500002344"]
    count = await world.column("SELECT CAST(count(*) AS bigint) FROM tariff_line")
    assert count == [2_345 + len(load_tariff())]


async def test_one_bad_line_and_nothing_is_loaded(world: World) -> None:
    own = await tariff(world)
    with pytest.raises(FaultyTable, match="line 3, code"):
        await own.import_file("console:x", (HEADER + BEER + BEER).encode(), {})
    assert await codes(own, "biere") == []
    assert await world.column("SELECT action FROM audit") == []


async def test_of_two_imports_at_once_the_later_one_stays_and_the_other_is_told(
    world: World,
) -> None:
    await tariff(world)
    editions = TariffRepository(world.database)
    at = world.clock.now()
    first = await editions.begin("console:a", at)
    second = await editions.begin("console:b", at)
    assert second > first
    with pytest.raises(TariffEditionGone):
        await editions.add(first, [], shipped=False)
    async with world.units() as work:
        work.add(TariffInForce(edition=first, shipped=""))
        with pytest.raises(TariffEditionGone):
            await work.commit()


async def test_what_was_shipped_before_and_is_not_any_more_is_not_found(world: World) -> None:
    own = await tariff(world)
    headings = references(load_shipped(world.catalogue.agencies)).headings
    await own.keep({code: row for code, row in headings.items() if code != "030752"})
    assert await codes(own, "poulpe") == ["0307520000"]
    assert Table.TARIFF in load_shipped(world.catalogue.agencies)
