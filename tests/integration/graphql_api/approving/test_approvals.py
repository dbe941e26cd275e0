"""Approving through the contract: what the manager's phone shows is what its code approves."""

from typing import Any

from portnet.storage.engines import query
from tests.integration.graphql_api.declaring.app import App
from tests.integration.graphql_api.world import World
from tests.support.declaring.forms import APPROVED_KIND, GOODS, SELLER

APPROVAL = """id state role requestedBy decidedBy onBehalfOf reason deadline version
  content { id headline why summary { label text } changes { path label before after }
    subject { __typename ... on Declaration { id } ... on Procedure { id } } }"""
REFUSALS = (
    "... on StaleApproval { approval { " + APPROVAL + " } changes { path label before after } }"
    " ... on SecondFactorRequired { operationHash }"
    " ... on NotAllowedNow { stateNow: state }"
    " ... on InvalidInput { issues { path code message } }"
    " ... on Problem { code message }"
)
ANSWER = (
    "{ __typename ... on Approval { " + APPROVAL + " }"
    " ... on ApprovalsDecided { approvals { id } } " + REFUSALS + " }"
)
INBOX = "{ me { badge { approvals } } approvals { nodes { " + APPROVAL + " } } }"
REQUEST = (
    "mutation ($input: RequestApprovalInput!) { requestApproval(input: $input) " + ANSWER + "}"
)
APPROVE = "mutation ($input: DecisionInput!) { approve(input: $input) " + ANSWER + "}"
RETURN = "mutation ($input: DecisionInput!) { returnForCorrection(input: $input) " + ANSWER + "}"
TAKE_BACK = (
    "mutation ($input: TakeBackApprovalInput!) { takeBackApproval(input: $input) " + ANSWER + "}"
)
OPEN = "mutation ($input: OpenApprovalInput!) { openApproval(input: $input) { id } }"
PERFORM = (
    "mutation ($input: PerformActionInput!) { performAction(input: $input) { __typename"
    " ... on Approval { " + APPROVAL + " } ... on Problem { code message } } }"
)
WITHDRAW = """mutation ($input: PerformActionInput!) { performAction(input: $input) {
  __typename ... on Declaration { id version state } ... on Problem { code } } }"""
DELEGATE = """mutation ($input: DelegateInput!) { delegateApprovals(input: $input) { __typename
  ... on Delegation { id fromUser toUser kinds limit { amount currency } }
  ... on InvalidInput { issues { path code } } ... on Problem { code } } }"""
REVOKE = "mutation ($input: RevokeDelegationInput!) { revokeDelegation(input: $input) { clientMutationId } }"
RULES = """mutation ($input: ApprovalRulesInput!) { setApprovalRules(input: $input) { __typename
  ... on Company { approvalRules { action role above { amount currency } } }
  ... on InvalidInput { issues { path code } } ... on Problem { code } } }"""
CODE = {"code": "123456"}


async def requested(app: App, goods: str = "Feed") -> tuple[Any, Any]:
    """A declaration, and the approval that it waits for."""
    declaration = await app.begun((GOODS, goods), (SELLER, "Acme"), kind=APPROVED_KIND)
    asked = await app.act(REQUEST, id=declaration["id"], expectedVersion=declaration["version"])
    assert asked["__typename"] == "Approval", asked
    return declaration, asked


async def inbox(world: World, login: str = "manager") -> list[Any]:
    data = await world.data(login, INBOX)
    assert data["me"]["badge"]["approvals"] == len(data["approvals"]["nodes"])
    nodes: list[Any] = data["approvals"]["nodes"]
    return nodes


async def test_a_manager_sees_what_waits_and_approves_it_with_a_code(world: World) -> None:
    declaration, _ = await requested(App(world))
    [shown] = await inbox(world)
    content = shown["content"]
    assert content["subject"] == {"__typename": "Declaration", "id": declaration["id"]}
    assert (shown["requestedBy"], shown["role"]) == ("Declarant", "MANAGER")
    assert content["headline"]
    assert content["why"] == "The company's rules ask for an approval before it is sent."
    manager = App(world, "manager")
    asked = await manager.act(APPROVE, contents=[content["id"]])
    assert asked["__typename"] == "SecondFactorRequired"
    done = await manager.act(APPROVE, contents=[content["id"]], proof=CODE)
    assert (done["state"], done["decidedBy"]) == ("APPROVED", "Manager")
    assert await inbox(world) == []
    assert await inbox(world, "declarant") == []


async def test_what_changed_while_the_sheet_was_open_is_shown_instead_of_approved(
    world: World,
) -> None:
    app, manager = App(world), App(world, "manager")
    declaration, _ = await requested(app)
    [shown] = await inbox(world)
    await manager.act(OPEN, content=shown["content"]["id"])
    version = (await world.data("declarant", _DECLARATION, id=declaration["id"]))["declaration"][
        "version"
    ]
    back = await app.act(
        WITHDRAW, subject=declaration["id"], action="withdraw", expectedVersion=version
    )
    saved = await app.save(back["id"], back["version"], (GOODS, "Wheat"), kind=APPROVED_KIND)
    await app.act(REQUEST, id=saved["id"], expectedVersion=saved["version"])
    stale = await manager.act(APPROVE, contents=[shown["content"]["id"]], proof=CODE)
    assert (stale["__typename"], stale["code"]) == ("StaleApproval", "STALE_APPROVAL")
    changes = [{"path": GOODS, "label": "Goods", "before": "Feed", "after": "Wheat"}]
    assert stale["changes"] == changes
    [now] = await inbox(world)
    assert now["id"] == stale["approval"]["id"]
    assert now["content"]["changes"] == changes
    done = await manager.act(APPROVE, contents=[now["content"]["id"]], proof=CODE)
    assert done["state"] == "APPROVED"
    late = await manager.act(APPROVE, contents=[now["content"]["id"]], proof=CODE)
    assert (late["code"], late["message"]) == ("DECIDED", "Already decided by Manager.")


async def test_a_return_needs_a_reason_and_says_it(world: World) -> None:
    _, asked = await requested(App(world))
    manager = App(world, "manager")
    contents = [asked["content"]["id"]]
    missing = await manager.act(RETURN, contents=contents)
    assert [issue["path"] for issue in missing["issues"]] == ["reason"]
    back = await manager.act(RETURN, contents=contents, reason="Wrong seller")
    assert (back["state"], back["reason"]) == ("RETURNED", "Wrong seller")


async def test_the_yes_is_taken_back_before_it_is_used(world: World) -> None:
    _, asked = await requested(App(world))
    manager = App(world, "manager")
    await manager.act(APPROVE, contents=[asked["content"]["id"]], proof=CODE)
    back = await manager.act(TAKE_BACK, id=asked["id"])
    assert back["state"] == "VOIDED"
    again = await manager.act(TAKE_BACK, id=asked["id"])
    assert again["__typename"] == "NotAllowedNow"


async def test_an_act_becomes_a_request_that_the_manager_s_yes_sends(world: World) -> None:
    await world.post("BADR", "DUM_IMPORT.registered", {"DUM": "30901020260000001G"})
    [found] = await world.database.read(query("SELECT id, version FROM procedure"))
    data = await world.data("declarant", _PROCEDURES)
    procedure = data["dossiers"]["nodes"][0]["procedures"]["nodes"][0]["id"]
    asked = await App(world).act(
        PERFORM, subject=procedure, action="cancel", expectedVersion=found["version"]
    )
    assert (asked["__typename"], asked["state"]) == ("Approval", "PENDING")
    [shown] = await inbox(world)
    assert shown["content"]["headline"].startswith("Cancel · ")
    assert shown["content"]["subject"] == {"__typename": "Procedure", "id": procedure}
    done = await App(world, "manager").act(APPROVE, contents=[shown["content"]["id"]], proof=CODE)
    assert done["state"] == "APPROVED"
    sent = await world.database.read(query("SELECT event FROM outgoing"))
    assert [row["event"] for row in sent] == ["cancel"]


async def test_a_lent_right_counts_while_it_lasts_and_both_are_named(world: World) -> None:
    manager, stand_in = App(world, "manager"), App(world, "pretender")
    me = (await world.data("pretender", "{ me { id } }"))["me"]["id"]
    given = {
        "to": me,
        "from": "2026-11-23T00:00:00Z",
        "until": "2026-11-30T00:00:00Z",
        "kinds": [APPROVED_KIND],
    }
    required = await manager.act(DELEGATE, **given)
    assert required["__typename"] == "SecondFactorRequired"
    lent = await manager.act(DELEGATE, **given, proof=CODE)
    assert (lent["fromUser"], lent["toUser"]) == ("Manager", "Pretender")
    app = App(world)
    _, asked = await requested(app)
    [shown] = await inbox(world, "pretender")
    done = await stand_in.act(APPROVE, contents=[shown["content"]["id"]], proof=CODE)
    assert (done["decidedBy"], done["onBehalfOf"]) == ("Pretender", "Manager")
    await manager.act(REVOKE, id=lent["id"])
    await requested(app, "Wheat")
    assert await inbox(world, "pretender") == []
    assert asked["id"] == done["id"]


async def test_rules_are_the_company_s_own(world: World) -> None:
    manager = App(world, "manager")
    rules = [{"action": "IMP_TITLE", "role": "FINANCE", "above": _MAD}]
    done = await manager.act(RULES, rules=rules, proof=CODE)
    assert done["approvalRules"] == rules
    wrong = await manager.act(RULES, rules=[{"action": "NOTHING", "role": "MANAGER"}], proof=CODE)
    assert wrong["issues"] == [{"path": "rules/0/action", "code": "UNKNOWN"}]


async def test_another_company_s_approvals_are_not_found(world: World) -> None:
    _, asked = await requested(App(world))
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for id_ in (asked["id"], asked["content"]["id"]):
        assert (await world.data("outsider", node, id=id_))["node"] is None
        assert (await world.data("manager", node, id=id_))["node"] == {"id": id_}
    answer = await world.ask(
        "outsider",
        APPROVE,
        input={"clientMutationId": "m1", "contents": [asked["content"]["id"]], "proof": CODE},
    )
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


_MAD = {"amount": "200000", "currency": "MAD"}
_DECLARATION = "query ($id: ID!) { declaration(id: $id) { version } }"
_PROCEDURES = "{ dossiers { nodes { procedures { nodes { id } } } } }"
