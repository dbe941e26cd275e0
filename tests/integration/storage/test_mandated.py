"""Which files a broker finds: the databases' conditions say what the domain says, whatever mandates there were."""

from datetime import datetime, timedelta
from random import Random

import msgspec

from portnet.domain.access import Mandate
from portnet.domain.dossier import Dossier
from portnet.domain.identity.mandate import Hold, Lapse, clients_of, hold_of
from portnet.ports.reading import DossierFilter, DossierOrder, PageSize
from tests.support.scenarios import BROKER
from tests.support.world import World

CASES = 300
DAY = timedelta(days=1)


def some_mandates(random: Random, case: int, now: datetime) -> list[Mandate]:
    """None to three, on a grid so coarse that their dates often meet."""
    return [
        Mandate(
            id=f"m{case}-{number}",
            company=f"owner-{case}",
            broker=BROKER.id,
            starts_at=now + random.randint(-4, 1) * DAY,
            ends_at=random.choice([None, now + random.randint(-4, 2) * DAY]),
            revoked_at=random.choice([None, None, now + random.randint(-4, 1) * DAY]),
        )
        for number in range(random.randint(0, 3))
    ]


async def test_the_databases_conditions_are_the_domains_rules(world: World) -> None:
    await world.tell("G0")
    [template] = await world.dossiers()
    random, now = Random(4), world.clock.now()
    holds: dict[str, Hold | None] = {}
    given: list[Mandate] = []
    dossiers: list[Dossier] = []
    for case in range(CASES):
        dossier = msgspec.structs.replace(
            template,
            id=f"d{case}",
            company=f"owner-{case}",
            broker_since=random.choice([None, now + random.randint(-4, 0) * DAY]),
            opened_at=now - random.randint(0, 4) * DAY,
        )
        mandates = some_mandates(random, case, now)
        given += mandates
        holds[dossier.id] = hold_of(dossier, BROKER.id, mandates, now)
        dossiers.append(dossier)
    await world.write(*given, *dossiers)
    viewer = world.viewer(BROKER)
    found = await world.files.dossiers_by_id(viewer, now, list(holds))
    assert set(found) == {id_ for id_, hold in holds.items() if hold is not None}
    page = PageSize(2 * CASES)
    queue = await world.files.dossiers(viewer, now, DossierFilter(), DossierOrder.URGENCY, page)
    listed = {d.id for d in queue.items if d.id in holds}
    assert listed == {id_ for id_, hold in holds.items() if hold is not None and hold.hears}
    found_of = {"no file" if hold is None else hold.lapse for hold in holds.values()}
    assert found_of == {"no file", None, Lapse.MANDATE_EXPIRED, Lapse.MANDATE_REVOKED}
    kept = {d.company for d in queue.items if d.id in listed}
    assert kept <= clients_of(BROKER.id, given, now)
