"""A company lets a broker work on its files, and the broker is told why it may no longer, with the day."""

from typing import Any

import msgspec

from portnet.domain.identifiers import opaque_id
from portnet.storage import rows
from portnet.storage.engines import query
from tests.integration.graphql_api.world import BROKER_ICE, IMPORTER_ICE, World

GRANT = """mutation ($input: MandateInput!) { grantMandate(input: $input) { __typename
  ... on Mandate { id state kinds from until broker { name } }
  ... on InvalidInput { issues { path code } } ... on Problem { code } } }"""
REVOKE = """mutation ($input: RevokeMandateInput!) { revokeMandate(input: $input) { __typename
  ... on Mandate { id state } ... on Problem { code } } }"""
FILES = """query ($company: ID) { dossiers(filter: {company: $company}) { nodes { id company { name }
  mandate { state } readOnlySince whatNow { holder { kind } }
  procedures { nodes { id version actions { code } } } } } }"""
CANCEL = """mutation ($input: PerformActionInput!) { performAction(input: $input) { __typename
  ... on NotAllowedNow { state } ... on Problem { code message } } }"""
FIND = "query ($i: String!) { broker(ice: $i) { id } }"
REFS = {"ONSSA_FILE": "ONSSA-0001"}
PROOF = {"code": "123456"}


async def granted(world: World, login: str = "manager", **fields: Any) -> Any:
    given = {
        "clientMutationId": "g", "broker": world.company_id("rivals"), "proof": PROOF,
        "from": world.clock.now().isoformat(), **fields,
    }  # fmt: skip
    return (await world.data(login, GRANT, input=given))["grantMandate"]


async def revoked(world: World, login: str, mandate: str, **fields: Any) -> Any:
    given = {"clientMutationId": "r", "id": mandate, "proof": PROOF, **fields}
    answer = await world.ask(login, REVOKE, input=given)
    return answer["data"]["revokeMandate"] if "errors" not in answer else answer["errors"][0]


async def cancel(world: World, login: str, file: Any) -> Any:
    [procedure] = file["procedures"]["nodes"]
    given = {"clientMutationId": "c", "subject": procedure["id"], "action": "cancel",
             "expectedVersion": procedure["version"], "proof": PROOF}  # fmt: skip
    return (await world.data(login, CANCEL, input=given))["performAction"]


async def files(world: World, login: str = "agent", company: str | None = None) -> list[Any]:
    found: list[Any] = (await world.data(login, FILES, company=company))["dossiers"]["nodes"]
    return found


def offered(file: Any) -> set[str]:
    return {a["code"] for procedure in file["procedures"]["nodes"] for a in procedure["actions"]}


async def test_a_broker_is_found_by_its_identifier_and_given_a_mandate(world: World) -> None:
    found = await world.data("manager", FIND, i=BROKER_ICE)  # fmt: skip
    assert found["broker"]["id"] == world.company_id("broker")
    nobody = await world.data("manager", FIND, i=IMPORTER_ICE)  # fmt: skip
    assert nobody["broker"] is None
    mandate = await granted(world, kinds=["DUM_IMPORT"])
    assert (mandate["state"], mandate["kinds"], mandate["until"]) == ("ACTIVE", ["DUM_IMPORT"], None)  # fmt: skip
    assert await granted(world, kinds=["DUM_IMPORT"], **{"from": mandate["from"]}) == mandate
    held = await world.data("rival", "{ me { mandates { id state company { name } } } }")
    own = {"id": mandate["id"], "state": "ACTIVE", "company": {"name": "Importer"}}
    assert held["me"]["mandates"] == [own]


async def test_who_may_give_one_and_what_it_must_say(world: World) -> None:
    assert (await granted(world, "declarant"))["code"] == "NOT_YOURS"
    assert (await granted(world, proof=None))["__typename"] == "SecondFactorRequired"
    wrong = await granted(
        world, broker=world.company_id("other"), kinds=["NOTHING"], until="2026-01-01T00:00:00Z"
    )
    assert {(i["path"], i["code"]) for i in wrong["issues"]} == {
        ("broker", "UNKNOWN"), ("until", "TOO_EARLY"), ("kinds", "UNKNOWN"),
    }  # fmt: skip


async def test_only_who_gave_it_takes_it_back(world: World) -> None:
    mandate = (await granted(world))["id"]
    for login in ("rival", "outsider"):
        assert (await revoked(world, login, mandate))["extensions"]["code"] == "NOT_FOUND"
    assert (await revoked(world, "declarant", mandate))["code"] == "NOT_YOURS"
    assert (await revoked(world, "manager", mandate))["state"] == "REVOKED"


async def test_an_expired_mandate_leaves_what_was_lodged_until_it_is_final(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", REFS)
    [row] = await world.database.read(query("SELECT id FROM mandate"))
    await world.end_mandate(row["id"])
    [file] = await files(world)
    assert (file["mandate"]["state"], file["readOnlySince"]) == ("EXPIRED", None)
    assert "cancel" in {a["code"] for a in file["procedures"]["nodes"][0]["actions"]}
    world.proofs.approved[""] = world.users["manager"].id
    assert (await cancel(world, "agent", file))["__typename"] == "Procedure"


async def test_a_revoked_mandate_leaves_reading_and_says_since_when(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", REFS)
    await world.revoke_mandate()
    assert await files(world) == []
    [file] = await files(world, company=world.company_id("importer"))
    assert file["company"] == {"name": "Importer"}
    assert (file["mandate"]["state"], file["readOnlySince"] is None) == ("REVOKED", False)
    assert file["procedures"]["nodes"][0]["actions"] == []
    world.proofs.approved[""] = world.users["manager"].id
    refused = await cancel(world, "agent", file)
    assert (refused["code"], refused["state"]) == ("MANDATE_REVOKED", "REVOKED")
    assert "23/11/2026" in refused["message"]


async def test_a_suspended_company_reads_and_does_nothing_else(world: World) -> None:
    await world.post("ONSSA", "ONSSA_IMPORT.registered", REFS)
    subscription = {"SUBSCRIPTION": "SUB-1"}
    for source, event in (
        ("PORTNET", "docs_ok"), ("PSP", "paid"),
    ):  # fmt: skip
        await world.post(source, f"SUBSCRIPTION.{event}", subscription)
    shown = await world.data("manager", "{ me { subscription { state { code } } } }")
    assert shown["me"]["subscription"]["state"]["code"] == "TO_SIGN"
    [row] = await world.database.read(query("SELECT * FROM procedure WHERE code = 'SUBSCRIPTION'"))
    await world.write(msgspec.structs.replace(rows.procedure(row), state="SUSPENDED"))
    file = next(f for f in await files(world, "manager") if offered(f) == {"cancel"})
    world.proofs.approved[""] = world.users["chief"].id
    assert (await cancel(world, "manager", file))["code"] == "SUSPENDED"
    assert (await granted(world))["code"] == "SUSPENDED"
    assert (await world.data("manager", "{ dossiers { nodes { id } } }"))["dossiers"]["nodes"]
    [mandate] = await world.database.read(query("SELECT id FROM mandate"))
    taken = await revoked(world, "manager", opaque_id("Mandate", mandate["id"]))
    assert taken["state"] == "REVOKED"


async def test_work_that_waits_for_a_broker_falls_to_the_declarant(world: World) -> None:
    await world.play(4)
    [row] = await world.database.read(query("SELECT * FROM dossier"))
    dossier = rows.dossier(row)
    advice = msgspec.structs.replace(dossier.what_now, holder="BROKER")
    await world.write(msgspec.structs.replace(dossier, what_now=advice))
    for login in ("agent", "declarant"):
        assert (await files(world, login))[0]["whatNow"]["holder"]["kind"] == "BROKER"
    await world.revoke_mandate()
    assert (await files(world, "declarant"))[0]["whatNow"]["holder"]["kind"] == "DECLARANT"
