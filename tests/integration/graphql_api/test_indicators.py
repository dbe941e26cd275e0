"""Indicators, expected delays and feedback over the contract: real companies, both engines."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from portnet.scenarios import shipped
from portnet.services.indicators.reading import SMALLEST_GROUP
from portnet.storage.engines import EngineName, open_database
from tests.integration.graphql_api.world import World
from tests.support.databases import Databases

ASK = """query ($codes: [String!], $from: Date!, $to: Date!, $by: String, $public: Boolean! = false) {
  indicators(input: {codes: $codes, from: $from, to: $to, groupBy: $by, public: $public}) {
    code label group unit median p90 mean sample reference referenceLabel } }"""
RATE = """mutation ($subject: ID, $score: Int) {
  sendFeedback(input: {clientMutationId: "m1", subject: $subject, score: $score, text: "bien"}) {
    clientMutationId } }"""
MONTHS = {"from": "2026-10-01", "to": "2027-01-31"}
WHOLE = len(shipped()["S0"].steps)


@pytest.fixture
async def real(engine_name: EngineName, migrated_databases: Databases) -> AsyncIterator[World]:
    """People and companies that are counted, no dossiers yet."""
    url = await migrated_databases.fresh_database(engine_name)
    database = open_database(url)
    await database.start()
    async with World(database, sandbox=False) as world:
        yield world
    await database.stop()
    await migrated_databases.drop(url)


async def count(world: World) -> None:
    while await world.counter.count():
        pass


async def asked(world: World, login: str | None, *codes: str, **more: object) -> list[Any]:
    variables = {"codes": list(codes) or None, **MONTHS, **more}
    found = await world.data(login, ASK, **variables)
    return list(found["indicators"])


async def test_a_company_reads_its_own_figures_in_its_language(real: World) -> None:
    await real.play(WHOLE)
    await count(real)
    [figure] = await asked(real, "declarant", "ONSSA_DECISION_SAMPLED")
    assert figure["label"] == "Décision de l'ONSSA avec prélèvement"
    assert (figure["unit"], figure["sample"], figure["group"]) == ("SECONDS", 1, None)
    assert figure["median"] == pytest.approx(figure["mean"], rel=0.02)
    assert figure["referenceLabel"].startswith("4 à 10 jours")
    [english] = await asked(real, "manager", "ONSSA_DECISION_SAMPLED_BUSINESS")
    assert english["label"] == "ONSSA decision with sampling (business hours)"


async def test_the_mandated_broker_reads_them_and_nobody_else(real: World) -> None:
    await real.play(WHOLE)
    await count(real)
    assert {f["code"]: f["sample"] for f in await asked(real, "agent", "CLEARANCE")} == {
        "CLEARANCE": 1
    }
    assert await asked(real, "outsider") == []
    assert await asked(real, "rival") == []
    await real.revoke_mandate()
    assert await asked(real, "agent") == []


async def test_what_is_public_is_everybodys_and_shows_no_small_group(real: World) -> None:
    await real.play(WHOLE)
    await count(real)
    published = await asked(real, "outsider", public=True)
    assert published
    assert all(figure["sample"] >= SMALLEST_GROUP for figure in published)
    assert "CLEARANCE" not in {figure["code"] for figure in published}


async def test_figures_and_feedback_need_a_sign_in(real: World) -> None:
    for text in (ASK, RATE):
        answer = await real.ask(None, text, **MONTHS)
        assert answer["refused"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_figures_are_grouped_as_asked(real: World) -> None:
    await real.play(WHOLE)
    await count(real)
    found = await asked(real, "declarant", "AGENCY_STEP", by="AGENCY")
    assert {figure["group"] for figure in found} >= {"ADII", "ONSSA"}
    [month] = {f["group"] for f in await asked(real, "declarant", "CLEARANCE", by="MONTH")}
    assert month == "2026-11"


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "COMPANY"},
        {"by": "STEP"},
        {"codes": ["NO_SUCH"]},
        {"from": "2027-02-01"},
        {"from": "1990-01-01"},
    ],
)
async def test_what_cannot_be_asked_is_refused(real: World, wrong: dict[str, object]) -> None:
    answer = await real.ask("declarant", ASK, None, **{**MONTHS, **wrong})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("day", ["2026-13-01", "2026-02-30", "22/11/2026", "2026-11-22T00:00:00Z"])
async def test_a_date_that_is_none_is_refused(real: World, day: str) -> None:
    answer = await real.ask("declarant", ASK, None, **{**MONTHS, "from": day})
    assert "data" not in answer or answer["data"] is None


async def test_the_sandbox_has_no_figures(world: World) -> None:
    await world.play(WHOLE)
    await count(world)
    assert await asked(world, "declarant") == []


async def test_one_tap_is_kept_when_the_dossier_is_finished(real: World) -> None:
    await real.play(5)
    [dossier] = (await real.data("declarant", "{ dossiers { nodes { id } } }"))["dossiers"]["nodes"]
    early = await real.ask("declarant", RATE, subject=dossier["id"], score=5)
    assert early["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    await real.play(WHOLE)
    kept = await real.data("declarant", RATE, subject=dossier["id"], score=5)
    assert kept["sendFeedback"] == {"clientMutationId": "m1"}
    refused = await real.ask("outsider", RATE, subject=dossier["id"], score=5)
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    await count(real)
    [figure] = await asked(real, "declarant", "SATISFACTION")
    assert (figure["mean"], figure["sample"], figure["reference"]) == (100.0, 1, 86.0)


@pytest.mark.parametrize("wrong", [{"score": 0}, {"score": 6}, {"score": None}])
async def test_a_score_is_from_one_to_five(real: World, wrong: dict[str, object]) -> None:
    await real.play(WHOLE)
    [dossier] = (await real.data("declarant", "{ dossiers { nodes { id } } }"))["dossiers"]["nodes"]
    answer = await real.ask("declarant", RATE, None, subject=dossier["id"], **wrong)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_what_now_says_how_long_it_is_likely_to_take(real: World) -> None:
    asked_for = (
        "{ dossiers { nodes { whatNow { expected { medianSeconds p80Seconds sample } } } } }"
    )
    refs = [{"DUM": f"309 010 2026 {number:07} X"} for number in range(21)]
    for number, ref in enumerate(refs):
        await real.post("BADR", "DUM_IMPORT.registered", ref)
        if number < 20:
            real.clock.at += timedelta(minutes=10)
            await real.post("BADR", "DUM_IMPORT.channel_green", ref)
    await count(real)
    await real.expectations.refresh()
    found = (await real.data("declarant", asked_for))["dossiers"]["nodes"]
    waiting = [n["whatNow"]["expected"] for n in found if n["whatNow"]["expected"]]
    [expected] = waiting
    assert expected["sample"] == 20
    assert expected["medianSeconds"] == pytest.approx(600, rel=0.02)
