"""What phones see of money: amounts, an order, a doubt, our question; and that nobody is offered to pay twice."""

from typing import Any

import pytest

from portnet.storage.engines import query
from tests.integration.graphql_api.world import World
from tests.support.acting.fakes import CODE

DUM, INVOICE, OTHER = ({"DUM": "DUM-1"}, {"PAYMENT": "P-1"}, {"PAYMENT": "P-2"})
DUTIES = [
    {"kind": "DI", "value": "4560.00", "currency": "MAD"},
    {"kind": "TVA", "value": "177840.00", "currency": "MAD"},
    {"kind": "XYZ", "value": "1.50", "currency": "EUR"},
]
READ = """{ dossiers { nodes { whatNow { actionCode warning } procedures { nodes { id version reference
  kind { code } state { code } actions { code } amounts { kind label money { amount currency } }
  payment { reference doubtful providerReference initiatedBy initiatedAt nextCheckAt ticket }
  requests { id version kind state text lang choices { code label } answer } } } } } }"""
PERFORM = """mutation ($input: PerformActionInput!) { performAction(input: $input) { __typename
  ... on Procedure { id requested { code } } ... on Problem { code message } } }"""
ANSWER = """mutation ($input: AnswerRequestInput!) { answerRequest(input: $input) { __typename
  ... on InformationRequest { id state answer } ... on InvalidInput { issues { path code } }
  ... on Problem { code message } } }"""


async def invoiced(world: World) -> None:
    for event in ("registered", "channel_green"):
        await world.post("BADR", f"DUM_IMPORT.{event}", DUM)
    await world.post("BADR", "DUM_IMPORT.liquidated", DUM, amounts=DUTIES)
    for invoice in (INVOICE, OTHER):
        await world.post("PSP", "PAYMENT.invoiced", {**invoice, **DUM}, amounts=DUTIES[:2])


async def read(world: World, login: str = "manager") -> dict[str, Any]:
    """The dossier's advice, and its procedures by reference."""
    [dossier] = (await world.data(login, READ))["dossiers"]["nodes"]
    procedures = {p["reference"]: p for p in dossier["procedures"]["nodes"]}
    return {"now": dossier["whatNow"], **procedures}


async def pay(world: World, invoice: str = "P-1", key: str = "m1") -> Any:
    procedure = (await read(world))[invoice]
    given = {
        "clientMutationId": key,
        "subject": procedure["id"],
        "action": "start",
        "expectedVersion": procedure["version"],
        "proof": {"code": CODE.code},
    }
    return (await world.data("manager", PERFORM, input=given))["performAction"]


async def doubted(world: World) -> None:
    await invoiced(world)
    world.proofs.approved[""] = world.users["declarant"].id
    assert (await pay(world))["__typename"] == "Procedure"
    [sent] = await world.database.read(query("SELECT id FROM outgoing"))
    await world.post("PORTNET", "ENVELOPE.ack", {"SUBMISSION": sent["id"]})
    await world.post("PSP", "PAYMENT.no_answer", INVOICE)


async def test_a_liquidation_shows_its_amounts(world: World) -> None:
    await invoiced(world)
    assert (await read(world, "declarant"))["DUM1"]["amounts"] == [
        {"kind": "DI", "label": "Droit d'importation", "money": {"amount": "4560.00", "currency": "MAD"}},
        {"kind": "TVA", "label": "TVA", "money": {"amount": "177840.00", "currency": "MAD"}},
        {"kind": "XYZ", "label": "XYZ", "money": {"amount": "1.50", "currency": "EUR"}},
    ]  # fmt: skip


async def test_a_payment_is_offered_until_it_is_ordered(world: World) -> None:
    await invoiced(world)
    before = await read(world)
    assert [a["code"] for a in before["P-1"]["actions"]] == ["start", "cancel"]
    assert before["P-1"]["payment"]["doubtful"] is False
    assert before["DUM1"]["payment"] is None
    world.proofs.approved[""] = world.users["declarant"].id
    await pay(world)
    after = await read(world)
    assert after["P-1"]["payment"]["initiatedBy"] == "Manager"
    assert [a["code"] for a in after["P-2"]["actions"]] == ["cancel"]
    assert after["now"] == {"actionCode": "WAIT_AGENCY", "warning": after["now"]["warning"]}
    assert after["now"]["warning"].startswith("Do not pay a second time")


async def test_a_doubt_is_on_every_phone_and_nobody_may_pay(world: World) -> None:
    await doubted(world)
    for login in ("declarant", "manager", "agent"):
        seen = await read(world, login)
        assert seen["P-1"]["state"]["code"] == "IN_DOUBT"
        assert [seen[p]["payment"]["doubtful"] for p in ("P-1", "P-2")] == [True, True]
        offered = [a["code"] for p in seen.values() for a in p.get("actions", ())]
        assert "start" not in offered
        assert seen["now"]["warning"] is not None
        assert seen["P-1"]["payment"]["ticket"] is not None
    for key, invoice in enumerate(("P-1", "P-2")):
        refused = await pay(world, invoice, f"again-{key}")
        assert (refused["__typename"], refused["code"]) == ("NotAllowedNow", "DO_NOT_PAY_AGAIN")
        assert refused["message"].startswith("Do not pay a second time")


@pytest.mark.parametrize(
    ("login", "words"), [("declarant", "Le compte a-t-il été débité"), ("agent", "هل خصم")]
)
async def test_the_question_is_asked_in_the_reader_s_language(
    world: World, login: str, words: str
) -> None:
    await doubted(world)
    [asked] = (await read(world, login))["P-1"]["requests"]
    assert (asked["kind"], asked["state"], asked["lang"]) == (
        "DEBITED", "NEW", world.users[login].locale,
    )  # fmt: skip
    assert words in asked["text"]
    assert [choice["code"] for choice in asked["choices"]] == ["YES", "NO", "DONT_KNOW"]


async def test_the_question_takes_one_of_its_choices(world: World) -> None:
    await doubted(world)
    [asked] = (await read(world))["P-1"]["requests"]
    given = {"request": asked["id"], "expectedVersion": asked["version"]}

    async def answered(login: str, key: str, text: str) -> Any:
        sent = {**given, "clientMutationId": key, "text": text}
        return (await world.data(login, ANSWER, input=sent))["answerRequest"]

    wrong = await answered("manager", "a1", "Je crois que oui")
    assert wrong["issues"] == [{"path": "text", "code": "UNKNOWN"}]
    assert (await answered("agent", "a2", "NO"))["code"] == "NOT_YOURS"
    done = await answered("manager", "a3", "NO")
    assert (done["state"], done["answer"]) == ("ANSWERED", "NO")
    assert await answered("manager", "a3", "NO") == done
    [asked] = (await read(world))["P-1"]["requests"]
    assert asked["answer"] == "NO"
    assert "start" not in [a["code"] for a in (await read(world))["P-1"]["actions"]]
