"""A declaration through the contract: its form, its fields, what is wrong with it, sending it, and who hears of it."""

from portnet.domain.identifiers import opaque_id
from portnet.storage.engines import query
from tests.integration.graphql_api.declaring.app import App
from tests.integration.graphql_api.world import World
from tests.support.declaring.forms import APPROVED_KIND, DUM, GOODS, KIND, SELLER

PERFORM = """mutation ($input: PerformActionInput!) { performAction(input: $input) { __typename
  ... on Declaration { id state version }
  ... on InvalidInput { issues { path code } }
  ... on NotAllowedNow { stateNow: state }
  ... on Problem { code message } } }"""
LIST = "{ declarations(first: 2) { nodes { id } pageInfo { endCursor hasNextPage } } }"
FORM = """query ($kind: String!, $version: Int) { declarationForm(kind: $kind, version: $version) {
  kind version label steps { code question fields { path label type required repeats } } } }"""


async def test_a_form_is_data_in_the_viewers_language(world: World) -> None:
    shown = (await world.data("manager", FORM, kind=KIND))["declarationForm"]
    assert (shown["kind"], shown["version"], shown["label"]) == (KIND, 2, "Declaration")
    [step] = shown["steps"]
    assert step["fields"][0] == {
        "path": GOODS, "label": "Goods", "type": "TEXT", "required": True, "repeats": False,
    }  # fmt: skip
    older = (await world.data("declarant", FORM, kind=KIND, version=1))["declarationForm"]
    assert (older["version"], older["label"]) == (1, "Declaration (fr)")
    refused = await world.ask("manager", FORM, kind="NOTHING")
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_what_is_saved_is_read_back_with_what_is_wrong_with_it(app: App) -> None:
    saved = await app.begun((SELLER, "ACME"))
    [issue] = saved["issues"]
    assert (issue["path"], issue["code"], issue["severity"]) == (GOODS, "REQUIRED", "ERROR")
    assert "Goods (fr)" in issue["message"]
    whole = await app.save(saved["id"], saved["version"], (GOODS, "Feed"))
    assert whole["issues"] == []
    assert whole["values"] == [{"path": GOODS, "value": "Feed"}, {"path": SELLER, "value": "ACME"}]
    read = await app.read(saved["id"])
    assert {**read, "__typename": "Declaration"} == whole


async def test_the_same_mutation_answers_the_same_and_another_content_is_refused(app: App) -> None:
    saved = await app.begun((GOODS, "Feed"), clientMutationId="once")
    id_ = saved["id"]
    again = await app.save(id_, 0, (GOODS, "Feed"), clientMutationId="once")
    assert again == saved
    other = await app.save(id_, saved["version"], (GOODS, "Maize"), clientMutationId="once")
    assert other["code"] == "IDEMPOTENCY_MISMATCH"
    assert (await app.read(id_))["values"] == saved["values"]


async def test_others_changes_are_shown_with_their_names_and_ones_own_session_goes_on(
    world: World, app: App
) -> None:
    draft = await app.begun((GOODS, "Feed"), queue="phone")
    manager = App(world, "manager")
    theirs = await manager.save(draft["id"], draft["version"], (GOODS, "Maize"))
    stopped = await app.save(draft["id"], draft["version"], (GOODS, "Wheat"), queue="phone")
    assert stopped["code"] == "STALE_VERSION"
    assert stopped["current"] == {"id": draft["id"]}
    assert stopped["conflicts"] == [
        {
            "path": GOODS,
            "label": "Goods (fr)",
            "yours": "Wheat",
            "theirs": "Maize",
            "theirsBy": "Manager",
        }
    ]
    mine = await app.save(draft["id"], theirs["version"], (GOODS, "Wheat"), queue="phone")
    later = await app.save(draft["id"], draft["version"], (GOODS, "Barley"), queue="phone")
    assert later["version"] == mine["version"] + 1


async def test_what_no_draft_can_hold_is_said_field_by_field(app: App) -> None:
    refused = await app.save(
        app.world.ids.new(), 0, ("nobody/asks", "x"), (GOODS, "x" * 4_001), (SELLER, "a")
    )
    assert [(issue["path"], issue["code"]) for issue in refused["issues"]] == [
        ("nobody/asks", "UNKNOWN_FIELD"),
        (GOODS, "TOO_LONG"),
    ]
    assert "4" in refused["issues"][1]["message"]
    many = await app.save(app.world.ids.new(), 0, *[(GOODS, "x")] * 201)
    assert many["issues"][0]["message"] == "Au plus 200."


async def test_a_draft_is_checked_before_anybody_is_asked_for_a_code(app: App) -> None:
    draft = await app.begun((SELLER, "ACME"))
    refused = await app.submit(draft, None)
    assert refused["issues"] == [{"path": GOODS, "code": "REQUIRED"}]
    assert (await app.read(draft["id"]))["state"] == "DRAFT"


async def test_a_draft_is_sent_with_a_code_and_never_written_in_again(app: App) -> None:
    draft = await app.begun((GOODS, "Feed"))
    asked = await app.submit(draft, None)
    assert asked["code"] == "SECOND_FACTOR_REQUIRED"
    assert asked["operationHash"] == app.world.proofs.asked[-1][1]
    sent = await app.submit(draft)
    assert (sent["state"], sent["revision"]) == ("SUBMITTED", 1)
    refused = await app.save(draft["id"], sent["version"], (GOODS, "Maize"))
    assert (refused["code"], refused["stateNow"]) == ("NOT_NOW", "SUBMITTED")


async def test_what_needs_an_approval_is_not_sent_without(app: App) -> None:
    draft = await app.begun((GOODS, "Feed"), kind=APPROVED_KIND)
    refused = await app.submit(draft)
    assert (refused["code"], refused["stateNow"]) == ("APPROVAL_MISSING", "DRAFT")


async def test_what_another_has_changed_is_read_again_before_it_is_sent(app: App) -> None:
    draft = await app.begun((GOODS, "Feed"))
    await app.save(draft["id"], draft["version"], (GOODS, "Maize"))
    assert (await app.submit(draft))["code"] == "STALE_VERSION"


async def test_a_rejected_one_is_corrected_and_shows_what_differs_from_what_was_sent(
    app: App,
) -> None:
    draft = await app.begun((GOODS, "Feed"))
    await app.submit(draft)
    await acknowledge(app.world, "nack")
    rejected = await app.read(draft["id"])
    assert (rejected["state"], rejected["changes"]) == ("TECH_REJECTED", [])
    corrected = await app.save(draft["id"], rejected["version"], (GOODS, "Maize"))
    assert (corrected["state"], corrected["revision"]) == ("DRAFT", 2)
    assert corrected["changes"] == [
        {"path": GOODS, "label": "Goods (fr)", "before": "Feed", "after": "Maize"}
    ]
    again = await app.submit(corrected)
    assert again["state"] == "SUBMITTED"
    await acknowledge(app.world)
    received = await app.read(draft["id"])
    assert received["state"] == "RECEIVED"
    assert received["procedure"] is not None


async def test_the_declarations_own_actions_are_done_at_once(app: App) -> None:
    draft = await app.begun((GOODS, "Feed"))
    wish = {"subject": draft["id"], "expectedVersion": draft["version"]}
    unknown = await app.act(PERFORM, action="approve", **wish)
    assert unknown["issues"] == [{"path": "action", "code": "UNKNOWN"}]
    refused = await app.act(PERFORM, action="withdraw", **wish)
    assert (refused["code"], refused["stateNow"]) == ("NOT_NOW", "DRAFT")
    discarded = await app.act(PERFORM, action="discard", **wish)
    assert discarded["state"] == "DISCARDED"
    assert (await app.world.data("declarant", LIST))["declarations"]["nodes"] == []


async def test_the_list_has_pages_and_the_last_changed_first(app: App) -> None:
    ids: list[str] = []
    for number in range(3):
        ids.append((await app.begun((GOODS, str(number))))["id"])
    first = (await app.world.data("declarant", LIST))["declarations"]
    assert first["pageInfo"]["hasNextPage"]
    rest = f'{{ declarations(first: 2, after: "{first["pageInfo"]["endCursor"]}") {{ nodes {{ id }} }} }}'
    second = (await app.world.data("declarant", rest))["declarations"]
    found = [node["id"] for node in (*first["nodes"], *second["nodes"])]
    assert sorted(found) == sorted(ids)


async def test_a_broker_drafts_for_its_client_and_nobody_else_sees_it(
    world: World, app: App
) -> None:
    agent = App(world, "agent")
    draft = await agent.begun((GOODS, "Feed"))
    assert (draft["company"]["name"], draft["broker"]["name"]) == ("Importer", "Broker")
    assert (await app.read(draft["id"]))["values"] == draft["values"]
    for login in ("outsider", "rival"):
        assert await App(world, login).read(draft["id"]) is None
        refused = await App(world, login).save(draft["id"], draft["version"], (GOODS, "x"))
        assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    await world.revoke_mandate()
    assert await agent.read(draft["id"]) is None
    refused = await agent.save(draft["id"], draft["version"], (GOODS, "x"))
    assert refused["code"] == "MANDATE_REVOKED"


async def test_anything_cached_is_found_by_its_id(world: World, app: App) -> None:
    draft = await app.begun((GOODS, "Feed"))
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Declaration { state } } }"
    ids = [draft["id"], opaque_id("Declaration", world.ids.new())]
    assert (await world.data("declarant", text, ids=ids))["nodes"] == [
        {"id": draft["id"], "state": "DRAFT"},
        None,
    ]


async def test_both_companies_hear_of_each_save_as_the_draft_stands(world: World, app: App) -> None:
    heads = "{ feeds { audience cursor } }"
    start = {
        login: (await world.data(login, heads))["feeds"][0]["cursor"]
        for login in ("manager", "agent", "outsider")
    }
    draft = await App(world, "agent").begun((GOODS, "Feed"))
    await app.save(draft["id"], draft["version"], (GOODS, "Maize"))
    sync = """query ($after: Cursor!) { sync(after: $after) { frames { item { __typename
      ... on DeclarationChanged { declaration { id state values { value } } }
      ... on Removed { id } } } } }"""
    for login, count in (("manager", 2), ("agent", 2), ("outsider", 0)):
        frames = (await world.data(login, sync, after=start[login]))["sync"]["frames"]
        assert [frame["item"] for frame in frames] == [
            {
                "__typename": "DeclarationChanged",
                "declaration": {
                    "id": draft["id"], "state": "DRAFT", "values": [{"value": "Maize"}],
                },
            }
        ] * count  # fmt: skip


async def test_a_new_one_begins_with_what_is_known(world: World, app: App) -> None:
    earlier = await app.begun((GOODS, "Feed"), (DUM, "309010202600185G"))
    prefill = """query ($company: ID!, $source: ID) { declarationPrefill(
      kind: "ONSSA_IMPORT", company: $company, source: $source) { path value note } }"""
    company = world.company_id("importer")
    given = await world.data("declarant", prefill, company=company, source=earlier["id"])
    assert [(v["path"], v["value"]) for v in given["declarationPrefill"]] == [(GOODS, "Feed")]
    refused = await world.ask("outsider", prefill, company=company, source=earlier["id"])
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def acknowledge(world: World, event: str = "ack") -> None:
    [sent] = await world.database.read(query("SELECT id FROM outgoing WHERE state = 'QUEUED'"))
    await world.post("PORTNET", f"ENVELOPE.{event}", {"SUBMISSION": sent["id"]})
